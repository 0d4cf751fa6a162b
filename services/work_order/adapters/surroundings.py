"""What there is around job orders, on PostgreSQL, within the runtime's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from namespace.contracts.work_order import EquipmentAvailabilityChanged, JobListResequenced
from namespace.isa95 import EquipmentPath
from namespace.store import Queries, Transaction, append
from services.work_order.adapters.events import NewId, place_event
from services.work_order.adapters.rows import job_order_of
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.readiness import MaterialHold
from services.work_order.ports import Origin


class _Sql(Queries):
    unavailable: str
    holds_in_force: str
    job_orders_of_operations: str
    job_orders_of_request: str
    lock_equipment: str
    equipment_version: str
    put_availability: str
    put_equipment_version: str
    lock_queued: str
    put_ranks: str
    close_listings: str
    open_listings: str
    place_hold: str
    release_hold: str


_SQL = _Sql.load("services.work_order.adapters", "surroundings.sql")


class PostgresSurroundings:
    """`Surroundings` in one transaction.

    Args:
        tx: The transaction; the caller commits it.
        new_id: Makes event ids.
    """

    def __init__(self, tx: Transaction, new_id: NewId) -> None:
        self._tx = tx
        self._new_id = new_id

    async def equipment_version(self, place: EquipmentPath) -> int:
        """Return how often availability or sequence of a place changed, locked."""
        await self._tx.fetchval(_SQL.lock_equipment, str(place))
        return await self._tx.fetchval(_SQL.equipment_version, str(place)) or 0

    async def put_availability(
        self, place: EquipmentPath, version: int, unavailable: str | None, at: datetime, origin: Origin
    ) -> None:
        """Write whether a place can be used, and the event."""
        await self._tx.execute(_SQL.put_availability, str(place), version, unavailable, at)
        said = EquipmentAvailabilityChanged(version=version, available=unavailable is None, reason=unavailable)
        await append(self._tx, [place_event(said, at, place, origin, self._new_id)])

    async def queued(self, place: EquipmentPath) -> list[str]:
        """Return, locked, the job orders of a work center that have not begun."""
        return [row["id"] for row in await self._tx.fetch(_SQL.lock_queued, str(place))]

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
        """Write the explicit sequence of a work center, what the list said before, and the event."""
        await self._tx.execute(_SQL.put_equipment_version, str(place), version, at)
        moved = [row["id"] for row in await self._tx.fetch(_SQL.put_ranks, str(place), list(job_orders))]
        await self.relist(moved, at)
        said = JobListResequenced(version=version, job_orders=tuple(job_orders), reason=reason)
        await append(self._tx, [place_event(said, at, place, origin, self._new_id)])

    async def relist(self, job_orders: Sequence[str], at: datetime) -> None:
        """Note that the job list says something else of these job orders from `at` on (UTC)."""
        await self._tx.execute(_SQL.close_listings, list(job_orders), at)
        await self.list_new(job_orders, at)

    async def list_new(self, job_orders: Sequence[str], at: datetime) -> None:
        """Note that these job orders are on the job list from `at` on (UTC)."""
        await self._tx.execute(_SQL.open_listings, list(job_orders), at)

    async def place_hold(self, hold_id: str, targets: Sequence[str], reason: str, at: datetime) -> None:
        """Write that somebody placed a hold at `at` (UTC)."""
        await self._tx.execute(_SQL.place_hold, hold_id, list(targets), reason, at)

    async def release_hold(self, hold_id: str, at: datetime) -> None:
        """Write that a hold was released at `at` (UTC)."""
        await self._tx.execute(_SQL.release_hold, hold_id, at)

    async def unavailable(self, place: EquipmentPath) -> str | None:
        """Return why a work center, or a place above it, cannot be used."""
        row = await self._tx.fetchrow(_SQL.unavailable, [str(each) for each in above(place)])
        if row is None:
            return None
        reason: str = row["reason"]
        return reason if row["place"] == str(place) else f"{row['place']}: {reason}"

    async def holds_on(self, targets: Sequence[str]) -> list[MaterialHold]:
        """Return the holds in force on any of the targets."""
        rows = await self._tx.fetch(_SQL.holds_in_force, list(targets))
        return [MaterialHold(row["id"], row["target"], row["reason"]) for row in rows]

    async def of_operations(self, work_request: str, operations: Sequence[str]) -> Mapping[str, Sequence[JobOrder]]:
        """Return the job orders of some operations of a work request."""
        found: dict[str, list[JobOrder]] = defaultdict(list)
        for row in await self._tx.fetch(_SQL.job_orders_of_operations, work_request, list(operations)):
            found[row["operation"]].append(job_order_of(row))
        return found

    async def of_request(self, work_request: str) -> Sequence[JobOrder]:
        """Return all job orders of a work request."""
        return [job_order_of(row) for row in await self._tx.fetch(_SQL.job_orders_of_request, work_request)]


def above(place: EquipmentPath) -> list[EquipmentPath]:
    """Return `place` and the places it lies in, itself first."""
    found, each = [place], place.parent
    while each is not None:
        found.append(each)
        each = each.parent
    return found
