"""Work calendars: golden durations across changes of the clocks, breaks, exceptions, handover.

Golden: 22:00 to 06:00 in Europe/Berlin lasts 25,200 s from 2026-03-28 and 32,400 s from 2026-10-24; the
two days of the change last 82,800 s and 90,000 s. A stop from 13:50 to 14:20 over a shift change at 14:00 is
600 s before it and 1,200 s after it.
"""

# ruff: noqa: DTZ001  # wall times have no zone

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from namespace.isa95 import BreakPattern, CalendarException, DownPeriod, ShiftPattern, WorkCalendar

BERLIN = ZoneInfo("Europe/Berlin")
EARLY = ShiftPattern("Early", time(6), time(14), breaks=(BreakPattern("Meal", time(10), time(10, 30)),))
LATE = ShiftPattern("Late", time(14), time(22))
NIGHT = ShiftPattern("Night", time(22), time(6), breaks=(BreakPattern("Meal", time(2), time(2, 30)),))
THREE = WorkCalendar("three", BERLIN, (EARLY, LATE, NIGHT))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("day", "seconds"),
    [(date(2026, 3, 28), 25_200), (date(2026, 10, 24), 32_400), (date(2026, 6, 1), 28_800)],
)
def test_a_night_shift_is_as_long_as_the_clocks_make_it(day: date, seconds: int) -> None:
    night = THREE.shifts_on(day)[-1]
    assert night.name == "Night"
    assert (night.end - night.start).total_seconds() == seconds


@pytest.mark.parametrize(
    ("day", "seconds"),
    [(date(2026, 3, 29), 82_800), (date(2026, 10, 25), 90_000), (date(2026, 6, 1), 86_400)],
)
def test_a_local_day_has_23_24_or_25_hours(day: date, seconds: int) -> None:
    start, end = THREE.day(day)
    assert (end - start).total_seconds() == seconds
    assert start.tzinfo is UTC


def test_a_stop_over_a_shift_change_is_cut_at_the_change() -> None:
    start, end = utc(2026, 6, 1, 11, 50), utc(2026, 6, 1, 12, 20)
    parts = [(span.shift.name if span.shift else None, span.end - span.start) for span in THREE.spans(start, end)]
    assert parts == [("Early", timedelta(seconds=600)), ("Late", timedelta(seconds=1200))]


def test_a_skipped_wall_time_is_the_instant_of_the_skip() -> None:
    skip = utc(2026, 3, 29, 1)
    assert THREE.instant(datetime(2026, 3, 29, 2)) == skip
    assert THREE.instant(datetime(2026, 3, 29, 2, 30)) == skip
    assert THREE.instant(datetime(2026, 3, 29, 3)) == skip
    assert THREE.instant(datetime(2026, 3, 29, 3, 1)) == skip + timedelta(minutes=1)


def test_a_repeated_wall_time_is_the_first_of_the_two() -> None:
    assert THREE.instant(datetime(2026, 10, 25, 2, 30)) == utc(2026, 10, 25, 0, 30)


def test_a_break_that_the_clocks_skip_does_not_happen() -> None:
    start, end = utc(2026, 3, 28, 21), utc(2026, 3, 29, 4)
    assert THREE.planned_down(start, end) == []


def test_a_break_after_midnight_belongs_to_the_night_shift() -> None:
    breaks = THREE.planned_down(utc(2026, 6, 1, 20), utc(2026, 6, 2, 4))
    assert [(item.name, item.start, item.end) for item in breaks] == [
        ("Meal", utc(2026, 6, 2, 0), utc(2026, 6, 2, 0, 30))
    ]


def test_shifts_that_meet_at_a_wall_time_leave_no_gap() -> None:
    shifts = THREE.shifts_between(utc(2026, 3, 1), utc(2026, 4, 10))
    assert all(one.end == other.start for one, other in pairwise(shifts))


def test_the_shift_that_started_earlier_owns_an_overlap() -> None:
    calendar = WorkCalendar(
        "overlap", BERLIN, (ShiftPattern("A", time(6), time(14, 15)), ShiftPattern("B", time(14), time(22)))
    )
    first, second = calendar.shifts_on(date(2026, 6, 1))
    assert first.end == second.start == utc(2026, 6, 1, 12, 15)
    at_handover = calendar.shift_at(utc(2026, 6, 1, 12, 10))
    assert at_handover is not None
    assert at_handover.name == "A"


