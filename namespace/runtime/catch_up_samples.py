"""How a service that reads machines learns what it missed: it remembers how far it has used the historian's journal, and asks for the rest.

Live samples carry no position. So the service asks now and then where the journal ends: the answer reaches it after everything that the
broker had handed to the historian before, so once that has been used, the journal has been used up to the answer. The answer before the
last one is what is remembered, which leaves room for brokers that do not keep order between sessions; what is read twice for that reason
changes nothing. Only where nothing of this journal is remembered yet, the first answer is: there the service begins, and what comes after
that is missed if its connection is lost. No event is held up by any of this: without an answer the service goes on live and says what it
lacks.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence

from namespace.contracts.historian_wire import MissedRow, row_from_json
from namespace.runtime.errors import NoAnswer, NotConnected, QueryFailed
from namespace.runtime.health import Health
from namespace.runtime.logging import get_logger
from namespace.runtime.queries import QueryClient
from namespace.store import (
    Database,
    DatabaseUnavailable,
    SamplePosition,
    TransactionConflict,
    read_sample_position,
    write_sample_position,
)

PATIENCE_S = 10.0
"""How long live samples are held back for those that were missed."""

_PART = "missed samples"
_TRY_S = 2.0
_RETRY_S = 1.0
_OTHER_JOURNAL = "OtherJournal"

Settled = Callable[[], Awaitable[None]]
"""Returns when the effect of everything that was handed over before is in the database."""


async def _at_once() -> None:
    return


class CatchUp:
    """What one service has missed.

    Args:
        database: Where the position is remembered.
        queries: Asks the historian.
        metrics: Canonical names of the metrics the service uses; all when empty.
        settled: Waits for the service's own tables; by default everything handed over is in them.
        every_s: Seconds between two questions for the journal's end.
        health: Told while something is missing.
    """

    def __init__(
        self,
        database: Database,
        queries: QueryClient,
        *,
        metrics: Collection[str],
        settled: Settled | None,
        every_s: float,
        health: Health,
    ) -> None:
        self._database = database
        self._queries = queries
        self._metrics = sorted(metrics)
        self._settled = settled or _at_once
        self._every_s = every_s
        self._health = health
        self._reached: asyncio.Queue[SamplePosition] = asyncio.Queue()
        self._previous: SamplePosition | None = None
        self._is_complete = False
        self._begun = 0
        self._completed = asyncio.Event()
        self._known: SamplePosition | None = None
        self._log = get_logger(part="catch up")

    @property
    def is_complete(self) -> bool:
        """Whether everything up to the present connection has been told, or there was nothing to tell."""
        return self._is_complete

    def begin(self) -> None:
        """There is a new connection, or something was not heard: what came up to now may have been missed."""
        self._previous = None
        self._is_complete = False
        self._begun += 1
        self._completed.clear()

    def used(self, position: SamplePosition) -> None:
        """Take note that everything up to `position` has been handed over."""
        self._reached.put_nowait(position)

    async def pages(self) -> AsyncIterator[tuple[Sequence[MissedRow], SamplePosition]]:
        """Yield what was missed, in order, each page with the position up to which it is complete.

        Raises:
            NoAnswer: The historian does not answer.
            NotConnected: There is no broker session.
            QueryFailed: It cannot say.
            DatabaseUnavailable: The position cannot be read.
        """
        begun = self._begun
        known = self._known = await read_sample_position(self._database) or self._known
        cursor: str | None = None
        while known is not None:
            args = {"journal": known.journal, "after": known.position, "metrics": self._metrics, "cursor": cursor}
            try:
                page = await self._queries.ask("historian", "missed", args, timeout_s=_TRY_S, tries=1)
            except QueryFailed as failed:
                if failed.code != _OTHER_JOURNAL:
                    raise
                self._log.warning("missed_samples_unknown", reason=failed.message)
                self._known = None
                break
            rows, end = _read(page.data)
            yield rows, SamplePosition(known.journal, end)
            cursor = page.next
            if cursor is None:
                break
        if begun == self._begun:  # else what was asked for ends too early
            self._complete()

    def late(self, since: str) -> None:
        """Say that live samples are used although something before them is missing."""
        self._health.not_ready(_PART, f"the historian has not told yet what was missed: {since}")

    def _complete(self) -> None:
        self._is_complete = True
        self._completed.set()
        self._health.ready(_PART)

    # -- remembering

    async def run(self, reached: Callable[[SamplePosition], None]) -> None:
        """Ask where the journal ends, and remember what was used, until cancelled.

        Args:
            reached: Takes a position that everything received so far includes; hands it to `used` when all of that has been handed over.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ask(reached), name="journal end")
            group.create_task(self._remember(), name="journal position")

    async def _ask(self, reached: Callable[[SamplePosition], None]) -> None:
        while True:
            await self._completed.wait()
            if self._known is not None:
                await asyncio.sleep(self._every_s)
            if not self._completed.is_set():
                continue
            try:
                page = await self._queries.ask("historian", "head", timeout_s=3.0, tries=1)
                end = SamplePosition(str(page.data["journal"]), int(page.data["position"]))
            except (NoAnswer, NotConnected, QueryFailed, KeyError, TypeError, ValueError):
                if self._known is None:
                    await asyncio.sleep(min(_RETRY_S, self._every_s))
                continue  # what was remembered stays true
            previous, self._previous = self._previous, end
            if not self._completed.is_set():
                continue
            if self._known is None or end.journal != self._known.journal:
                self._known = end
                reached(end)
            elif previous is not None and previous.journal == end.journal:
                reached(previous)

    async def _remember(self) -> None:
        while True:
            position = await self._reached.get()
            await self._settled()
            while not self._reached.empty():  # all of these were handed over before
                position = self._reached.get_nowait()
                await self._settled()
            try:
                await write_sample_position(self._database, position)
            except (DatabaseUnavailable, TransactionConflict):
                await asyncio.sleep(_RETRY_S)  # a later one will do


def _read(data: object) -> tuple[list[MissedRow], int]:
    try:
        assert isinstance(data, dict)
        return [row_from_json(row) for row in data["rows"]], int(data["position"])
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise QueryFailed("Malformed", f"the historian's answer is no page of missed samples: {error!r}") from error
