"""The console as an ASGI application: which address answers with what.

Everything it needs comes in through ``ConsoleParts``; it opens no connection and reads no setting.
"""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.console.adapters.http import api, oee, page, session, stream, work_orders
from services.console.adapters.http.parts import ConsoleParts
from services.console.adapters.http.security import HttpProblem, SecurityHeaders


async def _problem(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, HttpProblem)
    return problem.response()


def console_app(parts: ConsoleParts) -> Starlette:
    """Build the application.

    Args:
        parts: The application objects and ports it serves.

    Returns:
        The ASGI application.
    """
    app = Starlette(
        routes=[
            Route("/api/session", session.current, methods=["GET"]),
            Route("/api/session", session.sign_in, methods=["POST"]),
            Route("/api/session", session.sign_out, methods=["DELETE"]),
            Route("/api/stream", stream.stream),
            Route("/api/tree", api.tree),
            Route("/api/places/{path:path}", api.place),
            Route("/api/job-orders", api.job_orders),
            Route("/api/job-orders/{job_order_id:path}", api.job_order),
            Route("/api/commands", api.command, methods=["POST"]),
            *work_orders.ROUTES,
            Route("/api/nodes", api.nodes),
            Route("/api/events", api.events),
            *oee.ROUTES,
            Route("/api/{path:path}", api.nothing_here, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
            Route("/assets/{name}", page.asset),
            Route("/{path:path}", page.index),
        ],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={HttpProblem: _problem},
    )
    app.state.parts = parts
    return app
