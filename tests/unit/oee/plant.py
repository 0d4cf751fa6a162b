"""A simulated plant and the OEE of it, side by side: what its machines say goes through the application, badly delivered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random

from namespace.isa95 import EquipmentPath, SiteModel, load_site
from namespace.runtime import MachineNews, MachineOnline, MachineSample, MachineSilent, from_ms
from namespace.sparkplug import DataType
from services.oee.application.units import Said, Unit, Units
from services.oee.domain.restatement import Archived, restate
from services.oee.domain.sample import Sample
from services.oee.domain.unit import TooLate, WindowFinal
from services.simulator.domain import LINE_1, BottlingLine
from services.simulator.domain.profile import LineProfile
from services.simulator.domain.tags import DEFECTIVE, MODE, PROCESSED, STATE, STOP_REASON, TagValue
from tests.unit.oee.scenario import HOUR_S, ms

SLOWER = 8
"""The machines are so much slower than the shipped ones, and go wrong as often in time, so that a month fits into a test."""

START_MS = ms(6 * HOUR_S)
SHIFT_MS = 8 * HOUR_S * 1000
_METRICS = {
    STATE: "Status/StateCurrent",
    MODE: "Status/UnitModeCurrent",
    STOP_REASON: "Admin/StopReason",
    PROCESSED: "Admin/ProdProcessedCount",
    DEFECTIVE: "Admin/ProdDefectiveCount",
}
_SITE = """
version: 1
enterprise: Acme
site: {name: Dallas, time_zone: UTC}
calendars:
  shifts:
    shifts:
      - {name: Early, start: "06:00", end: "14:00"}
      - {name: Late, start: "14:00", end: "22:00"}
      - {name: Night, start: "22:00", end: "06:00"}
defaults: {work_unit: {counters: {processed: {bits: 16}, defective: {bits: 16}}}}
areas:
  Packaging:
    work_centers:
