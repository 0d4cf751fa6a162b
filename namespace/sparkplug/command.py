"""Commands as a host application writes them: NCMD, DCMD, and the request for rebirth.

They carry a timestamp and no `seq`. Who may send which command where is not decided here.
"""

from collections.abc import Sequence

from namespace.sparkplug.datatype import DataType
from namespace.sparkplug.definition import REBIRTH
from namespace.sparkplug.encoder import encode_payload
from namespace.sparkplug.message import OutgoingMessage, unretained
from namespace.sparkplug.metric import Metric
from namespace.sparkplug.payload import Payload
from namespace.sparkplug.topic import EdgeNodeDescriptor, MessageType, Topic, check_id


def command(
    edge_node: EdgeNodeDescriptor,
    device_id: str | None,
    metrics: Sequence[Metric],
    now_ms: int,
    *,
    says_datatype: bool = True,
) -> OutgoingMessage:
    """Write a command to an edge node (NCMD) or one of its devices (DCMD).

    Args:
        edge_node: whom it is for.
        device_id: which device; None for the edge node itself.
        metrics: what to set, each by the name or alias of the birth, with data type and value.
        now_ms: ms since the epoch, UTC.
        says_datatype: the specification says that it SHOULD NOT be on the wire
            (tck-id-payloads-metric-datatype-not-req), several peers will not read a command without.

    Raises:
        LocalProtocolError: a value does not fit its type.
        TopicError: an id cannot stand in a topic.
    """
    check_id("group_id", edge_node.group_id)
    check_id("edge_node_id", edge_node.edge_node_id)
    if device_id is not None:
        check_id("device_id", device_id)
    message_type = MessageType.NCMD if device_id is None else MessageType.DCMD
    topic = Topic(edge_node.group_id, message_type, edge_node.edge_node_id, device_id)
    payload = Payload(timestamp=now_ms, metrics=tuple(metrics))
    return unretained(topic, encode_payload(payload, says_datatype=lambda _metric: says_datatype))


def rebirth_request(edge_node: EdgeNodeDescriptor, now_ms: int) -> OutgoingMessage:
    """Ask an edge node to say everything again.

    Sparkplug 3.0, tck-id-operational-behavior-data-commands-ncmd-rebirth-verb, -name, -value.
    """
    metric = Metric(name=REBIRTH, timestamp=now_ms, datatype=DataType.Boolean, value=True)
    return command(edge_node, None, (metric,), now_ms)
