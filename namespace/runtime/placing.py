"""The site's mapping rules with a memory: where a node's metrics belong, and which places a node or device speaks for."""

from __future__ import annotations

from namespace.isa95 import EquipmentPath, MappingRules, Placement
from namespace.sparkplug import EdgeNodeDescriptor

_Device = tuple[EdgeNodeDescriptor, str | None]


class Places:
    """Resolves foreign metrics by the site's rules, each name once.

    Args:
        rules: The site's.
    """

    def __init__(self, rules: MappingRules) -> None:
        self._rules = rules
        self._known: dict[_Device, dict[str, Placement | None]] = {}

    def resolve(self, node: EdgeNodeDescriptor, device: str | None, metric: str) -> Placement | None:
        """Return where a metric belongs and what it is called there; None for an unplaced one."""
        known = self._known.setdefault((node, device), {})
        if metric not in known:
            known[metric] = self._rules.resolve(node.group_id, node.edge_node_id, device, metric)
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
