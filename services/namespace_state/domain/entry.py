"""What the picture of the namespace is made of: who says something, where it stands, what is current, and what is known of an edge node."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import inf

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


Shown = tuple[float, int]
"""When something was last shown, in seconds by the clock of whoever shows it, and with which quality."""

NEVER: Shown = (inf, -1)
"""In place of that: it cannot be shown, or is no part of the picture any more."""


@dataclass(slots=True, eq=False)
class Entry:
    """The current value of one metric of one source.

    A site has a hundred thousand of them: what can be told from the rest is not kept.

    Attributes:
        placed: Its address in the equipment; None where it stands under its source's own ids.
        contested: The address it claims and another metric owns; None where there is no conflict.
        shown: Kept by whoever shows it; None until it is shown, and again when its address is another.
    """

    source: Source
    name: str
    placed: Address | None
    datatype: DataType
    value: Value
    timestamp_ms: int
    quality: int
    unit: str | None
    contested: Address | None = None
    shown: Shown | None = None

    @property
    def address(self) -> Address:
        """Where it stands."""
        return self.placed or Address(None, self.name, self.source)

    def move(self, address: Address, contested: Address | None = None) -> None:
        """Give it another address, where it is not shown yet.

        Args:
            address: Where it stands from now on.
            contested: The one that it claims in vain.
        """
        self.placed = None if address.place is None else address
        self.contested = contested
        self.shown = None


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
