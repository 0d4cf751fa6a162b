"""The `areas` of a site file and the `defaults` for what is in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from namespace.isa95.equipment import (
    Changeover,
    Completion,
    CounterSettings,
    Equipment,
    LineRule,
    WorkCenterSettings,
    WorkUnitSettings,
)
from namespace.isa95.level import (
    LEVEL_NAME_RULE,
    WORK_UNIT_KINDS,
    is_level_name,
    level_name_from,
    metric_folder_named,
)
from namespace.isa95.path import EquipmentPath
from namespace.isa95.quantity import UNITS_BY_SYMBOL, is_unit_code
from namespace.isa95.site_file.document import Field, did_you_mean
from namespace.isa95.state_model import BUILT_IN, StateModel

_COUNTER_KEYS = ("processed", "defective")
_WORK_UNIT_SETTINGS = (
    "ideal_cycle_s", "ideal_cycles_s", "microstop_threshold_s", "metrics", "counters", "state_model", "no_count_after_s",
    "changeover", "changeover_gap_s",
)  # fmt: skip
_WORK_CENTER_SETTINGS = ("concurrent_job_orders", "completion", "unit", "oee_rule")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for every work center and work unit that does not say otherwise."""

    work_center_kind: str = "WorkCenter"
    work_center: WorkCenterSettings = field(default_factory=WorkCenterSettings)
    work_unit: WorkUnitSettings = field(default_factory=WorkUnitSettings)


def read_defaults(field: Field, models: Mapping[str, StateModel] = BUILT_IN) -> Defaults:
    """The `defaults` block; `models` are those that `state_model:` may name."""
    entries = field.mapping(("work_center", "work_unit"))
    kind, center, unit = "WorkCenter", WorkCenterSettings(), WorkUnitSettings()
    if "work_center" in entries:
        found = entries["work_center"].mapping(("kind", *_WORK_CENTER_SETTINGS))
        kind = _read_kind(found, kind)
        center = _read_work_center(found, center)
    if "work_unit" in entries:
        unit = _read_work_unit(entries["work_unit"].mapping(_WORK_UNIT_SETTINGS), unit, models)
    return Defaults(kind, center, unit)


@dataclass(frozen=True, slots=True)
class EquipmentReader:
    """Reads areas, work centers and work units.

    Attributes:
        defaults: what holds unless said otherwise.
        calendars: names that `calendar:` may refer to.
        models: state models that `state_model:` may name.
    """

    defaults: Defaults
    calendars: Sequence[str]
    models: Mapping[str, StateModel] = field(default_factory=lambda: BUILT_IN)

    def areas(self, field: Field, site: EquipmentPath, calendar: str) -> Iterator[Equipment]:
        """The areas of a site and everything in them, parents first."""
        for path, value in self._named(field, site):
            entries = value.mapping(("description", "calendar", "work_centers")) if not value.is_absent else {}
            own = self.calendar(entries, calendar)
            yield Equipment(path, "Area", _description(entries), own)
            if "work_centers" in entries:
                yield from self._work_centers(entries["work_centers"], path, own)

    def calendar(self, entries: Mapping[str, Field], inherited: str) -> str:
        """The calendar named by `calendar:`, or the inherited one."""
        if "calendar" not in entries:
            return inherited
        name = entries["calendar"].text()
        if name is None or name in self.calendars:
            return name or inherited
        listed = "Calendars are " + (", ".join(self.calendars) or "defined under `calendars:`, and there is none")
        entries["calendar"].report(f'no calendar is called "{name}"', did_you_mean(name, self.calendars, listed))
        return inherited

    def _work_centers(self, field: Field, area: EquipmentPath, calendar: str) -> Iterator[Equipment]:
        known = ("kind", "description", "calendar", "output_unit", "bottleneck", *_WORK_CENTER_SETTINGS, "work_units")
        for path, value in self._named(field, area):
            entries = value.mapping(known) if not value.is_absent else {}
            own = self.calendar(entries, calendar)
            kind = _read_kind(entries, self.defaults.work_center_kind)
            units = list(self._work_units(entries["work_units"], path, own, kind)) if "work_units" in entries else []
            settings = _read_work_center(entries, self.defaults.work_center)
            output = _read_output_unit(value, entries, [unit.path for unit in units])
            named = "output_unit" in entries and not entries["output_unit"].is_absent
            if output is None and not named and settings.completion is Completion.AUTOMATIC:
                entries.get("completion", value).report(
                    "job orders cannot complete automatically where nothing is counted",
                    "Name the `output_unit` whose counter decides, or write `completion: manual`",
                )
            settings = replace(
                settings, output_unit=output, bottleneck=_read_bottleneck(value, entries, settings, units)
            )
            yield Equipment(path, kind, _description(entries), own, work_center=settings)
            yield from units

    def _work_units(self, field: Field, center: EquipmentPath, calendar: str, kind: str) -> Iterator[Equipment]:
        for path, value in self._named(field, center):
            entries = value.mapping(("description", "calendar", *_WORK_UNIT_SETTINGS)) if not value.is_absent else {}
            own = self.calendar(entries, calendar)
            settings = _read_work_unit(entries, self.defaults.work_unit, self.models)
            yield Equipment(path, WORK_UNIT_KINDS[kind], _description(entries), own, work_unit=settings)

    def _named(self, field: Field, parent: EquipmentPath) -> Iterator[tuple[EquipmentPath, Field]]:
        """The children written under `field`; those whose names are refused are reported and left out."""
        seen: dict[str, str] = {}
        for key, value in field.entries():
            if not check_level_name(key, key.text_value):
                continue
            folded = key.text_value.casefold()
            if folded in seen:
                key.report(f'"{key.text_value}" and "{seen[folded]}" differ only in case', "Give one another name")
            seen[folded] = key.text_value
            yield parent.child(key.text_value), value


