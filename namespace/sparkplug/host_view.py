"""What a host takes for true of edge nodes, devices and metrics, and since when, kept from the events of a host session.

The session decides; this only keeps the times that Sparkplug asks a host to note: its own clock for NDEATH and for what it missed itself,
the time in the payload for births and DDEATH. Values are the session's (`HostSession.metrics`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from namespace.sparkplug.host_event import (
    Data,
    DeviceBirth,
    DeviceDeath,
    HostEvent,
    NodeBirth,
    NodeDeath,
    NodeStale,
)
from namespace.sparkplug.metric_columns import MetricValue
from namespace.sparkplug.topic import EdgeNodeDescriptor


class Standing(Enum):
    """Whether an edge node or device is there; STALE is what a host cannot know, because it missed something itself."""

    ONLINE = "online"
    STALE = "stale"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Since:
    """A standing and its beginning, ms since the epoch, UTC."""

    standing: Standing
    timestamp: int


@dataclass(frozen=True, slots=True)
class MetricStanding:
    """A metric's last value, and whether it may be taken for current.

    Attributes:
        value: as it was last told.
        stale_since: ms since the epoch; None while it is current.
    """

    value: MetricValue
    stale_since: int | None


@dataclass(slots=True)
class _Source:
    """An edge node or one of its devices."""

    since: Since
    metrics: dict[str, MetricValue] = field(default_factory=dict)


class HostView:
    """The standing of everything that a host session tells of.

    Sparkplug 3.0, tck-id-operational-behavior-edge-node-termination-host-action-ndeath-node-offline and siblings.
    """

    def __init__(self) -> None:
        self._nodes: dict[EdgeNodeDescriptor, dict[str | None, _Source]] = {}

    def take(self, events: Iterable[HostEvent]) -> None:
        """Take in what a host session tells, in its order."""
        for event in events:
            match event:
                case NodeBirth(edge_node=node, metrics=metrics, timestamp=timestamp):
                    # Devices count no more until they are born again; the session tells of those that are not.
                    self._born(node, None, metrics, timestamp)
                case DeviceBirth(edge_node=node, device_id=device_id, metrics=metrics, timestamp=timestamp):
                    self._born(node, device_id, metrics, timestamp)
                case Data(edge_node=node, device_id=device_id, metrics=metrics):
                    self._changed(node, device_id, metrics)
                case NodeDeath(edge_node=node, timestamp=timestamp):
                    self._ended(node, None, Since(Standing.OFFLINE, timestamp))
                case DeviceDeath(edge_node=node, device_id=device_id, timestamp=timestamp):
                    self._ended(node, device_id, Since(Standing.OFFLINE, timestamp))
                case NodeStale(edge_node=node, timestamp=timestamp):
                    self._ended(node, None, Since(Standing.STALE, timestamp))
                case _:
                    pass

    def node(self, edge_node: EdgeNodeDescriptor) -> Since | None:
        """Return the standing of an edge node; None of one that was never born."""
        return self.device(edge_node, None)

    def device(self, edge_node: EdgeNodeDescriptor, device_id: str | None) -> Since | None:
        """Return the standing of a device, or with None of its edge node; None of one that was never born."""
        source = self._nodes.get(edge_node, {}).get(device_id)
        return None if source is None else source.since

    def devices(self, edge_node: EdgeNodeDescriptor) -> tuple[str, ...]:
        """Return the devices of an edge node, in the order in which they were first born."""
        return tuple(device_id for device_id in self._nodes.get(edge_node, {}) if device_id is not None)

    def edge_nodes(self) -> tuple[EdgeNodeDescriptor, ...]:
        """Return every edge node that was born."""
        return tuple(self._nodes)

    def metric(self, edge_node: EdgeNodeDescriptor, device_id: str | None, name: str) -> MetricStanding | None:
        """Return a metric; None where the last birth did not list it."""
        source = self._nodes.get(edge_node, {}).get(device_id)
        value = None if source is None else source.metrics.get(name)
        return None if source is None or value is None else MetricStanding(value, _stale_since(source))

    def metrics(self, edge_node: EdgeNodeDescriptor, device_id: str | None) -> dict[str, MetricStanding]:
        """Return the metrics of the last birth of an edge node, or of a device."""
        source = self._nodes.get(edge_node, {}).get(device_id)
        if source is None:
            return {}
        stale_since = _stale_since(source)
        return {name: MetricStanding(value, stale_since) for name, value in source.metrics.items()}

    def _born(
        self, node: EdgeNodeDescriptor, device_id: str | None, metrics: Iterable[MetricValue], timestamp: int
    ) -> None:
        sources = self._nodes.setdefault(node, {})
        sources[device_id] = _Source(Since(Standing.ONLINE, timestamp), {metric.name: metric for metric in metrics})

    def _changed(self, node: EdgeNodeDescriptor, device_id: str | None, metrics: Iterable[MetricValue]) -> None:
        source = self._nodes.get(node, {}).get(device_id)
        if source is not None:
            source.metrics.update((metric.name, metric) for metric in metrics if not metric.is_historical)

    def _ended(self, node: EdgeNodeDescriptor, device_id: str | None, since: Since) -> None:
        """Note an end: of a device, or of an edge node with all its devices."""
        for name, source in self._nodes.get(node, {}).items():
            if device_id in (None, name) and not _outlasts(source.since, since):
                source.since = since


def _outlasts(before: Since, now: Since) -> bool:
    """Whether what was known before says more: an end is noted once, and missing something afterwards does not soften it."""
    return before.standing is Standing.OFFLINE or before.standing is now.standing


def _stale_since(source: _Source) -> int | None:
    return None if source.since.standing is Standing.ONLINE else source.since.timestamp
