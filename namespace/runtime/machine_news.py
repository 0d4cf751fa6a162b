"""From what a Sparkplug host session hears to news about places, in the words of the site file.

Here is decided what is a new beginning of a machine and what only looks like one: a snapshot and a rebirth within a session are not, a
new session is. Here, too, a silence and its end are brought into one order although the one is told by our clock and the other by the
machine's. It neither hears nor asks anybody; that is `namespace.runtime.machine_feed`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from namespace.contracts.historian_wire import MissedNote, MissedRow, MissedSample
from namespace.isa95 import EquipmentPath, EquipmentPathError, SiteModel
from namespace.runtime.buffer_metrics import WAITING
from namespace.runtime.business_time import BusinessTime
from namespace.runtime.clock import from_ms
from namespace.runtime.placing import Device, Places, Sources
from namespace.sparkplug import (
    Data,
    DataType,
    DeviceBirth,
    DeviceDeath,
    EdgeNodeDescriptor,
    HostEvent,
    MetricValue,
    NodeBirth,
    NodeDeath,
    NodeStale,
    Value,
    WantedReason,
)

NODE_DEATH, DEVICE_DEATH = "node_death", "device_death"
"""Why a place is silent whose source has said goodbye, or whose Will has."""

MOVED = "moved"
"""Why a place is silent whose source was born elsewhere, or as somebody who has nothing to say of it any more."""


@dataclass(frozen=True, slots=True)
class MachineSample:
    """One value of one metric at a place.

    Attributes:
        place: Where, by the site's mapping rules.
        metric: Canonical metric name.
        value: None is null.
        datatype: Its Sparkplug type.
        source_time: When the source says it was taken, UTC; when it arrived, where what the source says cannot be.
        received_at: When it arrived here, or at the historian while this service was down, UTC.
        is_birth: It stands in the first birth of a new session of its source: current, but not necessarily new; a counter's baseline.
            A rebirth within a session, or a snapshot of it, is no break: the source went on counting.
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
        since: When it was born, UTC, by its own clock; never before the silence that it ends.
    """

    place: EquipmentPath
    since: datetime


@dataclass(frozen=True, slots=True)
class MachineSilent:
    """A place's source is gone or we missed something: what is known of it may be old until it is online again.

    Attributes:
        place: Where.
        since: From when on, UTC, in business time.
        reason: Why, a short code.
    """

    place: EquipmentPath
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class MachineBacklog:
    """How much of the past a place's source has still to send: said before the samples of every birth, and whenever the source says it.

    Attributes:
        place: Where.
        waiting: Readings that its edge node has kept and not sent in this session (`Edge/Buffer/Waiting`); None where it does not say.
    """

    place: EquipmentPath
    waiting: int | None


MachineNews = MachineSample | MachineOnline | MachineSilent | MachineBacklog


class MachineReporter:
    """Turns host events into news, one place and metric at a time.

    Args:
        site: Its mapping rules place and name what is heard; its clock may be a metric.
        business_time: Told every source time.
        wanted: Canonical names of the metrics that are news; all when empty.

    Attributes:
        sources: Which of them go on, and which begin anew.
        places: Where they belong, and whose a metric is that two claim.
    """

    def __init__(self, site: SiteModel, business_time: BusinessTime, wanted: Collection[str] = ()) -> None:
        self._business_time = business_time
        self._wanted = frozenset(wanted)
        self._clock_metric = site.clock.metric
        self.places = Places(site.mappings)
        self.sources = Sources()
        self._lost: dict[EdgeNodeDescriptor, int] = {}
        self._waiting: dict[EdgeNodeDescriptor, int] = {}
        self._silences: dict[EquipmentPath, datetime] = {}

    def report(
        self, event: HostEvent, received_at: datetime, *, gone: Collection[Device] = frozenset()
    ) -> Iterator[MachineNews]:
        """Yield what an event means for places.

        Args:
            event: From the host session.
            received_at: The wall clock, UTC.
            gone: Nodes and devices whose death is part of the snapshot that the event is from: they do not come back by it.
        """
        match event:
            case NodeBirth(edge_node=node, restored=restored):
                self._waiting.pop(node, None)
                self._notice_backlog(node, event.metrics)
                unbroken = self.sources.node_born(node, event.bd_seq, restored=restored)
                if (node, None) not in gone:
                    yield from self._returned(node, received_at, unbroken=unbroken)
                yield from self._born(event, None, received_at, gone)
            case DeviceBirth(device_id=device):
                yield from self._born(event, device, received_at, gone)
            case Data(edge_node=node, device_id=device, metrics=metrics):
                yield from self._samples((node, device), metrics, received_at, is_birth=False)
                if device is None and self._notice_backlog(node, metrics):
                    yield from self._backlog(node, self.places.of_node(node))
            case NodeDeath() | DeviceDeath() | NodeStale():
                yield from self._lost_sight_of(event, received_at, gone)

    def report_missed(self, row: MissedRow) -> Iterator[MachineNews]:
        """Yield what a row of the historian's journal means for places: what `report` would have yielded at the time."""
        received_at = from_ms(row.received_ms)
        match row:
            case MissedSample():
                place = _path(row.place)
                if place is None:
                    return
                source_time = self._instant(row.at_ms, received_at)
                if not row.is_historical:
                    self._business_time.observe(place, source_time)
                yield MachineSample(
                    place=place,
                    metric=row.metric,
                    value=row.value,
                    datatype=row.datatype,
                    source_time=source_time,
                    received_at=received_at,
                    is_birth=row.is_birth,
                    is_historical=row.is_historical,
                )
            case MissedNote():
                places = [place for place in map(_path, row.places) if place is not None]
                yield from self._missed_note(row, places, received_at)

    def _missed_note(
        self, row: MissedNote, places: Iterable[EquipmentPath], received_at: datetime
    ) -> Iterator[MachineNews]:
        node = EdgeNodeDescriptor.parse(row.edge_node)
        if row.is_online:
            if row.device_id is None:
                self._lost.pop(node, None)
                self.sources.node_born(node, row.bd_seq, restored=False)
            self.sources.born(node, row.device_id, restored=False)
            since = self._instant(row.at_ms, received_at)
            for place in places:
                yield self._online(place, since, received_at, restored=False)
                yield MachineBacklog(place, None)
            return
        if row.reason == NODE_DEATH:
            self.sources.node_died(node)
        elif row.reason == DEVICE_DEATH and row.device_id is not None:
            self.sources.device_died(node, row.device_id)
        yield from self._silent(places, row.at_ms, row.reason, received_at)

    def give_up_on_lost(self, received_at: datetime) -> Iterator[MachineNews]:
        """Yield the silence of those who were not heard again after our own connection was lost."""
        for node in list(self._lost):
            yield from self._returned(node, received_at, unbroken=False)

    def interrupted(self, dropped: Sequence[MachineNews]) -> list[MachineSilent]:
        """Return what to say instead of news that had to be dropped: silence since the first of them."""
        first: dict[EquipmentPath, datetime] = {}
        for news in dropped:
            if isinstance(news, MachineBacklog):
                continue
            at = news.source_time if isinstance(news, MachineSample) else news.since
            first[news.place] = min(at, first.get(news.place, at))
        born = {news.place for news in dropped if isinstance(news, MachineSample) and news.is_birth}
        self.sources.break_off(node for node in self.sources.nodes() if born & self.places.of_node(node))
        self._silences.update(first)
        return [MachineSilent(place, since, "overflow") for place, since in sorted(first.items())]

    def _born(
        self, event: NodeBirth | DeviceBirth, device: str | None, received_at: datetime, gone: Collection[Device]
    ) -> Iterator[MachineNews]:
        source = (event.edge_node, device)
        is_first = self.sources.born(*source, restored=event.restored)
        left = self.places.born(*source, event.metrics, restored=event.restored)
        yield from self._silent(left, event.timestamp, MOVED, received_at)
        if source not in gone:
            since = self._instant(event.timestamp, received_at)
            for place in sorted(self.places.of_device(*source)):
                yield self._online(place, since, received_at, restored=event.restored)
        yield from self._backlog(event.edge_node, self.places.of_device(*source))
        yield from self._samples(source, event.metrics, received_at, is_birth=is_first)

    def _lost_sight_of(
        self, event: NodeDeath | DeviceDeath | NodeStale, received_at: datetime, gone: Collection[Device]
    ) -> Iterator[MachineNews]:
        node, timestamp = event.edge_node, event.timestamp
        match event:
            case NodeStale(reason=WantedReason.CONNECTION_LOST):
                self._lost.setdefault(node, timestamp)
            case NodeStale(reason=reason):
                yield from self._silent(self.places.of_node(node), timestamp, reason, received_at)
            case NodeDeath():
                self.places.node_died(node)
                if (node, None) not in gone:
                    self.sources.node_died(node)
                since = self._lost.pop(node, timestamp)
                yield from self._silent(self.places.of_node(node), since, NODE_DEATH, received_at)
            case DeviceDeath(device_id=device):
                self.places.device_died(node, device)
                if (node, device) not in gone:
                    self.sources.device_died(node, device)
                yield from self._silent(self.places.of_device(node, device), timestamp, DEVICE_DEATH, received_at)

    def _online(self, place: EquipmentPath, since: datetime, received_at: datetime, *, restored: bool) -> MachineOnline:
        """A silence ends now where others tell of the birth, and with the birth, or at once, where we heard it."""
        silent_since = self._silences.pop(place, None)
        if silent_since is not None:
            earliest = self._business_time.now(place, received_at) if restored else silent_since
            since = max(since, earliest)
        return MachineOnline(place, since)

    def _returned(self, node: EdgeNodeDescriptor, received_at: datetime, *, unbroken: bool) -> Iterator[MachineNews]:
        """A node is known again after our own connection was lost: where its session is the one known, it was never silent."""
        since = self._lost.pop(node, None)
        if since is not None and not unbroken:
            yield from self._silent(self.places.of_node(node), since, "connection_lost", received_at)

    def _silent(
        self, places: Iterable[EquipmentPath], timestamp: int, reason: str, received_at: datetime
    ) -> Iterator[MachineNews]:
        at = self._instant(timestamp, received_at)
        for place in sorted(places):
            if place not in self._silences:
                since = self._silences[place] = self._business_time.now(place, at)
                yield MachineSilent(place, since, reason)

    def _samples(
        self, source: Device, metrics: Iterable[MetricValue], received_at: datetime, *, is_birth: bool
    ) -> Iterator[MachineNews]:
        for metric in metrics:
            source_time = self._instant(metric.timestamp, received_at)
            self._notice_clock(source, metric, source_time)
            placement = self.places.resolve(*source, metric.name)
            if placement is None:
                continue
            if not metric.is_historical:
                self._business_time.observe(placement.place, source_time)
            if self._wanted and placement.metric not in self._wanted:
                continue
            yield MachineSample(
                place=placement.place,
                metric=placement.metric,
                value=metric.value,
                datatype=metric.datatype,
                source_time=source_time,
                received_at=received_at,
                is_birth=is_birth,
                is_historical=metric.is_historical,
            )

    def _notice_backlog(self, node: EdgeNodeDescriptor, metrics: Iterable[MetricValue]) -> bool:
        said = [m.value for m in metrics if m.name == WAITING and not m.is_historical and isinstance(m.value, int)]
        if said:
            self._waiting[node] = said[-1]
        return bool(said)

    def _backlog(self, node: EdgeNodeDescriptor, places: Iterable[EquipmentPath]) -> Iterator[MachineBacklog]:
        for place in sorted(places):
            yield MachineBacklog(place, self._waiting.get(node))

    def _notice_clock(self, source: Device, metric: MetricValue, source_time: datetime) -> None:
        clock, (node, device) = self._clock_metric, source
        if clock is None or metric.name != clock.metric_name or metric.is_historical:
            return
        if (node.group_id, node.edge_node_id, device) == (clock.group_id, clock.edge_node_id, clock.device_id):
            self._business_time.tick(source_time)

    def _instant(self, timestamp_ms: int, received_at: datetime) -> datetime:
        try:
            return self._business_time.believed(from_ms(timestamp_ms), received_at)
        except (ValueError, OverflowError, OSError):
            return received_at  # no instant that a calendar knows


def _path(text: str) -> EquipmentPath | None:
    try:
        return EquipmentPath.parse(text)
    except EquipmentPathError:
        return None
