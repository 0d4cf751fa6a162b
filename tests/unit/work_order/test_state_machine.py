"""The table of states and methods, cell by cell (OPC 10031-4 v2.00; 9 methods and the 2 internal causes)."""

from __future__ import annotations

import pytest

from services.work_order.domain.facts import Cancelled, Cleared, Decision, StateChanged, Updated
from services.work_order.domain.job_order import Removal
from services.work_order.domain.refusal import Code
from services.work_order.domain.state_machine import TRANSITIONS, Method, State, possible_methods
from tests.unit.work_order.orders import apply, at, decided, order_in, refused

# Columns: the methods. Cells: the number of the target state, x removed from the lists, - refused.
TABLE = """
                    Start RevokeStart Update Pause Resume Stop Abort Cancel Clear Begin Complete
NotAllowedToStart   2     -           1      -     -      -    6     x      -     -     -
AllowedToStart      -     1           2      -     -      -    6     x      -     3     -
Running             -     -           -      4     -      5    6     -      -     -     5
Interrupted         -     -           -      -     3      5    6     -      -     -     -
Ended               -     -           -      -     -      -    -     -      x     -     -
Aborted             -     -           -      -     -      -    -     -      x     -     -
"""
_HEAD, *_ROWS = [line.split() for line in TABLE.strip().splitlines()]
CELLS = [(State(row[0]), Method(method), cell) for row in _ROWS for method, cell in zip(_HEAD, row[1:], strict=True)]


def test_the_table_has_six_states_and_eleven_columns() -> None:
    assert len(CELLS) == 6 * 11


@pytest.mark.parametrize(("state", "method", "cell"), CELLS, ids=str)
def test_cell(state: State, method: Method, cell: str) -> None:
    before = order_in(state)

    outcome = apply(method, before, at(10))

    if cell == "-":
        refusal = refused(outcome)
        assert refusal.code is Code.WRONG_STATE
        assert state.value in refusal.message
        assert all(possible in refusal.message for possible in possible_methods(state))
        return
    after = decided(outcome)
    assert after.version == before.version + 1
    if cell == "x":
        assert after.state is state
        assert after.removed is (Removal.CANCELLED if method is Method.CANCEL else Removal.CLEARED)
    else:
        assert after.state.number == int(cell)


@pytest.mark.parametrize(("state", "method", "cell"), [c for c in CELLS if c[2] != "-"], ids=str)
def test_accepted_cell_is_exactly_one_transition_fact(state: State, method: Method, cell: str) -> None:
    outcome = apply(method, order_in(state), at(10))

    assert isinstance(outcome, Decision)
    facts = [f for f in outcome.facts if isinstance(f, StateChanged | Updated | Cancelled | Cleared)]
    assert len(facts) == 1


def test_transitions_are_the_thirteen_of_the_standard() -> None:
    assert [row.number for row in TRANSITIONS] == list(range(1, 14))


def test_start_is_permission_and_not_running() -> None:
    assert decided(apply(Method.START, order_in(State.NOT_ALLOWED_TO_START), at(5))).state is State.ALLOWED_TO_START


@pytest.mark.parametrize("method", [m for m in Method if m not in {Method.STORE, Method.STORE_AND_START}])
def test_nothing_is_possible_once_cancelled(method: Method) -> None:
    cancelled = decided(apply(Method.CANCEL, order_in(State.ALLOWED_TO_START), at(5)))

    refusal = refused(apply(method, cancelled, at(6)))

    assert refusal.code is Code.WRONG_STATE
    assert "Cancelled" in refusal.message
