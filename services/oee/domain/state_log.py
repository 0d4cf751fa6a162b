"""The state log of a work unit: gap-free, non-overlapping, half-open intervals, each with its element and
cause.

Built in passes over the samples: sweep them into pieces in which nothing changes and look each up in the table
(`pieces`); let running without counting be delay and short stops inside production be minor stops (`stops`); find
changeovers (`changeover`); cut by the plan of the calendar, which stands above all; name the reasons. The cut comes
late, because a stop is as long as it is, whatever shift it falls into.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from itertools import pairwise

from namespace.isa95 import NO_REASONS, ReasonTree
from services.oee.domain.changeover import Stretch, changeovers, with_changeovers
from services.oee.domain.classification import Cause, Element
from services.oee.domain.history import History
from services.oee.domain.pieces import Piece, Sweep, swept
from services.oee.domain.plan import PlanSpan
from services.oee.domain.profile import UnitProfile
from services.oee.domain.sample import Classification
from services.oee.domain.stops import with_minor_stops, with_uncounted_runs


class Source(Enum):
    """Who says what a stretch of time was."""

    MACHINE = "machine"
    """State, mode and interlocks, by the site's tables."""
    RULE = "rule"
    """Counts and orders: a changeover, running without counting, a minor stop."""
    CALENDAR = "calendar"
    PERSON = "person"
    NONE = "none"
    """Nobody: there is no trustworthy data."""


@dataclass(frozen=True, slots=True)
class StateInterval:
    """A stretch of time that counts as one thing, half-open `[start_ms, end_ms)`.

    Attributes:
        element: what it counts as.
        cause: why time was lost, or None.
        stop_reason: the controller's own reason code, where it gave one other than 0.
        state: PackML state number, or None if it is not known.
        job_order: id of the job order that ran, or None.
        minor_stop: a stop below the threshold, counted as production time.
        shift: name of the shift it falls into, or None.
        planned_down: name of the planned down time it falls into, or None.
        material: material definition id of the job order, or None.
        ideal_cycle_ms: planned run time per unit that the job order brought along, or None.
        source: who says so.
        reason: code in the reason tree, or None.
        word: id of the person's command that gave the reason, or None.
    """

    start_ms: int
    end_ms: int
    element: Element
    cause: Cause | None
    stop_reason: int | None
    state: int | None
    job_order: str | None
    minor_stop: bool = False
    shift: str | None = None
    planned_down: str | None = None
    material: str | None = None
    ideal_cycle_ms: Fraction | None = None
    source: Source = Source.MACHINE
    reason: str | None = None
    word: str | None = None

    @property
    def length_ms(self) -> int:
        """How long it lasts, in ms."""
        return self.end_ms - self.start_ms

    @property
    def meaning(self) -> tuple[object, ...]:
        """Everything but the times: neighbours that agree in it are one interval."""
        return (
            self.element,
            self.cause,
            self.stop_reason,
            self.state,
            self.job_order,
            self.minor_stop,
            self.shift,
            self.planned_down,
            self.material,
            self.ideal_cycle_ms,
            self.source,
            self.reason,
            self.word,
        )

    @property
    def told(self) -> tuple[object, ...]:
        """What people are told of it: neighbours that agree in it differ in detail alone."""
        if self.planned_down is not None:
            return self.element, self.planned_down
        why = self.cause, self.stop_reason
        return self.element, *why, self.minor_stop and why == (None, None)

    @property
    def is_stop(self) -> bool:
        """Whether it is lost time that can have a reason."""
        return self.element in _STOPS or self.minor_stop


def pieces(
    history: History, profile: UnitProfile, start_ms: int, until_ms: int, at_start: Sweep | None = None
) -> tuple[list[Piece], list[Stretch]]:
    """Pieces without gap from `start_ms`, or from the first sample before it, up to `until_ms`, and the changeovers in them.

    Args:
        history: all samples.
        profile: how the unit is judged.
        start_ms: covered from here at the latest.
        until_ms: end, exclusive; samples from there on are left out.
        at_start: what holds at `start_ms`, where nothing before it matters but that.
    """
    found = swept(history, profile.state_model, start_ms, until_ms, at_start)
    counted = list(with_uncounted_runs(found, history.processed, profile.no_count_after_ms))
    told = with_minor_stops(counted, profile.microstop_threshold_ms)
    stretches = changeovers(told, history, profile)
    return list(with_changeovers(told, stretches)), stretches


