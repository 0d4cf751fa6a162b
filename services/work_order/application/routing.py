"""From a work request to the job orders of its work master's operations, all of them or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from namespace.contracts.command import Command
from namespace.contracts.work_order import CreateJobOrdersArgs, QuantityValue, StoreArgs
from services.work_order.application.carrying_out import (
    Accepted,
    Outcome,
    Refused,
    origin_of,
    refuse_id,
    whole_ms,
)
from services.work_order.application.storing import definition_of, unknown_work_request
from services.work_order.domain import definitions
from services.work_order.domain.definition import Definition
from services.work_order.domain.facts import Decision
from services.work_order.domain.job_order import decimal_text
from services.work_order.domain.refusal import Code, Refusal
from services.work_order.domain.state_machine import Method
from services.work_order.domain.work_master import Operation, WorkMaster, in_force, refuse_work_center
from services.work_order.ports import Shop, WorkOrders, WorkRequest


async def create_job_orders(
    work_orders: WorkOrders, shop: Shop, command: Command, args: CreateJobOrdersArgs
) -> Outcome:
    """Make a job order of each operation, with the id `<work request>-<operation>`."""
    if impossible := refuse_id(command.subject):
        return impossible
    request = await work_orders.work_request(command.subject)
    if request is None:
        return Refused(unknown_work_request(command.subject))
    at = whole_ms(args.occurred_at or command.issued_at)
    master = await _master_of(work_orders, request, args.version, at)
    if isinstance(master, Refusal):
        return Refused(master, request.version)
    method = Method.STORE_AND_START if args.start else Method.STORE
    touched = []
    for operation in master.operations:
        definition = _definition(shop, request, master, operation, args.places)
        if isinstance(definition, Refusal):
            return Refused(definition, request.version)
        order_id = f"{request.id}-{operation.id}"
        if impossible := refuse_id(order_id):
            return impossible
        stored = definitions.store(order_id, definition, at, method=method)
        refusal = stored if isinstance(stored, Refusal) else await _refuse_to_add(work_orders, command, stored)
        if refusal is not None:
            return Refused(refusal, request.version)
        touched.append(definition.place)
    text = f"{len(touched)} job orders of work request {request.id} by version {master.version} of {master.id}"
    return Accepted(request.id, request.version, text, places=frozenset(touched))


async def _refuse_to_add(work_orders: WorkOrders, command: Command, stored: Decision) -> Refusal | None:
    if await work_orders.add(stored, origin_of(command)):
        return None
    message = f"job order {stored.order.id} exists: the job orders of a work request are made once; Amend or Split them"
    return Refusal(Code.DUPLICATE_ID, message)


async def _master_of(
    work_orders: WorkOrders, request: WorkRequest, version: int | None, at: datetime
) -> WorkMaster | Refusal:
    if request.work_master is None or request.quantity is None:
        message = f"work request {request.id} has no work master or no quantity; StoreWorkRequest with both first"
        return Refusal(Code.INVALID_ARGUMENTS, message)
    versions = await work_orders.masters.versions(request.work_master)
    if not versions:
        message = f"there is no work master {request.work_master!r}; send StoreWorkMaster first"
        return Refusal(Code.UNKNOWN_WORK_MASTER, message)
    wanted = versions if version is None else [each for each in versions if each.version == version]
    master = in_force(wanted, at)
    if master is None:
        states = ", ".join(f"{each.version} {each.state}" for each in versions)
        which = "no version" if version is None else f"version {version} not"
        message = f"{which} of work master {request.work_master} in force at {at.isoformat()}; there are: {states}"
        return Refusal(Code.NO_VERSION_IN_FORCE, message)
    if master.unit != request.quantity.unit:
        message = f"work request {request.id} is for {request.quantity}, work master {master.id} makes {master.unit}"
        return Refusal(Code.WRONG_UNIT, message)
    return master


def _definition(
    shop: Shop, request: WorkRequest, master: WorkMaster, operation: Operation, places: Mapping[str, str]
) -> Definition | Refusal:
    place = places.get(operation.id) or places.get(operation.equipment_class or "")
    if place is None:
        wanted = f", or of its equipment class {operation.equipment_class}" if operation.equipment_class else ""
        message = f"where is operation {operation.id} done? Name its work center in args.places{wanted}"
        return Refusal(Code.UNKNOWN_EQUIPMENT, message)
    quantity = (request.quantity.value if request.quantity else Decimal(0)) * operation.output_per_unit
    asked = StoreArgs(
        place=place,
        work_request=request.id,
        work_master=master.id,
        description=operation.description or request.description,
        quantity=QuantityValue(value=decimal_text(quantity), unit=master.unit),
        priority=request.priority,
        planned_start=request.planned_start,
        planned_end=request.planned_end,
        quantity_source=operation.quantity_source.value if operation.quantity_source else None,
        over_tolerance=decimal_text(operation.over_tolerance),
        ideal_cycle_s=decimal_text(operation.run_s) if operation.run_s is not None else None,
        due=request.due,
        customer_reference=request.customer_reference,
        begins_by=operation.begins_by.value,
        completes_by=operation.completes_by.value if operation.completes_by else None,
        operator_declares=operation.operator_declares,
    )
    definition = definition_of(shop, asked)
    if isinstance(definition, Refusal):
        return definition
    if operation.equipment_class is not None:
        members = shop.work_centers_of(operation.equipment_class)
        if refusal := refuse_work_center(operation, definition.place, members):
            return refusal
    return replace(
        definition,
        work_master_version=master.version,
        operation=operation.id,
        predecessors=operation.predecessors,
        setup_s=operation.setup_s,
        under_tolerance=operation.under_tolerance,
    )
