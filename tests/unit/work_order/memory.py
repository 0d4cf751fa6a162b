"""The ports in memory: the tables as dictionaries, the shop floor as fields that a test sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from uuid import UUID

from namespace.contracts.event_log import NewEvent
from namespace.contracts.work_order import EquipmentAvailabilityChanged, JobListResequenced
from namespace.isa95 import EquipmentPath, WorkCalendar
from services.work_order.adapters.events import (
    events_of,
    place_event,
    work_master_event,
    work_request_event,
    work_response_event,
)
from services.work_order.domain.counters import Counter, CounterRules
from services.work_order.domain.definition import BeginsBy, CompletesBy, QuantitySource
from services.work_order.domain.dispatch import Listed, dispatch_key
from services.work_order.domain.facts import Decision
from services.work_order.domain.flow import Flow
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.machine import MachineState
from services.work_order.domain.readiness import MaterialHold
from services.work_order.domain.state_machine import NOT_BEGUN, State
from services.work_order.domain.work_master import WorkMaster
from services.work_order.ports import (
    Origin,
    Sample,
    StateSample,
    StoredPosition,
    UnknownPlaceError,
    WorkCenterRules,
    WorkRequest,
)
from tests.unit.work_order.orders import EARLY, LINE, ROUND_THE_CLOCK

_ids = count(1)

COUNTERS = {Counter.PROCESSED: CounterRules(16, 5000), Counter.DEFECTIVE: CounterRules(16, 5000)}


def next_id() -> UUID:
    """Return ids that differ and say nothing."""
    return UUID(int=next(_ids))


@dataclass
class FakeShop:
    """A shop floor with the lines that a test gives it, and its own time."""

    lines: dict[EquipmentPath, WorkCenterRules] = field(
        default_factory=lambda: {LINE: WorkCenterRules(counters=dict(COUNTERS))}
    )
    time: datetime = EARLY
    shifts: WorkCalendar = ROUND_THE_CLOCK
    waiting: list[Sample] = field(default_factory=list)
    personnel: dict[str, frozenset[str]] = field(default_factory=dict)
    equipment_classes: dict[str, frozenset[EquipmentPath]] = field(default_factory=dict)

    def rules(self, place: EquipmentPath, work_master: str | None = None) -> WorkCenterRules:
        if place not in self.lines:
            raise UnknownPlaceError(f"no work center {place}")
        return self.lines[place]

    def has(self, place: EquipmentPath) -> bool:
        return any(line.is_within(place) for line in self.lines)

    def work_centers_of(self, equipment_class: str) -> frozenset[EquipmentPath] | None:
        return self.equipment_classes.get(equipment_class)

    def persons_of(self, personnel_class: str) -> frozenset[str] | None:
        return self.personnel.get(personnel_class)

    def now(self, place: EquipmentPath) -> datetime:
        return self.time

    def calendar(self, place: EquipmentPath) -> WorkCalendar:
        return self.shifts

    def uncounted(self, place: EquipmentPath) -> Sequence[Sample]:
        return list(self.waiting)


@dataclass
class Tables:
    """What the service keeps, as dictionaries."""

    orders: dict[str, JobOrder] = field(default_factory=dict)
    requests: dict[str, WorkRequest] = field(default_factory=dict)
    masters: dict[tuple[str, int], WorkMaster] = field(default_factory=dict)
    holds: dict[str, MaterialHold] = field(default_factory=dict)
    unavailable: dict[EquipmentPath, str] = field(default_factory=dict)
    equipment: dict[EquipmentPath, int] = field(default_factory=dict)
    counters: dict[EquipmentPath, dict[Counter, StoredPosition]] = field(default_factory=dict)
    machines: dict[EquipmentPath, StateSample] = field(default_factory=dict)
    events: list[NewEvent] = field(default_factory=list)

    def copy(self) -> Tables:
        return Tables(
            orders=dict(self.orders),
            requests=dict(self.requests),
            masters=dict(self.masters),
            holds=dict(self.holds),
            unavailable=dict(self.unavailable),
            equipment=dict(self.equipment),
            counters=dict(self.counters),
            machines=dict(self.machines),
            events=list(self.events),
        )


class MemoryWorkMasters:
    """`WorkMasters` on tables in memory."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def versions(self, master_id: str) -> list[WorkMaster]:
        return [master for (name, _), master in sorted(self._tables.masters.items()) if name == master_id]

    async def version(self, master_id: str, version: int) -> WorkMaster | None:
        return self._tables.masters.get((master_id, version))

    async def put(self, master: WorkMaster, at: datetime, origin: Origin, *, reason: str | None = None) -> None:
        self._tables.masters[master.id, master.version] = master
        self._tables.events.append(work_master_event(master, at, LINE.site_path, origin, next_id, reason=reason))


