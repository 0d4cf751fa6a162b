"""The published state of each work center: its active job order and its queue, as metrics of the contract."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from namespace.isa95 import EquipmentPath
from namespace.sparkplug import DataSet, DataType, Value
from namespace.store import Database
from services.work_order.adapters.reading import SQL
from services.work_order.adapters.rows import job_order_of
from services.work_order.domain.dispatch import Listed, WorkCenterBoard, board
from services.work_order.domain.job_order import JobOrder

SHOWN = 20
"""Job orders that `JobOrder/Queue` names."""

_QUEUE_COLUMNS = {
    "id": DataType.String,
    "priority": DataType.Int32,
    "state": DataType.String,
    "work_master": DataType.String,
    "quantity": DataType.Double,
    "unit": DataType.String,
    "start": DataType.DateTime,
    "end": DataType.DateTime,
}

Publish = Callable[[EquipmentPath, Mapping[str, Value]], None]
"""Sets metrics of a place."""


class Boards:
    """Recomputes what is published about work centers.

    Args:
        database: The service's database.
        publish: Sets metrics of a place.
        pause_s: Seconds between two refreshes: under load what changed meanwhile is read once, not each time.
    """

    def __init__(self, database: Database, publish: Publish, *, pause_s: float = 0.1) -> None:
        self._database = database
        self._publish = publish
        self._pause_s = pause_s

    async def refresh(self, places: frozenset[EquipmentPath]) -> None:
        """Read the work centers in hand and publish them; raises `DatabaseUnavailable`."""
        for place, shown in (await self.read(places)).items():
            self._publish(place, metrics_of(shown))
        await asyncio.sleep(self._pause_s)

    async def read(self, places: Iterable[EquipmentPath]) -> dict[EquipmentPath, WorkCenterBoard]:
        """Return what each of the work centers has in hand."""
        by_text = {str(place): place for place in places}
        wanted = list(by_text)
        async with self._database.transaction() as tx:
            rows = [
                *await tx.fetch(SQL.active_job_orders, wanted),
                *await tx.fetch(SQL.queued_job_orders, wanted, SHOWN),
            ]
            lengths = {row["place"]: row["length"] for row in await tx.fetch(SQL.queue_lengths, wanted)}
        listed: dict[str, list[Listed]] = defaultdict(list)
        for row in rows:
            listed[row["place"]].append(Listed(job_order_of(row), row["stored_seq"]))
        return {
            place: replace(board(listed[text], show=SHOWN), queue_length=lengths.get(text, 0))
            for text, place in by_text.items()
        }


def metrics_of(shown: WorkCenterBoard) -> dict[str, Value]:
    """Return the metrics of a work center, null where there is no active job order."""
    return {
        **{f"JobOrder/Active/{name}": value for name, value in _active(shown.active).items()},
        "JobOrder/RunningCount": shown.running,
        "JobOrder/QueueLength": shown.queue_length,
        "JobOrder/Queue": DataSet(
            tuple(_QUEUE_COLUMNS), tuple(_QUEUE_COLUMNS.values()), tuple(_queued(order) for order in shown.queue)
        ),
    }


def _active(order: JobOrder | None) -> dict[str, Value]:
    names = (
        "ID", "State", "SubState", "WorkRequest", "WorkMaster", "QuantityOrdered", "Good", "Scrap", "Unit",
        "Progress", "StartTime",
    )  # fmt: skip
    if order is None:
        return dict.fromkeys(names)
    asked = order.definition
    values = (
        order.id,
        order.state.value,
        order.sub_state.value if order.sub_state else None,
        asked.work_request,
        asked.work_master,
        _number(asked.ordered.value if asked.ordered else None),
        _number(order.good),
        _number(order.scrap),
        order.unit,
        _number(order.progress),
        _ms(order.begun_at),
    )
    return dict(zip(names, values, strict=True))


def _queued(order: JobOrder) -> tuple[str | int | float | None, ...]:
    asked = order.definition
    return (
        order.id,
        asked.priority,
        order.state.value,
        asked.work_master,
        _number(asked.ordered.value if asked.ordered else None),
        order.unit,
        _ms(asked.planned_start),
        _ms(asked.planned_end),
    )


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _ms(instant: datetime | None) -> int | None:
    return None if instant is None else round(instant.timestamp() * 1000)
