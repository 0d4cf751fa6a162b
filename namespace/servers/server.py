"""How a server program is started, whichever it is, in a blocking and an async form."""

from __future__ import annotations

import asyncio
from typing import Protocol

from namespace.servers.errors import ServerError

_ATTEMPTS = 4


class Server(Protocol):
    """A server program with its data in one folder."""

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        ...

    def prepare(self) -> None:
        """Make its files and clear away what a crash left; may take seconds, in any thread."""
        ...

    def spawn(self) -> None:
        """Start its process without waiting; in the main thread only (see `process.spawn`)."""
        ...

    def is_ready_within(self, timeout_s: float) -> bool:
        """Wait until it serves; False when it ended or the time is up."""
        ...

    def may_try_again(self) -> bool:
        """Tell whether the reason why it ended passes by itself within moments."""
        ...

    def failure(self, what: str) -> ServerError:
        """Explain from its log why it `what`."""
        ...

    def stop(self) -> None:
        """End it cleanly."""
        ...


def start(server: Server, *, timeout_s: float) -> None:
    """Start `server` and wait until it serves; call it from the main thread.

    Raises:
        ServerError: It cannot start, with the reason from its log.
    """
    server.prepare()
    for _ in range(_ATTEMPTS):
        server.spawn()
        if server.is_ready_within(timeout_s):
            return
        if not server.may_try_again():
            break
    raise server.failure("did not start")


async def start_async(server: Server, *, timeout_s: float) -> None:
    """Do as `start` does without blocking the event loop, which must be the main thread's.

    Raises:
        ServerError: It cannot start, with the reason from its log.
    """
    await asyncio.to_thread(server.prepare)
    for _ in range(_ATTEMPTS):
        server.spawn()
        if await asyncio.to_thread(server.is_ready_within, timeout_s):
            return
        if not await asyncio.to_thread(server.may_try_again):
            break
    raise server.failure("did not start")
