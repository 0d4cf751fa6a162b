"""The PackML table: complete, closed, and in line with ISA-TR88.00.02."""

import pytest

from services.simulator.domain.packml import (
    ACTING_STATES,
    RUNNING_STATES,
    TRANSITIONS,
    State,
    TransitionNotInTableError,
    Trigger,
    allows,
    next_state,
)

STANDARD_NUMBERS = {
    "CLEARING": 1,
    "STOPPED": 2,
    "STARTING": 3,
    "IDLE": 4,
    "SUSPENDED": 5,
    "EXECUTE": 6,
    "STOPPING": 7,
    "ABORTING": 8,
    "ABORTED": 9,
    "HOLDING": 10,
    "HELD": 11,
    "UNHOLDING": 12,
    "SUSPENDING": 13,
    "UNSUSPENDING": 14,
    "RESETTING": 15,
    "COMPLETING": 16,
    "COMPLETE": 17,
}


def test_states_carry_the_numbers_of_the_standard() -> None:
    assert {state.name: int(state) for state in State} == STANDARD_NUMBERS


def test_a_unit_goes_from_stopped_to_execute_by_reset_and_start() -> None:
    state = State.STOPPED
    for trigger in (Trigger.RESET, Trigger.STATE_COMPLETE, Trigger.START, Trigger.STATE_COMPLETE):
        state = next_state(state, trigger)
    assert state is State.EXECUTE


def test_every_acting_state_ends_by_itself_and_no_other_state_does() -> None:
    assert {state for state in State if allows(state, Trigger.STATE_COMPLETE)} == ACTING_STATES


def test_stop_is_allowed_in_the_running_superstate_alone() -> None:
    assert {state for state in State if allows(state, Trigger.STOP)} == RUNNING_STATES


def test_abort_is_allowed_everywhere_but_while_aborting_or_aborted() -> None:
    refused = {state for state in State if not allows(state, Trigger.ABORT)}
    assert refused == {State.ABORTING, State.ABORTED}


def test_every_state_is_reachable_from_stopped() -> None:
    reached = {State.STOPPED}
    while True:
        more = {following for (state, _), following in TRANSITIONS.items() if state in reached} - reached
        if not more:
            break
        reached |= more
    assert reached == set(State)


def test_a_transition_outside_the_table_names_state_and_trigger() -> None:
    with pytest.raises(TransitionNotInTableError, match="no Unhold in state STOPPED") as caught:
        next_state(State.STOPPED, Trigger.UNHOLD)
    assert caught.value.state is State.STOPPED
    assert caught.value.trigger is Trigger.UNHOLD
