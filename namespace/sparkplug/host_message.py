"""What each message of an edge node does to its record, once its turn has come."""

from collections.abc import Callable
from typing import Final, NamedTuple

from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from namespace.sparkplug.definition import BD_SEQ
from namespace.sparkplug.errors import Reason, RemoteProtocolError
from namespace.sparkplug.frame import seq_of
from namespace.sparkplug.host_event import (
    Data,
    DeviceBirth,
    DeviceDeath,
    HostEvent,
    Ignored,
    IgnoredReason,
    NodeBirth,
    NodeDeath,
    NodeState,
    NodeTrigger,
    Rejected,
    WantedReason,
)
from namespace.sparkplug.host_node import HostDevice, HostNode, Route
from namespace.sparkplug.metric_columns import Columns
from namespace.sparkplug.metric_table import MetricTable, Problem
from namespace.sparkplug.payload import Limits
from namespace.sparkplug.snapshot import NodeSnapshot
from namespace.sparkplug.topic import MessageType


class Reading(NamedTuple):
    """What our side brings to the reading of every message.

    Attributes:
        needs_birth: False where births may never be heard.
        max_devices: of one edge node.
        max_metrics: of one edge node and its devices together.
    """

    limits: Limits
    needs_birth: bool
    max_devices: int
    max_metrics: int


class Applied(NamedTuple):
    """What a message brought about, and whether a rebirth would help."""

    events: list[HostEvent]
    wanted: WantedReason | None = None


def apply_node_birth(route: Route, message: pb.Payload, reading: Reading, now_ms: int) -> Applied:
    """Take over an NBIRTH.

    One that is not newer than the birth we have counts only with another bdSeq, or after vain requests for
    one.

    Raises:
        RemoteProtocolError: it cannot serve as a birth.
    """
    node, born_at = route.node, message.timestamp
    bd_seq = bd_seq_of(message)
    is_older = node.state is not NodeState.UNKNOWN and bd_seq == node.bd_seq and 0 < born_at <= node.born_at
    if is_older and not node.wish.takes_any_birth:
        return Applied([Ignored(route.text, IgnoredReason.OLDER_BIRTH)])
    table, problems = MetricTable.born(message, now_ms, reading.limits, node.table)
    node.begin(table, bd_seq, seq_of(message) or 0, born_at, now_ms)
    birth = NodeBirth(node.edge_node, table.values(), bd_seq, born_at or now_ms)
    return Applied([*_told(route, problems), birth])


def apply_node_death(route: Route, message: pb.Payload, _reading: Reading, now_ms: int) -> Applied:
    """Take note of an NDEATH, if it belongs to the birth we have (tck-id-payloads-ndeath-bdseq).

    Raises:
        RemoteProtocolError: it carries no bdSeq.
    """
    node = route.node
    bd_seq = bd_seq_of(message)
    if bd_seq is None and node.bd_seq is not None:
        raise RemoteProtocolError(Reason.BD_SEQ, "an NDEATH without bdSeq")
    has_devices = any(device.alive for device in node.devices.values())
    is_known = node.state is not NodeState.UNKNOWN or has_devices
    if not is_known or (node.bd_seq is not None and bd_seq != node.bd_seq):
        return Applied([Ignored(route.text, IgnoredReason.DEATH_OF_OTHER_SESSION)])
    if not (node.move(NodeTrigger.DEATH) or has_devices):
        return Applied([Ignored(route.text, IgnoredReason.REPEATED)])
    node.end()
    return Applied([NodeDeath(node.edge_node, bd_seq, now_ms)])


