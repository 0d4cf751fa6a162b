"""The ports' tables and outbox on PostgreSQL, within the runtime's transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from namespace.contracts.event_log import NewEvent
from namespace.isa95 import EquipmentPath, Quantity
from namespace.store import Queries, Transaction, append
from services.work_order.adapters.events import NewId, events_of, work_request_event, work_response_event
from services.work_order.adapters.masters import PostgresWorkMasters
from services.work_order.adapters.rows import Row, execution_row, job_order_of, new_row, whole_row
from services.work_order.adapters.surroundings import PostgresSurroundings
from services.work_order.domain.counters import Counter, Position
from services.work_order.domain.dispatch import listing
from services.work_order.domain.facts import Decision
from services.work_order.domain.flow import Flow
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.machine import MachineState
from services.work_order.ports import Origin, StateSample, StoredPosition, WorkRequest


class _Sql(Queries):
    lock_job_order: str
    add_job_order: str
    save_job_order: str
    save_execution: str
    lock_work_center: str
    running_job_order: str
    lock_work_request: str
    has_work_request: str
    put_work_request: str
    answer_work_request: str
    lock_counters: str
    counter_positions: str
    put_counter_position: str
    counted_job_orders: str
    machine_state: str
    put_machine_state: str
    is_driven: str
    next_by_machine: str
    running_by_machine: str
    last_end: str


_SQL = _Sql.load("services.work_order.adapters", "job_orders.sql")


class PostgresWorkOrders:
    """`WorkOrders` in one transaction.

    Args:
        tx: The transaction; the caller commits it.
        site: The site, the place of work requests.
        new_id: Makes event ids.
    """

    def __init__(self, tx: Transaction, site: EquipmentPath, new_id: NewId) -> None:
        self._tx = tx
        self._site = site
        self._new_id = new_id
        self.masters = PostgresWorkMasters(tx, site, new_id)
        self.around = PostgresSurroundings(tx, new_id)

    async def job_order(self, order_id: str) -> JobOrder | None:
        """Return a job order, locked."""
        row = await self._tx.fetchrow(_SQL.lock_job_order, order_id)
        return job_order_of(row) if row else None

    async def add(self, decision: Decision, origin: Origin) -> bool:
        """Write a new job order and its events, or nothing where the id exists."""
        if await self._tx.fetchval(_SQL.add_job_order, *new_row(decision.order)) is None:
            return False
        await self.around.list_new(decision.order.id, decision.at)
        await self._append(events_of(decision, origin, self._new_id))
        return True

    async def save(self, before: JobOrder, decision: Decision, origin: Origin) -> None:
        """Write what changed and the decision's events."""
        order = decision.order
        if order.definition == before.definition:
            await self._tx.execute(_SQL.save_execution, *execution_row(order))
        else:
            await self._tx.execute(_SQL.save_job_order, *whole_row(order))
        if listing(order) != listing(before):
            await self.around.relist(order.id, decision.at)
        await self._append(events_of(decision, origin, self._new_id))

    async def occupant(self, place: EquipmentPath) -> str | None:
        """Return the order running at a work center, which stays locked against others that ask."""
        await self._tx.fetchval(_SQL.lock_work_center, str(place))
        found: str | None = await self._tx.fetchval(_SQL.running_job_order, str(place))
        return found

    async def work_request(self, request_id: str) -> WorkRequest | None:
        """Return a work request, locked."""
        row = await self._tx.fetchrow(_SQL.lock_work_request, request_id)
        return work_request_of(row) if row else None

    async def has_work_request(self, request_id: str) -> bool:
        """Return whether a work request is stored."""
        return bool(await self._tx.fetchval(_SQL.has_work_request, request_id))

    async def put_work_request(self, request: WorkRequest, at: datetime, origin: Origin) -> None:
        """Write a new or changed work request and its event."""
        await self._tx.execute(
            _SQL.put_work_request,
            request.id,
            request.version,
            request.description,
            request.customer_reference,
            request.priority,
            request.planned_start,
            request.planned_end,
            request.due,
            request.work_master,
            request.quantity.value if request.quantity else None,
            request.quantity.unit if request.quantity else None,
            at,
        )
        await self._append([work_request_event(request, at, self._site, origin, self._new_id)])

    async def put_work_response(self, request: WorkRequest, flow: Flow, at: datetime, origin: Origin) -> None:
        """Write that a work request is answered once more, and the event."""
        responses = await self._tx.fetchval(_SQL.answer_work_request, request.id)
        answered = replace(request, responses=responses)
        await self._append(
            [work_response_event(answered, flow, at, site=self._site, origin=origin, new_id=self._new_id)]
        )

    async def positions(self, place: EquipmentPath) -> dict[Counter, StoredPosition]:
        """Return where the counters of a work center were, locked."""
        await self._tx.fetchval(_SQL.lock_counters, str(place))
        rows = await self._tx.fetch(_SQL.counter_positions, str(place))
        return {
            Counter(row["counter"]): StoredPosition(Position(int(row["value"]), row["at"]), int(row["unattributed"]))
            for row in rows
        }

    async def put_positions(self, place: EquipmentPath, positions: dict[Counter, StoredPosition]) -> None:
        """Write where the counters are now."""
        await self._tx.executemany(
            _SQL.put_counter_position,
            [
                (str(place), counter.value, stored.position.value, stored.position.at, stored.unattributed)
                for counter, stored in sorted(positions.items())
            ],
        )

    async def counted_orders(self, place: EquipmentPath, since: datetime) -> list[JobOrder]:
        """Return, locked, the orders that may own counts from `since` on."""
        rows = await self._tx.fetch(_SQL.counted_job_orders, str(place), since)
        return [job_order_of(row) for row in rows]

    async def machine_state(self, place: EquipmentPath) -> StateSample | None:
        """Return what the machine of a work center said last of its state."""
        row = await self._tx.fetchrow(_SQL.machine_state, str(place))
        return StateSample(MachineState(row["state"]), row["at"]) if row else None

    async def put_machine_state(self, place: EquipmentPath, sample: StateSample) -> None:
        """Write what the machine says."""
        await self._tx.execute(_SQL.put_machine_state, str(place), sample.state.value, sample.at)

    async def next_by_machine(self, place: EquipmentPath) -> JobOrder | None:
        """Return, locked, what the machine of a work center begins next, if it executes and nothing runs."""
        row = await self._tx.fetchrow(_SQL.next_by_machine, str(place))
        return job_order_of(row) if row else None

    async def is_driven(self, place: EquipmentPath) -> bool:
        """Return whether the machine's states begin or complete anything at a work center now."""
        return bool(await self._tx.fetchval(_SQL.is_driven, str(place)))

    async def running_by_machine(self, place: EquipmentPath) -> JobOrder | None:
        """Return, locked, the running order that the machine completes."""
        row = await self._tx.fetchrow(_SQL.running_by_machine, str(place))
        return job_order_of(row) if row else None

    async def last_end(self, place: EquipmentPath) -> datetime | None:
        """Return when a job order of a work center ended last."""
        ended: datetime | None = await self._tx.fetchval(_SQL.last_end, str(place))
        return ended

    async def _append(self, events: list[NewEvent]) -> None:
        await append(self._tx, events)


def work_request_of(row: Row) -> WorkRequest:
    """Return the work request of a row of table `work_request`."""
    return WorkRequest(
        id=row["id"],
        version=row["version"],
        description=row["description"],
        customer_reference=row["customer_reference"],
        priority=row["priority"],
        planned_start=row["planned_start"],
        planned_end=row["planned_end"],
        due=row["due"],
        work_master=row["work_master"],
        quantity=Quantity(row["quantity"], row["unit"]) if row["quantity"] is not None else None,
        responses=row["responses"],
    )
