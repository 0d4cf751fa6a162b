"""The life of a work unit's results: windows close, are revised by late data, and become final.

`advance` is the whole of it: (state, samples, now) -> (state, outputs). A window is open until its end, then
provisional, and final after a grace time. Late data that changes a provisional window gives it a new
revision; a final one leaves with the samples it was judged from (`restatement`), and what comes for it later is handed
back, to restate it by.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeAlias

from namespace.isa95 import WorkCalendar
from services.oee.domain.evaluation import Evaluation, evaluate
from services.oee.domain.history import MARGIN_MS, History
from services.oee.domain.kpi import Totals
from services.oee.domain.plan import Window, window_at, windows_between
from services.oee.domain.profile import UnitProfile
from services.oee.domain.sample import Sample
from services.oee.domain.segments import CUT_PIECES, Segments, judge

_DAY_MS = 86_400_000


class WindowStatus(Enum):
    """How settled a window's result is."""

    OPEN = "open"
    PROVISIONAL = "provisional"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class ProvisionalWindow:
    """A window that has ended and may still be revised: what was last said about it."""

    window: Window
    revision: int
    totals: Totals
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class UnitState:
    """All that is remembered about a work unit.

    Attributes:
        history: the samples that can still matter.
        now_ms: business time, the latest seen.
        provisional: windows that have ended and are not final, in order of time.
        final_until_ms: end of the last final window, or None if there is none yet.
        quiet_until_ms: before this time no window ends or becomes final; only spares looking.
        is_restored: read from a document, perhaps under another site file: what is provisional is judged again.
        segments: what is judged already of the window that was looked at last; only spares judging it again.
        ended: the same of the provisional windows.
    """

    history: History
    now_ms: int
    provisional: tuple[ProvisionalWindow, ...] = ()
    final_until_ms: int | None = None
    quiet_until_ms: int = field(default=0, compare=False)
    is_restored: bool = field(default=False, compare=False)
    segments: Segments = field(default=Segments(0), compare=False)
    ended: tuple[Segments, ...] = field(default=(), compare=False)

    def before(self, at_ms: int) -> UnitState:
        """The state without what was judged already that a sample of this time may concern."""
        ended = tuple(each.before(at_ms) for each in self.ended)
        return replace(self, segments=self.segments.before(at_ms), ended=ended)


@dataclass(frozen=True)
class WindowResult:
    """What is said about a window.

    Attributes:
        window: the shift.
        status: how settled it is.
        revision: 0 while open, then from 1.
        supersedes: the revision this one replaces, or None.
        evaluation: state log, elements and counts; the key figures are properties of its totals.
        before: the totals of the superseded revision, or None.
        why: what made the revision necessary, in words; empty for the first.
    """

    window: Window
    status: WindowStatus
    revision: int
    supersedes: int | None
    evaluation: Evaluation
    before: Totals | None = None
    why: str = ""


@dataclass(frozen=True)
class WindowClosed:
    """A window has ended: its first result, provisional."""

    result: WindowResult


@dataclass(frozen=True)
class WindowRevised:
    """Late data has changed a provisional result."""

    result: WindowResult


@dataclass(frozen=True)
class WindowFinal:
    """The grace time is over: the result as it stands changes by a restatement only.

    Attributes:
        history: the samples it was judged from, to restate it by.
    """

    result: WindowResult
    history: History


@dataclass(frozen=True)
class TooLate:
    """A sample that concerns windows whose results are final: they are to be restated."""

    sample: Sample


Output: TypeAlias = WindowClosed | WindowRevised | WindowFinal | TooLate


def begin(profile: UnitProfile, calendar: WorkCalendar, now_ms: int) -> UnitState:
    """The state of a unit that nothing is known about; judged from the start of the present window on.

    Args:
        profile: how the unit is judged.
        calendar: its work calendar.
        now_ms: business time, ms since the epoch.
    """
    window = window_at(calendar, now_ms)
    horizon_ms = now_ms if window is None else window.start_ms
    return UnitState(History.empty(horizon_ms, profile), now_ms)


def advance(
    state: UnitState, samples: Iterable[Sample], now_ms: int, profile: UnitProfile, calendar: WorkCalendar
) -> tuple[UnitState, tuple[Output, ...]]:
    """Take samples in and let business time move on.

    Args:
        state: what is remembered.
        samples: new ones, in any order; those known already change nothing.
        now_ms: business time, ms since the epoch; an earlier one than before leaves time where it is.
        profile: how the unit is judged.
        calendar: its work calendar.

    Returns:
        The new state, and what is to be said: refused samples first, then per window in order of time.
    """
    outputs: list[Output] = []
    taken = list(samples)
    history, new = state.history.with_samples(taken)
    fresh = {id(sample) for sample in new}
    if state.final_until_ms is not None:
        reached_ms, floor_ms = state.final_until_ms + profile.reach_ms, state.history.floor_ms
        late = (sample for sample in taken if sample.at_ms < reached_ms)
        outputs += [TooLate(sample) for sample in late if sample.at_ms < floor_ms or id(sample) in fresh]
    first_ms = min((sample.at_ms for sample in new), default=None)
    earliest_ms = None if first_ms is None else first_ms - profile.reach_ms
    state = replace(state, history=history, now_ms=max(state.now_ms, now_ms))
    state = state if first_ms is None else state.before(first_ms)
    touched = [
        item.window.start_ms
        for item in state.provisional
        if state.is_restored or (earliest_ms is not None and earliest_ms < item.window.end_ms)
    ]
    if state.now_ms < state.quiet_until_ms and not touched:
        return state, tuple(outputs)
    ending = _Judge(state, profile, calendar, {each.start_ms: each for each in (state.segments, *state.ended)})
    settled: list[ProvisionalWindow] = []
    final_until_ms = state.final_until_ms
    known = {item.window.start_ms: item for item in state.provisional}
    for window in ending.ended():
        item = known.get(window.start_ms)
        if item is None or window.start_ms in touched:
            item, said = ending.settle(window, item)
            outputs += said
        if state.now_ms >= window.end_ms + max(profile.final_after_ms, profile.reach_ms) and not settled:
            kept = history.advanced(max(window.start_ms, history.horizon_ms)).until(window.end_ms + MARGIN_MS)
            outputs.append(WindowFinal(ending.result(window, WindowStatus.FINAL, item.revision), kept))
            final_until_ms = window.end_ms
        else:
            settled.append(item)
    if final_until_ms is not None and final_until_ms != state.final_until_ms:
        history = history.advanced(final_until_ms)
    settled_state = UnitState(
        history,
        state.now_ms,
        tuple(settled),
        final_until_ms,
        ending.quiet_until(settled),
        segments=state.segments,
        ended=ending.known_of(item.window for item in settled),
    )
    return settled_state, tuple(outputs)


