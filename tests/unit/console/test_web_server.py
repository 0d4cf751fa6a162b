"""The console's web server beside other services in one process: it leaves nothing behind, however it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from namespace.servers import ports
from services.console.adapters.web_server import WebServer


async def page(_: object) -> PlainTextResponse:
    return PlainTextResponse("here")


@asynccontextmanager
async def serving(port: int) -> AsyncIterator[asyncio.Task[None]]:
    server = WebServer(Starlette(routes=[Route("/", page)]), host="127.0.0.1", port=port, leaving=lambda: None)
    await server.bind()
    task = asyncio.create_task(server.serve())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


async def ask(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: keep-alive\r\n\r\n")
    answer = await reader.readuntil(b"here")
    writer.close()
    return answer


async def test_a_server_whose_service_failed_leaves_its_port_to_the_next() -> None:
    port = ports.free_port()
    for _ in range(2):
        async with serving(port):
            assert b"200 OK" in await ask(port)
