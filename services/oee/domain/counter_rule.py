"""What two neighbouring readings of a counter say was counted between them.

It depends on these two alone, so whatever comes late changes only the steps beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

_OUTAGE_MARGIN = 2
"""A machine that nobody heard may have made this many times what its ideal cycle allows."""

_UNHEARD = 1000
"""Units a machine may have made unheard where the site says nothing about it."""


@dataclass(frozen=True, slots=True)
class CounterRule:
    """How to tell a rollover from a reset, and a counter that went on unheard from one that begins anew.

    Attributes:
        bits: width of the counter; None: it never rolls over.
        max_step: most units between two readings; None: half the counter's range.
        ideal_cycle_ms: planned run time per unit in ms, which bounds what was made unheard; None: it is not known.
    """

    bits: int | None = 32
    max_step: int | None = None
    ideal_cycle_ms: Fraction | None = None

    def unsigned(self, raw: int) -> int | None:
        """What a signed counter of this width shows, as the unsigned number that went up to it; None: no
        reading.

        Args:
            raw: the metric's value; a signed 32 bit counter goes on from 2,147,483,647 at -2,147,483,648.
        """
        value = raw + (1 << self.bits) if raw < 0 and self.bits is not None else raw
        return value if 0 <= value < 2**64 else None

    def step(self, before: int, after: int, *, baseline: bool = False, elapsed_ms: int = 0) -> int:
        """Units counted between two neighbouring readings; never negative.

        A drop is a rollover if as such it is a plausible step, else a reset, after which the new value is
        what was counted since; where the site says how much a step can be and it is more, the counter was set to it and
        nothing is counted. Up to a baseline the counter went on if it can have come so far, else it was set
        anew and nothing is counted.

        Args:
            before: the earlier value.
            after: the later value.
            baseline: whether the later reading begins a new session of the machine.
            elapsed_ms: time between the two, in ms.
        """
        if after >= before:
            units: int | None = after - before
        else:
            units = self._rolled(before, after)
        if baseline:
            return units if units is not None and units <= self._most_unheard(elapsed_ms) else 0
        if units is None:
            return after if self.max_step is None or after <= self._most_unheard(elapsed_ms) else 0
        return units

    def _rolled(self, before: int, after: int) -> int | None:
        if self.bits is None or before >= 1 << self.bits:
            return None
        size = 1 << self.bits
        rolled = (after - before) % size
        return rolled if rolled <= (size // 2 if self.max_step is None else self.max_step) else None

    def _most_unheard(self, elapsed_ms: int) -> int:
        """The most units that can have been made between a reading and the next session's first."""
        step = _UNHEARD if self.max_step is None else self.max_step
        return max(step, int(_OUTAGE_MARGIN * elapsed_ms / self.ideal_cycle_ms)) if self.ideal_cycle_ms else step
