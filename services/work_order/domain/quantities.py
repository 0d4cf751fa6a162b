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
from services.work_order.domain.job_order import ZERO, CompletesBy, JobOrder, MachineTime, QuantitySource
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
    rework: Decimal = ZERO,
    rework_reason: str | None = None,
) -> Decision | Refusal:
    """Add what an operator reports; negative figures correct earlier ones.

    Args:
        order: The job order, active or over.
        at: When, UTC.
        good: Change of the good quantity.
        scrap: Change of the scrap quantity.
        unit: Unit of both.
        scrap_reason: Why units were scrapped.
        rework: Change of the quantity set aside for rework.
        rework_reason: Why units must be reworked.
    """
    if refusal := _refuse_report(order, unit):
        return refusal
    total_good, total_scrap = order.good + good, order.scrap + scrap
    ordered = order.definition.ordered
    if total_good < 0 or total_scrap < 0 or order.rework + rework < order.rework_ordered:
        message = (
            f"job order {order.id} has {order.good:f} good, {order.scrap:f} scrap and "
            f"{order.rework - order.rework_ordered:f} set aside for rework: no more can be taken away"
        )
        return Refusal(Code.QUANTITY_BEYOND_TOLERANCE, message)
    if ordered is not None and good > 0:
        limit = ordered.value * (1 + order.definition.over_tolerance)
        if total_good > limit:
            message = (
                f"job order {order.id} would have {total_good} good of {ordered} ordered; "
                f"its tolerance ends at {limit.normalize():f}"
            )
            return Refusal(Code.QUANTITY_BEYOND_TOLERANCE, message)
    fact = QuantityReported(
        good, scrap, QuantitySource.OPERATOR, scrap_reason, rework=rework, rework_reason=rework_reason
    )
    reported = add(order, at, fact)
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
    counted = add(order, at, fact)
    ordered = order.definition.ordered
    reached = ordered is not None and counted.order.good >= ordered.value
    if not (completes and reached and order.state is State.RUNNING):
        return counted
    finished = complete(counted.order, max(at, order.last_execution_at or at), reason="quantity ordered reached")
    if isinstance(finished, Refusal):
        return counted
    return Decision(finished.order, (*counted.facts, *finished.facts), at)


def completes_at_target(order: JobOrder, *, site_rule: bool) -> bool:
    """Return whether the counter that reaches the quantity ordered ends the order: its own rule, else the site's."""
    rule = order.definition.completes_by
    return site_rule if rule is None else rule is CompletesBy.TARGET


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


def add(order: JobOrder, at: datetime, fact: QuantityReported) -> Decision:
    """Add what `fact` says to the order's quantities; where it is over, restate its response. The version stays."""
    reasons = dict(order.scrap_reasons)
    if fact.scrap_reason is not None and fact.scrap:
        reasons[fact.scrap_reason] = reasons.get(fact.scrap_reason, ZERO) + fact.scrap
    after = replace(
        order,
        good=order.good + fact.good,
        scrap=order.scrap + fact.scrap,
        rework=order.rework + fact.rework,
        scrap_reasons=reasons,
    )
    facts: tuple[Fact, ...] = (fact,)
    if order.state in OVER:
        after = replace(after, responses=after.responses + 1)
        facts = (fact, Responded(after.responses))
    return Decision(after, facts, at)


def note_machine_time(order: JobOrder, machine: MachineTime, at: datetime) -> Decision | None:
    """Take over what the machine did while the order ran; of one that is over, restate the response. The version stays.

    Returns:
        The decision, or None where nothing is new.
    """
    if order.machine == machine:
        return None
    after = replace(order, machine=machine)
    if order.state not in OVER:
        return Decision(after, (), at)
    after = replace(after, responses=order.responses + 1)
    return Decision(after, (Responded(after.responses),), at)