def test_a_night_shift_owns_its_end_on_the_next_day() -> None:
    calendar = WorkCalendar(
        "overlap",
        BERLIN,
        (ShiftPattern("Night", time(22), time(6, 30)), ShiftPattern("Day", time(6), time(14))),
    )
    day = calendar.shifts_on(date(2026, 6, 2))[0]
    assert day.start == utc(2026, 6, 2, 4, 30)


def test_shift_at_finds_the_shift_that_began_yesterday() -> None:
    shift = THREE.shift_at(utc(2026, 6, 2, 3, 59, 59))
    assert shift is not None
    assert (shift.name, shift.date) == ("Night", date(2026, 6, 1))


def test_nothing_is_scheduled_outside_weekdays() -> None:
    calendar = WorkCalendar("week", BERLIN, (ShiftPattern("Day", time(8), time(16), frozenset(range(5))),))
    assert calendar.shifts_on(date(2026, 6, 6)) == []
    assert calendar.shift_at(utc(2026, 6, 6, 9)) is None
    spans = calendar.spans(utc(2026, 6, 6), utc(2026, 6, 8))
    assert [span.shift for span in spans] == [None]


def test_an_exception_replaces_the_shifts_of_its_days() -> None:
    half_day = ShiftPattern("Half", time(6), time(10))
    calendar = WorkCalendar(
        "holidays",
        BERLIN,
        (EARLY, LATE, NIGHT),
        (
            CalendarException(date(2026, 12, 24), date(2026, 12, 24), "Eve", (half_day,)),
            CalendarException(date(2026, 12, 25), date(2026, 12, 26), "Christmas"),
        ),
    )
    assert [shift.name for shift in calendar.shifts_on(date(2026, 12, 24))] == ["Half"]
    assert calendar.shifts_on(date(2026, 12, 25)) == calendar.shifts_on(date(2026, 12, 26)) == []
    assert len(calendar.shifts_on(date(2026, 12, 27))) == 3


def test_dated_down_time_and_breaks_are_merged_without_overlap() -> None:
    down = DownPeriod("Service", datetime(2026, 6, 1, 9), datetime(2026, 6, 1, 10, 15))
    calendar = WorkCalendar("service", BERLIN, (EARLY, LATE, NIGHT), (), (down,))
    found = calendar.planned_down(utc(2026, 6, 1, 4), utc(2026, 6, 1, 12))
    assert [(item.name, item.start, item.end) for item in found] == [
        ("Service", utc(2026, 6, 1, 7), utc(2026, 6, 1, 8, 15)),
        ("Meal", utc(2026, 6, 1, 8, 15), utc(2026, 6, 1, 8, 30)),
    ]


def test_a_calendar_without_shifts_of_its_own_is_one_shift_a_day() -> None:
    calendar = WorkCalendar("always", BERLIN)
    shifts = calendar.shifts_on(date(2026, 10, 25))
    assert [(shift.start, shift.end) for shift in shifts] == [calendar.day(date(2026, 10, 25))]


def test_scheduled_time_passes_in_shifts_and_not_in_breaks() -> None:
    begin = utc(2026, 6, 1, 7, 30)  # 09:30 on the wall, half an hour before the meal
    assert THREE.after(begin, timedelta(minutes=30)) == utc(2026, 6, 1, 8)
    assert THREE.after(begin, timedelta(minutes=31)) == utc(2026, 6, 1, 8, 31)
    assert THREE.after(begin, timedelta(0)) == begin


def test_scheduled_time_over_a_change_of_the_clocks_is_the_time_that_passes() -> None:
    """A night of 7 hours without its meal at 02:00, an hour that the clocks skip; then the early shift."""
    assert THREE.after(utc(2026, 3, 28, 21), timedelta(hours=7)) == utc(2026, 3, 29, 4)


def test_who_is_at_work_outside_the_plan_works_on_to_its_next_change() -> None:
    lunch = utc(2026, 6, 1, 8, 15)
    assert THREE.after(lunch, timedelta(minutes=5), at_work=True) == utc(2026, 6, 1, 8, 20)
    assert THREE.after(lunch, timedelta(minutes=5)) == utc(2026, 6, 1, 8, 35)


def test_without_a_shift_in_a_year_no_time_passes() -> None:
    assert WorkCalendar("never", BERLIN, ()).after(utc(2026, 6, 1), timedelta(seconds=1)) is None
