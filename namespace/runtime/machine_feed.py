"""What the machines of a site say, placed and named by the site file: one ordered stream for one handler.

Foreign edge nodes are heard by a Sparkplug host session. A late joiner subscribes first, holds back what arrives, takes a snapshot from
`namespace_state`, and goes on from there, so that a restart asks no machine for a rebirth. Only `namespace_state` may ask machines; what
this feed misses it asks of that service.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from namespace.contracts.snapshot import snapshots_from_rows
from namespace.isa95 import EquipmentPath, SiteModel
from namespace.runtime.business_time import BusinessTime
from namespace.runtime.clock import Clock, from_ms, to_ms
from namespace.runtime.errors import NoAnswer, NotConnected, QueryFailed
from namespace.runtime.health import Health
from namespace.runtime.logging import get_logger
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.placing import Places, Sources
from namespace.runtime.queries import QueryClient
from namespace.runtime.session import Session
from namespace.sparkplug import (
    Data,
    DataType,
    DeviceBirth,
    DeviceDeath,
    EdgeNodeDescriptor,
    HostEvent,
    HostSession,
    MetricValue,
    NodeBirth,
    NodeDeath,
    NodeStale,
    RebirthWanted,
    Rejected,
    RemoteProtocolError,
    Value,
    WantedReason,
)
from namespace.store import DatabaseUnavailable, TransactionConflict
from namespace.transport import Message

_KINDS = ("NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH")
_QUEUE = 50_000
_TICK_S = 0.25
_RETRY_S = 1.0
_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class MachineSample:
    """One value of one metric at a place.

    Attributes:
        place: Where, by the site's mapping rules.
        metric: Canonical metric name.
        value: None is null.
        datatype: Its Sparkplug type.
        source_time: When the source says it was taken, UTC.
        received_at: When it arrived here, UTC.
        is_birth: It stands in the first birth of a new session of its source: current, but not necessarily new; a counter's baseline.
            A rebirth within a session, or a snapshot, is no break: the source went on counting.
        is_historical: An old value that does not replace the current one.
    """

    place: EquipmentPath
    metric: str
    value: Value
    datatype: DataType
    source_time: datetime
    received_at: datetime
    is_birth: bool = False
    is_historical: bool = False


@dataclass(frozen=True, slots=True)
class MachineOnline:
    """A place's source has told everything about itself: what it says can be trusted from then on.

    Attributes:
        place: Where.
        since: When it was born, UTC, by its own clock.
    """

    place: EquipmentPath
    since: datetime


@dataclass(frozen=True, slots=True)
class MachineSilent:
    """A place's source is gone or we missed something: what is known of it may be old until its next birth.

    Attributes:
        place: Where.
        since: From when on, UTC, in business time.
        reason: Why, a short code.
    """

    place: EquipmentPath
    since: datetime
    reason: str


MachineNews = MachineSample | MachineOnline | MachineSilent

MachineHandler = Callable[[Sequence[MachineNews]], Awaitable[None]]
"""Takes news in order; it is called again with the same news where the database was not reachable."""


class MachineFeed:
    """Hears the foreign edge nodes of a site and hands what they say, placed and named, to one handler.

    Args:
        session: Where they are heard.
        site: Its mapping rules say which nodes and what they mean.
        handler: Takes the news.
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
        queries: QueryClient,
        business_time: BusinessTime,
        clock: Clock,
        health: Health,
        metrics: ServiceMetrics,
    ) -> None:
        self._session = session
        self._handler = handler
        self._queries = queries
        self._business_time = business_time
        self._clock = clock
        self._health = health
        self._metrics = metrics
        self._host = HostSession()
        self._places = Places(site.mappings)
        self._sources = Sources()
        self._groups = sorted({group for group, _ in site.mappings.filters()})
        self._news: deque[MachineNews] = deque()
        self._wake = asyncio.Event()
        self._held: list[Message] | None = None
        self._lost: dict[EdgeNodeDescriptor, int] = {}
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
        self._held = []
        self._joining.set()

    def disconnected(self) -> None:
        """What is known may be old from now on."""
        self._held = None
        self._take(self._host.disconnected(self._now_ms()))

    def _receive(self, message: Message) -> None:
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
        self._give_up_on_lost()
        if self._news:
            self._wake.set()

    # -- from host events to news

    def _take(self, events: Iterable[HostEvent]) -> None:
        for event in events:
            self._told(event)
        if self._news:
            self._wake.set()

    def _told(self, event: HostEvent) -> None:
        match event:
            case NodeBirth(edge_node=node, restored=restored):
                unbroken = self._sources.node_born(node, event.bd_seq, restored=restored)
                self._returned(node, unbroken=unbroken)
                self._born(node, None, event.metrics, event.timestamp, restored=restored)
            case DeviceBirth(edge_node=node, device_id=device, restored=restored):
                self._born(node, device, event.metrics, event.timestamp, restored=restored)
            case Data(edge_node=node, device_id=device, metrics=metrics):
                self._samples(node, device, metrics, is_birth=False)
            case NodeStale(edge_node=node, timestamp=timestamp, reason=WantedReason.CONNECTION_LOST):
                self._lost[node] = timestamp
            case NodeDeath(edge_node=node, timestamp=timestamp):
                self._sources.node_died(node)
                self._silent(self._places.of_node(node), timestamp, "node_death")
            case NodeStale(edge_node=node, timestamp=timestamp, reason=reason):
                self._silent(self._places.of_node(node), timestamp, reason)
            case DeviceDeath(edge_node=node, device_id=device, timestamp=timestamp):
                self._sources.device_died(node, device)
                self._silent(self._places.of_device(node, device), timestamp, "device_death")
            case RebirthWanted() if not self._wanted.full():
                self._wanted.put_nowait(event)
            case Rejected(reason=reason):
                self._metrics.rejected.labels("machine payload", reason).inc()

    def _born(
        self,
        node: EdgeNodeDescriptor,
        device: str | None,
        metrics: Sequence[MetricValue],
        timestamp: int,
        *,
        restored: bool,
    ) -> None:
        is_first = self._sources.born(node, device, restored=restored)
        for metric in metrics:
            self._places.resolve(node, device, metric.name)
        since = from_ms(timestamp)
        self._news.extend(MachineOnline(place, since) for place in sorted(self._places.of_device(node, device)))
        self._samples(node, device, metrics, is_birth=is_first)

    def _returned(self, node: EdgeNodeDescriptor, *, unbroken: bool) -> None:
        """A node is known again after our own connection was lost: a snapshot of its session leaves no silence, a new birth does."""
        since = self._lost.pop(node, None)
        if since is not None and not unbroken:
            self._silent(self._places.of_node(node), since, "connection_lost")

    def _give_up_on_lost(self) -> None:
        """Whoever is not in the snapshot has been silent since our connection was lost."""
        for node in list(self._lost):
            self._returned(node, unbroken=False)

    def _samples(
        self, node: EdgeNodeDescriptor, device: str | None, metrics: Iterable[MetricValue], *, is_birth: bool
    ) -> None:
        received_at = self._clock.now()
        for metric in metrics:
            placement = self._places.resolve(node, device, metric.name)
            if placement is None:
                continue
            source_time = from_ms(metric.timestamp)
            if not metric.is_historical:
                self._business_time.observe(placement.place, source_time)
            sample = MachineSample(
                place=placement.place,
                metric=placement.metric,
                value=metric.value,
                datatype=metric.datatype,
                source_time=source_time,
                received_at=received_at,
                is_birth=is_birth,
                is_historical=metric.is_historical,
            )
            self._news.append(sample)
            self._metrics.samples.inc()
        if len(self._news) > _QUEUE:
            self._overflow()

    def _silent(self, places: Iterable[EquipmentPath], timestamp: int, reason: str) -> None:
        wall = from_ms(timestamp)
        self._news.extend(
            MachineSilent(place, self._business_time.now(place, wall), reason) for place in sorted(places)
        )

    def _overflow(self) -> None:
        """Too much to keep: begin again from a snapshot instead of losing something in the middle."""
        self._metrics.overflows.labels("machine news").inc()
        self._log.warning("machine_news_overflow", dropped=len(self._news))
        self._news.clear()
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
            while self._news:
                batch = [self._news.popleft() for _ in range(min(_BATCH, len(self._news)))]
                await self._insist(batch)

    async def _insist(self, batch: Sequence[MachineNews]) -> None:
        while True:
            try:
                await self._handler(batch)
            except (DatabaseUnavailable, TransactionConflict) as unavailable:
                self._health.not_ready("machines", f"the database is not reachable: {unavailable}")
                await asyncio.sleep(_RETRY_S)
            else:
                self._health.ready("machines")
                return

    async def _join(self) -> None:
        """After each connect: a snapshot; until it comes, live births are all there is."""
        while True:
            await self._joining.wait()
            self._joining.clear()
            tries = 0
            while self._session.is_up and not self._joining.is_set():
                tries += 1
                try:
                    await self._restore()
                except (NoAnswer, NotConnected, QueryFailed, RemoteProtocolError) as error:
                    self._log.info("no_snapshot_yet", error=str(error), tries=tries)
                    self._release()
                    await asyncio.sleep(_RETRY_S)
                else:
                    break

    async def _restore(self) -> None:
        rows = await self._queries.ask_all("namespace_state", "snapshot", {"groups": self._groups}, timeout_s=3.0)
        self._take(self._host.restore(snapshots_from_rows(rows), self._now_ms()))
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
                await self._queries.ask("namespace_state", "rebirth", args, timeout_s=3.0, tries=1)
            except (NoAnswer, NotConnected, QueryFailed) as error:
                self._log.info("rebirth_not_asked", node=str(node), error=str(error))

    def _now_ms(self) -> int:
        return to_ms(self._clock.now())
