"""Time cut where anything changes: pieces, each with what the machine's state counts as and the order that ran.

The plan of the calendar and the word of a person come later (`state_log`): a stop is as long as it is, whatever shift
it falls into and whatever it is called.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from namespace.isa95 import StateModel, Work
from services.oee.domain.classification import Cause, Element, Verdict, verdict
from services.oee.domain.history import History
from services.oee.domain.sample import Channel, JobMark, Signal

_NOT_OBSERVED = Verdict(Element.UNKNOWN, Cause.NOT_OBSERVED)
_NO_DATA = Verdict(Element.UNKNOWN, Cause.NO_DATA)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of time in which no sample changes anything, half-open `[start_ms, end_ms)`.

    Attributes:
        verdict: what the table says.
        stop_reason: the controller's reason code, or None.
        state: the controller's state number, or None if it is not known.
        mark: of the job order that ran; of several the one that began last.
        minor_stop: a stop below the threshold.
        by_rule: a rule of counts and orders decided, not the machine's state alone.
    """

    start_ms: int
    end_ms: int
    verdict: Verdict
    stop_reason: int | None
    state: int | None
    mark: JobMark | None
    minor_stop: bool = False
    by_rule: bool = False


class _Sweep:
    """What holds at one moment of a sweep through the samples."""

    def __init__(self, model: StateModel) -> None:
        self.model = model
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
        found = self._verdict(mark)
        known = found.element is not Element.UNKNOWN
        return Piece(
            start_ms,
            end_ms,
            found,
            self.values.get(Channel.STOP_REASON) or None if known and found.cause else None,
            self.values.get(Channel.STATE) if known else None,
            mark,
        )

    def _verdict(self, mark: JobMark | None) -> Verdict:
        if not self.observed:
            return _NOT_OBSERVED
        if not self.online:
            return _NO_DATA
        work = Work.NONE if mark is None else Work.SETUP if mark.setup else Work.PRODUCTION
        found = verdict(self.model, self.values.get(Channel.STATE), self.values.get(Channel.MODE), work)
        if found.cause is Cause.SUSPENDED:
            if self.values.get(Channel.BLOCKED):
                return replace(found, cause=Cause.BLOCKED)
            if self.values.get(Channel.STARVED):
                return replace(found, cause=Cause.STARVED)
        return found


def swept(history: History, model: StateModel, start_ms: int, until_ms: int) -> Iterator[Piece]:
    """Pieces from the first sample, or from `start_ms` where that is earlier, up to `until_ms`.

    Args:
        history: all samples.
        model: what the controller's numbers mean.
        start_ms: covered from here at the latest.
        until_ms: end, exclusive; samples from there on are left out.
    """
    samples: list[Signal | JobMark] = sorted((*history.signals, *history.marks), key=lambda sample: sample.at_ms)
    now = _Sweep(model)
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