"""


def slow_line(number: int) -> LineProfile:
    """The shipped line at an eighth of its speed, as rich in faults by the hour."""
    machines = tuple(
        replace(
            machine,
            cycle_ms=machine.cycle_ms * SLOWER,
            faults=tuple(replace(fault, mean_cycles=fault.mean_cycles // SLOWER) for fault in machine.faults),
            process_values=(),
            patience_ms=machine.patience_ms * SLOWER,
        )
        for machine in LINE_1.machines
    )
    return replace(LINE_1, name=f"Line{number}", machines=machines, scan_ms=5_000)


def plant_site(lines: list[LineProfile], more: str = "") -> SiteModel:
    """The site of the lines; `more` is added to its file."""
    return load_site(plant_file(lines, more), "plant.yaml")


def plant_file(lines: list[LineProfile], more: str = "") -> str:
    """The site file of the lines, with `more` added to it."""
    text = _SITE
    for line in lines:
        text += f"      {line.name}:\n        output_unit: Packer\n        work_units:\n"
        text += "".join(f"          {each.name}: {{ideal_cycle_s: {each.cycle_ms / 1000}}}\n" for each in line.machines)
    return text + more


@dataclass
class Delivery:
    """How news travel from a line: now and then its edge node is away, and a share of what it says comes hours later.

    Attributes:
        line: What is simulated.
        area: Where it is.
        dice: For delays and restarts.
        late_share: Share of the samples that are late.
    """

    line: BottlingLine
    area: EquipmentPath
    dice: Random
    late_share: float = 0.1
    waiting: list[tuple[int, MachineNews]] = field(default_factory=list)

    def __post_init__(self) -> None:
        center = self.area.child(self.line.profile.name)
        self._places = {unit: center.child(unit) for unit in self.line.units}

    def between(self, start_ms: int, end_ms: int) -> list[MachineNews]:
        """What arrives while simulated time passes from `start_ms` to `end_ms`, at least ten minutes."""
        return [news for _, news in self.arriving(start_ms, end_ms)]

    def arriving(self, start_ms: int, end_ms: int) -> list[tuple[int, MachineNews]]:
        """The same, each with the time at which it arrives."""
        if start_ms == START_MS:
            self.waiting += ((start_ms, news) for unit in self.line.units for news in self._birth(unit, start_ms))
        away_ms = end_ms + 1
        if self.dice.random() < (end_ms - start_ms) / (12 * HOUR_S * 1000):
            away_ms = self.dice.randint(start_ms + 1, end_ms - 600_000)
        back_ms = away_ms + self.dice.randint(30_000, 300_000)
        for report in self.line.advance(min(away_ms, end_ms)):
            self._send(report.at_ms, report.unit, report.tags, held_until_ms=0)
        if away_ms < end_ms:
            for unit in self.line.units:
                self.waiting.append((away_ms, MachineSilent(self._place(unit), from_ms(away_ms), "node_death")))
            for report in self.line.advance(back_ms):
                self._send(report.at_ms, report.unit, report.tags, held_until_ms=back_ms)
            for unit in self.line.units:
                self.waiting += ((back_ms, news) for news in self._birth(unit, back_ms))
            for report in self.line.advance(end_ms):
                self._send(report.at_ms, report.unit, report.tags, held_until_ms=0)
        arrived = [item for item in self.waiting if item[0] <= end_ms]
        self.waiting = [item for item in self.waiting if item[0] > end_ms]
        return sorted(arrived, key=lambda item: item[0])

    def _send(self, at_ms: int, unit: str, tags: Mapping[str, TagValue], *, held_until_ms: int) -> None:
        for tag, value in tags.items():
            if tag not in _METRICS:
                continue
            arrives_ms = max(at_ms, held_until_ms)
            if self.dice.random() < self.late_share:
                arrives_ms += self.dice.randint(1_000, 20 * HOUR_S * 1000)
            self.waiting.append((arrives_ms, self._sample(unit, tag, value, at_ms)))
            if self.dice.random() < 0.01:
                self.waiting.append((arrives_ms + 1_000, self._sample(unit, tag, value, at_ms)))

    def _birth(self, unit: str, at_ms: int) -> Iterator[MachineNews]:
        yield MachineOnline(self._place(unit), from_ms(at_ms))
        for tag, value in self.line.shown(unit).items():
            if tag in _METRICS:
                yield replace(self._sample(unit, tag, value, at_ms), is_birth=True)

    def _sample(self, unit: str, tag: str, value: TagValue, at_ms: int) -> MachineSample:
        at = from_ms(at_ms)
        return MachineSample(self._place(unit), _METRICS[tag], value, DataType.Int64, at, at)

    def _place(self, unit: str) -> EquipmentPath:
        return self._places[unit]


@dataclass
class Oee:
    """The application with an archive in memory in place of tables."""

    site: SiteModel
    finals: dict[EquipmentPath, dict[int, Archived]] = field(default_factory=dict)
    restated: int = 0

    def __post_init__(self) -> None:
        self.units = Units(self.site)

    def step(self, news: list[MachineNews], now_ms: int) -> None:
        """Take news in and let business time move on."""
        for unit, sample in self.units.samples(news):
            unit.pending.append(sample)
        for unit in self.units.by_path.values():
            late: list[Sample] = []
            for said in self.units.step(unit, from_ms(now_ms)):
                if isinstance(said, Said) and isinstance(said.output, TooLate):
                    late.append(said.output.sample)
                elif isinstance(said, Said) and isinstance(said.output, WindowFinal):
                    self._archive(unit, said.output)
            if late:
                self._restate(unit, late)

    def _archive(self, unit: Unit, final: WindowFinal) -> None:
        result = final.result
        evaluation = result.evaluation
        self.finals.setdefault(unit.path, {})[result.window.start_ms] = Archived(
            result.window, result.revision, evaluation.totals, evaluation.fingerprint, final.history
        )

    def _restate(self, unit: Unit, late: list[Sample]) -> None:
        earliest_ms = min(sample.at_ms for sample in late)
        for start_ms, item in self.finals.get(unit.path, {}).items():
            if item.window.end_ms > earliest_ms:
                self.finals[unit.path][start_ms], said = restate(item, late, unit.profile, unit.calendar)
                self.restated += said is not None

    def forget_before(self, limit_ms: int) -> None:
        """Keep of old windows what was said, not the samples."""
        for unit in self.units.by_path.values():
            for start_ms, item in self.finals.get(unit.path, {}).items():
                if item.window.end_ms < limit_ms and item.history.signals:
                    bare = replace(item.history, signals=(), marks=())
                    empty = type(bare.processed)(bare.processed.rule)
                    self.finals[unit.path][start_ms] = replace(
                        item, history=replace(bare, processed=empty, defective=empty)
                    )
