"""The buffer of an edge node on the event loop: reports are taken at once and written together a moment later.

Durability: a report is *kept* when the commit that holds it is done, at the latest `commit_s` and one write after it was given; `kept`
waits for that. From then on a kill of the process loses nothing; with `survives_power_cut` nor does a power cut. A disk that cannot be
written holds nobody up: reports wait in memory, within a bound, for the disk to come back, and what does not fit is dropped and counted.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from namespace.runtime.clock import Clock, SteadyClock, SystemClock, to_ms
from namespace.runtime.edge_buffer_file import ENTRY_BYTES, BufferFile, Change, Contents
from namespace.runtime.errors import NotConnected, NotKept
from namespace.runtime.logging import get_logger
from namespace.sparkplug import Source, Span, StoredReport, Undeliverable

_RETRY_S = 1.0
_PLAIN = " :,()[]@"

_T = TypeVar("_T")


def buffer_path(folder: Path, group_id: str, edge_node_id: str) -> Path:
    """Return the usual place of a node's buffer below a data folder."""
    name = f"{quote(group_id, safe=_PLAIN)}.{quote(edge_node_id, safe=_PLAIN)}.buffer"
    return folder / "edge" / name


@dataclass(frozen=True, slots=True, kw_only=True)
class BufferSettings:
    """How much is kept, and how surely.

    Attributes:
        limit_bytes: What reports may take on disk; beyond it the oldest are dropped.
        age_s: How old a report may become, in seconds; older ones are dropped.
        commit_s: Longest a report waits to be written, in seconds; 0 writes as fast as the disk can.
        survives_power_cut: Wait for the disk at every commit; without, only a kill of the process is survived for sure.
        memory_bytes: What may wait in memory while the disk cannot be written.
    """

    limit_bytes: int = 256 << 20
    age_s: float = 7 * 86_400.0
    commit_s: float = 0.1
    survives_power_cut: bool = True
    memory_bytes: int = 8 << 20


@dataclass(slots=True)
class _Waiting:
    """What is to be written next."""

    reports: deque[StoredReport] = field(default_factory=deque)
    released: list[Span] = field(default_factory=list)
    undeliverable: list[Undeliverable] = field(default_factory=list)
    lost: int = 0
    size_bytes: int = 0


