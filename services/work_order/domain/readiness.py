"""What keeps an order from running that is permitted to: a hold, its equipment, what comes before it, its material.

Facts of other services arrive in any order and are looked at when execution is to begin or to go on; none of them interrupts an order
that runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.work_order.domain.decisions import describe
from services.work_order.domain.job_order import JobOrder, Predecessor, PredecessorRule
from services.work_order.domain.refusal import Code, Refusal
from services.work_order.domain.state_machine import State


@dataclass(frozen=True, slots=True)
class MaterialHold:
    """A hold on something an order needs: `target` is the material, lot or place, `reason` why it must not be used."""

    id: str
    target: str
    reason: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What there is around an order when it is to run.

    Attributes:
        unavailable: Why its work center cannot be used, if it cannot.
        before: The job orders of each operation that comes before.
        holds: Holds on what it needs.
    """

    unavailable: str | None = None
    before: Mapping[str, Sequence[JobOrder]] = field(default_factory=dict)
    holds: Sequence[MaterialHold] = ()


def find_obstacle(order: JobOrder, situation: Situation) -> Refusal | None:
    """Return what keeps `order` from running, in words; None where nothing does."""
    if order.hold is not None:
        return Refusal(Code.ON_HOLD, f"job order {order.id} is on hold: {order.hold}; Release it first")
    if situation.unavailable is not None:
        message = f"{order.place} is not available: {situation.unavailable}; job order {order.id} must wait"
        return Refusal(Code.EQUIPMENT_UNAVAILABLE, message)
    if order.begun_at is None:
        for rule in order.definition.predecessors:
            if waiting := _waits_for(rule, situation.before.get(rule.operation, ())):
                message = f"job order {order.id} must wait for operation {rule.operation}: {waiting}"
                return Refusal(Code.PREDECESSOR_NOT_DONE, message)
    if situation.holds:
        held = situation.holds[0]
        message = f"{held.target}, which job order {order.id} needs, is on hold ({held.id}): {held.reason}"
        return Refusal(Code.MATERIAL_ON_HOLD, message)
    return None


def _waits_for(rule: Predecessor, orders: Sequence[JobOrder]) -> str | None:
    """Return what is not done yet, in words. Cancelled and aborted orders are waited for no more, the others of the operation are."""
    counted = [order for order in orders if order.removed is None or order.state is State.ENDED]
    living = [order for order in counted if order.state is not State.ABORTED]
    if not living:
        return "it has no job order"
    unfinished = [order for order in living if order.state is not State.ENDED]
    if not unfinished:
        return None
    if rule.rule is PredecessorRule.OVERLAP and rule.quantity is not None:
        good = sum(order.good for order in living)
        return None if good >= rule.quantity else f"{good:f} of {rule.quantity:f} good units are made"
    first = unfinished[0]
    return f"job order {first.id} is {describe(first)}"
