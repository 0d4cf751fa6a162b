"""What really happened, kept aside so that tests can hold the MES against it.

Per unit: a partition of time into intervals of one state, mode, cause and reason, and the time of every unit
made, good or scrap. Nothing of this is published as telemetry. A wait for material shorter than the machine's
patience is part of producing: the machine does not leave `EXECUTE` for it, and neither does the truth.
"""

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from enum import StrEnum

from services.simulator.domain.packml import Mode, State


class Cause(StrEnum):
    """Why a unit is in the state it is in."""

    PRODUCING = "producing"
    REDUCED_SPEED = "reduced_speed"
    MICRO_STOP = "micro_stop"
    FAULT = "fault"
    STARVED = "starved"
    BLOCKED = "blocked"
    OFF_DUTY = "off_duty"
    START_UP = "start_up"
    WAITING = "waiting"
    INTERVENTION = "intervention"
    CLEANING = "cleaning"


@dataclass(frozen=True, slots=True)
class TruthInterval:
    """A half-open stretch of time in which nothing about a unit changed.

    Attributes:
        start_ms: First millisecond, since the epoch.
        end_ms: First millisecond after it.
        state: PackML state.
        mode: PackML mode.
        cause: Why.
        reason: Code of the stop reason, 0 for none.
    """

    start_ms: int
    end_ms: int
    state: State
    mode: Mode
    cause: Cause
    reason: int

    def document(self) -> dict[str, int | str]:
        """The interval as a JSON-able document, state and mode by number."""
        return {
            "start_ms": self.start_ms,
            "end_ms": self.end_ms,
            "state": int(self.state),
            "mode": int(self.mode),
            "cause": self.cause.value,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Counts:
    """Exact quantities of a unit.

    Attributes:
        good: Units passed on.
        scrap: Units rejected.
    """

    good: int
    scrap: int


class UnitTruth:
    """The truth about one unit."""

    def __init__(self, start_ms: int, state: State, mode: Mode, cause: Cause) -> None:
        self._closed: list[TruthInterval] = []
        self._since_ms = start_ms
        self._current = (state, mode, cause, 0)
        self._good = array("q")
        self._scrap = array("q")
        self._forgotten = Counts(0, 0)

    def mark(self, now_ms: int, state: State, mode: Mode, cause: Cause, reason: int) -> None:
        """Note what holds from now on.

        Args:
            now_ms: Simulated time, not before the last mark.
            state: PackML state.
            mode: PackML mode.
            cause: Why.
            reason: Code of the stop reason, 0 for none.
        """
        following = (state, mode, cause, reason)
        if following == self._current:
            return
        if now_ms > self._since_ms:
            self._closed.append(TruthInterval(self._since_ms, now_ms, *self._current))
        self._since_ms = now_ms
        self._current = following

    def count(self, now_ms: int, *, good: bool) -> None:
        """Note that a unit was made at this time."""
        (self._good if good else self._scrap).append(now_ms)

    def intervals(self, until_ms: int) -> list[TruthInterval]:
        """The partition of time so far.

        Args:
            until_ms: Where the running interval is cut for the answer, usually the present.

        Returns:
            Intervals in order, each beginning where the one before ends.
        """
        intervals = list(self._closed)
        if until_ms > self._since_ms:
            intervals.append(TruthInterval(self._since_ms, until_ms, *self._current))
        return intervals

    def counts(self, start_ms: int | None = None, end_ms: int | None = None) -> Counts:
        """Exact quantities, in all or in a half-open window of time.

        Args:
            start_ms: First millisecond, None for the beginning.
            end_ms: First millisecond after the window, None for the present.

        Returns:
            Good and scrap units.
        """

        def within(times: "array[int]", before: int) -> int:
            first = 0 if start_ms is None else bisect_left(times, start_ms)
            last = len(times) if end_ms is None else bisect_left(times, end_ms)
            return last - first + (before if start_ms is None else 0)

        return Counts(within(self._good, self._forgotten.good), within(self._scrap, self._forgotten.scrap))

    def forget_before(self, limit_ms: int) -> None:
        """Drop what ended before a time; totals over all time stay exact."""
        if not self._closed or self._closed[0].end_ms > limit_ms:
            return
        self._closed = [interval for interval in self._closed if interval.end_ms > limit_ms]
        good, scrap = bisect_left(self._good, limit_ms), bisect_left(self._scrap, limit_ms)
        self._forgotten = Counts(self._forgotten.good + good, self._forgotten.scrap + scrap)
        del self._good[:good], self._scrap[:scrap]

    def document(self, until_ms: int) -> dict[str, object]:
        """The truth as a JSON-able document, times in ms since the epoch."""
        counts = self.counts()
        return {
            "good": counts.good,
            "scrap": counts.scrap,
            "intervals": [interval.document() for interval in self.intervals(until_ms)],
        }
