"""The `state_models` of a site file: what the state numbers of controllers mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import TypeVar

from namespace.isa95.site_file.document import Field
from namespace.isa95.state_model import (
    BUILT_IN,
    PACKML,
    CountsAs,
    ModeGroup,
    StateGroup,
    StateModel,
    TimeElement,
    Work,
)

_Group = TypeVar("_Group", bound=Enum)
_NUMBER = re.compile(r"-?[0-9]{1,10}")
_BOOLEANS = {"true": 1, "false": 0}
_ASSIGNABLE = ("APT", "AUST", "ADET", "ADOT", "PDOT")


def read_state_models(field: Field) -> Mapping[str, StateModel]:
    """All models of the site, the built-in ones among them; parts that have problems are left out after they are reported."""
    models = dict(BUILT_IN)
    for key, value in field.entries():
        if key.text_value in BUILT_IN:
            key.report(f'"{key.text_value}" is built in', "Give your model another name, and name it as `state_model`")
            continue
        models[key.text_value] = _read_model(value, key.text_value)
    return MappingProxyType(models)


def _read_model(field: Field, name: str) -> StateModel:
    entries = field.mapping(("version", "like", "states", "modes", "counts_as"))
    like = BUILT_IN[entries["like"].one_of(list(BUILT_IN)) or PACKML.name] if "like" in entries else None
    if like is None and "states" not in entries:
        field.report(
            "a state model has `states`, or is `like` a built-in one", "Write states: {1: execute, 0: stopped}"
        )
    states = _read_numbers(entries["states"], StateGroup) if "states" in entries else {}
    modes = _read_numbers(entries["modes"], ModeGroup) if "modes" in entries else {}
    rules = tuple(
        rule
        for rule in map(_read_rule, entries["counts_as"].items() if "counts_as" in entries else [])
        if rule is not None
    )
    version = entries["version"].integer(1, 1_000_000) if "version" in entries else None
    return StateModel(
        name,
        MappingProxyType({**(like.states if like else {}), **states}),
        MappingProxyType({**(like.modes if like else {}), **modes}),
        rules,
        version or 1,
    )


def _read_numbers(field: Field, groups: type[_Group]) -> dict[int, _Group]:
    found: dict[int, _Group] = {}
    lines: dict[int, int] = {}
    for key, value in field.entries():
        text = key.text_value.lower()
        number = _BOOLEANS.get(text, int(text) if _NUMBER.fullmatch(text) else None)
        group = value.choice(groups)
        if number is None:
            key.report(f'"{key.text_value}" is no state number', "Write a whole number, or true and false")
        elif number in found:
            key.report(f"{number} is there twice, first on line {lines[number]}", "Keep one of the two")
        elif group is not None:
            found[number], lines[number] = group, key.line
    return found


def _read_rule(field: Field) -> CountsAs | None:
    entries = field.mapping(("state", "mode", "work", "element", "minor"), required=("element",))
    element = entries["element"].one_of(_ASSIGNABLE) if "element" in entries else None
    state = entries["state"].choice(StateGroup) if "state" in entries else None
    mode = entries["mode"].choice(ModeGroup) if "mode" in entries else None
    work = entries["work"].choice(Work) if "work" in entries else None
    minor = entries["minor"].boolean() if "minor" in entries else False
    if state is StateGroup.UNDEFINED:
        entries["state"].report(
            "what is undefined is not known, whatever it counts as",
            "Give the number a group under `states`, or say under `staleness` what unknown time counts as",
        )
        return None
    if element is None:
        return None
    if minor and element != TimeElement.ADET.value:
        entries["minor"].report(f"{element} cannot be a minor stop", "Only delays (ADET) can; leave `minor` out")
    return CountsAs(state, mode, work, TimeElement(element), bool(minor))