def current(state: UnitState, profile: UnitProfile, calendar: WorkCalendar) -> WindowResult | None:
    """The result so far of the window that business time is in; None when nothing is scheduled."""
    window = window_at(calendar, state.now_ms)
    if window is None:
        return None
    evaluation = evaluate(
        state.history,
        profile,
        calendar,
        start_ms=max(window.start_ms, state.history.horizon_ms),
        end_ms=window.end_ms,
        now_ms=state.now_ms,
    )
    return WindowResult(window, WindowStatus.OPEN, 0, None, evaluation)


def look(
    state: UnitState, profile: UnitProfile, calendar: WorkCalendar, *, cut_pieces: int = CUT_PIECES
) -> tuple[UnitState, WindowResult | None]:
    """The same as `current`, and a state that remembers what need not be judged again with the next look.

    Args:
        state: what is remembered.
        profile: how the unit is judged.
        calendar: its work calendar.
        cut_pieces: how much may be judged with every look (`segments`).
    """
    window = window_at(calendar, state.now_ms)
    if window is None:
        return state, None
    start_ms = max(window.start_ms, state.history.horizon_ms)
    known = state.segments if state.segments.start_ms == start_ms else Segments(start_ms)
    evaluation, known = judge(
        state.history,
        profile,
        calendar,
        end_ms=window.end_ms,
        now_ms=state.now_ms,
        known=known,
        cut_pieces=cut_pieces,
    )
    return replace(state, segments=known), WindowResult(window, WindowStatus.OPEN, 0, None, evaluation)


@dataclass(frozen=True, slots=True)
class _Judge:
    """A state and what it is judged by.

    Attributes:
        known: what is judged already, by where it begins, in ms.
    """

    state: UnitState
    profile: UnitProfile
    calendar: WorkCalendar
    known: dict[int, Segments]

    def ended(self) -> list[Window]:
        """Windows that have ended so long ago that no stop at their end can still turn out to be minor."""
        horizon_ms, now_ms = self.state.history.horizon_ms, self.state.now_ms
        return [
            window
            for window in windows_between(self.calendar, horizon_ms, now_ms)
            if window.start_ms >= horizon_ms and window.end_ms + self.profile.settled_after_ms <= now_ms
        ]

    def quiet_until(self, provisional: Iterable[ProvisionalWindow]) -> int:
        """The next time at which a window ends for good or becomes final, in ms; at most a day ahead."""
        now_ms = self.state.now_ms
        final_after_ms = max(self.profile.final_after_ms, self.profile.reach_ms)
        moments = [item.window.end_ms + final_after_ms for item in provisional]
        moments += [
            window.end_ms + self.profile.settled_after_ms
            for window in windows_between(self.calendar, self.state.history.horizon_ms, now_ms + _DAY_MS)
        ]
        return min((moment for moment in moments if moment > now_ms), default=now_ms + _DAY_MS)

    def settle(self, window: Window, before: ProvisionalWindow | None) -> tuple[ProvisionalWindow, tuple[Output, ...]]:
        """Judge an ended window, for the first time or again, and say so if that says something new."""
        result = self.result(window, WindowStatus.PROVISIONAL, 1 if before is None else before.revision + 1)
        totals, fingerprint = result.evaluation.totals, result.evaluation.fingerprint
        if before is None:
            return ProvisionalWindow(window, 1, totals, fingerprint), (WindowClosed(result),)
        if (totals, fingerprint) == (before.totals, before.fingerprint):
            return before, ()
        revised = replace(result, supersedes=before.revision, before=before.totals)
        return ProvisionalWindow(window, result.revision, totals, fingerprint), (WindowRevised(revised),)

    def result(self, window: Window, status: WindowStatus, revision: int) -> WindowResult:
        """What there is to say about a window now."""
        start_ms = self._start_ms(window)
        evaluation, self.known[start_ms] = judge(
            self.state.history,
            self.profile,
            self.calendar,
            end_ms=window.end_ms,
            now_ms=self.state.now_ms,
            known=self.known.get(start_ms, Segments(start_ms)),
        )
        return WindowResult(window, status, revision, None, evaluation)

    def known_of(self, windows: Iterable[Window]) -> tuple[Segments, ...]:
        """What is judged already of some windows."""
        return tuple(self.known[start_ms] for start_ms in map(self._start_ms, windows) if start_ms in self.known)

    def _start_ms(self, window: Window) -> int:
        return max(window.start_ms, self.state.history.horizon_ms)
