"""Places that foreign edge nodes spell out themselves: in their ids and metric folders, or in metrics of their births.

Gateways such as Ignition name groups, edge nodes and devices after enterprise, area, line and machine, and sort metrics into folders of
the same names; others carry the levels of ISA-95 as metrics. Either is read against the equipment that exists: every word must be
accounted for, and what names no equipment, or could name two, is unplaced, never guessed. Letter case and separators do not matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from namespace.isa95.equipment import EquipmentHierarchy
from namespace.isa95.path import EquipmentPath
from namespace.isa95.pattern import MetricRule, Pattern

_WORD = re.compile(r"[0-9]+|[^\W_0-9]+")

GATEWAY_WORDS = frozenset(
    {"controller", "dcs", "edge", "gateway", "gw", "hmi", "ignition", "mqtt", "node", "opcua", "plc", "scada", "transmission"}
)  # fmt: skip
"""Words in an edge node id that say what it is, and not where; a number may follow one."""

TOLD_FOLDERS = frozenset({"isa95", "hierarchy", "equipment", "location"})
"""Metric folders in which births tell of their place, without separators and in small letters (`ISA-95/`, `Hierarchy/`)."""

_LEVELS: Mapping[str, str] = {
    "enterprise": "enterprise",
    "site": "site",
    "area": "area",
    **dict.fromkeys(("workcenter", "productionline", "line", "processcell", "productionunit", "storagezone"), "work_center"),
    **dict.fromkeys(("workunit", "workcell", "unit", "cell", "machine", "storageunit"), "work_unit"),
}  # fmt: skip
_BELOW_SITE = ("area", "work_center", "work_unit")


class Reading(Enum):
    """Where a rule reads the place."""

    IDS = "ids"
    """Edge node id, device id and metric folders name equipment, one after the other."""
    BIRTH = "birth"
    """Metrics of the birth tell it, such as `ISA95/Area`; a device may complete what its node tells, and name its unit by its id."""


@dataclass(frozen=True, slots=True)
class Told:
    """What births said of a place, by level (`told_in`).

    Attributes:
        node: the edge node's.
        device: the device's, which completes or corrects it; empty for the node itself.
    """

    node: Mapping[str, str] = field(default_factory=dict)
    device: Mapping[str, str] = field(default_factory=dict)


NOTHING_TOLD = Told()


@dataclass(frozen=True, slots=True)
class Spelled:
    """A place that was read, and what is left of the metric's name."""

    place: EquipmentPath
    metric: str


@dataclass(frozen=True, slots=True)
class ReadingRule:
    """A rule of the site file that reads the place instead of matching it.

    Attributes:
        reading: where.
        group: pattern of the group id.
        edge_node: pattern of the edge node id.
        metrics: as in any rule, for what is left of the metric's name.
    """

    reading: Reading
    group: Pattern
    edge_node: Pattern
    metrics: tuple[MetricRule, ...]

    def captures(self, group_id: str, edge_node_id: str, device_id: str | None) -> dict[str, str] | None:  # noqa: ARG002 - it reads any
        """What the ids set, which is nothing; None if the rule is about others."""
        is_about = self.group.match(group_id) is not None and self.edge_node.match(edge_node_id) is not None
        return {} if is_about else None

    def place_of(
        self,
        ids: tuple[str, str, str | None],
        metric_name: str,
        told: Told,
        equipment: EquipmentHierarchy,
    ) -> Spelled | None:
        """The place that is spelled out, or None: no equipment is named.

        Args:
            ids: that the rule is about: group, edge node and device; no device for a metric of the node itself.
            metric_name: the full name from the birth.
            told: what births say.
            equipment: what exists.
        """
        _, edge_node_id, device_id = ids
        if self.reading is Reading.BIRTH:
            place = _told_place(told, device_id, equipment)
            return None if place is None else Spelled(place, metric_name)
        return _read_ids(edge_node_id, device_id, metric_name, equipment)


def told_in(metrics: Iterable[tuple[str, object]]) -> dict[str, str]:
    """What a birth tells of its place.

    Args:
        metrics: name and value of its metrics.

    Returns:
        Names by level: `enterprise`, `site`, `area`, `work_center`, `work_unit`; empty: it tells nothing.
    """
    told = {}
    for name, value in metrics:
        folder, _, last = name.rpartition("/")
        level = _LEVELS.get("".join(_words(last))) if "".join(_words(folder)) in TOLD_FOLDERS else None
        if level is not None and isinstance(value, str) and value.strip():
            told[level] = value
    return told


def _read_ids(
    edge_node_id: str, device_id: str | None, metric_name: str, equipment: EquipmentHierarchy
) -> Spelled | None:
    site = equipment.site.path
    place = _descend(site, _without_gateway_words(_words(edge_node_id)), equipment)
    if place is not None and device_id is not None:
        place = _descend(place, _words(device_id), equipment)
    if place is None:
        return None
    *folders, last = metric_name.split("/")
    for number, folder in enumerate(folders):
        below = _descend(place, _words(folder), equipment) if _words(folder) else None
        if below is None:
            folders = folders[number:]
            break
        place = below
    else:
        folders = []
    return None if place == site else Spelled(place, "/".join([*folders, last]))


def _told_place(told: Told, device_id: str | None, equipment: EquipmentHierarchy) -> EquipmentPath | None:
    site, levels = equipment.site.path, {**told.node, **told.device}
    for level, name in zip(("enterprise", "site"), site.parts, strict=True):
        if _words(levels.get(level, name)) != _words(name):
            return None
    place: EquipmentPath | None = site
    for level in _BELOW_SITE:
        if level in levels and place is not None:
            place = _descend(place, _words(levels[level]), equipment)
    if place is not None and device_id is not None and "work_unit" not in levels:
        named = _descend(place, _words(device_id), equipment)
        place = place if named is None and told.device else named
    return None if place == site else place


def _descend(place: EquipmentPath, words: tuple[str, ...], equipment: EquipmentHierarchy) -> EquipmentPath | None:
    """Follow words downwards, all of them; names of what the place lies in may come first, and levels may be left out where one fits."""
    for name in place.parts:
        own = _words(name)
        if words[: len(own)] == own:
            words = words[len(own) :]
    while words:
        below = [
            item.path for item in equipment.walk(place) if item.path != place and _starts_with(words, item.path.name)
        ]
        if not below:
            return None
        longest = max(len(_words(path.name)) for path in below)
        depth = min(len(path.parts) for path in below if len(_words(path.name)) == longest)
        nearest = [path for path in below if len(_words(path.name)) == longest and len(path.parts) == depth]
        if len(nearest) > 1:
            return None
        place, words = nearest[0], words[longest:]
    return place


def _starts_with(words: tuple[str, ...], name: str) -> bool:
    own = _words(name)
    return words[: len(own)] == own


def _words(text: str) -> tuple[str, ...]:
    """Words in small letters; a number is one of its own, so that `Line 1`, `line-1` and `Line1` are the same."""
    return tuple(_WORD.findall(text.casefold()))


def _without_gateway_words(words: tuple[str, ...]) -> tuple[str, ...]:
    kept: list[str] = []
    after_gateway = False
    for word in words:
        is_number = word.isdecimal()
        if word in GATEWAY_WORDS:
            after_gateway = True
        elif not (is_number and after_gateway):
            kept.append(word)
            after_gateway = False
    return tuple(kept)
