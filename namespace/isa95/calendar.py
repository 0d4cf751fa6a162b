"""Work calendars: when a place is scheduled to work, by whom, and when it is down by plan.

Patterns are written in local wall time, because that is how people work; everything handed out is UTC. A
shift that spans a change of the clocks is an hour shorter or longer, and two shifts that meet at a wall time
meet at one instant. A calendar knows plans only: whether anybody was there is not its business.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

_ONE_DAY = timedelta(days=1)
_HORIZON = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class BreakPattern:
    """A planned pause inside a shift, in local wall time. It may cross midnight with its shift."""

    name: str
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class ShiftPattern:
    """A shift as it recurs.

    Attributes:
        name: unique among the shifts of a calendar day.
        start: local wall time.
        end: local wall time; at or before `start` it is that of the next day, so 06:00 to 06:00 is a whole
            day.
        days: weekdays on which it starts, 0 Monday to 6 Sunday (ignored in an exception).
        breaks: planned pauses inside it.
    """

    name: str
    start: time
    end: time
    days: frozenset[int] = frozenset(range(7))
    breaks: tuple[BreakPattern, ...] = ()


@dataclass(frozen=True, slots=True)
class CalendarException:
    """Days that do not follow the weekly pattern.

    Attributes:
        first: first local date it holds for.
        last: last local date it holds for, inclusive.
        name: why, such as the name of the holiday.
        shifts: the shifts that start on each of these days instead of the weekly ones; none: closed.
    """

    first: date
    last: date
    name: str
    shifts: tuple[ShiftPattern, ...] = ()


@dataclass(frozen=True, slots=True)
class DownPeriod:
    """A dated planned down time, in local wall time (naive datetimes)."""

    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift that takes place: half-open `[start, end)`, aware datetimes in UTC.

    Attributes:
        name: of its pattern.
        date: the local date it starts on.
    """

    name: str
    date: date
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class PlannedDown:
    """One planned down time or break: half-open `[start, end)`, aware datetimes in UTC."""

    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class CalendarSpan:
    """A stretch of time in which the plan does not change: half-open `[start, end)`, aware datetimes in UTC.

    Attributes:
        shift: the shift that owns it; None: not scheduled.
        planned_down: name of the planned down time inside the shift, else None.
    """

    start: datetime
    end: datetime
    shift: Shift | None
    planned_down: str | None


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Shifts, breaks, exceptions and planned down times in one IANA time zone.

    Where shifts overlap, the one that started earlier owns the time until its end (handover), so the shifts
    handed out never overlap.
    """

    name: str
    zone: ZoneInfo
    shifts: tuple[ShiftPattern, ...] = (ShiftPattern("Day", time(0), time(0)),)
    exceptions: tuple[CalendarException, ...] = ()
    down_periods: tuple[DownPeriod, ...] = ()

    def instant(self, wall: datetime) -> datetime:
        """The instant (UTC) at which the clock on the wall shows `wall`.

        A time that the clocks show twice means the first of the two; one that they skip means the instant of
        the skip. So later wall times never give earlier instants.

        Args:
            wall: naive local datetime.
        """
        first = wall.replace(tzinfo=self.zone, fold=0).astimezone(UTC)
        if first.astimezone(self.zone).replace(tzinfo=None) == wall:
            return first
        return self._skip_between(wall.replace(tzinfo=self.zone, fold=1).astimezone(UTC), first)

    def local(self, instant: datetime) -> datetime:
        """`instant` as an aware datetime in the calendar's zone."""
        return instant.astimezone(self.zone)

    def day(self, day: date) -> tuple[datetime, datetime]:
        """The half-open UTC interval of a local date: 23, 24 or 25 hours long."""
        return self.instant(datetime.combine(day, time(0))), self.instant(datetime.combine(day + _ONE_DAY, time(0)))

    def shifts_on(self, day: date) -> list[Shift]:
        """The shifts that start on a local date, in order of time, without overlap (see the class)."""
        owned_until = max((shift.end for shift, _ in self._nominal(day - _ONE_DAY)), default=None)
        result = []
        for shift, _ in self._nominal(day):
            start = shift.start if owned_until is None else max(shift.start, owned_until)
            if start < shift.end:
                result.append(Shift(shift.name, shift.date, start, shift.end))
                owned_until = shift.end
        return result

    def shift_at(self, instant: datetime) -> Shift | None:
        """The shift that owns an instant, or None when nothing is scheduled.

        Args:
            instant: aware datetime.
        """
        today = self.local(instant).date()
        for day in (today - _ONE_DAY, today):
            for shift in self.shifts_on(day):
                if shift.start <= instant < shift.end:
                    return shift
        return None

    def shifts_between(self, start: datetime, end: datetime) -> list[Shift]:
        """The shifts that overlap `[start, end)`, whole, in order of time.

        Args:
            start: aware datetime.
            end: aware datetime, exclusive.
        """
        return [
            shift
            for day in self._days(start, end)
            for shift in self.shifts_on(day)
            if shift.start < end and start < shift.end
        ]

    def planned_down(self, start: datetime, end: datetime) -> list[PlannedDown]:
        """The planned down times and breaks in `[start, end)`, cut to it, in order, without overlap.

        Breaks count only while their shift owns the time; dated down times count whether or not a shift is
        scheduled. Where two overlap, the one that began earlier keeps its name.

        Args:
            start: aware datetime.
            end: aware datetime, exclusive.
        """
        result: list[PlannedDown] = []
        reached = start
        for item in sorted(self._raw_down(start, end), key=lambda item: (item.start, item.end, item.name)):
            begin, stop = max(item.start, reached), min(item.end, end)
            if begin < stop:
                result.append(PlannedDown(item.name, begin, stop))
                reached = stop
        return result

    def spans(self, start: datetime, end: datetime) -> list[CalendarSpan]:
        """`[start, end)` cut into stretches of one plan each, without gap or overlap.

        Args:
            start: aware datetime.
            end: aware datetime, exclusive.
        """
        shifts = self.shifts_between(start, end)
        downs = self.planned_down(start, end)
        edges = {start, end}
        bounds = [(item.start, item.end) for item in shifts] + [(item.start, item.end) for item in downs]
        edges.update(edge for pair in bounds for edge in pair if start < edge < end)
        ordered = sorted(edges)
        spans = []
        for begin, stop in pairwise(ordered):
            shift = next((item for item in shifts if item.start <= begin < item.end), None)
            down = next((item.name for item in downs if item.start <= begin < item.end), None) if shift else None
            spans.append(CalendarSpan(begin.astimezone(UTC), stop.astimezone(UTC), shift, down))
        return spans

    def after(self, start: datetime, working: timedelta, *, at_work: bool = False) -> datetime | None:
        """The instant (UTC) at which `working` of scheduled time has passed since `start`: shifts without their planned down times.

        Args:
            start: aware datetime.
            working: zero or more.
            at_work: work goes on at `start` whatever the plan says: the stretch it falls into counts even if nothing is scheduled.

        Returns:
            None where the year from `start` on has not that much scheduled time.
        """
        left, begin = working, start.astimezone(UTC)
        if not left:
            return begin
        last = begin + _HORIZON
        while begin < last:
            end = begin + _ONE_DAY
            for span in self.spans(begin, end):
                counts = at_work or (span.shift is not None and span.planned_down is None)
                at_work = False
                if counts and left <= span.end - span.start:
                    return span.start + left
                if counts:
                    left -= span.end - span.start
            begin = end
        return None

    def _nominal(self, day: date) -> tuple[tuple[Shift, ShiftPattern], ...]:
        return _nominal_shifts(self, day)

    def patterns_on(self, day: date) -> tuple[ShiftPattern, ...]:
        """The patterns that hold on a local date."""
        for exception in self.exceptions:
            if exception.first <= day <= exception.last:
                return exception.shifts
        return tuple(pattern for pattern in self.shifts if day.weekday() in pattern.days)

    def _raw_down(self, start: datetime, end: datetime) -> Iterator[PlannedDown]:
        for period in self.down_periods:
            yield PlannedDown(period.name, self.instant(period.start), self.instant(period.end))
        for day in self._days(start, end):
            owned = {shift.name: shift for shift in self.shifts_on(day)}
            for nominal, pattern in self._nominal(day):
                shift = owned.get(nominal.name)
                if shift is not None:
                    yield from self._breaks(shift, pattern)

    def _breaks(self, shift: Shift, pattern: ShiftPattern) -> Iterator[PlannedDown]:
        for item in pattern.breaks:
            first = shift.date if item.start >= pattern.start else shift.date + _ONE_DAY
            last = first if item.end > item.start else first + _ONE_DAY
            begin = max(self.instant(datetime.combine(first, item.start)), shift.start)
            stop = min(self.instant(datetime.combine(last, item.end)), shift.end)
            if begin < stop:
                yield PlannedDown(item.name, begin, stop)

    def _days(self, start: datetime, end: datetime) -> Iterator[date]:
        day, last = self.local(start).date() - _ONE_DAY, self.local(end).date()
        while day <= last:
            yield day
            day += _ONE_DAY

    def _skip_between(self, before: datetime, after: datetime) -> datetime:
        """The instant in `(before, after]` at which the zone's offset changes, to the second."""
        offset = self.local(before).utcoffset()
        while after - before > timedelta(seconds=1):
            middle = (before + (after - before) / 2).replace(microsecond=0)
            if middle <= before:
                break
            if self.local(middle).utcoffset() == offset:
                before = middle
            else:
                after = middle
        return after


@lru_cache(maxsize=1_000)
def _nominal_shifts(calendar: WorkCalendar, day: date) -> tuple[tuple[Shift, ShiftPattern], ...]:
    """The shifts that begin on a local date, whether or not they overlap: asked for with every look at a window, and always the same."""
    found = []
    for pattern in calendar.patterns_on(day):
        last_day = day if pattern.end > pattern.start else day + _ONE_DAY
        start = calendar.instant(datetime.combine(day, pattern.start))
        end = calendar.instant(datetime.combine(last_day, pattern.end))
        found.append((Shift(pattern.name, day, start, end), pattern))
    return tuple(sorted(found, key=lambda pair: (pair[0].start, pair[0].end)))
