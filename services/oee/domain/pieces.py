"""Time cut where anything changes: pieces, each with what the machine's state counts as and the order that ran.

The plan of the calendar and the word of a person come later (`state_log`): a stop is as long as it is, whatever shift
it falls into and whatever it is called.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
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


@dataclass(slots=True)
class Sweep:
    """What holds at one moment of a sweep through the samples."""

    model: StateModel
    values: dict[Channel, int | None] = field(default_factory=dict)
    observed: bool = False
    online: bool = False
    running: dict[str, JobMark] = field(default_factory=dict)

    def copied(self) -> Sweep:
        """The same, to go on from more than once."""
        return replace(self, values=dict(self.values), running=dict(self.running))

    def take(self, sample: Signal | JobMark) -> None:
        """Go on by one sample."""
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
        """A stretch of time in which this holds."""
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


def swept(
    history: History, model: StateModel, start_ms: int, until_ms: int, at_start: Sweep | None = None
) -> Iterator[Piece]:
    """Pieces from the first sample, or from `start_ms` where that is earlier, up to `until_ms`.

    Args:
        history: all samples.
        model: what the controller's numbers mean.
        start_ms: covered from here at the latest.
        until_ms: end, exclusive; samples from there on are left out.
        at_start: what holds at `start_ms` by the samples before it: then the pieces begin there.
    """
    now = Sweep(model) if at_start is None else at_start.copied()
    samples = _between(history, None if at_start is None else start_ms, until_ms)
    reached = start_ms if at_start is not None else min([start_ms, *(sample.at_ms for sample in samples[:1])])
    for at_ms, group in groupby(samples, key=_at_ms):
        if at_ms > reached:
            yield now.piece(reached, at_ms)
            reached = at_ms
        for sample in group:
            now.take(sample)
    if reached < until_ms:
        yield now.piece(reached, until_ms)


def held_at(history: History, until_ms: int, model: StateModel, since: tuple[int, Sweep] | None = None) -> Sweep:
    """What holds at `until_ms` by the samples before it; `since` is an earlier time and what held then, if known."""
    start_ms, now = (None, Sweep(model)) if since is None else (since[0], since[1].copied())
    for sample in _between(history, start_ms, until_ms):
        now.take(sample)
    return now


def _between(history: History, start_ms: int | None, until_ms: int) -> list[Signal | JobMark]:
    """Signals and marks in order of time; at one time, signals first."""
    found: list[Signal | JobMark] = []
    for column in (history.signals, history.marks):
        first = 0 if start_ms is None else bisect_left(column, start_ms, key=_at_ms)
        found += column[first : bisect_left(column, until_ms, key=_at_ms)]
    return sorted(found, key=_at_ms)


def _at_ms(sample: Signal | JobMark) -> int:
    return sample.at_ms
