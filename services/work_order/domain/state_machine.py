"""The job order state machine of OPC 10031-4 v2.00 as one table.

Six states, thirteen transitions, sub-states beside them. `Start` is the permission to start, not the start:
execution begins with the internal cause `Begin` and finishes by itself with `Complete`. Decisions, diagrams
and property tests all read the tables below; what a transition does to a job order is `decisions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Top states; the order of definition gives their numbers, 1 to 6."""

    NOT_ALLOWED_TO_START = "NotAllowedToStart"
    ALLOWED_TO_START = "AllowedToStart"
    RUNNING = "Running"
    INTERRUPTED = "Interrupted"
    ENDED = "Ended"
    ABORTED = "Aborted"

    @property
    def number(self) -> int:
        """The state's number in OPC 10031-4."""
        return tuple(State).index(self) + 1


class SubState(StrEnum):
    """Sub-states of the states that have any."""

    WAITING = "Waiting"
    READY = "Ready"
    LOADED = "Loaded"
    HELD = "Held"
    SUSPENDED = "Suspended"
    COMPLETED = "Completed"
    CLOSED = "Closed"


class Method(StrEnum):
    """What may be asked of a job order, and the two internal causes `Begin` and `Complete`."""

    STORE = "Store"
    STORE_AND_START = "StoreAndStart"
    START = "Start"
    REVOKE_START = "RevokeStart"
    UPDATE = "Update"
    PAUSE = "Pause"
    RESUME = "Resume"
    STOP = "Stop"
    ABORT = "Abort"
    CANCEL = "Cancel"
    CLEAR = "Clear"
    BEGIN = "Begin"
    COMPLETE = "Complete"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table: `number` as in the standard, from `source` to `target` by any of `causes`."""

    number: int
    source: State
    target: State
    causes: tuple[Method, ...]


TRANSITIONS: tuple[Transition, ...] = (
    Transition(1, State.NOT_ALLOWED_TO_START, State.NOT_ALLOWED_TO_START, (Method.UPDATE,)),
    Transition(2, State.NOT_ALLOWED_TO_START, State.ALLOWED_TO_START, (Method.START,)),
    Transition(3, State.ALLOWED_TO_START, State.NOT_ALLOWED_TO_START, (Method.REVOKE_START,)),
    Transition(4, State.ALLOWED_TO_START, State.ALLOWED_TO_START, (Method.UPDATE,)),
    Transition(5, State.ALLOWED_TO_START, State.RUNNING, (Method.BEGIN,)),
    Transition(6, State.RUNNING, State.INTERRUPTED, (Method.PAUSE,)),
    Transition(7, State.RUNNING, State.ENDED, (Method.STOP, Method.COMPLETE)),
    Transition(8, State.RUNNING, State.ABORTED, (Method.ABORT,)),
    Transition(9, State.INTERRUPTED, State.ABORTED, (Method.ABORT,)),
    Transition(10, State.INTERRUPTED, State.RUNNING, (Method.RESUME,)),
    Transition(11, State.INTERRUPTED, State.ENDED, (Method.STOP,)),
    Transition(12, State.NOT_ALLOWED_TO_START, State.ABORTED, (Method.ABORT,)),
    Transition(13, State.ALLOWED_TO_START, State.ABORTED, (Method.ABORT,)),
)

CREATIONS: dict[Method, State] = {
    Method.STORE: State.NOT_ALLOWED_TO_START,
    Method.STORE_AND_START: State.ALLOWED_TO_START,
}

REMOVALS: dict[Method, tuple[State, ...]] = {
    Method.CANCEL: (State.NOT_ALLOWED_TO_START, State.ALLOWED_TO_START),
    Method.CLEAR: (State.ENDED, State.ABORTED),
}
"""Methods that take a job order off the lists, and the states in which they may."""

_PREPARE = (
    (SubState.WAITING, SubState.READY),
    (SubState.READY, SubState.LOADED),
    (SubState.READY, SubState.WAITING),
    (SubState.LOADED, SubState.READY),
    (SubState.LOADED, SubState.WAITING),
)

SUB_TRANSITIONS: dict[State, tuple[tuple[SubState, SubState], ...]] = {
    State.NOT_ALLOWED_TO_START: _PREPARE,
    State.ALLOWED_TO_START: _PREPARE,
    State.RUNNING: (),
    State.INTERRUPTED: ((SubState.HELD, SubState.SUSPENDED), (SubState.SUSPENDED, SubState.HELD)),
    State.ENDED: ((SubState.COMPLETED, SubState.CLOSED),),
    State.ABORTED: (),
}
"""Within each state, which sub-state may follow which."""

ENTRY_SUB_STATE: dict[State, SubState | None] = {
    State.NOT_ALLOWED_TO_START: SubState.WAITING,
    State.ALLOWED_TO_START: SubState.WAITING,
    State.RUNNING: None,
    State.INTERRUPTED: SubState.SUSPENDED,
    State.ENDED: SubState.COMPLETED,
    State.ABORTED: None,
}

NOT_BEGUN = (State.NOT_ALLOWED_TO_START, State.ALLOWED_TO_START)
ACTIVE = (State.RUNNING, State.INTERRUPTED)
OVER = (State.ENDED, State.ABORTED)

_BY_CAUSE = {(row.source, cause): row for row in TRANSITIONS for cause in row.causes}


def find_transition(state: State, method: Method) -> Transition | None:
    """Return the row that `method` takes from `state`, or None where there is none (OPC 10031-4)."""
    return _BY_CAUSE.get((state, method))


def entry_sub_state(row: Transition, current: SubState | None) -> SubState | None:
    """Return the sub-state after `row`: preparation outlasts permission, all else enters afresh."""
    if row.source in NOT_BEGUN and row.target in NOT_BEGUN:
        return current
    return ENTRY_SUB_STATE[row.target]


def possible_methods(state: State) -> tuple[Method, ...]:
    """Return what may be asked of a job order in `state`, in the order of the table."""
    by_row = [cause for row in TRANSITIONS if row.source is state for cause in row.causes]
    return (*by_row, *(method for method, states in REMOVALS.items() if state in states))


def states_for(method: Method) -> tuple[State, ...]:
    """Return the states in which `method` is possible."""
    return tuple(state for state in State if method in possible_methods(state))
