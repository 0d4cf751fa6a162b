"""Edge nodes that come back by themselves after our own connection was gone: where the broker was gone, all of them do.

Whoever is asked for a rebirth in the middle of that says everything twice.
"""

from typing import Final

_LONGEST_MS: Final = 60_000
"""After so long a connection is no new one any more, whoever still comes back."""


class Returning:
    """Tells whether edge nodes are coming back, each with a new session.

    Args:
        quiet_ms: when nobody has come back for so long, those who were to come have.
    """

    def __init__(self, quiet_ms: int) -> None:
        self._quiet_ms = quiet_ms
        self._connected_at = 0
        self._last_at: int | None = None

    def connected(self, now_ms: int) -> None:
        """Note that our connection is back."""
        self._connected_at, self._last_at = now_ms, None

    def one_is_back(self, now_ms: int) -> None:
        """Note that an edge node has begun a new session."""
        self._last_at = now_ms

    def is_under_way(self, now_ms: int) -> bool:
        """Whether there may be more to come."""
        if self._last_at is None or now_ms - self._connected_at >= _LONGEST_MS:
            return False
        return now_ms - self._last_at < self._quiet_ms
