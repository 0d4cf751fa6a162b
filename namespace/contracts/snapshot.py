"""The rows of the `snapshot` query: edge nodes with their current values, cut so that any node fits any page.

A row holds some metrics of one edge node or device as a Sparkplug payload (Base64), so a snapshot says no less than the births it stands
for. All rows of one answer are of one instant; the asked service keeps them while it is paged.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from namespace.contracts.contract import QueryContract
from namespace.sparkplug import (
    DeviceSnapshot,
    EdgeNodeDescriptor,
    Metric,
    NodeSnapshot,
    Payload,
    Reason,
    RemoteProtocolError,
    decode_payload,
    encode_payload,
)

_METRICS_PER_ROW = 100
_LARGE_ROW_BYTES = 24 * 1024


class SnapshotArgs(BaseModel):
    """Arguments of `snapshot`.

    Attributes:
        groups: Only edge nodes of these groups; all when empty.
        nodes: Only these edge nodes (`group/node`); all when empty.
        cursor: From the previous page.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    groups: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    cursor: str | None = None


SNAPSHOT_QUERY = QueryContract(
    "snapshot", SnapshotArgs, "Births, current values, last seq and bdSeq of edge nodes, for late joiners."
)


def snapshot_rows(snapshot: NodeSnapshot) -> list[dict[str, Any]]:
    """Return the rows of one edge node."""
    head = {
        "edge_node": str(snapshot.edge_node),
        "online": snapshot.online,
        "bd_seq": snapshot.bd_seq,
        "seq": snapshot.seq,
        "sent_at": snapshot.sent_at,
        "born_at": snapshot.born_at,
    }
    rows = [{**head, "device_id": None, "alive": True, "metrics": text} for text in _chunks(snapshot.metrics)]
    for device in snapshot.devices:
        of_device = {"device_id": device.device_id, "alive": device.alive}
        rows += [{**head, **of_device, "metrics": text} for text in _chunks(device.metrics)]
    return rows


def snapshots_from_rows(rows: Iterable[Mapping[str, Any]]) -> list[NodeSnapshot]:
    """Return the edge nodes that `rows` describe, all pages together.

    Raises:
        RemoteProtocolError: A row is not one.
    """
    heads: dict[str, Mapping[str, Any]] = {}
    metrics: dict[tuple[str, str | None], list[Metric]] = {}
    alive: dict[tuple[str, str | None], bool] = {}
    try:
        for row in rows:
            node, device = str(row["edge_node"]), row["device_id"]
            heads.setdefault(node, row)
            alive[node, device] = bool(row["alive"])
            chunk = decode_payload(b64decode(row["metrics"], validate=True))
            metrics.setdefault((node, device), []).extend(chunk.metrics)
        return [_node(node, head, metrics, alive) for node, head in heads.items()]
    except (KeyError, TypeError, ValueError) as error:
        raise RemoteProtocolError(Reason.PROTOBUF, f"not a row of a snapshot: {error!r}") from None


def _node(
    node: str,
    head: Mapping[str, Any],
    metrics: Mapping[tuple[str, str | None], list[Metric]],
    alive: Mapping[tuple[str, str | None], bool],
) -> NodeSnapshot:
    devices = [device for owner, device in metrics if owner == node and device is not None]
    return NodeSnapshot(
        edge_node=EdgeNodeDescriptor.parse(node),
        online=bool(head["online"]),
        bd_seq=None if head["bd_seq"] is None else int(head["bd_seq"]),
        seq=int(head["seq"]) % 256,
        sent_at=int(head["sent_at"]),
        born_at=int(head["born_at"]),
        metrics=tuple(metrics.get((node, None), ())),
        devices=tuple(DeviceSnapshot(device, alive[node, device], tuple(metrics[node, device])) for device in devices),
    )


def _chunks(metrics: tuple[Metric, ...]) -> Iterator[str]:
    """Yield encoded runs of metrics, smaller where they are large; at least one, so that an empty device is there too."""
    pending = [metrics[start : start + _METRICS_PER_ROW] for start in range(0, len(metrics), _METRICS_PER_ROW)] or [()]
    while pending:
        run = pending.pop(0)
        encoded = encode_payload(Payload(timestamp=0, metrics=run))
        if len(encoded) > _LARGE_ROW_BYTES and len(run) > 1:
            middle = len(run) // 2
            pending[:0] = [run[:middle], run[middle:]]
        else:
            yield b64encode(encoded).decode()