def check_level_name(field: Field, name: str) -> bool:
    """Report a name that no level may have; True if it is fine."""
    folder = metric_folder_named(name)
    if folder is not None:
        field.report(
            f'"{name}" cannot name a level: {folder} is a folder of metric names',
            f'Choose a name that says more, such as "{name}-1"',
        )
        return False
    if is_level_name(name):
        return True
    try:
        remedy = f'Write "{level_name_from(name)}" and put the full text in `description`'
    except ValueError:
        remedy = "Choose another name"
    field.report(f'"{name}" is not a level name ({LEVEL_NAME_RULE})', remedy)
    return False


def _description(entries: Mapping[str, Field]) -> str:
    return (entries["description"].text() or "") if "description" in entries else ""


def _read_kind(entries: Mapping[str, Field], otherwise: str) -> str:
    return (entries["kind"].one_of(list(WORK_UNIT_KINDS)) if "kind" in entries else None) or otherwise


def _read_output_unit(
    field: Field, entries: Mapping[str, Field], units: Sequence[EquipmentPath]
) -> EquipmentPath | None:
    if "output_unit" not in entries:
        return units[0] if len(units) == 1 else None
    return None if entries["output_unit"].is_absent else _one_of_units(field, entries["output_unit"], units)


def _read_bottleneck(
    field: Field, entries: Mapping[str, Field], settings: WorkCenterSettings, units: Sequence[Equipment]
) -> EquipmentPath | None:
    """The unit that sets the pace: the one named, else the one with the longest ideal cycle."""
    if "bottleneck" in entries:
        if settings.oee_rule is not LineRule.BOTTLENECK:
            entries["bottleneck"].report(
                "a bottleneck is named and not used", "Write `oee_rule: bottleneck`, or drop it"
            )
        return _one_of_units(field, entries["bottleneck"], [unit.path for unit in units])
    if settings.oee_rule is not LineRule.BOTTLENECK:
        return None
    cycles = {unit.path: unit.work_unit.ideal_cycle_s for unit in units if unit.work_unit is not None}
    if not cycles or None in cycles.values():
        field.report(
            "the bottleneck cannot be told, because a work unit here has no ideal cycle",
            "Name it as `bottleneck:`, or give every work unit its `ideal_cycle_s`",
        )
        return None
    return max(cycles, key=lambda path: cycles[path] or Decimal(0))


def _one_of_units(field: Field, entry: Field, units: Sequence[EquipmentPath]) -> EquipmentPath | None:
    name = entry.text()
    for unit in units:
        if unit.name == name:
            return unit
    names = [unit.name for unit in units]
    listed = "Work units here are " + (", ".join(names) or f"none: add `work_units:` to line {field.line}")
    if name is not None:
        entry.report(f'no work unit here is called "{name}"', did_you_mean(name, names, listed))
    return None


