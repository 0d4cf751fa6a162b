"""The site's mapping rules with a memory: where a node's metrics belong, for which places it speaks, and since which session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from namespace.isa95 import EquipmentPath, ForeignPlaces, MappingRules, Placement
from namespace.sparkplug import EdgeNodeDescriptor, MetricValue

Device = tuple[EdgeNodeDescriptor, str | None]
"""A device of an edge node, or, with None, the node itself."""

_BROKEN = -1
"""A bdSeq that no session has."""


class Places:
    """Resolves foreign metrics by the site's rules, each name once.

    Args:
        rules: The site's.
    """

    def __init__(self, rules: MappingRules) -> None:
        self._foreign = ForeignPlaces(rules)
        self._known: dict[Device, dict[str, Placement | None]] = {}

    def born(self, node: EdgeNodeDescriptor, device: str | None, metrics: Iterable[MetricValue]) -> None:
        """Take note of a birth, before its metrics are asked for: it may tell where it is."""
        if self._foreign.born(node.group_id, node.edge_node_id, device, ((m.name, m.value) for m in metrics)):
            self._known.pop((node, device), None)

    def resolve(self, node: EdgeNodeDescriptor, device: str | None, metric: str) -> Placement | None:
        """Return where a metric belongs and what it is called there; None for an unplaced one."""
        known = self._known.setdefault((node, device), {})
        if metric not in known:
            known[metric] = self._foreign.resolve(node.group_id, node.edge_node_id, device, metric)
        return known[metric]

    def of_device(self, node: EdgeNodeDescriptor, device: str | None) -> frozenset[EquipmentPath]:
        """Return the places for which a device (or the node itself, None) has spoken."""
        placements = self._known.get((node, device), {}).values()
        return frozenset(placement.place for placement in placements if placement is not None)

    def of_node(self, node: EdgeNodeDescriptor) -> frozenset[EquipmentPath]:
        """Return the places for which a node or any of its devices has spoken."""
        return frozenset(
            place for known, device in self._known if known == node for place in self.of_device(node, device)
        )


class Sources:
    """Which nodes and devices go on from what they said before, and which begin anew (and their counters with them)."""

    def __init__(self) -> None:
        self._bd_seq: dict[EdgeNodeDescriptor, int | None] = {}
        self._heard_elsewhere: set[EdgeNodeDescriptor] = set()
        self._continuing: set[Device] = set()
        self._unsaved: dict[EdgeNodeDescriptor, int | None] = {}

    def remember(self, sessions: Mapping[EdgeNodeDescriptor, int | None]) -> None:
        """Take over which sessions were used before this process began."""
        self._bd_seq.update(sessions)

    def unsaved(self) -> dict[EdgeNodeDescriptor, int | None]:
        """Return, once, the sessions that are new since the last time."""
        unsaved, self._unsaved = self._unsaved, {}
        return unsaved

    def nodes(self) -> tuple[EdgeNodeDescriptor, ...]:
        """Return every node that was ever born."""
        return tuple(self._bd_seq)

    def node_born(self, node: EdgeNodeDescriptor, bd_seq: int | None, *, restored: bool) -> bool:
        """Note an NBIRTH or a node's snapshot; return whether nothing begins anew: its session is the one known.

        Of a node that was never heard here, a snapshot tells what another host has followed: nothing begins anew by that either.
        """
        is_known = node in self._bd_seq
        same = self._bd_seq[node] == bd_seq if is_known else restored
        if not same or not is_known:
            self._unsaved[node] = bd_seq
        self._bd_seq[node] = bd_seq
        if not same:
            self.node_died(node)
            self._heard_elsewhere.discard(node)
        elif restored and not any(known == node for known, _ in self._continuing):
            self._heard_elsewhere.add(node)
        return same

    def born(self, node: EdgeNodeDescriptor, device: str | None, *, restored: bool) -> bool:
        """Note the birth of a node or device; return whether it is the first of a new session."""
        is_first = (node, device) not in self._continuing and not (restored and node in self._heard_elsewhere)
        self._continuing.add((node, device))
        return is_first

    def break_off(self, nodes: Iterable[EdgeNodeDescriptor]) -> None:
        """Have nodes begin anew with their next birth, whatever its session."""
        self._bd_seq.update(dict.fromkeys(nodes, _BROKEN))

    def node_died(self, node: EdgeNodeDescriptor) -> None:
        """Note that a node and its devices will begin anew."""
        self._continuing = {source for source in self._continuing if source[0] != node}

    def device_died(self, node: EdgeNodeDescriptor, device: str) -> None:
        """Note that a device will begin anew."""
        self._continuing.discard((node, device))
