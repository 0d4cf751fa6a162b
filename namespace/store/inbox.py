"""The inbox: every event of another service's log is applied exactly once, in order.

A row is applied, and the log's cursor moved, in one transaction; a crash at any instant leaves either both or
neither. A row that does not continue the hash chain stops everything. An event that its handler rejects is
parked with its subject, and later events of that subject park behind it, so that their order is kept when
they are driven again.

Rows come in, effects go out: where rows come from and what to do about missing ones is decided elsewhere
(`namespace.store.follower`). A handler may be called again for an event whose first attempt was rolled back;
whatever it does besides statements belongs into `tx.after_commit`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

import asyncpg

from namespace.contracts.event_log import EventRow
from namespace.store.cursor import Cursor, adopt_epoch, forget_trail, lock_cursor, move_cursor, read_cursor
from namespace.store.database import Database, Transaction
from namespace.store.errors import Reject, Retry
from namespace.store.forks import KEPT_TRAIL, ForkPoint, accept_fork
from namespace.store.parking import ParkedEvent, Parking

Handler = Callable[[Transaction, EventRow], Awaitable[None]]

_ROWS_PER_TRANSACTION: Final = 100
_REMEMBERED_HASHES: Final = 1000
_FORGET_EVERY: Final = 1000
_UNFIT: Final = (
    asyncpg.exceptions.DataError,
    asyncpg.DataError,
    asyncpg.exceptions.IntegrityConstraintViolationError,
)


@dataclass(slots=True)
class InboxCounters:
    """What an inbox has done since it was made.

    Attributes:
        applied: Events whose effects were committed.
        skipped: Rows that had been applied before.
        parked: Events parked, those behind another one included.
        redriven: Parked events applied after all.
        retried: Times that a handler asked for the same event later.
    """

    applied: int = 0
    skipped: int = 0
    parked: int = 0
    redriven: int = 0
    retried: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What became of rows that were offered.

    Attributes:
        seq: Where the cursor stands now.
        hash: The hash there.
        applied: Rows applied.
        parked: Rows parked.
        skipped: Rows that had been applied before.
        missing_from: First `seq` that is missing before the next row offered, or None.
        retry_after_s: Seconds after which the row at `seq + 1` is to be offered again, or None.
    """

    seq: int
    hash: str
    applied: int = 0
    parked: int = 0
    skipped: int = 0
    missing_from: int | None = None
    retry_after_s: float | None = None

    def then(self, following: "Offered") -> "Offered":
        """Sum up with what became of the rows after these."""
        return replace(
            following,
            applied=self.applied + following.applied,
            parked=self.parked + following.parked,
            skipped=self.skipped + following.skipped,
        )


class _NotNow(Exception):
    """A handler's answer while no savepoint protects the rows before: undo, and go another way."""

    def __init__(self, index: int, answer: Exception) -> None:
        super().__init__(index)
        self.index = index
        self.answer = answer


class _CursorMoved(Exception):
    """Somebody else moved the cursor since it was read: look again."""


