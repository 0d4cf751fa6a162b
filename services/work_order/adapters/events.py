"""From the domain's facts to the events of the contract (`namespace.contracts.work_order`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields as fields_of
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from namespace.contracts import work_order as contract
from namespace.contracts.event_log import NewEvent
from namespace.isa95 import EquipmentPath, Quantity
from services.work_order.application.defining import WORK_MASTER
from services.work_order.domain import facts
from services.work_order.domain.facts import Decision
from services.work_order.domain.flow import Flow, OperationFlow
from services.work_order.domain.job_order import (
    JobOrder,
    decimal_text,
    interrupted_time,
    labor_by_person,
    running_time,
    seconds,
)
from services.work_order.domain.work_master import WorkMaster, WorkMasterState
from services.work_order.ports import Origin, WorkRequest

NewId = Callable[[], UUID]
"""Makes the id of an original event (UUIDv7)."""


def events_of(decision: Decision, origin: Origin, new_id: NewId) -> list[NewEvent]:
    """Return the events of a decision, in order.

    Args:
        decision: What was decided about a job order.
        origin: Who and what caused it.
        new_id: Makes event ids.
    """
    order = decision.order
    return [
        _event(
            _payload(order, fact),
            new_id(),
            at=decision.at,
            scope=order.place,
            subject=order.id,
            origin=origin,
            job_order=order.id,
        )
        for fact in decision.facts
    ]


def work_request_event(
    request: WorkRequest, at: datetime, site: EquipmentPath, origin: Origin, new_id: NewId
) -> NewEvent:
    """Return the event of a stored or changed work request; its place is the site."""
    names = [field.name for field in fields_of(request) if field.name not in {"id", "responses"}]
    fields = {name: getattr(request, name) for name in names}
    payload = contract.WorkRequestStored(**{**fields, "quantity": _quantity(request.quantity)})
    return _event(payload, new_id(), at=at, scope=site, subject=request.id, origin=origin)


def work_response_event(
    request: WorkRequest, flow: Flow, at: datetime, *, site: EquipmentPath, origin: Origin, new_id: NewId
) -> NewEvent:
    """Return the event that tells how a work request went; its place is the site."""
    payload = contract.WorkResponse(
        revision=request.responses,
        version=request.version,
        customer_reference=request.customer_reference,
        work_master=request.work_master,
        quantity=_quantity(request.quantity),
        due=request.due,
        good=decimal_text(flow.good),
        scrap=decimal_text(flow.scrap),
        start_time=flow.begun_at,
        end_time=flow.ended_at,
        lead_time_s=None if flow.lead_time is None else seconds_text(flow.lead_time),
        operations=tuple(_operation_response(operation) for operation in flow.operations),
    )
    return _event(payload, new_id(), at=at, scope=site, subject=request.id, origin=origin)


def _operation_response(flow: OperationFlow) -> contract.OperationResponse:
    return contract.OperationResponse(
        operation=flow.operation,
        job_orders=flow.job_orders,
        good=decimal_text(flow.good),
        scrap=decimal_text(flow.scrap),
        start_time=flow.begun_at,
        end_time=flow.ended_at,
        queue_s=None if flow.queue is None else seconds_text(flow.queue),
    )


def work_master_event(
    master: WorkMaster, at: datetime, site: EquipmentPath, origin: Origin, new_id: NewId, *, reason: str | None = None
) -> NewEvent:
    """Return the event of a version that was stored, activated or retired; its place is the site."""
    payload: BaseModel
    match master.state:
        case WorkMasterState.STORED:
            payload = contract.WorkMasterStored.model_validate(WORK_MASTER.dump_python(master, mode="json"))
        case WorkMasterState.ACTIVE:
            payload = contract.WorkMasterActivated(version=master.version, reason=reason)
        case WorkMasterState.RETIRED:
            payload = contract.WorkMasterRetired(version=master.version, reason=reason)
    return _event(payload, new_id(), at=at, scope=site, subject=master.id, origin=origin)


def place_event(payload: BaseModel, at: datetime, place: EquipmentPath, origin: Origin, new_id: NewId) -> NewEvent:
    """Return an event whose subject is a place."""
    return _event(payload, new_id(), at=at, scope=place, subject=str(place), origin=origin)


def seconds_text(duration: timedelta) -> str:
    """Return `duration` in seconds as decimal string."""
    return decimal_text(seconds(duration))


def _event(
    payload: BaseModel,
    event_id: UUID,
    *,
    at: datetime,
    scope: EquipmentPath,
    subject: str,
    origin: Origin,
    job_order: str | None = None,
) -> NewEvent:
    name = type(payload).__name__
    return NewEvent(
        event_id=event_id,
        type=name,
        schema=f"{name}/1",
        occurred_at=at,
        scope=str(scope),
        subject=subject,
        job_order=job_order,
        actor=origin.actor,
        correlation=origin.correlation,
        causation=origin.correlation,
        payload=payload.model_dump(mode="json", by_alias=True, exclude_none=True),
    )


def _payload(order: JobOrder, fact: facts.Fact) -> BaseModel:
    known = _known(order)
    match fact:
        case facts.Stored():
            return contract.JobOrderStored(**known, **_stored(order))
        case facts.Updated(changed):
            return contract.JobOrderUpdated(**known, **_stored(order), changed=changed)
        case facts.StateChanged():
            return contract.JobOrderStateChanged(
                **known,
                from_state=fact.from_state.value,
                from_sub_state=fact.from_sub_state.value if fact.from_sub_state else None,
                to_state=order.state.value,
                sub_state=order.sub_state.value if order.sub_state else None,
                cause=fact.cause,
                transition=fact.transition,
                good=decimal_text(order.good),
                scrap=decimal_text(order.scrap),
                reason=fact.reason,
            )
        case facts.QuantityReported():
            return contract.QuantityReported(
                **known,
                good=decimal_text(fact.good),
                scrap=decimal_text(fact.scrap),
                total_good=decimal_text(order.good),
                total_scrap=decimal_text(order.scrap),
                source=fact.source.value,
                scrap_reason=fact.scrap_reason,
                counted_since=fact.counted_since,
                rework=decimal_text(fact.rework),
                total_rework=decimal_text(order.rework),
                rework_reason=fact.rework_reason,
            )
        case facts.QuantityDeclared(good, scrap):
            return contract.QuantityDeclared(
                **known,
                good=decimal_text(good),
                scrap=decimal_text(scrap),
                declared_good=decimal_text(order.declared_good),
                declared_scrap=decimal_text(order.declared_scrap),
                total_good=decimal_text(order.good),
                total_scrap=decimal_text(order.scrap),
            )
        case _:
            return _rarer_payload(order, fact, known)


def _rarer_payload(order: JobOrder, fact: facts.Fact, known: dict[str, Any]) -> BaseModel:
    match fact:
        case facts.Amended(quantity, due, cause, reason, other):
            return contract.JobOrderAmended(
                **known, from_quantity=_quantity(quantity), from_due=due, cause=cause, other=other, reason=reason
            )
        case facts.Held(reason):
            return contract.JobOrderHeld(**known, reason=reason)
        case facts.Released(held_for, reason):
            return contract.JobOrderReleased(**known, held_for=held_for, reason=reason)
        case facts.ReworkOrdered(rework_order, quantity, reason):
            return contract.ReworkOrdered(**known, rework_order=rework_order, quantity=_some(quantity), reason=reason)
        case facts.LaborReported(person, worked, automatic):
            return contract.LaborReported(
                **known,
                person=person,
                clock="on" if worked is None else "off",
                labor_s=None if worked is None else seconds_text(worked),
                automatic=automatic,
            )
        case facts.Responded(revision):
            return _response(order, revision, known)
        case facts.Cancelled(reason):
            return contract.JobOrderCancelled(**known, reason=reason)
        case facts.Cleared():
            return contract.JobOrderCleared(**known)
        case _:  # those of `_payload`
            msg = f"no event for {fact!r}"
            raise TypeError(msg)


def _known(order: JobOrder) -> dict[str, Any]:
    asked = order.definition
    return {
        "version": order.version,
        "work_center": str(order.place),
        "work_request": asked.work_request,
        "work_master": asked.work_master,
        "work_master_version": asked.work_master_version,
        "operation": asked.operation,
        "due": asked.due,
        "customer_reference": asked.customer_reference,
        "quantity_ordered": _quantity(asked.ordered),
        "unit": asked.unit,
        "ideal_cycle_s": _decimal(asked.ideal_cycle_s),
    }


def _stored(order: JobOrder) -> dict[str, Any]:
    asked = order.definition
    return {
        "state": order.state.value,
        "sub_state": order.sub_state.value if order.sub_state else None,
        "description": asked.description,
        "priority": asked.priority,
        "planned_start": asked.planned_start,
        "planned_end": asked.planned_end,
        "quantity_source": asked.quantity_source.value,
        "parameters": dict(asked.parameters),
        "operator_declares": asked.operator_declares,
        "begins_by": asked.begins_by.value,
        "completes_by": asked.completes_by.value if asked.completes_by else None,
        "over_tolerance": decimal_text(asked.over_tolerance),
        "under_tolerance": _decimal(asked.under_tolerance),
        "setup_s": _decimal(asked.setup_s),
        "predecessors": [
            contract.Predecessor(operation=rule.operation, rule=rule.rule.value, quantity=_decimal(rule.quantity))
            for rule in asked.predecessors
        ],
        "split_from": asked.split_from,
        "rework_of": asked.rework_of,
    }


def _response(order: JobOrder, revision: int, known: dict[str, Any]) -> contract.JobResponse:
    labor = labor_by_person(order)
    return contract.JobResponse.model_validate(
        {
            **known,
            "revision": revision,
            "state": order.state.value,
            "sub_state": order.sub_state.value if order.sub_state else None,
            "start_time": order.begun_at,
            "end_time": order.ended_at,
            "good": decimal_text(order.good),
            "scrap": decimal_text(order.scrap),
            "running_s": seconds_text(running_time(order)),
            "interrupted_s": seconds_text(interrupted_time(order)),
            "labor": [
                contract.LaborActual(person=person, labor_s=seconds_text(worked)) for person, worked in labor.items()
            ],
            "rework": decimal_text(order.rework),
            "scrap_reasons": {reason: decimal_text(scrap) for reason, scrap in order.scrap_reasons.items()},
            "declared_good": decimal_text(order.declared_good) if order.definition.operator_declares else None,
            "declared_scrap": decimal_text(order.declared_scrap) if order.definition.operator_declares else None,
            "rework_of": order.definition.rework_of,
            "split_from": order.definition.split_from,
            **_machine_time(order),
        }
    )


def _machine_time(order: JobOrder) -> dict[str, str]:
    """The four times of OPC 40001-3, where the machine's states are known."""
    machine = order.machine
    if machine is None:
        return {}
    return {
        "actual_unit_busy_time_s": seconds_text(machine.busy),
        "actual_unit_setup_time_s": seconds_text(machine.setup),
        "actual_unit_delay_time_s": seconds_text(machine.delay),
        "actual_production_time_s": seconds_text(machine.production),
    }


def _quantity(quantity: Quantity | None) -> contract.QuantityValue | None:
    return None if quantity is None else _some(quantity)


def _some(quantity: Quantity) -> contract.QuantityValue:
    return contract.QuantityValue(value=quantity.decimal_text, unit=quantity.unit)


def _decimal(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)