class MemorySurroundings:
    """`Surroundings` on tables in memory."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def unavailable(self, place: EquipmentPath) -> str | None:
        reasons = self._tables.unavailable
        return next(
            (text if at == place else f"{at}: {text}" for at, text in reasons.items() if place.is_within(at)), None
        )

    async def of_request(self, work_request: str) -> Sequence[JobOrder]:
        return [o for o in self._tables.orders.values() if o.definition.work_request == work_request]

    async def equipment_version(self, place: EquipmentPath) -> int:
        return self._tables.equipment.get(place, 0)

    async def put_availability(
        self, place: EquipmentPath, version: int, unavailable: str | None, at: datetime, origin: Origin
    ) -> None:
        self._tables.equipment[place] = version
        self._tables.unavailable.pop(place, None)
        if unavailable is not None:
            self._tables.unavailable[place] = unavailable
        said = EquipmentAvailabilityChanged(version=version, available=unavailable is None, reason=unavailable)
        self._tables.events.append(place_event(said, at, place, origin, next_id))

    async def queued(self, place: EquipmentPath) -> list[str]:
        orders = self._tables.orders.values()
        return [o.id for o in orders if o.place == place and o.state in NOT_BEGUN and o.removed is None]

    async def put_sequence(
        self,
        place: EquipmentPath,
        version: int,
        job_orders: Sequence[str],
        at: datetime,
        origin: Origin,
        *,
        reason: str | None,
    ) -> None:
        self._tables.equipment[place] = version
        ranks = {order_id: rank for rank, order_id in enumerate(job_orders, start=1)}
        for order_id in await self.queued(place):
            self._tables.orders[order_id] = replace(self._tables.orders[order_id], rank=ranks.get(order_id))
        said = JobListResequenced(version=version, job_orders=tuple(job_orders), reason=reason)
        self._tables.events.append(place_event(said, at, place, origin, next_id))

    async def holds_on(self, targets: Sequence[str]) -> list[MaterialHold]:
        return [hold for hold in self._tables.holds.values() if hold.target in targets]

    async def of_operations(self, work_request: str, operations: Sequence[str]) -> Mapping[str, Sequence[JobOrder]]:
        found: dict[str, list[JobOrder]] = {}
        for order in self._tables.orders.values():
            asked = order.definition
            if asked.work_request == work_request and asked.operation and asked.operation in operations:
                found.setdefault(asked.operation, []).append(order)
        return found


class MemoryWorkOrders:
    """`WorkOrders` on tables in memory; the caller throws the copy away to roll back."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.masters = MemoryWorkMasters(tables)
        self.around = MemorySurroundings(tables)

    async def job_order(self, order_id: str) -> JobOrder | None:
        return self._tables.orders.get(order_id)

    async def add(self, decision: Decision, origin: Origin) -> bool:
        order = decision.order
        if order.id in self._tables.orders:
            return False
        self._tables.orders[order.id] = order
        self._tables.events += events_of(decision, origin, next_id)
        return True

    async def save(self, before: JobOrder, decision: Decision, origin: Origin) -> None:
        self._tables.orders[decision.order.id] = decision.order
        self._tables.events += events_of(decision, origin, next_id)

    async def occupant(self, place: EquipmentPath) -> str | None:
        return next((o.id for o in self._at(place) if o.state is State.RUNNING), None)

    async def work_request(self, request_id: str) -> WorkRequest | None:
        return self._tables.requests.get(request_id)

    async def has_work_request(self, request_id: str) -> bool:
        return request_id in self._tables.requests

    async def put_work_request(self, request: WorkRequest, at: datetime, origin: Origin) -> None:
        self._tables.requests[request.id] = request
        self._tables.events.append(work_request_event(request, at, LINE.site_path, origin, next_id))

    async def put_work_response(self, request: WorkRequest, flow: Flow, at: datetime, origin: Origin) -> None:
        answered = replace(request, responses=request.responses + 1)
        self._tables.requests[request.id] = answered
        said = work_response_event(answered, flow, at, site=LINE.site_path, origin=origin, new_id=next_id)
        self._tables.events.append(said)

    async def positions(self, place: EquipmentPath) -> dict[Counter, StoredPosition]:
        return dict(self._tables.counters.get(place, {}))

    async def put_positions(self, place: EquipmentPath, positions: dict[Counter, StoredPosition]) -> None:
        self._tables.counters[place] = dict(positions)

    async def machine_state(self, place: EquipmentPath) -> StateSample | None:
        return self._tables.machines.get(place)

    async def put_machine_state(self, place: EquipmentPath, sample: StateSample) -> None:
        self._tables.machines[place] = sample

    async def next_by_machine(self, place: EquipmentPath) -> JobOrder | None:
        machine = self._tables.machines.get(place)
        if machine is None or machine.state is not MachineState.EXECUTES or await self.occupant(place):
            return None
        return self._first_by_machine(place)

    def _first_by_machine(self, place: EquipmentPath) -> JobOrder | None:
        listed = [
            Listed(order, number)
            for number, order in enumerate(self._tables.orders.values())
            if order.place == place and order.state is State.ALLOWED_TO_START and order.removed is None
        ]
        first = min(listed, key=dispatch_key, default=None)
        return first.order if first and first.order.definition.begins_by is BeginsBy.MACHINE else None

    async def is_driven(self, place: EquipmentPath) -> bool:
        return self._first_by_machine(place) is not None or await self.running_by_machine(place) is not None

    async def running_by_machine(self, place: EquipmentPath) -> JobOrder | None:
        running = [o for o in self._at(place) if o.state is State.RUNNING]
        return next((o for o in running if o.definition.completes_by is CompletesBy.MACHINE), None)

    async def last_end(self, place: EquipmentPath) -> datetime | None:
        orders = self._tables.orders.values()
        return max((o.ended_at for o in orders if o.place == place and o.begun_at and o.ended_at), default=None)

    async def counted_orders(self, place: EquipmentPath, since: datetime) -> list[JobOrder]:
        return [
            order
            for order in self._at(place)
            if order.begun_at
            and order.definition.quantity_source is QuantitySource.COUNTER
            and (order.ended_at is None or order.ended_at >= since)
        ]

    def _at(self, place: EquipmentPath) -> list[JobOrder]:
        orders = self._tables.orders.values()
        return sorted((o for o in orders if o.place == place and o.removed is None), key=lambda order: order.id)
