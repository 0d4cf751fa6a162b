"""Between a row of table `job_order` and the job order of the domain."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Protocol

from pydantic import TypeAdapter

from namespace.isa95 import EquipmentPath, Quantity
from services.work_order.domain.job_order import (
    BeginsBy,
    CompletesBy,
    Definition,
    JobOrder,
    Labor,
    MachineTime,
    Predecessor,
    QuantitySource,
    Removal,
    Run,
    decimal_text,
)
from services.work_order.domain.state_machine import State, SubState

_PREDECESSORS = TypeAdapter(tuple[Predecessor, ...])


class Row(Protocol):
    """A row of a result: values by column name."""

    def __getitem__(self, column: str, /) -> Any: ...


def job_order_of(row: Row) -> JobOrder:
    """Return the job order of a row."""
    return JobOrder(
        id=row["id"],
        version=row["version"],
        definition=_definition(row),
        state=State(row["state"]),
        sub_state=SubState(row["sub_state"]) if row["sub_state"] else None,
        good=row["good"],
        scrap=row["scrap"],
        runs=tuple(Run(start, end) for start, end in zip(row["run_start"], row["run_end"], strict=True)),
        labor=tuple(
            Labor(person, start, end)
            for person, start, end in zip(row["labor_person"], row["labor_start"], row["labor_end"], strict=True)
        ),
        stored_at=row["stored_at"],
        ended_at=row["ended_at"],
        responses=row["responses"],
        removed=Removal(row["removed"]) if row["removed"] else None,
        hold=row["hold"],
        rework=row["rework"],
        rework_ordered=row["rework_ordered"],
        declared_good=row["declared_good"],
        declared_scrap=row["declared_scrap"],
        scrap_reasons=_decimals(row["scrap_reasons"]),
        rank=row["rank"],
        machine=None
        if row["machine_production"] is None
        else MachineTime(row["machine_setup"], row["machine_delay"], row["machine_production"]),
    )


def new_row(order: JobOrder) -> tuple[object, ...]:
    """Return all columns of a job order, in the order of statement `add_job_order`."""
    asked = order.definition
    fixed = (
        str(asked.place),
        asked.work_request,
        asked.quantity_source.value,
        asked.work_master_version,
        asked.operation,
        _PREDECESSORS.dump_json(asked.predecessors).decode(),
        asked.operator_declares,
        asked.split_from,
        asked.rework_of,
        asked.customer_reference,
        asked.setup_s,
        order.stored_at,
    )
    return (*whole_row(order), *fixed)


def whole_row(order: JobOrder) -> tuple[object, ...]:
    """Return the columns that may change, in the order of statement `save_job_order`."""
    asked = order.definition
    changing = (
        asked.work_master,
        asked.description,
        asked.ordered.value if asked.ordered else None,
        asked.unit,
        asked.priority,
        asked.planned_start,
        asked.planned_end,
        asked.due,
        asked.over_tolerance,
        asked.under_tolerance,
        asked.ideal_cycle_s,
        asked.begins_by.value,
        asked.completes_by.value if asked.completes_by else None,
        json.dumps(dict(asked.parameters), ensure_ascii=False),
    )
    return (*execution_row(order), *changing)


def execution_row(order: JobOrder) -> tuple[object, ...]:
    """Return the columns that change while the definition stays, in the order of statement `save_execution`."""
    runs, labor, machine = order.runs, order.labor, order.machine
    return (
        order.id,
        order.version,
        order.state.value,
        order.sub_state.value if order.sub_state else None,
        order.good,
        order.scrap,
        [run.start for run in runs],
        [run.end for run in runs],
        [entry.person for entry in labor],
        [entry.start for entry in labor],
        [entry.end for entry in labor],
        order.begun_at,
        order.ended_at,
        order.responses,
        order.removed.value if order.removed else None,
        order.hold,
        order.rework,
        order.rework_ordered,
        order.declared_good,
        order.declared_scrap,
        json.dumps({reason: decimal_text(scrap) for reason, scrap in order.scrap_reasons.items()}, ensure_ascii=False),
        order.rank,
        machine.setup if machine else None,
        machine.delay if machine else None,
        machine.production if machine else None,
    )


def _decimals(text: str) -> dict[str, Any]:
    return {reason: Decimal(value) for reason, value in json.loads(text).items()} if text != "{}" else {}


def _definition(row: Row) -> Definition:
    return Definition(
        place=EquipmentPath.parse(row["place"]),
        work_request=row["work_request"],
        work_master=row["work_master"],
        work_master_version=row["work_master_version"],
        operation=row["operation"],
        description=row["description"],
        ordered=Quantity(row["quantity"], row["unit"]) if row["quantity"] is not None else None,
        unit=row["unit"],
        priority=row["priority"],
        planned_start=row["planned_start"],
        planned_end=row["planned_end"],
        due=row["due"],
        customer_reference=row["customer_reference"],
        quantity_source=QuantitySource(row["quantity_source"]),
        operator_declares=row["operator_declares"],
        over_tolerance=row["over_tolerance"],
        under_tolerance=row["under_tolerance"],
        ideal_cycle_s=row["ideal_cycle_s"],
        setup_s=row["setup_s"],
        begins_by=BeginsBy(row["begins_by"]),
        completes_by=CompletesBy(row["completes_by"]) if row["completes_by"] else None,
        predecessors=_PREDECESSORS.validate_json(row["predecessors"]) if row["predecessors"] != "[]" else (),
        split_from=row["split_from"],
        rework_of=row["rework_of"],
        parameters=json.loads(row["parameters"]),
    )
