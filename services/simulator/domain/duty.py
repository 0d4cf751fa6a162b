"""When the operator runs the line.

Nobody commands the machines from outside: their operator starts the line at the beginning of a duty and stops
it at the end, a few seconds late, as people do. This module says only when; who reacts how is `operator`.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol


class Duty(Protocol):
    """Times at which the line is manned."""

    def on_duty(self, at_ms: int) -> bool:
        """Tell whether the line is manned at a time (milliseconds since the epoch)."""
        ...

    def next_change_ms(self, after_ms: int) -> int | None:
        """The first time after the given one at which duty begins or ends, or None if never."""
        ...


class AroundTheClock:
    """A line that is never left alone."""

    def on_duty(self, at_ms: int) -> bool:  # noqa: ARG002 - the signature of a duty
        """Always."""
        return True

    def next_change_ms(self, after_ms: int) -> int | None:  # noqa: ARG002 - the signature of a duty
        """Never."""
        return None


class Rota:
    """Duty in half-open windows of time; what lies between them is a break.

    Args:
        windows: (start, end) in milliseconds since the epoch, sorted, not touching and not overlapping.
    """

    def __init__(self, windows: Sequence[tuple[int, int]]) -> None:
        edges = [edge for window in windows for edge in window]
        if any(later <= earlier for earlier, later in pairwise(edges)):
            raise ValueError("windows of a rota are sorted, not empty, and lie apart")
        self._edges = edges

    def on_duty(self, at_ms: int) -> bool:
        """Tell whether a window holds this time."""
        return bisect_right(self._edges, at_ms) % 2 == 1

    def next_change_ms(self, after_ms: int) -> int | None:
        """The next edge of a window."""
        index = bisect_right(self._edges, after_ms)
        return self._edges[index] if index < len(self._edges) else None
