"""What all commands on an existing job order share: find it, check what the caller has seen, decide, write."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from namespace.contracts.command import Command
from namespace.contracts.work_order import MethodArgs
from namespace.isa95 import EquipmentPath
from services.work_order.application.answering import save
from services.work_order.application.machines import take_in
from services.work_order.domain.decisions import check_version, describe, not_before_execution
from services.work_order.domain.facts import Decision
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.refusal import Code, Refusal
from services.work_order.ports import Origin, Shop, WorkOrders

_LONGEST_ID = 100

Choice = Callable[[JobOrder, datetime], Decision | Refusal]
"""What the domain says to an order at a time."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A command took effect.

    Attributes:
        subject: The job order or work request.
        version: Its version now.
        message: One sentence for people.
        state: The job order's state, `State` or `State.SubState`; None for a work request.
        places: Where what is published may have changed.
    """

    subject: str
    version: int
    message: str
    state: str | None = None
    places: frozenset[EquipmentPath] = frozenset()


@dataclass(frozen=True, slots=True)
class Refused:
    """A command was refused.

    Attributes:
        refusal: Why.
        version: The job order's version, where there is one.
    """

    refusal: Refusal
    version: int | None = None


Outcome = Accepted | Refused


def origin_of(command: Command) -> Origin:
    """Return who and what caused the events of a command."""
    return Origin(command.actor, str(command.command_id))


def whole_ms(instant: datetime) -> datetime:
    """Return `instant` in whole milliseconds, as events carry it, so that tables and events agree."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def accepted(order: JobOrder, message: str = "", elsewhere: Collection[EquipmentPath] = ()) -> Accepted:
    """Return the acceptance that tells how `order` is now; `elsewhere` are other places where something changed."""
    text = message or f"job order {order.id} is {describe(order)}"
    return Accepted(order.id, order.version, text, describe(order), frozenset({order.place, *elsewhere}))


def refuse_id(subject: str) -> Refused | None:
    """Return why `subject` can be no id of this service; None where it can."""
    if subject.isprintable() and len(subject) <= _LONGEST_ID:
        return None
    message = f"an id has at most {_LONGEST_ID} characters, all of them printable; {subject[:20]!r}... is none"
    return Refused(Refusal(Code.INVALID_ARGUMENTS, message))


async def carry_out(
    work_orders: WorkOrders,
    shop: Shop,
    command: Command,
    args: MethodArgs,
    choose: Choice | Callable[[JobOrder, datetime], Awaitable[Decision | Refusal]],
    *,
    settles: bool = False,
    elsewhere: Collection[EquipmentPath] = (),
) -> Outcome:
    """Decide on the command's job order and write the decision.

    Args:
        work_orders: Tables and outbox of the transaction.
        shop: The shop floor.
        command: The command; its subject is the job order.
        args: Its arguments.
        choose: The decision, given the order and the time.
        settles: Whether received counts are applied first, so that the decision finds the quantities
            complete.
        elsewhere: Other places where the decision changes something; `choose` may still add to them.
    """
    if impossible := refuse_id(command.subject):
        return impossible
    order = await work_orders.job_order(command.subject)
    if order is None:
        message = f"there is no job order {command.subject!r}; Store it first, or look for its id in query job_orders"
        return Refused(Refusal(Code.UNKNOWN_JOB_ORDER, message))
    if refusal := check_version(order, command.expected_version):
        return Refused(refusal, order.version)
    if settles and order.is_active:
        order = await _with_counts(work_orders, shop, order)
    at = args.occurred_at or not_before_execution(order, shop.now(order.place))
    chosen = choose(order, whole_ms(at))
    outcome = chosen if isinstance(chosen, Decision | Refusal) else await chosen
    if isinstance(outcome, Refusal):
        return Refused(outcome, order.version)
    await save(work_orders, order, outcome, origin_of(command))
    return accepted(outcome.order, elsewhere=elsewhere)


async def _with_counts(work_orders: WorkOrders, shop: Shop, order: JobOrder) -> JobOrder:
    samples = shop.uncounted(order.place)
    if not samples or not await take_in(work_orders, shop, order.place, samples):
        return order
    return await work_orders.job_order(order.id) or order
