"""What holds for every path, quantity, calendar and site file."""

# ruff: noqa: DTZ001  # wall times have no zone

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from namespace.isa95 import (
    BreakPattern,
    EquipmentPath,
    EquipmentPathError,
    Quantity,
    QuantityError,
    ShiftPattern,
    SiteFileError,
    SiteProblem,
    WorkCalendar,
    is_level_name,
    level_name_from,
    load_site,
)

bounded = settings(max_examples=80, deadline=None, derandomize=True)

LEVEL_NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", fullmatch=True)
PATHS = st.lists(LEVEL_NAMES, min_size=2, max_size=5).map(lambda parts: EquipmentPath(tuple(parts)))
ZONES = st.sampled_from(["Europe/Berlin", "America/Chicago", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia"])
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
SHIFTS = st.builds(
    ShiftPattern,
    st.sampled_from(["A", "B", "C", "D"]),
    TIMES,
    TIMES,
    st.frozensets(st.integers(0, 6)),
    st.lists(st.builds(BreakPattern, st.just("Break"), TIMES, TIMES), max_size=2).map(tuple),
)
CALENDARS = st.builds(
    WorkCalendar,
    st.just("c"),
    ZONES.map(ZoneInfo),
    st.lists(SHIFTS, max_size=4, unique_by=lambda shift: shift.name).map(tuple),
)
INSTANTS = st.datetimes(datetime(2009, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
DEMO = (Path(__file__).parents[2] / "deploy" / "site" / "acme-dallas.yaml").read_text(encoding="utf-8")


@bounded
@given(PATHS)
def test_both_spellings_of_a_path_lead_back_to_it(path: EquipmentPath) -> None:
    assert EquipmentPath.parse(str(path)) == path
    assert EquipmentPath.from_sparkplug(path.group_id, path.device_id) == path


@bounded
@given(st.text())
def test_any_text_is_a_path_or_is_refused(text: str) -> None:
    with contextlib.suppress(EquipmentPathError):
        assert str(EquipmentPath.parse(text)) == text


@bounded
@given(st.text())
def test_a_made_level_name_is_a_level_name_and_stays_as_it_is(text: str) -> None:
    try:
        name = level_name_from(text)
    except ValueError:
        return
    assert is_level_name(name)
    assert level_name_from(name) == name


@bounded
@given(st.decimals(allow_nan=False, allow_infinity=False, places=6), st.decimals(-(10**9), 10**9, places=4))
def test_quantities_survive_their_text_and_subtraction_undoes_addition(one: Decimal, other: Decimal) -> None:
    try:
        first, second = Quantity(one, "KGM"), Quantity(other, "KGM")
        total = first + second
    except QuantityError:
        return
    assert Quantity.parse(first.decimal_text, "KGM") == first
    assert total - second == first


@bounded
@given(ZONES.map(ZoneInfo), st.datetimes(datetime(2009, 1, 1), datetime(2030, 1, 1)), st.integers(0, 7200))
def test_later_wall_times_are_never_earlier_instants(zone: ZoneInfo, wall: datetime, seconds: int) -> None:
    calendar = WorkCalendar("c", zone)
    wall = wall.replace(microsecond=0)
    assert calendar.instant(wall) <= calendar.instant(wall + timedelta(seconds=seconds))


@bounded
@given(CALENDARS, INSTANTS, st.integers(1, 72 * 3600))
def test_spans_partition_any_time(calendar: WorkCalendar, start: datetime, seconds: int) -> None:
    end = start + timedelta(seconds=seconds)
    spans = calendar.spans(start, end)
    assert spans[0].start == start
    assert spans[-1].end == end
    assert all(one.end == other.start for one, other in pairwise(spans))
    assert all(span.start < span.end for span in spans)
    for span in spans:
        assert calendar.shift_at(span.start) == span.shift


@bounded
@given(CALENDARS, st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_shifts_never_overlap(calendar: WorkCalendar, day: date) -> None:
    shifts = [shift for offset in range(3) for shift in calendar.shifts_on(day + timedelta(days=offset))]
    assert all(one.end <= other.start for one, other in pairwise(shifts))
    assert all(shift.start < shift.end for shift in shifts)


@bounded
@given(st.integers(0, len(DEMO)), st.integers(0, 40), st.text(max_size=6))
def test_a_damaged_site_file_is_read_or_refused_with_problems(start: int, length: int, new: str) -> None:
    text = DEMO[:start] + new + DEMO[start + length :]
    problems: list[SiteProblem] = []
    try:
        load_site(text)
    except SiteFileError as error:
        problems = error.problems
        assert problems, "a refusal names at least one problem"
    assert all(problem.line >= 1 and problem.remedy for problem in problems)
