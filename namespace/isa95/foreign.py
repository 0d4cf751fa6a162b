"""The mapping rules at work: what births told of their places is remembered, so that a metric's place can be asked for by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from namespace.isa95.mapping import MappingRules, Placement
from namespace.isa95.spelled import Told, told_in

_Source = tuple[str, str, str | None]


class ForeignPlaces:
    """Where foreign metrics belong, for one listener.

    Args:
        rules: the site's.
    """

    def __init__(self, rules: MappingRules) -> None:
        self._rules = rules
        self._told: dict[_Source, Mapping[str, str]] = {}

    def born(
        self, group_id: str, edge_node_id: str, device_id: str | None, metrics: Iterable[tuple[str, object]]
    ) -> bool:
        """Take note of a birth.

        Args:
            group_id: of the foreign edge node.
            edge_node_id: of the foreign edge node.
            device_id: None for the birth of the node itself.
            metrics: name and value of what was born.

        Returns:
            Whether its metrics may belong elsewhere than before.
        """
        if not self._rules.reads_births:
            return False
        self._told[group_id, edge_node_id, device_id] = told_in(metrics)
        return True  # a device may have moved with its node

    def resolve(self, group_id: str, edge_node_id: str, device_id: str | None, metric_name: str) -> Placement | None:
        """The place and canonical name of a metric, or None: it is unplaced (`MappingRules.resolve`)."""
        told = self._of(group_id, edge_node_id, device_id)
        return self._rules.resolve(group_id, edge_node_id, device_id, metric_name, told)

    def _of(self, group_id: str, edge_node_id: str, device_id: str | None) -> Told:
        node = self._told.get((group_id, edge_node_id, None), {})
        device = {} if device_id is None else self._told.get((group_id, edge_node_id, device_id), {})
        return Told(node, device)
