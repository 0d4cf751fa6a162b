"""Changeovers: from the last good unit of one order to the first good unit of the next, time is setup (ISO 22400-2, AUST).

Nobody has to say so: the orders tell what is made, the counters when. What failed or is not known in between stays what
it is, and so does a stretch without any order that is too long to be a changeover. A changeover of more than
`LIMIT_MS` from the start of the next order is a delay from there on, because something else is wrong then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, pairwise

from namespace.isa95 import Changeover
from services.oee.domain.classification import Cause, Element, Verdict
from services.oee.domain.counter import CounterTrack
from services.oee.domain.history import History
from services.oee.domain.pieces import Piece
from services.oee.domain.profile import UnitProfile
from services.oee.domain.sample import JobMark

LIMIT_MS = 2 * 3_600_000
"""Longest time from the start of an order to its first good unit that still counts as setup."""

_CHANGEOVER = Verdict(Element.AUST, Cause.CHANGEOVER)
_STAYS = frozenset({Cause.FAILURE, Cause.NO_DATA, Cause.NOT_OBSERVED, Cause.SERVICE})


@dataclass(frozen=True, slots=True)
class Stretch:
    """A changeover, half-open `[start_ms, end_ms)`.

    Attributes:
        mark: of the order it was made for: what is scrapped in it is that order's start-up scrap.
    """

    start_ms: int
    end_ms: int
    mark: JobMark


def changeovers(found: Sequence[Piece], history: History, profile: UnitProfile) -> list[Stretch]:
    """The changeovers in a row of pieces, in order of time.

    Args:
        found: pieces without gap.
        history: the same time's counts.
        profile: which changes of order count, and how long a pause between them may be.
    """
    if profile.changeover is Changeover.NONE:
        return []
    runs = list(production_runs(found))
    stretches: list[Stretch] = []
    for (_, before_end, before), (start, _, mark) in pairwise(runs):
        if start - before_end > profile.changeover_gap_ms or not _changes(before, mark, profile.changeover):
            continue
        first_good = _first_good(history, start, min(start + LIMIT_MS, found[-1].end_ms))
        last_good = _last_good(history, before_end - profile.changeover_gap_ms, before_end)
        begin = max(last_good, stretches[-1].end_ms if stretches else last_good)
        if begin < first_good:
            stretches.append(Stretch(begin, first_good, mark))
    return stretches


def with_changeovers(found: Sequence[Piece], stretches: Sequence[Stretch]) -> Iterator[Piece]:
    """The pieces with what lies in a changeover as setup."""
    first = 0
    for piece in found:
        while first < len(stretches) and stretches[first].end_ms <= piece.start_ms:
            first += 1
        reached = piece.start_ms
        for stretch in islice(stretches, first, None):
            if stretch.start_ms >= piece.end_ms:
                break
            start, end = max(stretch.start_ms, reached), min(stretch.end_ms, piece.end_ms)
            if start >= end or piece.verdict.cause in _STAYS or piece.verdict.element is Element.AUST:
                continue
            if start > reached:
                yield replace(piece, start_ms=reached, end_ms=start)
            yield replace(piece, start_ms=start, end_ms=end, verdict=_CHANGEOVER, minor_stop=False, by_rule=True)
            reached = end
        if reached == piece.start_ms:
            yield piece
        elif reached < piece.end_ms:
            yield replace(piece, start_ms=reached)


def production_runs(found: Iterable[Piece]) -> Iterator[tuple[int, int, JobMark]]:
    """Stretches of one production order each: `(start_ms, end_ms, mark)`; what has no order is left out."""
    run: tuple[int, int, JobMark] | None = None
    for piece in found:
        if piece.mark is None or piece.mark.setup:
            continue
        if run is not None and run[2].job_order == piece.mark.job_order:
            run = (run[0], piece.end_ms, run[2])
            continue
        if run is not None:
            yield run
        run = (piece.start_ms, piece.end_ms, piece.mark)
    if run is not None:
        yield run


def _changes(before: JobMark, after: JobMark, rule: Changeover) -> bool:
    if rule is Changeover.ORDER:
        return True
    return before.material is not None and after.material is not None and before.material != after.material


def _first_good(history: History, start_ms: int, limit_ms: int) -> int:
    """When the first unit from `start_ms` on was counted that was not defective, else `limit_ms`; `start_ms` where
    nothing is counted at all.
    """
    if not len(history.processed):
        return start_ms
    processed = 0
    for at_ms, units in history.processed.steps(start_ms, limit_ms):
        processed += units
        if processed > _scrapped(history.defective, start_ms, at_ms):
            return at_ms
    return limit_ms


def _last_good(history: History, earliest_ms: int, end_ms: int) -> int:
    """When the last unit before `end_ms` was counted that was not defective; `end_ms` where there was none since
    `earliest_ms`, because then the unit stood for another reason.
    """
    later: tuple[int, int] | None = None
    for step in chain(history.processed.steps_back(earliest_ms, end_ms), [(earliest_ms, 0)]):
        if later is not None and later[1] > history.defective.counted(step[0] + 1, later[0] + 1):
            return later[0]
        later = step
    return end_ms


def _scrapped(defective: CounterTrack, start_ms: int, at_ms: int) -> int:
    return defective.counted(start_ms, at_ms + 1)
