"""What the machines of a site say, placed and named by the site file: one ordered stream for one handler.

Foreign edge nodes are heard by a Sparkplug host session. A late joiner subscribes first, holds back what arrives, takes a snapshot from
`namespace_state`, and goes on from there, so that a restart asks no machine for a rebirth. Only `namespace_state` may ask machines; what
this feed misses it asks of that service.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol

from namespace.contracts.snapshot import snapshots_from_rows
from namespace.isa95 import SiteModel
from namespace.runtime.business_time import BusinessTime
from namespace.runtime.clock import Clock, to_ms
from namespace.runtime.errors import NoAnswer, NotConnected, QueryFailed
from namespace.runtime.health import Health
from namespace.runtime.logging import get_logger
from namespace.runtime.machine_news import MachineNews, MachineReporter
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.placing import Device
from namespace.runtime.queries import QueryClient
from namespace.runtime.session import Session
from namespace.sparkplug import (
    EdgeNodeDescriptor,
    HostEvent,
    HostSession,
    NodeSnapshot,
    RebirthWanted,
    Rejected,
    RemoteProtocolError,
)
from namespace.store import DatabaseUnavailable, TransactionConflict
from namespace.transport import Message

_KINDS = ("NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH")
_QUEUE = 50_000
_TICK_S = 0.25
_RETRY_S = 1.0
_SNAPSHOT_S = 3.0
_BATCH = 2_000


MachineHandler = Callable[[Sequence[MachineNews]], Awaitable[None]]
"""Takes news in order; it is called again with the same news where the database was not reachable."""


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
        business_time: Told every source time.
        clock: For receive times.
        health: Told while machines cannot be heard.
        metrics: Counts.
    """

    def __init__(
        self,
        session: Session,
        site: SiteModel,
        handler: MachineHandler,
        *,
        sessions: SessionMemory,
        queries: QueryClient,
        business_time: BusinessTime,
        clock: Clock,
        health: Health,
        metrics: ServiceMetrics,
    ) -> None:
        self._sessions = sessions
        self._session = session
        self._handler = handler
        self._queries = queries
        self._clock = clock
        self._health = health
        self._metrics = metrics
        self._host = HostSession()
        self._reporter = MachineReporter(site, business_time)
        self._groups = sorted({group for group, _ in site.mappings.filters()})
        self._news: deque[MachineNews] = deque()
        self._wake = asyncio.Event()
        self._held: list[Message] | None = None
        self._is_overflown = False
        self._joining = asyncio.Event()
        self._wanted: asyncio.Queue[RebirthWanted] = asyncio.Queue(1_000)
        self._log = get_logger(part="machines")
        for group, node in site.mappings.filters():
            for kind in _KINDS:
                tail = "/+" if kind.startswith("D") else ""
                session.route(f"spBv1.0/{group}/{kind}/{node}{tail}", self._receive)
        session.join(self)

    # -- the session's side

    async def connected(self) -> None:
        """Hold back what arrives until there is a snapshot."""
        self._held, self._is_overflown = [], False
        self._joining.set()

    def disconnected(self) -> None:
        """What is known may be old from now on."""
        self._held = None
        self._take(self._host.disconnected(self._now_ms()))

    def _receive(self, message: Message) -> None:
        if self._is_overflown:
            return  # the session is about to end, and the next one begins with a snapshot
        if self._held is None:
            self._take(self._host.receive(message.topic, message.payload, self._now_ms()))
        elif len(self._held) < _QUEUE:
            self._held.append(message)
        else:
            self._overflow()

    def _release(self) -> None:
        held, self._held = self._held or [], None
        self._host.connected(self._now_ms())
        for message in held:
            self._receive(message)
        self._tell(self._reporter.give_up_on_lost(self._clock.now()))

    # -- from host events to news

    def _take(self, events: Iterable[HostEvent], gone: Collection[Device] = frozenset()) -> None:
        received_at = self._clock.now()
        for event in events:
            match event:
                case RebirthWanted():
                    if not self._wanted.full():  # it is wanted again while it is needed
                        self._wanted.put_nowait(event)
                case Rejected(reason=reason):
                    self._metrics.rejected.labels("machine payload", reason).inc()
                case _:
                    self._tell(self._reporter.report(event, received_at, gone=gone))

    def _tell(self, news: Iterable[MachineNews]) -> None:
        before = len(self._news)
        self._news.extend(news)
        self._metrics.news.inc(len(self._news) - before)
        if len(self._news) > _QUEUE:
            self._overflow()
        if self._news:
            self._wake.set()

    def _overflow(self) -> None:
        """Too much to keep: say so, and begin again from a snapshot instead of losing something in the middle unseen."""
        self._metrics.overflows.labels("machine news").inc()
        self._log.warning("machine_news_overflow", dropped=len(self._news))
        dropped = list(self._news)
        self._news.clear()
        self._news.extend(self._reporter.interrupted(dropped))
        self._is_overflown = True
        self._session.abort()

    # -- tasks

    async def run(self) -> None:
        """Feed until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hand_over(), name="machine news")
            group.create_task(self._join(), name="machine snapshot")
            group.create_task(self._tick(), name="machine host timer")
            group.create_task(self._ask_for_rebirths(), name="machine rebirths")

    async def _hand_over(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            sessions = self._reporter.sources.unsaved()
            while self._news:
                batch = [self._news.popleft() for _ in range(min(_BATCH, len(self._news)))]
                await self._insist(partial(self._handler, batch))
            if sessions:  # after their births were used: a crash in between takes them for new ones, which loses no more than a gap
                noted = {str(node): bd_seq for node, bd_seq in sessions.items()}
                await self._insist(partial(self._sessions.note, noted))

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

    async def _join(self) -> None:
        """After each connect: a snapshot; until it comes, live births are all there is."""
        await self._insist(self._remember)
        while True:
            await self._joining.wait()
            self._joining.clear()
            while self._is_joining:
                try:
                    await self._restore()
                except (NoAnswer, NotConnected, QueryFailed, RemoteProtocolError) as error:
                    self._log.info("no_snapshot_yet", error=str(error))
                    if self._is_joining:
                        self._release()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_RETRY_S):
                            await self._joining.wait()
                else:
                    break

    @property
    def _is_joining(self) -> bool:
        """Whether the session for which a snapshot is asked is still the present one."""
        return self._session.is_up and not self._joining.is_set()

    async def _restore(self) -> None:
        rows = await self._queries.ask_all(
            "namespace_state", "snapshot", {"groups": self._groups}, timeout_s=_SNAPSHOT_S, tries=1
        )
        if not self._is_joining:
            raise NotConnected("the broker session was lost before the snapshot was taken")
        snapshots = snapshots_from_rows(rows)
        self._take(self._host.restore(snapshots, self._now_ms()), gone=_gone(snapshots))
        self._release()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            self._take(self._host.tick(self._now_ms()))

    async def _ask_for_rebirths(self) -> None:
        while True:
            wanted = await self._wanted.get()
            node = wanted.edge_node
            args = {"group_id": node.group_id, "edge_node_id": node.edge_node_id, "reason": wanted.reason}
            try:
                await self._queries.ask("namespace_state", "rebirth", args, timeout_s=_SNAPSHOT_S, tries=1)
            except (NoAnswer, NotConnected, QueryFailed) as error:
                self._log.info("rebirth_not_asked", node=str(node), error=str(error))

    def _now_ms(self) -> int:
        return to_ms(self._clock.now())


def _gone(snapshots: Iterable[NodeSnapshot]) -> frozenset[Device]:
    """Return the nodes and devices that a snapshot knows not to be there."""
    gone: set[Device] = set()
    for snapshot in snapshots:
        if not snapshot.online:
            gone.add((snapshot.edge_node, None))
        gone.update((snapshot.edge_node, d.device_id) for d in snapshot.devices if not (d.alive and snapshot.online))
    return frozenset(gone)
