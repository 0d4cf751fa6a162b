"""Commands that change what is asked of a job order while it is under way: quantity, due date, parts of it, holds, rework."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from namespace.contracts.command import Command
from namespace.contracts.work_order import AmendArgs, MergeArgs, MethodArgs, ReworkArgs, SplitArgs
from namespace.isa95 import EquipmentPath, EquipmentPathError, Quantity, QuantityError
from services.work_order.application.answering import save
from services.work_order.application.carrying_out import Outcome, Refused, carry_out, origin_of, refuse_id
from services.work_order.application.situation import refuse_work_center
from services.work_order.application.storing import quantity_of
from services.work_order.domain import amending, holding, reworking
from services.work_order.domain.counters import Counter
from services.work_order.domain.definition import QuantitySource
from services.work_order.domain.facts import Decision
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.quantities import completes_at_target
from services.work_order.domain.refusal import Code, Refusal
from services.work_order.ports import Shop, UnknownPlaceError, WorkCenterRules, WorkOrders

_Two = tuple[Decision, Decision]
"""What becomes of the job order that was asked, and the new one."""


async def amend(work_orders: WorkOrders, shop: Shop, command: Command, args: AmendArgs) -> Outcome:
    """Change quantity or due date, also of a job order that runs."""
    try:
        quantity = quantity_of(args.quantity) if args.quantity else None
    except QuantityError as error:
        return Refused(Refusal(Code.INVALID_ARGUMENTS, str(error)))

    def choose(order: JobOrder, at: datetime) -> Decision | Refusal:
        rules = _rules(shop, order.place)
        completes = completes_at_target(order, site_rule=rules is not None and rules.completes)
        counted = order.definition.quantity_source is QuantitySource.COUNTER
        return amending.amend(
            order,
            at,
            quantity=quantity,
            due=args.due,
            completes=completes and counted,
            reason=command.reason,
        )

    return await carry_out(work_orders, shop, command, args, choose, settles=True)


async def split(work_orders: WorkOrders, shop: Shop, command: Command, args: SplitArgs) -> Outcome:
    """Give a part of what remains to a new job order."""

    def part(order: JobOrder, at: datetime, quantity: Quantity, place: EquipmentPath | None) -> _Two | Refusal:
        return amending.split(
            order,
            at,
            into=args.into,
            quantity=quantity,
            place=place,
            quantity_source=_source_at(shop, place, order),
            reason=command.reason,
        )

    return await _make_another(work_orders, shop, command, args, part)


async def rework(work_orders: WorkOrders, shop: Shop, command: Command, args: ReworkArgs) -> Outcome:
    """Make a rework order of units that were set aside."""

    def part(order: JobOrder, at: datetime, quantity: Quantity, place: EquipmentPath | None) -> _Two | Refusal:
        return reworking.order_rework(
            order,
            at,
            into=args.into,
            quantity=quantity,
            place=place,
            work_master=args.work_master,
            reason=command.reason,
        )

    return await _make_another(work_orders, shop, command, args, part)


async def merge(work_orders: WorkOrders, shop: Shop, command: Command, args: MergeArgs) -> Outcome:
    """Take over what remains of another job order of the same operation."""
    elsewhere: set[EquipmentPath] = set()

    async def choose(order: JobOrder, at: datetime) -> Decision | Refusal:
        other = order if args.remaining_of == order.id else await work_orders.job_order(args.remaining_of)
        if other is None:
            return Refusal(Code.UNKNOWN_JOB_ORDER, f"there is no job order {args.remaining_of!r} to take over from")
        outcome = amending.merge(order, other, at, reason=command.reason)
        if isinstance(outcome, Refusal):
            return outcome
        whole, rest = outcome
        await save(work_orders, other, rest, origin_of(command))
        elsewhere.add(other.place)
        return whole

    return await carry_out(work_orders, shop, command, args, choose, settles=True, elsewhere=elsewhere)


async def hold(work_orders: WorkOrders, shop: Shop, command: Command, args: MethodArgs) -> Outcome:
    """Keep a job order from running, or interrupt it; needs a reason."""
    return await carry_out(
        work_orders, shop, command, args, lambda order, at: holding.hold(order, at, reason=command.reason)
    )


async def release(work_orders: WorkOrders, shop: Shop, command: Command, args: MethodArgs) -> Outcome:
    """Let a held job order run again."""
    return await carry_out(
        work_orders, shop, command, args, lambda order, at: holding.release(order, at, reason=command.reason)
    )


async def _make_another(
    work_orders: WorkOrders,
    shop: Shop,
    command: Command,
    args: SplitArgs | ReworkArgs,
    part: Callable[[JobOrder, datetime, Quantity, EquipmentPath | None], _Two | Refusal],
) -> Outcome:
    """Let a job order give units to a new one, both in one transaction."""
    if impossible := refuse_id(args.into):
        return impossible
    try:
        quantity = quantity_of(args.quantity)
        place = EquipmentPath.parse(args.place) if args.place else None
        if place is not None:
            shop.rules(place)
    except QuantityError as error:
        return Refused(Refusal(Code.INVALID_ARGUMENTS, str(error)))
    except (EquipmentPathError, UnknownPlaceError) as error:
        return Refused(Refusal(Code.UNKNOWN_EQUIPMENT, str(error)))
    elsewhere: set[EquipmentPath] = set()

    async def choose(order: JobOrder, at: datetime) -> Decision | Refusal:
        outcome = part(order, at, quantity, place)
        if isinstance(outcome, Refusal):
            return outcome
        kept, new = outcome
        if place is not None and (refusal := await refuse_work_center(work_orders, shop, new.order)):
            return refusal
        if not await work_orders.add(new, origin_of(command)):
            return Refusal(Code.DUPLICATE_ID, f"job order {args.into} exists: choose another id, none is used twice")
        elsewhere.add(new.order.place)
        return kept

    return await carry_out(work_orders, shop, command, args, choose, settles=True, elsewhere=elsewhere)


def _rules(shop: Shop, place: EquipmentPath) -> WorkCenterRules | None:
    """What the site file says of a work center; None where it no longer has it."""
    try:
        return shop.rules(place)
    except UnknownPlaceError:
        return None


def _source_at(shop: Shop, place: EquipmentPath | None, order: JobOrder) -> QuantitySource | None:
    """Who counts a part that is done elsewhere: the counters only where there are any in the order's unit."""
    rules = _rules(shop, place) if place is not None else None
    if rules is None or order.definition.quantity_source is QuantitySource.OPERATOR:
        return None
    countable = Counter.PROCESSED in rules.counters and rules.unit == order.unit
    return QuantitySource.COUNTER if countable else QuantitySource.OPERATOR
