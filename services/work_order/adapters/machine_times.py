"""Machine time of job orders: the intervals that `oee` makes of the states of machines, summed for the order that ran.

An interval that becomes known after the end, or is restated, restates the order's response: once its time is known up to its end, or when
that was to be expected. What comes within two seconds more comes with it, because one late sample may restate many intervals.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from namespace.contracts.event_log import EventRow
from namespace.contracts.oee import StateIntervalClosed
from namespace.isa95 import SiteModel, WorkUnitSettings
from namespace.store import Database, DatabaseUnavailable, Queries, Transaction, TransactionConflict
from services.work_order.adapters.events import NewId
from services.work_order.adapters.postgres import PostgresWorkOrders
from services.work_order.adapters.rows import job_order_of
from services.work_order.application.answering import save
from services.work_order.domain.job_order import JobOrder, MachineTime
from services.work_order.domain.quantities import note_machine_time
from services.work_order.domain.state_machine import OVER
from services.work_order.ports import Origin


class _Sql(Queries):
    put_interval: str
    lock_orders: str
    times: str
    put_due: str
    due: str
    take_due: str


_SQL = _Sql.load("services.work_order.adapters", "machine_times.sql")
_SOON = timedelta(seconds=2)
_LATER = timedelta(seconds=10)
_LOOK_S = 1.0
_AT_ONCE = 200
_NO_TIME = MachineTime(timedelta(), timedelta(), timedelta())
_INSTANT = timedelta(milliseconds=1)
"""Times of intervals are whole ms, those of orders may be finer."""


class MachineTimes:
    """Follows the log of `oee`.

    Args:
        site: Says which work unit stands for its work center: the output unit; of others nothing is summed.
        database: The service's schema.
        new_id: Makes event ids.
        soon: How long after news that completes or restates a time the response is restated.
        later: How long after news that do not, at the latest; with it the time that `oee` waits to see whether a stop is a minor one.
    """

    def __init__(
        self,
        site: SiteModel,
        database: Database,
        new_id: NewId,
        *,
        soon: timedelta = _SOON,
        later: timedelta = _LATER,
    ) -> None:
        self._site = site.path
        self._database = database
        self._new_id = new_id
        self._soon = soon
        self._later = later
        centers = (equipment.work_center for equipment in site.equipment.work_centers())
        units = {center.output_unit for center in centers if center and center.output_unit}
        self._units = {str(unit): _settled_after(site.work_unit(unit)) for unit in units}

    async def apply(self, tx: Transaction, row: EventRow) -> None:
        """Apply one event: an interval of an output unit changes the machine time of the order that ran in it."""
        if row.type != StateIntervalClosed.__name__ or row.scope not in self._units:
            return
        said = StateIntervalClosed.model_validate(row.payload)
        concerned = await tx.fetch(
            _SQL.put_interval, row.scope, said.start, said.end, said.element, said.job_order, said.revision
        )
        work_orders = PostgresWorkOrders(tx, self._site, self._new_id)
        # Those that are not there were cleared away with a database that was restored; nobody asks for their time.
        for order, times in await self._timed(tx, [each["job_order"] for each in concerned]):
            if order.state not in OVER:
                await _note(work_orders, order, times, Origin(correlation=str(row.event_id)), row.occurred_at)
                continue
            is_complete = order.ended_at is not None and said.end + _INSTANT > order.ended_at
            is_soon = is_complete or said.revision > 1
            wait = self._soon if is_soon else self._later + self._units[row.scope]
            await tx.execute(_SQL.put_due, order.id, wait, row.occurred_at, row.event_id)

    async def run(self) -> None:
        """Restate what is due until cancelled."""
        while True:
            with suppress(DatabaseUnavailable, TransactionConflict):  # it stays due
                while await self.restate() == _AT_ONCE:
                    pass
            await asyncio.sleep(_LOOK_S)

    async def restate(self) -> int:
        """Restate the responses that are due, at most some hundred; return how many were.

        Raises:
            DatabaseUnavailable, TransactionConflict: What was not restated stays due.
        """
        async with self._database.transaction() as tx:
            due = [row["job_order"] for row in await tx.fetch(_SQL.due, _AT_ONCE)]
        for order_id in due:
            async with self._database.transaction() as tx:
                work_orders = PostgresWorkOrders(tx, self._site, self._new_id)
                found = await self._timed(tx, [order_id])
                taken = await tx.fetchrow(_SQL.take_due, order_id)
                if taken is None:
                    continue
                for order, times in found:
                    await _note(work_orders, order, times, Origin(correlation=str(taken["cause"])), taken["said_at"])
        return len(due)

    async def _timed(self, tx: Transaction, order_ids: Sequence[str | None]) -> list[tuple[JobOrder, MachineTime]]:
        """Return job orders, locked, each with how long it had the machine; None and unknown ids are left out."""
        ids = [order_id for order_id in order_ids if order_id is not None]
        if not ids:
            return []
        orders = [job_order_of(row) for row in await tx.fetch(_SQL.lock_orders, ids)]
        times = {
            row["job_order"]: MachineTime(row["setup"], row["delay"], row["production"])
            for row in await tx.fetch(_SQL.times, ids)
        }
        return [(order, times.get(order.id, _NO_TIME)) for order in orders]


async def _note(
    work_orders: PostgresWorkOrders, order: JobOrder, times: MachineTime, origin: Origin, at: datetime
) -> None:
    decision = note_machine_time(order, times, at)
    if decision is not None:
        await save(work_orders, order, decision, origin)


def _settled_after(unit: WorkUnitSettings) -> timedelta:
    """How long after a stop began `oee` knows whether it is minor, or running without counting."""
    return timedelta(seconds=max(unit.microstop_threshold_s, unit.no_count_after_s or 0))
