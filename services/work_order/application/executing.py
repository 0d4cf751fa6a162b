"""Commands that accompany the execution of a job order: from its beginning to its end, who works on it, what it yields."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from namespace.contracts.command import Command
from namespace.contracts.work_order import (
    BeginArgs,
    ClockArgs,
    DeclareQuantityArgs,
    MethodArgs,
    PauseArgs,
    ReconcileArgs,
    ReportQuantityArgs,
)
from namespace.isa95 import EquipmentPath, EquipmentPathError
from services.work_order.application.carrying_out import Outcome, Refused, carry_out
from services.work_order.application.situation import find_obstacle_of, find_required_personnel
from services.work_order.domain import decisions, declaring, labor, quantities
from services.work_order.domain.facts import Decision
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.refusal import Code, Refusal
from services.work_order.domain.state_machine import Method, SubState
from services.work_order.ports import Shop, UnknownPlaceError, WorkOrders


async def begin(work_orders: WorkOrders, shop: Shop, command: Command, args: BeginArgs) -> Outcome:
    """Execution begins (OPC 10031-4, transition 5)."""
    return await _enter_running(work_orders, shop, command, args, Method.BEGIN)


async def resume(work_orders: WorkOrders, shop: Shop, command: Command, args: BeginArgs) -> Outcome:
    """Go on with an interrupted job order (OPC 10031-4, Resume)."""
    return await _enter_running(work_orders, shop, command, args, Method.RESUME)


async def pause(work_orders: WorkOrders, shop: Shop, command: Command, args: PauseArgs) -> Outcome:
    """Interrupt execution (OPC 10031-4, Pause)."""

    def choose(order: JobOrder, at: datetime) -> Decision | Refusal:
        return decisions.pause(order, at, sub_state=SubState(args.sub_state), reason=command.reason)

    return await carry_out(work_orders, shop, command, args, choose)


async def stop(work_orders: WorkOrders, shop: Shop, command: Command, args: MethodArgs) -> Outcome:
    """End execution before its natural end (OPC 10031-4, Stop)."""

    def choose(order: JobOrder, at: datetime) -> Decision | Refusal:
        return decisions.stop(order, at, reason=command.reason)

    return await carry_out(work_orders, shop, command, args, choose, settles=True)


async def complete(work_orders: WorkOrders, shop: Shop, command: Command, args: MethodArgs) -> Outcome:
    """Execution is finished (OPC 10031-4, transition 7)."""

    def choose(order: JobOrder, at: datetime) -> Decision | Refusal:
        return decisions.complete(order, at, reason=command.reason)

    return await carry_out(work_orders, shop, command, args, choose, settles=True)


async def abort(work_orders: WorkOrders, shop: Shop, command: Command, args: MethodArgs) -> Outcome:
    """Give the job order up (OPC 10031-4, Abort)."""

    def choose(order: JobOrder, at: datetime) -> Decision | Refusal:
        return decisions.abort(order, at, reason=command.reason)

    return await carry_out(work_orders, shop, command, args, choose, settles=True)


async def report_quantity(work_orders: WorkOrders, shop: Shop, command: Command, args: ReportQuantityArgs) -> Outcome:
    """Add good and scrap units, where operators count."""

    def choose(order: JobOrder, at: datetime) -> Decision | Refusal:
        return quantities.report(
            order,
            at,
            good=Decimal(args.good),
            scrap=Decimal(args.scrap),
            unit=args.unit,
            scrap_reason=args.scrap_reason,
            rework=Decimal(args.rework),
            rework_reason=args.rework_reason,
        )

    return await carry_out(work_orders, shop, command, args, choose)


async def declare_quantity(work_orders: WorkOrders, shop: Shop, command: Command, args: DeclareQuantityArgs) -> Outcome:
    """Declare what was made, beside the counters."""

    def choose(order: JobOrder, at: datetime) -> Decision | Refusal:
        return declaring.declare(order, at, good=Decimal(args.good), scrap=Decimal(args.scrap), unit=args.unit)

    return await carry_out(work_orders, shop, command, args, choose)


async def reconcile(work_orders: WorkOrders, shop: Shop, command: Command, args: ReconcileArgs) -> Outcome:
    """Decide between counted and declared quantities of an order that is over."""

    def choose(order: JobOrder, at: datetime) -> Decision | Refusal:
        return declaring.reconcile(order, at, keep_declared=args.keep == "declared")

    return await carry_out(work_orders, shop, command, args, choose)


async def clock_on(work_orders: WorkOrders, shop: Shop, command: Command, args: ClockArgs) -> Outcome:
    """A person begins to work on the job order."""

    async def choose(order: JobOrder, at: datetime) -> Decision | Refusal:
        required = await find_required_personnel(work_orders, shop, order)
        return labor.clock_on(order, args.person, at, required)

    return await carry_out(work_orders, shop, command, args, choose)


async def clock_off(work_orders: WorkOrders, shop: Shop, command: Command, args: ClockArgs) -> Outcome:
    """A person stops working on the job order."""
    return await carry_out(work_orders, shop, command, args, lambda order, at: labor.clock_off(order, args.person, at))


async def _enter_running(
    work_orders: WorkOrders, shop: Shop, command: Command, args: BeginArgs, method: Method
) -> Outcome:
    try:
        place = EquipmentPath.parse(args.place) if args.place else None
    except EquipmentPathError as error:
        return Refused(Refusal(Code.UNKNOWN_EQUIPMENT, str(error)))

    async def choose(order: JobOrder, at: datetime) -> Decision | Refusal:
        occupant = None if _shared(shop, order) else await work_orders.occupant(order.place)
        obstacle = await find_obstacle_of(work_orders, order, args.lots)
        enter = decisions.begin if method is Method.BEGIN else decisions.resume
        return enter(order, at, place=place, occupied_by=occupant, obstacle=obstacle, reason=command.reason)

    return await carry_out(work_orders, shop, command, args, choose)


def _shared(shop: Shop, order: JobOrder) -> bool:
    """Whether several orders may run at the order's work center; not at one that the site file no longer has."""
    try:
        return shop.rules(order.place).concurrent
    except UnknownPlaceError:
        return False
