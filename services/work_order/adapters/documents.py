"""Job orders, work requests and labor as the JSON documents that queries answer with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from namespace.contracts.event_log import iso
from services.work_order.adapters.actuals import machine_time, optional_decimal, seconds_text
from services.work_order.application.defining import WORK_MASTER
from services.work_order.domain.forecast import Forecast
from services.work_order.domain.job_order import (
    JobOrder,
    decimal_text,
    interrupted_time,
    labor_by_person,
    running_time,
)
from services.work_order.domain.refusal import Refusal
from services.work_order.domain.state_machine import possible_methods
from services.work_order.domain.wip import wip_of
from services.work_order.domain.work_master import Operation, WorkMaster


def job_order_document(order: JobOrder) -> dict[str, Any]:
    """Return a job order for people's screens: what is asked, how far it is, what may be asked of it now."""
    asked = order.definition
    progress = order.progress
    return {
        "id": order.id,
        "version": order.version,
        "place": str(order.place),
        "work_request": asked.work_request,
        "work_master": asked.work_master,
        "work_master_version": asked.work_master_version,
        "operation": asked.operation,
        "description": asked.description,
        "state": order.state.value,
        "sub_state": order.sub_state.value if order.sub_state else None,
        "removed": order.removed.value if order.removed else None,
        "possible": [] if order.removed else [method.value for method in possible_methods(order.state)],
        "priority": asked.priority,
        "quantity": asked.ordered.decimal_text if asked.ordered else None,
        "unit": order.unit,
        "good": decimal_text(order.good),
        "scrap": decimal_text(order.scrap),
        "rework": decimal_text(order.rework),
        "remaining": decimal_text(order.remaining),
        "hold": order.hold,
        "due": _time(asked.due),
        "customer_reference": asked.customer_reference,
        "progress": None if progress is None else f"{progress:.4f}",
        "quantity_source": asked.quantity_source.value,
        "operator_declares": asked.operator_declares,
        "planned_start": _time(asked.planned_start),
        "planned_end": _time(asked.planned_end),
        "stored_at": _time(order.stored_at),
        "begun_at": _time(order.begun_at),
        "ended_at": _time(order.ended_at),
        "clocked_on": [entry.person for entry in order.open_labor],
    }


def whole_document(order: JobOrder) -> dict[str, Any]:
    """Return everything about a job order but its history."""
    asked = order.definition
    return {
        **job_order_document(order),
        "over_tolerance": decimal_text(asked.over_tolerance),
        "under_tolerance": optional_decimal(asked.under_tolerance),
        "ideal_cycle_s": optional_decimal(asked.ideal_cycle_s),
        "setup_s": optional_decimal(asked.setup_s),
        "begins_by": asked.begins_by.value,
        "completes_by": asked.completes_by.value if asked.completes_by else None,
        "declared_good": decimal_text(order.declared_good) if asked.operator_declares else None,
        "declared_scrap": decimal_text(order.declared_scrap) if asked.operator_declares else None,
        "scrap_reasons": {reason: decimal_text(scrap) for reason, scrap in order.scrap_reasons.items()},
        "predecessors": [
            {"operation": rule.operation, "rule": rule.rule.value, "quantity": optional_decimal(rule.quantity)}
            for rule in asked.predecessors
        ],
        "split_from": asked.split_from,
        "rework_of": asked.rework_of,
        "rework_ordered": decimal_text(order.rework_ordered),
        "parameters": dict(asked.parameters),
        "runs": [{"start": _time(run.start), "end": _time(run.end)} for run in order.runs],
        "running_s": seconds_text(running_time(order)),
        "interrupted_s": seconds_text(interrupted_time(order)),
        "labor": [
            {"person": person, "labor_s": seconds_text(worked)} for person, worked in labor_by_person(order).items()
        ],
        **machine_time(order),
    }


