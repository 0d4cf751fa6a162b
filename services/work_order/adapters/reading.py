"""Queries: what people and late joiners may ask, read from the tables and the service's own event log."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from namespace.contracts.work_order import (
    DispatchListArgs,
    JobOrderArgs,
    JobOrderCountsArgs,
    JobOrdersArgs,
    LaborArgs,
    WipArgs,
    WorkMasterArgs,
    WorkMastersArgs,
    WorkRequestArgs,
    WorkRequestsArgs,
)
from namespace.runtime.errors import QueryFailed
from namespace.runtime.queries import Page, QueryHandler, fit_page
from namespace.store import Database, Queries
from services.work_order.adapters.documents import (
    brief_master_document,
    counts_document,
    forecast_document,
    history_document,
    job_order_document,
    labor_document,
    listing_document,
    whole_document,
    wip_document,
    work_master_document,
    work_request_document,
)
from services.work_order.adapters.masters import SQL as MASTERS
from services.work_order.adapters.masters import work_master_of
from services.work_order.adapters.rows import job_order_of
from services.work_order.domain.forecast import forecast
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.refusal import Code
from services.work_order.ports import Shop

_HISTORY_ROWS = 100
_SHORTEST_STRETCH_S = 10
_RESPONSES = 20


class ReadingSql(Queries):
    """The statements that only read."""

    active_job_orders: str
    queued_job_orders: str
    queue_lengths: str
    page_in_dispatch_order: str
    page_newest_first: str
    job_order: str
    history: str
    counts: str
    page_of_work_requests: str
    work_request: str
    responses: str
    page_of_labor: str
    page_of_listings: str
    wip: str


SQL = ReadingSql.load("services.work_order.adapters", "reading.sql")


class Reading:
    """Answers the queries of the contract.

    Args:
        database: The service's database.
        shop: Business time and calendars of the places.
    """

    def __init__(self, database: Database, shop: Shop) -> None:
        self._database = database
        self._shop = shop

    def handlers(self) -> dict[str, QueryHandler]:
        """Return the handler of each query of the contract."""
        return {
            "job_orders": self.job_orders,
            "job_order": self.job_order,
            "job_order_counts": self.job_order_counts,
            "work_requests": self.work_requests,
            "work_request": self.work_request,
            "labor": self.labor,
            "wip": self.wip,
            "dispatch_list": self.dispatch_list,
            "work_masters": self.work_masters,
            "work_master": self.work_master,
        }

    async def job_orders(self, args: JobOrdersArgs) -> Page:
        """Return job orders by place, state and work request."""
        statement = SQL.page_in_dispatch_order if args.order == "dispatch" else SQL.page_newest_first
        states = [args.state] if isinstance(args.state, str) else args.state
        rows = await self._fetch(
            statement,
            args.place,
            None if states is None else list(states),
            args.work_request,
            args.cursor,
            args.limit + 1,
            args.material,
            args.since,
            args.until,
            args.with_removed,
            args.work_master,
        )
        documents = [job_order_document(job_order_of(row)) for row in rows]
        return _page(documents, args.limit, lambda last: str(last["id"]))

    async def job_order(self, args: JobOrderArgs) -> Page:
        """Return one job order with a page of its history, oldest first."""
        order = await self._one(args.id)
        rows = await self._fetch(
            SQL.history,
            args.id,
            _number(args.cursor),
            _HISTORY_ROWS + 1,
            None if args.types is None else list(args.types),
            list(args.without),
            args.since,
            args.until,
        )
        page = _page([history_document(row) for row in rows], _HISTORY_ROWS, lambda last: str(last["seq"]))
        expected = forecast_document(forecast(order, self._shop.now(order.place), self._shop.calendar(order.place)))
        return Page({**whole_document(order), "forecast": expected, "history": page.data}, page.next)

    async def job_order_counts(self, args: JobOrderCountsArgs) -> Page:
        """Return what was made of one job order over time, by reason, in at most so many stretches of equal length."""
        order = await self._one(args.id)
        start = order.begun_at or order.stored_at
        end = order.ended_at or max(self._shop.now(order.place), start)
        length_s = max(math.ceil((end - start).total_seconds() / args.buckets), _SHORTEST_STRETCH_S)
        passed = _number(args.cursor)
        rows = await self._fetch(SQL.counts, args.id, start, length_s, passed)
        documents = [counts_document(row, start, length_s) for row in rows]
        fits = fit_page(documents) if documents else 0
        return Page(documents[:fits], str(passed + fits) if len(documents) > fits else None)

    async def wip(self, args: WipArgs) -> Page:
        """Return where the units are, by work center and operation; the sum always matches what is ordered."""
        rows = await self._fetch(SQL.wip, args.place, args.work_request)
        together: dict[tuple[str, str | None, str | None], list[JobOrder]] = {}
        for row in rows:
            key = (row["place"], row["work_master"], row["operation"])
            together.setdefault(key, []).append(job_order_of(row))
        passed = _number(args.cursor)
        documents = [wip_document(*key, orders) for key, orders in together.items()][passed:]
        fits = fit_page(documents) if documents else 0
        return Page(documents[:fits], str(passed + fits) if len(documents) > fits else None)

    async def work_requests(self, args: WorkRequestsArgs) -> Page:
        """Return work requests with the progress of their job orders, as they were stored."""
        rows = await self._fetch(SQL.page_of_work_requests, args.cursor, args.limit + 1)
        return _page([work_request_document(row) for row in rows], args.limit, lambda last: str(last["id"]))

    async def work_request(self, args: WorkRequestArgs) -> Page:
        """Return one work request with the responses it was answered by, the newest first."""
        rows = await self._fetch(SQL.work_request, args.id)
        if not rows:
            text = f"there is no work request {args.id!r}; query work_requests lists those there are"
            raise QueryFailed(Code.UNKNOWN_WORK_REQUEST.value, text)
        responses = [history_document(row) for row in await self._fetch(SQL.responses, args.id, _RESPONSES)]
        fits = fit_page(responses) if responses else 0
        return Page({**work_request_document(rows[0]), "responses": responses[:fits]})

    async def labor(self, args: LaborArgs) -> Page:
        """Return stretches of labor by job order as stored."""
        seq, _, number = (args.cursor or "0.0").partition(".")
        rows = await self._fetch(
            SQL.page_of_labor,
            args.person,
            args.place,
            args.job_order,
            args.since,
            args.until,
            _number(seq),
            _number(number),
            args.limit + 1,
        )
        places = [f"{row['stored_seq']}.{row['number']}" for row in rows]
        documents = [labor_document(row) for row in rows]
        fits = min(fit_page(documents), args.limit)
        return Page(documents[:fits], places[fits - 1] if len(documents) > fits else None)

    async def dispatch_list(self, args: DispatchListArgs) -> Page:
        """Return the job list of a work center at an instant: what runs, then what comes next."""
        passed = _number(args.cursor)
        as_of = args.as_of or datetime.max.replace(tzinfo=UTC)
        rows = await self._fetch(SQL.page_of_listings, args.place, as_of, passed, args.limit + 1)
        documents = [listing_document(row) for row in rows]
        fits = min(fit_page(documents), args.limit) if documents else 0
        return Page(documents[:fits], str(passed + fits) if len(documents) > fits else None)

    async def work_masters(self, args: WorkMastersArgs) -> Page:
        """Return versions of work masters by id and version."""
        name, _, version = (args.cursor or "").rpartition("@")
        rows = await self._fetch(
            MASTERS.page_of_work_masters,
            args.material,
            args.state,
            args.in_force_at,
            name or None,
            _number(version or None),
            args.limit + 1,
            args.id,
            args.search,
        )
        documents = [
            brief_master_document(row) if args.brief else work_master_document(work_master_of(row)) for row in rows
        ]
        return _page(documents, args.limit, lambda last: f"{last['id']}@{last['version']}")

    async def work_master(self, args: WorkMasterArgs) -> Page:
        """Return one version of a work master, the newest where none is named."""
        if args.version is None:
            rows = await self._fetch(MASTERS.newest_version, args.id)
        else:
            rows = await self._fetch(MASTERS.version, args.id, args.version)
        if not rows:
            which = "" if args.version is None else f" of version {args.version}"
            text = f"there is no work master {args.id!r}{which}; query work_masters lists those there are"
            raise QueryFailed(Code.UNKNOWN_WORK_MASTER.value, text)
        return Page(work_master_document(work_master_of(rows[0])))

    async def _one(self, order_id: str) -> JobOrder:
        rows = await self._fetch(SQL.job_order, order_id)
        if not rows:
            text = f"there is no job order {order_id!r}; query job_orders lists those there are"
            raise QueryFailed(Code.UNKNOWN_JOB_ORDER.value, text)
        return job_order_of(rows[0])

    async def _fetch(self, statement: str, *args: object) -> list[Any]:
        async with self._database.transaction() as tx:
            return list(await tx.fetch(statement, *args))


def _page(documents: list[dict[str, Any]], limit: int, cursor_of: Callable[[Mapping[str, Any]], str]) -> Page:
    """Cut documents, one of them more than asked for where there are more, to a page."""
    fits = min(fit_page(documents), limit) if documents else 0
    shown = documents[:fits]
    return Page(shown, cursor_of(shown[-1]) if len(documents) > fits else None)


def _number(text: str | None) -> int:
    if text is None:
        return 0
    if not text.isdecimal() or len(text) > 18:
        raise QueryFailed("BadArguments", f"args.cursor {text!r} does not come from a page of this query")
    return int(text)
