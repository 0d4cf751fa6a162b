"""Several servers in order, as one transport: each session goes to the next one, and after the last comes the first.

Sparkplug 3.0, tck-id-operational-behavior-primary-application-state-with-multiple-servers-walk. It decides nothing else: when a session
is to end is for whoever keeps it.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from namespace.transport.port import Connection, Counters, Transport, Will


class ServerWalk:
    """Ways to several servers under one client id. Implements `namespace.transport.port.Transport`.

    Args:
        transports: One for each server, in order.

    Raises:
        ValueError: There is none.
    """

    def __init__(self, transports: Sequence[Transport]) -> None:
        if not transports:
            raise ValueError("a walk needs at least one server")
        self._transports = tuple(transports)
        self._next = 0

    def __len__(self) -> int:
        """How many servers there are."""
        return len(self._transports)

    @property
    def current(self) -> Transport:
        """The way to the server of the present or last session."""
        return self._transports[(self._next - 1) % len(self._transports)]

    @property
    def client_id(self) -> str:
        """The MQTT client id at the present server."""
        return self.current.client_id

    @property
    def counters(self) -> Counters:
        """What happened at the present server."""
        return self.current.counters

    @asynccontextmanager
    async def connect(self, *, will: Will | None = None) -> AsyncIterator[Connection]:
        """Open a session at the next server; see `Transport.connect`."""
        self._next = (self._next + 1) % len(self._transports)
        async with self.current.connect(will=will) as connection:
            yield connection
