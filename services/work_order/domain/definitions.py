"""Storing a job order and changing its definition before it begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from services.work_order.domain.decisions import refuse_method
from services.work_order.domain.facts import Decision, Stored, Updated
from services.work_order.domain.job_order import Definition, JobOrder
from services.work_order.domain.refusal import Code, Refusal
from services.work_order.domain.state_machine import CREATIONS, ENTRY_SUB_STATE, Method

FIXED = ("place", "work_request", "quantity_source", "work_master_version", "operation", "predecessors")
"""Fields of a definition that `update` must not change: another place or request is another job order."""


def store(order_id: str, definition: Definition, at: datetime, *, method: Method = Method.STORE) -> Decision | Refusal:
    """Create a job order (OPC 10031-4, Store and StoreAndStart).

    Args:
        order_id: Unique in the site.
        definition: What is asked.
        at: When, UTC.
        method: `Store`, or `StoreAndStart` to permit the start at once.
    """
    if refusal := _refuse_definition(definition):
        return refusal
    state = CREATIONS[method]
    order = JobOrder(
        id=order_id,
        version=1,
        definition=definition,
        state=state,
        sub_state=ENTRY_SUB_STATE[state],
        stored_at=at,
    )
    return Decision(order, (Stored(),), at)


def refuse_duplicate(existing: JobOrder, definition: Definition) -> Refusal | None:
    """Return why `existing` stands against `definition` under its id; None where they are the same."""
    if existing.removed is None and existing.definition == definition:
        return None
    differing = [
        field.name
        for field in fields(Definition)
        if getattr(existing.definition, field.name) != getattr(definition, field.name)
    ]
    what = f"it is {existing.removed}" if existing.removed else f"it differs in {', '.join(differing)}"
    message = f"job order {existing.id} exists and {what}: choose another id, none is used twice"
    return Refusal(Code.DUPLICATE_ID, message)


def update(order: JobOrder, changes: Mapping[str, Any], at: datetime) -> Decision | Refusal:
    """Change the definition of an order that has not begun (OPC 10031-4, Update).

    Args:
        order: The job order.
        changes: New values of fields of `Definition`, none of `FIXED`.
        at: When, UTC.
    """
    if refusal := refuse_method(order, Method.UPDATE):
        return refusal
    definition = replace(order.definition, **changes)
    if refusal := _refuse_definition(definition):
        return refusal
    if refusal := _refuse_other_work(order, definition):
        return refusal
    changed = tuple(name for name in changes if getattr(order.definition, name) != getattr(definition, name))
    after = replace(order, version=order.version + 1, definition=definition)
    return Decision(after, (Updated(changed),), at)


def _refuse_other_work(order: JobOrder, changed: Definition) -> Refusal | None:
    """A job order keeps the work master, version and all, that it was made from."""
    asked = order.definition
    if asked.work_master_version is None or changed.work_master == asked.work_master:
        return None
    message = (
        f"job order {order.id} was made from version {asked.work_master_version} of work master {asked.work_master} "
        f"and keeps it: Cancel it and store another to make {changed.work_master}"
    )
    return Refusal(Code.INVALID_ARGUMENTS, message)


def _refuse_definition(definition: Definition) -> Refusal | None:
    if definition.ordered is not None and definition.ordered.value <= 0:
        return Refusal(
            Code.INVALID_ARGUMENTS, f"the quantity ordered must be above zero, not {definition.ordered.value}"
        )
    if definition.planned_start and definition.planned_end and definition.planned_end < definition.planned_start:
        return Refusal(Code.INVALID_ARGUMENTS, "the planned end lies before the planned start")
    return None
