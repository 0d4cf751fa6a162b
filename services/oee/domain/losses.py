"""The loss ledger: every ms of planned busy time and every unit goes to good production or to exactly one loss.

Time that stood still goes to the loss of its reason. Production time goes to good units at their ideal cycle, to units
that were not good, to minor stops, and what is left is lost speed; where more was made than the ideal cycle allows,
that is below zero, so that the sum still is the planned busy time (six big losses after Nakajima).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType

from namespace.isa95 import LossClass, ReasonTree
from services.oee.domain.classification import Cause, Element
from services.oee.domain.evaluation import Evaluation
from services.oee.domain.kpi import Totals
from services.oee.domain.state_log import StateInterval

NO_IDEAL_CYCLE = "no ideal cycle"
"""Stands in place of a reason where production time cannot be told from lost speed."""

_BY_CAUSE: Mapping[Cause | None, LossClass] = MappingProxyType(
    {
        Cause.HELD: LossClass.FAILURE,
        Cause.FAILURE: LossClass.FAILURE,
        Cause.STOPPED: LossClass.FAILURE,
        Cause.NO_COUNT: LossClass.FAILURE,
        Cause.SERVICE: LossClass.FAILURE,
        Cause.BLOCKED: LossClass.IDLING,
        Cause.STARVED: LossClass.IDLING,
        Cause.SUSPENDED: LossClass.IDLING,
        Cause.SETUP: LossClass.SETUP,
        Cause.CHANGEOVER: LossClass.SETUP,
        Cause.NO_ORDER: LossClass.NO_ORDER,
        Cause.NO_DATA: LossClass.UNKNOWN,
    }
)
_BY_ELEMENT = {Element.AUST: LossClass.SETUP, Element.ADOT: LossClass.NO_ORDER, Element.UNKNOWN: LossClass.UNKNOWN}

LossKey = tuple[LossClass | None, str]
"""Loss, or None for good production; reason code, else the machine's cause in words, else empty."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What went to one place of the ledger.

    Attributes:
        time_ms: exact; below zero only for speed.
        units: units made.
        stops: how often; intervals that follow one another without a break are one.
    """

    time_ms: Fraction = Fraction(0)
    units: int = 0
    stops: int = 0

    def __add__(self, other: Lost) -> Lost:
        return Lost(self.time_ms + other.time_ms, self.units + other.units, self.stops + other.stops)


@dataclass(frozen=True)
class Ledger:
    """Where planned busy time and all units went.

    Attributes:
        entries: by loss and reason; what got nothing is left out.
    """

    entries: Mapping[LossKey, Lost] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def busy_ms(self) -> Fraction:
        """All of it: the planned busy time."""
        return sum((lost.time_ms for lost in self.entries.values()), Fraction(0))

    @property
    def units(self) -> int:
        """All units: the produced quantity."""
        return sum(lost.units for lost in self.entries.values())

    def of(self, loss: LossClass | None) -> Lost:
        """What went to one loss, whatever its reason; None: to good production."""
        return sum((lost for (kind, _), lost in self.entries.items() if kind is loss), Lost())

    def pareto(self, *, by_count: bool = False) -> list[tuple[LossKey, Lost]]:
        """The losses, the greatest first, by time or by number of stops."""
        lost = [(key, value) for key, value in self.entries.items() if key[0] is not None]
        return sorted(lost, key=lambda pair: -(pair[1].stops if by_count else pair[1].time_ms))

    def __add__(self, other: Ledger) -> Ledger:
        entries = dict(self.entries)
        for key, lost in other.entries.items():
            entries[key] = entries.get(key, Lost()) + lost
        return Ledger(entries)


def ledger(evaluation: Evaluation, reasons: ReasonTree, *, unknown_is_delay: bool) -> Ledger:
    """Assign a judged stretch of time.

    Args:
        evaluation: its state log and counts.
        reasons: what kind of loss each reason is.
        unknown_is_delay: whether time without data is planned busy time.
    """
    entries: dict[LossKey, Lost] = {}

    def add(key: LossKey, lost: Lost) -> None:
        if lost != Lost():
            entries[key] = entries.get(key, Lost()) + lost

    minor_ms = 0
    before: tuple[int, LossKey] | None = None
    for interval in evaluation.log:
        if not is_lost(interval, unknown_is_delay=unknown_is_delay):
            continue
        key: LossKey = (loss_of(interval, reasons), reason_of(interval))
        goes_on = before == (interval.start_ms, key)
        add(key, Lost(Fraction(interval.length_ms), 0, 0 if goes_on else 1))
        before = interval.end_ms, key
        minor_ms += interval.length_ms if interval.minor_stop else 0
    for to, lost in _production(evaluation.totals, minor_ms):
        add(to, lost)
    return Ledger(entries)


def loss_of(interval: StateInterval, reasons: ReasonTree) -> LossClass:
    """The loss that an interval of lost time goes to: that of its reason, of its cause, of its element."""
    reason = None if interval.reason is None else reasons.reasons.get(interval.reason)
    if reason is not None and reason.loss is not None:
        return reason.loss
    if interval.minor_stop:
        return LossClass.IDLING
    if interval.element in _BY_ELEMENT:
        return _BY_ELEMENT[interval.element]
    return _BY_CAUSE.get(interval.cause, LossClass.FAILURE)


def reason_of(interval: StateInterval) -> str:
    """The code of an interval's reason, else the machine's cause in words."""
    if interval.reason is not None:
        return interval.reason
    return interval.cause.value if interval.cause else ""


def is_lost(interval: StateInterval, *, unknown_is_delay: bool) -> bool:
    """Whether an interval is lost time of the planned busy time, minor stops included."""
    if interval.element is Element.UNKNOWN:
        return unknown_is_delay and interval.cause is not Cause.NOT_OBSERVED
    return interval.is_stop


def _production(totals: Totals, minor_ms: int) -> Iterable[tuple[LossKey, Lost]]:
    """Where production time without minor stops went, and all units."""
    produced, running_ms = totals.produced, Fraction(totals.elements.apt - minor_ms)
    not_good = produced.pq - produced.gq
    startup = min(produced.startup, not_good)
    if totals.ideal_time_ms is None:
        yield (LossClass.UNKNOWN, NO_IDEAL_CYCLE), Lost(running_ms)
        yield (None, ""), Lost(units=produced.gq)
        yield (LossClass.START_UP, ""), Lost(units=startup)
        yield (LossClass.DEFECTS, ""), Lost(units=not_good - startup)
        return
    good_ms = startup_ms = defects_ms = Fraction(0)
    left_good, left_startup = produced.gq, startup
    for key, units in totals.products:
        ideal = key.ideal_cycle_ms or Fraction(0)
        good, early = min(units.gq, left_good), min(units.startup, units.pq - units.gq, left_startup)
        left_good, left_startup = left_good - good, left_startup - early
        good_ms += ideal * good
        startup_ms += ideal * early
        defects_ms += ideal * (units.pq - good - early)
    yield (None, ""), Lost(good_ms, produced.gq)
    yield (LossClass.START_UP, ""), Lost(startup_ms, startup)
    yield (LossClass.DEFECTS, ""), Lost(defects_ms, not_good - startup)
    yield (LossClass.SPEED, ""), Lost(running_ms - good_ms - startup_ms - defects_ms)