def history_document(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return one event of a job order's history."""
    return {
        "seq": row["seq"],
        "type": row["type"],
        "occurred_at": _time(row["occurred_at"]),
        "recorded_at": _time(row["recorded_at"]),
        "actor": row["actor"],
        "command_id": row["correlation"],
        "payload": json.loads(row["payload"]),
    }


def counts_document(row: Mapping[str, Any], start: datetime, length_s: int) -> dict[str, Any]:
    """Return what was made of a job order in one stretch of its time, for one reason."""
    since = start + timedelta(seconds=row["stretch"] * length_s)
    return {
        "start": _time(since),
        "end": _time(since + timedelta(seconds=length_s)),
        **{name: decimal_text(row[name]) for name in ("good", "scrap", "rework")},
        "scrap_reason": row["scrap_reason"],
        "rework_reason": row["rework_reason"],
        "reports": row["reports"],
    }


def listed_document(
    order: JobOrder, expected: Forecast, obstacle: Refusal | None, operation: Operation | None
) -> dict[str, Any]:
    """Return a job order on the list of its work center: when it will be done, what keeps it from running, who may do it."""
    return {
        **job_order_document(order),
        "rank": order.rank,
        "forecast": forecast_document(expected),
        "obstacle": None if obstacle is None else {"code": obstacle.code.value, "message": obstacle.message},
        "personnel_class": operation.personnel_class if operation else None,
    }


def work_request_document(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a work request with the progress of its job orders."""
    return {
        "id": row["id"],
        "version": row["version"],
        "description": row["description"],
        "customer_reference": row["customer_reference"],
        "priority": row["priority"],
        "planned_start": _time(row["planned_start"]),
        "planned_end": _time(row["planned_end"]),
        "due": _time(row["due"]),
        "work_master": row["work_master"],
        "quantity": optional_decimal(row["quantity"]),
        "unit": row["unit"],
        "stored_at": _time(row["stored_at"]),
        **{name: row[name] for name in ("job_orders", "cancelled", "active", "ended", "aborted")},
    }


def work_master_document(master: WorkMaster) -> dict[str, Any]:
    """Return a version of a work master."""
    document: dict[str, Any] = WORK_MASTER.dump_python(master, mode="json")
    return document


def brief_master_document(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a version of a work master without its operations."""
    said = json.loads(row["document"])
    return {
        "id": row["id"],
        "version": row["version"],
        "state": row["state"],
        "description": said["description"],
        "material": row["material"],
        "unit": said["unit"],
        "operation_count": len(said["operations"]),
        "effective_from": _time(row["effective_from"]),
        "effective_until": _time(row["effective_until"]),
        "stored_at": _time(row["stored_at"]),
    }


def forecast_document(expected: Forecast) -> dict[str, Any]:
    """Return what is to be expected of a job order."""
    rate, lateness = expected.rate_per_s, expected.lateness
    return {
        "rate_per_s": None if rate is None else f"{rate:.6f}",
        "expected_end": _time(expected.expected_end),
        "lateness_s": None if lateness is None else seconds_text(lateness),
        "because": expected.because,
    }


def wip_document(
    place: str, work_master: str | None, operation: str | None, orders: Sequence[JobOrder]
) -> dict[str, Any]:
    """Return where the units of one operation at one work center are; units of different kinds are not added."""
    by_unit: dict[str, list[JobOrder]] = {}
    for order in orders:
        by_unit.setdefault(order.unit, []).append(order)
    return {
        "place": place,
        "work_master": work_master,
        "operation": operation,
        "job_orders": len(orders),
        "units": {
            unit: {name: decimal_text(amount) for name, amount in asdict(wip_of(same)).items()}
            for unit, same in by_unit.items()
        },
    }


def listing_document(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a job list said of one job order, and since when."""
    plain = ("rank", "priority", "state", "sub_state", "hold", "work_request", "work_master", "operation", "unit")
    return {
        "id": row["job_order"],
        **{name: row[name] for name in plain},
        "quantity": optional_decimal(row["quantity"]),
        "planned_start": _time(row["planned_start"]),
        "due": _time(row["due"]),
        "since": _time(row["valid_from"]),
    }


def labor_document(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return one stretch of labor; `labor_s` is None while it lasts."""
    finished = row["finished_at"]
    return {
        "person": row["person"],
        "job_order": row["job_order"],
        "place": row["place"],
        "work_request": row["work_request"],
        "work_master": row["work_master"],
        "start": _time(row["started_at"]),
        "end": _time(finished),
        "labor_s": None if finished is None else seconds_text(finished - row["started_at"]),
    }


def _time(instant: datetime | None) -> str | None:
    return None if instant is None else iso(instant)
