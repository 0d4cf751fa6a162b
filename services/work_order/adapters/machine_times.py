"""Machine time of job orders: the intervals that `oee` makes of the states of machines, summed for the order that ran.

An interval that becomes known after the end, or is restated, restates the order's response.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from namespace.contracts.event_log import EventRow
from namespace.contracts.ids import derived_id
from namespace.contracts.oee import StateIntervalClosed
from namespace.isa95 import SiteModel
from namespace.store import Queries, Transaction
from services.work_order.adapters.postgres import PostgresWorkOrders
from services.work_order.application.answering import save
from services.work_order.domain.job_order import MachineTime
from services.work_order.domain.quantities import note_machine_time
from services.work_order.ports import Origin


class _Sql(Queries):
    put_interval: str
    displace_intervals: str
    times_of_order: str
    interval: str


_SQL = _Sql.load("services.work_order.adapters", "machine_times.sql")


class MachineTimes:
    """Follows the log of `oee`.

    Args:
        site: Says which work unit stands for its work center: the output unit; of others nothing is summed.
    """

    def __init__(self, site: SiteModel) -> None:
        self._site = site.path
        centers = (equipment.work_center for equipment in site.equipment.work_centers())
        self._units = {str(center.output_unit) for center in centers if center and center.output_unit}

    async def apply(self, tx: Transaction, row: EventRow) -> None:
        """Apply one event: an interval of an output unit changes the machine time of the order that ran in it."""
        if row.type != StateIntervalClosed.__name__ or row.scope not in self._units:
            return
        said = StateIntervalClosed.model_validate(row.payload)
        before = await tx.fetchrow(_SQL.interval, row.scope, said.start)
        if before is not None and before["revision"] > said.revision:
            return
        displaced = await tx.fetch(_SQL.displace_intervals, row.scope, said.start, said.end)
        await tx.execute(
            _SQL.put_interval, row.scope, said.start, said.end, said.element, said.job_order, said.revision
        )
        ids = count()
        work_orders = PostgresWorkOrders(tx, self._site, lambda: derived_id("work_order", row.event_id, next(ids)))
        concerned = {said.job_order, *(each["job_order"] for each in displaced)}
        if before is not None:
            concerned.add(before["job_order"])
        for order_id in sorted(concerned - {None}, key=str):
            await _sum_up(tx, work_orders, str(order_id), row)


async def _sum_up(tx: Transaction, work_orders: PostgresWorkOrders, order_id: str, row: EventRow) -> None:
    order = await work_orders.job_order(order_id)
    if order is None:
        return  # cleared away with a database that was restored; nobody asks for its time
    times = {each["element"]: each["total"] for each in await tx.fetch(_SQL.times_of_order, order_id)}
    setup, delay, production = (times.get(element, timedelta(0)) for element in ("AUST", "ADET", "APT"))
    decision = note_machine_time(order, MachineTime(setup, delay, production), row.occurred_at)
    if decision is not None:
        await save(work_orders, order, decision, Origin(correlation=str(row.event_id)))
