"""A network that fails: a TCP relay in front of a broker that swallows what is sent, cuts connections, and refuses new ones."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from namespace.servers import ports


class Relay:
    """A relay to one port on loopback.

    Attributes:
        port: Where it listens.
        swallows: Whether bytes from clients are taken and thrown away, as a dead link does until somebody notices.
        refuses: Whether new connections are closed at once.
        swallowed: Bytes thrown away so far.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._links: set[asyncio.Task[None]] = set()
        self.port = ports.free_port()
        self.swallows = False
        self.refuses = False
        self.swallowed = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Relay]:
        server = await asyncio.start_server(self._accept, ports.LOOPBACK, self.port)
        try:
            yield self
        finally:
            server.close()
            self.cut()
            await asyncio.gather(*self._links, return_exceptions=True)
            await server.wait_closed()

    def cut(self) -> None:
        """Break every connection, without a word to either side about what was on its way."""
        self.swallows = False
        for link in self._links:
            link.cancel()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.create_task(self._link(reader, writer))
        self._links.add(link)
        link.add_done_callback(self._links.discard)

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there: asyncio.StreamWriter | None = None
        try:
            if self.refuses:
                return
            back, there = await asyncio.open_connection(ports.LOOPBACK, self._target)
            async with asyncio.TaskGroup() as group:
                up = group.create_task(self._pump(reader, there, is_up=True))
                down = group.create_task(self._pump(back, writer, is_up=False))
                await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
                up.cancel()
                down.cancel()
        except* (OSError, asyncio.CancelledError):
            pass
        finally:
            for each in (writer, there):
                if each is not None:
                    each.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_up: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                if is_up and self.swallows:
                    self.swallowed += len(data)
                    continue
                writer.write(data)
                await writer.drain()
