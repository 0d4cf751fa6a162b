"""Brings what was recorded into the journal: at once, or by way of the spool while the database is away.

There is one way at a time. A batch goes straight to the database only while the spool is empty, so everything is written in the order in
which it was heard. Nobody who records ever waits for this.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from namespace.runtime import Logger
from namespace.store import DatabaseUnavailable, TransactionConflict
from services.historian.application.recorder import Recorder
from services.historian.domain.batch import Batch, Gap
from services.historian.ports import Journal, Spool, SpoolFull, Written

FLUSH_ROWS = 5_000
FLUSH_S = 0.2
_SPOOLED_FLUSH_S = 1.0
"""While batches go to the disk first: a backlog in many small batches would take longer than it grows."""
_PATIENCE_S = 3.0
_RETRY_S = 0.5
_FULL, _ROOM_AGAIN = 0.9, 0.5
_SETTLE_S = 0.3


class Writer:
    """The one writer of the journal.

    Args:
        recorder: Where batches come from.
        journal: The database.
        spool: The disk.
        now_ms: Our clock, ms since the epoch.
        log: For people.
        room_changed: Told whether there is room for what is heard; edge nodes hold back while there is none.

    Attributes:
        written: Samples that are new in the journal, since the start.
        repeated: Samples that were there already.
        dropped: Samples for which there was no room, or which the database does not take.
        position: Of the last row written.
        has_room: Whether there is room for what is heard.
        is_reachable: Whether the database took the last batch.
    """

    def __init__(
        self,
        recorder: Recorder,
        journal: Journal,
        spool: Spool,
        *,
        now_ms: Callable[[], int],
        log: Logger,
        room_changed: Callable[[bool], None],
    ) -> None:
        self._recorder = recorder
        self._journal = journal
        self._spool = spool
        self._now_ms = now_ms
        self._log = log
        self._room_changed = room_changed
        self._some = asyncio.Event()
        self._enough = asyncio.Event()
        self._spooled = asyncio.Event()
        self._taken = 0
        self._turns = 0
        self._keeping = asyncio.Lock()
        self._waiting_since_ms: int | None = None
        self._overflow: Gap | None = None
        self.written = 0
        self.repeated = 0
        self.dropped = 0
        self.position = 0
        self.has_room = True
        self.is_reachable = True

    def heard(self) -> None:
        """Take note that something was recorded."""
        batch = self._recorder.batch
        if batch.size or batch.gaps:
            self._some.set()
            if batch.size >= FLUSH_ROWS:
                self._enough.set()

    @property
    def lag_ms(self) -> int:
        """Age of the oldest sample that is not in the database, ms."""
        since = self._waiting_since_ms or self._recorder.batch.oldest_received_ms
        return 0 if since is None else max(0, self._now_ms() - since)

    async def settled(self, timeout_s: float) -> bool:
        """Wait until everything that the broker has delivered by now is in the database; return whether it is.

        Args:
            timeout_s: Patience, in seconds.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.sleep(_SETTLE_S)  # what the broker sent before may still be on its way to us
                wanted = self._taken + 1
                while self._turns < wanted or not self._spool.is_empty:
                    if self._spool.is_empty:
                        self._some.set()
                        self._enough.set()
                    await asyncio.sleep(_SETTLE_S / 10)
        except TimeoutError:
            return False
        return True

    # -- tasks

    async def run(self) -> None:
        """Write until cancelled."""
        if not self._spool.is_empty:
            self._waiting_since_ms = self._now_ms()
            self._spooled.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._flush(), name="journal flush")
            group.create_task(self._drain(), name="spool drain")

    async def finish(self) -> None:
        """Keep what is left when nothing more is heard."""
        await self._keep(self._recorder.take())

    async def _flush(self) -> None:
        while True:
            await self._some.wait()
            try:
                async with asyncio.timeout(FLUSH_S if self._spool.is_empty else _SPOOLED_FLUSH_S):
                    await self._enough.wait()
            except TimeoutError:
                pass
            self._some.clear()
            self._enough.clear()
            self._taken += 1
            await self._keep(self._recorder.take())
            self._turns = self._taken

    async def _keep(self, batch: Batch) -> None:
        if batch.is_empty:
            return
        async with self._keeping:  # what is left at the end comes after what is being written then
            if self._spool.is_empty and self.is_reachable and await self._write(batch, _PATIENCE_S):
                return
            await self._put(batch)

    async def _write(self, batch: Batch, patience_s: float) -> bool:
        self._waiting_since_ms = self._waiting_since_ms or batch.oldest_received_ms
        try:
            async with asyncio.timeout(patience_s):
                written = await self._journal.write(batch)
        except (DatabaseUnavailable, TransactionConflict, TimeoutError) as error:
            if self.is_reachable:
                self._log.warning("journal_spools", error=str(error) or type(error).__name__)
            self.is_reachable = False
            return False
        if not self.is_reachable:
            self._log.info("journal_writes_again", waiting_bytes=self._spool.size_bytes)
        self.is_reachable = True
        self._count(written)
        if self._spool.is_empty:
            self._waiting_since_ms = None
        return True

    def _count(self, written: Written) -> None:
        self.written += written.samples
        self.repeated += written.repeated
        self.dropped += written.refused
        self.position = max(self.position, written.position)

    # -- the spool

    async def _put(self, batch: Batch) -> None:
        try:
            await self._spool.put(batch)
        except SpoolFull as full:
            self._drop(batch, full)
        self._look_at_room()
        self._spooled.set()

    def _drop(self, batch: Batch, full: SpoolFull) -> None:
        self.dropped += batch.samples
        if self._overflow is None:
            self._log.error("samples_dropped", reason=full.reason)
            self._overflow = Gap("overflow", batch.oldest_received_ms or self._now_ms())
        gap = self._overflow
        self._overflow = Gap(gap.reason, gap.since_ms, self._now_ms(), lost=gap.lost + batch.samples)

    def _look_at_room(self) -> None:
        share = self._spool.size_bytes / self._spool.limit_bytes
        has_room = share < _FULL and self._overflow is None if self.has_room else share <= _ROOM_AGAIN
        if has_room is self.has_room:
            return
        self.has_room = has_room
        if has_room and self._overflow is not None:
            self._recorder.gap(self._overflow)
            self._overflow = None
            self.heard()
        self._log.warning("spool_room", has_room=has_room, bytes=self._spool.size_bytes)
        self._room_changed(has_room)

    async def _drain(self) -> None:
        while True:
            await self._spooled.wait()
            self._spooled.clear()
            while (batch := await self._spool.first()) is not None:
                if await self._write(batch, 10 * _PATIENCE_S):
                    await self._spool.done()
                    self._look_at_room()
                else:
                    await asyncio.sleep(_RETRY_S)
            self._waiting_since_ms = None
            self.is_reachable = True
            self._look_at_room()
