"""The state log of a work unit: gap-free, non-overlapping, half-open intervals, each with its element and
cause.

Built in three passes over the samples: sweep them into pieces in which nothing changes and look each up in
the table; let short stops inside production be minor stops; cut by the plan of the calendar, which stands
above all. The second pass comes before the cut, because a stop is as long as it is, whatever shift it falls
into.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from services.oee.domain.classification import TABLE, Cause, Element, Verdict, Work
from services.oee.domain.history import History
from services.oee.domain.packml import mode_group, state_group
from services.oee.domain.plan import PlanSpan
from services.oee.domain.sample import Channel, JobMark, Signal

_NOT_OBSERVED = Verdict(Element.UNKNOWN, Cause.NOT_OBSERVED)
_NO_DATA = Verdict(Element.UNKNOWN, Cause.NO_DATA)


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
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of time in which no sample changes anything, half-open `[start_ms, end_ms)`.

    Attributes:
        verdict: what the table says.
        stop_reason: the controller's reason code, or None.
        state: PackML state number, or None if it is not known.
        mark: of the job order that ran; of several the one that began last.
        minor_stop: whether it belongs to a minor stop.
    """

    start_ms: int
    end_ms: int
    verdict: Verdict
    stop_reason: int | None
    state: int | None
    mark: JobMark | None
    minor_stop: bool = False


def pieces(history: History, start_ms: int, until_ms: int, microstop_threshold_ms: int) -> list[Piece]:
    """What the samples say about the time up to `until_ms`, without gap from `start_ms` or earlier on.

    Args:
        history: all samples.
        start_ms: the first time that matters; pieces may begin before, at the sample that still held then.
        until_ms: how far time has come, exclusive; samples from there on are left out.
        microstop_threshold_ms: stops inside production shorter than this are minor.
    """
    return _with_minor_stops(list(_sweep(history, start_ms, until_ms)), microstop_threshold_ms)


def state_log(found: Sequence[Piece], plan: Sequence[PlanSpan]) -> list[StateInterval]:
    """The state log over the time of the plan.

    Args:
        found: pieces that cover the plan's time.
        plan: stretches of plan without gap.
    """
    cut: list[StateInterval] = []
    index = 0
    for span in plan:
        while index < len(found) and found[index].start_ms < span.end_ms:
            piece = found[index]
            start, end = max(piece.start_ms, span.start_ms), min(piece.end_ms, span.end_ms)
            if start < end:
                _append(cut, _planned(piece, span, start, end))
            if piece.end_ms > span.end_ms:
                break
            index += 1
    return cut


class _Sweep:
    """What holds at one moment of a sweep through the samples."""

    def __init__(self) -> None:
        self.values: dict[Channel, int | None] = {}
        self.observed = False
        self.online = False
        self.running: dict[str, JobMark] = {}

    def take(self, sample: Signal | JobMark) -> None:
        if isinstance(sample, JobMark):
            self.running.pop(sample.job_order, None)
            if sample.running:
                self.running[sample.job_order] = sample
        elif sample.channel is Channel.ONLINE:
            self.online = bool(sample.value)
        else:
            self.values[sample.channel] = sample.value
            if sample.channel is Channel.STATE:
                self.observed = self.online = True

    def piece(self, start_ms: int, end_ms: int) -> Piece:
        mark = next(reversed(self.running.values()), None)
        verdict = self._verdict(mark)
        known = verdict.element is not Element.UNKNOWN
        return Piece(
            start_ms,
            end_ms,
            verdict,
            self.values.get(Channel.STOP_REASON) or None if known and verdict.cause else None,
            self.values.get(Channel.STATE) if known else None,
            mark,
        )

    def _verdict(self, mark: JobMark | None) -> Verdict:
        if not self.observed:
            return _NOT_OBSERVED
        if not self.online:
            return _NO_DATA
        work = Work.NONE if mark is None else Work.SETUP if mark.setup else Work.PRODUCTION
        state, mode = self.values.get(Channel.STATE), self.values.get(Channel.MODE)
        verdict = TABLE[state_group(state), mode_group(mode), work]
        if verdict.cause is Cause.SUSPENDED:
            if self.values.get(Channel.BLOCKED):
                return replace(verdict, cause=Cause.BLOCKED)
            if self.values.get(Channel.STARVED):
                return replace(verdict, cause=Cause.STARVED)
        return verdict


def _sweep(history: History, start_ms: int, until_ms: int) -> Iterator[Piece]:
    """Pieces between the times of samples, before minor stops are told from others."""
    samples: list[Signal | JobMark] = sorted((*history.signals, *history.marks), key=lambda sample: sample.at_ms)
    now = _Sweep()
    reached = min([start_ms, *(sample.at_ms for sample in samples[:1])])
    for at_ms, group in groupby(samples, key=lambda sample: sample.at_ms):
        if at_ms >= until_ms:
            break
        if at_ms > reached:
            yield now.piece(reached, at_ms)
            reached = at_ms
        for sample in group:
            now.take(sample)
    if reached < until_ms:
        yield now.piece(reached, until_ms)


def _with_minor_stops(found: list[Piece], threshold_ms: int) -> list[Piece]:
    """Mark stops inside production that are shorter than the threshold; the last may still be going on."""
    result: list[Piece] = []
    before: Piece | None = None
    runs = [list(run) for _, run in groupby(found, key=lambda piece: piece.verdict.can_be_minor)]
    for run, after in pairwise([*runs, []]):
        in_production = before is not None and before.verdict.element is Element.APT
        resumes = not after or after[0].verdict.element is Element.APT
        length = run[-1].end_ms - run[0].start_ms
        if run[0].verdict.can_be_minor and in_production and resumes and length < threshold_ms:
            run = [replace(piece, minor_stop=True) for piece in run]
        result += run
        before = run[-1]
    return result


def _planned(piece: Piece, span: PlanSpan, start_ms: int, end_ms: int) -> StateInterval:
    """A piece under the plan of its time."""
    element, cause, minor = piece.verdict.element, piece.verdict.cause, piece.minor_stop
    if span.shift is None:
        element, cause, minor = Element.NOT_SCHEDULED, None, False
    elif span.planned_down is not None:
        element, cause, minor = Element.PDOT, Cause.PLANNED, False
    elif minor:
        element = Element.APT
    job_order = piece.mark.job_order if piece.mark else None
    return StateInterval(
        start_ms,
        end_ms,
        element,
        cause,
        piece.stop_reason,
        piece.state,
        job_order,
        minor,
        span.shift,
        span.planned_down,
    )


def _append(log: list[StateInterval], interval: StateInterval) -> None:
    """Add an interval, joined to the one before if they say the same."""
    if log and log[-1].meaning == interval.meaning:
        log[-1] = replace(log[-1], end_ms=interval.end_ms)
    else:
        log.append(interval)
