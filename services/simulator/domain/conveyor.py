"""Where the material is between machines.

A conveyor holds a bounded number of units and needs time to carry them; an infeed and an outfeed stand for
the world before and behind the line and may be interrupted. That a machine starves or is blocked follows from
these alone.
"""

from collections import deque
from typing import Protocol


class Source(Protocol):
    """Where a machine takes units from."""

    @property
    def level(self) -> int:
        """Units on their way or waiting."""
        ...

    def ready_ms(self, now_ms: int) -> int | None:
        """When the next unit can be taken (now or later), or None when there is none."""
        ...

    def take(self) -> None:
        """Take the next unit."""
        ...


class Drain(Protocol):
    """Where a machine puts good units."""

    @property
    def room(self) -> int:
        """How many units find room."""
        ...

    def put(self, now_ms: int) -> None:
        """Put one unit."""
        ...


class Conveyor:
    """A belt between two machines: first in, first out, bounded.

    Attributes:
        capacity: Units that find room.
        transit_ms: Simulated milliseconds from one end to the other.
    """

    def __init__(self, capacity: int, transit_ms: int) -> None:
        if capacity < 1:
            raise ValueError("a conveyor holds at least one unit")
        self.capacity = capacity
        self.transit_ms = transit_ms
        self._arrivals: deque[int] = deque()

    @property
    def level(self) -> int:
        """Units on the belt."""
        return len(self._arrivals)

    @property
    def room(self) -> int:
        """Units that still find room."""
        return self.capacity - len(self._arrivals)

    def ready_ms(self, now_ms: int) -> int | None:
        """When the first unit reaches the end of the belt, or None on an empty belt."""
        return max(now_ms, self._arrivals[0]) if self._arrivals else None

    def take(self) -> None:
        """Take the first unit off the belt."""
        self._arrivals.popleft()

    def put(self, now_ms: int) -> None:
        """Put a unit on the belt."""
        if self.room < 1:
            raise OverflowError("the conveyor is full")
        self._arrivals.append(now_ms + self.transit_ms)


class Infeed:
    """Empty bottles from the warehouse: plenty, unless the supply is interrupted.

    Attributes:
        open: Whether the supply flows.
        passed: Units that entered the line.
    """

    _PLENTY = 1_000_000

    def __init__(self) -> None:
        self.open = True
        self.passed = 0

    @property
    def level(self) -> int:
        """Plenty, or nothing while interrupted."""
        return self._PLENTY if self.open else 0

    def ready_ms(self, now_ms: int) -> int | None:
        """Now, or None while interrupted."""
        return now_ms if self.open else None

    def take(self) -> None:
        """Let one unit into the line."""
        self.passed += 1


class Outfeed:
    """Packed goods to the warehouse: room for all, unless nobody takes them away.

    Attributes:
        open: Whether goods are taken away.
        passed: Units that left the line as good ones.
    """

    _PLENTY = 1_000_000

    def __init__(self) -> None:
        self.open = True
        self.passed = 0

    @property
    def room(self) -> int:
        """Plenty, or none while interrupted."""
        return self._PLENTY if self.open else 0

    def put(self, now_ms: int) -> None:  # noqa: ARG002 - the signature of a drain
        """Let one unit out of the line."""
        self.passed += 1
