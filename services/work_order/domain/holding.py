"""Holding an order, whatever it does, and releasing it: a held order does not run until somebody says that it may."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.work_order.domain import decisions
from services.work_order.domain.decisions import describe
from services.work_order.domain.facts import Decision, Fact, Held, Released, StateChanged
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.refusal import Code, Refusal
from services.work_order.domain.state_machine import OVER, State, SubState


def hold(order: JobOrder, at: datetime, *, reason: str | None) -> Decision | Refusal:
    """Keep an order from running; one that runs is interrupted (OPC 10031-4, transition 6, to Held).

    Args:
        order: The job order; not over.
        at: When, UTC.
        reason: Why, in the actor's words; needed.
    """
    if order.removed or order.state in OVER:
        message = (
            f"job order {order.id} is {describe(order)}: Hold needs one that has not begun, runs or is interrupted"
        )
        return Refusal(Code.WRONG_STATE, message)
    if order.hold is not None:
        return Refusal(Code.ON_HOLD, f"job order {order.id} is on hold already: {order.hold}")
    if not reason or not reason.strip():
        return Refusal(Code.REASON_MISSING, f"Hold of job order {order.id} needs a reason (field `reason`)")
    held = replace(order, hold=reason)
    if order.state is State.RUNNING:
        paused = decisions.pause(held, at, sub_state=SubState.HELD, reason=reason)
        return paused if isinstance(paused, Refusal) else replace(paused, facts=(Held(reason), *paused.facts))
    return _moved(held, at, Held(reason), SubState.HELD, reason)


def release(order: JobOrder, at: datetime, *, reason: str | None) -> Decision | Refusal:
    """Let a held order run again; an interrupted one is suspended then, until somebody resumes it."""
    if order.removed or order.hold is None:
        return Refusal(Code.NOT_ON_HOLD, f"job order {order.id} is not on hold; it is {describe(order)}")
    return _moved(replace(order, hold=None), at, Released(order.hold, reason), SubState.SUSPENDED, reason)


def _moved(order: JobOrder, at: datetime, fact: Fact, sub_state: SubState, reason: str | None) -> Decision:
    """An interrupted order is Held for a constraint and Suspended without one; any other keeps its sub-state."""
    after = replace(order, version=order.version + 1)
    if order.state is not State.INTERRUPTED or order.sub_state is sub_state:
        return Decision(after, (fact,), at)
    change = StateChanged(order.state, order.sub_state, "ChangeSubState", None, reason)
    return Decision(replace(after, sub_state=sub_state), (fact, change), at)
