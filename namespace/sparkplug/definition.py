"""What an edge node is told about itself: its settings, its metrics, and new values for them."""

from dataclasses import dataclass

from namespace.sparkplug.datatype import DataType
from namespace.sparkplug.metric import MetaData, PropertySet, Value
from namespace.sparkplug.topic import EdgeNodeDescriptor, check_id

BD_SEQ = "bdSeq"
REBIRTH = "Node Control/Rebirth"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeNodeConfig:
    """Who an edge node is and how it behaves.

    Attributes:
        group_id: first part of its name.
        edge_node_id: second part of its name.
        use_aliases: births give every metric a number, data carries that instead of the name.
        device_commands: whether it subscribes to the commands of its devices.
        primary_host_id: births wait until this host application is online; None waits for nobody.
        rebirth_debounce_ms: a request for rebirth within this time after the last one is dropped, because
            many hosts ask at once when a broker returns.
    """

    group_id: str
    edge_node_id: str
    use_aliases: bool = True
    device_commands: bool = True
    primary_host_id: str | None = None
    rebirth_debounce_ms: int = 1000

    def __post_init__(self) -> None:
        check_id("group_id", self.group_id)
        check_id("edge_node_id", self.edge_node_id)
        if self.primary_host_id is not None:
            check_id("host_id", self.primary_host_id)

    @property
    def edge_node(self) -> EdgeNodeDescriptor:
        """Group and edge node id."""
        return EdgeNodeDescriptor(self.group_id, self.edge_node_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDefinition:
    """One metric of an edge node or device; births carry all of them, always the same set.

    Attributes:
        name: a `/`-separated path.
        value: what births carry until the first update; None is null.
        timestamp: of that value, ms since the epoch; None takes the time of the birth.
        by_name: goes by its name and says its data type in every message, never an alias, so that a reader
            needs no birth for it.
        momentary: an update is sent and not remembered; births always carry `value`. For messages in the form
            of a metric, such as the rows of an event log.
        is_transient: tells hosts not to keep history.
        writable: a command may set it; commands to other metrics are refused.
    """

    name: str
    datatype: DataType
    value: Value = None
    timestamp: int | None = None
    properties: PropertySet | None = None
    metadata: MetaData | None = None
    by_name: bool = False
    momentary: bool = False
    is_transient: bool = False
    writable: bool = False


@dataclass(frozen=True, slots=True)
class MetricUpdate:
    """A new value of a defined metric.

    Attributes:
        timestamp: when the value was taken, ms since the epoch; None takes the time of the update.
        is_historical: an old value: sent, and not taken as the current one.
        properties: those that change, from now on; the others stay.
    """

    name: str
    value: Value
    timestamp: int | None = None
    is_historical: bool = False
    properties: PropertySet | None = None
