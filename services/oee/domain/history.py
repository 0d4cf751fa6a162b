"""Everything known about a work unit since the last final result, in source-time order.

A history is the same for the same set of samples, whatever order they came in. Samples from before its floor
cannot change a result any more; of those it keeps the latest of each kind, because that is what still held at
the floor.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, replace
from fractions import Fraction

from services.oee.domain.counter import CounterTrack
from services.oee.domain.profile import UnitProfile
from services.oee.domain.sample import Channel, CounterName, JobMark, Reading, Sample, Signal

MARGIN_MS = 3_600_000
"""How far before the horizon samples are kept in full: no threshold for minor stops is longer."""

_RANKS = {channel: rank for rank, channel in enumerate(Channel)}


def _signal_key(signal: Signal) -> tuple[int, int, int, int]:
    value = -1 if signal.value is None else signal.value
    return signal.at_ms, _RANKS[signal.channel], signal.ordinal, value


def _mark_key(mark: JobMark) -> tuple[int, int, str, bool, bool, str, Fraction]:
    ideal = mark.ideal_cycle_ms or Fraction(0)
    return mark.at_ms, mark.ordinal, mark.job_order, mark.running, mark.setup, mark.material or "", ideal


@dataclass(frozen=True, slots=True)
class History:
    """The samples of a work unit.

    Attributes:
        horizon_ms: results before this time are final.
        signals: in source-time order; at one time, `ONLINE` before `STATE` before the rest.
        marks: of job orders, in order of time.
        processed: readings of the counter of all units.
        defective: readings of the counter of defective units.
    """

    horizon_ms: int
    signals: tuple[Signal, ...]
    marks: tuple[JobMark, ...]
    processed: CounterTrack
    defective: CounterTrack

    @classmethod
    def empty(cls, horizon_ms: int, profile: UnitProfile) -> History:
        """No samples yet.

        Args:
            horizon_ms: start of the first window to be judged.
            profile: gives the rules for the counters.
        """
        defective = profile.defective or profile.processed
        return cls(horizon_ms, (), (), CounterTrack(profile.processed), CounterTrack(defective))

    @property
    def floor_ms(self) -> int:
        """Before this time only the latest sample of each kind is kept."""
        return self.horizon_ms - MARGIN_MS

    def with_sample(self, sample: Sample) -> History:
        """The history with one more sample; unchanged in content if it has that sample already."""
        match sample:
            case Signal():
                grown = replace(self, signals=_with_signal(self.signals, sample))
            case JobMark():
                grown = replace(self, marks=_with_mark(self.marks, sample))
            case Reading(counter=CounterName.PROCESSED):
                grown = replace(self, processed=self.processed.with_reading(sample))
            case Reading():
                grown = replace(self, defective=self.defective.with_reading(sample))
        return grown if sample.at_ms >= self.floor_ms else grown.pruned()

    def advanced(self, horizon_ms: int) -> History:
        """The history once the results before `horizon_ms` are final; job orders that ended before are
        forgotten.
        """
        moved = replace(self, horizon_ms=horizon_ms).pruned()
        marks = tuple(mark for mark in moved.marks if mark.running or mark.at_ms >= moved.floor_ms)
        return replace(moved, marks=marks)

    def pruned(self) -> History:
        """The history without what came before the floor, except the latest of each kind."""
        floor = self.floor_ms
        early_signals = {signal.channel: signal for signal in self.signals if signal.at_ms < floor}
        early_marks = {mark.job_order: mark for mark in self.marks if mark.at_ms < floor}
        return replace(
            self,
            signals=tuple(item for item in self.signals if item.at_ms >= floor or early_signals[item.channel] is item),
            marks=tuple(item for item in self.marks if item.at_ms >= floor or early_marks[item.job_order] is item),
            processed=self.processed.since(floor),
            defective=self.defective.since(floor),
        )


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


def _with_mark(marks: tuple[JobMark, ...], mark: JobMark) -> tuple[JobMark, ...]:
    if mark in marks:
        return marks
    return tuple(sorted((*marks, mark), key=_mark_key))
