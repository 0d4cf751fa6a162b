"""What aliases mean: the births a guest has been told of, so that data can be read by name.

It is no host application: no sequence is checked and no rebirth asked for.
"""

from __future__ import annotations

from dataclasses import replace

from namespace.contracts.snapshot import snapshots_from_rows
from namespace.runtime.errors import NoAnswer, QueryFailed
from namespace.runtime.queries import QueryClient
from namespace.sparkplug import EdgeNodeDescriptor, MessageType, Metric, Payload, StateTopic, Topic, decode_payload

_Source = tuple[EdgeNodeDescriptor, str | None]


class _Born:
    """The metrics of one node or device."""

    def __init__(self, metrics: tuple[Metric, ...]) -> None:
        self.by_name = {metric.name: metric for metric in metrics if metric.name}
        self.by_alias = {metric.alias: metric for metric in metrics if metric.alias is not None}

    def find(self, name: str | None, alias: int | None) -> Metric | None:
        return self.by_name.get(name) if name else self.by_alias.get(alias) if alias is not None else None


class Births:
    """Names and data types of metrics by node and device."""

    def __init__(self) -> None:
        self._born: dict[_Source, _Born] = {}

    async def learn(self, queries: QueryClient) -> None:
        """Take over the births that `namespace_state` holds; without an answer those that come by must do."""
        try:
            rows = await queries.ask_all("namespace_state", "snapshot", timeout_s=3.0)
        except (NoAnswer, QueryFailed):
            return
        for node in snapshots_from_rows(rows):
            self._born[node.edge_node, None] = _Born(node.metrics)
            for device in node.devices:
                self._born[node.edge_node, device.device_id] = _Born(device.metrics)

    def decode(self, topic: Topic | StateTopic | None, data: bytes) -> Payload:
        """Read a payload, with names and data types from the births of its source.

        Raises:
            RemoteProtocolError: It is no Sparkplug B payload.
        """
        if not isinstance(topic, Topic):
            return decode_payload(data)
        source = (topic.edge_node, topic.device_id)
        if topic.message_type in {MessageType.NBIRTH, MessageType.DBIRTH}:
            payload = decode_payload(data)
            self._born[source] = _Born(payload.metrics)
            return payload
        born = self._born.get(source)
        if born is None:
            return decode_payload(data)
        payload = decode_payload(data, resolve=born.find)
        return replace(payload, metrics=tuple(_named(metric, born) for metric in payload.metrics))


def _named(metric: Metric, born: _Born) -> Metric:
    if metric.name:
        return metric
    known = born.find(None, metric.alias)
    return metric if known is None else replace(metric, name=known.name)
