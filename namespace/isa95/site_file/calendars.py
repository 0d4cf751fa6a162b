"""The `calendars` of a site file: shifts, breaks, exceptions and planned down times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from namespace.isa95.calendar import BreakPattern, CalendarException, DownPeriod, ShiftPattern, WorkCalendar
from namespace.isa95.site_file.document import Field, did_you_mean

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_MINUTES_A_DAY = 24 * 60


def read_time_zone(field: Field) -> ZoneInfo | None:
    """An IANA time zone name."""
    name = field.text()
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = "Use an IANA name such as America/Chicago or Europe/Berlin"
        field.report(f"{field.shown()} is not a time zone", did_you_mean(name, available_timezones(), hint))
        return None


def read_calendar(field: Field, name: str, site_zone: ZoneInfo) -> WorkCalendar:
    """One calendar; parts that have problems are left out after they are reported."""
    entries = field.mapping(("time_zone", "shifts", "exceptions", "planned_down"), required=("shifts",))
    zone = (read_time_zone(entries["time_zone"]) if "time_zone" in entries else None) or site_zone
    shifts = _read_shifts(entries["shifts"], weekly=True) if "shifts" in entries else ()
    exceptions = tuple(_read_exceptions(entries["exceptions"])) if "exceptions" in entries else ()
    down = tuple(_read_down_periods(entries["planned_down"])) if "planned_down" in entries else ()
    return WorkCalendar(name, zone, shifts, exceptions, down)


def _read_shifts(field: Field, *, weekly: bool) -> tuple[ShiftPattern, ...]:
    shifts: list[ShiftPattern] = []
    for item in field.items():
        shift = _read_shift(item, weekly=weekly)
        if shift is None:
            continue
        if any(shift.name == other.name and shift.days & other.days for other in shifts):
            item.report(f'two shifts named "{shift.name}" start on the same day', "Give each its own name")
        shifts.append(shift)
    return tuple(shifts)


def _read_shift(field: Field, *, weekly: bool) -> ShiftPattern | None:
    known = ("name", "start", "end", "days", "breaks") if weekly else ("name", "start", "end", "breaks")
    entries = field.mapping(known, required=("name", "start", "end"))
    name = entries["name"].text() if "name" in entries else None
    start = entries["start"].time_of_day() if "start" in entries else None
    end = entries["end"].time_of_day(ends=True) if "end" in entries else None
    days = _read_days(entries["days"]) if "days" in entries else frozenset(range(7))
    breaks = []
    for item in entries["breaks"].items() if "breaks" in entries else []:
        pause = _read_break(item)
        if pause is None or start is None or end is None:
            continue
        if not _inside(start, end, pause):
            span = f"{start:%H:%M} to {end:%H:%M}"
            item.report(f"the break is not inside its shift ({span})", "Move it, or put it under the other shift")
        breaks.append(pause)
    if name is None or start is None or end is None:
        return None
    return ShiftPattern(name, start, end, days, tuple(breaks))


def _read_break(field: Field) -> BreakPattern | None:
    entries = field.mapping(("name", "start", "end"), required=("start", "end"))
    name = entries["name"].text() if "name" in entries else "Break"
    start = entries["start"].time_of_day() if "start" in entries else None
    end = entries["end"].time_of_day(ends=True) if "end" in entries else None
    if name is None or start is None or end is None:
        return None
    if start == end:
        field.report("the break is empty", "Give it an `end` after its `start`")
        return None
    return BreakPattern(name, start, end)


def _inside(start: time, end: time, pause: BreakPattern) -> bool:
    """Whether a break lies inside a shift; both may cross midnight."""
    length = (_minutes(end) - _minutes(start)) % _MINUTES_A_DAY or _MINUTES_A_DAY
    begin = (_minutes(pause.start) - _minutes(start)) % _MINUTES_A_DAY
    return begin + (_minutes(pause.end) - _minutes(pause.start)) % _MINUTES_A_DAY <= length


def _minutes(value: time) -> int:
    return value.hour * 60 + value.minute


def _read_days(field: Field) -> frozenset[int]:
    """Weekdays: a list of `mon` ... `sun`, or a range such as `mon-fri`."""
    value = field.text() if not field.is_list else None
    if value is None and not field.is_list:
        return frozenset()
    if value is not None:
        first, _, last = value.partition("-")
        if first in WEEKDAYS and (last or first) in WEEKDAYS:
            begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
            return frozenset((begin + step) % 7 for step in range((end - begin) % 7 + 1))
        field.report(f"{field.shown()} is not a range of weekdays", "Write mon-fri, or a list such as [sat, sun]")
        return frozenset()
    days = [item.one_of(WEEKDAYS) for item in field.items()]
    return frozenset(WEEKDAYS.index(day) for day in days if day is not None)


def _read_exceptions(field: Field) -> Iterable[CalendarException]:
    found: list[CalendarException] = []
    for item in field.items():
        entries = item.mapping(("date", "last_date", "name", "closed", "shifts"), required=("date", "name"))
        first = entries["date"].date() if "date" in entries else None
        last = entries["last_date"].date() if "last_date" in entries else first
        name = entries["name"].text() if "name" in entries else None
        closed = entries["closed"].boolean() if "closed" in entries else False
        shifts = _read_shifts(entries["shifts"], weekly=False) if "shifts" in entries else ()
        if closed == bool("shifts" in entries):
            item.report(
                "an exception is either closed or has its own shifts",
                "Write `closed: true` or `shifts:`, one of the two",
            )
        if first is None or last is None or name is None:
            continue
        _check_days(item, first, last, found)
        found.append(CalendarException(first, last, name, shifts))
    return found


def _check_days(field: Field, first: date, last: date, earlier: list[CalendarException]) -> None:
    if last < first:
        field.report(f"last_date {last} is before date {first}", "Swap them")
    for other in earlier:
        if first <= other.last and other.first <= last:
            field.report(f'it shares days with the exception "{other.name}"', "Let each day have one exception")


def _read_down_periods(field: Field) -> Iterable[DownPeriod]:
    for item in field.items():
        entries = item.mapping(("name", "start", "end"), required=("name", "start", "end"))
        name = entries["name"].text() if "name" in entries else None
        start = entries["start"].local_datetime() if "start" in entries else None
        end = entries["end"].local_datetime() if "end" in entries else None
        if name is None or start is None or end is None:
            continue
        if end <= start:
            item.report("the planned down time ends before it starts", "Give it an `end` after its `start`")
            continue
        yield DownPeriod(name, start, end)
