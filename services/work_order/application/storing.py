"""Commands that put job orders and work requests on the lists, change what they say, and take them off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from namespace.contracts.command import Command
from namespace.contracts.work_order import (
    MethodArgs,
    QuantityValue,
    StoreArgs,
    StoreWorkRequestArgs,
    SubStateArgs,
    UpdateArgs,
)
from namespace.isa95 import EquipmentPath, EquipmentPathError, Quantity, QuantityError
from services.work_order.application.carrying_out import (
    Accepted,
    Outcome,
    Refused,
    accepted,
    carry_out,
    origin_of,
    refuse_id,
    whole_ms,
)
from services.work_order.domain import decisions, definitions
from services.work_order.domain.counters import Counter
from services.work_order.domain.facts import Decision
from services.work_order.domain.job_order import BeginsBy, CompletesBy, Definition, JobOrder, QuantitySource
from services.work_order.domain.refusal import Code, Refusal
from services.work_order.domain.state_machine import Method, SubState
from services.work_order.ports import Shop, UnknownPlaceError, WorkOrders, WorkRequest

_KINDS: Mapping[str, Callable[[Any], Any]] = {
    "over_tolerance": Decimal,
    "under_tolerance": Decimal,
    "ideal_cycle_s": Decimal,
    "begins_by": BeginsBy,
    "completes_by": CompletesBy,
}
"""How arguments of `Update` that are text on the wire become values of the definition."""


async def store_work_request(
    work_orders: WorkOrders, _shop: Shop, command: Command, args: StoreWorkRequestArgs
) -> Outcome:
    """Store or change a work request; storing the same again changes nothing."""
    if impossible := refuse_id(command.subject):
        return impossible
    known = await work_orders.work_request(command.subject)
    version = known.version if known else 0
    if command.expected_version is not None and command.expected_version != version:
        message = f"work request {command.subject} is at version {version}, expected {command.expected_version}"
        return Refused(Refusal(Code.STALE_VERSION, message), version)
    if args.planned_start and args.planned_end and args.planned_end < args.planned_start:
        return Refused(Refusal(Code.INVALID_ARGUMENTS, "the planned end lies before the planned start"), version)
    try:
        quantity = quantity_of(args.quantity) if args.quantity else None
    except QuantityError as error:
        return Refused(Refusal(Code.INVALID_ARGUMENTS, str(error)), version)
    fields = {**args.model_dump(exclude={"occurred_at"}), "quantity": quantity}
    responses = known.responses if known else 0
    request = WorkRequest(id=command.subject, version=version, responses=responses, **fields)
    if request == known:
        return Accepted(request.id, version, f"work request {request.id} is stored already")
    request = replace(request, version=version + 1)
    at = whole_ms(args.occurred_at or command.issued_at)
    await work_orders.put_work_request(request, at, origin_of(command))
    return Accepted(request.id, request.version, f"work request {request.id} is stored")


async def store(work_orders: WorkOrders, shop: Shop, command: Command, args: StoreArgs) -> Outcome:
    """Store a job order; it may not start yet (OPC 10031-4, Store)."""
    return await _store(work_orders, shop, command, args, Method.STORE)


async def store_and_start(work_orders: WorkOrders, shop: Shop, command: Command, args: StoreArgs) -> Outcome:
    """Store a job order and permit its start (OPC 10031-4, StoreAndStart)."""
    return await _store(work_orders, shop, command, args, Method.STORE_AND_START)


async def update(work_orders: WorkOrders, shop: Shop, command: Command, args: UpdateArgs) -> Outcome:
    """Change a job order that has not begun (OPC 10031-4, Update)."""
    try:
        changes = _changes(args)
    except QuantityError as error:
        return Refused(Refusal(Code.INVALID_ARGUMENTS, str(error)))
    return await carry_out(work_orders, shop, command, args, lambda order, at: definitions.update(order, changes, at))


async def start(work_orders: WorkOrders, shop: Shop, command: Command, args: MethodArgs) -> Outcome:
    """Permit the start (OPC 10031-4, Start)."""
    return await carry_out(
        work_orders, shop, command, args, lambda order, at: decisions.start(order, at, reason=command.reason)
    )


async def revoke_start(work_orders: WorkOrders, shop: Shop, command: Command, args: MethodArgs) -> Outcome:
    """Withdraw the permission (OPC 10031-4, RevokeStart)."""
    return await carry_out(
        work_orders, shop, command, args, lambda order, at: decisions.revoke_start(order, at, reason=command.reason)
    )


async def change_sub_state(work_orders: WorkOrders, shop: Shop, command: Command, args: SubStateArgs) -> Outcome:
    """Move within the state (OPC 10031-4, sub-state machines)."""

    def choose(order: JobOrder, at: datetime) -> Decision | Refusal:
        return decisions.change_sub_state(order, at, sub_state=SubState(args.sub_state), reason=command.reason)

    return await carry_out(work_orders, shop, command, args, choose)


async def cancel(work_orders: WorkOrders, shop: Shop, command: Command, args: MethodArgs) -> Outcome:
    """Take a job order that has not begun out of the schedule (OPC 10031-4, Cancel)."""
    return await carry_out(
        work_orders, shop, command, args, lambda order, at: decisions.cancel(order, at, reason=command.reason)
    )


async def clear(work_orders: WorkOrders, shop: Shop, command: Command, args: MethodArgs) -> Outcome:
    """Take an ended or aborted job order off the lists (OPC 10031-4, Clear)."""
    return await carry_out(work_orders, shop, command, args, decisions.clear)


async def _store(work_orders: WorkOrders, shop: Shop, command: Command, args: StoreArgs, method: Method) -> Outcome:
    if impossible := refuse_id(command.subject):
        return impossible
    definition = definition_of(shop, args)
    if isinstance(definition, Refusal):
        return Refused(definition)
    if args.work_request is not None and not await work_orders.has_work_request(args.work_request):
        return Refused(unknown_work_request(args.work_request))
    at = whole_ms(args.occurred_at or shop.now(definition.place))
    decision = definitions.store(command.subject, definition, at, method=method)
    if isinstance(decision, Refusal):
        return Refused(decision)
    if await work_orders.add(decision, origin_of(command)):
        return accepted(decision.order)
    existing = await work_orders.job_order(command.subject)
    if existing is None:
        return accepted(decision.order)
    if refusal := definitions.refuse_duplicate(existing, definition):
        return Refused(refusal, existing.version)
    return accepted(existing, f"job order {existing.id} is stored already; it is {decisions.describe(existing)}")


def unknown_work_request(request_id: str) -> Refusal:
    """Return the refusal of what belongs to a work request that is not stored."""
    message = f"there is no work request {request_id!r}; send StoreWorkRequest first"
    return Refusal(Code.UNKNOWN_WORK_REQUEST, message)


def definition_of(shop: Shop, args: StoreArgs) -> Definition | Refusal:
    """Return what a job order asks for, completed by what the site file says of its work center."""
    try:
        place = EquipmentPath.parse(args.place)
        rules = shop.rules(place, args.work_master)
    except (EquipmentPathError, UnknownPlaceError) as error:
        return Refusal(Code.UNKNOWN_EQUIPMENT, str(error))
    try:
        ordered = quantity_of(args.quantity) if args.quantity else None
    except QuantityError as error:
        return Refusal(Code.INVALID_ARGUMENTS, str(error))
    countable = Counter.PROCESSED in rules.counters and (ordered is None or ordered.unit == rules.unit)
    source = QuantitySource(args.quantity_source) if args.quantity_source else None
    if source is QuantitySource.COUNTER and not countable:
        message = f"{place} has no counter in this unit: let operators report (quantity_source: operator)"
        return Refusal(Code.QUANTITY_SOURCE, message)
    return Definition(
        place=place,
        work_request=args.work_request,
        work_master=args.work_master,
        description=args.description,
        ordered=ordered,
        unit=ordered.unit if ordered else rules.unit,
        priority=args.priority,
        planned_start=args.planned_start,
        planned_end=args.planned_end,
        quantity_source=source or (QuantitySource.COUNTER if countable else QuantitySource.OPERATOR),
        over_tolerance=Decimal(args.over_tolerance),
        ideal_cycle_s=Decimal(args.ideal_cycle_s) if args.ideal_cycle_s else rules.ideal_cycle_s,
        parameters=dict(args.parameters),
        due=args.due,
        customer_reference=args.customer_reference,
        begins_by=BeginsBy(args.begins_by),
        completes_by=CompletesBy(args.completes_by) if args.completes_by else None,
        operator_declares=args.operator_declares,
        under_tolerance=decimal_of(args.under_tolerance),
    )


def decimal_of(text: str | None) -> Decimal | None:
    """Return the number of a decimal string, None of None."""
    return None if text is None else Decimal(text)


def quantity_of(value: QuantityValue) -> Quantity:
    """Return a quantity as the domain knows it; raises `QuantityError`."""
    return Quantity.parse(value.value, value.unit)


def _changes(args: UpdateArgs) -> dict[str, Any]:
    """Return the fields of the definition that are present in the arguments, as the domain knows them."""
    present = args.model_fields_set - {"occurred_at"}
    changes: dict[str, Any] = {name: getattr(args, name) for name in present}
    if "quantity" in changes:
        quantity = changes.pop("quantity")
        changes["ordered"] = quantity_of(quantity) if quantity else None
        changes |= {"unit": quantity.unit} if quantity else {}
    for name, kind in _KINDS.items():
        if changes.get(name) is not None:
            changes[name] = kind(changes[name])
    if "parameters" in changes:
        changes["parameters"] = dict(changes["parameters"])
    return changes
