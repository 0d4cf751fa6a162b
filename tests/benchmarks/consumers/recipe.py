# pyright: reportMissingImports=false
"""How Sparkplug data is usually read in Python: the schema's classes, a chain over datatypes, a dict for each metric.

It is what tutorials around the Eclipse Tahu schema do, written anew, with the alias table that any host needs. The consumers that measure
an MQTT client alone share it, so that they differ in nothing else.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3] / "namespace" / "sparkplug" / "_pb"))

import sparkplug_b_pb2 as pb
from measure import Measurement, canonical, state_checksum

INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, FLOAT, DOUBLE, BOOLEAN, STRING = range(1, 13)


class Recipe:
    """Decodes what an MQTT client hands over, into dicts."""

    def __init__(self, messages: int) -> None:
        self.measurement = Measurement()
        self.messages = messages
        self.received = 0
        self.done = False
        self.aliases: dict[str, dict[int, str]] = {}
        self.state: dict[str, dict[str, dict[str, Any]]] = {}

    def take(self, topic: str, data: bytes) -> bool:
        """Take in one message; return whether it was the last."""
        levels = topic.split("/")
        if levels[0] != "spBv1.0":
            return False
        group, kind, node = levels[1], levels[2], levels[3]
        device = levels[4] if len(levels) > 4 else ""
        if kind == "DDATA" and not self.measurement.has_begun:
            self.measurement.begin()
        payload = pb.Payload()
        payload.ParseFromString(data)
        if kind in ("NBIRTH", "DBIRTH"):
            table = self.aliases.setdefault(f"{group}/{node}", {})
            for metric in payload.metrics:
                if metric.HasField("alias"):
                    table[metric.alias] = metric.name
        table = self.aliases.get(f"{group}/{node}", {})
        values = self.state.setdefault(f"{group}/{node}/{device}", {})
        for metric in payload.metrics:
            name = metric.name if metric.HasField("name") else table[metric.alias]
            values[name] = {
                "value": value_of(metric),
                "timestamp": metric.timestamp,
                "datatype": metric.datatype,
                "quality": 192,
            }
        if kind == "DDATA":
            self.received += 1
            if self.received == self.messages:
                self.measurement.end()
                self.done = True
        return self.done

    def report(self) -> None:
        """Print the figures and end."""
        checksum = state_checksum(
            (device, name, canonical(metric["value"], metric["timestamp"]))
            for device, values in self.state.items()
            if not device.endswith("/")
            for name, metric in values.items()
        )
        self.measurement.report(self.received, checksum)


def value_of(metric: Any) -> Any:
    """Return a metric's value by the chain of datatypes."""
    if metric.is_null:
        return None
    kind = metric.datatype
    if kind in (INT8, INT16, INT32):
        value = metric.int_value
        return value - 2**32 if value >= 2**31 else value
    if kind == INT64:
        value = metric.long_value
        return value - 2**64 if value >= 2**63 else value
    if kind in (UINT8, UINT16):
        return metric.int_value
    if kind in (UINT32, UINT64):
        return metric.long_value
    if kind == FLOAT:
        return metric.float_value
    if kind == DOUBLE:
        return metric.double_value
    if kind == BOOLEAN:
        return metric.boolean_value
    if kind == STRING:
        return metric.string_value
    return None
