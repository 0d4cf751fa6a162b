"""ISA-95 (IEC 62264) equipment hierarchy, calendars and quantities: pure values, no I/O, no clock."""

from namespace.isa95.calendar import (
    BreakPattern,
    CalendarException,
    CalendarSpan,
    DownPeriod,
    PlannedDown,
    Shift,
    ShiftPattern,
    WorkCalendar,
)
from namespace.isa95.equipment import (
    Completion,
    CounterSettings,
    Equipment,
    EquipmentHierarchy,
    UnknownEquipmentError,
    WorkCenterSettings,
    WorkUnitSettings,
)
from namespace.isa95.foreign import ForeignPlaces
from namespace.isa95.level import METRIC_FOLDERS, EquipmentLevel, is_level_name, level_name_from
from namespace.isa95.mapping import MappingRule, MappingRules, Placement
from namespace.isa95.path import SITE_DEVICE_ID, EquipmentPath, EquipmentPathError
from namespace.isa95.pattern import MetricRule, Pattern
from namespace.isa95.quantity import Quantity, QuantityError
from namespace.isa95.site import (
    ClockSettings,
    SiteModel,
    StalenessSettings,
    TickMetric,
    TickSource,
    UnknownTime,
)
from namespace.isa95.site_file import SiteFileError, SiteProblem, load_site
from namespace.isa95.spelled import Reading, ReadingRule

__all__ = [
    "METRIC_FOLDERS",
    "SITE_DEVICE_ID",
    "BreakPattern",
    "CalendarException",
    "CalendarSpan",
    "ClockSettings",
    "Completion",
    "CounterSettings",
    "DownPeriod",
    "Equipment",
    "EquipmentHierarchy",
    "EquipmentLevel",
    "EquipmentPath",
    "EquipmentPathError",
    "ForeignPlaces",
    "MappingRule",
    "MappingRules",
    "MetricRule",
    "Pattern",
    "Placement",
    "PlannedDown",
    "Quantity",
    "QuantityError",
    "Reading",
    "ReadingRule",
    "Shift",
    "ShiftPattern",
    "SiteFileError",
    "SiteModel",
    "SiteProblem",
    "StalenessSettings",
    "TickMetric",
    "TickSource",
    "UnknownEquipmentError",
    "UnknownTime",
    "WorkCalendar",
    "WorkCenterSettings",
    "WorkUnitSettings",
    "is_level_name",
    "level_name_from",
    "load_site",
]
