"""Key figures: published and recomputed examples, exact to the fraction.

Sources are named at each case; figures are fractions of the inputs, not rounded prints.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from services.oee.domain.kpi import Elements, Figure, Produced, ProductKey, Totals, Undefined

MINUTE = 60_000


def totals(elements: Elements, *products: tuple[Fraction | int | None, int, int]) -> Totals:
    """Totals of products given as (ideal cycle in ms, produced, scrap)."""
    keys = [
        ProductKey(f"JO-{nth}", None, None if ideal is None else Fraction(ideal))
        for nth, (ideal, _, _) in enumerate(products)
    ]
    return Totals(elements, tuple((key, Produced(pq, sq)) for key, (_, pq, sq) in zip(keys, products, strict=True)))


CASES = {
    "Vorne (oee.com): shift 480 min, breaks 60, stop 47, 1 s a unit, 19,271 of which 423 rejected": (
        totals(Elements(apt=373 * MINUTE, adet=47 * MINUTE, pdot=60 * MINUTE), (1000, 19_271, 423)),
        (Fraction(373, 420), Fraction(19_271, 22_380), Fraction(18_848, 19_271), Fraction(1178, 1575)),
    ),
    "Encyclopedia article on OEE: 450 min planned, 60 down, 1.5 min a unit, 242 of which 21 bad": (
        totals(Elements(apt=390 * MINUTE, adet=60 * MINUTE), (90_000, 242, 21)),
        (Fraction(13, 15), Fraction(121, 130), Fraction(221, 242), Fraction(221, 300)),
    ),
    "Nakajima, Introduction to TPM: 460 min loading, 60 down, 0.5 min a unit, 400 of which 8 bad": (
        totals(Elements(apt=400 * MINUTE, adet=60 * MINUTE), (30_000, 400, 8)),
        (Fraction(20, 23), Fraction(1, 2), Fraction(49, 50), Fraction(49, 115)),
    ),
    "Two products in one run: 200 at 10 s (190 good) and 600 at 4 s (588 good), 5,400 s of 7,200 s": (
        totals(Elements(apt=5_400_000, adet=1_800_000), (10_000, 200, 10), (4000, 600, 12)),
        (Fraction(3, 4), Fraction(22, 27), Fraction(389, 400), Fraction(4279, 7200)),
    ),
    "Ideal cycle longer than the actual: 330 units at 10 s in 3,000 s of 3,600 s": (
        totals(Elements(apt=3_000_000, adet=600_000), (10_000, 330, 0)),
        (Fraction(5, 6), Fraction(11, 10), Fraction(1), Fraction(11, 12)),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_published_examples_come_out_exactly(case: str) -> None:
    found, expected = CASES[case]
    figures = (found.availability, found.effectiveness, found.quality_ratio, found.oee)
    assert tuple(figure.value for figure in figures) == expected


def test_willmott_and_mccarthy_example() -> None:
    """TPM: A Route to World-Class Performance, p. 127: 910 min, 127 of stops, 203 cycles of 3 min."""
    found = totals(Elements(apt=783 * MINUTE, adet=127 * MINUTE), (3 * MINUTE, 203, 0))
    assert found.availability.value == Fraction(783, 910)
    assert found.effectiveness.value == Fraction(203, 261)


def test_the_whole_time_model_of_iso_22400() -> None:
    elements = Elements(
        apt=21_000_000,
        aust=1_800_000,
        adet=1_500_000,
        adot=2_700_000,
        pdot=1_800_000,
        not_scheduled=57_600_000,
    )
    found = Totals(elements, ((ProductKey("JO", None, Fraction(30_000)), Produced(640, 20, 12)),))
    assert (elements.aupt, elements.aubt, elements.pbt) == (22_800_000, 24_300_000, 27_000_000)
    assert (elements.pot, elements.total) == (28_800_000, 86_400_000)
    assert found.produced.gq == 608
    assert found.availability.value == Fraction(7, 9)
    assert found.effectiveness.value == Fraction(32, 35)
    assert found.quality_ratio.value == Fraction(19, 20)
    assert found.oee.value == Fraction(152, 225)
    assert found.nee.value == Fraction(5776, 7875)
    assert found.utilization_efficiency.value == Fraction(70, 81)
    assert found.allocation_efficiency.value == Fraction(9, 10)
    assert found.setup_ratio.value == Fraction(3, 38)
    assert found.technical_efficiency.value == Fraction(14, 15)
    assert found.teep.value == Fraction(19, 90)
    assert found.ooe.value == Fraction(19, 30)


def test_an_ideal_cycle_that_is_too_long_is_flagged_and_not_capped() -> None:
    found, _ = CASES["Ideal cycle longer than the actual: 330 units at 10 s in 3,000 s of 3,600 s"]
    assert found.ideal_cycle_is_too_long
    assert not totals(Elements(apt=10_000), (10_000, 1, 0)).ideal_cycle_is_too_long


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (Totals(), Undefined.NO_BUSY_TIME),
        (totals(Elements(pdot=10), (1, 5, 0)), Undefined.NO_BUSY_TIME),
        (totals(Elements(adet=10), (1, 5, 0)), Undefined.NO_PRODUCTION_TIME),
        (totals(Elements(apt=10), (None, 5, 0)), Undefined.NO_IDEAL_CYCLE),
        (totals(Elements(apt=10)), Undefined.NOTHING_PRODUCED),
        (totals(Elements(apt=10), (1, 5, 6)), Undefined.MORE_DEFECTIVE_THAN_PROCESSED),
    ],
)
def test_what_is_not_defined_is_none_with_its_reason(found: Totals, reason: Undefined) -> None:
    assert found.oee == Figure(None, reason)


def test_completeness_is_the_share_of_judged_time_with_data() -> None:
    elements = Elements(apt=60, adet=30, unknown_as_adet=20, unknown=10, pdot=500)
    assert elements.completeness.value == Fraction(70, 100)
    assert Elements(pdot=5).completeness.value is None


def test_totals_are_summed_before_they_are_divided() -> None:
    first = totals(Elements(apt=30, adet=70), (1, 30, 0))
    second = totals(Elements(apt=300, adet=0), (1, 150, 15))
    both = first + second
    assert both.availability.value == Fraction(330, 400)
    assert both.produced == Produced(180, 15)
    assert len(both.products) == 1


def test_good_units_are_never_negative() -> None:
    assert Produced(5, 6).gq == 0
