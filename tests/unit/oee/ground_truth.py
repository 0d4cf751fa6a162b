"""What really happened in a simulated plant beside what OEE says of it; several lines are judged in several processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from itertools import repeat
from random import Random

from namespace.isa95 import EquipmentPath
from namespace.runtime import MachineBacklog, MachineNews, MachineSample, to_ms
from services.oee.domain.kpi import Totals
from services.simulator.domain import BottlingLine
from services.simulator.domain.packml import Mode, State
from services.simulator.domain.truth import UnitTruth
from tests.unit.oee.plant import SHIFT_MS, START_MS, Delivery, Oee, plant_site, slow_line
from tests.unit.oee.scenario import HOUR_S

_HOUR_MS = HOUR_S * 1000
_DAY_MS = 24 * _HOUR_MS
_WRITTEN_DOWN_MS = 300_000
"""A stop book has stops of five minutes and more, in whole five minutes."""
_KEPT_MS = 2 * _DAY_MS
"""For how long the archive of the test keeps samples: longer than any is late."""


@dataclass(frozen=True)
class Truth:
    """What really happened in a shift of a unit.

    Attributes:
        oee: good units at their shortest cycle over the shift.
        availability: share of the shift in `EXECUTE` and production mode.
        quality: share of the units that were good, 1 where there were none.
        stops_ms: length of each stop.
    """

    oee: Fraction
    availability: Fraction
    quality: Fraction
    stops_ms: tuple[int, ...]

    @property
    def logged_by_hand(self) -> Fraction:
        """Availability as a stop book has it."""
        logged = sum(length // _WRITTEN_DOWN_MS * _WRITTEN_DOWN_MS for length in self.stops_ms)
        return 1 - Fraction(logged, SHIFT_MS)


@dataclass(frozen=True)
class Shift:
    """One shift of one unit.

    Attributes:
        unit: which.
        start_ms: when it began.
        truth: what happened.
        totals: what OEE says in the end.
    """

    unit: EquipmentPath
    start_ms: int
    truth: Truth
    totals: Totals

    @property
    def difference(self) -> Fraction:
        """How far OEE is from the truth; 1 where it has no figure."""
        found = self.totals.oee.value
        return Fraction(1) if found is None else abs(found - self.truth.oee)


@dataclass(frozen=True)
class Outcome:
    """What became of one line.

    Attributes:
        shifts: every shift of every unit.
        samples: news that arrived.
        restated: revisions of final windows.
        kept: samples in memory, and windows that are not final, of all units at the end of each day.
    """

    shifts: tuple[Shift, ...]
    samples: int
    restated: int
    kept: tuple[tuple[int, int], ...]


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
    counts = truth.counts(start_ms, end_ms)
    made = counts.good + counts.scrap
    return Truth(
        oee=Fraction(counts.good * cycle_ms, SHIFT_MS),
        availability=Fraction(running, SHIFT_MS),
        quality=Fraction(counts.good, made) if made else Fraction(1),
        stops_ms=tuple(length for length in stops if length),
    )


def judged_lines(lines: int, days: int, seed: int) -> list[Outcome]:
    """Let lines of four units live for some days, on all processors; a line shares nothing with others."""
    numbers = range(1, lines + 1)
    if lines == 1:
        return [judged_line(days, seed, number) for number in numbers]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(judged_line, repeat(days), repeat(seed), numbers))


def judged_line(days: int, seed: int, number: int) -> Outcome:
    """Let one line live for some days; its news arrive late, twice, interrupted."""
    profile = slow_line(number)
    oee = Oee(plant_site([profile]))
    line = BottlingLine(profile, seed=seed + number, start_ms=START_MS)
    delivery = Delivery(line, oee.site.path.child("Packaging"), Random(f"{seed}/{number}"))
    truths: dict[tuple[EquipmentPath, int], Truth] = {}
    kept: list[tuple[int, int]] = []
    samples, end_ms = 0, START_MS + days * _DAY_MS
    for until_ms in range(START_MS + _HOUR_MS, end_ms + 1, _HOUR_MS):
        news = delivery.between(until_ms - _HOUR_MS, until_ms)
        samples += len(news)
        oee.step(news, until_ms)
        if (until_ms - START_MS) % SHIFT_MS == 0:
            truths.update(_noted(delivery, until_ms - SHIFT_MS))
            oee.forget_before(until_ms - _KEPT_MS)
        if (until_ms - START_MS) % _DAY_MS == 0:
            kept.append(in_memory(oee))
    rest = [news for _, news in delivery.waiting if _at_ms(news) < end_ms]
    oee.step(rest, end_ms + 600_000)
    oee.step([], end_ms + 2 * _HOUR_MS)
    shifts = tuple(
        Shift(path, start_ms, truth, oee.finals[path][start_ms].totals) for (path, start_ms), truth in truths.items()
    )
    return Outcome(shifts, samples + len(rest), oee.restated, tuple(kept))


def in_memory(oee: Oee) -> tuple[int, int]:
    """How many samples the units remember, and how many windows that are not final."""
    states = [unit.state for unit in oee.units.by_path.values() if unit.state is not None]
    return sum(len(state.history) for state in states), sum(len(state.provisional) for state in states)


def _noted(delivery: Delivery, start_ms: int) -> Iterator[tuple[tuple[EquipmentPath, int], Truth]]:
    """The truth about one shift of each machine, which is then forgotten by the simulator."""
    line = delivery.line
    for machine in line.profile.machines:
        truth = line.truth(machine.name)
        path = delivery.area.child(line.profile.name).child(machine.name)
        yield (path, start_ms), truth_of(truth, machine.cycle_ms, start_ms)
        truth.forget_before(start_ms)


def _at_ms(news: MachineNews) -> int:
    assert not isinstance(news, MachineBacklog), "the plant does not tell of it"
    return to_ms(news.source_time if isinstance(news, MachineSample) else news.since)
