"""What may happen to a job order: (job order, what is asked, when) -> a decision or a refusal.

Every accepted method is exactly one transition fact; what follows from it (a person clocked off by the end,
the job response) comes after it in the same decision. Quantities are `quantities`, labor is `labor`, creation
and change of the definition `definitions`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from namespace.isa95 import EquipmentPath
from services.work_order.domain.facts import (
    Cancelled,
    Cleared,
    Decision,
    Fact,
    LaborReported,
    Responded,
    StateChanged,
)
from services.work_order.domain.job_order import JobOrder, Removal, Run
from services.work_order.domain.refusal import Code, Refusal
from services.work_order.domain.state_machine import (
    OVER,
    REMOVALS,
    SUB_TRANSITIONS,
    Method,
    State,
    SubState,
    Transition,
    entry_sub_state,
    find_transition,
    possible_methods,
    states_for,
)


def check_version(order: JobOrder, expected: int | None) -> Refusal | None:
    """Return why a caller who saw `expected` must look again, or None. `expected` None skips the check."""
    if expected is None or expected == order.version:
        return None
    message = (
        f"job order {order.id} is at version {order.version}, the command expected {expected}: "
        f"it is {describe(order)} now; look again and decide anew"
    )
    return Refusal(Code.STALE_VERSION, message)


def not_before_execution(order: JobOrder, at: datetime) -> datetime:
    """Return `at`, or the newest time of the order's execution where that is later.

    For commands that do not say when they happened: clocks of two places may differ, and that is not the
    caller's fault.
    """
    last = order.last_execution_at
    return max(at, last) if last else at


def start(order: JobOrder, at: datetime, *, reason: str | None = None) -> Decision | Refusal:
    """Permit the start; execution begins with `begin` (OPC 10031-4, Start)."""
    return _change(order, Method.START, at, reason)


def revoke_start(order: JobOrder, at: datetime, *, reason: str | None = None) -> Decision | Refusal:
    """Withdraw the permission (OPC 10031-4, RevokeStart)."""
    return _change(order, Method.REVOKE_START, at, reason)


def stop(order: JobOrder, at: datetime, *, reason: str | None = None) -> Decision | Refusal:
    """End execution before its natural end (OPC 10031-4, Stop)."""
    return _change(order, Method.STOP, at, reason)


def complete(order: JobOrder, at: datetime, *, reason: str | None = None) -> Decision | Refusal:
    """Execution is finished (OPC 10031-4, transition 7, internal); not with less than the tolerance allows."""
    ordered, tolerance = order.definition.ordered, order.definition.under_tolerance
    if order.state is State.RUNNING and ordered is not None and tolerance is not None:
        least = ordered.value * (1 - tolerance)
        if order.good < least:
            message = (
                f"job order {order.id} has {order.good:f} good of {ordered} ordered; its tolerance begins at "
                f"{least.normalize():f}: make the rest, Amend the quantity, or Stop it before its end"
            )
            return Refusal(Code.QUANTITY_BEYOND_TOLERANCE, message)
    return _change(order, Method.COMPLETE, at, reason)


def abort(order: JobOrder, at: datetime, *, reason: str | None = None) -> Decision | Refusal:
    """Give the order up (OPC 10031-4, Abort)."""
    return _change(order, Method.ABORT, at, reason)


def pause(
    order: JobOrder, at: datetime, *, sub_state: SubState = SubState.SUSPENDED, reason: str | None = None
) -> Decision | Refusal:
    """Interrupt execution: `Held` by a constraint or `Suspended` by a decision (OPC 10031-4, Pause)."""
    return _change(order, Method.PAUSE, at, reason, sub_state)


def begin(
    order: JobOrder,
    at: datetime,
    *,
    place: EquipmentPath | None = None,
    occupied_by: str | None = None,
    obstacle: Refusal | None = None,
    reason: str | None = None,
) -> Decision | Refusal:
    """Execution begins (OPC 10031-4, transition 5, internal).

    Args:
        order: The job order.
        at: When, UTC.
        place: Where the caller stands, if he says so.
        occupied_by: The job order that has the work center to itself, if any.
        obstacle: What else keeps it from running (`readiness`).
        reason: Why, in the actor's words.
    """
    return _enter_running(
        order, Method.BEGIN, at, place=place, occupied_by=occupied_by, obstacle=obstacle, reason=reason
    )


def resume(
    order: JobOrder,
    at: datetime,
    *,
    place: EquipmentPath | None = None,
    occupied_by: str | None = None,
    obstacle: Refusal | None = None,
    reason: str | None = None,
) -> Decision | Refusal:
    """Go on with an interrupted order (OPC 10031-4, Resume); arguments as for `begin`."""
    return _enter_running(
        order, Method.RESUME, at, place=place, occupied_by=occupied_by, obstacle=obstacle, reason=reason
    )


def change_sub_state(
    order: JobOrder, at: datetime, *, sub_state: SubState, reason: str | None = None
) -> Decision | Refusal:
    """Move within the state (OPC 10031-4, sub-state machines)."""
    allowed = SUB_TRANSITIONS[order.state]
    if order.removed or (order.sub_state, sub_state) not in allowed:
        reachable = ", ".join(to for source, to in allowed if source is order.sub_state) or "none"
        message = f"job order {order.id} is {describe(order)}: {sub_state} does not follow, only {reachable}"
        return Refusal(Code.WRONG_STATE, message)
    fact = StateChanged(order.state, order.sub_state, "ChangeSubState", None, reason)
    return Decision(replace(order, version=order.version + 1, sub_state=sub_state), (fact,), at)


def cancel(order: JobOrder, at: datetime, *, reason: str | None = None) -> Decision | Refusal:
    """Take an order that has not begun out of the schedule (OPC 10031-4, Cancel)."""
    if refusal := refuse_method(order, Method.CANCEL):
        return refusal
    after = replace(order, version=order.version + 1, removed=Removal.CANCELLED)
    return Decision(after, (Cancelled(reason),), at)


def clear(order: JobOrder, at: datetime) -> Decision | Refusal:
    """Take an ended or aborted order off the lists (OPC 10031-4, Clear)."""
    if refusal := refuse_method(order, Method.CLEAR):
        return refusal
    return Decision(replace(order, version=order.version + 1, removed=Removal.CLEARED), (Cleared(),), at)


def describe(order: JobOrder) -> str:
    """Return its state for people, for example `Interrupted.Held` or `Cancelled`."""
    if order.removed:
        return order.removed.value
    return f"{order.state}.{order.sub_state}" if order.sub_state else order.state.value


def refuse_method(order: JobOrder, method: Method) -> Refusal | None:
    """Return why `method` is not possible now, naming the state and what is; None where it is possible."""
    if order.removed is None:
        if find_transition(order.state, method) or order.state in REMOVALS.get(method, ()):
            return None
        possible = ", ".join(possible_methods(order.state))
    else:
        possible = "nothing"
    needed = " or ".join(states_for(method))
    message = f"job order {order.id} is {describe(order)}: {method} needs {needed}; possible now: {possible}"
    return Refusal(Code.WRONG_STATE, message)


def _enter_running(
    order: JobOrder,
    method: Method,
    at: datetime,
    *,
    place: EquipmentPath | None,
    occupied_by: str | None,
    obstacle: Refusal | None,
    reason: str | None,
) -> Decision | Refusal:
    if refusal := refuse_method(order, method):
        return refusal
    if place is not None and not place.is_within(order.place):
        message = f"job order {order.id} belongs to {order.place}, not to {place}: {method} it there"
        return Refusal(Code.WRONG_EQUIPMENT, message)
    if occupied_by is not None and occupied_by != order.id:
        message = (
            f"job order {occupied_by} is running at {order.place} and the site allows one at a time: "
            f"pause, complete or stop it before {method} of {order.id}"
        )
        return Refusal(Code.WORK_CENTER_BUSY, message)
    if obstacle is not None:
        return obstacle
    return _change(order, method, at, reason)


def _change(
    order: JobOrder, method: Method, at: datetime, reason: str | None, sub_state: SubState | None = None
) -> Decision | Refusal:
    row = find_transition(order.state, method)
    if row is None or order.removed:
        return refuse_method(order, method) or Refusal(Code.WRONG_STATE, f"{method} is no transition")
    last = order.last_execution_at
    if last is not None and at < last:
        when = f"{at.isoformat()} lies before its last step at {last.isoformat()}"
        message = f"{method} of job order {order.id} at {when}"
        return Refusal(Code.TIME_ORDER, message)
    after = replace(
        order,
        version=order.version + 1,
        state=row.target,
        sub_state=sub_state or entry_sub_state(row, order.sub_state),
        runs=_runs_after(order.runs, row, at),
    )
    change = StateChanged(order.state, order.sub_state, method.value, row.number, reason)
    if row.target not in OVER:
        return Decision(after, (change,), at)
    over, consequences = _end(after, at)
    return Decision(over, (change, *consequences), at)


def _runs_after(runs: tuple[Run, ...], row: Transition, at: datetime) -> tuple[Run, ...]:
    if row.target is State.RUNNING:
        return (*runs, Run(at))
    if row.source is State.RUNNING:
        return (*runs[:-1], Run(runs[-1].start, at))
    return runs


def _end(order: JobOrder, at: datetime) -> tuple[JobOrder, tuple[Fact, ...]]:
    """Clock off who is still on, and respond."""
    ended = order.ended_at or at
    clocked_off = tuple(
        LaborReported(entry.person, max(ended - entry.start, timedelta(0)), automatic=True)
        for entry in order.open_labor
    )
    labor = tuple(entry if entry.end else replace(entry, end=max(ended, entry.start)) for entry in order.labor)
    over = replace(order, ended_at=ended, labor=labor, responses=order.responses + 1)
    return over, (*clocked_off, Responded(over.responses))
