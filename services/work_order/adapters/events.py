"""From the domain's facts to the events of the contract (`namespace.contracts.work_order`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from namespace.contracts import work_order as contract
from namespace.contracts.event_log import NewEvent
from namespace.isa95 import EquipmentPath
from services.work_order.domain import facts
from services.work_order.domain.facts import Decision
from services.work_order.domain.job_order import JobOrder, interrupted_time, labor_by_person, running_time, seconds
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
    fields = asdict(request)
    del fields["id"]
    payload = contract.WorkRequestStored(**fields)
    return _event(payload, new_id(), at=at, scope=site, subject=request.id, origin=origin)


def decimal_text(value: Decimal) -> str:
    """Return `value` as decimal string without exponent or superfluous zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


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
            )
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


def _known(order: JobOrder) -> dict[str, Any]:
    asked = order.definition
    ordered = asked.ordered
    return {
        "version": order.version,
        "work_center": str(order.place),
        "work_request": asked.work_request,
        "work_master": asked.work_master,
        "quantity_ordered": contract.QuantityValue(value=ordered.decimal_text, unit=ordered.unit) if ordered else None,
        "unit": asked.unit,
        "ideal_cycle_s": decimal_text(asked.ideal_cycle_s) if asked.ideal_cycle_s is not None else None,
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
        }
    )
