"""Reads a site file into a `SiteModel`, or says everything that is wrong with it.

The order matters: calendars first, because equipment refers to them; equipment before mappings, because
mappings refer to equipment. Reading goes on after a problem, so that a person mends a file in one go. Takes
text; opening files is the caller's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from namespace.isa95.calendar import WorkCalendar
from namespace.isa95.equipment import Equipment, EquipmentHierarchy
from namespace.isa95.mapping import MappingRules
from namespace.isa95.path import EquipmentPath
from namespace.isa95.reasons import NO_REASONS
from namespace.isa95.site import (
    ClockSettings,
    SiteModel,
    StalenessSettings,
    TickMetric,
    TickSource,
    UnknownTime,
)
from namespace.isa95.site_file.calendars import read_calendar, read_time_zone
from namespace.isa95.site_file.classes import read_equipment_classes, read_personnel_classes
from namespace.isa95.site_file.document import Field, SiteFileError, parse_document
from namespace.isa95.site_file.equipment import Defaults, EquipmentReader, check_level_name, read_defaults
from namespace.isa95.site_file.mappings import read_mappings
from namespace.isa95.site_file.reasons import read_reasons
from namespace.isa95.site_file.state_models import read_state_models
from namespace.isa95.state_model import BUILT_IN

VERSION = 1
"""The version of the site file's form that this module reads."""

_KEYS = (
    "version", "enterprise", "site", "clock", "staleness", "calendars", "state_models", "reasons", "personnel_classes",
    "equipment_classes", "defaults", "areas", "mappings",
)  # fmt: skip
_ROUND_THE_CLOCK = "round-the-clock"


def load_site(text: str, source: str = "site.yaml") -> SiteModel:
    """Read and validate a site file.

    Args:
        text: the whole file.
        source: its name, for messages.

    Returns:
        The model; it needs no further checks.

    Raises:
        SiteFileError: with every problem found, each with line, column, what is wrong, and the way out.
    """
    root = parse_document(text, source)
    entries = root.mapping(_KEYS, required=("version", "enterprise", "site", "areas"))
    if "version" in entries and entries["version"].one_of([str(VERSION)]) is None:
        raise SiteFileError(root.problems)
    model = _read_site(root, entries)
    if root.problems:
        raise SiteFileError(root.problems)
    return model


def _read_site(root: Field, entries: Mapping[str, Field]) -> SiteModel:
    known = ("name", "description", "time_zone", "calendar")
    about = entries["site"].mapping(known, required=("name", "time_zone")) if "site" in entries else {}
    zone = (read_time_zone(about["time_zone"]) if "time_zone" in about else None) or ZoneInfo("UTC")
    calendars = _read_calendars(entries, zone)
    models = read_state_models(entries["state_models"]) if "state_models" in entries else BUILT_IN
    defaults = read_defaults(entries["defaults"], models) if "defaults" in entries else Defaults()
    reader = EquipmentReader(defaults, list(calendars), models)
    path = EquipmentPath((_name(entries.get("enterprise"), "Enterprise"), _name(about.get("name"), "Site")))
    calendar = _site_calendar(root, reader, about, calendars)
    description = (about["description"].text() or "") if "description" in about else ""
    items = [Equipment(path, "Site", description, calendar)]
    if "areas" in entries:
        items += reader.areas(entries["areas"], path, calendar)
    equipment = EquipmentHierarchy(items)
    rules = read_mappings(entries["mappings"], equipment) if "mappings" in entries else ()
    return SiteModel(
        path=path,
        time_zone=zone.key,
        description=description,
        equipment=equipment,
        calendars=MappingProxyType(calendars),
        mappings=MappingRules(rules, equipment),
        clock=_read_clock(entries["clock"]) if "clock" in entries else ClockSettings(),
        staleness=_read_staleness(entries["staleness"]) if "staleness" in entries else StalenessSettings(),
        reasons=read_reasons(entries["reasons"]) if "reasons" in entries else NO_REASONS,
        personnel_classes=(
            read_personnel_classes(entries["personnel_classes"]) if "personnel_classes" in entries else {}
        ),
        equipment_classes=(
            read_equipment_classes(entries["equipment_classes"], equipment) if "equipment_classes" in entries else {}
        ),
    )


def _name(field: Field | None, otherwise: str) -> str:
    """A level name; a stand-in where there is none, so that the rest of the file can be checked."""
    name = field.text() if field is not None else None
    return name if field is not None and name is not None and check_level_name(field, name) else otherwise


def _read_calendars(entries: Mapping[str, Field], zone: ZoneInfo) -> dict[str, WorkCalendar]:
    if "calendars" not in entries:
        return {_ROUND_THE_CLOCK: WorkCalendar(_ROUND_THE_CLOCK, zone)}
    return {key.text_value: read_calendar(value, key.text_value, zone) for key, value in entries["calendars"].entries()}


def _site_calendar(
    root: Field, reader: EquipmentReader, about: Mapping[str, Field], calendars: dict[str, WorkCalendar]
) -> str:
    """The site's calendar: the one it names, or the only one there is."""
    if "calendar" not in about and len(calendars) != 1:
        root.report(
            f"the site has {len(calendars)} calendars and names none as its own",
            "Add `calendar:` with one of their names under `site:`",
        )
    return reader.calendar(about, next(iter(calendars), _ROUND_THE_CLOCK))


def _read_clock(field: Field) -> ClockSettings:
    entries = field.mapping(("tick", "interval_s", "metric"), required=("tick",))
    tick = (entries["tick"].choice(TickSource) if "tick" in entries else None) or TickSource.WALL
    interval = entries["interval_s"].integer(1, 3600, "seconds") if "interval_s" in entries else 1
    metric = _read_tick_metric(entries["metric"]) if "metric" in entries else None
    if (tick is TickSource.METRIC) != ("metric" in entries):
        field.report(
            "`tick: metric` and `metric:` go together",
            "Name its group, edge_node and name under `metric:`, or choose another tick and drop it",
        )
    return ClockSettings(tick, interval or 1, metric)


def _read_tick_metric(field: Field) -> TickMetric | None:
    required = ("group", "edge_node", "name")
    entries = field.mapping(("group", "edge_node", "device", "name"), required=required)
    found = {key: value.text() for key, value in entries.items()}
    group, edge_node, name = (found.get(key) for key in required)
    if group is None or edge_node is None or name is None:
        return None
    return TickMetric(group, edge_node, found.get("device"), name)


def _read_staleness(field: Field) -> StalenessSettings:
    entries = field.mapping(("silent_after_s", "unknown_time", "final_after_s"))
    found: dict[str, Any] = {}
    if "silent_after_s" in entries and not entries["silent_after_s"].is_absent:
        found["silent_after_s"] = entries["silent_after_s"].integer(1, 86_400, "seconds")
    if "unknown_time" in entries:
        found["unknown_time"] = entries["unknown_time"].choice(UnknownTime)
    if "final_after_s" in entries:
        found["final_after_s"] = entries["final_after_s"].integer(0, 7 * 86_400, "seconds")
    return StalenessSettings(**{name: value for name, value in found.items() if value is not None})
