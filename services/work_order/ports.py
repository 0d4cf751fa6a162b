"""What the use cases need from outside: the tables and the outbox in one transaction, and the shop floor.

Adapters fulfil these: PostgreSQL and an in-memory one for tests pass one suite. Nothing here says how
anything is stored or sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from namespace.isa95 import EquipmentPath, Quantity, WorkCalendar
from services.work_order.domain.counters import Counter, CounterRules, Position
from services.work_order.domain.facts import Decision
from services.work_order.domain.flow import Flow
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.machine import MachineState
from services.work_order.domain.readiness import MaterialHold
from services.work_order.domain.work_master import WorkMaster


@dataclass(frozen=True, slots=True)
class Origin:
    """Who and what caused a decision: goes into its events.

    Attributes:
        actor: Id of the person or system, never a name; None for what a machine did.
        correlation: The `command_id` of the command, if one caused it.
    """

    actor: str | None = None
    correlation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRequest:
    """A demand that job orders serve.

    Attributes:
        id: Unique in the site.
        version: Counts its changes from 1.
        description: For people.
        customer_reference: The demand it serves.
        priority: A higher number comes first.
        planned_start: When work should begin, UTC.
        planned_end: When it should be done, UTC.
        due: When its customer wants it, UTC.
        work_master: How it is made.
        quantity: How much.
        responses: How many work responses were given; restated job responses restate them.
    """

    id: str
    version: int
    description: str = ""
    customer_reference: str | None = None
    priority: int = 0
    planned_start: datetime | None = None
    planned_end: datetime | None = None
    due: datetime | None = None
    work_master: str | None = None
    quantity: Quantity | None = None
    responses: int = 0


@dataclass(frozen=True, slots=True)
class CounterSample:
    """A value of a work center's output counter.

    Attributes:
        counter: Which one.
        position: Value and source time.
        birth: Whether it comes from a birth.
    """

    counter: Counter
    position: Position
    birth: bool = False


@dataclass(frozen=True, slots=True)
class StateSample:
    """A value of the state metric of a work center's output unit.

    Attributes:
        state: What it does.
        at: Source time, UTC.
    """

    state: MachineState
    at: datetime


Sample = CounterSample | StateSample


@dataclass(frozen=True, slots=True)
class StoredPosition:
    """Where a counter was when last applied, and the units that belonged to no job order."""

    position: Position
    unattributed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCenterRules:
    """How job orders run on a work center, by the site file.

    Attributes:
        concurrent: Whether several orders may run at once.
        completes: Whether reaching the quantity ordered ends an order.
        unit: UN/ECE Rec 20 code of what its counters count.
        counters: How to read its output counters; empty where operators report.
        ideal_cycle_s: Ideal seconds per unit, if known.
    """

    concurrent: bool = False
    completes: bool = False
    unit: str = "H87"
    counters: dict[Counter, CounterRules]
    ideal_cycle_s: Decimal | None = None


class UnknownPlaceError(LookupError):
    """There is no such work center; the text says what there is instead."""


class Shop(Protocol):
    """The shop floor: what the site file says and the machines have said."""

    def rules(self, place: EquipmentPath, work_master: str | None = None) -> WorkCenterRules:
        """Return how job orders run at a work center.

        Args:
            place: The work center.
            work_master: What is made, where its ideal cycle differs.

        Raises:
            UnknownPlaceError: `place` is no work center of the site.
        """
        ...

    def has(self, place: EquipmentPath) -> bool:
        """Return whether the site has this place."""
        ...

    def work_centers_of(self, equipment_class: str) -> frozenset[EquipmentPath] | None:
        """Return what belongs to an equipment class; None where the site file does not list it."""
        ...

    def persons_of(self, personnel_class: str) -> frozenset[str] | None:
        """Return who belongs to a personnel class; None where the site file does not list it."""
        ...

    def now(self, place: EquipmentPath) -> datetime:
        """Return the business time of a place, UTC."""
        ...

    def calendar(self, place: EquipmentPath) -> WorkCalendar:
        """Return when people work at a place."""
        ...

    def uncounted(self, place: EquipmentPath) -> Sequence[Sample]:
        """Return the samples of a work center that were received and not yet applied, oldest first."""
        ...


class WorkMasters(Protocol):
    """The work masters of the site, within the transaction of `WorkOrders`."""

    async def versions(self, master_id: str) -> list[WorkMaster]:
        """Return all versions of a work master, oldest first, locked against others that ask until the transaction ends."""
        ...

    async def version(self, master_id: str, version: int) -> WorkMaster | None:
        """Return one version."""
        ...

    async def put(self, master: WorkMaster, at: datetime, origin: Origin, *, reason: str | None = None) -> None:
        """Write a version, new or with another state, and the event that says so."""
        ...


class Surroundings(Protocol):
    """What there is around a job order that is to run, within the transaction of `WorkOrders`."""

    async def unavailable(self, place: EquipmentPath) -> str | None:
        """Return why a work center, or a place above it, cannot be used; None where it can."""
        ...

    async def equipment_version(self, place: EquipmentPath) -> int:
        """Return how often availability or sequence of a place changed, locked against others that ask until the transaction ends."""
        ...

    async def put_availability(
        self, place: EquipmentPath, version: int, unavailable: str | None, at: datetime, origin: Origin
    ) -> None:
        """Write whether a place can be used, and the event; `unavailable` says why not."""
        ...

    async def queued(self, place: EquipmentPath) -> list[str]:
        """Return, locked, the ids of the job orders of a work center that have not begun."""
        ...

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
        """Write the explicit sequence of a work center, and the event; job orders not named have no rank any more."""
        ...

    async def holds_on(self, targets: Sequence[str]) -> list[MaterialHold]:
        """Return the holds in force on any of the materials, lots, job orders or places."""
        ...

    async def of_operations(self, work_request: str, operations: Sequence[str]) -> Mapping[str, Sequence[JobOrder]]:
        """Return the job orders of some operations of a work request."""
        ...

    async def of_request(self, work_request: str) -> Sequence[JobOrder]:
        """Return all job orders of a work request, in the order of storing."""
        ...


class WorkOrders(Protocol):
    """The tables of this service and its outbox, within one transaction."""

    @property
    def masters(self) -> WorkMasters:
        """The work masters."""
        ...

    @property
    def around(self) -> Surroundings:
        """What there is around job orders."""
        ...

    async def job_order(self, order_id: str) -> JobOrder | None:
        """Return a job order, locked until the transaction ends."""
        ...

    async def add(self, decision: Decision, origin: Origin) -> bool:
        """Write a new job order and its events; return False, and write nothing, where the id exists."""
        ...

    async def save(self, before: JobOrder, decision: Decision, origin: Origin) -> None:
        """Write what changed since `before` and the decision's events."""
        ...

    async def occupant(self, place: EquipmentPath) -> str | None:
        """Return the order running at a work center, which is locked against others that ask until the transaction ends."""
        ...

    async def work_request(self, request_id: str) -> WorkRequest | None:
        """Return a work request, locked until the transaction ends."""
        ...

    async def has_work_request(self, request_id: str) -> bool:
        """Return whether a work request is stored."""
        ...

    async def put_work_request(self, request: WorkRequest, at: datetime, origin: Origin) -> None:
        """Write a new or changed work request and its event."""
        ...

    async def put_work_response(self, request: WorkRequest, flow: Flow, at: datetime, origin: Origin) -> None:
        """Write that a work request is answered once more, and the event that tells how it went."""
        ...

    async def positions(self, place: EquipmentPath) -> dict[Counter, StoredPosition]:
        """Return where the counters of a work center were, locked until the transaction ends."""
        ...

    async def put_positions(self, place: EquipmentPath, positions: dict[Counter, StoredPosition]) -> None:
        """Write where the counters are now."""
        ...

    async def machine_state(self, place: EquipmentPath) -> StateSample | None:
        """Return what the machine of a work center said last of its state, as far as it was applied."""
        ...

    async def put_machine_state(self, place: EquipmentPath, sample: StateSample) -> None:
        """Write what the machine says."""
        ...

    async def is_driven(self, place: EquipmentPath) -> bool:
        """Return whether the machine's states begin or complete anything at a work center: the first permitted order, or one that runs."""
        ...

    async def next_by_machine(self, place: EquipmentPath) -> JobOrder | None:
        """Return, locked, the first permitted order of the job list of a work center where nothing runs, if the machine begins it."""
        ...

    async def running_by_machine(self, place: EquipmentPath) -> JobOrder | None:
        """Return, locked, the running order of a work center that the machine completes."""
        ...

    async def last_end(self, place: EquipmentPath) -> datetime | None:
        """Return when a job order of a work center ended last, UTC."""
        ...

    async def counted_orders(self, place: EquipmentPath, since: datetime) -> list[JobOrder]:
        """Return, locked, the begun job orders that its counters write and that were not over before `since`."""
        ...
