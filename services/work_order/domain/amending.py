"""Changing how much is ordered and by when, also while an order runs: amend, split, merge.

What one order gives up another gets, in one decision each, so that the quantity asked for stays the same.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from namespace.isa95 import EquipmentPath, Quantity
from services.work_order.domain import decisions
from services.work_order.domain.decisions import describe
from services.work_order.domain.facts import Amended, Cancelled, Decision, Stored
from services.work_order.domain.job_order import Definition, JobOrder, QuantitySource, Removal
from services.work_order.domain.refusal import Code, Refusal
from services.work_order.domain.state_machine import ACTIVE, NOT_BEGUN, OVER, State, SubState

_SAME_WORK = ("work_request", "work_master", "work_master_version", "operation", "unit", "rework_of")


def amend(
    order: JobOrder,
    at: datetime,
    *,
    quantity: Quantity | None = None,
    due: datetime | None = None,
    completes: bool = False,
    reason: str | None = None,
) -> Decision | Refusal:
    """Change quantity or due date of an order that is not over.

    Args:
        order: The job order.
        at: When, UTC.
        quantity: How much is ordered now; None to leave it.
        due: When it must be done now, UTC; None to leave it.
        completes: Whether having made what is ordered ends the order (the rule of the order or the site).
        reason: Why, in the actor's words.
    """
    if refusal := _refuse_change(order, "Amend"):
        return refusal
    if quantity is None and due is None:
        return Refusal(Code.INVALID_ARGUMENTS, "Amend changes quantity or due: give at least one of them")
    if quantity is not None and (refusal := _refuse_quantity(order, quantity)):
        return refusal
    amended = _amended(order, at, quantity, due, Amended(_ordered(order), order.definition.due, "Amend", reason))
    reached = quantity is not None and amended.order.good >= quantity.value
    if not (completes and reached and order.state is State.RUNNING):
        return amended
    finished = decisions.complete(
        replace(amended.order, version=order.version),
        max(at, order.last_execution_at or at),
        reason="quantity ordered reached",
    )
    if isinstance(finished, Refusal):
        return amended
    return Decision(finished.order, (*amended.facts, *finished.facts), at)


def split(
    order: JobOrder,
    at: datetime,
    *,
    into: str,
    quantity: Quantity,
    place: EquipmentPath | None = None,
    quantity_source: QuantitySource | None = None,
    reason: str | None = None,
) -> tuple[Decision, Decision] | Refusal:
    """Give a part of what remains to a new order of the same operation.

    Args:
        order: The job order; not over.
        at: When, UTC.
        into: Id of the new order.
        quantity: How much goes to it.
        place: Where it is done; None for the same work center.
        quantity_source: Who counts there; None for the same.
        reason: Why, in the actor's words.

    Returns:
        What becomes of the order, and the new one.
    """
    if refusal := _refuse_change(order, "Split"):
        return refusal
    ordered = order.definition.ordered
    if ordered is None:
        return Refusal(Code.INVALID_ARGUMENTS, f"job order {order.id} has no quantity that could be split")
    if quantity.unit != ordered.unit:
        return _wrong_unit(order, quantity)
    if not 0 < quantity.value <= order.remaining or quantity.value >= ordered.value:
        message = f"{order.remaining:f} of job order {order.id} remain to be made: {quantity} cannot be split off"
        return Refusal(Code.QUANTITY_BEYOND_TOLERANCE, message)
    fact = Amended(ordered, order.definition.due, "Split", reason, into)
    kept = _amended(order, at, ordered - quantity, None, fact)
    definition = replace(
        order.definition,
        ordered=quantity,
        place=place or order.place,
        quantity_source=quantity_source or order.definition.quantity_source,
        split_from=order.id,
    )
    state = order.state if order.state in NOT_BEGUN else State.ALLOWED_TO_START
    new = JobOrder(
        id=into,
        version=1,
        definition=definition,
        state=state,
        sub_state=SubState.WAITING,
        stored_at=at,
        hold=order.hold,
    )
    return kept, Decision(new, (Stored(),), at)


def merge(
    order: JobOrder, other: JobOrder, at: datetime, *, reason: str | None = None
) -> tuple[Decision, Decision] | Refusal:
    """Let `order` take over what remains of `other`: one that has not begun is cancelled, an interrupted one stopped.

    Returns:
        What becomes of the order, and of the other.
    """
    if refusal := _refuse_change(order, "Merge") or _refuse_merge(order, other):
        return refusal
    left = Quantity(other.remaining, order.unit)
    given, ordered = other.definition.ordered, order.definition.ordered
    if given is None or ordered is None:
        return Refusal(Code.INVALID_ARGUMENTS, "only orders with a quantity can be merged")
    taken = Amended(ordered, order.definition.due, "Merge", reason, other.id)
    whole = _amended(order, at, ordered + left, None, taken)
    if other.state in NOT_BEGUN:
        gone = replace(other, version=other.version + 1, removed=Removal.CANCELLED)
        return whole, Decision(gone, (Cancelled(f"merged into {order.id}"),), at)
    gave = Amended(given, other.definition.due, "Merge", reason, order.id)
    less = _amended(other, at, given - left, None, gave)
    stopped = decisions.stop(
        replace(less.order, version=other.version),
        max(at, other.last_execution_at or at),
        reason=f"merged into {order.id}",
    )
    if isinstance(stopped, Refusal):
        return stopped
    return whole, Decision(stopped.order, (*less.facts, *stopped.facts), at)


def _amended(order: JobOrder, at: datetime, quantity: Quantity | None, due: datetime | None, fact: Amended) -> Decision:
    asked: Definition = replace(
        order.definition, ordered=quantity or order.definition.ordered, due=due or order.definition.due
    )
    return Decision(replace(order, version=order.version + 1, definition=asked), (fact,), at)


def _ordered(order: JobOrder) -> Quantity | None:
    return order.definition.ordered


def _refuse_change(order: JobOrder, verb: str) -> Refusal | None:
    if order.removed is None and order.state not in OVER:
        return None
    needed = " or ".join((*NOT_BEGUN, *ACTIVE))
    return Refusal(Code.WRONG_STATE, f"job order {order.id} is {describe(order)}: {verb} needs {needed}")


def _refuse_quantity(order: JobOrder, quantity: Quantity) -> Refusal | None:
    if quantity.unit != order.unit:
        return _wrong_unit(order, quantity)
    if quantity.value <= 0 or quantity.value < order.made:
        message = f"job order {order.id} has made {order.made:f} already: it cannot be for {quantity}; Stop it instead"
        return Refusal(Code.QUANTITY_BEYOND_TOLERANCE, message)
    return None


def _refuse_merge(order: JobOrder, other: JobOrder) -> Refusal | None:
    if other.removed or other.state not in (*NOT_BEGUN, State.INTERRUPTED):
        message = (
            f"job order {other.id} is {describe(other)}: its rest can be taken over before it begins or interrupted"
        )
        return Refusal(Code.WRONG_STATE, message)
    differing = [name for name in _SAME_WORK if getattr(order.definition, name) != getattr(other.definition, name)]
    if order.id == other.id or differing:
        what = f"they differ in {', '.join(differing)}" if differing else "it is the same order"
        return Refusal(Code.NOT_THE_SAME_WORK, f"job order {order.id} cannot take over from {other.id}: {what}")
    if not other.remaining:
        return Refusal(Code.QUANTITY_BEYOND_TOLERANCE, f"nothing remains to be made of job order {other.id}")
    return None


def _wrong_unit(order: JobOrder, quantity: Quantity) -> Refusal:
    return Refusal(Code.WRONG_UNIT, f"job order {order.id} counts in {order.unit}, not in {quantity.unit}")
