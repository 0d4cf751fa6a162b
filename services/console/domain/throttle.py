"""Slow down password guessing: after a few failures each further try has to wait, twice as long each time.

One throttle counts for any key - a user name, an address - whether or not such a user exists, so that the
answer tells a guesser nothing. It is bounded: the keys that failed longest ago are forgotten first.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class ThrottlePolicy:
    """How patient the sign-in is."""

    free_failures: int = 5
    """Failures that cost nothing: people mistype."""
    first_wait_s: float = 5.0
    """Wait after the first failure beyond the free ones; doubles with each further failure."""
    longest_wait_s: float = 900.0
    """The wait never grows beyond this, so that nobody is locked out for good by somebody else's guesses."""
    forget_after_s: float = 3600.0
    """A key without failures for this long starts anew."""
    keys: int = 10_000
    """Keys remembered at most."""


@dataclass(slots=True)
class _Failures:
    count: int
    last: datetime


class Throttle:
    """Failures per key and the wait that follows from them."""

    def __init__(self, policy: ThrottlePolicy) -> None:
        self._policy = policy
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def wait_s(self, key: str, now: datetime) -> float:
        """Return the seconds the key still has to wait; 0 when a try is allowed now."""
        failures = self._current(key, now)
        if failures is None or failures.count < self._policy.free_failures:
            return 0.0
        doublings = min(failures.count - self._policy.free_failures, 16)
        wait_s = min(self._policy.first_wait_s * (1 << doublings), self._policy.longest_wait_s)
        return max(0.0, wait_s - (now - failures.last).total_seconds())

    def failed(self, key: str, now: datetime) -> None:
        """Count a failure of the key."""
        failures = self._current(key, now) or _Failures(0, now)
        failures.count += 1
        failures.last = now
        self._failures[key] = failures
        self._failures.move_to_end(key)
        while len(self._failures) > self._policy.keys:
            self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Forget the failures of the key."""
        self._failures.pop(key, None)

    def _current(self, key: str, now: datetime) -> _Failures | None:
        failures = self._failures.get(key)
        if failures is None:
            return None
        if now - failures.last > timedelta(seconds=self._policy.forget_after_s):
            del self._failures[key]
            return None
        return failures
