"""Work in process of an operation: where the units asked for are, so that the sum always matches.

`queued + in_process + done + scrapped + set_aside + short - over = ordered`, order by order and summed. Units that went to a rework order
are that order's; cancelled orders ask for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from services.work_order.domain.job_order import ZERO, JobOrder, Removal
from services.work_order.domain.state_machine import NOT_BEGUN, OVER


@dataclass(frozen=True, slots=True)
class Wip:
    """Where units are.

    Attributes:
        ordered: What the orders ask for, without what went on to rework orders.
        queued: Not begun.
        in_process: Begun and not made.
        done: Good.
        scrapped: Scrap.
        set_aside: Wait for a rework order.
        short: Will not be made: the order is over.
        over: Made beyond what was ordered.
    """

    ordered: Decimal = ZERO
    queued: Decimal = ZERO
    in_process: Decimal = ZERO
    done: Decimal = ZERO
    scrapped: Decimal = ZERO
    set_aside: Decimal = ZERO
    short: Decimal = ZERO
    over: Decimal = ZERO


def wip_of(orders: Iterable[JobOrder]) -> Wip:
    """Return where the units of `orders` are; orders without a quantity ask for what they made."""
    total: dict[str, Decimal] = {}
    for order in orders:
        if order.removed is Removal.CANCELLED:
            continue
        for name, amount in _of_one(order).items():
            total[name] = total.get(name, ZERO) + amount
    return Wip(**total)


def _of_one(order: JobOrder) -> dict[str, Decimal]:
    asked = order.definition.ordered
    ordered = asked.value if asked else order.made
    return {
        "ordered": ordered - order.rework_ordered,
        "done": order.good,
        "scrapped": order.scrap,
        "set_aside": order.rework - order.rework_ordered,
        _place_of_rest(order): max(ordered - order.made, ZERO),
        "over": max(order.made - ordered, ZERO),
    }


def _place_of_rest(order: JobOrder) -> str:
    if order.state in NOT_BEGUN:
        return "queued"
    return "short" if order.state in OVER else "in_process"
