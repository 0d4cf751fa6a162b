"""The witness of every event log: hears batches and heads, remembers how far each log went, and tells its producer after a restore.

What it remembers lies in the database and, retained, in the broker; each survives the loss of the other. Nothing is
published before what the broker retains was read, or a restored witness would erase what it no longer knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Protocol

from namespace.contracts.event_metrics import LogMessage
from namespace.contracts.namespace_state import LogHeardArgs
from namespace.runtime import Clock, Logger, NotConnected, Page, QueryFailed
from namespace.store import DatabaseUnavailable, TransactionConflict
from services.namespace_state.domain.heard_log import HeardLog, Point

_WRITE_EVERY_S = 1.0

Row = Callable[[str, Point], dict[str, object]]


class Memory(Protocol):
    """Where it is kept."""

    async def all(self) -> Mapping[str, Iterable[Point]]:
        """Read it, by producer."""
        ...

    async def write(self, logs: Mapping[str, Iterable[Point]]) -> None:
        """Replace some logs."""
        ...


class LogWitness:
    """Remembers how far event logs were heard. A member of the session on which it publishes.

    Args:
        memory: Keeps it.
        read_retained: Reads what the broker retains; None where it could not be asked.
        publish: Publishes the retained document of a log; raises `NotConnected`.
        row: Lays a point out for an answer.
        clock: Our clock.
        log: For people.
    """

    def __init__(
        self,
        memory: Memory,
        *,
        read_retained: Callable[[], Awaitable[Mapping[str, Iterable[Point]] | None]],
        publish: Callable[[str, Iterable[Point]], Awaitable[None]],
        row: Row,
        clock: Clock,
        log: Logger,
    ) -> None:
        self._memory = memory
        self._read_retained = read_retained
        self._publish = publish
        self._row = row
        self._clock = clock
        self._log = log
        self._logs: dict[str, HeardLog] = {}
        self._unwritten: set[str] = set()
        self._unpublished: set[str] = set()
        self._knows_all = False

    async def start(self) -> None:
        """Read what was remembered before."""
        for producer, points in (await self._memory.all()).items():
            self._of(producer).remember(points)
        await self._read()

    def heard(self, producer: str, message: LogMessage) -> None:
        """Take in what one message of a producer says of its log."""
        if message.log is not None and self._of(producer).heard(message.log, message.rows, self._clock.now()):
            self._unwritten.add(producer)
            self._unpublished.add(producer)

    async def answer(self, arguments: LogHeardArgs) -> Page:
        """Answer `log_heard`.

        Raises:
            QueryFailed: The broker's memory was not read yet, so the answer might be too little.
        """
        if not self._knows_all:
            raise QueryFailed("NotYet", "what the broker retains of the logs was not read yet; ask again")
        return Page([self._row(arguments.producer, point) for point in self._logs.get(arguments.producer, ())])

    async def connected(self) -> None:
        """Publish everything again: the broker may have lost it."""
        self._unpublished.update(self._logs)

    def disconnected(self) -> None:
        """Nothing to note: what could not be published waits."""

    async def run(self) -> None:
        """Write and publish what is new, once a second, until cancelled."""
        while True:
            await asyncio.sleep(_WRITE_EVERY_S)
            if not self._knows_all:
                await self._read()
            await self._write()
            if self._knows_all:
                await self._say()

    def _of(self, producer: str) -> HeardLog:
        return self._logs.setdefault(producer, HeardLog())

    async def _read(self) -> None:
        retained = await self._read_retained()
        if retained is None:
            return
        for producer, points in retained.items():
            if self._of(producer).remember(points):
                self._unwritten.add(producer)
        self._knows_all = True

    async def _write(self) -> None:
        producers = set(self._unwritten)
        if not producers:
            return
        try:
            await self._memory.write({producer: self._logs[producer] for producer in producers})
        except (DatabaseUnavailable, TransactionConflict) as unavailable:
            self._log.warning("heard_logs_wait_for_database", error=str(unavailable))
        else:
            self._unwritten -= producers

    async def _say(self) -> None:
        for producer in sorted(self._unpublished):
            try:
                await self._publish(producer, self._logs[producer])
            except NotConnected:
                return
            self._unpublished.discard(producer)
