"""Good and scrap: one writer, tolerance for people, none for machines, completion by the site's rule."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from services.work_order.domain import decisions, quantities
from services.work_order.domain.definition import QuantitySource
from services.work_order.domain.facts import Decision, QuantityReported, Responded, StateChanged
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.refusal import Code, Refusal
from services.work_order.domain.state_machine import State
from tests.unit.work_order.orders import at, decided, definition, order_in, refused


def counted(ordered: str | None = "100", state: State = State.RUNNING) -> JobOrder:
    return order_in(state, of=definition(ordered, QuantitySource.COUNTER))


def report(order: JobOrder, good: str = "0", scrap: str = "0", unit: str = "H87") -> Decision | Refusal:
    return quantities.report(order, at(5), good=Decimal(good), scrap=Decimal(scrap), unit=unit)


def test_an_operator_reports_and_corrects() -> None:
    order = decided(report(order_in(State.RUNNING), "10.5", "1"))
    order = decided(report(order, "-0.5"))
    assert (order.good, order.scrap) == (Decimal("10.0"), Decimal(1))


def test_a_correction_cannot_take_away_what_is_not_there() -> None:
    assert refused(report(order_in(State.RUNNING), "-1")).code is Code.QUANTITY_BEYOND_TOLERANCE


def test_the_tolerance_is_reached_and_not_passed() -> None:
    order = decided(report(order_in(State.RUNNING), "110"))
    refusal = refused(report(order, "0.001"))
    assert refusal.code is Code.QUANTITY_BEYOND_TOLERANCE
    assert "110" in refusal.message


def test_the_wrong_unit_is_refused() -> None:
    assert refused(report(order_in(State.RUNNING), "1", unit="KGM")).code is Code.WRONG_UNIT


def test_nothing_is_reported_before_the_beginning() -> None:
    assert refused(report(order_in(State.ALLOWED_TO_START), "1")).code is Code.WRONG_STATE


def test_an_operator_does_not_write_where_the_counter_does() -> None:
    assert refused(report(counted(), "1")).code is Code.QUANTITY_SOURCE


def test_the_counter_does_not_write_where_the_operator_does() -> None:
    assert quantities.count(order_in(State.RUNNING), at(5), good=1, scrap=0) is None


def test_counts_leave_the_version_that_commands_expect() -> None:
    order = counted()
    assert decided(quantities.count(order, at(5), good=3, scrap=1)).version == order.version


def test_reaching_the_quantity_completes_where_the_site_says_so() -> None:
    outcome = quantities.count(counted("10"), at(5), good=11, scrap=2, completes=True)
    order = decided(outcome)
    assert (order.state, order.ended_at, order.good, order.version) == (State.ENDED, at(5), Decimal(11), 4)
    assert isinstance(outcome, Decision)
    assert [type(fact) for fact in outcome.facts] == [QuantityReported, StateChanged, Responded]


def test_reaching_the_quantity_does_not_complete_where_the_site_says_manual() -> None:
    assert decided(quantities.count(counted("10"), at(5), good=11, scrap=0)).state is State.RUNNING


def test_an_interrupted_order_is_not_completed_by_its_last_units() -> None:
    order = counted("10", State.INTERRUPTED)
    assert decided(quantities.count(order, at(5), good=11, scrap=0, completes=True)).state is State.INTERRUPTED


def test_late_counts_restate_the_response() -> None:
    outcome = quantities.count(counted(state=State.ENDED), at(5), good=2, scrap=0)
    assert isinstance(outcome, Decision)
    assert outcome.facts[1] == Responded(2)
    assert outcome.order.state is State.ENDED


def test_progress_is_good_over_ordered_and_undefined_without_an_order() -> None:
    assert replace(counted("8"), good=Decimal(2)).progress == Decimal("0.25")
    assert counted(None).progress is None
    assert decisions.describe(counted(state=State.INTERRUPTED)) == "Interrupted.Suspended"
