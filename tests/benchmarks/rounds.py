"""Interleaved rounds and what follows from them: a ratio in each round, then median and spread; gates; what voids a row.

Figures of different moments on a shared machine say little about each other. So contestants take turns (A B C, A B C, ...), a ratio is
taken within each round, and only ratios - or figures against a fixed goal - are judged.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

NOISY = 0.25
"""A calibrator that drifts by more than this share of its median marks the run as noisy."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What several rounds gave.

    Attributes:
        median: In the middle.
        low: The least.
        high: The most.
        rounds: How many there were.
    """

    median: float
    low: float
    high: float
    rounds: int

    @classmethod
    def of(cls, figures: Sequence[float]) -> Spread:
        """Summarise the figures of all rounds; there must be one."""
        return cls(statistics.median(figures), min(figures), max(figures), len(figures))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Return ours divided by theirs, round by round."""
    return Spread.of([a / b for a, b in zip(ours, theirs, strict=True)])


class Outcome(StrEnum):
    """How a row ends. A row without a goal is `SHOWN`."""

    PASS = "pass"
    FAIL = "fail"
    SKIP = "skip"
    SHOWN = "shown"


@dataclass(frozen=True, slots=True)
class Gate:
    """What a ratio must keep to.

    Attributes:
        limit: The goal.
        at_least: Whether more is better.
    """

    limit: float
    at_least: bool = False

    def eased(self, factor: float) -> Gate:
        """Return the gate of a short run, which is less exact."""
        return Gate(self.limit / factor if self.at_least else self.limit * factor, self.at_least)

    def holds(self, ratio: float) -> bool:
        """Tell whether the goal is reached."""
        return ratio >= self.limit if self.at_least else ratio <= self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity of a run.

    Attributes:
        id: Stable, for machines.
        what: For people.
        figure: What was measured, if it could be.
        unit: Of the figure.
        ratio: Against the peer or the goal; None where there is neither.
        against: What the ratio is taken against.
        gate: The goal for the ratio, if there is one.
        void: Why our own figure does not count: a wrong state, a lost message. Such a row fails.
        skipped: Why there is nothing to judge: a peer that is not there, or whose state is wrong.
        note: What else a reader should know.
    """

    id: str
    what: str
    figure: Spread | None = None
    unit: str = ""
    ratio: Spread | None = None
    against: str = ""
    gate: Gate | None = None
    void: str = ""
    skipped: str = ""
    note: str = ""

    @property
    def outcome(self) -> Outcome:
        """Judge by the median ratio; nothing that was not measured ever passes."""
        if self.void:
            return Outcome.FAIL
        if self.skipped:
            return Outcome.SKIP
        if self.gate is None:
            return Outcome.SHOWN
        if self.ratio is None:
            return Outcome.SKIP
        return Outcome.PASS if self.gate.holds(self.ratio.median) else Outcome.FAIL

    def eased(self, factor: float) -> Row:
        """Return the row as a short run judges it."""
        return self if self.gate is None else replace(self, gate=self.gate.eased(factor))

    def line(self) -> str:
        """Return the row for machines."""
        of = self.ratio
        ratio = "ratio=none" if of is None else f"ratio={of.median:.3g} [{of.low:.3g}-{of.high:.3g}]"
        gate = "gate=none" if self.gate is None else f"gate={'>=' if self.gate.at_least else '<='}{self.gate.limit:.3g}"
        reason = self.void or self.skipped
        return f"bench {self.id} {ratio} {gate} {self.outcome}" + (f" ({reason})" if reason else "")


def against_goal(
    identity: str,
    what: str,
    figures: Sequence[float],
    unit: str,
    goal: float,
    *,
    at_least: bool = False,
    note: str = "",
    void: str = "",
) -> Row:
    """Return a row that is judged by a fixed goal; its ratio is the figure divided by the goal.

    Args:
        identity: The row's id.
        what: For people.
        figures: One of each round; none where nothing could be measured.
        unit: Of figures and goal.
        goal: What is promised.
        at_least: Whether more is better.
        note: What else a reader should know.
        void: Why the figures do not count.
    """
    return Row(
        identity,
        what,
        figure=Spread.of(figures) if figures else None,
        unit=unit,
        ratio=Spread.of([figure / goal for figure in figures]) if figures else None,
        against=f"{goal:g} {unit}",
        gate=Gate(1.0, at_least),
        void=void,
        note=note,
    )


@dataclass(slots=True)
class Calibration:
    """How fast the machine was at the start, in the middle and at the end of a run.

    Attributes:
        figures: CPU time of a message in us, in the order measured.
        stretches: Wall time divided by CPU time of the same, which never waits for anything but a core.
    """

    figures: list[float] = field(default_factory=list)
    stretches: list[float] = field(default_factory=list)

    @property
    def drift(self) -> float:
        """The widest distance from the median, as a share of it."""
        if not self.figures:
            return 0.0
        middle = statistics.median(self.figures)
        return max(abs(figure - middle) for figure in self.figures) / middle

    @property
    def stretch(self) -> float:
        """By how much others on this machine stretch wall time."""
        return statistics.median(self.stretches) if self.stretches else 1.0

    @property
    def is_noisy(self) -> bool:
        """Whether the machine changed its mind."""
        return self.drift > NOISY


def totals(rows: Sequence[Row]) -> str:
    """Return the last line of a run."""
    counts = {outcome: sum(row.outcome is outcome for row in rows) for outcome in Outcome}
    return f"{counts[Outcome.PASS]} passed, {counts[Outcome.FAIL]} failed, {counts[Outcome.SKIP]} skipped"
