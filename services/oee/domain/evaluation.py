"""From samples to a judged stretch of time: state log, elements, counts.

Works for any stretch the history still covers, a shift or the last hour alike. The same history always gives
the same evaluation.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from hashlib import sha256
from itertools import groupby, islice, pairwise, takewhile

from namespace.isa95 import WorkCalendar
from services.oee.domain.changeover import Stretch
from services.oee.domain.classification import Cause, Element
from services.oee.domain.history import History
from services.oee.domain.kpi import Elements, Produced, ProductKey, Totals
from services.oee.domain.pieces import Piece
from services.oee.domain.plan import plan_between
from services.oee.domain.profile import UnitProfile
from services.oee.domain.sample import CycleMark, JobMark
from services.oee.domain.state_log import StateInterval, pieces, state_log

_FIELDS = {
    Element.APT: "apt",
    Element.AUST: "aust",
    Element.ADET: "adet",
    Element.ADOT: "adot",
    Element.PDOT: "pdot",
    Element.NOT_SCHEDULED: "not_scheduled",
}


OrderKey = tuple[str | None, str | None]
"""Job order and material, or None where none ran."""


@dataclass(frozen=True)
class Evaluation:
    """A judged stretch of time, half-open `[start_ms, end_ms)`.

    Attributes:
        totals: elements and counts; key figures are its properties.
        log: the state log, without gap from `start_ms` to `end_ms`.
        unknown_is_delay: whether time without data counts as delay.
    """

    start_ms: int
    end_ms: int
    totals: Totals
    log: tuple[StateInterval, ...]
    unknown_is_delay: bool = True

    @property
    def by_order(self) -> tuple[tuple[OrderKey, Totals], ...]:
        """The totals again, one part for each job order and ideal cycle; the parts add up to them."""
        intervals: dict[OrderKey, list[StateInterval]] = {}
        for interval in self.log:
            intervals.setdefault((interval.job_order, interval.material), []).append(interval)
        parts = {
            key: Totals(_elements(found, unknown_is_delay=self.unknown_is_delay)) for key, found in intervals.items()
        }
        for product, units in self.totals.products:
            key = (product.job_order, product.material)
            parts[key] = parts.get(key, Totals()) + Totals(products=((product, units),))
        return tuple(parts.items())

    @cached_property
    def told_since_ms(self) -> int | None:
        """Since when the log tells what it tells last, or None where it is empty."""
        since_ms = None
        for interval in reversed(self.log):
            if interval.told != self.log[-1].told:
                break
            since_ms = interval.start_ms
        return since_ms

    @property
    def fingerprint(self) -> str:
        """Equal for two evaluations if, and only if, their state logs are."""
        said = repr([(item.start_ms, item.end_ms, *item.meaning) for item in self.log])
        return sha256(said.encode()).hexdigest()[:32]


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
    found, changeovers = pieces(history, profile, start_ms, max(now_ms, start_ms))
    return judged(found, changeovers, history, profile, calendar, start_ms=start_ms, end_ms=end_ms, now_ms=now_ms)


def judged(
    found: Sequence[Piece],
    changeovers: Sequence[Stretch],
    history: History,
    profile: UnitProfile,
    calendar: WorkCalendar,
    *,
    start_ms: int,
    end_ms: int,
    now_ms: int,
) -> Evaluation:
    """Judge a stretch of time that is cut into pieces as `evaluate` does.

    Args:
        found: pieces without gap, from `start_ms` or before it up to `now_ms`.
        changeovers: those in the pieces.
        history: all samples.
        profile: how the unit is judged.
        calendar: what was planned.
        start_ms: first ms.
        end_ms: end, exclusive.
        now_ms: business time.
    """
    reached_ms = max(start_ms, min(end_ms, now_ms))
    plan = plan_between(calendar, start_ms, reached_ms) if start_ms < reached_ms else []
    log = state_log(found, plan, profile.reasons, history.words)
    made = _products(found, changeovers, start_ms, min(end_ms, now_ms + 1))
    products = tuple(_count(history, profile, made).items())
    totals = Totals(_elements(log, unknown_is_delay=profile.unknown_is_delay), products)
    return Evaluation(start_ms, reached_ms, totals, tuple(log), profile.unknown_is_delay)


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


@dataclass(frozen=True, slots=True)
class _Making:
    """A stretch in which what is counted belongs to one job order, half-open `[start_ms, end_ms)`."""

    start_ms: int
    end_ms: int
    mark: JobMark | None
    is_startup: bool = False


def _products(found: Sequence[Piece], changeovers: Sequence[Stretch], start_ms: int, end_ms: int) -> Iterator[_Making]:
    """Which job order units counted at a time belong to, without gap; in a changeover to the order it was made for."""
    reached, last = start_ms, None
    for mark, group in groupby(found, key=lambda piece: piece.mark):
        run = list(group)
        start, end = max(run[0].start_ms, start_ms), min(run[-1].end_ms, end_ms)
        if start < end:
            yield from _startups(_Making(start, end, mark), changeovers)
            reached, last = end, mark
    if reached < end_ms:
        yield from _startups(_Making(reached, end_ms, last), changeovers)


def _startups(making: _Making, changeovers: Sequence[Stretch]) -> Iterator[_Making]:
    first = bisect_right(changeovers, making.start_ms, key=lambda each: each.end_ms)
    over = list(takewhile(lambda each: each.start_ms < making.end_ms, islice(changeovers, first, None)))
    inside = {edge for each in over for edge in (each.start_ms + 1, each.end_ms)}
    edges = sorted(edge for edge in inside if making.start_ms < edge < making.end_ms)
    for start, end in pairwise([making.start_ms, *edges, making.end_ms]):
        stretch = next((each for each in over if each.start_ms < start < each.end_ms), None)
        yield _Making(start, end, making.mark if stretch is None else stretch.mark, stretch is not None)


def _count(history: History, profile: UnitProfile, stretches: Iterable[_Making]) -> dict[ProductKey, Produced]:
    products: dict[ProductKey, Produced] = {}
    for making in stretches:
        for start_ms, end_ms, key in _priced(making, history.cycles, profile):
            pq = history.processed.counted(start_ms, end_ms)
            sq = history.defective.counted(start_ms, end_ms) if profile.defective is not None else 0
            if pq or sq:
                found = Produced(pq, sq, startup=sq if making.is_startup else 0)
                products[key] = products.get(key, Produced()) + found
    return products


def _priced(
    making: _Making, cycles: Sequence[CycleMark], profile: UnitProfile
) -> Iterator[tuple[int, int, ProductKey]]:
    """A stretch cut where the ideal cycle of its product changes."""
    mark = making.mark
    material, job_order = (mark.material, mark.job_order) if mark else (None, None)
    edges = sorted({cycle.at_ms for cycle in cycles if making.start_ms < cycle.at_ms < making.end_ms})
    for start, end in pairwise([making.start_ms, *edges, making.end_ms]):
        yield start, end, ProductKey(job_order, material, _ideal(mark, cycles, start, profile))


def _ideal(mark: JobMark | None, cycles: Sequence[CycleMark], at_ms: int, profile: UnitProfile) -> Fraction | None:
    """The ideal cycle that holds at a time: the one a person said last for it, the order's own, the site file's."""
    material = mark.material if mark else None
    for wanted in dict.fromkeys((material, None)):
        said = [cycle for cycle in cycles if cycle.material == wanted and cycle.at_ms <= at_ms]
        if said:
            return said[-1].ideal_cycle_ms
    if mark is not None and mark.ideal_cycle_ms is not None:
        return mark.ideal_cycle_ms
    return profile.ideal_cycle_for(material)
