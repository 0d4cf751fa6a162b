"""The work calendar as OEE sees it: windows to judge and stretches of plan, in ms since the epoch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from namespace.isa95 import Shift, WorkCalendar

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """A shift to be judged: half-open `[start_ms, end_ms)`.

    Attributes:
        name: of the shift.
        date: the local date it starts on, ISO 8601.
    """

    name: str
    date: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class PlanSpan:
    """A stretch in which the plan does not change: half-open `[start_ms, end_ms)`.

    Attributes:
        shift: name of the shift; None: not scheduled.
        planned_down: name of the planned down time, or None.
    """

    start_ms: int
    end_ms: int
    shift: str | None = None
    planned_down: str | None = None


def windows_between(calendar: WorkCalendar, start_ms: int, end_ms: int) -> list[Window]:
    """The windows that overlap `[start_ms, end_ms)`, whole, in order of time."""
    return [_window(shift) for shift in calendar.shifts_between(_instant(start_ms), _instant(end_ms))]


def window_at(calendar: WorkCalendar, at_ms: int) -> Window | None:
    """The window that a time belongs to, or None when nothing is scheduled."""
    shift = calendar.shift_at(_instant(at_ms))
    return None if shift is None else _window(shift)


def plan_between(calendar: WorkCalendar, start_ms: int, end_ms: int) -> list[PlanSpan]:
    """`[start_ms, end_ms)` cut into stretches of one plan each, without gap or overlap."""
    return [
        PlanSpan(_ms(span.start), _ms(span.end), span.shift.name if span.shift else None, span.planned_down)
        for span in calendar.spans(_instant(start_ms), _instant(end_ms))
    ]


def _window(shift: Shift) -> Window:
    return Window(shift.name, shift.date.isoformat(), _ms(shift.start), _ms(shift.end))


def _instant(ms: int) -> datetime:
    return _EPOCH + ms * _MILLISECOND


def _ms(instant: datetime) -> int:
    return (instant - _EPOCH) // _MILLISECOND