def state_log(
    found: Sequence[Piece],
    plan: Sequence[PlanSpan],
    reasons: ReasonTree = NO_REASONS,
    words: Sequence[Classification] = (),
) -> list[StateInterval]:
    """The state log over the time of the plan.

    Args:
        found: pieces that cover the plan's time.
        plan: stretches of plan without gap.
        reasons: gives stops their reasons.
        words: of persons, in the order in which they were said.
    """
    log: list[StateInterval] = []
    for interval in painted(_cut(found, plan), words, reasons):
        append_interval(log, interval)
    return log


def _cut(found: Sequence[Piece], plan: Sequence[PlanSpan]) -> Iterator[StateInterval]:
    """Pieces under the plan of their time, cut where that changes."""
    index = 0
    for span in plan:
        while index < len(found) and found[index].start_ms < span.end_ms:
            piece = found[index]
            start, end = max(piece.start_ms, span.start_ms), min(piece.end_ms, span.end_ms)
            if start < end:
                yield _planned(piece, span, start, end)
            if piece.end_ms > span.end_ms:
                break
            index += 1


def _planned(piece: Piece, span: PlanSpan, start_ms: int, end_ms: int) -> StateInterval:
    """A piece under the plan of its time."""
    element, cause, minor = piece.verdict.element, piece.verdict.cause, piece.minor_stop
    source = Source.RULE if piece.by_rule or minor else Source.MACHINE
    if span.shift is None:
        element, cause, minor, source = Element.NOT_SCHEDULED, None, False, Source.CALENDAR
    elif span.planned_down is not None:
        element, cause, minor, source = Element.PDOT, Cause.PLANNED, False, Source.CALENDAR
    elif minor:
        element = Element.APT
    elif element is Element.UNKNOWN:
        source = Source.NONE
    mark = piece.mark
    return StateInterval(
        start_ms,
        end_ms,
        element,
        cause,
        piece.stop_reason,
        piece.state,
        mark.job_order if mark else None,
        minor,
        span.shift,
        span.planned_down,
        mark.material if mark else None,
        mark.ideal_cycle_ms if mark else None,
        source,
    )


def painted(
    cut: Iterable[StateInterval], words: Sequence[Classification], reasons: ReasonTree
) -> Iterator[StateInterval]:
    """Stops with their reasons: the machine's own, and over it the words of persons, cut where those begin and end.

    A word says why; it changes what the time counts as only where the reason itself has an element.
    """
    for interval in cut:
        if not interval.is_stop:
            yield interval
            continue
        cause = interval.cause.value if interval.cause else ""
        told = _named(interval, reasons.automatic_for(interval.stop_reason, cause), reasons)
        over = [word for word in words if word.at_ms < interval.end_ms and interval.start_ms < word.end_ms]
        if not over:
            yield told
            continue
        edges = {edge for word in over for edge in (word.at_ms, word.end_ms)}
        inside = sorted(edge for edge in edges if interval.start_ms < edge < interval.end_ms)
        for start_ms, end_ms in pairwise([interval.start_ms, *inside, interval.end_ms]):
            word = next((word for word in reversed(over) if word.at_ms <= start_ms < word.end_ms), None)
            said = told if word is None or word.reason is None else _named(interval, word.reason, reasons, word)
            yield replace(said, start_ms=start_ms, end_ms=end_ms)


def _named(
    interval: StateInterval, code: str | None, reasons: ReasonTree, word: Classification | None = None
) -> StateInterval:
    if code is None and word is None:
        return interval
    reason = None if code is None else reasons.reasons.get(code)
    element = interval.element if reason is None or reason.element is None else reason.element
    minor = interval.minor_stop and element is interval.element
    source = interval.source if word is None else Source.PERSON
    told_by = None if word is None else word.id
    return replace(interval, element=element, minor_stop=minor, reason=code, source=source, word=told_by)


_STOPS = frozenset({Element.AUST, Element.ADET, Element.ADOT})


def append_interval(log: list[StateInterval], interval: StateInterval) -> None:
    """Add an interval, joined to the one before if they say the same."""
    if log and log[-1].element is interval.element and log[-1].meaning == interval.meaning:
        log[-1] = replace(log[-1], end_ms=interval.end_ms)
    else:
        log.append(interval)
