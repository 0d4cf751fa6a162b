"""One edge node as a host knows it: state, births, current values, and the order of what it sends.

A record with the moves that keep it consistent. When which move is due is decided in `host_application.py`.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from namespace.sparkplug.host_event import NODE_TRANSITIONS, NodeState, NodeTrigger
from namespace.sparkplug.metric_table import MetricTable
from namespace.sparkplug.rebirth_wish import RebirthWish
from namespace.sparkplug.sequence import SEQ_MODULUS, SequenceWindow
from namespace.sparkplug.snapshot import DeviceSnapshot, NodeSnapshot
from namespace.sparkplug.topic import EdgeNodeDescriptor, MessageType, Topic


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """What a topic means, found once.

    Attributes:
        node: the edge node's record.
        topic: the topic's parts.
        text: the topic.
        is_data: whether it brings NDATA or DDATA.
    """

    node: "HostNode"
    topic: Topic
    text: str
    is_data: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_data", self.topic.message_type in (MessageType.NDATA, MessageType.DDATA))


class HeldMessage(NamedTuple):
    """A message that waits for those before it."""

    route: Route
    message: pb.Payload
    size: int


@dataclass(slots=True)
class HostDevice:
    """A device with the metrics of its last birth."""

    table: MetricTable
    alive: bool = True


@dataclass(slots=True, eq=False)
class HostNode:
    """What is known of one edge node.

    Attributes:
        born_at: timestamp of the birth's payload, ms since the epoch; 0 when it had none.
        born_here_at: our clock at that moment.
        sent_at: timestamp of the last message that was applied, ms since the epoch.
        awaited: devices that were alive before the last birth and have not come back yet.
        gap_since: our clock when the first message was held back; None while there is no hole.
    """

    edge_node: EdgeNodeDescriptor
    wish: RebirthWish
    state: NodeState = NodeState.UNKNOWN
    bd_seq: int | None = None
    born_at: int = 0
    born_here_at: int = 0
    sent_at: int = 0
    table: MetricTable = field(default_factory=MetricTable)
    devices: dict[str, HostDevice] = field(default_factory=dict)
    awaited: set[str] = field(default_factory=set)
    window: SequenceWindow[HeldMessage] = field(default_factory=SequenceWindow)
    gap_since: int | None = None
    held_bytes: int = 0

    @property
    def is_online(self) -> bool:
        """Whether its births are current and nothing is known to be missing."""
        return self.state is NodeState.ONLINE

    @property
    def needs_attention(self) -> bool:
        """Whether time alone can bring something about."""
        return self.gap_since is not None or bool(self.awaited) or self.wish.is_open

    def move(self, trigger: NodeTrigger) -> bool:
        """Move to the next state by the table; return whether it is another one."""
        before, self.state = self.state, NODE_TRANSITIONS[self.state, trigger]
        return before is not self.state

    def begin(self, table: MetricTable, bd_seq: int | None, seq: int, born_at: int, now_ms: int) -> None:
        """Take over a birth; devices wait for theirs, and messages sent before it are void."""
        self.move(NodeTrigger.BIRTH)
        self.table, self.bd_seq = table, bd_seq
        self.born_at, self.born_here_at, self.sent_at = born_at, now_ms, born_at
        self.awaited = {device_id for device_id, device in self.devices.items() if device.alive}
        for device in self.devices.values():
            device.alive = False
        self.window.restart(seq)
        held = self.drop_held()
        for sent_seq, sent_at, message in held:
            if sent_at >= born_at and sent_at:
                self.hold(sent_seq, sent_at, message, now_ms)
        self.wish.fulfilled()

    def table_of(self, device_id: str | None) -> MetricTable | None:
        """Return the metrics of the edge node itself or of a device; None for a device that it never had."""
        if device_id is None:
            return self.table
        device = self.devices.get(device_id)
        return None if device is None else device.table

    def metrics_beside(self, device_id: str) -> int:
        """Return how many metrics the edge node has, those of one device left out."""
        others = (len(device.table) for name, device in self.devices.items() if name != device_id)
        return len(self.table) + sum(others)

    def hold(self, seq: int, sent_at: int, message: HeldMessage, now_ms: int) -> None:
        """Keep a message until the hole before it is filled."""
        self.window.hold(seq, sent_at, message)
        self.held_bytes += message.size
        if self.gap_since is None:
            self.gap_since = now_ms

    def drop_held(self) -> list[tuple[int, int, HeldMessage]]:
        """Give up waiting for a hole to be filled; return what was held back."""
        self.gap_since, self.held_bytes = None, 0
        return self.window.drop_held()

    def end(self) -> None:
        """Note that the devices went with their edge node."""
        for device in self.devices.values():
            device.alive = False
        self.awaited = set()
        self.drop_held()

    def snapshot(self) -> NodeSnapshot:
        """Return everything another host needs to go on from here."""
        return NodeSnapshot(
            edge_node=self.edge_node,
            online=self.is_online,
            bd_seq=self.bd_seq,
            seq=(self.window.expected - 1) % SEQ_MODULUS,
            sent_at=self.sent_at,
            born_at=self.born_at,
            metrics=self.table.metrics(),
            devices=tuple(
                DeviceSnapshot(device_id, device.alive, device.table.metrics())
                for device_id, device in self.devices.items()
            ),
        )
