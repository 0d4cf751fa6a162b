"""What the pages of work orders ask for, put together from the queries of `work_order`: boards, lists, one order's story.

Documents of the contract pass in the page's spelling; a job order also has the names that every page uses for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.console.application.spelling import page_spelling
from services.console.ports import Answers, NotAskable

PLACES_AT_ONCE = 20
"""Work centers that one query may name."""

UNKNOWN = frozenset({"UnknownJobOrder", "UnknownWorkMaster", "UnknownEquipment"})
"""Codes with which the service says that what it was asked about does not exist."""

_SERVICE = "work_order"
_ROWS_AT_MOST = 2_000
_PAGES_AT_MOST = 40
_COUNTED = "QuantityReported"


@dataclass(frozen=True, slots=True)
class Page:
    """A document that comes in pages: the list in it goes on at ``cursor``."""

    data: Any
    cursor: str | None


def order_json(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a job order as pages know it, with everything else that the service says of it."""
    quantity, unit = document.get("quantity"), document.get("unit") or ""
    return {
        **page_spelling(dict(document)),
        "workCenter": document["place"],
        "ordered": None if quantity is None else {"value": quantity, "unit": unit},
        "startedAt": document.get("begun_at"),
    }


async def dispatch_board(work: Answers, places: Sequence[str], *, limit: int) -> dict[str, Any]:
    """Return work centers with what they have in hand.

    Args:
        work: Asks `work_order`.
        places: The work centers, `PLACES_AT_ONCE` at most.
        limit: How many of those that have not begun of each.

    Raises:
        NotAnswered: The service is silent.
        NotAskable: It cannot answer that, for example because there is no such work center.
    """
    args = {"places": list(places), "limit": limit}
    answers = await _pages(work, "dispatch_board", args)
    orders = [order_json(document) for answer in answers for document in answer.data["job_orders"]]
    centers = []
    for document in answers[0].data["centers"]:
        here = [order for order in orders if order["workCenter"] == document["place"]]
        centers.append(
            {
                **page_spelling(document),
                "active": [order for order in here if order["state"] in {"Running", "Interrupted"}],
                "queue": [order for order in here if order["state"] not in {"Running", "Interrupted"}],
            }
        )
    return {"centers": centers}


async def dispatch_list(
    work: Answers, place: str, at: datetime | None, *, limit: int, cursor: str | None
) -> dict[str, Any]:
    """Return a page of the job list of a work center as it was at an instant (UTC); raises NotAnswered or NotAskable."""
    args = {"place": place, "as_of": at.isoformat() if at else None, "limit": limit, "cursor": cursor}
    answer = await work.ask(_SERVICE, "dispatch_list", args, most=limit)
    return {"items": page_spelling(answer.data), "cursor": answer.cursor}


async def order_story(work: Answers, order_id: str) -> dict[str, Any]:
    """Return everything about one job order but its single counts: itself, its history, its operations, route and demand.

    Raises:
        NotAnswered: The service is silent.
        NotAskable: It cannot answer that, for example because there is no such job order.
    """
    answers = await _pages(work, "job_order", {"id": order_id, "without": [_COUNTED]})
    whole = answers[0].data
    request = whole.get("work_request")
    operations, wip, labor, route, demand = await asyncio.gather(
        _documents(work, "job_orders", {"work_request": request, "with_removed": True, "limit": 200}, request),
        _documents(work, "wip", {"work_request": request}, request),
        _documents(work, "labor", {"job_order": order_id}, order_id),
        _route(work, whole),
        _demand(work, request),
    )
    history = [history_json(document) for answer in answers for document in answer.data["history"]]
    return {
        "order": {key: value for key, value in order_json(whole).items() if key != "history"},
        "history": history,
        "orders": [order_json(document) for document in operations],
        "wip": [page_spelling(document) for document in wip],
        "labor": [page_spelling(document) for document in labor],
        "route": route,
        "request": demand,
    }


async def order_counts(work: Answers, order_id: str, *, buckets: int) -> dict[str, Any]:
    """Return what was made of a job order over time, by reason; raises NotAnswered or NotAskable."""
    found = await _documents(work, "job_order_counts", {"id": order_id, "buckets": buckets}, order_id)
    return {"counts": [page_spelling(document) for document in found]}


async def order_reports(
    work: Answers, order_id: str, *, since: datetime | None, until: datetime | None, cursor: str | None
) -> dict[str, Any]:
    """Return a page of the single counts of a job order within a time; raises NotAnswered or NotAskable."""
    args = {
        "id": order_id,
        "types": [_COUNTED, "QuantityDeclared"],
        "since": since.isoformat() if since else None,
        "until": until.isoformat() if until else None,
        "cursor": cursor,
    }
    answer = await _page(work, "job_order", args)
    return {"history": [history_json(document) for document in answer.data["history"]], "cursor": answer.cursor}


def history_json(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return one event of a history; its payload stays as the contract has it."""
    said = document.get("payload") or {}
    return {
        "seq": document["seq"],
        "at": document["occurred_at"],
        "recordedAt": document.get("recorded_at"),
        "type": document["type"],
        "actor": document.get("actor"),
        "cause": said.get("cause"),
        "from": said.get("from"),
        "to": said.get("to") or said.get("state"),
        "payload": said,
    }


async def _route(work: Answers, whole: Mapping[str, Any]) -> Any:
    """Return the version of the work master that a job order keeps; None where it keeps none, or it is not known."""
    if not whole.get("work_master") or not whole.get("work_master_version"):
        return None
    args = {"id": whole["work_master"], "version": whole["work_master_version"]}
    try:
        return page_spelling((await _page(work, "work_master", args)).data)
    except NotAskable:
        return None


async def _demand(work: Answers, request: str | None) -> dict[str, Any] | None:
    """Return the work request that an order serves, with its responses; None where it serves none, or it is not known."""
    if request is None:
        return None
    try:
        whole = (await _page(work, "work_request", {"id": request})).data
    except NotAskable:
        return None
    return {**page_spelling(whole), "responses": [history_json(document) for document in whole["responses"]]}


async def _documents(work: Answers, query: str, args: Mapping[str, Any], needed: str | None) -> list[Any]:
    """Return all documents of a query whose answers are lists; none where what it is about does not exist."""
    if needed is None:
        return []
    found = (await work.ask(_SERVICE, query, args, most=_ROWS_AT_MOST)).data
    return found if isinstance(found, list) else []


async def _pages(work: Answers, query: str, args: Mapping[str, Any]) -> list[Page]:
    """Return all pages of a query whose answer is a document with a list in it."""
    pages = [await _page(work, query, {**args, "cursor": None})]
    while pages[-1].cursor is not None and len(pages) < _PAGES_AT_MOST:
        pages.append(await _page(work, query, {**args, "cursor": pages[-1].cursor}))
    return pages


async def _page(work: Answers, query: str, args: Mapping[str, Any]) -> Page:
    answer = await work.ask(_SERVICE, query, args, most=1)
    return Page(answer.data, answer.cursor)
