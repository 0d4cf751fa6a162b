"""A simulated plant and the OEE of it, side by side: what its machines say goes through the application, badly delivered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fractions import Fraction
from random import Random

from namespace.isa95 import EquipmentPath, SiteModel, load_site
from namespace.runtime import MachineBacklog, MachineNews, MachineOnline, MachineSample, MachineSilent, from_ms
from namespace.sparkplug import DataType
from services.oee.application.units import Said, Unit, Units
from services.oee.domain.kpi import Totals
from services.oee.domain.restatement import Archived, restate
from services.oee.domain.sample import Sample
from services.oee.domain.unit import TooLate, WindowFinal
from services.simulator.domain import LINE_1, BottlingLine
from services.simulator.domain.packml import Mode, State
from services.simulator.domain.profile import LineProfile
from services.simulator.domain.tags import DEFECTIVE, MODE, PROCESSED, STATE, STOP_REASON, TagValue
from services.simulator.domain.truth import UnitTruth
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


def plant_site(lines: list[LineProfile]) -> SiteModel:
    """The site file of the lines."""
    text = _SITE
    for line in lines:
        text += f"      {line.name}:\n        output_unit: Packer\n        work_units:\n"
        text += "".join(f"          {each.name}: {{ideal_cycle_s: {each.cycle_ms / 1000}}}\n" for each in line.machines)
    return load_site(text, "plant.yaml")


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
    away_until_ms: int = 0

    def between(self, start_ms: int, end_ms: int) -> list[MachineNews]:
        """What arrives while simulated time passes from `start_ms` to `end_ms`."""
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
        return [news for _, news in sorted(arrived, key=lambda item: item[0])]

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
        return self.area.child(self.line.profile.name).child(unit)


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


@dataclass(frozen=True)
class Truth:
    """What really happened in a shift of a unit.

    Attributes:
        oee: good units at their shortest cycle over the shift.
        availability: share of the shift in `EXECUTE` and production mode.
        stops_ms: length of each stop.
    """

    oee: Fraction
    availability: Fraction
    stops_ms: tuple[int, ...]

    @property
    def logged_by_hand(self) -> Fraction:
        """Availability as a stop book has it: stops under five minutes are not written down, others in whole five minutes."""
        logged = sum(length // 300_000 * 300_000 for length in self.stops_ms)
        return 1 - Fraction(logged, SHIFT_MS)


def truth_of(truth: UnitTruth, cycle_ms: int, start_ms: int) -> Truth:
    """The truth about one shift, straight from the simulator's own book."""
    end_ms = start_ms + SHIFT_MS
    running, stops = 0, [0]
    for interval in truth.intervals(end_ms):
        length = min(interval.end_ms, end_ms) - max(interval.start_ms, start_ms)
        if length <= 0:
            continue
        if interval.state is State.EXECUTE and interval.mode is Mode.PRODUCTION:
            running += length
            stops.append(0)
        else:
            stops[-1] += length
    good = truth.counts(start_ms, end_ms).good
    return Truth(
        Fraction(good * cycle_ms, SHIFT_MS), Fraction(running, SHIFT_MS), tuple(length for length in stops if length)
    )


@dataclass
class Plant:
    """Lines, their delivery, the application, and the truth of every shift.

    Attributes:
        lines: How many, of four units each.
        days: How long.
        seed: Of everything.
    """

    lines: int
    days: int
    seed: int

    def run(self) -> Iterator[tuple[EquipmentPath, Truth, Totals]]:
        """Let the days pass; return unit, truth and what was said in the end for every shift."""
        profiles = [slow_line(number) for number in range(1, self.lines + 1)]
        self.site = plant_site(profiles)
        self.oee = Oee(self.site)
        area = self.site.path.child("Packaging")
        dice = Random(self.seed)
        deliveries = [
            Delivery(BottlingLine(profile, seed=self.seed + number, start_ms=START_MS), area, Random(dice.random()))
            for number, profile in enumerate(profiles)
        ]
        truths: dict[tuple[EquipmentPath, int], Truth] = {}
        end_ms = START_MS + self.days * 24 * HOUR_S * 1000
        for now_ms in range(START_MS, end_ms, HOUR_S * 1000):
            until_ms = now_ms + HOUR_S * 1000
            self.oee.step([news for each in deliveries for news in each.between(now_ms, until_ms)], until_ms)
            if (until_ms - START_MS) % SHIFT_MS == 0:
                for each in deliveries:
                    self._note(each, until_ms - SHIFT_MS, truths)
                self.oee.forget_before(until_ms - 2 * 24 * HOUR_S * 1000)
        rest = [news for each in deliveries for _, news in each.waiting if _at_ms(news) < end_ms]
        self.oee.step(rest, end_ms + 600_000)
        self.oee.step([], end_ms + int(timedelta(hours=2).total_seconds()) * 1000)
        for (path, start_ms), truth in truths.items():
            yield path, truth, self.oee.finals[path][start_ms].totals

    def _note(self, delivery: Delivery, start_ms: int, truths: dict[tuple[EquipmentPath, int], Truth]) -> None:
        line = delivery.line
        for machine in line.profile.machines:
            truth = line.truth(machine.name)
            path = delivery.area.child(line.profile.name).child(machine.name)
            truths[path, start_ms] = truth_of(truth, machine.cycle_ms, start_ms)
            truth.forget_before(start_ms)


def _at_ms(news: MachineNews) -> int:
    assert not isinstance(news, MachineBacklog), "the plant does not tell of it"
    at = news.source_time if isinstance(news, MachineSample) else news.since
    return int(at.timestamp() * 1000)
