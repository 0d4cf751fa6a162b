"""The JSON interface behind the pages: tree, places, job orders, commands, nodes, events.

Reading needs a session; commands need the role and the CSRF token as well. What a service refuses comes
back as the answer (200, ``REJECTED``) because the question was fine; what could not be asked is an error
with a code.
"""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.console.adapters.http.parts import parts_of
from services.console.adapters.http.security import HttpProblem, body_of, signed_in
from services.console.application.dispatch import CommandConflict, CommandForbidden, CommandUnknown
from services.console.application.feed import Watch
from services.console.application.views import (
    answer_json,
    event_json,
    job_order_detail_json,
    job_order_page_json,
    metric_json,
    node_json,
    place_json,
)
from services.console.ports import CommandRequest, NotAnswered, NotFound, Order

_PAGE_LIMIT = 200


class CommandBody(BaseModel):
    """What a page sends when a person decides something."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command_id: UUID
    target: str = Field(min_length=1, max_length=64)
    name: str = Field(min_length=1, max_length=64)
    subject: str = Field(max_length=200)
    args: dict[str, JsonValue] = Field(default_factory=dict)
    expected_version: int | None = None
    reason: str | None = Field(default=None, max_length=500)


async def tree(request: Request) -> Response:
    """Answer ``GET /api/tree``: every place with its state."""
    parts = parts_of(request)
    await signed_in(request, parts.accounts)
    parts.live.settle(parts.now())
    return JSONResponse({"places": [place_json(node) for node in parts.live.tree.walk()]})


async def place(request: Request) -> Response:
    """Answer ``GET /api/places/{path}``: one place with all its metrics."""
    parts = parts_of(request)
    await signed_in(request, parts.accounts)
    parts.live.settle(parts.now())
    path = request.path_params["path"]
    node = parts.live.tree.get(path)
    if node is None:
        raise HttpProblem(404, "no_place", f"There is no place {path!r} at this site.")
    metrics = [metric_json((path, metric.metric), metric) for metric in parts.live.metrics_of(path)]
    return JSONResponse({"place": place_json(node), "metrics": metrics})


async def job_orders(request: Request) -> Response:
    """Answer ``GET /api/job-orders?place=&state=&limit=&cursor=``."""
    parts = parts_of(request)
    await signed_in(request, parts.accounts)
    query = request.query_params
    limit = query.get("limit", "100")
    if not limit.isdigit() or not 1 <= int(limit) <= _PAGE_LIMIT:
        raise HttpProblem(400, "malformed", f"limit is a number from 1 to {_PAGE_LIMIT}.")
    states = tuple(filter(None, query.get("state", "").split(",")))
    order: Order = "newest" if query.get("order") == "newest" else "dispatch"
    try:
        found = await parts.job_orders.page(
            place=query.get("place") or parts.live.site.path,
            states=states,
            order=order,
            limit=int(limit),
            cursor=query.get("cursor"),
        )
    except NotAnswered as problem:
        raise _not_answered(problem) from None
    return JSONResponse(job_order_page_json(found))


async def job_order(request: Request) -> Response:
    """Answer ``GET /api/job-orders/{id}``: one job order with its history."""
    parts = parts_of(request)
    await signed_in(request, parts.accounts)
    try:
        found = await parts.job_orders.detail(request.path_params["job_order_id"])
    except NotFound as problem:
        raise HttpProblem(404, "no_job_order", str(problem)) from None
    except NotAnswered as problem:
        raise _not_answered(problem) from None
    return JSONResponse(job_order_detail_json(found))


async def command(request: Request) -> Response:
    """Answer ``POST /api/commands``: pass the command on and return the service's answer.

    202 with ``PENDING`` when the service has not answered in time: the page sends the same command again.
    """
    parts = parts_of(request)
    found = await signed_in(request, parts.accounts)
    try:
        body = CommandBody.model_validate_json(await body_of(request))
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise HttpProblem(400, "malformed", f"{where or 'body'}: {first['msg']}") from None
    intent = CommandRequest(
        command_id=body.command_id,
        service=body.target,
        name=body.name,
        subject=body.subject,
        args=body.args,
        expected_version=body.expected_version,
        actor=found.user.user_id,
        reason=body.reason,
    )
    try:
        answer = await parts.dispatch.send(found.user, intent)
    except CommandForbidden as problem:
        raise HttpProblem(403, "forbidden", str(problem), needs=problem.needs) from None
    except CommandUnknown as problem:
        raise HttpProblem(404, "no_command", str(problem)) from None
    except CommandConflict as problem:
        raise HttpProblem(409, "conflict", str(problem)) from None
    except NotAnswered as problem:
        pending: dict[str, Any] = {
            "commandId": str(body.command_id),
            "status": "PENDING",
            "message": str(problem),
        }
        return JSONResponse(pending, status_code=202)
    return JSONResponse(answer_json(answer))


async def nodes(request: Request) -> Response:
    """Answer ``GET /api/nodes``: every edge node."""
    parts = parts_of(request)
    await signed_in(request, parts.accounts)
    try:
        found = await parts.nodes.all()
    except NotAnswered as problem:
        raise _not_answered(problem) from None
    return JSONResponse({"nodes": [node_json(f"{node.group_id}/{node.edge_node_id}", node) for node in found]})


async def events(request: Request) -> Response:
    """Answer ``GET /api/events?within=``: the events that went by lately, oldest first."""
    parts = parts_of(request)
    await signed_in(request, parts.accounts)
    watch = Watch(within=request.query_params.get("within", ""))
    found = parts.live.events_since(0, watch.wants_event)
    return JSONResponse({"events": [event_json(event) for event in found]})


async def nothing_here(request: Request) -> Response:
    """Answer addresses of the interface that do not exist."""
    raise HttpProblem(404, "no_address", f"There is nothing at {request.url.path}.")


def _not_answered(problem: NotAnswered) -> HttpProblem:
    return HttpProblem(504, "not_answered", str(problem), service=problem.service)