def apply_device_birth(route: Route, message: pb.Payload, reading: Reading, now_ms: int) -> Applied:
    """Take over a DBIRTH.

    Raises:
        RemoteProtocolError: it cannot serve as a birth, or there are too many devices or metrics.
    """
    node, device_id = route.node, _device_id(route)
    if device_id not in node.devices and len(node.devices) >= reading.max_devices:
        raise RemoteProtocolError(Reason.DEVICE_COUNT, f"more than {reading.max_devices} devices")
    if len(message.metrics) + node.metrics_beside(device_id) > reading.max_metrics:
        detail = f"more than {reading.max_metrics} metrics with those of the edge node and its other devices"
        raise RemoteProtocolError(Reason.METRIC_COUNT, detail)
    table, problems = MetricTable.born(message, now_ms, reading.limits, node.table_of(device_id))
    node.devices[device_id] = HostDevice(table)
    node.awaited.discard(device_id)
    timestamp = message.timestamp or now_ms
    birth = DeviceBirth(node.edge_node, device_id, table.values(), timestamp)
    return Applied([*_told(route, problems), birth])


def refuse_device_birth(route: Route, now_ms: int) -> list[HostEvent]:
    """Note that a DBIRTH could not be used: the device's earlier birth counts no more."""
    device = route.node.devices.get(_device_id(route))
    if device is None or not device.alive:
        return []
    device.alive = False
    return [DeviceDeath(route.node.edge_node, _device_id(route), now_ms)]


def apply_device_death(route: Route, message: pb.Payload, _reading: Reading, now_ms: int) -> Applied:
    """Take note of a DDEATH, by its own time.

    Sparkplug 3.0, tck-id-operational-behavior-edge-node-termination-host-action-ddeath-devices-offline.
    """
    node, device_id = route.node, _device_id(route)
    device = node.devices.get(device_id)
    awaited = device_id in node.awaited
    if device is None or not (device.alive or awaited):
        return Applied([Ignored(route.text, IgnoredReason.DEVICE_NOT_BORN)])
    device.alive = False
    node.awaited.discard(device_id)
    return Applied([DeviceDeath(node.edge_node, device_id, message.timestamp or now_ms)])


def apply_data(route: Route, message: pb.Payload, reading: Reading, now_ms: int) -> Applied:
    """Take over the values of an NDATA or DDATA; metrics that cannot be read are told of and left out."""
    node, device_id = route.node, route.topic.device_id
    table = living_table(node, device_id)
    if table is None:
        if reading.needs_birth:
            ignored = Ignored(route.text, IgnoredReason.DEVICE_NOT_BORN)
            return Applied([ignored], WantedReason.DEVICE_NOT_BORN)
        table = MetricTable()
    columns, problems = table.data(message, now_ms, reading.limits, needs_birth=reading.needs_birth)
    return told_of_data(route, columns, problems, message.timestamp or now_ms)


def told_of_data(route: Route, columns: Columns, problems: list[Problem], timestamp: int) -> Applied:
    """Say what a data message told, and what of it could not be used."""
    events = _told(route, problems)
    if columns.slots or not problems:
        events.append(Data(route.node.edge_node, route.topic.device_id, columns, timestamp))
    is_unknown = any(problem.is_unknown for problem in problems)
    return Applied(events, WantedReason.UNKNOWN_METRIC if is_unknown else None)


def take_next(route: Route, message: pb.Payload, limits: Limits, now_ms: int) -> Data | Applied | None:
    """Take in data whose turn it is, of somebody who is online and has no hole.

    Returns:
        What it told; None, and nothing is changed, where it is not its turn.
    """
    node, seq, sent_at = route.node, message.seq, message.timestamp
    window = node.window
    if (
        seq != window.expected
        or node.state is not NodeState.ONLINE
        or window.is_waiting
        or sent_at < node.born_at
        or not (seq or message.HasField("seq"))
    ):
        return None
    table = living_table(node, route.topic.device_id)
    if table is None:
        return None
    window.accept(sent_at)
    node.sent_at = max(node.sent_at, sent_at)
    columns, problems = table.data(message, now_ms, limits)
    if problems:
        return told_of_data(route, columns, problems, sent_at or now_ms)
    return Data(node.edge_node, route.topic.device_id, columns, sent_at or now_ms)


def may_be_late(node: HostNode, message: pb.Payload, now_ms: int, reorder_timeout_ms: int) -> bool:
    """Whether a message with a time before the birth's may come from before the birth."""
    if not message.timestamp or now_ms - node.born_here_at > reorder_timeout_ms:
        return False
    return not is_history(message)


