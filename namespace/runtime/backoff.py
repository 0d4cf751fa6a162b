"""How long to wait before the next try: exponential, bounded, with jitter so that a fleet does not return in step."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Delays of a series of attempts; `reset` after a success.

    Attributes:
        first_s: Longest first delay, in seconds.
        limit_s: Longest delay of all, in seconds.
        source: Where jitter comes from.
    """

    first_s: float = 0.1
    limit_s: float = 10.0
    source: random.Random = field(default_factory=random.Random)
    _attempt: int = 0

    def next_s(self) -> float:
        """Return the next delay in seconds: uniform between half and all of the doubled last one."""
        ceiling = min(self.limit_s, self.first_s * 2.0 ** min(self._attempt, 30))
        self._attempt += 1
        return ceiling * (0.5 + self.source.random() / 2)

    def reset(self) -> None:
        """Begin again at `first_s`."""
        self._attempt = 0
