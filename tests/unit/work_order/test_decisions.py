"""What a transition does to a job order: times, sub-states, who must leave, what is answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from namespace.isa95 import Quantity
from services.work_order.domain import decisions, definitions, labor
from services.work_order.domain.facts import Decision, LaborReported, Responded, StateChanged, Stored, Updated
from services.work_order.domain.job_order import (
    JobOrder,
    interrupted_time,
    labor_by_person,
    running_time,
    seconds,
)
from services.work_order.domain.refusal import Code
from services.work_order.domain.state_machine import Method, State, SubState
from tests.unit.work_order.orders import LINE, OTHER_LINE, at, decided, definition, order_in, refused


def test_store_and_start_permits_the_start_at_once() -> None:
    outcome = definitions.store("JO-9", definition(), at(0), method=Method.STORE_AND_START)

    order = decided(outcome)
    assert (order.state, order.sub_state, order.version) == (State.ALLOWED_TO_START, SubState.WAITING, 1)
    assert isinstance(outcome, Decision)
    assert outcome.facts == (Stored(),)


def test_preparation_outlasts_the_permission_and_its_withdrawal() -> None:
    order = decided(decisions.change_sub_state(order_in(State.NOT_ALLOWED_TO_START), at(1), sub_state=SubState.READY))
    order = decided(decisions.start(order, at(2)))
    assert order.sub_state is SubState.READY
    assert decided(decisions.revoke_start(order, at(3))).sub_state is SubState.READY


def test_waiting_does_not_become_loaded_at_once() -> None:
    refusal = refused(decisions.change_sub_state(order_in(State.ALLOWED_TO_START), at(2), sub_state=SubState.LOADED))
    assert refusal.code is Code.WRONG_STATE
    assert "Ready" in refusal.message


def test_a_held_order_can_be_suspended_and_held_again() -> None:
    order = decided(decisions.pause(order_in(State.RUNNING), at(3), sub_state=SubState.HELD))
    assert order.sub_state is SubState.HELD
    order = decided(decisions.change_sub_state(order, at(4), sub_state=SubState.SUSPENDED))
    assert decided(decisions.change_sub_state(order, at(5), sub_state=SubState.HELD)).sub_state is SubState.HELD


def test_an_ended_order_is_completed_and_then_closed() -> None:
    ended = order_in(State.ENDED)
    assert ended.sub_state is SubState.COMPLETED
    assert decided(decisions.change_sub_state(ended, at(9), sub_state=SubState.CLOSED)).sub_state is SubState.CLOSED


def test_running_and_interrupted_time_add_up_to_the_execution() -> None:
    order = decided(decisions.begin(order_in(State.ALLOWED_TO_START), at(10)))
    order = decided(decisions.pause(order, at(25)))
    order = decided(decisions.resume(order, at(40)))
    order = decided(decisions.complete(order, at(45)))

    assert running_time(order) == timedelta(minutes=20)
    assert interrupted_time(order) == timedelta(minutes=15)
    assert order.ended_at == at(45)


def test_an_interrupted_order_that_is_stopped_counts_the_interruption() -> None:
    order = decided(decisions.pause(decided(decisions.begin(order_in(State.ALLOWED_TO_START), at(10))), at(20)))
    order = decided(decisions.stop(order, at(50)))
    assert (running_time(order), interrupted_time(order)) == (timedelta(minutes=10), timedelta(minutes=30))


def test_the_end_clocks_everybody_off_and_responds_once() -> None:
    order = decided(labor.clock_on(order_in(State.RUNNING), "W7", at(4)))

    outcome = decisions.complete(order, at(9))

    over = decided(outcome)
    assert labor_by_person(over) == {"W7": timedelta(minutes=5)}
    assert not over.open_labor
    assert isinstance(outcome, Decision)
    assert [type(fact) for fact in outcome.facts] == [StateChanged, LaborReported, Responded]
    assert outcome.facts[1] == LaborReported("W7", timedelta(minutes=5), automatic=True)


def test_no_step_of_the_execution_goes_back_in_time() -> None:
    refusal = refused(decisions.complete(order_in(State.RUNNING), at(1)))
    assert refusal.code is Code.TIME_ORDER


def test_a_command_without_a_time_is_not_blamed_for_another_clock() -> None:
    running = order_in(State.RUNNING)
    assert decisions.not_before_execution(running, at(0)) == at(2)
    assert decisions.not_before_execution(running, at(7)) == at(7)


def test_recorded_work_may_begin_before_the_order_was_stored() -> None:
    assert decided(decisions.begin(order_in(State.ALLOWED_TO_START), at(-60))).begun_at == at(-60)


def test_begin_of_zero_length_is_work_all_the_same() -> None:
    order = decided(decisions.begin(order_in(State.ALLOWED_TO_START), at(5)))
    assert running_time(decided(decisions.complete(order, at(5)))) == timedelta(0)


def test_begin_at_other_equipment_is_refused() -> None:
    refusal = refused(decisions.begin(order_in(State.ALLOWED_TO_START), at(2), place=OTHER_LINE))
    assert refusal.code is Code.WRONG_EQUIPMENT
    assert str(LINE) in refusal.message


def test_begin_at_a_work_unit_of_the_work_center_is_fine() -> None:
    decided(decisions.begin(order_in(State.ALLOWED_TO_START), at(2), place=LINE.child("Filler")))


def test_begin_and_resume_are_refused_while_another_order_runs_there() -> None:
    for outcome in (
        decisions.begin(order_in(State.ALLOWED_TO_START), at(5), occupied_by="JO-7"),
        decisions.resume(order_in(State.INTERRUPTED), at(5), occupied_by="JO-7"),
    ):
        refusal = refused(outcome)
        assert refusal.code is Code.WORK_CENTER_BUSY
        assert "JO-7" in refusal.message


def test_a_stale_version_names_both_versions() -> None:
    refusal = decisions.check_version(order_in(State.RUNNING), 1)
    assert refusal is not None
    assert refusal.code is Code.STALE_VERSION
    assert "version 3" in refusal.message
    assert "expected 1" in refusal.message


def test_no_expected_version_and_the_right_one_pass() -> None:
    order = order_in(State.RUNNING)
    assert decisions.check_version(order, None) is None
    assert decisions.check_version(order, order.version) is None


def test_update_names_what_it_changed_and_only_that() -> None:
    order = order_in(State.ALLOWED_TO_START)
    outcome = definitions.update(order, {"priority": 5, "work_master": order.definition.work_master}, at(3))
    assert decided(outcome).definition.priority == 5
    assert isinstance(outcome, Decision)
    assert outcome.facts == (Updated(("priority",)),)


def test_update_to_nothing_ordered_is_refused() -> None:
    changes = {"ordered": Quantity(Decimal(0), "H87")}
    assert refused(definitions.update(order_in(State.ALLOWED_TO_START), changes, at(3))).code is Code.INVALID_ARGUMENTS


def test_a_plan_that_ends_before_it_starts_is_refused() -> None:
    changes = {"planned_start": at(60), "planned_end": at(30)}
    assert refused(definitions.update(order_in(State.ALLOWED_TO_START), changes, at(3))).code is Code.INVALID_ARGUMENTS


def test_storing_the_same_again_is_no_conflict_and_something_else_is() -> None:
    existing = order_in(State.RUNNING)
    assert definitions.refuse_duplicate(existing, definition()) is None
    refusal = definitions.refuse_duplicate(existing, definition("200"))
    assert refusal is not None
    assert refusal.code is Code.DUPLICATE_ID
    assert "ordered" in refusal.message


def test_the_id_of_a_cancelled_order_is_not_used_again() -> None:
    cancelled = decided(decisions.cancel(order_in(State.ALLOWED_TO_START), at(3)))
    refusal = definitions.refuse_duplicate(cancelled, definition())
    assert refusal is not None
    assert "Cancelled" in refusal.message


def test_clock_off_gives_the_time_worked() -> None:
    order = decided(labor.clock_on(order_in(State.RUNNING), "W7", at(4)))
    outcome = labor.clock_off(order, "W7", at(6))
    assert isinstance(outcome, Decision)
    assert outcome.facts == (LaborReported("W7", timedelta(minutes=2)),)


def test_a_person_clocks_on_once_at_a_time_but_may_come_back() -> None:
    order = decided(labor.clock_on(order_in(State.RUNNING), "W7", at(4)))
    assert refused(labor.clock_on(order, "W7", at(5))).code is Code.ALREADY_CLOCKED_ON
    order = decided(labor.clock_off(order, "W7", at(6)))
    order = decided(labor.clock_on(order, "W7", at(8)))
    order = decided(labor.clock_off(order, "W7", at(9)))
    assert labor_by_person(order) == {"W7": timedelta(minutes=3)}


def test_who_is_not_in_the_personnel_class_of_the_operation_cannot_clock_on() -> None:
    order = order_in(State.RUNNING, of=replace(definition(), operation="FILL"))
    needed = labor.RequiredPersonnel("Filler operator", frozenset({"W7", "W8"}))
    refusal = refused(labor.clock_on(order, "W9", at(4), needed))
    assert refusal.code is Code.WRONG_PERSONNEL
    for word in ("FILL", "JO-1", "Filler operator", "W9", "site file"):
        assert word in refusal.message
    assert "W8" not in refusal.message
    assert [entry.person for entry in decided(labor.clock_on(order, "W7", at(4), needed)).open_labor] == ["W7"]


def test_a_personnel_class_that_the_site_does_not_list_is_not_checked() -> None:
    needed = labor.RequiredPersonnel("Filler operator", None)
    assert decided(labor.clock_on(order_in(State.RUNNING), "W9", at(4), needed)).open_labor


def test_who_has_clocked_on_may_clock_off_whatever_the_class_says_now() -> None:
    order = decided(labor.clock_on(order_in(State.RUNNING), "W9", at(4)))
    needed = labor.RequiredPersonnel("Filler operator", frozenset({"W7"}))
    assert refused(labor.clock_on(order, "W9", at(5), needed)).code is Code.ALREADY_CLOCKED_ON
    assert not decided(labor.clock_off(order, "W9", at(6))).open_labor


def test_who_is_not_on_cannot_clock_off() -> None:
    assert refused(labor.clock_off(order_in(State.RUNNING), "W7", at(4))).code is Code.NOT_CLOCKED_ON


def test_clock_off_before_clock_on_is_refused() -> None:
    order = decided(labor.clock_on(order_in(State.RUNNING), "W7", at(4)))
    assert refused(labor.clock_off(order, "W7", at(3))).code is Code.TIME_ORDER


def test_nobody_clocks_on_to_an_order_that_is_not_released_or_over() -> None:
    not_on: list[JobOrder] = [
        order_in(State.NOT_ALLOWED_TO_START),
        order_in(State.ENDED),
        order_in(State.ABORTED),
    ]
    for order in not_on:
        assert refused(labor.clock_on(order, "W7", at(4))).code is Code.WRONG_STATE


def test_seconds_are_exact() -> None:
    assert seconds(timedelta(hours=1, microseconds=1)) == Decimal("3600.000001")
