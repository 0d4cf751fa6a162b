"""The live stream: server-sent events with the feed of one page.

The event id is the feed's position; a browser that reconnects sends it back as ``Last-Event-ID`` (or
``since``, when it changes what it watches) and gets the difference. A session that ended closes its stream
within seconds.
"""

import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from services.console.adapters.http.parts import ConsoleParts, parts_of
from services.console.adapters.http.security import COOKIE, HttpProblem, signed_in
from services.console.application.feed import FeedMessage, Watch, follow

_RECHECK_MESSAGES = 20


async def stream(request: Request) -> Response:
    """Answer ``GET /api/stream``: the feed as server-sent events.

    Query: ``place`` (all metrics of it), ``within`` and ``names`` (such as ``OEE/OEE,OEE/State``), ``events=1``,
    ``nodes=1``, ``since`` (a position).
    """
    parts = parts_of(request)
    await signed_in(request, parts.accounts)
    if parts.live.readers >= parts.streams:
        raise HttpProblem(503, "too_many_streams", f"{parts.streams} pages are open already; close some and reload.")
    query = request.query_params
    watch = Watch(
        place=query.get("place", ""),
        within=query.get("within", ""),
        names=frozenset(filter(None, query.get("names", "").split(","))),
        events=query.get("events") == "1",
        nodes=query.get("nodes") == "1",
    )
    position = request.headers.get("last-event-id") or query.get("since")
    return StreamingResponse(
        _encoded(request, parts, watch, position),
        media_type="text/event-stream",
        headers={"x-accel-buffering": "no", "cache-control": "no-store"},
    )


async def _encoded(request: Request, parts: ConsoleParts, watch: Watch, position: str | None) -> AsyncIterator[bytes]:
    parts.live.readers += 1
    parts.live.watching_nodes += watch.nodes
    try:
        yield b"retry: 1000\n\n"
        sent = 0
        async for message in follow(
            parts.live, watch, position=position, pace=parts.pace, now=parts.now, pause=parts.pause
        ):
            yield encode(message)
            sent += 1
            if sent % _RECHECK_MESSAGES == 0 and await parts.accounts.session(request.cookies.get(COOKIE)) is None:
                yield b"event: signed_out\ndata: {}\n\n"
                return
    finally:
        parts.live.readers -= 1
        parts.live.watching_nodes -= watch.nodes


def encode(message: FeedMessage) -> bytes:
    """Write one message in the event-stream format of the HTML standard."""
    data = json.dumps(message.data, separators=(",", ":"), ensure_ascii=False)
    return f"id: {message.position}\nevent: {message.kind}\ndata: {data}\n\n".encode()
