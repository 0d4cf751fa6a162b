"""Between a row of table `job_order` and the job order of the domain."""

from __future__ import annotations

import json
from typing import Any, Protocol

from namespace.isa95 import EquipmentPath, Quantity
from services.work_order.domain.job_order import Definition, JobOrder, Labor, QuantitySource, Removal, Run
from services.work_order.domain.state_machine import State, SubState


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
    )


def whole_row(order: JobOrder) -> tuple[object, ...]:
    """Return all columns of a job order, in the order of statements `add_job_order` and `save_job_order`."""
    asked = order.definition
    runs, labor = order.runs, order.labor
    return (
        order.id,
        order.version,
        str(asked.place),
        asked.work_request,
        asked.work_master,
        asked.description,
        asked.ordered.value if asked.ordered else None,
        asked.unit,
        asked.priority,
        asked.planned_start,
        asked.planned_end,
        asked.quantity_source.value,
        asked.over_tolerance,
        asked.ideal_cycle_s,
        json.dumps(dict(asked.parameters), ensure_ascii=False),
        order.state.value,
        order.sub_state.value if order.sub_state else None,
        order.good,
        order.scrap,
        [run.start for run in runs],
        [run.end for run in runs],
        [entry.person for entry in labor],
        [entry.start for entry in labor],
        [entry.end for entry in labor],
        order.stored_at,
        order.begun_at,
        order.ended_at,
        order.responses,
        order.removed.value if order.removed else None,
    )


def execution_row(order: JobOrder) -> tuple[object, ...]:
    """Return the columns that change while the definition stays, in the order of statement `save_execution`."""
    whole = whole_row(order)
    return (*whole[:2], *whole[15:24], *whole[25:])


def _definition(row: Row) -> Definition:
    return Definition(
        place=EquipmentPath.parse(row["place"]),
        work_request=row["work_request"],
        work_master=row["work_master"],
        description=row["description"],
        ordered=Quantity(row["quantity"], row["unit"]) if row["quantity"] is not None else None,
        unit=row["unit"],
        priority=row["priority"],
        planned_start=row["planned_start"],
        planned_end=row["planned_end"],
        quantity_source=QuantitySource(row["quantity_source"]),
        over_tolerance=row["over_tolerance"],
        ideal_cycle_s=row["ideal_cycle_s"],
        parameters=json.loads(row["parameters"]),
    )
