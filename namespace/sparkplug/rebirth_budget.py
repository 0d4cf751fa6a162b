"""How many requests for rebirth a host may send in a second, all edge nodes taken together.

A birth is the largest message there is. A host that has missed something of a thousand edge nodes at once would otherwise call for all of
them at once, and drown in the answer.
"""


class RebirthBudget:
    """Requests that are left, filled up with time: at most one second's worth at once.

    Args:
        per_s: requests in a second; 0 sets no limit.
    """

    def __init__(self, per_s: int) -> None:
        self._per_s = per_s
        self._left = float(per_s)
        self._counted_ms = 0

    def take(self, now_ms: int) -> bool:
        """Return whether one request may go out now, and count it.

        Args:
            now_ms: ms since the epoch; a clock that is set back brings nothing and takes nothing.
        """
        if self._per_s == 0:
            return True
        passed_ms = max(0, now_ms - self._counted_ms)
        self._left = min(float(self._per_s), self._left + passed_ms * self._per_s / 1000)
        self._counted_ms = now_ms
        if self._left < 1:
            return False
        self._left -= 1
        return True
