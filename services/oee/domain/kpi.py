"""Key figures out of time elements and counts, as exact fractions (ISO 22400-2).

Totals of several shifts or units are added first and divided then; there is no average of ratios here. A
figure that is not defined is None with the reason, never 0 or 1. Nothing is rounded or capped: that is for
whoever shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from functools import cached_property


class Undefined(Enum):
    """Why a figure has no value."""

    NO_BUSY_TIME = "no planned busy time"
    NO_PRODUCTION_TIME = "no production time"
    NO_PROCESSING_TIME = "no processing time"
    NOTHING_PRODUCED = "nothing produced"
    NO_IDEAL_CYCLE = "no ideal cycle time"
    MORE_DEFECTIVE_THAN_PROCESSED = "more defective than processed units"
    NO_TIME = "no time"
    NO_SINGLE_ORDER = "not about one job order"
    NO_FAILURES_TOLD = "failures are not told apart by job order"
    NO_FAILURE = "no failure"
    NO_LINE = "not about a line"


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure: a value, or the reason why there is none."""

    value: Fraction | None
    reason: Undefined | None = None

    def __mul__(self, other: Figure) -> Figure:
        if self.value is None:
            return self
        return other if other.value is None else Figure(self.value * other.value)


def ratio(numerator: Fraction | int, denominator: int, reason: Undefined) -> Figure:
    """A quotient as a figure; undefined for `reason` where the denominator is 0."""
    return Figure(Fraction(numerator, denominator)) if denominator else Figure(None, reason)


@dataclass(frozen=True, slots=True)
class Elements:
    """Time by element, in ms (ISO 22400-2, time model for work units).

    Attributes:
        apt: actual production time.
        aust: actual unit setup time.
        adet: actual unit delay time, unknown time that counts as delay included.
        adot: actual unit down time: available, no order running.
        pdot: planned down time.
        not_scheduled: outside the planned operation time.
        unknown_as_adet: the part of `adet` for which there is no data.
        unknown: time without data that counts as nothing.
    """

    apt: int = 0
    aust: int = 0
    adet: int = 0
    adot: int = 0
    pdot: int = 0
    not_scheduled: int = 0
    unknown_as_adet: int = 0
    unknown: int = 0

    @property
    def aupt(self) -> int:
        """Actual unit processing time: production and setup."""
        return self.apt + self.aust

    @property
    def aubt(self) -> int:
        """Actual unit busy time: processing and delay."""
        return self.aupt + self.adet

    @property
    def pbt(self) -> int:
        """Planned busy time: busy and down."""
        return self.aubt + self.adot

    @property
    def pot(self) -> int:
        """Planned operation time: busy and planned down; time that counts as nothing is not in it."""
        return self.pbt + self.pdot

    @property
    def total(self) -> int:
        """All of it: the length of the calendar time it was taken from."""
        return self.pot + self.not_scheduled + self.unknown

    @property
    def completeness(self) -> Figure:
        """Share of the time to be judged for which there is data."""
        judged = self.pbt + self.unknown
        return ratio(judged - self.unknown_as_adet - self.unknown, judged, Undefined.NO_BUSY_TIME)

    def __add__(self, other: Elements) -> Elements:
        return Elements(
            self.apt + other.apt,
            self.aust + other.aust,
            self.adet + other.adet,
            self.adot + other.adot,
            self.pdot + other.pdot,
            self.not_scheduled + other.not_scheduled,
            self.unknown_as_adet + other.unknown_as_adet,
            self.unknown + other.unknown,
        )


@dataclass(frozen=True, slots=True)
class ProductKey:
    """What was made, and how fast it should have been.

    Attributes:
        job_order: id, or None if no job order ran.
        material: material definition id, or None.
        ideal_cycle_ms: planned run time per unit (PRI) in ms, or None.
    """

    job_order: str | None
    material: str | None
    ideal_cycle_ms: Fraction | None


@dataclass(frozen=True, slots=True)
class Produced:
    """Units of one product; none of the numbers is negative.

    Attributes:
        pq: produced quantity: all units processed.
        sq: scrap quantity: the defective ones.
        rq: rework quantity.
        startup: the part of `sq` that was made in a changeover.
    """

    pq: int = 0
    sq: int = 0
    rq: int = 0
    startup: int = 0

    @property
    def gq(self) -> int:
        """Good quantity: right the first time; 0 where more were defective than processed."""
        return max(self.pq - self.sq - self.rq, 0)

    def __add__(self, other: Produced) -> Produced:
        return Produced(self.pq + other.pq, self.sq + other.sq, self.rq + other.rq, self.startup + other.startup)


