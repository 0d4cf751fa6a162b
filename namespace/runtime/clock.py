"""The one place that reads the clocks, so that everything else can be given its time."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where `now` comes from."""

    def now(self) -> datetime:
        """Return the current instant, aware, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current instant, aware, UTC."""
        return datetime.now(UTC)


class SteadyClock:
    """Milliseconds that never go back and never jump while the process lives, whatever happens to the machine's clock.

    Args:
        start_ms: what it shows now.
    """

    def __init__(self, start_ms: int) -> None:
        self._offset_ms = start_ms - time.monotonic() * 1000

    def __call__(self) -> int:
        """Return the time, ms."""
        return int(self._offset_ms + time.monotonic() * 1000)


def to_ms(instant: datetime) -> int:
    """Return `instant` as milliseconds since the epoch, as Sparkplug carries it."""
    return int(instant.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    """Return the instant of a Sparkplug timestamp, aware, UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