def is_news(node: HostNode, snapshot: NodeSnapshot) -> bool:
    """Whether a snapshot may say more of an edge node than we know: a birth that is not older, and not one whose death we heard."""
    if node.state is NodeState.UNKNOWN:
        return True
    if snapshot.born_at != node.born_at:
        return snapshot.born_at > node.born_at
    was_taken_before_its_death = snapshot.online and snapshot.bd_seq == node.bd_seq
    return node.state is not NodeState.OFFLINE or not was_taken_before_its_death


def take_over(node: HostNode, snapshot: NodeSnapshot, now_ms: int) -> tuple[list[HostEvent], bool]:
    """Take over what another host knows of an edge node that is not online here, if it is news; return what it told, and whether it was."""
    if not is_news(node, snapshot):
        return [Ignored(str(snapshot.edge_node), IgnoredReason.OLDER_BIRTH)], False
    try:
        return apply_snapshot(node, snapshot, now_ms), True
    except RemoteProtocolError as error:
        return [Rejected(str(snapshot.edge_node), error.reason, error.detail)], False


def apply_snapshot(node: HostNode, snapshot: NodeSnapshot, now_ms: int) -> list[HostEvent]:
    """Take over what another host knows of an edge node.

    Raises:
        RemoteProtocolError: two of its metrics share an alias; nothing has been taken over.
    """
    born_at = snapshot.born_at
    table = MetricTable.restored(snapshot.metrics, born_at)
    devices = {
        device.device_id: HostDevice(MetricTable.restored(device.metrics, born_at), device.alive)
        for device in snapshot.devices
    }
    node.drop_held()
    node.begin(table, snapshot.bd_seq, snapshot.seq, born_at, now_ms)
    node.devices, node.awaited, node.sent_at = devices, set(), snapshot.sent_at
    node.window.resume(snapshot.seq, snapshot.sent_at)
    events: list[HostEvent] = [NodeBirth(node.edge_node, table.values(), snapshot.bd_seq, born_at, restored=True)]
    for device_id, device in devices.items():
        events.append(DeviceBirth(node.edge_node, device_id, device.table.values(), born_at, restored=True))
        if not device.alive:
            events.append(DeviceDeath(node.edge_node, device_id, snapshot.sent_at))
    if not snapshot.online:
        node.move(NodeTrigger.DEATH)
        node.end()
        events.append(NodeDeath(node.edge_node, snapshot.bd_seq, snapshot.sent_at))
    return events


def living_table(node: HostNode, device_id: str | None) -> MetricTable | None:
    """Return the metrics of an edge node or of a device that is alive."""
    if device_id is None:
        return node.table
    device = node.devices.get(device_id)
    return device.table if device is not None and device.alive else None


def bd_seq_of(message: pb.Payload) -> int | None:
    """Return the number that ties births and deaths to a connection; None when there is none."""
    for metric in message.metrics:
        if metric.name == BD_SEQ:
            field = metric.WhichOneof("value")
            return int(getattr(metric, field)) if field in {"long_value", "int_value"} else None
    return None


def _device_id(route: Route) -> str:
    assert route.topic.device_id is not None
    return route.topic.device_id


def _told(route: Route, problems: list[Problem]) -> list[HostEvent]:
    return [Rejected(route.text, problem.reason, problem.detail) for problem in problems]


def is_history(message: pb.Payload) -> bool:
    """Whether a message says nothing but what was: its own time may be as old."""
    return bool(message.metrics) and all(metric.is_historical for metric in message.metrics)


APPLIERS: Final[dict[MessageType, Callable[[Route, pb.Payload, Reading, int], Applied]]] = {
    MessageType.NBIRTH: apply_node_birth,
    MessageType.NDEATH: apply_node_death,
    MessageType.DBIRTH: apply_device_birth,
    MessageType.DDEATH: apply_device_death,
    MessageType.NDATA: apply_data,
    MessageType.DDATA: apply_data,
}
"""What is done with a message of each type."""
