"""A clock that starts at the present and runs as fast as it is told.

At speed 1 simulated time is real time; at another speed the two part, and business time of the simulated places goes with the
simulation.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def to_ms(instant: datetime) -> int:
    """Whole milliseconds since the epoch."""
    return (instant - _EPOCH) // _MILLISECOND


class SimulatedClock:
    """Simulated time.

    Args:
        now: The real clock, aware.
        speed: Simulated seconds per real second, above 0.
    """

    def __init__(self, now: Callable[[], datetime], speed: float) -> None:
        if speed <= 0:
            raise ValueError(f"time does not run at speed {speed}")
        self._now = now
        self._speed = speed
        self._origin = now()

    @property
    def now(self) -> datetime:
        """Simulated time, aware."""
        return self._origin + (self._now() - self._origin) * self._speed

    @property
    def now_ms(self) -> int:
        """Simulated time, milliseconds since the epoch."""
        elapsed = self._now() - self._origin
        return to_ms(self._origin) + int(elapsed / _MILLISECOND * self._speed)
