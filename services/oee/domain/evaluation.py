"""From samples to a judged stretch of time: state log, elements, counts.

Works for any stretch the history still covers, a shift or the last hour alike. The same history always gives
the same evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from namespace.isa95 import WorkCalendar
from services.oee.domain.classification import Cause, Element
from services.oee.domain.history import History
from services.oee.domain.kpi import Elements, Produced, ProductKey, Totals
from services.oee.domain.plan import plan_between
from services.oee.domain.profile import UnitProfile
from services.oee.domain.sample import JobMark
from services.oee.domain.state_log import Piece, StateInterval, pieces, state_log

_FIELDS = {
    Element.APT: "apt",
    Element.AUST: "aust",
    Element.ADET: "adet",
    Element.ADOT: "adot",
    Element.PDOT: "pdot",
    Element.NOT_SCHEDULED: "not_scheduled",
}


@dataclass(frozen=True)
class Evaluation:
    """A judged stretch of time, half-open `[start_ms, end_ms)`.

    Attributes:
        totals: elements and counts; key figures are its properties.
        log: the state log, without gap from `start_ms` to `end_ms`.
    """

    start_ms: int
    end_ms: int
    totals: Totals
    log: tuple[StateInterval, ...]


def evaluate(
    history: History,
    profile: UnitProfile,
    calendar: WorkCalendar,
    *,
    start_ms: int,
    end_ms: int,
    now_ms: int,
) -> Evaluation:
    """Judge a stretch of time as far as it has passed.

    Args:
        history: all samples; its floor must not be after `start_ms`.
        profile: how the unit is judged.
        calendar: what was planned.
        start_ms: first ms.
        end_ms: end, exclusive.
        now_ms: business time; what lies after it is not judged yet, but a reading made at this very time
            counts.

    Returns:
        The evaluation of `[start_ms, min(end_ms, now_ms))`.
    """
    reached_ms = max(start_ms, min(end_ms, now_ms))
    found = pieces(history, start_ms, max(now_ms, start_ms), profile.microstop_threshold_ms)
    log = state_log(found, plan_between(calendar, start_ms, reached_ms)) if start_ms < reached_ms else []
    counted_ms = min(end_ms, now_ms + 1)
    products = _count(history, profile, _products(found, start_ms, counted_ms))
    totals = Totals(_elements(log, unknown_is_delay=profile.unknown_is_delay), products)
    return Evaluation(start_ms, reached_ms, totals, tuple(log))


def _elements(log: Iterable[StateInterval], *, unknown_is_delay: bool) -> Elements:
    sums = dict.fromkeys(_FIELDS.values(), 0)
    stale = unknown = 0
    for interval in log:
        if interval.element is not Element.UNKNOWN:
            sums[_FIELDS[interval.element]] += interval.length_ms
        elif unknown_is_delay and interval.cause is not Cause.NOT_OBSERVED:
            stale += interval.length_ms
        else:
            unknown += interval.length_ms
    sums["adet"] += stale
    return Elements(**sums, unknown_as_adet=stale, unknown=unknown)


def _products(found: Sequence[Piece], start_ms: int, end_ms: int) -> list[tuple[int, int, JobMark | None]]:
    """Which job order units counted at a time belong to: `(start_ms, end_ms, mark)` without gap."""
    stretches: list[tuple[int, int, JobMark | None]] = []
    for mark, group in groupby(found, key=lambda piece: piece.mark):
        run = list(group)
        start, end = max(run[0].start_ms, start_ms), min(run[-1].end_ms, end_ms)
        if start < end:
            stretches.append((start, end, mark))
    reached = stretches[-1][1] if stretches else start_ms
    if reached < end_ms:
        stretches.append((reached, end_ms, stretches[-1][2] if stretches else None))
    return stretches


def _count(
    history: History, profile: UnitProfile, stretches: Iterable[tuple[int, int, JobMark | None]]
) -> tuple[tuple[ProductKey, Produced], ...]:
    products: dict[ProductKey, Produced] = {}
    for start_ms, end_ms, mark in stretches:
        pq = history.processed.counted(start_ms, end_ms)
        sq = history.defective.counted(start_ms, end_ms) if profile.defective is not None else 0
        if pq or sq:
            key = _product(profile, mark)
            products[key] = products.get(key, Produced()) + Produced(pq, sq)
    return tuple(products.items())


def _product(profile: UnitProfile, mark: JobMark | None) -> ProductKey:
    if mark is None:
        return ProductKey(None, None, profile.ideal_cycle_ms)
    ideal = profile.ideal_cycle_for(mark.material) if mark.ideal_cycle_ms is None else mark.ideal_cycle_ms
    return ProductKey(mark.job_order, mark.material, ideal)
