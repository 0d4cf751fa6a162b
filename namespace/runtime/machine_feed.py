"""What the machines of a site say, placed and named by the site file: one ordered stream for one handler.

Foreign edge nodes are heard by a Sparkplug host session that joins late without a storm (`edge_node_listener`). What was said while this
service was down, or its connection was gone, comes first, from the historian's journal (`catch_up_samples`). What a node said while it
could not be understood - its birth was not heard, or a message was lost - comes from there as well, afterwards.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol

from namespace.isa95 import SiteModel
from namespace.runtime.backoff import Backoff
from namespace.runtime.business_time import BusinessTime
from namespace.runtime.catch_up_samples import PATIENCE_S, CatchUp
from namespace.runtime.clock import Clock
from namespace.runtime.edge_node_listener import EdgeNodeListener
from namespace.runtime.errors import NoAnswer, NotConnected, QueryFailed
from namespace.runtime.health import Health
from namespace.runtime.logging import get_logger
from namespace.runtime.machine_news import MachineNews, MachineReporter
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.placing import Device
from namespace.runtime.queries import QueryClient
from namespace.runtime.rivals import RivalReport
from namespace.runtime.session import Session
from namespace.sparkplug import (
    EdgeNodeDescriptor,
    HostEvent,
    Ignored,
    IgnoredReason,
    NodeStale,
    RebirthWanted,
    WantedReason,
)
from namespace.store import DatabaseUnavailable, SamplePosition, TransactionConflict

_KINDS = ("NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH")
_QUEUE = 50_000
_RETRY_S = 1.0
_BATCH = 10_000
"""What is handed over at once, and waits before no more is asked for: late data, however little, may be long work for a handler."""
_DEAF_S = 2.0
"""How long after a node could not be understood the journal is asked for what it said: by then it has been reborn, in ordinary life."""
_LONGEST_DEAF_S = 10.0
"""How seldom it is asked while a node goes on saying what is not understood."""
_UNHEARD = frozenset({IgnoredReason.AWAITING_BIRTH, IgnoredReason.DEVICE_NOT_BORN, IgnoredReason.OLDER_THAN_BIRTH})
"""Messages that were not used though they may say something. Each counts: a rebirth is wanted ever less often, and what comes between two
wishes is missed as well."""

_CANNOT_TELL = (NoAnswer, NotConnected, QueryFailed, DatabaseUnavailable, TransactionConflict)


MachineHandler = Callable[[Sequence[MachineNews]], Awaitable[None]]
"""Takes news in order. It is called again with the same news where the database was not reachable, and some seconds of news come again
after a restart or a new connection: taking in a sample twice must change nothing."""


class SessionMemory(Protocol):
    """Where it is kept which Sparkplug session of each edge node was used last, across restarts."""

    async def known(self) -> dict[str, int | None]:
        """Read bdSeq by `<group_id>/<edge_node_id>`."""
        ...

    async def note(self, sessions: Mapping[str, int | None]) -> None:
        """Note sessions whose births have been used."""
        ...


class MachineFeed:
    """Hears the foreign edge nodes of a site and hands what they say, placed and named, to one handler.

    Args:
        session: Where they are heard.
        site: Its mapping rules say which nodes and what they mean.
        handler: Takes the news.
        sessions: Remembers which sessions were used, so that a restart knows what goes on and what begins anew.
        queries: Asks `namespace_state` for the snapshot and for rebirths.
        catch_up: Knows what was missed.
        business_time: Told every source time.
        clock: For receive times.
        health: Told while machines cannot be heard.
        metrics: Counts.
        wanted: Canonical names of the metrics that the handler uses; all when empty.
    """

    def __init__(
        self,
        session: Session,
        site: SiteModel,
        handler: MachineHandler,
        *,
        sessions: SessionMemory,
        queries: QueryClient,
        catch_up: CatchUp,
        business_time: BusinessTime,
        clock: Clock,
        health: Health,
        metrics: ServiceMetrics,
        wanted: Collection[str] = (),
    ) -> None:
        self._sessions = sessions
        self._session = session
        self._handler = handler
        self._catch_up = catch_up
        self._clock = clock
        self._health = health
        self._metrics = metrics
        self._reporter = MachineReporter(site, business_time, wanted)
        self._rivals = RivalReport(self._reporter.places, health=health, metrics=metrics)
        self._news: deque[MachineNews | SamplePosition] = deque()
        self._wake = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._is_behind = asyncio.Event()
        self._is_deaf = asyncio.Event()
        self._received_upto: list[SamplePosition] = []
        self._log = get_logger(part="machines")
        filters = [
            f"spBv1.0/{group}/{kind}/{node}{'/+' if kind.startswith('D') else ''}"
            for group, node in site.mappings.filters()
            for kind in _KINDS
        ]
        self._listener = EdgeNodeListener(
            session,
            filters,
            groups=sorted({group for group, _ in site.mappings.filters()}),
            told=self._told,
            queries=queries,
            clock=clock,
            metrics=metrics,
        )
        self._listener.before_first = partial(self._insist, self._remember)
        self._listener.before_snapshot = self._tell_missed_first
        self._listener.has_room = self._has_room.wait
        self._listener.joined = self._joined
        self._listener.handed = self._reporter.places.handed

    # -- what is heard

    def _told(self, events: Iterable[HostEvent], gone: Collection[Device] = frozenset()) -> None:
        received_at = self._clock.now()
        for event in events:
            match event:
                case NodeStale(reason=reason) if reason is not WantedReason.CONNECTION_LOST:
                    self._not_understood()
                case RebirthWanted():
                    self._not_understood()
                case Ignored(reason=reason) if reason in _UNHEARD:
                    self._not_understood()
                case _:
                    pass
            self._tell(self._reporter.report(event, received_at, gone=gone))
        self._rivals.look()

    def _joined(self) -> None:
        """What was held back has been told, but what the snapshot includes of it: that is in the journal, behind what was told of that."""
        self._tell(self._reporter.give_up_on_lost(self._clock.now()))
        if self._listener.has_held_back:
            self._catch_up.begin()
            self._is_behind.set()
        else:
            self._reach_received()

    def _reach_received(self) -> None:
        received, self._received_upto = self._received_upto, []
        for position in received:
            self._reached(position)

    def _tell(self, news: Iterable[MachineNews]) -> None:
        before = len(self._news)
        self._news.extend(news)
        self._metrics.news.inc(len(self._news) - before)
        if len(self._news) > _QUEUE:
            self._overflow()
        elif len(self._news) > _BATCH:
            self._has_room.clear()
        if self._news:
            self._wake.set()

    def _overflow(self) -> None:
        """Too much to keep: say so, and begin again from a snapshot instead of losing something in the middle unseen."""
        dropped = [news for news in self._news if not isinstance(news, SamplePosition)]
        self._log.warning("machine_news_overflow", dropped=len(dropped))
        self._news.clear()
        self._news.extend(self._reporter.interrupted(dropped))
        self._has_room.set()
        self._catch_up.begin()
        self._listener.overflow("machine news")

    # -- what was missed

    async def _tell_missed_first(self) -> None:
        """Before anything live: what was missed, as far as it is told soon."""
        self._received_upto.clear()
        self._catch_up.begin()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._tell_missed()
        except TimeoutError:
            self._catch_up.late("live samples are used meanwhile")
            self._is_behind.set()

    async def _tell_missed_late(self) -> None:
        """What was not told soon is used when it is told: as late data."""
        while True:
            await self._is_behind.wait()
            self._is_behind.clear()
            await self._tell_missed()
            if self._catch_up.is_complete and self._listener.is_joined:
                self._reach_received()

    def _not_understood(self) -> None:
        """A node says something that is not understood: the journal may have it, so no position after it is reached."""
        self._received_upto.clear()
        self._catch_up.begin()
        self._is_deaf.set()

    async def _tell_not_understood(self) -> None:
        patience = Backoff(first_s=_DEAF_S, limit_s=_LONGEST_DEAF_S)
        while True:
            if not self._is_deaf.is_set():
                patience.reset()
            await self._is_deaf.wait()
            await asyncio.sleep(patience.next_s())
            self._is_deaf.clear()
            await self._tell_missed()

    async def _tell_missed(self) -> None:
        while self._session.is_up and not self._catch_up.is_complete:
            try:
                await self._tell_pages()
            except _CANNOT_TELL as error:
                self._log.info("missed_samples_not_told_yet", error=str(error))
                await asyncio.sleep(_RETRY_S)

    async def _tell_pages(self) -> None:
        missed = 0
        async for rows, position in self._catch_up.pages():
            for row in rows:
                self._tell(self._reporter.report_missed(row))
            self._reached(position)
            missed += len(rows)
            await self._has_room.wait()
        if missed:
            self._log.info("missed_samples_used", rows=missed)

    def _received(self, position: SamplePosition) -> None:
        """Everything up to a position has been received: it is reached when what is held back has been handed on."""
        if self._listener.is_joined:
            self._reached(position)
        else:
            self._received_upto.append(position)

    def _reached(self, position: SamplePosition) -> None:
        self._news.append(position)
        self._wake.set()

    # -- tasks

    async def run(self) -> None:
        """Feed until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hand_over(), name="machine news")
            group.create_task(self._listener.run(), name="machine listener")
            group.create_task(self._tell_missed_late(), name="missed machine news")
            group.create_task(self._tell_not_understood(), name="machine news not understood")
            group.create_task(self._catch_up.run(self._received), name="catch up")

    async def _hand_over(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            sessions = self._reporter.sources.unsaved()
            while self._news:
                await self._hand_over_some()
            if sessions:  # after their births were used: a crash in between takes them for new ones, which loses no more than a gap
                noted = {str(node): bd_seq for node, bd_seq in sessions.items()}
                await self._insist(partial(self._sessions.note, noted))

    async def _hand_over_some(self) -> None:
        """Hand over what waits, many pages of the journal at once; a position of it, when everything before has been used."""
        batch: list[MachineNews] = []
        position: SamplePosition | None = None
        while self._news and len(batch) < _BATCH:
            following = self._news.popleft()
            if isinstance(following, SamplePosition):
                position = following
            else:
                batch.append(following)
        if batch:
            await self._insist(partial(self._handler, batch))
        if position is not None:
            self._catch_up.used(position)
        if len(self._news) < _BATCH:
            self._has_room.set()

    async def _remember(self) -> None:
        known = await self._sessions.known()
        self._reporter.sources.remember({EdgeNodeDescriptor.parse(node): bd_seq for node, bd_seq in known.items()})

    async def _insist(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except (DatabaseUnavailable, TransactionConflict) as unavailable:
                self._health.not_ready("machines", f"the database is not reachable: {unavailable}")
                await asyncio.sleep(_RETRY_S)
            else:
                self._health.ready("machines")
                return
