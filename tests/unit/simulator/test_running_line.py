"""A line in step with its clock: what is reported, when the crew rests, what the truth says on request."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from namespace.isa95 import BreakPattern, ShiftPattern, WorkCalendar
from services.simulator.application.duty import CalendarDuty
from services.simulator.application.ground_truth import UnknownUnitError, ground_truth
from services.simulator.application.run_line import step
from services.simulator.application.simulated_clock import SimulatedClock, to_ms
from services.simulator.domain import LINE_1, BottlingLine
from services.simulator.domain.conflate import conflate
from services.simulator.domain.line import Report
from services.simulator.domain.tags import PROCESSED, STATE, TagValue

HOUR_MS = 3_600_000
CALENDAR = WorkCalendar(
    "one shift",
    ZoneInfo("America/Chicago"),
    (ShiftPattern("Day", time(6), time(14), breaks=(BreakPattern("Meal", time(10), time(10, 30)),)),),
)


class Shown:
    """A controller that adds up what it is told."""

    def __init__(self, line: BottlingLine) -> None:
        self.tags = {unit: line.shown(unit) for unit in line.units}
        self.states: list[tuple[str, int, int]] = []
        self.messages = 0
        self.time_ms = 0

    def show(self, unit: str, tags: Mapping[str, TagValue], at_ms: int) -> None:
        self.messages += 1
        self.tags[unit].update(tags)
        if STATE in tags:
            self.states.append((unit, int(tags[STATE]), at_ms))

    def show_time(self, at_ms: int) -> None:
        self.time_ms = at_ms


def test_fast_and_slow_clocks_report_the_same_states_and_end_at_the_same_values() -> None:
    slow, fast = (BottlingLine(LINE_1, seed=4, start_ms=0) for _ in range(2))
    by_slow, by_fast = Shown(slow), Shown(fast)
    for tick in range(1, 3601):
        step(slow, by_slow, tick * 1_000)
    for tick in range(1, 61):
        step(fast, by_fast, tick * 60_000)
    assert by_fast.states == by_slow.states
    assert by_fast.tags == by_slow.tags
    assert by_fast.time_ms == by_slow.time_ms == HOUR_MS
    assert by_fast.messages < by_slow.messages / 5


def test_scans_are_folded_between_changes_of_state_and_never_across_one() -> None:
    reports = [
        Report(1, "Filler", {PROCESSED: 1}),
        Report(2, "Capper", {PROCESSED: 1}),
        Report(3, "Filler", {PROCESSED: 3}),
        Report(4, "Filler", {STATE: 10, PROCESSED: 4}),
        Report(5, "Filler", {"Process/FillLevel": 500.0}),
        Report(6, "Filler", {PROCESSED: 6}),
    ]
    assert conflate(reports, BottlingLine(LINE_1, seed=1, start_ms=0).is_measured) == [
        Report(2, "Capper", {PROCESSED: 1}),
        Report(3, "Filler", {PROCESSED: 3}),
        Report(4, "Filler", {STATE: 10, PROCESSED: 4}),
        Report(6, "Filler", {"Process/FillLevel": 500.0, PROCESSED: 6}),
    ]


def test_simulated_time_runs_at_its_speed() -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    moments = [now]
    clock = SimulatedClock(lambda: moments[-1], 60)
    moments.append(now + timedelta(seconds=10))
    assert clock.now_ms == to_ms(now) + 600_000


def test_the_crew_takes_the_breaks_of_the_calendar_in_local_time() -> None:
    duty = CalendarDuty(CALENDAR)
    meal_ms = to_ms(datetime(2026, 7, 6, 15, tzinfo=UTC))  # 10:00 in Dallas, daylight saving time
    assert duty.on_duty(meal_ms - 1)
    assert not duty.on_duty(meal_ms)
    assert duty.on_duty(meal_ms + HOUR_MS // 2)
    assert duty.next_change_ms(meal_ms - HOUR_MS) == meal_ms
    assert duty.next_change_ms(meal_ms) == meal_ms + HOUR_MS // 2
    assert duty.next_change_ms(meal_ms + HOUR_MS) == meal_ms + 24 * HOUR_MS


def test_without_breaks_the_calendar_is_looked_at_again_later() -> None:
    calendar = WorkCalendar("always", ZoneInfo("UTC"))
    assert CalendarDuty(calendar).next_change_ms(0) == 48 * HOUR_MS


def test_the_truth_is_told_page_by_page_with_exact_counts_of_the_window() -> None:
    line = BottlingLine(LINE_1, seed=4, start_ms=0)
    line.advance(2 * HOUR_MS)
    lines = {"Line1": line}
    pages: list[object] = []
    page_ms: int | None = None
    while True:
        document, page_ms = ground_truth(
            lines, "Line1/Packer", since_ms=HOUR_MS, until_ms=2 * HOUR_MS, page_ms=page_ms, limit=5
        )
        intervals = document["intervals"]
        assert isinstance(intervals, list)
        assert document["good"] == line.truth("Packer").counts(HOUR_MS, 2 * HOUR_MS).good
        pages.extend(intervals)
        if page_ms is None:
            break
    whole, _ = ground_truth(lines, "Line1/Packer", since_ms=HOUR_MS, until_ms=2 * HOUR_MS, page_ms=None, limit=10_000)
    assert pages == whole["intervals"]
    assert sum(interval["end_ms"] - interval["start_ms"] for interval in whole["intervals"]) == HOUR_MS  # type: ignore[attr-defined]


@pytest.mark.parametrize("unit", ["Line1/Oven", "Line9/Filler", "Filler"])
def test_the_truth_of_an_unknown_unit_is_refused_with_those_there_are(unit: str) -> None:
    line = BottlingLine(LINE_1, seed=4, start_ms=0)
    with pytest.raises(UnknownUnitError, match=r"Line1/Filler, Line1/Capper"):
        ground_truth({"Line1": line}, unit, since_ms=None, until_ms=None, page_ms=None, limit=10)