class EdgeBuffer:
    """Keeps reports in a file, in the order in which they were given.

    Args:
        path: The file; None for a node that has nothing to lose by a restart.
        settings: Bounds and durability.
        clock: The wall clock, read once.

    Attributes:
        problem: Why the disk cannot be written, for people; empty while it can.
        changed: Called when `problem` has changed, and after every commit.

    Raises:
        BufferInUse: Another process holds the file.
        OSError: Its folder cannot be made.
        sqlite3.Error: It cannot be opened.
    """

    def __init__(
        self, path: Path | None, settings: BufferSettings | None = None, *, clock: Clock | None = None
    ) -> None:
        self.settings = settings or BufferSettings()
        self.path = path
        self._file = BufferFile(
            path,
            limit_bytes=self.settings.limit_bytes,
            age_ms=round(self.settings.age_s * 1000),
            survives_power_cut=self.settings.survives_power_cut,
        )
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="edge buffer")
        self._waiting = _Waiting()
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._is_closed = False
        self._wake = asyncio.Event()
        self._end = self._file.contents.end
        self._log = get_logger(part="edge buffer", file=str(path or "memory"))
        self.now_ms = SteadyClock(max(to_ms((clock or SystemClock()).now()), self._file.newest_ms))
        self.committed = self._end
        self.problem = ""
        self.changed: Callable[[], None] = lambda: None
        if self._file.damaged is not None:
            self._log.error("edge_buffer_damaged", put_aside=str(self._file.damaged))

    @property
    def contents(self) -> Contents:
        """What the file holds."""
        return self._file.contents

    @property
    def first(self) -> int:
        """Number of the oldest report."""
        return min(self._file.contents.first, self._end)

    @property
    def end(self) -> int:
        """Number that the next report will have."""
        return self._end

    def put(self, source: Source, readings: int, payload: bytes) -> int:
        """Take a report; it is kept soon.

        Args:
            source: The device; None for the edge node itself.
            readings: How many it holds.
            payload: Its stored form.

        Returns:
            Its number.
        """
        number, self._end = self._end, self._end + 1
        waiting = self._waiting
        waiting.reports.append(StoredReport(number, self.now_ms(), source, readings, payload))
        waiting.size_bytes += len(payload) + ENTRY_BYTES
        while waiting.size_bytes > self.settings.memory_bytes:
            dropped = waiting.reports.popleft()
            waiting.size_bytes -= len(dropped.payload) + ENTRY_BYTES
            waiting.lost += dropped.readings
            self._fail_waiters(dropped.number)
        self._wake.set()
        return number

    async def kept(self, number: int) -> None:
        """Return when a report is kept.

        Raises:
            NotKept: It had to be dropped: the disk could not be written for too long.
        """
        if number < self.committed:
            return
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((number, kept))
        await kept

    def release(self, spans: Iterable[Span]) -> None:
        """Forget reports that have surely arrived."""
        self._waiting.released.extend(spans)
        self._wake.set()

    def undeliverable(self, reports: Iterable[Undeliverable]) -> None:
        """Forget what cannot be sent any more, and count it."""
        self._waiting.undeliverable.extend(reports)
        self._wake.set()

    async def page(self, span: Span, readings: int) -> tuple[list[StoredReport], int]:
        """Read the first reports of a span that are kept; see `BufferFile.page`.

        Raises:
            sqlite3.Error: The disk cannot be read.
        """
        end = min(span.end, self.committed)
        part = Span(span.first, end, span.of_one, span.source)
        return await self._in_thread(lambda: self._file.page(part, readings))

    async def next_bd_seq(self) -> int:
        """Number the next CONNECT; it is kept before it is used.

        Raises:
            NotConnected: The disk cannot be written, so there is no number, and so no connection.
        """
        try:
            return await self._in_thread(self._file.next_bd_seq)
        except sqlite3.Error as error:
            msg = f"bdSeq cannot be kept in {self.path}: {error}"
            raise NotConnected(msg) from error

    async def run(self) -> None:
        """Write until cancelled, then once more."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._write()
                await asyncio.sleep(_RETRY_S if self.problem else self.settings.commit_s)
        finally:
            self.close()

    def close(self) -> None:
        """Write what waits and let go of the file."""
        if self._is_closed:
            return
        self._is_closed = True
        change = self._take()

        def last() -> None:
            try:
                if not change.is_empty:
                    self._file.write(change, self.now_ms())
            finally:
                self._file.close()

        try:
            self._thread.submit(last).result()
        except sqlite3.Error as error:
            self._log.error("edge_buffer_not_written", error=str(error), reports=len(change.reports))
        self._thread.shutdown()

    # -- writing

    async def _write(self) -> None:
        change = self._take()
        if change.is_empty:
            return
        try:
            await self._in_thread(lambda: self._file.write(change, self.now_ms()))
        except sqlite3.Error as error:
            self._give_back(change)
            self._say(f"{self.path} cannot be written: {error}; make room on the disk")
        else:
            if change.reports:
                self.committed = change.reports[-1].number + 1
            self._wake_waiters()
            self._say("")

    def _take(self) -> Change:
        waiting, self._waiting = self._waiting, _Waiting()
        return Change(list(waiting.reports), waiting.released, waiting.undeliverable, waiting.lost)

    def _give_back(self, change: Change) -> None:
        waiting = self._waiting
        waiting.reports.extendleft(reversed(change.reports))
        waiting.size_bytes += sum(len(report.payload) + ENTRY_BYTES for report in change.reports)
        waiting.released[:0] = change.released
        waiting.undeliverable[:0] = change.undeliverable
        waiting.lost += change.lost
        self._wake.set()

    def _say(self, problem: str) -> None:
        if problem and not self.problem:
            self._log.error("edge_buffer_not_written", problem=problem)
        elif self.problem and not problem:
            self._log.info("edge_buffer_written_again")
        self.problem = problem
        self.changed()

    def _wake_waiters(self) -> None:
        waiting, self._waiters = self._waiters, []
        for number, kept in waiting:
            if number >= self.committed:
                self._waiters.append((number, kept))
            elif not kept.done():
                kept.set_result(None)

    def _fail_waiters(self, dropped: int) -> None:
        waiting, self._waiters = self._waiters, []
        for number, kept in waiting:
            if number > dropped:
                self._waiters.append((number, kept))
            elif not kept.done():
                kept.set_exception(NotKept(self.problem or f"{self.path} is written too slowly"))

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
