"""The rows of the `snapshot` query: edge nodes with their current values, cut so that any node fits any page.

A row holds some metrics of one edge node or device as a Sparkplug payload (Base64, compressed as Tahu does where that is shorter), so a
snapshot says no less than the births it stands for. The rows of one edge node follow each other and are of one instant; those of another
may be of a later one. A row also says which of its metrics are quarantined because another producer has their place, by their order in it.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from zlib import compress

from pydantic import BaseModel, ConfigDict

from namespace.contracts.contract import QueryContract
from namespace.sparkplug import (
    COMPRESSED_UUID,
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
_COMPRESSION = 1


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


def _nothing(_device_id: str | None) -> Collection[str]:
    return ()


def snapshot_rows(
    snapshot: NodeSnapshot, quarantined: Callable[[str | None], Collection[str]] = _nothing
) -> Iterator[dict[str, Any]]:
    """Yield the rows of one edge node.

    Args:
        snapshot: The edge node.
        quarantined: Names of metrics whose place another producer has, by device; None for the edge node itself.
    """
    head = {
        "edge_node": str(snapshot.edge_node),
        "online": snapshot.online,
        "bd_seq": snapshot.bd_seq,
        "seq": snapshot.seq,
        "sent_at": snapshot.sent_at,
        "born_at": snapshot.born_at,
    }
    sources: list[tuple[str | None, bool, tuple[Metric, ...]]] = [(None, True, snapshot.metrics)]
    sources += [(device.device_id, device.alive, device.metrics) for device in snapshot.devices]
    for device_id, alive, metrics in sources:
        names = quarantined(device_id)
        for run, text in _chunks(metrics):
            row = {**head, "device_id": device_id, "alive": alive, "metrics": text}
            numbers = [number for number, metric in enumerate(run) if metric.name in names] if names else []
            yield {**row, "quarantined": numbers} if numbers else row


def _nobody(_edge_node: EdgeNodeDescriptor) -> bool:
    return False


class SnapshotReader:
    """Makes edge nodes of rows as these come in, page by page.

    Args:
        is_known: Whether an edge node is passed over unread, because nothing could be learned of it but who else claims its places.

    Attributes:
        quarantined: Metrics of the edge nodes returned last whose place another producer has: edge node, device and name.
    """

    def __init__(self, is_known: Callable[[EdgeNodeDescriptor], bool] = _nobody) -> None:
        self._is_known = is_known
        self._rows: list[Mapping[str, Any]] = []
        self.quarantined: list[tuple[EdgeNodeDescriptor, str | None, str]] = []

    def take(self, rows: Iterable[Mapping[str, Any]]) -> list[NodeSnapshot]:
        """Take the rows of a page; return the edge nodes that are complete by now.

        Raises:
            RemoteProtocolError: A row is not one.
        """
        complete: list[NodeSnapshot] = []
        self.quarantined = []
        try:
            for row in rows:
                if self._rows and row["edge_node"] != self._rows[0]["edge_node"]:
                    complete += self._complete()
                self._rows.append(row)
        except (KeyError, TypeError) as error:
            raise _no_row(error) from None
        return complete

    def rest(self) -> list[NodeSnapshot]:
        """Return what the rows that came last make up, once there are no more.

        Raises:
            RemoteProtocolError: A row is not one.
        """
        self.quarantined = []
        return self._complete() if self._rows else []

    def _complete(self) -> list[NodeSnapshot]:
        rows, self._rows = self._rows, []
        if self._is_known(_edge_node(rows[0])) and not any(row.get("quarantined") for row in rows):
            return []
        metrics = [_metrics(row) for row in rows]
        node = _node(rows, metrics)
        for row, known in zip(rows, metrics, strict=True):
            self.quarantined += [
                (node.edge_node, None if row["device_id"] is None else str(row["device_id"]), known[number].name or "")
                for number in row.get("quarantined", ())
                if isinstance(number, int) and 0 <= number < len(known)
            ]
        return [node]


def snapshots_from_rows(rows: Iterable[Mapping[str, Any]]) -> list[NodeSnapshot]:
    """Return the edge nodes that `rows` describe, all pages together.

    Raises:
        RemoteProtocolError: A row is not one.
    """
    reader = SnapshotReader()
    return reader.take(rows) + reader.rest()


def _metrics(row: Mapping[str, Any]) -> tuple[Metric, ...]:
    try:
        return decode_payload(b64decode(row["metrics"], validate=True)).metrics
    except (KeyError, TypeError, ValueError) as error:
        raise _no_row(error) from None


def _node(rows: Sequence[Mapping[str, Any]], contents: Sequence[tuple[Metric, ...]]) -> NodeSnapshot:
    """Return the edge node that its rows describe."""
    metrics: dict[str | None, list[Metric]] = {}
    alive: dict[str | None, bool] = {}
    try:
        for row, content in zip(rows, contents, strict=True):
            device_id = None if row["device_id"] is None else str(row["device_id"])
            alive[device_id] = bool(row["alive"])
            metrics.setdefault(device_id, []).extend(content)
        head = rows[0]
        return NodeSnapshot(
            edge_node=_edge_node(head),
            online=bool(head["online"]),
            bd_seq=None if head["bd_seq"] is None else int(head["bd_seq"]),
            seq=int(head["seq"]) % 256,
            sent_at=int(head["sent_at"]),
            born_at=int(head["born_at"]),
            metrics=tuple(metrics.pop(None, ())),
            devices=tuple(
                DeviceSnapshot(device, alive[device], tuple(own))
                for device, own in metrics.items()
                if device is not None
            ),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _no_row(error) from None


def _edge_node(row: Mapping[str, Any]) -> EdgeNodeDescriptor:
    try:
        return EdgeNodeDescriptor.parse(row["edge_node"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _no_row(error) from None


def _no_row(error: Exception) -> RemoteProtocolError:
    return RemoteProtocolError(Reason.PROTOBUF, f"not a row of a snapshot: {error!r}")


def _chunks(metrics: tuple[Metric, ...]) -> Iterator[tuple[Sequence[Metric], str]]:
    """Yield runs of metrics and what they are encoded, smaller where they are large; at least one, so that an empty device is there too."""
    pending = [metrics[start : start + _METRICS_PER_ROW] for start in range(0, len(metrics), _METRICS_PER_ROW)] or [()]
    while pending:
        run = pending.pop(0)
        encoded = encode_payload(Payload(timestamp=0, metrics=run))
        if len(encoded) > _LARGE_ROW_BYTES and len(run) > 1:
            middle = len(run) // 2
            pending[:0] = [run[:middle], run[middle:]]
        else:
            small = encode_payload(Payload(uuid=COMPRESSED_UUID, body=compress(encoded, _COMPRESSION)))
            yield run, b64encode(min(small, encoded, key=len)).decode()
