"""Where the metrics of foreign edge nodes belong.

Edge nodes that are not ours keep their own ids and metric names. An ordered list of rules in the site file
gives their metrics a place in the equipment hierarchy and a canonical name; the first rule that fits decides.
Resolving is done once per metric of a birth, not per value. This module knows nothing of Sparkplug beyond the
four names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from namespace.isa95.equipment import EquipmentHierarchy
from namespace.isa95.path import EquipmentPath, EquipmentPathError

_TOKEN = re.compile(
    r"\{(?P<name>[a-z][a-z0-9_]*)(?P<deep>:\*\*)?\}|(?P<glob>\*\*|\*)|(?P<stray>[{}])|(?P<text>[^{}*]+)"
)
_SEGMENT, _DEEP = "[^/]+", ".+"


class PatternError(ValueError):
    """A pattern or template is not well formed, or uses a capture that nothing sets."""


@dataclass(frozen=True)
class Pattern:
    """A glob over one name: literal text, `*` and `**`, captures `{line}` and `{tag:**}`.

    `*` and `{line}` stand for one or more characters other than `/`, `**` and `{tag:**}` for one or more of
    any kind. A capture that occurs twice must have the same text both times. Letter case matters.
    """

    text: str

    @cached_property
    def captures(self) -> frozenset[str]:
        """The names that a match sets."""
        return frozenset(match["name"] for match in _tokens(self.text) if match["name"])

    @cached_property
    def is_literal(self) -> bool:
        """Whether it matches exactly one name, itself."""
        return all(match["text"] for match in _tokens(self.text))

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        seen: set[str] = set()
        parts = []
        for match in _tokens(self.text):
            name = match["name"]
            if match["text"]:
                parts.append(re.escape(match["text"]))
            elif match["glob"]:
                parts.append(_DEEP if match["glob"] == "**" else _SEGMENT)
            elif name in seen:
                parts.append(f"(?P={name})")
            else:
                seen.add(name)
                parts.append(f"(?P<{name}>{_DEEP if match['deep'] else _SEGMENT})")
        return re.compile("".join(parts), re.DOTALL)

    def check(self) -> None:
        """Refuse a malformed pattern.

        Raises:
            PatternError: a brace stands alone or encloses no capture name, or the pattern is empty.
        """
        if not self.text:
            raise PatternError("a pattern is not empty")
        for match in _tokens(self.text):
            if match["stray"]:
                raise PatternError(
                    f"a lone {match['stray']!r} in {self.text!r}; captures look like {{line}} or {{tag:**}}"
                )

    def match(self, name: str) -> dict[str, str] | None:
        """The captures if `name` fits as a whole (maybe none of them), else None."""
        found = self._regex.fullmatch(name)
        return None if found is None else found.groupdict()


def fill(template: str, captures: dict[str, str]) -> str:
    """Put captured texts into a template.

    Args:
        template: text with `{name}` where a capture goes.
        captures: text by capture name.

    Raises:
        PatternError: the template has a glob, a lone brace, or a name that is not among the captures.
    """
    parts = []
    for match in _tokens(template):
        if match["glob"] or match["stray"]:
            raise PatternError(
                f"{match[0]!r} in {template!r}; a name to map to has only text and captures like {{line}}"
            )
        name = match["name"]
        if name is None:
            parts.append(match["text"])
        elif name in captures:
            parts.append(captures[name])
        else:
            known = ", ".join(f"{{{item}}}" for item in sorted(captures)) or "none"
            raise PatternError(f"{{{name}}} in {template!r} is captured nowhere in this rule (captured: {known})")
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class MetricRule:
    """How one metric name, or one family of them, is renamed.

    Attributes:
        pattern: what the foreign node calls it.
        template: canonical name, with the captures of the whole rule.
    """

    pattern: Pattern
    template: str


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


class MappingRules:
    """The ordered mapping rules of a site.

    Args:
        rules: as in the site file.
        equipment: the hierarchy that places must exist in.
    """

    def __init__(self, rules: tuple[MappingRule, ...], equipment: EquipmentHierarchy) -> None:
        self.rules = rules
        self._equipment = equipment

    def resolve(self, group_id: str, edge_node_id: str, device_id: str | None, metric_name: str) -> Placement | None:
        """The place and canonical name of a foreign metric; the first rule that applies decides.

        A rule whose place, with the captures filled in, does not exist in the site file does not apply.

        Args:
            group_id: of the foreign edge node.
            edge_node_id: of the foreign edge node.
            device_id: None for a metric of the node itself.
            metric_name: the full name from the birth.

        Returns:
            The placement, or None: the metric is unplaced.
        """
        for rule in self.rules:
            captures = rule.captures(group_id, edge_node_id, device_id)
            if captures is None:
                continue
            for metric in rule.metrics:
                found = metric.pattern.match(metric_name)
                if found is None or not _agree(captures, found):
                    continue
                known = captures | found
                place = self._place(rule.place, known)
                if place is not None:
                    return Placement(place, fill(metric.template, known))
                break
        return None

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


def _tokens(text: str) -> list[re.Match[str]]:
    return list(_TOKEN.finditer(text))


def _agree(known: dict[str, str], found: dict[str, str]) -> bool:
    return all(known.get(name, value) == value for name, value in found.items())


def _covers(wide: tuple[str, str], narrow: tuple[str, str]) -> bool:
    return all(one in {"+", other} for one, other in zip(wide, narrow, strict=True))
