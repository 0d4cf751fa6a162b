"""OEE against what really happened in a simulated plant, from late, repeated and interrupted telemetry."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.unit.oee.plant import Plant


def hold_against_the_truth(plant: Plant) -> None:
    """Every unit and shift to 0.001, whatever was late; and how much a stop book leaves out."""
    shifts, true, by_hand = 0, Fraction(0), Fraction(0)
    for path, truth, totals in plant.run():
        assert totals.oee.value is not None, path
        assert abs(totals.oee.value - truth.oee) < Fraction(1, 1000), (path, float(totals.oee.value), float(truth.oee))
        unknown = Fraction(totals.elements.unknown_as_adet, totals.elements.pbt)
        assert totals.availability.value is not None
        assert 0 <= truth.availability - totals.availability.value + Fraction(1, 1000) < unknown + Fraction(2, 1000)
        shifts, true, by_hand = shifts + 1, true + truth.availability, by_hand + truth.logged_by_hand
    assert shifts == plant.lines * 4 * plant.days * 3
    assert plant.oee.restated > shifts, "late samples restate what was final"
    lost, logged = 1 - true / shifts, 1 - by_hand / shifts
    assert logged < lost / 2, f"a stop book has {float(logged):.3f} of the time as stops, truth {float(lost):.3f}"


def test_a_day_of_a_line_comes_out_as_it_was() -> None:
    hold_against_the_truth(Plant(lines=1, days=1, seed=7))


@pytest.mark.soak
def test_thirty_days_of_fifty_two_units_come_out_as_they_were() -> None:
    hold_against_the_truth(Plant(lines=13, days=30, seed=7))
