"""Following one log: brings live rows, announcements and fetched pages to the inbox until cancelled.

All decisions are made in `namespace.store.catch_up`; this module does the waiting and the calls. It neither
subscribes nor queries: rows and announcements are handed in, pages come from an injected `fetch`.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from namespace.contracts.canonical import EventFormatError
from namespace.contracts.event_log import EventRow, LogHead, LogPage
from namespace.store.catch_up import Apply, CatchUp, Fetch, FollowSettings, Wait
from namespace.store.errors import DatabaseUnavailable, FetchFailed, LogForked, TransactionConflict
from namespace.store.inbox import Inbox

FetchPage = Callable[[int, int], Awaitable[LogPage]]

_log = structlog.get_logger("namespace.store.follower")

_FAILURES_BEFORE_A_WORD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """How following a log stands, for health and people.

    Attributes:
        producer: Whose log.
        cursor: Last row applied; None before the cursor could be read.
        highest: Highest `seq` known of.
        catching_up: Whether pages are being fetched.
        held: Rows waiting in memory.
        dropped: Live rows dropped because too many were held; they are fetched.
        fetch_failures: Fetches that failed since the last page.
        forked: Why following has stopped, or None.
    """

    producer: str
    cursor: int | None
    highest: int
    catching_up: bool
    held: int
    dropped: int
    fetch_failures: int
    forked: LogForked | None

    @property
    def behind(self) -> int:
        """Rows known of and not applied."""
        return self.highest - (self.cursor or 0)


class Follower:
    """Follows one log for one inbox.

    Attributes:
        inbox: Where the rows go.
    """

    def __init__(
        self,
        inbox: Inbox,
        fetch: FetchPage,
        *,
        settings: FollowSettings | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Make a follower; it works while `run` runs.

        Args:
            inbox: Where the rows go.
            fetch: Gets the page from a `seq` with a limit of rows. `FetchFailed`, `OSError` (and so a
                time-out) and `EventFormatError` mean that it could not be had.
            settings: Limits and times.
            jitter: Source of numbers from 0 to 1 that spread repeated attempts.
        """
        self.inbox = inbox
        self._fetch = fetch
        self._settings = settings or FollowSettings()
        self._jitter = jitter
        self._state: CatchUp | None = None
        self._news = asyncio.Event()
        self._early: list[EventRow] = []
        self._announced: LogHead | None = None
        self._saved_epoch: UUID | None = None
        self._begin_again = False

    @property
    def status(self) -> Following:
        """How following stands now."""
        state = self._state
        return Following(
            producer=self.inbox.producer,
            cursor=None if state is None else state.cursor,
            highest=0 if state is None else state.highest,
            catching_up=state is None or state.catching_up,
            held=len(self._early) if state is None else state.held,
            dropped=0 if state is None else state.dropped,
            fetch_failures=0 if state is None else state.failures,
            forked=None if state is None else state.forked,
        )

    def rows(self, rows: Sequence[EventRow]) -> None:
        """Hand in live rows; returns at once, whatever the inbox is doing."""
        if self._state is not None:
            self._state.received(rows)
        else:
            self._early.extend(rows[: max(0, self._settings.held_rows - len(self._early))])
        self._news.set()

    def announced(self, log: LogHead) -> None:
        """Hand in what a birth or a heartbeat says of the log."""
        if self._state is not None:
            self._state.announced(log, asyncio.get_running_loop().time())
        else:
            self._announced = log
        self._news.set()

    def begin_again(self) -> None:
        """Read the cursor again and go on from there: it was moved beside this follower."""
        self._begin_again = True
        self._news.set()

    async def run(self) -> None:
        """Follow until cancelled. A forked log is not followed further; see `status.forked`."""
        state = await self._begin()
        while True:
            self._news.clear()
            if self._begin_again:
                self._begin_again = False
                state = await self._begin()
            await self._note_epoch(state)
            match state.next(_now_s()):
                case Apply(rows):
                    await self._apply(state, rows)
                case Fetch(from_seq, limit):
                    await self._fetch_page(state, from_seq, limit)
                case Wait(until_s):
                    await self._wait(until_s)

    async def _begin(self) -> CatchUp:
        while True:
            try:
                cursor = await self.inbox.cursor()
                break
            except (DatabaseUnavailable, TransactionConflict) as error:
                _log.warning("cursor_not_read", producer=self.inbox.producer, error=str(error))
                await asyncio.sleep(self._settings.backoff_s)
        state = CatchUp(cursor.producer, cursor.seq, cursor.hash, cursor.epoch, self._settings)
        self._state, self._saved_epoch = state, cursor.epoch
        state.received(self._early)
        self._early = []
        if self._announced is not None:
            state.announced(self._announced, _now_s())
        return state

    async def _apply(self, state: CatchUp, rows: Sequence[EventRow]) -> None:
        try:
            outcome = await self.inbox.offer(rows)
        except LogForked as fork:
            state.refused(fork)
            self._alarm(state)
        except (DatabaseUnavailable, TransactionConflict) as error:
            _log.warning("events_wait_for_database", producer=self.inbox.producer, error=str(error))
            state.postpone(_now_s(), self._settings.backoff_s)
        else:
            state.offered(outcome.seq, outcome.hash)
            if outcome.retry_after_s is not None:
                state.postpone(_now_s(), outcome.retry_after_s)

    async def _fetch_page(self, state: CatchUp, from_seq: int, limit: int) -> None:
        try:
            async with asyncio.timeout(self._settings.fetch_timeout_s):
                page = await self._fetch(from_seq, limit)
        except (FetchFailed, OSError, EventFormatError) as error:
            # A producer that starts beside its followers is not there at once: that is news only when it goes on.
            say = _log.warning if state.failures >= _FAILURES_BEFORE_A_WORD else _log.debug
            say("page_not_fetched", producer=self.inbox.producer, from_seq=from_seq, error=str(error))
            state.fetch_failed(_now_s(), self._jitter())
        else:
            state.fetched(page, _now_s(), self._jitter())
            self._alarm(state)

    async def _note_epoch(self, state: CatchUp) -> None:
        epoch = state.epoch
        if epoch is None or epoch == self._saved_epoch or state.forked is not None:
            return
        try:
            await self.inbox.adopt(epoch)
        except (DatabaseUnavailable, TransactionConflict):
            return  # noted with the next step; until then a restart only verifies once more
        self._saved_epoch = epoch

    async def _wait(self, until_s: float | None) -> None:
        try:
            async with asyncio.timeout_at(until_s):
                await self._news.wait()
        except TimeoutError:
            return

    def _alarm(self, state: CatchUp) -> None:
        if state.forked is not None:
            _log.error("log_forked", producer=self.inbox.producer, seq=state.forked.seq, error=str(state.forked))


def _now_s() -> float:
    return asyncio.get_running_loop().time()
