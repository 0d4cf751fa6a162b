"""OEE against what really happened in a simulated plant, from late, repeated and interrupted telemetry."""

from __future__ import annotations

import time
from collections.abc import Sequence
from fractions import Fraction

import pytest

from tests.unit.oee.ground_truth import Outcome, judged_lines
from tests.unit.oee.truth_report import PAGE, page

LINES, DAYS, SEED = 13, 30, 7


def hold_against_the_truth(outcomes: Sequence[Outcome], *, lines: int, days: int) -> None:
    """Every unit and shift to 0.001, whatever was late; and how much a stop book leaves out."""
    shifts = [shift for outcome in outcomes for shift in outcome.shifts]
    assert len(shifts) == len({(shift.unit, shift.start_ms) for shift in shifts}) == lines * 4 * days * 3
    for shift in shifts:
        assert shift.difference < Fraction(1, 1000), (shift.unit, shift.start_ms, float(shift.difference))
        totals, truth = shift.totals, shift.truth
        unknown = Fraction(totals.elements.unknown_as_adet, totals.elements.pbt)
        assert totals.availability.value is not None
        assert 0 <= truth.availability - totals.availability.value + Fraction(1, 1000) < unknown + Fraction(2, 1000)
    restated = sum(outcome.restated for outcome in outcomes)
    assert restated > len(shifts), "late samples restate what was final"
    lost = sum(1 - shift.truth.availability for shift in shifts) / len(shifts)
    logged = sum(1 - shift.truth.logged_by_hand for shift in shifts) / len(shifts)
    assert logged < lost / 2, f"a stop book has {float(logged):.3f} of the time as stops, truth {float(lost):.3f}"


def test_a_day_of_a_line_comes_out_as_it_was() -> None:
    hold_against_the_truth(judged_lines(1, 1, SEED), lines=1, days=1)


@pytest.mark.soak
def test_thirty_days_of_fifty_two_units_come_out_as_they_were_in_memory_that_does_not_grow() -> None:
    began = time.monotonic()
    outcomes = judged_lines(LINES, DAYS, SEED)
    PAGE.write_text(page(outcomes, DAYS, SEED, time.monotonic() - began), encoding="utf-8")
    hold_against_the_truth(outcomes, lines=LINES, days=DAYS)
    for outcome in outcomes:
        samples, windows = zip(*outcome.kept, strict=True)
        assert max(samples[DAYS // 2 :]) < 1.1 * max(samples[1 : DAYS // 2])
        assert max(windows) <= 4
