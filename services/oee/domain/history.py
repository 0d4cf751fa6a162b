"""Everything known about a work unit since the last final result, in source-time order.

A history is the same for the same set of samples, whatever order they came in. Samples from before its floor
cannot change a result any more; of those it keeps the latest of each kind, because that is what still held at
the floor.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from services.oee.domain.counter import CounterTrack
from services.oee.domain.profile import UnitProfile
from services.oee.domain.sample import Channel, Classification, CounterName, CycleMark, JobMark, Reading, Sample, Signal

MARGIN_MS = 3 * 3_600_000
"""How far before the horizon samples are kept in full: no minor stop and no changeover reaches back further."""

_ENDED_MS = 31 * 86_400_000
"""How long the end of a job order is remembered, so that its beginning, should it come later, does not begin it anew."""

_RANKS = {channel: rank for rank, channel in enumerate(Channel)}


def _signal_key(signal: Signal) -> tuple[int, int, int, int]:
    value = -1 if signal.value is None else signal.value
    return signal.at_ms, _RANKS[signal.channel], signal.ordinal, value


def _mark_key(mark: JobMark) -> tuple[int, int, str, bool, bool, str, Fraction]:
    ideal = mark.ideal_cycle_ms or Fraction(0)
    return mark.at_ms, mark.ordinal, mark.job_order, mark.running, mark.setup, mark.material or "", ideal


def _cycle_key(mark: CycleMark) -> tuple[int, int, str, Fraction]:
    return mark.at_ms, mark.ordinal, mark.material or "", mark.ideal_cycle_ms


def _word_key(word: Classification) -> tuple[int, str, int, int]:
    return word.said_ms, word.id, word.at_ms, word.end_ms


@dataclass(frozen=True, slots=True)
class History:
    """The samples of a work unit.

    Attributes:
        horizon_ms: results before this time are final.
        signals: in source-time order; at one time, `ONLINE` before `STATE` before the rest.
        marks: of job orders, in order of time.
        processed: readings of the counter of all units.
        defective: readings of the counter of defective units.
        cycles: changed ideal cycles, in order of time.
        words: of persons on lost time, in the order in which they were said.
    """

    horizon_ms: int
    signals: tuple[Signal, ...]
    marks: tuple[JobMark, ...]
    processed: CounterTrack
    defective: CounterTrack
    cycles: tuple[CycleMark, ...] = ()
    words: tuple[Classification, ...] = ()

    @classmethod
    def empty(cls, horizon_ms: int, profile: UnitProfile) -> History:
        """No samples yet.

        Args:
            horizon_ms: start of the first window to be judged.
            profile: gives the rules for the counters.
        """
        defective = profile.defective or profile.processed
        return cls(horizon_ms, (), (), CounterTrack(profile.processed), CounterTrack(defective))

    def __len__(self) -> int:
        return len(self.signals) + len(self.marks) + len(self.processed) + len(self.defective)

    def has_signal(self, signal: Signal) -> bool:
        """Whether a signal is known, so that it changes nothing when it comes again."""
        position = bisect_left(self.signals, _signal_key(signal), key=_signal_key)
        return position < len(self.signals) and self.signals[position] == signal

    @property
    def floor_ms(self) -> int:
        """Before this time only the latest sample of each kind is kept."""
        return self.horizon_ms - MARGIN_MS

    def with_sample(self, sample: Sample) -> History:
        """The history with one more sample; itself if it has that sample already, or cannot keep it."""
        grown = self._with(sample)
        if grown is self or sample.at_ms >= self.floor_ms:
            return grown
        pruned = grown.pruned()
        return self if pruned == self else pruned

    def _with(self, sample: Sample) -> History:
        match sample:
            case Signal():
                signals = _with_signal(self.signals, sample)
                return self if signals is self.signals else replace(self, signals=signals)
            case JobMark():
                marks = _with_mark(self.marks, sample)
                return self if marks is self.marks else replace(self, marks=marks)
            case CycleMark() if sample not in self.cycles:
                return replace(self, cycles=tuple(sorted((*self.cycles, sample), key=_cycle_key)))
            case Classification() if sample not in self.words:
                return replace(self, words=tuple(sorted((*self.words, sample), key=_word_key)))
            case CycleMark() | Classification():
                return self
            case Reading():
                return self._with_reading(sample)

    def _with_reading(self, reading: Reading) -> History:
        """As `_with`; most samples are readings, so this spares `replace`."""
        processed, defective = self.processed, self.defective
        if reading.counter is CounterName.PROCESSED:
            processed = processed.with_reading(reading)
        else:
            defective = defective.with_reading(reading)
        if processed is self.processed and defective is self.defective:
            return self
        return History(self.horizon_ms, self.signals, self.marks, processed, defective, self.cycles, self.words)

    def advanced(self, horizon_ms: int) -> History:
        """The history once the results before `horizon_ms` are final; job orders that ended long before are
        forgotten.
        """
        moved = replace(self, horizon_ms=horizon_ms).pruned()
        marks = tuple(mark for mark in moved.marks if mark.running or mark.at_ms >= horizon_ms - _ENDED_MS)
        return replace(moved, marks=marks)

    def until(self, end_ms: int) -> History:
        """The history without what comes after `end_ms`."""
        return replace(
            self,
            signals=tuple(item for item in self.signals if item.at_ms < end_ms),
            marks=tuple(item for item in self.marks if item.at_ms < end_ms),
            processed=self.processed.until(end_ms),
            defective=self.defective.until(end_ms),
            cycles=tuple(item for item in self.cycles if item.at_ms < end_ms),
            words=tuple(word for word in self.words if word.at_ms < end_ms),
        )

    def with_samples(self, samples: Iterable[Sample]) -> tuple[History, list[Sample]]:
        """The history with more samples, and which of them it did not have.

        Of those before the floor only the latest of each kind can matter, so the others are not looked at.
        """
        history, new = self, list[Sample]()
        early: dict[object, Sample] = {}
        signals: list[Signal] = []
        for sample in samples:
            if sample.at_ms < self.floor_ms and not isinstance(sample, Classification):
                kind = _kind(sample)
                if kind not in early or _place(sample) > _place(early[kind]):
                    early[kind] = sample
                continue
            if isinstance(sample, Signal):
                signals.append(sample)
                continue
            grown = history.with_sample(sample)
            new += [] if grown is history else [sample]
            history = grown
        if fresh := [signal for signal in dict.fromkeys(signals) if not history.has_signal(signal)]:
            new += fresh
            history = replace(history, signals=_with_signals(history.signals, fresh))
        for sample in early.values():
            grown = history.with_sample(sample)
            new += [] if grown is history else [sample]
            history = grown
        return history, new

    def pruned(self) -> History:
        """The history without what came before the floor, except the latest of each kind."""
        floor = self.floor_ms
        early_signals = {signal.channel: signal for signal in self.signals if signal.at_ms < floor}
        early_marks = {mark.job_order: mark for mark in self.marks if mark.at_ms < floor}
        early_cycles = {mark.material: mark for mark in self.cycles if mark.at_ms < floor}
        return replace(
            self,
            signals=tuple(item for item in self.signals if item.at_ms >= floor or early_signals[item.channel] is item),
            marks=tuple(item for item in self.marks if item.at_ms >= floor or early_marks[item.job_order] is item),
            processed=self.processed.since(floor),
            defective=self.defective.since(floor),
            cycles=tuple(item for item in self.cycles if item.at_ms >= floor or early_cycles[item.material] is item),
            words=tuple(word for word in self.words if word.end_ms > floor),
        )


def _kind(sample: Sample) -> object:
    """What there is only one latest of."""
    match sample:
        case Signal():
            return sample.channel
        case Reading():
            return sample.counter
        case JobMark():
            return "order", sample.job_order
        case CycleMark():
            return "cycle", sample.material
        case Classification():
            return "word", sample.id


def _place(sample: Sample) -> tuple[object, ...]:
    """Where a sample stands among those of its kind."""
    match sample:
        case Signal():
            return _signal_key(sample)
        case Reading():
            return sample.at_ms, sample.ordinal * 2 + sample.baseline, sample.value
        case JobMark():
            return _mark_key(sample)
        case CycleMark():
            return _cycle_key(sample)
        case Classification():
            return _word_key(sample)


def _with_signal(signals: tuple[Signal, ...], signal: Signal) -> tuple[Signal, ...]:
    key = _signal_key(signal)
    if not signals or key > _signal_key(signals[-1]):
        return (*signals, signal)
    position = bisect_left(signals, key, key=_signal_key)
    if position < len(signals) and signals[position] == signal:
        return signals
    grown = list(signals)
    insort(grown, signal, key=_signal_key)
    return tuple(grown)


def _with_signals(signals: tuple[Signal, ...], more: Sequence[Signal]) -> tuple[Signal, ...]:
    """Those that are known and those that are not: what is behind the first new one is put in order again."""
    first = bisect_left(signals, min(map(_signal_key, more)), key=_signal_key)
    return (*signals[:first], *sorted((*signals[first:], *more), key=_signal_key))


def _with_mark(marks: tuple[JobMark, ...], mark: JobMark) -> tuple[JobMark, ...]:
    key = _mark_key(mark)
    if not marks or key > _mark_key(marks[-1]):
        return (*marks, mark)
    position = bisect_left(marks, key, key=_mark_key)
    while position < len(marks) and _mark_key(marks[position]) == key:
        if marks[position] == mark:
            return marks
        position += 1
    return (*marks[:position], mark, *marks[position:])
