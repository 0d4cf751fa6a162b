"""Rework: units that are neither good nor scrap go to an order of their own, and are counted once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from namespace.isa95 import EquipmentPath, Quantity
from services.work_order.domain.decisions import describe
from services.work_order.domain.facts import Decision, QuantityReported, ReworkOrdered, Stored
from services.work_order.domain.job_order import ZERO, JobOrder, QuantitySource
from services.work_order.domain.quantities import add
from services.work_order.domain.refusal import Code, Refusal
from services.work_order.domain.state_machine import NOT_BEGUN, State, SubState


def order_rework(
    order: JobOrder,
    at: datetime,
    *,
    into: str,
    quantity: Quantity,
    place: EquipmentPath | None = None,
    work_master: str | None = None,
    reason: str | None = None,
) -> tuple[Decision, Decision] | Refusal:
    """Make a rework order of units that were set aside.

    Where counters write the quantities nobody sets units aside: what they count as defective is taken then, out of the scrap.

    Args:
        order: The job order that made the units; begun.
        at: When, UTC.
        into: Id of the rework order; operators count there.
        quantity: How many.
        place: Where; None for the same work center.
        work_master: How; None for the same way.
        reason: Why, in the actor's words.

    Returns:
        What becomes of the order, and the rework order.
    """
    if order.removed or order.state in NOT_BEGUN:
        return Refusal(Code.WRONG_STATE, f"job order {order.id} is {describe(order)}: there is nothing to rework")
    if quantity.unit != order.unit:
        return Refusal(Code.WRONG_UNIT, f"job order {order.id} counts in {order.unit}, not in {quantity.unit}")
    waiting = order.rework - order.rework_ordered
    counted = order.definition.quantity_source is QuantitySource.COUNTER
    available = waiting + (order.scrap if counted else ZERO)
    if not 0 < quantity.value <= available:
        message = f"{available:f} units of job order {order.id} wait for rework, not {quantity}"
        return Refusal(Code.QUANTITY_BEYOND_TOLERANCE, message)
    taken = Decision(order, (), at)
    if missing := max(quantity.value - waiting, ZERO):
        taken = add(order, at, QuantityReported(ZERO, -missing, QuantitySource.COUNTER, rework=missing))
    after = replace(taken.order, version=order.version + 1, rework_ordered=order.rework_ordered + quantity.value)
    definition = replace(
        order.definition,
        ordered=quantity,
        place=place or order.place,
        quantity_source=QuantitySource.OPERATOR,
        operator_declares=False,
        predecessors=(),
        rework_of=order.id,
        split_from=None,
    )
    if work_master is not None and work_master != definition.work_master:
        definition = replace(definition, work_master=work_master, work_master_version=None)
    new = JobOrder(
        id=into,
        version=1,
        definition=definition,
        state=State.ALLOWED_TO_START,
        sub_state=SubState.WAITING,
        stored_at=at,
    )
    ordered = ReworkOrdered(into, quantity, reason)
    return Decision(after, (*taken.facts, ordered), at), Decision(new, (Stored(),), at)
