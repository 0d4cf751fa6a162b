"""Judging a window while it goes on, again and again, without judging its beginning each time.

A window is cut into segments where nothing reaches across: while the unit runs, and no stop or changeover is under way or can still begin
before. Each segment is judged once; only what comes after the last cut is judged with every look. A sample for the past takes the segments
back that it may concern. The result is the one of `evaluate`, whatever was cut and taken back.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from namespace.isa95 import Changeover, WorkCalendar
from services.oee.domain.changeover import production_runs
from services.oee.domain.classification import Element
from services.oee.domain.evaluation import Evaluation, Judged, judged
from services.oee.domain.history import History
from services.oee.domain.kpi import Totals
from services.oee.domain.pieces import Piece, Sweep, held_at
from services.oee.domain.profile import UnitProfile
from services.oee.domain.state_log import append_interval

CUT_PIECES = 24
"""Pieces after the last cut before the next is looked for."""

SETTLED_MS = 3_000
"""How long before the present the latest cut is: most samples that come late are not later than that."""


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
    while True:
        last = known.parts[-1] if known.parts else None
        found = judged(
            history,
            profile,
            calendar,
            start_ms=known.start_ms if last is None else last.end_ms,
            end_ms=end_ms,
            now_ms=now_ms,
            at_start=None if last is None else last.held,
        )
        reaches_back = last is not None and any(each.start_ms < last.end_ms for each in found.changeovers)
        if not reaches_back:
            break
        known = known.before(min(each.start_ms for each in found.changeovers))
    evaluation = known.with_rest(found.evaluation)
    if len(found.found) > cut_pieces:
        cut_ms = _cut(found, history, profile, min(now_ms - SETTLED_MS, end_ms - 1))
        if cut_ms is not None:
            known = known.and_also(_segment(history, profile, calendar, known, cut_ms))
    return evaluation, known


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


def _segment(history: History, profile: UnitProfile, calendar: WorkCalendar, known: Segments, cut_ms: int) -> Segment:
    last = known.parts[-1] if known.parts else None
    start_ms = known.start_ms if last is None else last.end_ms
    part = judged(
        history,
        profile,
        calendar,
        start_ms=start_ms,
        end_ms=cut_ms,
        now_ms=cut_ms,
        at_start=None if last is None else last.held,
    )
    held = held_at(history, cut_ms, profile.state_model, None if last is None else (last.end_ms, last.held))
    return Segment(cut_ms, held, part.evaluation)


def _cut(found: Judged, history: History, profile: UnitProfile, latest_ms: int) -> int | None:
    """The latest time up to `latest_ms` at which nothing reaches across, or None."""
    first_ms = found.evaluation.start_ms
    for piece in reversed(found.found):
        cut_ms = min(piece.end_ms - 1, latest_ms)
        if cut_ms <= max(piece.start_ms, first_ms):
            continue
        if not _is_plain(piece) or not _is_between_changeovers(piece, found, history, cut_ms, profile):
            continue
        if profile.no_count_after_ms is not None:
            steps = history.processed.steps(max(piece.start_ms, first_ms) + 1, cut_ms + 1)
            cut_ms = max((at_ms for at_ms, _ in steps), default=first_ms)
            if cut_ms <= first_ms:
                continue
        return cut_ms
    return None


def _is_plain(piece: Piece) -> bool:
    """Whether it is production by the machine's own word, and so no part of a stop."""
    verdict = piece.verdict
    return verdict.element is Element.APT and not (verdict.can_be_minor or piece.minor_stop or piece.by_rule)


def _is_between_changeovers(piece: Piece, found: Judged, history: History, cut_ms: int, profile: UnitProfile) -> bool:
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
    began = next((mark for start, end, mark in production_runs(found.found) if start <= cut_ms < end), None)
    return began is not None and began.material == piece.mark.material
