"""One run of the benchmarks: how long it may take, how it speaks, and what it has found so far."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from tests.benchmarks.rounds import Calibration, Row


@dataclass(slots=True)
class Run:
    """A run.

    Attributes:
        is_quick: A subset within 90 s, with eased gates.
        calibration: How steady the machine was.
        rows: What was found.
        profiles: Where the time goes, by row id, for rows that missed their goal.
    """

    is_quick: bool = False
    calibration: Calibration = field(default_factory=Calibration)
    rows: list[Row] = field(default_factory=list)
    profiles: dict[str, str] = field(default_factory=dict)

    @property
    def rounds(self) -> int:
        """How often contestants take turns."""
        return 3 if self.is_quick else 5

    def say(self, what: str) -> None:
        """Tell whoever watches what is being measured."""
        print(f"bench: {what}", file=sys.stderr, flush=True)
