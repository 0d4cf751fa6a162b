"""Where the metrics of foreign edge nodes belong.

Edge nodes that are not ours keep their own ids and metric names. An ordered list of rules in the site file
gives their metrics a place in the equipment hierarchy and a canonical name; the first rule that fits decides.
Resolving is done once per metric of a birth, not per value. This module knows nothing of Sparkplug beyond the
four names.
"""

from __future__ import annotations

from dataclasses import dataclass

from namespace.isa95.equipment import EquipmentHierarchy
from namespace.isa95.path import EquipmentPath, EquipmentPathError
from namespace.isa95.pattern import MetricRule, Pattern, fill
from namespace.isa95.spelled import NOTHING_TOLD, Reading, ReadingRule, Told


@dataclass(frozen=True, slots=True)
class MappingRule:
    """One rule of the site file.

    Attributes:
        group: pattern of the group id.
        edge_node: pattern of the edge node id.
        device: pattern of the device id; None: the rule is about metrics of the node itself.
        place: template of the place below the site, slash form; empty: the site itself.
        metrics: in order; the first that fits decides. None fits: the rule does not apply.
    """

    group: Pattern
    edge_node: Pattern
    device: Pattern | None
    place: str
    metrics: tuple[MetricRule, ...]

    def captures(self, group_id: str, edge_node_id: str, device_id: str | None) -> dict[str, str] | None:
        """What the ids set, or None if they do not fit; a capture used in two ids must agree."""
        if (device_id is None) != (self.device is None):
            return None
        pairs = [(self.group, group_id), (self.edge_node, edge_node_id)]
        if self.device is not None and device_id is not None:
            pairs.append((self.device, device_id))
        result: dict[str, str] = {}
        for pattern, name in pairs:
            found = pattern.match(name)
            if found is None or not _agree(result, found):
                return None
            result |= found
        return result


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a foreign metric belongs.

    Attributes:
        place: equipment that exists in the site file.
        metric: canonical metric name there.
    """

    place: EquipmentPath
    metric: str


_Ids = tuple[str, str, str | None]
"""Group, edge node and device; no device for a metric of the node itself."""

_Fitting = tuple[tuple[MappingRule | ReadingRule, dict[str, str]], ...]


class MappingRules:
    """The ordered mapping rules of a site.

    Args:
        rules: as in the site file.
        equipment: the hierarchy that places must exist in.
    """

    def __init__(self, rules: tuple[MappingRule | ReadingRule, ...], equipment: EquipmentHierarchy) -> None:
        self.rules = rules
        self._equipment = equipment
        self._asked: tuple[_Ids | None, _Fitting] = (None, ())

    def resolve(
        self,
        group_id: str,
        edge_node_id: str,
        device_id: str | None,
        metric_name: str,
        told: Told = NOTHING_TOLD,
    ) -> Placement | None:
        """The place and canonical name of a foreign metric; the first rule that applies decides.

        A rule whose place, with the captures filled in, does not exist in the site file does not apply.

        Args:
            group_id: of the foreign edge node.
            edge_node_id: of the foreign edge node.
            device_id: None for a metric of the node itself.
            metric_name: the full name from the birth.
            told: what the births of node and device say of their place.

        Returns:
            The placement, or None: the metric is unplaced.
        """
        ids = (group_id, edge_node_id, device_id)
        for rule, captures in self._about(ids):
            if isinstance(rule, ReadingRule):
                placement = self._read(rule, ids, metric_name, told)
            else:
                placement = self._match(rule, captures, metric_name)
            if placement is not None:
                return placement
        return None

    def _about(self, ids: _Ids) -> _Fitting:
        """The rules whose ids fit, with what these set; a birth asks for all its metrics in a row, so it is found once for them."""
        asked, fitting = self._asked
        if asked != ids:
            found = ((rule, rule.captures(*ids)) for rule in self.rules)
            fitting = tuple((rule, captures) for rule, captures in found if captures is not None)
            self._asked = (ids, fitting)
        return fitting

    def _match(self, rule: MappingRule, captures: dict[str, str], metric_name: str) -> Placement | None:
        found = _renamed(rule.metrics, metric_name, captures)
        if found is None:
            return None
        name, known = found
        place = self._place(rule.place, known)
        return None if place is None else Placement(place, name)

    def _read(self, rule: ReadingRule, ids: _Ids, metric_name: str, told: Told) -> Placement | None:
        spelled = rule.place_of(ids, metric_name, told, self._equipment)
        found = None if spelled is None else _renamed(rule.metrics, spelled.metric, {})
        return None if spelled is None or found is None else Placement(spelled.place, found[0])

    @property
    def reads_births(self) -> bool:
        """Whether any rule needs to know what births say."""
        return any(isinstance(rule, ReadingRule) and rule.reading is Reading.BIRTH for rule in self.rules)

    def filters(self) -> list[tuple[str, str]]:
        """What to subscribe to, as (group id, edge node id) pairs.

        Where a rule has a pattern the pair has `+`; pairs that another one covers are left out.
        """
        pairs = [
            (
                rule.group.text if rule.group.is_literal else "+",
                rule.edge_node.text if rule.edge_node.is_literal else "+",
            )
            for rule in self.rules
        ]
        unique = list(dict.fromkeys(pairs))
        return [pair for pair in unique if not any(_covers(other, pair) for other in unique if other != pair)]

    def _place(self, template: str, captures: dict[str, str]) -> EquipmentPath | None:
        below = fill(template, captures)
        site = self._equipment.site.path
        try:
            path = EquipmentPath.parse(f"{site}/{below}") if below else site
        except EquipmentPathError:
            return None
        return path if path in self._equipment else None


def _renamed(
    rules: tuple[MetricRule, ...], metric_name: str, captures: dict[str, str]
) -> tuple[str, dict[str, str]] | None:
    """The canonical name by the first rule that fits, with all captures; None: no rule is about this metric."""
    for metric in rules:
        found = metric.pattern.match(metric_name)
        if found is not None and _agree(captures, found):
            known = captures | found
            return fill(metric.template, known), known
    return None


def _agree(known: dict[str, str], found: dict[str, str]) -> bool:
    return all(known.get(name, value) == value for name, value in found.items())


def _covers(wide: tuple[str, str], narrow: tuple[str, str]) -> bool:
    return all(one in {"+", other} for one, other in zip(wide, narrow, strict=True))
