"""The equipment of one site: what exists, in which order, of which kind, and how it is run.

The hierarchy is built once from the site file and never changes afterwards. Settings are those that more than
one service must read alike (which unit's counter is the line's output, how wide a counter is, what the ideal
cycle is); what only one service cares about stays with that service.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from types import MappingProxyType

from namespace.isa95.level import EquipmentLevel
from namespace.isa95.path import EquipmentPath, EquipmentPathError
from namespace.isa95.state_model import PACKML, StateModel


class Completion(Enum):
    """What ends a running job order on a work center."""

    MANUAL = "manual"
    """An operator says that it is complete."""
    AUTOMATIC = "automatic"
    """The work center's counter reaches the ordered quantity."""


class Changeover(Enum):
    """When the time between two job orders is setup."""

    PRODUCT = "product"
    """When the next order makes something else."""
    ORDER = "order"
    """Between any two orders."""
    NONE = "none"
    """Only while a setup order runs or the machine says so."""


class LineRule(Enum):
    """How the figures of a work center follow from those of its work units."""

    PARALLEL = "parallel"
    """Units work side by side: their elements and counts are summed."""
    SERIAL = "serial"
    """Units form one line: the time of its output unit; what any of them scraps is scrap of the line."""
    BOTTLENECK = "bottleneck"
    """Units form one line: the time and output of the slowest; what is scrapped from there on is scrap of the line."""


@dataclass(frozen=True, slots=True)
class CounterSettings:
    """How to read an accumulating counter of a work unit.

    Attributes:
        metric: canonical metric name at the work unit's place.
        bits: width of the counter in the controller, 8 to 64; None if it never rolls over.
        max_step: the largest number of units that can pass between two samples. A drop that as a rollover
            would be a larger step than this is a reset. None: half the range of the counter.
    """

    metric: str
    bits: int | None = 32
    max_step: int | None = None


@dataclass(frozen=True, slots=True)
class WorkUnitSettings:
    """How a work unit is observed and judged.

    Attributes:
        ideal_cycle_s: planned run time per unit (ISO 22400-2 PRI) in seconds; None if there is none, and then
            effectiveness is undefined.
        ideal_cycles_s: planned run time per unit in seconds by material definition, where it differs.
        microstop_threshold_s: stops shorter than this stay in production time and show as lost speed.
        state_metric: canonical metric with the PackML state number.
        mode_metric: canonical metric with the PackML unit mode number.
        stop_reason_metric: canonical metric with the controller's stop reason code.
        processed: counter of all units processed.
        defective: counter of the defective ones among them; None if defects are not counted here.
        state_model: what the state and mode numbers mean.
        no_count_after_s: a unit that runs and counts nothing for longer than this is delayed since its last unit; None: never.
        changeover: when the time between the last good unit of one order and the first of the next is setup.
        changeover_gap_s: longest time between two orders that can be a changeover, in seconds; results are not final for
            twice as long.
    """

    ideal_cycle_s: Decimal | None = None
    ideal_cycles_s: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    microstop_threshold_s: int = 0
    state_metric: str = "Status/StateCurrent"
    mode_metric: str = "Status/UnitModeCurrent"
    stop_reason_metric: str = "Admin/StopReason"
    processed: CounterSettings = CounterSettings("Admin/ProdProcessedCount")
    defective: CounterSettings | None = CounterSettings("Admin/ProdDefectiveCount")
    state_model: StateModel = PACKML
    no_count_after_s: int | None = None
    changeover: Changeover = Changeover.PRODUCT
    changeover_gap_s: int = 450

    def ideal_cycle_for(self, material: str | None) -> Decimal | None:
        """The planned run time per unit in seconds for a material definition id, or the unit's default."""
        if material is not None and material in self.ideal_cycles_s:
            return self.ideal_cycles_s[material]
        return self.ideal_cycle_s


@dataclass(frozen=True, slots=True)
class WorkCenterSettings:
    """How job orders run on a work center.

    Attributes:
        output_unit: the work unit whose counters are the work center's quantities; None: quantities are
            reported.
        concurrent_job_orders: whether several job orders may run at once.
        completion: what ends a running job order.
        unit: UN/ECE Rec 20 code of the counted units.
        oee_rule: how the figures of the work center follow from those of its work units.
        bottleneck: the work unit that sets the pace; set if `oee_rule` is `BOTTLENECK`.
    """

    output_unit: EquipmentPath | None = None
    concurrent_job_orders: bool = False
    completion: Completion = Completion.MANUAL
    unit: str = "H87"
    oee_rule: LineRule = LineRule.PARALLEL
    bottleneck: EquipmentPath | None = None


