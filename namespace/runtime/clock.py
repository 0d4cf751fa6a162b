"""The one place that reads the wall clock, so that everything else can be given its time."""

from __future__ import annotations

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


def to_ms(instant: datetime) -> int:
    """Return `instant` as milliseconds since the epoch, as Sparkplug carries it."""
    return int(instant.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    """Return the instant of a Sparkplug timestamp, aware, UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
