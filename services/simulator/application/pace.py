"""How fast a replay goes: as fast as it is answered, or recorded time divided by a speed."""

import asyncio
from collections.abc import Callable
from datetime import datetime


class FullSpeed:
    """Waits for nothing."""

    async def until(self, at: datetime) -> None:
        """Return at once."""


class Timed:
    """Lets recorded time pass at a multiple of real time, from the first step on.

    Args:
        speed: Recorded seconds per real second, above 0.
        now: The real clock, aware.
    """

    def __init__(self, speed: float, now: Callable[[], datetime]) -> None:
        if speed <= 0:
            raise ValueError(f"time does not run at speed {speed}")
        self._speed = speed
        self._now = now
        self._origin: tuple[datetime, datetime] | None = None

    async def until(self, at: datetime) -> None:
        """Return when it is time for what was recorded at `at`; a replay that is late does not wait."""
        if self._origin is None:
            self._origin = (at, self._now())
        first, began = self._origin
        due_s = (at - first).total_seconds() / self._speed
        delay_s = due_s - (self._now() - began).total_seconds()
        if delay_s > 0:
            await asyncio.sleep(delay_s)
