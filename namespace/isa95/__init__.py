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
from namespace.isa95.claims import Claim, Claims
from namespace.isa95.classes import EquipmentClass, PersonnelClass
from namespace.isa95.equipment import (
    Changeover,
    Completion,
    CounterSettings,
    Equipment,
    EquipmentHierarchy,
    LineRule,
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
from namespace.isa95.reasons import NO_REASONS, AutomaticReason, LossClass, Reason, ReasonTree
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
from namespace.isa95.state_model import (
    PACKML,
    RUNNING_STOPPED,
    CountsAs,
    ModeGroup,
    StateGroup,
    StateModel,
    TimeElement,
    Work,
)

__all__ = [
    "METRIC_FOLDERS",
    "NO_REASONS",
    "PACKML",
    "RUNNING_STOPPED",
    "SITE_DEVICE_ID",
    "AutomaticReason",
    "BreakPattern",
    "CalendarException",
    "CalendarSpan",
    "Changeover",
    "Claim",
    "Claims",
    "ClockSettings",
    "Completion",
    "CounterSettings",
    "CountsAs",
    "DownPeriod",
    "Equipment",
    "EquipmentClass",
    "EquipmentHierarchy",
    "EquipmentLevel",
    "EquipmentPath",
    "EquipmentPathError",
    "ForeignPlaces",
    "LineRule",
    "LossClass",
    "MappingRule",
    "MappingRules",
    "MetricRule",
    "ModeGroup",
    "Pattern",
    "PersonnelClass",
    "Placement",
    "PlannedDown",
    "Quantity",
    "QuantityError",
    "Reading",
    "ReadingRule",
    "Reason",
    "ReasonTree",
    "Shift",
    "ShiftPattern",
    "SiteFileError",
    "SiteModel",
    "SiteProblem",
    "StalenessSettings",
    "StateGroup",
    "StateModel",
    "TickMetric",
    "TickSource",
    "TimeElement",
    "UnknownEquipmentError",
    "UnknownTime",
    "Work",
    "WorkCalendar",
    "WorkCenterSettings",
    "WorkUnitSettings",
    "is_level_name",
    "level_name_from",
    "load_site",
]