@dataclass(frozen=True)
class Totals:
    """Elements and counts of a window, of several, or of several units: what key figures are made of.

    Attributes:
        elements: time by element.
        products: units by product; products of which nothing was counted are left out.
    """

    elements: Elements = Elements()
    products: tuple[tuple[ProductKey, Produced], ...] = field(default=())

    def __add__(self, other: Totals) -> Totals:
        return other if self == _NOTHING else Totals.summed((self, other))

    @classmethod
    def summed(cls, parts: Sequence[Totals]) -> Totals:
        """The totals of all parts together, at least one; fastest where the first is the largest."""
        elements, products, produced = parts[0].elements, dict(parts[0].by_product), parts[0].produced
        ideal_ms = parts[0].ideal_time_ms
        for part in parts[1:]:
            elements = elements + part.elements
            if not part.products:
                continue
            produced = produced + part.produced
            ideal_ms = None if ideal_ms is None or part.ideal_time_ms is None else ideal_ms + part.ideal_time_ms
            for key, units in part.products:
                products[key] = products[key] + units if key in products else units
        found = cls(elements, tuple(products.items()))
        known = {"by_product": products, "produced": produced, "ideal_time_ms": ideal_ms}
        vars(found).update(known)  # of many products the sums take much longer to find than to carry along
        return found

    @cached_property
    def by_product(self) -> dict[ProductKey, Produced]:
        """The products, to look one up."""
        return dict(self.products)

    @cached_property
    def produced(self) -> Produced:
        """Units of all products together."""
        return sum((units for _, units in self.products), Produced())

    @cached_property
    def ideal_time_ms(self) -> Fraction | None:
        """Sum of PRI x PQ over the products in ms; None if one that was made has no ideal cycle."""
        total = Fraction(0)
        for key, units in self.products:
            if key.ideal_cycle_ms is None and units.pq:
                return None
            total += (key.ideal_cycle_ms or 0) * units.pq
        return total

    @cached_property
    def availability(self) -> Figure:
        """APT / PBT (ISO 22400-2, availability)."""
        return ratio(self.elements.apt, self.elements.pbt, Undefined.NO_BUSY_TIME)

    @cached_property
    def effectiveness(self) -> Figure:
        """Sum of PRI x PQ / APT (ISO 22400-2, effectiveness); above 1 when the ideal cycle is too long."""
        ideal = self.ideal_time_ms
        if ideal is None:
            return Figure(None, Undefined.NO_IDEAL_CYCLE)
        return ratio(ideal, self.elements.apt, Undefined.NO_PRODUCTION_TIME)

    @cached_property
    def quality_ratio(self) -> Figure:
        """GQ / PQ (ISO 22400-2, quality ratio)."""
        units = self.produced
        if units.sq + units.rq > units.pq:
            return Figure(None, Undefined.MORE_DEFECTIVE_THAN_PROCESSED)
        return ratio(units.gq, units.pq, Undefined.NOTHING_PRODUCED)

    @property
    def scrap_ratio(self) -> Figure:
        """SQ / PQ (ISO 22400-2, scrap ratio)."""
        return ratio(self.produced.sq, self.produced.pq, Undefined.NOTHING_PRODUCED)

    @cached_property
    def oee(self) -> Figure:
        """Availability x effectiveness x quality ratio (ISO 22400-2, OEE index)."""
        return self.availability * self.effectiveness * self.quality_ratio

    @property
    def nee(self) -> Figure:
        """(AUPT / PBT) x effectiveness x quality ratio (ISO 22400-2, NEE index): setup is no loss."""
        processing = ratio(self.elements.aupt, self.elements.pbt, Undefined.NO_BUSY_TIME)
        return processing * self.effectiveness * self.quality_ratio

    @property
    def allocation_efficiency(self) -> Figure:
        """AUBT / PBT (ISO 22400-2, allocation efficiency)."""
        return ratio(self.elements.aubt, self.elements.pbt, Undefined.NO_BUSY_TIME)

    @property
    def utilization_efficiency(self) -> Figure:
        """APT / AUBT (ISO 22400-2, utilization efficiency)."""
        return ratio(self.elements.apt, self.elements.aubt, Undefined.NO_PROCESSING_TIME)

    @property
    def setup_ratio(self) -> Figure:
        """AUST / AUPT (ISO 22400-2, setup ratio)."""
        return ratio(self.elements.aust, self.elements.aupt, Undefined.NO_PROCESSING_TIME)

    @property
    def technical_efficiency(self) -> Figure:
        """APT / (APT + ADET) (ISO 22400-2, technical efficiency)."""
        elements = self.elements
        return ratio(elements.apt, elements.apt + elements.adet, Undefined.NO_PROCESSING_TIME)

    @property
    def teep(self) -> Figure:
        """OEE x PBT / calendar time; not in ISO 22400-2."""
        return self.oee * ratio(self.elements.pbt, self.elements.total, Undefined.NO_TIME)

    @property
    def ooe(self) -> Figure:
        """(APT / POT) x effectiveness x quality ratio; not in ISO 22400-2."""
        operating = ratio(self.elements.apt, self.elements.pot, Undefined.NO_TIME)
        return operating * self.effectiveness * self.quality_ratio

    @property
    def ideal_cycle_is_too_long(self) -> bool:
        """Whether more was made than the ideal cycle allows: a warning about master data, not an error."""
        value = self.effectiveness.value
        return value is not None and value > 1


_NOTHING = Totals()
