"""What there is around job orders, on PostgreSQL, within the runtime's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from namespace.isa95 import EquipmentPath
from namespace.store import Queries, Transaction
from services.work_order.adapters.rows import job_order_of
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.readiness import MaterialHold


class _Sql(Queries):
    unavailable: str
    holds_in_force: str
    job_orders_of_operations: str


_SQL = _Sql.load("services.work_order.adapters", "surroundings.sql")


class PostgresSurroundings:
    """`Surroundings` in one transaction.

    Args:
        tx: The transaction; the caller commits it.
    """

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

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


def above(place: EquipmentPath) -> list[EquipmentPath]:
    """Return `place` and the places it lies in, itself first."""
    found, each = [place], place.parent
    while each is not None:
        found.append(each)
        each = each.parent
    return found
