"""Serves the console's pages in the service's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.applications import Starlette

from namespace.runtime import SettingsError

_BACKLOG = 256
_LEAVE_S = 3.0


class _Server(uvicorn.Server):
    """Signals are the service's business, not the web server's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signal handlers as they are."""
        yield


class WebServer:
    """One HTTP server on one address.

    Args:
        app: What is served.
        host: Address to listen on.
        port: TCP port; 0 picks a free one.
        leaving: Told before connections are closed, so that open streams end by themselves.
    """

    def __init__(self, app: Starlette, *, host: str, port: int, leaving: Callable[[], None]) -> None:
        self._host = host
        self._port = port
        self._leaving = leaving
        self._socket: socket.socket | None = None
        self._ended = asyncio.Event()
        config = uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=30,
        )
        self._server = _Server(config)

    @property
    def port(self) -> int:
        """The port that is listened on, once bound."""
        assert self._socket is not None
        return int(self._socket.getsockname()[1])

    async def bind(self) -> None:
        """Take the port.

        Raises:
            SettingsError: It is taken, or the address is not one of this machine.
        """
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((self._host, self._port))
        except OSError as error:
            listening.close()
            text = (
                f"the console cannot listen on {self._host}:{self._port} ({error.strerror}): "
                "stop what uses the port, or choose another with UNS_CONSOLE_PORT"
            )
            raise SettingsError(text) from error
        listening.listen(_BACKLOG)
        listening.setblocking(False)
        self._socket = listening

    async def serve(self) -> None:
        """Serve until told to stop; the port is free again afterwards, however it ends."""
        assert self._socket is not None
        try:
            await self._server.serve(sockets=[self._socket])
        except asyncio.CancelledError:
            if self._server.started:
                self._server.force_exit = True  # another part failed: nobody waits for open requests
                await self._server.shutdown(sockets=[self._socket])
            raise
        finally:
            self._socket.close()
            self._ended.set()

    async def stop(self) -> None:
        """End open streams and let the server finish what it answers."""
        self._leaving()
        self._server.should_exit = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LEAVE_S):
                await self._ended.wait()
