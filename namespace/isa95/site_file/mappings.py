"""The `mappings` of a site file: where the metrics of foreign edge nodes belong."""

from __future__ import annotations

import re
from collections.abc import Mapping

from namespace.isa95.equipment import EquipmentHierarchy
from namespace.isa95.mapping import MappingRule
from namespace.isa95.path import EquipmentPath
from namespace.isa95.pattern import MetricRule, Pattern, PatternError, fill
from namespace.isa95.site_file.document import Field, did_you_mean
from namespace.isa95.spelled import Reading, ReadingRule

MES_EDGE_NODE_PREFIX = "mes-"
"""Edge nodes of the site's own group whose ids begin so are MES services and are never mapped."""

_FORBIDDEN_IN_IDS = frozenset("+#/")
_KEEP_ALL = MetricRule(Pattern("{metric:**}"), "{metric}")


def read_mappings(field: Field, equipment: EquipmentHierarchy) -> tuple[MappingRule | ReadingRule, ...]:
    """The ordered rules; those that have problems are left out after they are reported."""
    rules = [
        _read_reading(item, equipment) if _has(item, "read") else _read_rule(item, equipment) for item in field.items()
    ]
    return tuple(rule for rule in rules if rule is not None)


def _has(field: Field, name: str) -> bool:
    return field.is_mapping and any(key.text_value == name for key, _ in field.entries())


def _read_reading(field: Field, equipment: EquipmentHierarchy) -> ReadingRule | None:
    """A rule that reads the place: it needs a group alone, and has no place of its own."""
    entries = field.mapping(("read", "group", "edge_node", "metrics"), required=("read", "group"))
    reading = entries["read"].choice(Reading)
    group = _read_id_pattern(entries["group"]) if "group" in entries else None
    edge_node = _read_id_pattern(entries["edge_node"]) if "edge_node" in entries else Pattern("*")
    metrics = _read_metrics(entries["metrics"], frozenset()) if "metrics" in entries else (_KEEP_ALL,)
    if reading is None or group is None or edge_node is None:
        return None
    _refuse_own_nodes(field, group, edge_node, equipment)
    return ReadingRule(reading, group, edge_node, metrics)


def _read_rule(field: Field, equipment: EquipmentHierarchy) -> MappingRule | None:
    entries = field.mapping(
        ("group", "edge_node", "device", "place", "metrics"), required=("group", "edge_node", "place")
    )
    ids = {name: _read_id_pattern(entries[name]) for name in ("group", "edge_node", "device") if name in entries}
    captured = frozenset[str]().union(*(pattern.captures for pattern in ids.values() if pattern is not None))
    metrics = _read_metrics(entries["metrics"], captured) if "metrics" in entries else (_KEEP_ALL,)
    place = _read_place(entries["place"], captured, equipment) if "place" in entries else None
    group, edge_node, device = ids.get("group"), ids.get("edge_node"), ids.get("device")
    if group is None or edge_node is None or place is None or ("device" in ids and device is None):
        return None
    _refuse_own_nodes(field, group, edge_node, equipment)
    return MappingRule(group, edge_node, device, place, metrics)


def _refuse_own_nodes(field: Field, group: Pattern, edge_node: Pattern, equipment: EquipmentHierarchy) -> None:
    own = equipment.site.path.group_id
    if group.match(own) is not None and edge_node.match(f"{MES_EDGE_NODE_PREFIX}oee") is not None:
        field.report(
            f"the rule also fits the MES's own edge nodes ({MES_EDGE_NODE_PREFIX}* in this site's group)",
            f'Narrow `edge_node`, or use a group other than "{own}"',
        )


def _read_id_pattern(field: Field) -> Pattern | None:
    pattern = _read_pattern(field)
    wrong = sorted(_FORBIDDEN_IN_IDS & set(pattern.text)) if pattern is not None else []
    if wrong:
        field.report(f"{field.shown()} has {wrong[0]!r}, which no Sparkplug id has", "Use `*` for any text")
        return None
    return pattern


def _read_pattern(field: Field) -> Pattern | None:
    text = field.text()
    if text is None:
        return None
    pattern = Pattern(text)
    try:
        pattern.check()
    except PatternError as error:
        field.report(str(error), "Write captures as {line} or {tag:**}, globs as * or **")
        return None
    return pattern


def _read_metrics(field: Field, captured: frozenset[str]) -> tuple[MetricRule, ...]:
    rules = []
    for item in field.items():
        entries = item.mapping(("from", "to"), required=("from",))
        pattern = _read_pattern(entries["from"]) if "from" in entries else None
        if pattern is None:
            continue
        target = entries.get("to", entries["from"])
        template = target.text()
        if template is None:
            continue
        if _fits(target, template, captured | pattern.captures):
            rules.append(MetricRule(pattern, template))
    return tuple(rules)


def _fits(field: Field, template: str, captured: frozenset[str]) -> bool:
    try:
        fill(template, dict.fromkeys(captured, "x"))
    except PatternError as error:
        field.report(str(error), "Use text and the captures of this rule; a metric without `to` keeps a plain name")
        return False
    return True


def _read_place(field: Field, captured: frozenset[str], equipment: EquipmentHierarchy) -> str | None:
    template = field.text()
    if template is None or not _fits(field, template, captured):
        return None
    site = equipment.site.path
    below = "" if template == str(site) else template.removeprefix(f"{site}/")
    known = _places(equipment)
    if not below or any(Pattern(below).match(place) is not None for place in known):
        return below
    if Pattern(below).is_literal:
        field.report(
            f'no equipment is called "{below}"',
            did_you_mean(below, known, "Write a place below the site, such as Area/Line"),
        )
    else:
        field.report(f"no equipment could be at {field.shown()}", _nearest(below, known))
    return None


def _places(equipment: EquipmentHierarchy) -> Mapping[str, EquipmentPath]:
    prefix = f"{equipment.site.path}/"
    return {str(item.path).removeprefix(prefix): item.path for item in equipment.walk()}


def _nearest(template: str, known: Mapping[str, EquipmentPath]) -> str:
    literal = re.sub(r"\{[^}]*\}", "", template).strip("/")
    return did_you_mean(literal, known, "Its fixed parts must name existing equipment, and its length must fit")
