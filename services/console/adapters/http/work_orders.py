"""The JSON interface behind the pages of work orders: boards and lists, one job order's story and counts, work masters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.console.adapters.http.parts import parts_of
from services.console.adapters.http.security import HttpProblem, signed_in
from services.console.application import masters, work
from services.console.ports import Answers, NotAnswered, NotAskable

_NEXT_AT_MOST = 200
_BUCKETS_AT_MOST = 200
_LONGEST_SEARCH = 100
_NEWEST_VERSION = 1_000_000


async def dispatch_board(request: Request) -> Response:
    """Answer ``GET /api/dispatch?place=&place=&limit=``: work centers with what they have in hand."""
    places = request.query_params.getlist("place")
    if not 1 <= len(places) <= work.PLACES_AT_ONCE:
        raise HttpProblem(400, "malformed", f"Name 1 to {work.PLACES_AT_ONCE} work centers (place).")
    limit = _number(request.query_params, "limit", 20, _NEXT_AT_MOST)
    return await _answer(request, lambda asked: work.dispatch_board(asked, places, limit=limit))


async def dispatch_list(request: Request) -> Response:
    """Answer ``GET /api/dispatch-list?place=&at=&limit=&cursor=``: the job list of a work center at an instant."""
    query = request.query_params
    at, limit = _instant(query, "at"), _number(query, "limit", 50, _NEXT_AT_MOST)
    place, cursor = query.get("place", ""), query.get("cursor")
    return await _answer(request, lambda asked: work.dispatch_list(asked, place, at, limit=limit, cursor=cursor))


async def order_story(request: Request) -> Response:
    """Answer ``GET /api/order-stories/{id}``: a job order with its history, operations, route and labor."""
    order_id = request.path_params["job_order_id"]
    return await _answer(request, lambda asked: work.order_story(asked, order_id))


async def order_counts(request: Request) -> Response:
    """Answer ``GET /api/order-counts/{id}?buckets=``: what was made of a job order over time, by reason."""
    order_id = request.path_params["job_order_id"]
    buckets = _number(request.query_params, "buckets", 60, _BUCKETS_AT_MOST)
    return await _answer(request, lambda asked: work.order_counts(asked, order_id, buckets=buckets))


async def order_reports(request: Request) -> Response:
    """Answer ``GET /api/order-reports/{id}?since=&until=&cursor=``: the single counts of a job order within a time."""
    query, order_id = request.query_params, request.path_params["job_order_id"]
    since, until = _instant(query, "since"), _instant(query, "until")
    cursor = query.get("cursor")
    return await _answer(
        request, lambda asked: work.order_reports(asked, order_id, since=since, until=until, cursor=cursor)
    )


async def work_masters(request: Request) -> Response:
    """Answer ``GET /api/work-masters?search=``: work masters, each with its version in force or its newest."""
    search, at = request.query_params.get("search", "").strip(), parts_of(request).now()
    if len(search) > _LONGEST_SEARCH:
        raise HttpProblem(400, "malformed", f"search has at most {_LONGEST_SEARCH} characters.")
    return await _answer(request, lambda asked: masters.work_masters(asked, search, at))


async def work_master(request: Request) -> Response:
    """Answer ``GET /api/work-masters/{id}?version=&against=``: its versions, one or two of them whole, its open orders."""
    query, master_id, at = request.query_params, request.path_params["work_master_id"], parts_of(request).now()
    version, against = (_version(query, name) for name in ("version", "against"))
    return await _answer(
        request, lambda asked: masters.work_master(asked, master_id, at, version=version, against=against)
    )


ROUTES = (
    Route("/api/dispatch", dispatch_board),
    Route("/api/dispatch-list", dispatch_list),
    Route("/api/order-stories/{job_order_id:path}", order_story),
    Route("/api/order-counts/{job_order_id:path}", order_counts),
    Route("/api/order-reports/{job_order_id:path}", order_reports),
    Route("/api/work-masters", work_masters),
    Route("/api/work-masters/{work_master_id:path}", work_master),
)


async def _answer(request: Request, ask: Callable[[Answers], Awaitable[dict[str, Any]]]) -> Response:
    parts = parts_of(request)
    await signed_in(request, parts.accounts)
    try:
        return JSONResponse(await ask(parts.answers))
    except NotAskable as problem:
        known = problem.code not in work.UNKNOWN
        raise HttpProblem(400 if known else 404, problem.code, problem.message) from None
    except NotAnswered as problem:
        raise HttpProblem(504, "not_answered", str(problem), service=problem.service) from None


def _number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise HttpProblem(400, "malformed", f"{name} is a number from 1 to {most}.")
    return int(text)


def _version(query: Mapping[str, str], name: str) -> int | None:
    return _number(query, name, 0, _NEWEST_VERSION) if query.get(name) else None


def _instant(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name)
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise HttpProblem(400, "malformed", f"{name} is an instant such as 2026-03-02T06:00:00Z.") from None
    if instant.tzinfo is None:
        raise HttpProblem(400, "malformed", f"{name} needs its offset, such as 2026-03-02T06:00:00Z.")
    return instant