class Inbox:
    """One log's cursor, and the handler that applies its events.

    Attributes:
        producer: Whose log, for example `Acme:Dallas/mes-work-order`.
        counters: What was done.
    """

    def __init__(
        self,
        database: Database,
        producer: str,
        handler: Handler,
        *,
        reject_on: tuple[type[Exception], ...] = (),
    ) -> None:
        """Make an inbox; nothing is read before `load` or the first offer.

        Args:
            database: The consumer's database.
            producer: Name of the log.
            handler: Applies one event in the given transaction. It may raise `Reject` or `Retry`.
            reject_on: Exceptions of the handler that mean `Reject`, for example a payload's validation
                error. A value or relation that the database refuses always does. Anything else goes to the
                caller, and nothing is applied.
        """
        self.producer = producer
        self.counters = InboxCounters()
        self._database = database
        self._handler = handler
        self._rejections: tuple[type[Exception], ...] = (Reject, *reject_on, *_UNFIT)
        self._answers: tuple[type[Exception], ...] = (Retry, *self._rejections)
        self._parking = Parking(producer)
        self._turn = asyncio.Lock()
        self._known: Cursor | None = None
        self._hashes: dict[int, str] = {}

    async def cursor(self) -> Cursor:
        """Read how far the log was applied.

        Raises:
            DatabaseUnavailable: No connection.
        """
        async with self._database.transaction() as tx:
            return await read_cursor(tx, self.producer)

    async def adopt(self, epoch: UUID) -> None:
        """Note that the history applied belongs to `epoch`.

        Raises:
            DatabaseUnavailable: No connection.
        """
        async with self._turn, self._database.transaction() as tx:
            self._known = None
            await read_cursor(tx, self.producer)
            await adopt_epoch(tx, self.producer, epoch)

    async def offer(self, rows: Sequence[EventRow]) -> Offered:
        """Apply what continues the log, skip what was applied, and say what is missing.

        Args:
            rows: Rows in ascending order of `seq`, from wherever.

        Returns:
            What became of them. Rows behind a gap or a retry were not looked at.

        Raises:
            LogForked: A row does not continue the chain, or is not the one that was applied under its `seq`.
                Rows before it were applied.
            DatabaseUnavailable, TransactionConflict: Offer the same rows again; what was committed is
                skipped.
        """
        async with self._turn:
            cursor = self._known or await self.cursor()
            total = Offered(seq=cursor.seq, hash=cursor.hash)
            for start in range(0, len(rows), _ROWS_PER_TRANSACTION):
                total = total.then(await self._offer(rows[start : start + _ROWS_PER_TRANSACTION]))
                if total.missing_from is not None or total.retry_after_s is not None:
                    break
            return total

    async def accept_fork(self, *, left: tuple[int, str], fork: ForkPoint, actor: str, reason: str) -> int:
        """Go on from a fork in the producer's history; see `namespace.store.forks.accept_fork`.

        Raises:
            ForkNotAcceptable: The cursor is not where the person saw it.
            DatabaseUnavailable: No connection; see where the cursor stands before trying again.
        """
        async with self._turn, self._database.transaction() as tx:
            self._known = None
            self._hashes.clear()
            return await accept_fork(tx, self.producer, left=left, fork=fork, actor=actor, reason=reason)

    async def parked(self, limit: int = 100) -> list[ParkedEvent]:
        """List parked events in order of `seq`.

        Raises:
            DatabaseUnavailable: No connection.
        """
        async with self._database.transaction() as tx:
            return await self._parking.listing(tx, limit)

    async def redrive(self, subject: str) -> int:
        """Apply the parked events of a subject in order, until none is left or one is rejected again.

        Args:
            subject: The subject.

        Returns:
            How many were applied.

        Raises:
            Retry: The handler wants the next one later; those before it are applied.
            DatabaseUnavailable, TransactionConflict: Drive again; what was committed is parked no more.
        """
        driven = 0
        async with self._turn:
            self._known = None
            while await self._redrive_one(subject):
                driven += 1
        return driven

    async def _redrive_one(self, subject: str) -> bool:
        async with self._database.transaction() as tx:
            await read_cursor(tx, self.producer)
            await lock_cursor(tx, self.producer)
            row = await self._parking.first(tx, subject)
            if row is None:
                return False
            try:
                async with tx.savepoint():
                    await self._handler(tx, row)
            except self._rejections as error:
                await self._parking.reject_again(tx, row.seq, str(error))
                return False
            await self._parking.release(tx, row.seq)
        self.counters.redriven += 1
        return True

    async def _offer(self, rows: Sequence[EventRow]) -> Offered:
        while True:
            cursor = self._known or await self.cursor()
            try:
                return await self._offer_at(cursor, rows)
            except _CursorMoved:
                self._known = None

    async def _offer_at(self, cursor: Cursor, rows: Sequence[EventRow]) -> Offered:
        fresh = cursor.not_applied(rows, self._hashes)
        run, fork = cursor.continued_by(fresh)
        skipped = len(rows) - len(fresh)
        outcome = Offered(seq=cursor.seq, hash=cursor.hash)
        if run:
            self._known = None  # until the transaction's outcome is known
            moved, outcome = await self._apply(cursor, run)
            self._known = moved
            self._remember(run, moved.seq)
        else:
            self._known = cursor
        self.counters.skipped += skipped
        if outcome.retry_after_s is None:
            if fork is not None:
                raise fork
            if len(run) < len(fresh):
                outcome = replace(outcome, missing_from=outcome.seq + 1)
        return replace(outcome, skipped=skipped)

    async def _apply(self, cursor: Cursor, run: list[EventRow]) -> tuple[Cursor, Offered]:
        """Apply a verified run: first without savepoints, which most runs do not need."""
        careful = False
        retry_after_s: float | None = None
        while True:
            try:
                moved, parked = await self._attempt(cursor, run, careful=careful)
            except _NotNow as undone:
                if isinstance(undone.answer, Retry):
                    retry_after_s = undone.answer.after_s
                    run = run[: undone.index]
                else:
                    careful = True
                continue
            applied = len(run) - parked
            self.counters.applied += applied
            self.counters.parked += parked
            self.counters.retried += retry_after_s is not None
            return moved, Offered(
                seq=moved.seq, hash=moved.hash, applied=applied, parked=parked, retry_after_s=retry_after_s
            )

    async def _attempt(self, known: Cursor, run: list[EventRow], *, careful: bool) -> tuple[Cursor, int]:
        parked: set[int] = set()
        async with self._database.transaction() as tx:
            cursor = await lock_cursor(tx, self.producer)
            if (cursor.seq, cursor.hash) != (known.seq, known.hash):
                raise _CursorMoved
            # The count is part of the locked row; subjects are looked up only where there are any.
            busy = await self._parking.subjects(tx) if cursor.parked else set()
            for index, row in enumerate(run):
                if row.subject in busy:
                    await self._parking.park_behind(tx, row)
                    parked.add(row.seq)
                elif not careful:
                    await self._apply_plainly(tx, index, row)
                elif not await self._apply_or_park(tx, index, row):
                    busy.add(row.subject)
                    parked.add(row.seq)
            last = run[-1] if run else cursor
            moved = replace(cursor, seq=last.seq, hash=last.hash, parked=cursor.parked + len(parked))
            await move_cursor(tx, moved, run, parked)
            if moved.seq // _FORGET_EVERY != cursor.seq // _FORGET_EVERY:
                await forget_trail(tx, self.producer, moved.seq - KEPT_TRAIL)
        return moved, len(parked)

    async def _apply_plainly(self, tx: Transaction, index: int, row: EventRow) -> None:
        try:
            await self._handler(tx, row)
        except self._answers as answer:
            raise _NotNow(index, answer) from answer

    async def _apply_or_park(self, tx: Transaction, index: int, row: EventRow) -> bool:
        try:
            async with tx.savepoint():
                await self._handler(tx, row)
        except self._rejections as error:
            await self._parking.park(tx, row, str(error))
            return False
        except Retry as answer:
            raise _NotNow(index, answer) from answer
        return True

    def _remember(self, run: list[EventRow], through: int) -> None:
        self._hashes.update((row.seq, row.hash) for row in run if row.seq <= through)
        while len(self._hashes) > _REMEMBERED_HASHES:
            del self._hashes[next(iter(self._hashes))]
