"""Accumulating machine counters: from positions to deltas, and from deltas to the job order that made them.

A counter rolls over, is reset, and goes on while nobody listens. The position last applied is stored with the
effect, so that a restart neither loses nor repeats a unit: a birth continues from the position where its
value is plausible and is a new baseline where it is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from services.work_order.domain.job_order import JobOrder, seconds

_OUTAGE_MARGIN = 2
"""A machine that nobody heard may have made this many times what its ideal cycle allows."""

_SMALL_STEP = 1000
"""Units a machine may have made unheard where the site says nothing about it."""


class Counter(StrEnum):
    """The two counters of a work center's output unit."""

    PROCESSED = "processed"
    DEFECTIVE = "defective"


class Step(StrEnum):
    """What a sample turned out to be."""

    BASELINE = "baseline"
    COUNT = "count"
    ROLLOVER = "rollover"
    RESET = "reset"
    OLD = "old"


@dataclass(frozen=True, slots=True)
class CounterRules:
    """How to read a counter.

    Attributes:
        bits: Width of the counter, for rollovers; None if it never rolls over.
        max_step: The most units between two samples; None for half the range of the counter.
        ideal_cycle_s: Ideal seconds per unit, if known: bounds what was made while nobody listened.
    """

    bits: int | None = 32
    max_step: int | None = None
    ideal_cycle_s: Decimal | None = None

    @property
    def largest_rollover(self) -> int:
        """The most units a step back may mean as a rollover; -1 where the counter never rolls over."""
        if self.bits is None:
            return -1
        return self.max_step if self.max_step is not None else (1 << self.bits - 1) - 1

    def wrapped(self, difference: int) -> int:
        """Return a negative `difference` as the units of a rollover."""
        return difference % (1 << self.bits) if self.bits is not None else difference


@dataclass(frozen=True, slots=True)
class Position:
    """The last applied value of a counter and its source time (UTC)."""

    value: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Advance:
    """The position after a sample, the units it adds, and what the sample was."""

    position: Position
    units: int
    step: Step


def advance(position: Position | None, sample: Position, rules: CounterRules, *, birth: bool = False) -> Advance:
    """Move a counter's position by one sample.

    A step back is a rollover if the wrapped difference is plausible, else a reset whose new value was counted
    since.

    Args:
        position: Where the counter was; None before the first sample.
        sample: Value and source time.
        rules: How to read this counter.
        birth: Whether the sample comes from a birth: what lies between is unobserved, so an implausible step
            is a new baseline.
    """
    if position is None:
        return Advance(sample, 0, Step.BASELINE)
    if sample.at < position.at:
        return Advance(position, 0, Step.OLD)
    difference = sample.value - position.value
    if difference >= 0:
        if birth and difference > _plausible_units(position, sample, rules):
            return Advance(sample, 0, Step.BASELINE)
        return Advance(sample, difference, Step.COUNT)
    if 0 <= (wrapped := rules.wrapped(difference)) <= rules.largest_rollover:
        return Advance(sample, wrapped, Step.ROLLOVER)
    if sample.at == position.at:
        return Advance(position, 0, Step.OLD)
    return Advance(sample, 0, Step.BASELINE) if birth else Advance(sample, sample.value, Step.RESET)


def attribute(candidates: Sequence[JobOrder], at: datetime) -> JobOrder | None:
    """Return the job order that made the units counted up to `at`, by source time.

    The one that ran at `at`; where none ran, the one that ran last and was not over (a machine runs out after
    a pause); where several ran, none: the units cannot be told apart.

    Args:
        candidates: Job orders of the work center whose quantities its counters write.
        at: Source time of the sample, UTC.
    """
    begun = [order for order in candidates if order.begun_at and order.begun_at < at and not _was_over(order, at)]
    running = [order for order in begun if _ran(order, at)]
    if running:
        return running[0] if len(running) == 1 else None
    return max(begun, key=lambda order: _last_start(order, at), default=None)


def _plausible_units(position: Position, sample: Position, rules: CounterRules) -> int:
    """The most units that can have been made between two samples of which the second is a birth."""
    step = rules.max_step if rules.max_step is not None else _SMALL_STEP
    if not rules.ideal_cycle_s:
        return step
    return max(step, int(_OUTAGE_MARGIN * seconds(sample.at - position.at) / rules.ideal_cycle_s))


def _was_over(order: JobOrder, at: datetime) -> bool:
    return order.ended_at is not None and order.ended_at < at


def _ran(order: JobOrder, at: datetime) -> bool:
    return any(run.start < at and (run.end is None or at <= run.end) for run in order.runs)


def _last_start(order: JobOrder, at: datetime) -> datetime:
    return max(run.start for run in order.runs if run.start < at)
