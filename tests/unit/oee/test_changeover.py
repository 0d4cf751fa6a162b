"""Setup that nobody declares: told from orders and counts (ISO 22400-2, AUST)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from namespace.isa95 import Changeover
from services.oee.domain.changeover import LIMIT_MS
from services.oee.domain.classification import Cause, Element
from services.oee.domain.profile import UnitProfile
from services.oee.domain.sample import JobMark, Sample
from services.oee.domain.state_log import Source
from tests.unit.oee.scenario import HOUR_S, defective, judged, ms, processed, state

START = 6 * HOUR_S
PROFILE = UnitProfile(ideal_cycle_ms=Fraction(1000))


def order(seconds: float, name: str, material: str | None, *, running: bool = True) -> JobMark:
    return JobMark(ms(START + seconds), name, running, material=material)


def counts(*steps: tuple[float, int, int]) -> list[Sample]:
    """Readings of both counters at seconds after the start."""
    return [each for at, units, scrap in steps for each in (processed(START + at, units), defective(START + at, scrap))]


STORY: list[Sample] = [
    state(START, 6),
    order(0, "A", "Cola"),
    *counts((0, 0, 0), (500, 400, 0), (590, 480, 0)),
    state(START + 600, 2),
    order(620, "A", "Cola", running=False),
    order(700, "B", "Lemonade"),
    state(START + 900, 6),
    *counts((950, 490, 10), (1000, 500, 20), (1010, 510, 20), (1799, 1200, 20)),
]
"""A's last good unit at 590 s; B's first units are scrap, its first good one is counted at 1,010 s."""


def test_from_the_last_good_unit_of_one_product_to_the_first_of_the_next_is_setup() -> None:
    found = judged(PROFILE, STORY, START, START + 1800)
    setup = [interval for interval in found.log if interval.element is Element.AUST]
    assert [(item.start_ms, item.end_ms) for item in (setup[0], setup[-1])] == [
        (ms(START + 590), ms(START + 600)),
        (ms(START + 900), ms(START + 1010)),
    ]
    assert {(item.cause, item.source) for item in setup} == {(Cause.CHANGEOVER, Source.RULE)}
    assert found.totals.elements.aust == 420_000
    assert found.totals.elements.adet == found.totals.elements.adot == 0


def test_what_is_scrapped_in_a_changeover_is_start_up_scrap_of_the_next_order() -> None:
    found = judged(PROFILE, STORY, START, START + 1800)
    by_order = {key.job_order: units for key, units in found.totals.products}
    assert (by_order["A"].pq, by_order["A"].sq) == (480, 0)
    assert (by_order["B"].pq, by_order["B"].sq, by_order["B"].startup) == (720, 20, 20)


def test_the_parts_of_the_orders_add_up_to_the_window() -> None:
    found = judged(PROFILE, STORY, START, START + 1800)
    assert sum((part.elements.total for _, part in found.by_order)) == 1_800_000
    assert sum(part.produced.pq for _, part in found.by_order) == found.totals.produced.pq == 1200
    assert {key for key, _ in found.by_order} == {("A", "Cola"), (None, None), ("B", "Lemonade")}


@pytest.mark.parametrize(
    ("rule", "second", "aust_s"),
    [
        (Changeover.NONE, "Lemonade", 0),
        (Changeover.PRODUCT, "Cola", 0),
        (Changeover.PRODUCT, None, 0),
        (Changeover.ORDER, "Cola", 420),
    ],
)
def test_which_changes_of_order_are_changeovers_is_a_setting(rule: Changeover, second: str | None, aust_s: int) -> None:
    story = [
        replace(item, material=second) if isinstance(item, JobMark) and item.job_order == "B" else item
        for item in STORY
    ]
    found = judged(replace(PROFILE, changeover=rule), story, START, START + 1800)
    assert found.totals.elements.aust == aust_s * 1000


def test_a_failure_in_a_changeover_stays_a_failure() -> None:
    found = judged(PROFILE, [*STORY, state(START + 750, 9), state(START + 800, 2)], START, START + 1800)
    assert found.totals.elements.adet == 50_000
    assert found.totals.elements.aust == 370_000


def test_a_long_time_without_an_order_is_no_changeover() -> None:
    found = judged(replace(PROFILE, changeover_gap_ms=60_000), STORY, START, START + 1800)
    assert found.totals.elements.aust == 0
    assert found.totals.elements.adot == 80_000


def test_a_changeover_without_a_good_unit_is_a_delay_after_its_limit() -> None:
    story: list[Sample] = [item for item in STORY if isinstance(item, JobMark) or item.at_ms < ms(START + 900)]
    found = judged(PROFILE, story, START, START + 700 + LIMIT_MS // 1000 + 60)
    assert (found.log[-1].element, found.log[-1].length_ms) == (Element.ADET, 60_000)


@pytest.mark.parametrize(("longest_s", "adet_s"), [(None, 0), (300, 790), (790, 0)])
def test_running_without_counting_for_too_long_is_delay_since_the_last_unit(longest_s: int | None, adet_s: int) -> None:
    profile = replace(PROFILE, no_count_after_ms=None if longest_s is None else longest_s * 1000)
    samples = [state(START, 6), *counts((0, 0, 0), (200, 10, 0), (990, 20, 0), (1000, 30, 0))]
    found = judged(profile, samples, START, START + 1000)
    assert found.totals.elements.adet == adet_s * 1000
    if adet_s:
        assert [(item.cause, item.source) for item in found.log if item.cause] == [(Cause.NO_COUNT, Source.RULE)]
