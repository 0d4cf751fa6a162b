"""Stops that a state number does not show as they are: running without counting, and stops too short to matter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from services.oee.domain.classification import Cause, Element, Verdict
from services.oee.domain.counter import CounterTrack
from services.oee.domain.pieces import Piece

_NO_COUNT = Verdict(Element.ADET, Cause.NO_COUNT)


def with_uncounted_runs(found: Iterable[Piece], processed: CounterTrack, longest_ms: int | None) -> Iterator[Piece]:
    """Pieces in which a unit that says that it runs, and counts nothing for too long, is delayed since its last unit.

    Args:
        found: pieces without gap.
        processed: the counter of all units.
        longest_ms: longest time between two units of a running machine; None: it may take any time.
    """
    for is_run, group in groupby(found, key=lambda piece: piece.verdict.element is Element.APT):
        run = list(group)
        if not is_run or longest_ms is None:
            yield from run
            continue
        start_ms, end_ms = run[0].start_ms, run[-1].end_ms
        edges = [start_ms, *(at_ms for at_ms, _ in processed.steps(start_ms, end_ms)), end_ms]
        gaps = [(one, other) for one, other in pairwise(edges) if other - one > longest_ms]
        for piece in run:
            yield from _cut(piece, gaps)


def with_minor_stops(found: list[Piece], threshold_ms: int) -> list[Piece]:
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


def _cut(piece: Piece, gaps: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    """A running piece, without what lies in a gap, and the gaps' parts of it as delay."""
    reached = piece.start_ms
    if not gaps:
        yield piece
        return
    for gap_start, gap_end in gaps:
        start, end = max(gap_start, reached), min(gap_end, piece.end_ms)
        if start >= end:
            continue
        if start > reached:
            yield replace(piece, start_ms=reached, end_ms=start)
        yield replace(piece, start_ms=start, end_ms=end, verdict=_NO_COUNT, by_rule=True)
        reached = end
    if reached < piece.end_ms:
        yield replace(piece, start_ms=reached)
