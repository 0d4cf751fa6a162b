"""Mapping rules: ordered globs with captures give foreign metrics a place and a name."""

from __future__ import annotations

import pytest

from namespace.isa95 import (
    Equipment,
    EquipmentHierarchy,
    EquipmentPath,
    MappingRule,
    MappingRules,
    MetricRule,
    Pattern,
)
from namespace.isa95.pattern import PatternError, fill

HIERARCHY = EquipmentHierarchy(
    Equipment(EquipmentPath.parse(path), "", "", "c")
    for path in ("A/S", "A/S/Pack", "A/S/Pack/L1", "A/S/Pack/L1/Filler")
)


def rule(group: str, node: str, device: str | None, place: str, *metrics: tuple[str, str]) -> MappingRule:
    return MappingRule(
        Pattern(group),
        Pattern(node),
        None if device is None else Pattern(device),
        place,
        tuple(MetricRule(Pattern(pattern), template) for pattern, template in metrics),
    )


def resolved(rules: MappingRules, *ids: str | None) -> tuple[str, str] | None:
    group, node, device, metric = ids
    assert group is not None
    assert node is not None
    assert metric is not None
    found = rules.resolve(group, node, device, metric)
    return None if found is None else (str(found.place), found.metric)


LINE = rule(
    "Bottling", "{line}-PLC", "{unit}", "Pack/{line}/{unit}",
    ("Status/EquipmentInterlock/Blocked", "Status/Blocked"), ("Process/{tag:**}", "Process/{tag}"),
)  # fmt: skip


def test_captures_from_ids_and_metric_give_place_and_name() -> None:
    rules = MappingRules((LINE,), HIERARCHY)
    place = "A/S/Pack/L1/Filler"
    assert resolved(rules, "Bottling", "L1-PLC", "Filler", "Status/EquipmentInterlock/Blocked") == (
        place,
        "Status/Blocked",
    )
    assert resolved(rules, "Bottling", "L1-PLC", "Filler", "Process/Bowl/Level") == (
        place,
        "Process/Bowl/Level",
    )


@pytest.mark.parametrize(
    "ids",
    [
        ("Bottling", "L1-PLC", "Filler", "Status/Other"),
        ("Bottling", "L1-PLC", None, "Process/x"),
        ("Bottling", "L9-PLC", "Filler", "Process/x"),
        ("Bottling", "L 1-PLC", "Filler", "Process/x"),
        ("bottling", "L1-PLC", "Filler", "Process/x"),
        ("Bottling", "-PLC", "Filler", "Process/x"),
    ],
)
def test_what_no_rule_fits_is_unplaced(ids: tuple[str | None, ...]) -> None:
    assert resolved(MappingRules((LINE,), HIERARCHY), *ids) is None


def test_the_first_rule_that_applies_decides() -> None:
    special = rule("Bottling", "L1-PLC", "*", "Pack/L1", ("Process/Temp", "Process/Special"))
    rules = MappingRules((special, LINE), HIERARCHY)
    assert resolved(rules, "Bottling", "L1-PLC", "Filler", "Process/Temp") == (
        "A/S/Pack/L1",
        "Process/Special",
    )
    assert resolved(rules, "Bottling", "L1-PLC", "Filler", "Process/Level") == (
        "A/S/Pack/L1/Filler",
        "Process/Level",
    )


def test_node_metrics_need_a_rule_without_device() -> None:
    rules = MappingRules((rule("G", "n", None, "", ("{m:**}", "{m}")),), HIERARCHY)
    assert resolved(rules, "G", "n", None, "Power/Total") == ("A/S", "Power/Total")
    assert resolved(rules, "G", "n", "d", "Power/Total") is None


def test_a_capture_that_occurs_twice_must_agree() -> None:
    rules = MappingRules((rule("G", "{line}", "{line}.*", "Pack/{line}", ("*", "Process/x")),), HIERARCHY)
    assert resolved(rules, "G", "L1", "L1.PLC", "a") == ("A/S/Pack/L1", "Process/x")
    assert resolved(rules, "G", "L1", "L2.PLC", "a") is None
    assert Pattern("{a}-{a}").match("x-x") == {"a": "x"}
    assert Pattern("{a}-{a}").match("x-y") is None


def test_a_star_stays_within_a_segment_and_two_cross_it() -> None:
    assert Pattern("a/*/c").match("a/b/c") is not None
    assert Pattern("a/*/c").match("a/b/b/c") is None
    assert Pattern("a/**/c").match("a/b/b/c") is not None
    assert Pattern("a.c").match("abc") is None


def test_subscriptions_are_literal_where_rules_are_and_not_repeated() -> None:
    rules = MappingRules(
        (
            rule("G", "n1", None, ""),
            rule("G", "n1", "*", ""),
            rule("H", "x*", None, ""),
            rule("H", "x1", None, ""),
        ),
        HIERARCHY,
    )
    assert rules.filters() == [("G", "n1"), ("H", "+")]


@pytest.mark.parametrize("text", ["{", "a}", "{A}", "{}", "{a:*}", ""])
def test_malformed_patterns_are_refused(text: str) -> None:
    with pytest.raises(PatternError):
        Pattern(text).check()


@pytest.mark.parametrize("template", ["{other}", "a/*", "{"])
def test_templates_use_only_what_is_captured(template: str) -> None:
    with pytest.raises(PatternError):
        fill(template, {"line": "L1"})
