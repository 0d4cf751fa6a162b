"""Good and scrap quantities of a job order: one writer each, machine counters or operators.

Counts of machines are facts and never refused; an operator's report beyond the tolerance is. Counts that
arrive after the end restate the job response.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from services.work_order.domain.decisions import complete, describe
from services.work_order.domain.facts import Decision, Fact, QuantityReported, Responded
from services.work_order.domain.job_order import JobOrder, QuantitySource
from services.work_order.domain.refusal import Code, Refusal
from services.work_order.domain.state_machine import ACTIVE, OVER, State


def report(
    order: JobOrder,
    at: datetime,
    *,
    good: Decimal,
    scrap: Decimal,
    unit: str,
    scrap_reason: str | None = None,
) -> Decision | Refusal:
    """Add what an operator reports; negative figures correct earlier ones.

    Args:
        order: The job order, active or over.
        at: When, UTC.
        good: Change of the good quantity.
        scrap: Change of the scrap quantity.
        unit: Unit of both.
        scrap_reason: Why units were scrapped.
    """
    if refusal := _refuse_report(order, unit):
        return refusal
    total_good, total_scrap = order.good + good, order.scrap + scrap
    ordered = order.definition.ordered
    if total_good < 0 or total_scrap < 0:
        message = f"job order {order.id} has {order.good} good and {order.scrap} scrap: no more can be taken away"
        return Refusal(Code.QUANTITY_BEYOND_TOLERANCE, message)
    if ordered is not None and good > 0:
        limit = ordered.value * (1 + order.definition.over_tolerance)
        if total_good > limit:
            message = (
                f"job order {order.id} would have {total_good} good of {ordered} ordered; "
                f"its tolerance ends at {limit.normalize():f}"
            )
            return Refusal(Code.QUANTITY_BEYOND_TOLERANCE, message)
    reported = _add(order, at, QuantityReported(good, scrap, QuantitySource.OPERATOR, scrap_reason))
    return replace(reported, order=replace(reported.order, version=order.version + 1))


def count(
    order: JobOrder,
    at: datetime,
    *,
    good: int,
    scrap: int,
    counted_since: datetime | None = None,
    completes: bool = False,
) -> Decision | None:
    """Add what the counters say; the version stays, or a running machine would outdate every command.

    Args:
        order: The job order the units are attributed to.
        at: Source time of the newest sample, UTC.
        good: Good units since the position before; negative where units counted as good turn out defective.
        scrap: Defective units since the position before.
        counted_since: Source time of the position before.
        completes: Whether reaching the quantity ordered ends the order (the site's rule).

    Returns:
        The decision, or None where nothing changes or operators count this order.
    """
    if order.definition.quantity_source is not QuantitySource.COUNTER or not (good or scrap):
        return None
    fact = QuantityReported(Decimal(good), Decimal(scrap), QuantitySource.COUNTER, None, counted_since)
    counted = _add(order, at, fact)
    ordered = order.definition.ordered
    reached = ordered is not None and counted.order.good >= ordered.value
    if not (completes and reached and order.state is State.RUNNING):
        return counted
    finished = complete(counted.order, max(at, order.last_execution_at or at), reason="quantity ordered reached")
    if isinstance(finished, Refusal):
        return counted
    return Decision(finished.order, (*counted.facts, *finished.facts), at)


def _refuse_report(order: JobOrder, unit: str) -> Refusal | None:
    if order.removed or order.state not in (*ACTIVE, OVER[0]):
        message = f"job order {order.id} is {describe(order)}: ReportQuantity needs Running, Interrupted or Ended"
        return Refusal(Code.WRONG_STATE, message)
    if order.definition.quantity_source is QuantitySource.COUNTER:
        message = f"the counters of {order.place} write the quantities of job order {order.id}; an operator cannot"
        return Refusal(Code.QUANTITY_SOURCE, message)
    if unit != order.unit:
        return Refusal(Code.WRONG_UNIT, f"job order {order.id} counts in {order.unit}, not in {unit}")
    return None


def _add(order: JobOrder, at: datetime, fact: QuantityReported) -> Decision:
    after = replace(order, good=order.good + fact.good, scrap=order.scrap + fact.scrap)
    facts: tuple[Fact, ...] = (fact,)
    if order.state in OVER:
        after = replace(after, responses=after.responses + 1)
        facts = (fact, Responded(after.responses))
    return Decision(after, facts, at)
