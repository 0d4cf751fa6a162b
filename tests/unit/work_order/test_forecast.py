"""Forecasts along the list of a work center: each order begins when those before it are done."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from namespace.isa95 import BreakPattern, ShiftPattern, WorkCalendar
from services.work_order.domain import holding, quantities
from services.work_order.domain.definition import Definition
from services.work_order.domain.forecast import forecast, forecast_list
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.state_machine import State
from tests.unit.work_order.orders import ROUND_THE_CLOCK, at, decided, definition, order_in

MEAL = BreakPattern("Meal", time(6, 30), time(7, 0))
EARLY_SHIFT = WorkCalendar("early", ZoneInfo("Etc/UTC"), (ShiftPattern("Early", time(6), time(8), breaks=(MEAL,)),))
MINUTE_EACH: Definition = replace(definition(), ideal_cycle_s=Decimal(60))


def waiting(order_id: str, *, due: datetime | None = None, planned: datetime | None = None) -> JobOrder:
    return order_in(State.ALLOWED_TO_START, order_id=order_id, of=replace(MINUTE_EACH, due=due, planned_start=planned))


def running(good: str = "50") -> JobOrder:
    """Return an order that began at minute 2 and had `good` of its 100 units at minute 52."""
    order = order_in(State.RUNNING, order_id="R", of=MINUTE_EACH)
    if good == "0":
        return order
    return decided(quantities.report(order, at(52), good=Decimal(good), scrap=Decimal(0), unit="H87"))


def test_what_waits_begins_when_what_runs_is_done() -> None:
    found = forecast_list([running()], [waiting("A", due=at(160)), waiting("B")], at(52), ROUND_THE_CLOCK)
    assert found["R"].expected_end == at(102)  # 50 in 50 minutes, 50 to go
    assert found["A"].expected_end == at(202)
    assert found["A"].lateness == at(202) - at(160)
    assert found["B"].expected_end == at(302)


def test_a_plan_that_begins_later_is_waited_for() -> None:
    found = forecast_list([], [waiting("A", planned=at(500)), waiting("B")], at(0), ROUND_THE_CLOCK)
    assert (found["A"].expected_end, found["B"].expected_end) == (at(600), at(700))


def test_a_move_to_the_front_makes_the_others_later_and_never_what_runs() -> None:
    before = forecast_list([running()], [waiting("A"), waiting("B")], at(52), ROUND_THE_CLOCK)
    after = forecast_list([running()], [waiting("B"), waiting("A")], at(52), ROUND_THE_CLOCK)
    assert (after["B"].expected_end, after["A"].expected_end) == (before["A"].expected_end, before["B"].expected_end)
    assert after["R"] == before["R"]


def test_a_held_order_has_no_forecast_and_holds_nobody_up() -> None:
    held = decided(holding.hold(waiting("A"), at(1), reason="label"))
    found = forecast_list([], [held, waiting("B")], at(10), ROUND_THE_CLOCK)
    assert (found["A"].expected_end, found["A"].because) == (None, "it is on hold")
    assert found["B"].expected_end == at(110)


def test_behind_an_order_nobody_can_tell_of_nobody_can_tell_either() -> None:
    unknown = order_in(State.ALLOWED_TO_START, order_id="U")
    found = forecast_list([], [waiting("A"), unknown, waiting("B"), waiting("C")], at(0), ROUND_THE_CLOCK)
    assert found["A"].expected_end == at(100)
    assert found["U"].because == "nothing is made yet, and there is no ideal cycle"
    assert found["B"].because == found["C"].because == "nobody can tell when U will be done"


def test_where_several_may_run_none_waits_for_another() -> None:
    found = forecast_list([running()], [waiting("A"), waiting("B")], at(52), ROUND_THE_CLOCK, concurrent=True)
    assert {found["A"].expected_end, found["B"].expected_end} == {at(152)}


def test_one_order_alone_is_expected_as_by_itself() -> None:
    assert forecast_list([], [waiting("A")], at(7), ROUND_THE_CLOCK)["A"] == forecast(
        waiting("A"), at(7), ROUND_THE_CLOCK
    )


def test_nothing_is_made_in_breaks_and_between_shifts() -> None:
    """The shift works 30 minutes, eats 30, and works 60: 100 units of a minute each take until 06:10 of the next day."""
    assert forecast(waiting("A"), at(0), EARLY_SHIFT).expected_end == at(24 * 60 + 10)


def test_what_begins_after_the_shift_is_made_in_the_next_ones() -> None:
    found = forecast_list([], [waiting("A", planned=at(100)), waiting("B")], at(0), EARLY_SHIFT)
    assert found["A"].expected_end == at(24 * 60 + 110)  # 20 minutes of today, 80 of tomorrow
    assert found["B"].expected_end == at(2 * 24 * 60 + 120)  # 10 of tomorrow and the 90 of the day after


def test_what_runs_through_a_break_is_expected_to_run_on() -> None:
    left = forecast(running("97"), at(52), EARLY_SHIFT)
    assert left.expected_end is not None
    assert at(53) < left.expected_end < at(54)


def test_a_place_that_is_never_worked_at_makes_nothing() -> None:
    never = WorkCalendar("never", ZoneInfo("Etc/UTC"), ())
    assert forecast(waiting("A"), at(0), never).because == "its place has no shifts to make it in within a year"
