"""What a store-and-forward edge node says about its own buffer, as metrics of the node itself."""

from __future__ import annotations

from collections.abc import Mapping

from namespace.runtime.edge_buffer import EdgeBuffer
from namespace.sparkplug import DataType, MetricDefinition, PropertySet, Value

READINGS = "Edge/Buffer/Readings"
WAITING = "Edge/Buffer/Waiting"
SIZE = "Edge/Buffer/Size"
LIMIT = "Edge/Buffer/Limit"
OLDEST_AGE = "Edge/Buffer/OldestAge"
DROPPED = "Edge/Buffer/Dropped"
UNDELIVERABLE = "Edge/Buffer/Undeliverable"
PROBLEM = "Edge/Buffer/Problem"

_ONE, _BYTE, _SECOND = "C62", "AD", "SEC"


def buffer_definitions() -> list[MetricDefinition]:
    """Return the metrics of the node, with units of UN/ECE Recommendation 20.

    `Readings` are kept, of which `Waiting` were not sent in the present session; `Size` and `Limit` are bytes, `OldestAge` seconds;
    `Dropped` and `Undeliverable` count readings since the buffer was made; `Problem` says why the disk cannot be written.
    """
    units = {
        READINGS: _ONE,
        WAITING: _ONE,
        SIZE: _BYTE,
        LIMIT: _BYTE,
        OLDEST_AGE: _SECOND,
        DROPPED: _ONE,
        UNDELIVERABLE: _ONE,
    }
    numbers = [
        MetricDefinition(
            name=name, datatype=DataType.Int64, value=0, properties=PropertySet.of_strings({"engUnit": unit})
        )
        for name, unit in units.items()
    ]
    return [*numbers, MetricDefinition(name=PROBLEM, datatype=DataType.String, value="")]


def buffer_values(buffer: EdgeBuffer, sent: int) -> Mapping[str, Value]:
    """Return what the metrics say now.

    Args:
        buffer: The buffer.
        sent: How many of its readings were sent in the present session; none in its births, since everything goes again after them.
    """
    contents = buffer.contents
    age_ms = 0 if contents.oldest_ms is None else buffer.now_ms() - contents.oldest_ms
    return {
        READINGS: contents.readings,
        WAITING: max(0, contents.readings - sent),
        SIZE: contents.size_bytes,
        LIMIT: buffer.settings.limit_bytes,
        OLDEST_AGE: max(0, age_ms // 1000),
        DROPPED: contents.dropped,
        UNDELIVERABLE: contents.undeliverable,
        PROBLEM: buffer.problem,
    }
