"""Duty by the site's own calendar: the crew works but for the planned breaks.

Days on which nobody is scheduled are worked all the same, as overtime; what the MES makes of that is its business.
"""

from datetime import UTC, datetime, timedelta

from namespace.isa95 import WorkCalendar
from services.simulator.application.simulated_clock import to_ms

_INSTANT = timedelta(milliseconds=1)
_HORIZON = timedelta(days=2)


class CalendarDuty:
    """Duty of a line whose crew takes the breaks of a work calendar.

    Args:
        calendar: The calendar of the work center.
    """

    def __init__(self, calendar: WorkCalendar) -> None:
        self._calendar = calendar

    def on_duty(self, at_ms: int) -> bool:
        """Tell whether no planned break holds at a time (milliseconds since the epoch)."""
        at = _instant(at_ms)
        return not self._calendar.planned_down(at, at + _INSTANT)

    def next_change_ms(self, after_ms: int) -> int:
        """When the next break begins or the present one ends; after two days without one it is time to look again."""
        after = _instant(after_ms)
        horizon = after + _HORIZON
        edges = [edge for down in self._calendar.planned_down(after, horizon) for edge in (down.start, down.end)]
        return to_ms(min((edge for edge in edges if edge > after), default=horizon))


def _instant(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
