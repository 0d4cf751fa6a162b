"""From job orders to the actuals of the contract, and from figures to the strings they travel as."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from namespace.contracts import work_order as contract
from namespace.isa95 import Quantity
from services.work_order.domain.flow import OperationFlow
from services.work_order.domain.job_order import (
    JobOrder,
    decimal_text,
    interrupted_time,
    labor_by_person,
    running_time,
    seconds,
)


def job_response(order: JobOrder, revision: int, known: Mapping[str, Any]) -> contract.JobResponse:
    """Return the actuals of a job order; `known` is what every event of it repeats."""
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
            **machine_time(order),
        }
    )


def machine_time(order: JobOrder) -> dict[str, str]:
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


def operation_response(flow: OperationFlow) -> contract.OperationResponse:
    """Return the actuals of one operation."""
    return contract.OperationResponse(
        operation=flow.operation,
        job_orders=flow.job_orders,
        good=decimal_text(flow.good),
        scrap=decimal_text(flow.scrap),
        start_time=flow.begun_at,
        end_time=flow.ended_at,
        queue_s=None if flow.queue is None else seconds_text(flow.queue),
    )


def quantity_value(quantity: Quantity | None) -> contract.QuantityValue | None:
    """Return a quantity as the contract has it, None of None."""
    return None if quantity is None else some_quantity(quantity)


def some_quantity(quantity: Quantity) -> contract.QuantityValue:
    """Return a quantity as the contract has it."""
    return contract.QuantityValue(value=quantity.decimal_text, unit=quantity.unit)


def optional_decimal(value: Decimal | None) -> str | None:
    """Return a decimal string, None of None."""
    return None if value is None else decimal_text(value)


def seconds_text(duration: timedelta) -> str:
    """Return `duration` in seconds as decimal string."""
    return decimal_text(seconds(duration))
