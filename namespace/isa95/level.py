"""The levels of the role-based equipment hierarchy and the rule for a level's name.

A level name becomes part of MQTT topics, Sparkplug ids and metric addresses, so one strict rule here spares
every other part of the system its own escaping. Where names come from text that was never meant as an id (an
activity in a log, a column of a spreadsheet), `level_name_from` makes one; it does not promise that two texts
give two names.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum

LEVEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
"""What a level may be called, matched in full."""

LEVEL_NAME_RULE = "1 to 40 of A-Z a-z 0-9 _ -, the first a letter or digit"
"""`LEVEL_NAME` in words."""

METRIC_FOLDERS = (
    "Admin", "Alarm", "Capability", "Command", "CurrentLot", "EventLog", "Health", "Hold", "Inspection",
    "JobList", "JobOrder", "Material", "Namespace", "OEE", "Process", "Properties", "Spc", "Status", "Stop",
    "Stream", "Wip",
)  # fmt: skip
"""First segments of metric names: an area called `OEE` could not be told from the site's OEE metrics."""

_FOLDERS_BY_FOLDED_NAME = {name.casefold(): name for name in METRIC_FOLDERS}


class EquipmentLevel(Enum):
    """A level of the role-based equipment hierarchy, outermost first (IEC 62264-1, equipment hierarchy).

    The value is the name ISA-95 gives the level; `depth` counts from 1 at the enterprise.
    """

    ENTERPRISE = "Enterprise"
    SITE = "Site"
    AREA = "Area"
    WORK_CENTER = "WorkCenter"
    WORK_UNIT = "WorkUnit"

    @property
    def depth(self) -> int:
        """How many level names a path to this level has: 1 for the enterprise, 5 for a work unit."""
        return _DEPTHS[self]

    @classmethod
    def at_depth(cls, depth: int) -> EquipmentLevel:
        """The level whose paths have `depth` names.

        Args:
            depth: 1 (enterprise) to 5 (work unit).

        Raises:
            ValueError: there is no such level.
        """
        if not 1 <= depth <= len(_LEVELS):
            raise ValueError(f"the equipment hierarchy has levels 1 to {len(_LEVELS)}, not {depth}")
        return _LEVELS[depth - 1]


_LEVELS = tuple(EquipmentLevel)
_DEPTHS = {level: depth for depth, level in enumerate(_LEVELS, start=1)}

WORK_UNIT_KINDS = {
    "ProcessCell": "Unit",
    "ProductionUnit": "Unit",
    "ProductionLine": "WorkCell",
    "StorageZone": "StorageUnit",
    "WorkCenter": "WorkUnit",
}
"""Kinds of work centers, each with the kind of its work units (IEC 62264-1; B2MML `EquipmentLevelType`)."""


def is_level_name(text: str) -> bool:
    """Whether `text` obeys the rule for level names (`LEVEL_NAME_RULE`)."""
    return LEVEL_NAME.fullmatch(text) is not None


def metric_folder_named(text: str) -> str | None:
    """The metric folder that `text` would be mistaken for, letter case aside, or None."""
    return _FOLDERS_BY_FOLDED_NAME.get(text.casefold())


def level_name_from(text: str) -> str:
    """Make a level name from free text: `"Turning & Milling Q.C."` becomes `Turning-Milling-QC`.

    Accents are dropped, full stops and apostrophes vanish (so that abbreviations hold together), every other
    run of characters that a level name may not have becomes one `-`, `-` and `_` at either end are cut, and
    the rest is cut to 40 characters. Underscores and hyphens inside stay. The same text always gives the same
    name; two texts may collide, and a result may name a metric folder: who makes a site file from foreign
    names checks for both.

    Args:
        text: any text with at least one ASCII letter or digit after accents are dropped.

    Raises:
        ValueError: nothing is left to make a name of.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    joined = re.sub(r"[.']", "", plain)
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", joined)
    name = re.sub(r"-{2,}", "-", name).strip("-_")[:40].rstrip("-_")
    if not name:
        raise ValueError(f"no level name can be made from {text!r}: it has no ASCII letter or digit")
    return name
