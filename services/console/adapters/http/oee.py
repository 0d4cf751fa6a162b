"""What stands behind the OEE pages: questions to `oee` and `historian` as their contracts say, and the site's reasons.

The address is the question: the query's name, its arguments as parameters, lists by repeating them. Answers are passed
on as the contract writes them, several pages joined.
"""

from typing import Any, get_origin

from pydantic import BaseModel, ValidationError
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from namespace.contracts import historian, oee
from namespace.contracts.contract import ServiceContract
from services.console.adapters.http.parts import parts_of
from services.console.adapters.http.security import HttpProblem, signed_in
from services.console.application.views import reason_json
from services.console.ports import NotAnswered, NotAskable

_MOST = 5_000
"""Rows of one answer, however many pages it takes."""
_OFFERED = ("timeline", "intervals", "interval", "waterfall", "losses", "kpis", "kpi_revisions", "shifts")
_UNKNOWN = frozenset({"UnknownPlace", "NothingRecorded"})


def _arguments(contract: ServiceContract, *names: str) -> dict[str, type[BaseModel]]:
    return {query.name: query.args for query in contract.queries if query.name in names}


_OEE = _arguments(oee.CONTRACT, *_OFFERED)
_SAMPLES = _arguments(historian.CONTRACT, "samples")["samples"]


async def figures(request: Request) -> Response:
    """Answer ``GET /api/oee/{query}``: a query of `oee`, with ``most`` rows at most."""
    query = request.path_params["query"]
    model = _OEE.get(query)
    if model is None:
        raise HttpProblem(404, "no_address", f"There is no query {query!r} here; there are {', '.join(_OFFERED)}.")
    return await _answer(request, "oee", query, model)


async def samples(request: Request) -> Response:
    """Answer ``GET /api/samples``: what machines reported, as the historian journaled it."""
    return await _answer(request, "historian", "samples", _SAMPLES)


async def reasons(request: Request) -> Response:
    """Answer ``GET /api/reasons``: the site's tree of reasons for lost time, parents before children."""
    parts = parts_of(request)
    await signed_in(request, parts.accounts)
    return JSONResponse({"reasons": [reason_json(reason) for reason in parts.reasons]})


ROUTES = (
    Route("/api/oee/{query}", figures),
    Route("/api/samples", samples),
    Route("/api/reasons", reasons),
)


async def _answer(request: Request, service: str, query: str, model: type[BaseModel]) -> Response:
    parts = parts_of(request)
    await signed_in(request, parts.accounts)
    given = request.query_params
    most = given.get("most", "1000")
    if not most.isdigit() or not 1 <= int(most) <= _MOST:
        raise HttpProblem(400, "malformed", f"most is a number from 1 to {_MOST}.")
    try:
        args = model.model_validate(_parameters(given, model)).model_dump(mode="json")
        found = await parts.answers.ask(service, query, args, most=int(most))
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        raise HttpProblem(400, "malformed", f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except NotAskable as problem:
        raise HttpProblem(404 if problem.code in _UNKNOWN else 400, problem.code, problem.message) from None
    except NotAnswered as problem:
        raise HttpProblem(504, "not_answered", str(problem), service=problem.service) from None
    return JSONResponse({"data": found.data, "cursor": found.cursor})


def _parameters(given: QueryParams, model: type[BaseModel]) -> dict[str, Any]:
    return {
        name: given.getlist(name) if _is_list(field.annotation) else given[name]
        for name, field in model.model_fields.items()
        if name in given
    }


def _is_list(annotation: Any) -> bool:
    kinds = getattr(annotation, "__args__", ()) if get_origin(annotation) is not tuple else ()
    return get_origin(annotation) is tuple or any(map(_is_list, kinds))