@dataclass(frozen=True, slots=True)
class Equipment:
    """One piece of equipment as a role (not the physical asset that fills it).

    Attributes:
        path: where it is.
        kind: `ProductionLine`, `WorkCell`, ... for work centers and work units, else the level's own name.
        description: for people; may be empty.
        calendar: name of the work calendar that holds here, its own or inherited.
        work_center: settings of a work center, else None.
        work_unit: settings of a work unit, else None.
    """

    path: EquipmentPath
    kind: str
    description: str
    calendar: str
    work_center: WorkCenterSettings | None = None
    work_unit: WorkUnitSettings | None = None

    @property
    def level(self) -> EquipmentLevel:
        """The level of the hierarchy it is at."""
        return self.path.level

    @property
    def name(self) -> str:
        """Its own level name."""
        return self.path.name


class UnknownEquipmentError(LookupError):
    """No equipment has this path.

    Attributes:
        place: what was asked for.
        suggestions: paths that look like it, best first.
    """

    def __init__(self, place: str, suggestions: Iterable[EquipmentPath]) -> None:
        self.place = place
        self.suggestions = tuple(suggestions)
        hint = f"; did you mean {self.suggestions[0]}?" if self.suggestions else ""
        super().__init__(f"no equipment {place!r} in the site file{hint}")


class EquipmentHierarchy:
    """The equipment of a site as a tree, in the order of the site file.

    Args:
        equipment: the site first, every parent before its children.

    Raises:
        ValueError: two have the same path, or one comes before its parent.
    """

    def __init__(self, equipment: Iterable[Equipment]) -> None:
        self._by_path: dict[EquipmentPath, Equipment] = {}
        self._children: dict[EquipmentPath, list[Equipment]] = {}
        for item in equipment:
            if item.path in self._by_path:
                raise ValueError(f"{item.path} is there twice")
            parent = item.path.parent
            if self._by_path and (parent is None or parent not in self._by_path):
                raise ValueError(f"{item.path} comes before its parent")
            self._by_path[item.path] = item
            if len(self._by_path) > 1 and parent is not None:
                self._children.setdefault(parent, []).append(item)
        if not self._by_path:
            raise ValueError("a hierarchy has at least a site")
        self.site: Equipment = next(iter(self._by_path.values()))

    def __len__(self) -> int:
        return len(self._by_path)

    def __contains__(self, path: object) -> bool:
        return path in self._by_path

    def get(self, path: EquipmentPath) -> Equipment:
        """The equipment at `path`.

        Raises:
            UnknownEquipmentError: there is none.
        """
        found = self._by_path.get(path)
        if found is None:
            raise UnknownEquipmentError(str(path), self._similar(str(path)))
        return found

    def find(self, text: str) -> Equipment:
        """The equipment a person means: by slash path from the enterprise, or from below the site.

        Args:
            text: `Acme/Dallas/Packaging/Line1` or `Packaging/Line1`.

        Raises:
            UnknownEquipmentError: nothing has this path; carries suggestions.
        """
        for candidate in (text, f"{self.site.path}/{text}"):
            try:
                path = EquipmentPath.parse(candidate)
            except EquipmentPathError:
                continue
            if path in self._by_path:
                return self._by_path[path]
        raise UnknownEquipmentError(text, self._similar(text))

    def children(self, path: EquipmentPath) -> tuple[Equipment, ...]:
        """The equipment directly below `path`, in the order of the site file; empty if there is none."""
        return tuple(self._children.get(path, ()))

    def walk(self, path: EquipmentPath | None = None) -> Iterator[Equipment]:
        """All equipment from `path` (default: the site) downwards, parents before children.

        Raises:
            UnknownEquipmentError: there is nothing at `path`.
        """
        top = self.site if path is None else self.get(path)
        yield top
        for item in self.children(top.path):
            yield from self.walk(item.path)

    def work_centers(self, path: EquipmentPath | None = None) -> tuple[Equipment, ...]:
        """The work centers at or below `path` (default: of the site)."""
        return tuple(item for item in self.walk(path) if item.level is EquipmentLevel.WORK_CENTER)

    def work_units(self, path: EquipmentPath | None = None) -> tuple[Equipment, ...]:
        """The work units at or below `path` (default: of the site)."""
        return tuple(item for item in self.walk(path) if item.level is EquipmentLevel.WORK_UNIT)

    def _similar(self, text: str) -> list[EquipmentPath]:
        prefix = f"{self.site.path}/"
        wanted = text.removeprefix(prefix)
        known = {str(path).removeprefix(prefix): path for path in self._by_path}
        return [known[match] for match in difflib.get_close_matches(wanted, known, n=3)]