def _read_work_center(entries: Mapping[str, Field], base: WorkCenterSettings) -> WorkCenterSettings:
    changes: dict[str, Any] = {}
    if "concurrent_job_orders" in entries:
        changes["concurrent_job_orders"] = entries["concurrent_job_orders"].boolean()
    if "completion" in entries:
        changes["completion"] = entries["completion"].choice(Completion)
    if "unit" in entries:
        changes["unit"] = _read_unit_code(entries["unit"])
    if "oee_rule" in entries:
        changes["oee_rule"] = entries["oee_rule"].choice(LineRule)
    return replace(base, **_present(changes))


def _read_unit_code(field: Field) -> str | None:
    text = field.text()
    if text is None or is_unit_code(text):
        return text
    suggestion = UNITS_BY_SYMBOL.get(text.lower(), "H87 for pieces, KGM for kilograms, LTR for litres")
    field.report(f"{field.shown()} is not a UN/ECE Rec 20 unit code", f"Write {suggestion}")
    return None


def _read_work_unit(
    entries: Mapping[str, Field], base: WorkUnitSettings, models: Mapping[str, StateModel]
) -> WorkUnitSettings:
    changes: dict[str, Any] = {}
    if "state_model" in entries:
        name = entries["state_model"].one_of(list(models))
        changes["state_model"] = None if name is None else models[name]
    if "changeover" in entries:
        changes["changeover"] = entries["changeover"].choice(Changeover)
    if "changeover_gap_s" in entries:
        changes["changeover_gap_s"] = entries["changeover_gap_s"].integer(0, 3600, "seconds")
    if "ideal_cycle_s" in entries:
        changes["ideal_cycle_s"] = entries["ideal_cycle_s"].positive_decimal("seconds per unit")
    if "ideal_cycles_s" in entries:
        changes["ideal_cycles_s"] = _read_ideal_cycles(entries["ideal_cycles_s"])
    if "microstop_threshold_s" in entries:
        changes["microstop_threshold_s"] = entries["microstop_threshold_s"].integer(0, 3600, "seconds")
    if "metrics" in entries:
        found = entries["metrics"].mapping(("state", "mode", "stop_reason"))
        changes |= {f"{name}_metric": _read_metric(value) for name, value in found.items()}
    changes = _present(changes)
    if "no_count_after_s" in entries:
        entry = entries["no_count_after_s"]
        changes["no_count_after_s"] = None if entry.is_absent else entry.integer(1, 3600, "seconds")
    if "counters" in entries:
        changes |= _read_counters(entries["counters"], base)
    return replace(base, **changes)


def _read_ideal_cycles(field: Field) -> Mapping[str, Decimal]:
    cycles = {key.text_value: value.positive_decimal("seconds per unit") for key, value in field.entries()}
    return MappingProxyType({name: cycle for name, cycle in cycles.items() if cycle is not None})


def _read_counters(field: Field, base: WorkUnitSettings) -> dict[str, CounterSettings | None]:
    changes: dict[str, CounterSettings | None] = {}
    for name, value in field.mapping(_COUNTER_KEYS).items():
        if value.is_absent and name == "defective":
            changes[name] = None
            continue
        inherited = base.processed if name == "processed" else base.defective
        changes[name] = _read_counter(value, inherited or CounterSettings("Admin/ProdDefectiveCount"))
    return changes


def _read_counter(field: Field, base: CounterSettings) -> CounterSettings:
    entries = field.mapping(("metric", "bits", "max_step"))
    changes: dict[str, Any] = {}
    if "metric" in entries:
        changes["metric"] = _read_metric(entries["metric"])
    if "max_step" in entries:
        changes["max_step"] = entries["max_step"].integer(1, 2**40, "units")
    changes = _present(changes)
    if "bits" in entries:
        changes["bits"] = None if entries["bits"].is_absent else entries["bits"].integer(8, 64, "bits")
    counter = replace(base, **changes)
    if counter.bits is not None and counter.max_step is not None and counter.max_step >= 2**counter.bits:
        field.report(
            f"max_step {counter.max_step} is more than a counter of {counter.bits} bits can count",
            "Make it the most units that can pass between two samples",
        )
    return counter


def _read_metric(field: Field) -> str | None:
    name = field.text()
    if name is not None and (name.startswith("/") or name.endswith("/") or "//" in name):
        field.report(f"{field.shown()} is not a metric name", "Write words joined by single slashes")
        return None
    return name


def _present(changes: dict[str, Any]) -> dict[str, Any]:
    """The changes without those that were reported as problems."""
    return {name: value for name, value in changes.items() if value is not None}
