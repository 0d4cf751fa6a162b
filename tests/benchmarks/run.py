"""One run of the benchmarks: how long it may take, how it speaks, and what it has found so far."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from tests.benchmarks.rounds import Calibration, Row

_EASED = 1.5


@dataclass(slots=True)
class Run:
    """A run.

    Attributes:
        is_quick: A subset within 90 s, with eased gates.
        calibration: How steady the machine was.
        rows: What was found.
        profiles: Where the time goes, by part, for parts that missed a goal.
        seconds: How long it took.
        commit: The sources when it began.
    """

    is_quick: bool = False
    calibration: Calibration = field(default_factory=Calibration)
    rows: list[Row] = field(default_factory=list)
    profiles: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    commit: str = ""

    @property
    def rounds(self) -> int:
        """How often contestants take turns."""
        return 3 if self.is_quick else 5

    @property
    def few_rounds(self) -> int:
        """How often what takes long is repeated."""
        return 2 if self.is_quick else 3

    def judged(self, row: Row) -> Row:
        """Return a row as this run judges it: a short one is less exact, so its gates are eased by half."""
        return row.eased(_EASED) if self.is_quick else row

    def say(self, what: str) -> None:
        """Tell whoever watches what is being measured."""
        print(f"bench: {what}", file=sys.stderr, flush=True)
