"""The model of a site: what its site file says, validated and ready to use.

Every service loads the same file and so agrees on the equipment, its calendars, its ideal cycles and the
place of every foreign metric. The model is read-only; a changed file is a new model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from namespace.isa95.calendar import WorkCalendar
from namespace.isa95.classes import EquipmentClass, PersonnelClass
from namespace.isa95.equipment import EquipmentHierarchy, WorkCenterSettings, WorkUnitSettings
from namespace.isa95.mapping import MappingRules
from namespace.isa95.path import EquipmentPath
from namespace.isa95.reasons import NO_REASONS, ReasonTree


class TickSource(Enum):
    """What moves business time on while a place is silent."""

    WALL = "wall"
    """The computer's clock: a site that runs now."""
    METRIC = "metric"
    """The source time of one metric: a simulation or replay with a clock of its own."""
    TELEMETRY = "telemetry"
    """The newest source time seen anywhere in the site: a replay without a clock."""


@dataclass(frozen=True, slots=True)
class TickMetric:
    """The metric whose source time is the site's clock.

    Attributes:
        group_id: of its edge node.
        edge_node_id: of its edge node.
        device_id: None for a metric of the node itself.
        metric_name: as its birth names it.
    """

    group_id: str
    edge_node_id: str
    device_id: str | None
    metric_name: str


@dataclass(frozen=True, slots=True)
class ClockSettings:
    """How business time of a place moves on when the place itself says nothing.

    Attributes:
        tick: the source of ticks.
        interval_s: least seconds of business time between two ticks.
        metric: set if, and only if, `tick` is `METRIC`.
    """

    tick: TickSource = TickSource.WALL
    interval_s: int = 1
    metric: TickMetric | None = None


class UnknownTime(Enum):
    """What time without trustworthy data counts as."""

    DELAY = "delay"
    """Actual unit delay time: the conservative reading."""
    EXCLUDE = "exclude"
    """Nothing: it leaves the planned busy time, and the result is the less complete."""


@dataclass(frozen=True, slots=True)
class StalenessSettings:
    """When data is no longer trusted and what that means.

    Attributes:
        silent_after_s: seconds without any message after which an edge node counts as stale although its
            session lives; None: never, for nodes that report by exception.
        unknown_time: how OEE counts time without data.
        final_after_s: seconds after the end of a shift until its result is final; late data before that is a
            revision.
    """

    silent_after_s: int | None = None
    unknown_time: UnknownTime = UnknownTime.DELAY
    final_after_s: int = 900


@dataclass(frozen=True)
class SiteModel:
    """A validated site file.

    Attributes:
        path: the site's path, such as `Acme/Dallas`.
        time_zone: IANA name.
        description: for people; may be empty.
        equipment: the hierarchy from the site downwards.
        calendars: by name.
        mappings: rules for foreign edge nodes.
        clock: what moves business time on.
        staleness: when data is no longer trusted.
        reasons: why time is lost.
        personnel_classes: by id; persons are checked against these alone.
        equipment_classes: by id; work centers are checked against these alone.
    """

    path: EquipmentPath
    time_zone: str
    description: str
    equipment: EquipmentHierarchy
    calendars: Mapping[str, WorkCalendar]
    mappings: MappingRules
    clock: ClockSettings
    staleness: StalenessSettings
    reasons: ReasonTree = NO_REASONS
    personnel_classes: Mapping[str, PersonnelClass] = field(default_factory=lambda: MappingProxyType({}))
    equipment_classes: Mapping[str, EquipmentClass] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def enterprise(self) -> str:
        """The enterprise's name."""
        return self.path.enterprise

    @property
    def site(self) -> str:
        """The site's name."""
        return self.path.name

    @property
    def group_id(self) -> str:
        """The Sparkplug group id of the MES edge nodes of this site."""
        return self.path.group_id

    def calendar(self, path: EquipmentPath) -> WorkCalendar:
        """The work calendar that holds at a place.

        Raises:
            UnknownEquipmentError: there is no such equipment.
        """
        return self.calendars[self.equipment.get(path).calendar]

    def work_center(self, path: EquipmentPath) -> WorkCenterSettings:
        """The settings of a work center.

        Raises:
            UnknownEquipmentError: there is no such equipment.
            ValueError: it is not a work center.
        """
        settings = self.equipment.get(path).work_center
        if settings is None:
            raise ValueError(f"{path} is not a work center")
        return settings

    def work_unit(self, path: EquipmentPath) -> WorkUnitSettings:
        """The settings of a work unit.

        Raises:
            UnknownEquipmentError: there is no such equipment.
            ValueError: it is not a work unit.
        """
        settings = self.equipment.get(path).work_unit
        if settings is None:
            raise ValueError(f"{path} is not a work unit")
        return settings
