"""Judging a window while it goes on, again and again, without judging its beginning each time.

A window is cut into segments where nothing reaches across: while the unit runs, and no stop or changeover is under way or can still begin
before. Each segment is judged once; only what comes after the last cut is judged with every look. A sample for the past takes the segments
back that it may concern. Where much is to be judged at once, as after a restart, it is gone through in strides, as if looked at on the
way, so that segments stay small. The result is the one of `evaluate`, whatever was cut and taken back.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from namespace.isa95 import Changeover, WorkCalendar
from services.oee.domain.changeover import Stretch, production_runs
from services.oee.domain.classification import Element
from services.oee.domain.evaluation import Evaluation, judged
from services.oee.domain.history import History
from services.oee.domain.kpi import Totals
from services.oee.domain.pieces import Piece, Sweep, held_at
from services.oee.domain.profile import UnitProfile
from services.oee.domain.sample import JobMark
from services.oee.domain.state_log import append_interval, pieces

CUT_PIECES = 24
"""Pieces after the last cut before the next is looked for."""

SETTLED_MS = 3_000
"""How long before the present the latest cut is: most samples that come late are not later than that."""

_STRIDE = 8
"""How many times as many samples as pieces between two cuts are judged at once."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a window that was judged, up to a cut.

    Attributes:
        end_ms: the cut.
        held: what holds at the cut.
        evaluation: of this part alone.
    """

    end_ms: int
    held: Sweep
    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class Segments:
    """The judged beginning of the window that starts at `start_ms`.

    Attributes:
        parts: in order of time, without gap.
        whole: of all parts together, or None where there is none.
    """

    start_ms: int
    parts: tuple[Segment, ...] = ()
    whole: Evaluation | None = None

    def before(self, at_ms: int) -> Segments:
        """Those that what is known only now of `at_ms` does not concern."""
        if not self.parts or self.parts[-1].end_ms < at_ms:
            return self
        kept = tuple(part for part in self.parts if part.end_ms < at_ms)
        return Segments(self.start_ms, kept, together([part.evaluation for part in kept]) if kept else None)

    def and_also(self, part: Segment) -> Segments:
        """With one more part."""
        return Segments(self.start_ms, (*self.parts, part), self.with_rest(part.evaluation))

    def with_rest(self, rest: Evaluation) -> Evaluation:
        """All parts and what follows them as one evaluation."""
        return rest if self.whole is None else together([self.whole, rest])


def judge(
    history: History,
    profile: UnitProfile,
    calendar: WorkCalendar,
    *,
    end_ms: int,
    now_ms: int,
    known: Segments,
    cut_pieces: int = CUT_PIECES,
) -> tuple[Evaluation, Segments]:
    """Judge a window as `evaluate` does.

    Args:
        history: all samples.
        profile: how the unit is judged.
        calendar: what was planned.
        end_ms: end of the window, exclusive.
        now_ms: business time.
        known: what is judged already, of this history or one that lacks later samples.
        cut_pieces: pieces after the last cut before the next is looked for.

    Returns:
        The evaluation from `known.start_ms` on, and what need not be judged again.
    """
    samples = _STRIDE * cut_pieces
    while True:
        start_ms, held = (known.start_ms, None) if not known.parts else (known.parts[-1].end_ms, known.parts[-1].held)
        until_ms = _strode(history, start_ms, samples, now_ms)
        found, changeovers = pieces(history, profile, start_ms, max(until_ms, start_ms), held)
        if held is not None and any(each.start_ms < start_ms for each in changeovers):
            known = known.before(min(each.start_ms for each in changeovers))
            samples *= 2
            continue
        evaluation = None
        if until_ms == now_ms:
            evaluation = known.with_rest(
                judged(found, changeovers, history, profile, calendar, start_ms=start_ms, end_ms=end_ms, now_ms=now_ms)
            )
        cut_ms = None
        if len(found) > cut_pieces:
            latest_ms = min(until_ms - (1 if evaluation is None else SETTLED_MS), end_ms - 1)
            cut_ms = _cut(found, start_ms, history, profile, latest_ms)
        if cut_ms is not None:
            part = _up_to(found, changeovers, history, profile, calendar, start_ms=start_ms, cut_ms=cut_ms)
            now_held = held_at(history, cut_ms, profile.state_model, None if held is None else (start_ms, held))
            known = known.and_also(Segment(cut_ms, now_held, part))
        samples = samples * 2 if cut_ms is None else _STRIDE * cut_pieces
        if evaluation is not None:
            return evaluation, known


def _strode(history: History, start_ms: int, samples: int, now_ms: int) -> int:
    """How far a stride of so many samples goes from `start_ms`, in ms; `now_ms` where that is the next."""
    ends = []
    for column in (history.signals, history.marks):
        last = bisect_left(column, start_ms, key=lambda sample: sample.at_ms) + samples
        if last < len(column):
            ends.append(column[last].at_ms)
    return min([now_ms, *(end for end in ends if end > start_ms)])


def together(parts: Sequence[Evaluation]) -> Evaluation:
    """Evaluations that follow one another, at least one, as one."""
    log = list(parts[0].log)
    for part in parts[1:]:
        for interval in part.log[:1]:
            append_interval(log, interval)
        log += part.log[1:]
    totals = Totals.summed([part.totals for part in parts])
    found = replace(parts[0], end_ms=parts[-1].end_ms, totals=totals, log=tuple(log))
    vars(found)["told_since_ms"] = _told_since_ms(parts)  # carried along, as the sums of the totals are
    return found


def _told_since_ms(parts: Sequence[Evaluation]) -> int | None:
    since_ms, told = None, None
    for part in reversed([part for part in parts if part.log]):
        if told is not None and part.log[-1].told != told:
            break
        since_ms, told = part.told_since_ms, part.log[-1].told
        if since_ms != part.log[0].start_ms:
            break
    return since_ms


def _up_to(
    found: Sequence[Piece],
    changeovers: Sequence[Stretch],
    history: History,
    profile: UnitProfile,
    calendar: WorkCalendar,
    *,
    start_ms: int,
    cut_ms: int,
) -> Evaluation:
    """Judge what lies before a cut; nothing reaches across, so the pieces are those that were found."""
    inside = [
        piece if piece.end_ms <= cut_ms else replace(piece, end_ms=cut_ms)
        for piece in found[: bisect_left(found, cut_ms, key=lambda piece: piece.start_ms)]
    ]
    return judged(inside, changeovers, history, profile, calendar, start_ms=start_ms, end_ms=cut_ms, now_ms=cut_ms)


def _cut(found: Sequence[Piece], start_ms: int, history: History, profile: UnitProfile, latest_ms: int) -> int | None:
    """The latest time from `start_ms` up to `latest_ms` at which nothing reaches across, or None."""
    runs = [] if profile.changeover is Changeover.NONE else list(production_runs(found))
    for piece in reversed(found):
        cut_ms = min(piece.end_ms - 1, latest_ms)
        if cut_ms <= max(piece.start_ms, start_ms):
            continue
        if not _is_plain(piece) or not _is_between_changeovers(piece, runs, history, cut_ms, profile):
            continue
        if profile.no_count_after_ms is not None:
            steps = history.processed.steps_back(max(piece.start_ms, start_ms) + 1, cut_ms + 1)
            cut_ms = next((at_ms for at_ms, _ in steps), start_ms)
            if cut_ms <= start_ms:
                continue
        return cut_ms
    return None


def _is_plain(piece: Piece) -> bool:
    """Whether it is production by the machine's own word, and so no part of a stop."""
    verdict = piece.verdict
    return verdict.element is Element.APT and not (verdict.can_be_minor or piece.minor_stop or piece.by_rule)


def _is_between_changeovers(
    piece: Piece, runs: Sequence[tuple[int, int, JobMark]], history: History, cut_ms: int, profile: UnitProfile
) -> bool:
    """Whether no changeover reaches across: an order is at work, of which the next changeover will know the material, and those before it
    are over, or the piece were not plain; or none has been at work for longer than a pause between orders may be.
    """
    if profile.changeover is Changeover.NONE:
        return True
    if piece.mark is None:
        first = bisect_left(history.marks, cut_ms - profile.changeover_gap_ms, key=lambda mark: mark.at_ms)
        return first == len(history.marks) or history.marks[first].at_ms > cut_ms
    if piece.mark.setup:
        return False
    began = next((mark for start, end, mark in runs if start <= cut_ms < end), None)
    return began is not None and began.material == piece.mark.material
