"""The state of an edge node as one host hands it to another, so that joining late needs no rebirth.

In transit the births are Sparkplug payloads again, with current values in place of those they were born with.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from namespace.sparkplug.decoder import decode_payload
from namespace.sparkplug.encoder import encode_payload
from namespace.sparkplug.errors import Reason, RemoteProtocolError
from namespace.sparkplug.metric import Metric
from namespace.sparkplug.payload import DEFAULT_LIMITS, Limits, Payload
from namespace.sparkplug.topic import EdgeNodeDescriptor


@dataclass(frozen=True, slots=True)
class DeviceSnapshot:
    """A device with its current values; not alive means that its death or its edge node's was seen."""

    device_id: str
    alive: bool
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSnapshot:
    """An edge node with its current values.

    Attributes:
        online: False when it is offline or what we know of it may be old.
        seq: of the last message that is included; what follows it is news.
        sent_at: timestamp of that message, ms since the epoch.
        born_at: timestamp of the birth, ms since the epoch.
    """

    edge_node: EdgeNodeDescriptor
    online: bool
    bd_seq: int | None
    seq: int
    sent_at: int
    born_at: int
    metrics: tuple[Metric, ...]
    devices: tuple[DeviceSnapshot, ...] = ()


def dump_snapshot(snapshot: NodeSnapshot) -> dict[str, Any]:
    """Return a snapshot as a JSON document."""
    return {
        "edge_node": str(snapshot.edge_node),
        "online": snapshot.online,
        "bd_seq": snapshot.bd_seq,
        "seq": snapshot.seq,
        "sent_at": snapshot.sent_at,
        "birth": _dump(snapshot.metrics, snapshot.born_at),
        "devices": [
            {
                "device_id": device.device_id,
                "alive": device.alive,
                "birth": _dump(device.metrics, snapshot.born_at),
            }
            for device in snapshot.devices
        ],
    }


def load_snapshot(document: Mapping[str, Any], *, limits: Limits = DEFAULT_LIMITS) -> NodeSnapshot:
    """Read a snapshot from its JSON document.

    Raises:
        RemoteProtocolError: it is none.
    """
    try:
        birth = _load(document["birth"], limits)
        return NodeSnapshot(
            edge_node=EdgeNodeDescriptor.parse(document["edge_node"]),
            online=bool(document["online"]),
            bd_seq=None if document["bd_seq"] is None else int(document["bd_seq"]),
            seq=int(document["seq"]) % 256,
            sent_at=int(document["sent_at"]),
            born_at=birth.timestamp or 0,
            metrics=birth.metrics,
            devices=tuple(
                DeviceSnapshot(str(device["device_id"]), bool(device["alive"]), _load(device["birth"], limits).metrics)
                for device in document["devices"]
            ),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RemoteProtocolError(Reason.PROTOBUF, f"no snapshot of an edge node: {error!r}") from None


def _dump(metrics: tuple[Metric, ...], born_at: int) -> str:
    return b64encode(encode_payload(Payload(timestamp=born_at, metrics=metrics))).decode()


def _load(text: str, limits: Limits) -> Payload:
    return decode_payload(b64decode(text, validate=True), limits=limits)
