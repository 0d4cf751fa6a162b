"""The PackML state machine as data, so that no simulated machine can do what a real one could not.

Numbers and transitions follow ISA-TR88.00.02 in the form of the OPC UA companion model (OPC 30050). The table
is the whole truth: the machine asks it and never sets a state by hand, diagrams and property tests read it.
What makes a machine take a transition is not decided here.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType


class State(IntEnum):
    """`Status/StateCurrent` of a unit (ISA-TR88.00.02 state numbers)."""

    CLEARING = 1
    STOPPED = 2
    STARTING = 3
    IDLE = 4
    SUSPENDED = 5
    EXECUTE = 6
    STOPPING = 7
    ABORTING = 8
    ABORTED = 9
    HOLDING = 10
    HELD = 11
    UNHOLDING = 12
    SUSPENDING = 13
    UNSUSPENDING = 14
    RESETTING = 15
    COMPLETING = 16
    COMPLETE = 17


class Mode(IntEnum):
    """`Status/UnitModeCurrent` of a unit."""

    PRODUCTION = 1
    MAINTENANCE = 2
    MANUAL = 3


class Trigger(StrEnum):
    """What moves the state machine: a PackML command, or an acting state that has done its work."""

    RESET = "Reset"
    START = "Start"
    STOP = "Stop"
    HOLD = "Hold"
    UNHOLD = "Unhold"
    SUSPEND = "Suspend"
    UNSUSPEND = "Unsuspend"
    TO_COMPLETE = "ToComplete"
    ABORT = "Abort"
    CLEAR = "Clear"
    STATE_COMPLETE = "StateComplete"


ACTING_STATES: frozenset[State] = frozenset(
    {
        State.CLEARING,
        State.STARTING,
        State.STOPPING,
        State.ABORTING,
        State.HOLDING,
        State.UNHOLDING,
        State.SUSPENDING,
        State.UNSUSPENDING,
        State.RESETTING,
        State.COMPLETING,
    }
)
"""States that end by themselves; all others but `EXECUTE` wait for a command."""

RUNNING_STATES: frozenset[State] = frozenset(State) - {
    State.CLEARING,
    State.STOPPED,
    State.STOPPING,
    State.ABORTING,
    State.ABORTED,
}
"""The superstate `Running`: where `Stop` is allowed."""

MODE_CHANGE_STATES: frozenset[State] = frozenset({State.STOPPED, State.IDLE, State.ABORTED})
"""Where a unit may change its mode: at rest only."""

_BY_COMMAND: Mapping[tuple[State, Trigger], State] = {
    (State.ABORTED, Trigger.CLEAR): State.CLEARING,
    (State.STOPPED, Trigger.RESET): State.RESETTING,
    (State.COMPLETE, Trigger.RESET): State.RESETTING,
    (State.IDLE, Trigger.START): State.STARTING,
    (State.EXECUTE, Trigger.HOLD): State.HOLDING,
    (State.STARTING, Trigger.HOLD): State.HOLDING,
    (State.SUSPENDING, Trigger.HOLD): State.HOLDING,
    (State.SUSPENDED, Trigger.HOLD): State.HOLDING,
    (State.UNSUSPENDING, Trigger.HOLD): State.HOLDING,
    (State.UNHOLDING, Trigger.HOLD): State.HOLDING,
    (State.HELD, Trigger.UNHOLD): State.UNHOLDING,
    (State.EXECUTE, Trigger.SUSPEND): State.SUSPENDING,
    (State.SUSPENDED, Trigger.UNSUSPEND): State.UNSUSPENDING,
    (State.EXECUTE, Trigger.TO_COMPLETE): State.COMPLETING,
}

_BY_COMPLETION: Mapping[tuple[State, Trigger], State] = {
    (State.CLEARING, Trigger.STATE_COMPLETE): State.STOPPED,
    (State.RESETTING, Trigger.STATE_COMPLETE): State.IDLE,
    (State.STARTING, Trigger.STATE_COMPLETE): State.EXECUTE,
    (State.STOPPING, Trigger.STATE_COMPLETE): State.STOPPED,
    (State.ABORTING, Trigger.STATE_COMPLETE): State.ABORTED,
    (State.HOLDING, Trigger.STATE_COMPLETE): State.HELD,
    (State.UNHOLDING, Trigger.STATE_COMPLETE): State.EXECUTE,
    (State.SUSPENDING, Trigger.STATE_COMPLETE): State.SUSPENDED,
    (State.UNSUSPENDING, Trigger.STATE_COMPLETE): State.EXECUTE,
    (State.COMPLETING, Trigger.STATE_COMPLETE): State.COMPLETE,
}

TRANSITIONS: Mapping[tuple[State, Trigger], State] = MappingProxyType(
    {
        **_BY_COMMAND,
        **_BY_COMPLETION,
        **{(state, Trigger.STOP): State.STOPPING for state in RUNNING_STATES},
        **{(state, Trigger.ABORT): State.ABORTING for state in State if state not in (State.ABORTING, State.ABORTED)},
    }
)
"""(state, trigger) -> next state. What is not in here does not exist."""


class TransitionNotInTableError(ValueError):
    """A trigger that the state does not know.

    Attributes:
        state: The state the unit is in.
        trigger: The trigger that has no transition there.
    """

    def __init__(self, state: State, trigger: Trigger) -> None:
        super().__init__(f"PackML knows no {trigger} in state {state.name}")
        self.state = state
        self.trigger = trigger


def next_state(state: State, trigger: Trigger) -> State:
    """Look a transition up.

    Args:
        state: The state the unit is in.
        trigger: The command, or the completion of an acting state.

    Returns:
        The state that follows (ISA-TR88.00.02, base state model).

    Raises:
        TransitionNotInTableError: The table has no such transition.
    """
    try:
        return TRANSITIONS[state, trigger]
    except KeyError:
        raise TransitionNotInTableError(state, trigger) from None


def allows(state: State, trigger: Trigger) -> bool:
    """Tell whether the table has a transition for this trigger in this state."""
    return (state, trigger) in TRANSITIONS
