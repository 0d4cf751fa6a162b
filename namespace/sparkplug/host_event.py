"""What a host session tells its caller, and the states of an edge node as a host sees it, as a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

from namespace.sparkplug.errors import Reason
from namespace.sparkplug.metric_columns import Columns, MetricValue
from namespace.sparkplug.topic import EdgeNodeDescriptor


class NodeState(Enum):
    """How much of what we know about an edge node is true now."""

    UNKNOWN = "unknown"
    ONLINE = "online"
    STALE = "stale"
    OFFLINE = "offline"


class NodeTrigger(Enum):
    """What changes it: a birth, a death, or something missed in between."""

    BIRTH = "birth"
    DEATH = "death"
    LOST = "lost"


NODE_TRANSITIONS: Mapping[tuple[NodeState, NodeTrigger], NodeState] = {
    (NodeState.UNKNOWN, NodeTrigger.BIRTH): NodeState.ONLINE,
    (NodeState.UNKNOWN, NodeTrigger.DEATH): NodeState.UNKNOWN,
    (NodeState.UNKNOWN, NodeTrigger.LOST): NodeState.UNKNOWN,
    (NodeState.ONLINE, NodeTrigger.BIRTH): NodeState.ONLINE,
    (NodeState.ONLINE, NodeTrigger.DEATH): NodeState.OFFLINE,
    (NodeState.ONLINE, NodeTrigger.LOST): NodeState.STALE,
    (NodeState.STALE, NodeTrigger.BIRTH): NodeState.ONLINE,
    (NodeState.STALE, NodeTrigger.DEATH): NodeState.OFFLINE,
    (NodeState.STALE, NodeTrigger.LOST): NodeState.STALE,
    (NodeState.OFFLINE, NodeTrigger.BIRTH): NodeState.ONLINE,
    (NodeState.OFFLINE, NodeTrigger.DEATH): NodeState.OFFLINE,
    (NodeState.OFFLINE, NodeTrigger.LOST): NodeState.OFFLINE,
}


class WantedReason(StrEnum):
    """Why a rebirth would help."""

    NO_BIRTH = "no_birth"
    DEVICE_NOT_BORN = "device_not_born"
    SEQUENCE_GAP = "sequence_gap"
    SEQUENCE_CONFLICT = "sequence_conflict"
    BIRTH_REFUSED = "birth_refused"
    UNKNOWN_METRIC = "unknown_metric"
    CONNECTION_LOST = "connection_lost"


class IgnoredReason(StrEnum):
    """Why a well-formed message had no effect."""

    REPEATED = "repeated"
    OLDER_BIRTH = "older_birth"
    OLDER_THAN_BIRTH = "older_than_birth"
    AWAITING_BIRTH = "awaiting_birth"
    DEVICE_NOT_BORN = "device_not_born"
    DEATH_OF_OTHER_SESSION = "death_of_other_session"


@dataclass(frozen=True, slots=True)
class NodeBirth:
    """An edge node says everything it has; devices follow, and those of before count no more until they do.

    Attributes:
        bd_seq: None when a tolerated peer leaves it out.
        timestamp: of the payload, ms since the epoch.
        restored: it comes from a snapshot, not from the wire.
    """

    edge_node: EdgeNodeDescriptor
    metrics: tuple[MetricValue, ...]
    bd_seq: int | None
    timestamp: int
    restored: bool = False


@dataclass(frozen=True, slots=True)
class DeviceBirth:
    """A device is there, with all its metrics."""

    edge_node: EdgeNodeDescriptor
    device_id: str
    metrics: tuple[MetricValue, ...]
    timestamp: int
    restored: bool = False


class Data:
    """New values; `device_id` is None for the edge node itself. Not to be changed.

    The values of a message come as columns, for whoever takes many; `metrics` makes one object of each when it is first read.
    """

    __slots__ = ("_columns", "_metrics", "device_id", "edge_node", "timestamp")
    __match_args__ = ("edge_node", "device_id", "metrics", "timestamp")

    def __init__(
        self,
        edge_node: EdgeNodeDescriptor,
        device_id: str | None,
        metrics: tuple[MetricValue, ...] | Columns,
        timestamp: int,
    ) -> None:
        """Tell of values.

        Args:
            edge_node: whose they are.
            device_id: of its device, if any.
            metrics: the values, one by one or in columns.
            timestamp: of the message, ms since the epoch.
        """
        self.edge_node = edge_node
        self.device_id = device_id
        self.timestamp = timestamp
        self._columns: Columns | None = None
        self._metrics: tuple[MetricValue, ...] | None = None
        if isinstance(metrics, Columns):
            self._columns = metrics
        else:
            self._metrics = metrics

    @property
    def columns(self) -> Columns | None:
        """The values in columns; None where the event was made of single ones."""
        return self._columns

    @property
    def metrics(self) -> tuple[MetricValue, ...]:
        """The values one by one."""
        if self._metrics is None:
            assert self._columns is not None
            self._metrics = self._columns.metrics()
        return self._metrics

    def __eq__(self, other: object) -> bool:
        """Compare what is told, in whatever form."""
        if not isinstance(other, Data):
            return NotImplemented
        mine = (self.edge_node, self.device_id, self.timestamp, self.metrics)
        return mine == (other.edge_node, other.device_id, other.timestamp, other.metrics)

    def __hash__(self) -> int:
        """Hash as equality asks."""
        return hash((self.edge_node, self.device_id, self.timestamp))

    def __repr__(self) -> str:
        """Show what is told."""
        told = f"edge_node={self.edge_node!r}, device_id={self.device_id!r}, metrics={self.metrics!r}"
        return f"Data({told}, timestamp={self.timestamp})"


@dataclass(frozen=True, slots=True)
class NodeDeath:
    """The edge node and all its devices are offline, their metrics stale, since `timestamp` by our clock.

    Sparkplug 3.0, tck-id-operational-behavior-edge-node-termination-host-action-ndeath-node-offline and
    siblings.
    """

    edge_node: EdgeNodeDescriptor
    bd_seq: int | None
    timestamp: int


@dataclass(frozen=True, slots=True)
class DeviceDeath:
    """A device is offline and its metrics stale since `timestamp`, the time in the DDEATH.

    Also told, by our clock, of a device that did not come back after a birth of its edge node.
    """

    edge_node: EdgeNodeDescriptor
    device_id: str
    timestamp: int


@dataclass(frozen=True, slots=True)
class NodeStale:
    """We missed something: what we know of the edge node and its devices may be old, until its next birth.

    Attributes:
        timestamp: our clock, ms since the epoch.
        dropped: messages held back that will not be applied.
    """

    edge_node: EdgeNodeDescriptor
    reason: WantedReason
    timestamp: int
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class RebirthWanted:
    """A request for rebirth is due; already debounced. Whether we may send one is the caller's to know."""

    edge_node: EdgeNodeDescriptor
    reason: WantedReason


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something broke the rules; `reason` is for counting, `detail` for the log."""

    topic: str
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message that is in order by itself, and has no effect where it arrived."""

    topic: str
    reason: IgnoredReason


HostEvent = NodeBirth | DeviceBirth | Data | NodeDeath | DeviceDeath | NodeStale | RebirthWanted | Rejected | Ignored
