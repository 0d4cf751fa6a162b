"""How a load is made up: how many edge nodes, devices and metrics, what they are called, and what each reading says.

A device's metrics go out in blocks, one block a message. Every reading names itself: its value holds the ordinal of its metric in the
whole load and its number within the metric, so that a journal can be held against what was said, reading by reading.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

_SPAN = 10_000_000
_MOST_METRICS = 100_000_000  # times the span still exact in a double, 2**53


class Place(NamedTuple):
    """Who says something: an edge node, and one of its devices (None: the edge node itself)."""

    node: str
    device: str | None


class Reading(NamedTuple):
    """One value of one metric.

    Attributes:
        place: Whose metric.
        metric: Its name.
        number: 0 for what the first birth says, then 1, 2, 3, ...
        at_ms: Source time, milliseconds since the epoch.
        value: What goes over the wire, see `LoadPlan.value`.
    """

    place: Place
    metric: str
    number: int
    at_ms: int
    value: float


@dataclass(frozen=True)
class LoadPlan:
    """The make-up of a load.

    Attributes:
        nodes: Edge nodes, each with a session of its own.
        devices: Devices of an edge node; with 0 the edge nodes carry the metrics themselves.
        metrics: Metrics of each device.
        per_message: Metrics in one data message at most.
        group_id: Sparkplug group of all edge nodes.
        prefix: Begin of their names.
        seed: Fixes the order in which they speak.

    Raises:
        ValueError: The numbers make no sensible load.
    """

    nodes: int = 100
    devices: int = 1
    metrics: int = 100
    per_message: int = 10
    group_id: str = "Load"
    prefix: str = "Node"
    seed: int = 1

    def __post_init__(self) -> None:
        if self.nodes < 1 or self.devices < 0 or self.metrics < 1 or self.per_message < 1:
            raise ValueError("a load needs a node, a metric and a metric in each message at least")
        if self.nodes * self.places_per_node * self.metrics > _MOST_METRICS:
            raise ValueError(f"more than {_MOST_METRICS:,} metrics cannot be told apart by their values")

    @property
    def places_per_node(self) -> int:
        """How many sets of metrics an edge node has."""
        return max(self.devices, 1)

    @property
    def blocks(self) -> int:
        """How many messages carry all metrics of a device once."""
        return -(-self.metrics // self.per_message)

    @property
    def slots(self) -> int:
        """How many different (edge node, device, block) there are."""
        return self.nodes * self.places_per_node * self.blocks

    @cached_property
    def node_ids(self) -> tuple[str, ...]:
        """The edge nodes' names."""
        width = max(4, len(str(self.nodes)))
        return tuple(f"{self.prefix}{number:0{width}d}" for number in range(1, self.nodes + 1))

    @cached_property
    def device_ids(self) -> tuple[str | None, ...]:
        """The names of each edge node's sets of metrics."""
        return tuple(f"Device{number}" for number in range(1, self.devices + 1)) or (None,)

    @cached_property
    def metric_names(self) -> tuple[str, ...]:
        """The names of each device's metrics."""
        width = max(3, len(str(self.metrics)))
        return tuple(f"Reading/{number:0{width}d}" for number in range(1, self.metrics + 1))

    def block(self, block: int) -> range:
        """Return which metrics of a device a block carries, by their index."""
        return range(block * self.per_message, min((block + 1) * self.per_message, self.metrics))

    def slot(self, node: int, place: int, block: int) -> int:
        """Return the index of a block among all blocks of the load."""
        return (node * self.places_per_node + place) * self.blocks + block

    def value(self, node: int, place: int, metric: int, number: int) -> float:
        """Return what a reading says: the metric's ordinal times ten million, plus the reading's number."""
        return float(((node * self.places_per_node + place) * self.metrics + metric) * _SPAN + number)

    def identify(self, value: float) -> tuple[Place, str, int]:
        """Tell whose reading a value is: place, metric name, number.

        Raises:
            ValueError: No reading of this load says so.
        """
        ordinal, number = divmod(int(value), _SPAN)
        position, metric = divmod(ordinal, self.metrics)
        node, place = divmod(position, self.places_per_node)
        if value != int(value) or not 0 <= node < self.nodes:
            raise ValueError(f"{value!r} is no reading of this load")
        return Place(self.node_ids[node], self.device_ids[place]), self.metric_names[metric], number

    def order(self) -> Iterator[tuple[int, int, int]]:
        """Yield (edge node, place, block) without end in the order in which they speak: each edge node in turn."""
        nodes = list(range(self.nodes))
        random.Random(self.seed).shuffle(nodes)
        while True:
            for block in range(self.blocks):
                for place in range(self.places_per_node):
                    for node in nodes:
                        yield node, place, block
