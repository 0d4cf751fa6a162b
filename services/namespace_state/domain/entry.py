"""What the picture of the namespace is made of: who says something, where it stands, what is current, and what is known of an edge node."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from namespace.isa95 import EquipmentPath
from namespace.sparkplug import DataType, EdgeNodeDescriptor, Value


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """Who says something: an edge node, or one of its devices.

    Attributes:
        group_id: Sparkplug group id.
        edge_node_id: Edge node id.
        device_id: Device id; empty for the node itself.
    """

    group_id: str
    edge_node_id: str
    device_id: str = ""

    def __str__(self) -> str:
        """Return `group/node[/device]`."""
        return "/".join(part for part in (self.group_id, self.edge_node_id, self.device_id) if part)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a value stands: at a place under a metric path, or, unplaced, under its source's own ids."""

    place: EquipmentPath | None
    metric: str
    source: Source | None = None


@dataclass(slots=True, eq=False)
class Entry:
    """The current value of one metric of one source.

    Attributes:
        contested: The address it claims and another metric owns; None where there is no conflict.
        topic: Where it is shown, kept by whoever shows it; None until then, and again when its address is another.
    """

    source: Source
    name: str
    address: Address
    datatype: DataType
    value: Value
    timestamp_ms: int
    quality: int
    unit: str | None
    contested: Address | None = None
    topic: str | None = None


@dataclass(slots=True)
class Node:
    """What is known of one edge node.

    Attributes:
        state: `online`, `stale` (we missed something) or `offline`.
        since_ms: When it came into that state, ms since the epoch, our clock.
        last_seen_ms: When anything was last heard of it.
        births: NBIRTHs seen since the start.
        bd_seq: Of the last birth.
        rejected: Payloads refused, by reason.
        ignored: Messages without effect, by reason.
        devices: Device id to whether it is alive.
        conflicts: Addresses it claims that another source owns.
    """

    edge_node: EdgeNodeDescriptor
    state: str = "unknown"
    since_ms: int = 0
    last_seen_ms: int = 0
    births: int = 0
    bd_seq: int | None = None
    rejected: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    devices: dict[str, bool] = field(default_factory=dict)
    conflicts: set[Address] = field(default_factory=set)
    is_placed: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What an event did to the picture.

    Attributes:
        updated: Entries with a new value or quality.
        vanished: Addresses that are there no more.
    """

    updated: tuple[Entry, ...] = ()
    vanished: tuple[Address, ...] = ()
