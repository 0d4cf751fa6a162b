"""Edge nodes that come back by themselves after our own connection was gone: where the broker was gone, all of them do.

Whoever is asked for a rebirth in the middle of that says everything twice. A host that is too busy to listen hears nobody come back, and
must not take that for quiet.
"""

from typing import Final

_LONGEST_MS: Final = 60_000
"""After so long a connection is no new one any more, whoever still comes back."""

_MOST_BETWEEN_MS: Final = 1_000
"""So much of the time between two looks counts as quiet: a look is due several times a second, and who is late was not listening."""


class Returning:
    """Tells whether edge nodes are coming back, each with a new session.

    Args:
        quiet_ms: when nobody has come back for so long, those who were to come have.
    """

    def __init__(self, quiet_ms: int) -> None:
        self._quiet_ms = quiet_ms
        self._connected_at = 0
        self._looked_at = 0
        self._quiet_for: int | None = None

    def disconnected(self) -> None:
        """Note that our connection is gone: who comes back from here on may do so because the broker did."""
        self._quiet_for = None

    def connected(self, now_ms: int) -> None:
        """Note that our connection is back, and that all is used that came while a snapshot was taken: some may be back by that already."""
        self._connected_at = self._looked_at = now_ms
        if self._quiet_for is not None:
            self._quiet_for = 0

    def one_is_back(self, now_ms: int) -> None:
        """Note that an edge node has begun a new session by itself: one that was asked, or heard before, says nothing of others."""
        self._looked_at, self._quiet_for = now_ms, 0

    def is_under_way(self, now_ms: int) -> bool:
        """Look whether there may be more to come."""
        if self._quiet_for is None or now_ms - self._connected_at >= _LONGEST_MS:
            return False
        self._quiet_for += min(now_ms - self._looked_at, _MOST_BETWEEN_MS)
        self._looked_at = now_ms
        return self._quiet_for < self._quiet_ms
