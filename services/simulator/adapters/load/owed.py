"""What an edge node may have to say again: readings that could not be said, and those said in a connection that was lost.

Only how far back it reaches is kept; the readings themselves are in the truth.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple


class Owing(NamedTuple):
    """The readings of one block at one time.

    Attributes:
        at_ms: Source time, milliseconds since the epoch.
        slot: The block, see `LoadPlan.slot`.
        number: Number of the readings.
    """

    at_ms: int
    slot: int
    number: int


class Owed:
    """What one edge node owes.

    Args:
        window_ms: How long after its sending a message is in doubt when the connection is lost; None: nothing is ever said again.
        since: Finds what was taken since a time.
    """

    def __init__(self, window_ms: int | None, since: Callable[[int], Iterable[Owing]]) -> None:
        self._window_ms = window_ms
        self._since = since
        self._reaches_ms: int | None = None
        self._queue: deque[Owing] = deque()
        self._floor_ms: int | None = None  # how far back the repetition under way, or the last one, reaches
        self._said_ms = 0

    def __bool__(self) -> bool:
        return self._reaches_ms is not None or bool(self._queue)

    def reach(self, since_ms: int) -> None:
        """Owe everything from a time on."""
        self._reaches_ms = since_ms if self._reaches_ms is None else min(self._reaches_ms, since_ms)

    def connection_lost(self, now_ms: int) -> None:
        """Owe what was sent within the window, and with it what was repeated in it."""
        if self._window_ms is None:
            return
        self.reach(now_ms - self._window_ms)
        if self._floor_ms is not None and (self._queue or now_ms <= self._said_ms + self._window_ms):
            self.reach(self._floor_ms)
        self._queue.clear()

    def take(self, limit: int, now_ms: int) -> list[Owing]:
        """Take at most `limit` of what is owed, in order of time, to be said now."""
        if not self._queue and self._reaches_ms is not None:
            self._queue.extend(sorted(self._since(self._reaches_ms)))
            self._floor_ms, self._reaches_ms = self._reaches_ms, None
        self._said_ms = now_ms
        return [self._queue.popleft() for _ in range(min(limit, len(self._queue)))]
