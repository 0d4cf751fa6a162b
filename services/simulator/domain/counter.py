"""Accumulating counters of a controller: they never reset, they roll over at their width.

`AccCount` of PackML is the counter meant for OEE. Consumers have to work with what it really does: start
anywhere and wrap.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class AccumulatingCounter:
    """A counter of fixed width.

    Attributes:
        bits: Width, 16 or 32.
        value: What the controller shows, 0 .. 2**bits - 1.
    """

    bits: int
    value: int = 0

    def __post_init__(self) -> None:
        if self.bits not in (16, 32):
            raise ValueError(f"a counter is 16 or 32 bits wide, not {self.bits}")
        self.value %= 1 << self.bits

    def add(self, count: int = 1) -> None:
        """Count up, rolling over at the width."""
        self.value = (self.value + count) % (1 << self.bits)
