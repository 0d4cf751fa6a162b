"""Positions, deltas and whose units they are."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from services.work_order.domain import decisions
from services.work_order.domain.counters import CounterRules, Position, Step, advance, attribute
from services.work_order.domain.definition import QuantitySource
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.state_machine import State
from tests.unit.work_order.orders import at, decided, definition, order_in

UINT16 = CounterRules(bits=16, max_step=1000)


def total(values: Sequence[int], rules: CounterRules) -> int:
    position: Position | None = None
    units = 0
    for minute, value in enumerate(values):
        moved = advance(position, Position(value, at(minute)), rules)
        position, units = moved.position, units + moved.units
    return units


@pytest.mark.parametrize(
    ("values", "rules", "expected"),
    [
        pytest.param([65500, 65530, 24, 60], UINT16, 96, id="rollover"),
        pytest.param([980, 1010, 0, 35, 70], UINT16, 100, id="reset with a modulus"),
        pytest.param([980, 1010, 0, 35, 70], CounterRules(bits=None), 100, id="reset without a modulus"),
        pytest.param([980, 1010, 0, 35, 70], CounterRules(bits=32), 100, id="reset far from the modulus"),
        pytest.param([2**32 - 5, 5], CounterRules(bits=32), 10, id="rollover of 32 bits"),
    ],
)
def test_golden_counters(values: list[int], rules: CounterRules, expected: int) -> None:
    """Golden G15."""
    assert total(values, rules) == expected


def test_the_first_sample_is_a_baseline() -> None:
    assert advance(None, Position(500, at(0)), UINT16).step is Step.BASELINE


def test_a_birth_goes_on_from_the_stored_position() -> None:
    moved = advance(Position(500, at(0)), Position(520, at(1)), UINT16, birth=True)
    assert (moved.units, moved.step) == (20, Step.COUNT)


def test_a_birth_with_an_implausible_value_is_a_new_baseline() -> None:
    for value in (40_000, 3):
        moved = advance(Position(500, at(0)), Position(value, at(1)), UINT16, birth=True)
        assert (moved.units, moved.step, moved.position.value) == (0, Step.BASELINE, value)


def test_what_a_machine_made_unheard_is_bounded_by_its_ideal_cycle() -> None:
    rules = CounterRules(bits=32, max_step=10, ideal_cycle_s=Decimal("0.5"))
    hour = advance(Position(0, at(0)), Position(7200, at(60)), rules, birth=True)
    assert (hour.units, hour.step) == (7200, Step.COUNT)
    assert advance(Position(0, at(0)), Position(20_000, at(60)), rules, birth=True).step is Step.BASELINE


def test_an_older_sample_changes_nothing() -> None:
    position = Position(500, at(5))
    moved = advance(position, Position(490, at(4)), UINT16)
    assert (moved.units, moved.step, moved.position) == (0, Step.OLD, position)


def test_a_repeated_sample_counts_nothing() -> None:
    assert advance(Position(500, at(5)), Position(500, at(5)), UINT16).units == 0


def running(order_id: str, begin: float, end: float | None = None) -> JobOrder:
    of = definition(source=QuantitySource.COUNTER)
    order = decided(decisions.begin(order_in(State.ALLOWED_TO_START, order_id=order_id, of=of), at(begin)))
    return order if end is None else decided(decisions.complete(order, at(end)))


def attributed(orders: list[JobOrder], minute: float) -> str | None:
    order = attribute(orders, at(minute))
    return order.id if order else None


def test_units_belong_to_the_order_that_ran_at_their_source_time() -> None:
    orders = [running("A", 0, 10), running("B", 10)]
    assert attributed(orders, 9) == "A"
    assert attributed(orders, 10) == "A"
    assert attributed(orders, 11) == "B"


def test_units_before_any_order_and_between_two_belong_to_none() -> None:
    orders = [running("A", 5, 10), running("B", 20)]
    assert attributed(orders, 5) is None
    assert attributed(orders, 15) is None


def test_units_made_while_paused_belong_to_the_paused_order() -> None:
    paused = decided(decisions.pause(running("A", 0), at(10)))
    assert attributed([paused], 12) == "A"


def test_units_of_an_order_begun_during_a_pause_are_its_own() -> None:
    paused = decided(decisions.pause(running("A", 0), at(10)))
    assert attributed([paused, running("B", 11)], 12) == "B"


def test_units_of_two_running_orders_cannot_be_told_apart() -> None:
    assert attributed([running("A", 0), running("B", 1)], 5) is None
