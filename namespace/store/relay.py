"""The relay of one log: committed outbox rows become log rows, and log rows go to the broker, in order.

One relay per log works at a time, held by a session advisory lock; the connection that holds the lock is the one
that writes, so a relay that loses its lock can write no more.

Why the order never contradicts causality. `outbox.id` is drawn when an event is appended, and `append` comes
after the reads and locks that the event rests on. If event B rests on event A, then A's transaction was committed
before B's saw it, so A's id was drawn before A's commit, and B's after: id(A) < id(B). The relay moves the
committed rows that one snapshot shows, lowest id first. A snapshot that shows B shows A, because A was committed
first; and a row X that is committed only after a move, although its id is lower than some Y moved already, cannot
be what Y rests on, because Y's transaction ended before X was visible to anybody. So X may take a later `seq`.
Rolled back transactions leave holes in the ids and none in `seq`, which is counted here.

A batch that the broker did not take is offered again before any later one; after a crash the last batches are
handed over twice, which consumers skip. What a consumer misses it fetches (`namespace.store.log_reader`).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import asyncpg
import structlog

from namespace.contracts.event_log import (
    BATCH_OVERHEAD_BYTES,
    MAX_BATCH_BYTES,
    MAX_BATCH_ROWS,
    EventRow,
    LogHead,
    chain_hash,
)
from namespace.store.database import Database, Session, Transaction
from namespace.store.epochs import LogState, open_log
from namespace.store.errors import HandOverFailed, StoreError, TransactionConflict
from namespace.store.event_columns import row_of
from namespace.store.outbox import outbox_channel
from namespace.store.queries import Queries

Publish = Callable[[Sequence[EventRow]], Awaitable[None]]

_MOVED_AT_ONCE = 500
_MOVED_BYTES = 1024 * 1024
_KEPT_ROWS = 2000
_LAST_SAVE_S = 2.0


class _Sql(Queries):
    try_lock_relay: str
    waiting: str
    move: str
    save_handed_over: str
    rows_after: str


_SQL = _Sql.load("namespace.store", "relay.sql")
_log = structlog.get_logger("namespace.store.relay")


@dataclass(slots=True)
class RelayCounters:
    """What a relay has done since it was made.

    Attributes:
        moved: Events given their `seq`.
        handed_over: Rows taken by the broker, repetitions included.
        failures: Batches that the broker did not take.
    """

    moved: int = 0
    handed_over: int = 0
    failures: int = 0


class Relay:
    """Moves one schema's outbox into its log and hands the log to `publish`.

    Attributes:
        producer: Whose log, for messages, for example `Acme:Dallas/mes-work-order`.
        counters: What was done.
    """

    def __init__(
        self,
        database: Database,
        producer: str,
        publish: Publish,
        *,
        poll_s: float = 2.0,
        publish_retry_s: float = 1.0,
        gather_s: float = 0.02,
    ) -> None:
        """Make a relay; it works while `run` runs.

        Args:
            database: The producer's database.
            producer: Name of the log in messages.
            publish: Hands a contiguous batch (at most `MAX_BATCH_ROWS` rows and `MAX_BATCH_BYTES`) to the broker.
                `HandOverFailed` and `OSError` mean that it was not taken.
            poll_s: Seconds between looks at the outbox when nothing wakes the relay, and between attempts to
                become the one relay.
            publish_retry_s: Seconds before a batch that was not taken is offered again, unless `connected` is
                called.
            gather_s: Least seconds between two moves, in which events of a busy service gather to a batch.
        """
        self.producer = producer
        self.counters = RelayCounters()
        self._database = database
        self._publish = publish
        self._poll_s = poll_s
        self._publish_retry_s = publish_retry_s
        self._gather_s = gather_s
        self._wake = asyncio.Event()
        self._opened = asyncio.Event()
        self._settled = asyncio.Event()
        self._state: LogState | None = None
        self._head = 0
        self._head_hash: str | None = None
        self._saved_head = 0
        self._recent: deque[tuple[EventRow, int]] = deque()
        self._publish_at = 0.0
        self._stale = False

    @property
    def log(self) -> LogHead:
        """What births and heartbeats say: epoch, and the highest `seq` handed to the broker."""
        return self._opened_state.announced(self._head, self._head_hash)

    @property
    def last_seq(self) -> int:
        """Last row's `seq`, handed over or not."""
        return self._opened_state.seq

    async def opened(self) -> None:
        """Wait until this relay holds its log and `log` can be read."""
        await self._opened.wait()

    def wake(self) -> None:
        """Look at the outbox now."""
        self._settled.clear()
        self._wake.set()

    async def settled(self) -> None:
        """Wait until everything committed in this process has its place in the log and was handed over."""
        await self._settled.wait()

    def reopen(self) -> None:
        """Read the log's epoch again before the next move: it was changed beside this relay."""
        self._stale = True
        self.wake()

    def connected(self) -> None:
        """Offer the batch that was not taken again now: the broker is there."""
        self._publish_at = 0.0
        self._wake.set()

    async def run(self) -> None:
        """Relay until cancelled. Everything survives any exit; call it again to go on.

        Raises:
            DatabaseUnavailable: The database went away; run it again when it may be back.
            TransactionConflict: Another relay has moved the log; run it again to wait for the lock.
        """
        async with self._database.session() as session:
            await self._own(session)
            try:
                async with (
                    session.listening(outbox_channel(self._database.schema), self.wake),
                    self._database.relayed_by(self.wake),
                ):
                    await self._work(session)
            finally:
                self._opened.clear()
                self._settled.clear()

    @property
    def _opened_state(self) -> LogState:
        if self._state is None:
            raise RuntimeError(f"the relay of {self.producer} is not open yet: await opened() first")
        return self._state

    async def _own(self, session: Session) -> None:
        while not await session.fetchval(_SQL.try_lock_relay, self._database.schema):
            self._wake.clear()
            await self._pause(self._poll_s)
        await self._open(session)
        self._head = self._saved_head = self._opened_state.handed_over
        self._head_hash = self._opened_state.handed_over_hash
        self._recent.clear()
        self._opened.set()

    async def _open(self, session: Session) -> None:
        self._stale = False
        async with session.transaction() as tx:
            self._state = await open_log(tx)

    async def _work(self, session: Session) -> None:
        try:
            while True:
                self._wake.clear()
                if self._stale:
                    await self._open(session)
                started_s = asyncio.get_running_loop().time()
                moved = await self._move(session)
                delay_s = await self._hand_over(session)
                if moved == 0:
                    if self._head == self._opened_state.seq and not self._wake.is_set():
                        self._settled.set()
                    await self._idle(session, delay_s)
                elif moved < _MOVED_AT_ONCE:
                    # Events that come thick gather, so that a busy service pays for batches; a lone one never waits.
                    await asyncio.sleep(started_s + self._gather_s - asyncio.get_running_loop().time())
        except asyncio.CancelledError:
            await self._save_at_last()
            raise

    async def _idle(self, session: Session, delay_s: float) -> None:
        if not self._wake.is_set():
            await self._save_handed_over(session)
        await self._pause(delay_s)

    async def _pause(self, limit_s: float) -> None:
        try:
            async with asyncio.timeout(limit_s):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _move(self, session: Session) -> int:
        """Give the committed rows of the outbox their place in the log; return how many."""
        state = self._opened_state
        async with session.transaction() as tx:
            records = await tx.fetch(_SQL.waiting, _MOVED_AT_ONCE, _MOVED_BYTES)
            if not records:
                return 0
            rows = _chained(records, state)
            fenced = await tx.fetchval(
                _SQL.move,
                [record["id"] for record in records],
                [row.seq for row, _ in rows],
                [row.hash for row, _ in rows],
                state.epoch,
                state.seq,
                state.hash,
                self._head,
            )
            if fenced != len(records):
                raise TransactionConflict(
                    f"the log of {self.producer} was moved on by another relay",
                    "Only one process may relay a schema; this one steps back and looks again.",
                )
        last, _ = rows[-1]
        self._state = replace(state, seq=last.seq, hash=last.hash)
        self._saved_head = self._head
        self.counters.moved += len(rows)
        self._keep(rows)
        return len(rows)

    async def _hand_over(self, session: Session) -> float:
        """Offer everything not handed over yet; return the seconds after which to look again."""
        while self._head < self._opened_state.seq:
            wait_s = self._publish_at - asyncio.get_running_loop().time()
            if wait_s > 0:
                return min(wait_s, self._poll_s)
            batch = await self._next_batch(session)
            try:
                await self._publish(batch)
            except (HandOverFailed, OSError) as error:
                self.counters.failures += 1
                self._publish_at = asyncio.get_running_loop().time() + self._publish_retry_s
                _log.info("hand_over_failed", producer=self.producer, seq=batch[0].seq, error=str(error))
                continue
            self._head, self._head_hash = batch[-1].seq, batch[-1].hash
            self.counters.handed_over += len(batch)
            while self._recent and self._recent[0][0].seq <= self._head:
                self._recent.popleft()
        return self._poll_s

    async def _next_batch(self, session: Session) -> list[EventRow]:
        if not self._recent or self._recent[0][0].seq != self._head + 1:
            self._recent.clear()
            records = await session.fetch(_SQL.rows_after, self._head, MAX_BATCH_ROWS)
            self._recent.extend((row_of(record), record["size"]) for record in records)
        batch: list[EventRow] = []
        size = BATCH_OVERHEAD_BYTES
        for row, row_size in self._recent:
            size += row_size
            if batch and (size > MAX_BATCH_BYTES or len(batch) == MAX_BATCH_ROWS):
                break
            batch.append(row)
        return batch

    def _keep(self, rows: list[tuple[EventRow, int]]) -> None:
        # Rows go to the broker from memory while it keeps up; a backlog is read back from the log.
        following = self._recent[-1][0].seq + 1 if self._recent else self._head + 1
        if rows[0][0].seq == following and len(self._recent) + len(rows) <= _KEPT_ROWS:
            self._recent.extend(rows)

    async def _save_handed_over(self, tx: Transaction) -> None:
        if self._saved_head != self._head:
            await tx.execute(_SQL.save_handed_over, self._head)
            self._saved_head = self._head

    async def _save_at_last(self) -> None:
        # On another connection: ours may be in the middle of what was cancelled. The value is a hint, and one that
        # is too low only means that rows are handed over twice.
        with suppress(StoreError, TimeoutError):
            async with asyncio.timeout(_LAST_SAVE_S), self._database.transaction() as tx:
                await self._save_handed_over(tx)


def _chained(records: list[asyncpg.Record], state: LogState) -> list[tuple[EventRow, int]]:
    rows = []
    previous = state.hash
    for seq, record in enumerate(records, start=state.seq + 1):
        row = row_of(record, seq=seq, row_hash="")
        previous = chain_hash(row, previous, record["payload"])
        rows.append((replace(row, hash=previous), record["size"]))
    return rows
