# pyright: reportMissingImports=false, reportMissingModuleSource=false
"""pysparkplug's client, which resolves aliases by the birth itself; its metrics are kept as last values."""

from __future__ import annotations

import itertools
from typing import Any

import pysparkplug as spb
from measure import Measurement, arguments, canonical, state_checksum

port, messages = arguments()
measurement = Measurement()
taken = itertools.count(1)
state: dict[str, dict[str, Any]] = {}


def birth(_client: Any, message: Any) -> None:
    keep(message)


def data(_client: Any, message: Any) -> None:
    if not measurement.has_begun:
        measurement.begin()
    keep(message)
    if next(taken) == messages:
        measurement.end()
        measurement.report(
            messages,
            state_checksum(
                (device, name, canonical(metric.value, metric.timestamp))
                for device, metrics in state.items()
                for name, metric in metrics.items()
            ),
        )


def keep(message: Any) -> None:
    topic = message.topic
    values = state.setdefault(f"{topic.group_id}/{topic.edge_node_id}/{topic.device_id}", {})
    for metric in message.payload.metrics:
        values[metric.name] = metric


def filter_of(kind: Any) -> Any:
    return spb.Topic(group_id="+", message_type=kind, edge_node_id="+", device_id="+")


client = spb.Client(client_id="bench-pysparkplug")
client.subscribe(filter_of(spb.MessageType.DBIRTH), spb.QoS.AT_MOST_ONCE, birth)
client.subscribe(filter_of(spb.MessageType.DDATA), spb.QoS.AT_MOST_ONCE, data)
client.connect("127.0.0.1", port=port, blocking=True)
