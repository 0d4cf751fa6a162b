"""What every simulated installation can do, whatever it makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.simulator.domain.line import Report
from services.simulator.domain.tags import TagValue
from services.simulator.domain.truth import UnitTruth


class Simulation(Protocol):
    """An installation under one controller, in simulated time."""

    @property
    def now_ms(self) -> int:
        """Simulated time, milliseconds since the epoch."""
        ...

    @property
    def scan_ms(self) -> int:
        """How often its controller looks, milliseconds."""
        ...

    @property
    def units(self) -> Sequence[str]:
        """Names of its units."""
        ...

    def advance(self, until_ms: int) -> list[Report]:
        """Let simulated time pass; return what the controller reports by exception, in order of time."""
        ...

    def shown(self, unit: str) -> dict[str, TagValue]:
        """The tags of a unit as last reported."""
        ...

    def truth(self, unit: str) -> UnitTruth:
        """What really happened to a unit."""
        ...

    def is_measured(self, tag: str) -> bool:
        """Tell whether a tag is a counter or a measurement, and tells no change of state."""
        ...
