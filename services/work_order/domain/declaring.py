"""What operators declare where counters write: two figures with one writer each, and who decides between them.

Declarations are compared, never added to the counts. `reconcile` says after the end which of the two is right.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from services.work_order.domain.decisions import describe
from services.work_order.domain.facts import Decision, QuantityDeclared, QuantityReported
from services.work_order.domain.job_order import JobOrder, QuantitySource
from services.work_order.domain.quantities import add
from services.work_order.domain.refusal import Code, Refusal
from services.work_order.domain.state_machine import NOT_BEGUN, OVER


def declare(order: JobOrder, at: datetime, *, good: Decimal, scrap: Decimal, unit: str) -> Decision | Refusal:
    """Add to what operators declare; negative figures correct earlier ones.

    Args:
        order: The job order, begun.
        at: When, UTC.
        good: Change of the declared good quantity.
        scrap: Change of the declared scrap quantity.
        unit: Unit of both.
    """
    if refusal := _refuse(order, "DeclareQuantity"):
        return refusal
    if order.removed or order.state in NOT_BEGUN:
        return Refusal(
            Code.WRONG_STATE, f"job order {order.id} is {describe(order)}: DeclareQuantity needs one that began"
        )
    if unit != order.unit:
        return Refusal(Code.WRONG_UNIT, f"job order {order.id} counts in {order.unit}, not in {unit}")
    if order.declared_good + good < 0 or order.declared_scrap + scrap < 0:
        message = (
            f"{order.declared_good:f} good and {order.declared_scrap:f} scrap are declared: no more can be taken away"
        )
        return Refusal(Code.QUANTITY_BEYOND_TOLERANCE, message)
    return _declared(order, at, good, scrap)


def reconcile(order: JobOrder, at: datetime, *, keep_declared: bool) -> Decision | Refusal:
    """Decide between counts and declarations of an order that is over; its response is restated where the counts were wrong.

    Args:
        order: The job order, over.
        at: When, UTC.
        keep_declared: Whether what operators declared is right; else the counters are.
    """
    if refusal := _refuse(order, "Reconcile"):
        return refusal
    if order.removed or order.state not in OVER:
        needed = " or ".join(OVER)
        return Refusal(Code.WRONG_STATE, f"job order {order.id} is {describe(order)}: Reconcile needs {needed}")
    good, scrap = order.declared_good - order.good, order.declared_scrap - order.scrap
    if not keep_declared:
        return _declared(order, at, -good, -scrap)
    corrected = add(order, at, QuantityReported(good, scrap, QuantitySource.OPERATOR))
    return replace(corrected, order=replace(corrected.order, version=order.version + 1))


def _declared(order: JobOrder, at: datetime, good: Decimal, scrap: Decimal) -> Decision:
    after = replace(
        order,
        version=order.version + 1,
        declared_good=order.declared_good + good,
        declared_scrap=order.declared_scrap + scrap,
    )
    return Decision(after, (QuantityDeclared(good, scrap),), at)


def _refuse(order: JobOrder, verb: str) -> Refusal | None:
    if order.definition.operator_declares:
        return None
    message = f"job order {order.id} has one writer, {order.definition.quantity_source}: {verb} needs operator_declares"
    return Refusal(Code.QUANTITY_SOURCE, message)
