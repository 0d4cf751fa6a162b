"""The dispatch board of work centers: what runs, what comes next, when it will be done, and what keeps it from running.

One query for many work centers, and a fixed number of statements whatever is on their lists.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from namespace.contracts.work_order import DispatchBoardArgs
from namespace.isa95 import EquipmentPath, EquipmentPathError
from namespace.runtime.errors import QueryFailed
from namespace.runtime.queries import Page, fit_page
from namespace.store import Database, Queries, Transaction
from services.work_order.adapters.documents import listed_document
from services.work_order.adapters.masters import work_master_of
from services.work_order.adapters.reading import SQL as READING
from services.work_order.adapters.rows import job_order_of
from services.work_order.adapters.surroundings import above
from services.work_order.domain.dispatch import Listed, dispatch_key
from services.work_order.domain.forecast import forecast_list
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.readiness import MaterialHold, Situation, find_obstacle
from services.work_order.domain.refusal import Code
from services.work_order.domain.work_master import Operation
from services.work_order.ports import Shop, UnknownPlaceError


class _Sql(Queries):
    equipment: str
    unavailable_places: str
    holds_on: str
    before: str
    masters: str


_SQL = _Sql.load("services.work_order.adapters", "board.sql")


@dataclass(frozen=True, slots=True)
class _Around:
    """What there is around the job orders of some work centers."""

    unavailable: Mapping[EquipmentPath, str]
    before: Mapping[tuple[str, str], Sequence[JobOrder]]
    operations: Mapping[str, Operation]
    holds: Mapping[str, Sequence[MaterialHold]]

    def of(self, order: JobOrder) -> Situation:
        """Return what there is around one of them."""
        request = order.definition.work_request or ""
        operation = self.operations.get(order.id)
        materials = operation.consumes if operation else ()
        return Situation(
            unavailable=self.unavailable.get(order.place),
            before={
                rule.operation: self.before.get((request, rule.operation), ()) for rule in order.definition.predecessors
            },
            holds=[hold for target in (order.id, *materials) for hold in self.holds.get(target, ())],
        )


class BoardReading:
    """Answers `dispatch_board`.

    Args:
        database: The service's database.
        shop: The site's rules of its work centers, and business time.
    """

    def __init__(self, database: Database, shop: Shop) -> None:
        self._database = database
        self._shop = shop

    async def dispatch_board(self, args: DispatchBoardArgs) -> Page:
        """Return the work centers, then, paged, their job orders: those that began, then the others in order of dispatch."""
        places = {text: self._place(text) for text in args.places}
        async with self._database.transaction() as tx:
            active, queue = await self._lists(tx, list(places), args.limit)
            around = await _around(tx, list(places.values()), [*_all(active), *_all(queue)])
            versions = {row["place"]: row["version"] for row in await tx.fetch(_SQL.equipment, list(places))}
            lengths = {row["place"]: row["length"] for row in await tx.fetch(READING.queue_lengths, list(places))}
        centers, documents = [], []
        for text, place in places.items():
            concurrent = self._shop.rules(place).concurrent
            expected = forecast_list(
                active[text], queue[text], self._shop.now(place), self._shop.calendar(place), concurrent=concurrent
            )
            centers.append(
                {
                    "place": text,
                    "version": versions.get(text, 0),
                    "unavailable": around.unavailable.get(place),
                    "concurrent": concurrent,
                    "queue_length": lengths.get(text, 0),
                }
            )
            documents += [
                listed_document(
                    order, expected[order.id], find_obstacle(order, around.of(order)), around.operations.get(order.id)
                )
                for order in (*active[text], *queue[text])
            ]
        return _page(centers, documents, args.cursor)

    def _place(self, text: str) -> EquipmentPath:
        try:
            place = EquipmentPath.parse(text)
            self._shop.rules(place)
        except (EquipmentPathError, UnknownPlaceError) as error:
            raise QueryFailed(Code.UNKNOWN_EQUIPMENT.value, str(error)) from error
        return place

    async def _lists(
        self, tx: Transaction, places: list[str], limit: int
    ) -> tuple[Mapping[str, list[JobOrder]], Mapping[str, list[JobOrder]]]:
        active: dict[str, list[JobOrder]] = {place: [] for place in places}
        for row in await tx.fetch(READING.active_job_orders, places):
            active[row["place"]].append(job_order_of(row))
        for orders in active.values():
            orders.sort(key=lambda order: (order.state.number, order.begun_at, order.id))
        queued: dict[str, list[Listed]] = {place: [] for place in places}
        for row in await tx.fetch(READING.queued_job_orders, places, limit):
            queued[row["place"]].append(Listed(job_order_of(row), row["stored_seq"]))
        return active, {
            place: [entry.order for entry in sorted(listed, key=dispatch_key)] for place, listed in queued.items()
        }


async def _around(tx: Transaction, places: Sequence[EquipmentPath], orders: Sequence[JobOrder]) -> _Around:
    """Gather what there is around job orders, as `situation` does for one that is to run."""
    reasons: dict[str, str] = {}
    whole = {str(each) for place in places for each in above(place)}
    for row in await tx.fetch(_SQL.unavailable_places, sorted(whole)):
        reasons.setdefault(row["place"], row["reason"])
    operations = await _operations(tx, orders)
    targets = {order.id for order in orders} | {name for each in operations.values() for name in each.consumes}
    holds: dict[str, list[MaterialHold]] = defaultdict(list)
    for row in await tx.fetch(_SQL.holds_on, sorted(targets)):
        holds[row["target"]].append(MaterialHold(row["id"], row["target"], row["reason"]))
    return _Around(
        {place: reason for place in places if (reason := _unavailable(place, reasons)) is not None},
        await _before(tx, orders),
        operations,
        holds,
    )


def _unavailable(place: EquipmentPath, reasons: Mapping[str, str]) -> str | None:
    for each in above(place):
        if (reason := reasons.get(str(each))) is not None:
            return reason if each == place else f"{each}: {reason}"
    return None


async def _before(tx: Transaction, orders: Sequence[JobOrder]) -> Mapping[tuple[str, str], Sequence[JobOrder]]:
    wanted = {
        (order.definition.work_request or "", rule.operation)
        for order in orders
        if order.begun_at is None
        for rule in order.definition.predecessors
    }
    found: dict[tuple[str, str], list[JobOrder]] = defaultdict(list)
    if wanted:
        requests, operations = zip(*sorted(wanted), strict=True)
        for row in await tx.fetch(_SQL.before, list(requests), list(operations)):
            found[row["work_request"], row["operation"]].append(job_order_of(row))
    return found


async def _operations(tx: Transaction, orders: Sequence[JobOrder]) -> dict[str, Operation]:
    """Return the operation of each job order that has one, by the version of the work master that the order keeps."""
    kept = {
        order.id: (asked.work_master, asked.work_master_version)
        for order in orders
        if (asked := order.definition).work_master and asked.work_master_version and asked.operation
    }
    if not kept:
        return {}
    ids, versions = zip(*sorted(set(kept.values())), strict=True)
    rows = await tx.fetch(_SQL.masters, list(ids), list(versions))
    masters = {(row["id"], row["version"]): work_master_of(row) for row in rows}
    found: dict[str, Operation] = {}
    for order in orders:
        master = masters.get(kept[order.id]) if order.id in kept else None
        operation = master.operation(order.definition.operation or "") if master else None
        if operation is not None:
            found[order.id] = operation
    return found


def _page(centers: list[dict[str, Any]], documents: list[dict[str, Any]], cursor: str | None) -> Page:
    if cursor is not None and not cursor.isdecimal():
        raise QueryFailed("BadArguments", f"args.cursor {cursor!r} does not come from a page of this query")
    passed = int(cursor or 0)
    rest = documents[passed:]
    fits = fit_page(rest, limit_bytes=48 * 1024) if rest else 0
    following = str(passed + fits) if len(rest) > fits else None
    return Page({"centers": centers, "job_orders": rest[:fits]}, following)


def _all(lists: Mapping[str, list[JobOrder]]) -> list[JobOrder]:
    return [order for orders in lists.values() for order in orders]
