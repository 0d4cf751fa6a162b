"""A whole Sparkplug host application at one MQTT server: STATE, everything that edge nodes say, rebirths, and any command.

For tools. No service is handed one: the site's primary host says STATE with `primary_host`, the registry hears and asks for rebirths with
`host_application`, and neither of them can write another command to an edge node (ARCHITECTURE, 9). A host of several servers has one of
these for each, because STATE, aliases and what is stale belong to the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable

from namespace.runtime.clock import Clock, to_ms
from namespace.runtime.errors import NotConnected
from namespace.runtime.host_application import HostApplication
from namespace.runtime.session import Session
from namespace.runtime.state_voice import StateVoice
from namespace.sparkplug import (
    EdgeNodeDescriptor,
    HostEvent,
    HostSession,
    HostState,
    HostView,
    OutgoingMessage,
    RebirthWanted,
)

_FAREWELL_S = 2.0
_WAITING = 20_000


class HostServer:
    """One host application at one server.

    Args:
        session: A session that nobody else lives on.
        host_id: Sparkplug host id.
        core: The protocol.
        clock: For timestamps.
        told: Also takes what was heard, in order; must not block.

    Attributes:
        view: What is online, stale and offline, and since when.
    """

    def __init__(
        self,
        session: Session,
        host_id: str,
        core: HostSession,
        *,
        clock: Clock,
        told: Callable[[Iterable[HostEvent]], None],
    ) -> None:
        self._session = session
        self._clock = clock
        self._told = told
        self._state = HostState(host_id)
        self._voice = StateVoice(session, self._state, self._now_ms)  # joins first: STATE is the first word
        self._hearing = HostApplication(session, core, clock=clock, told=self._take)
        self._wanted: asyncio.Queue[EdgeNodeDescriptor] = asyncio.Queue(_WAITING)
        self.view = HostView()

    @property
    def is_online(self) -> bool:
        """Whether STATE says so at this server."""
        return self._state.is_online

    async def request_rebirth(self, node: EdgeNodeDescriptor) -> None:
        """Ask an edge node to say everything again.

        Raises:
            NotConnected: There is no session.
        """
        await self._hearing.request_rebirth(node)

    async def send(self, message: OutgoingMessage) -> None:
        """Send a command as `namespace.sparkplug.command` writes it.

        Raises:
            NotConnected: There is no session.
        """
        await self._session.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)

    async def run(self) -> None:
        """Be online until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hearing.run(), name="host")
            group.create_task(self._voice.run(), name="state contradiction")
            group.create_task(self._ask(), name="rebirths")

    async def farewell(self) -> None:
        """Say that the host is offline, and leave in order; a lost connection has the Will say it."""
        with contextlib.suppress(NotConnected, TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                await self._voice.farewell()

    def _take(self, events: Iterable[HostEvent]) -> None:
        heard = list(events)
        self.view.take(heard)
        for event in heard:
            if isinstance(event, RebirthWanted) and not self._wanted.full():
                self._wanted.put_nowait(event.edge_node)
        if heard:
            self._told(heard)

    async def _ask(self) -> None:
        while True:
            node = await self._wanted.get()
            with contextlib.suppress(NotConnected):  # a new connection brings new wishes
                await self._hearing.request_rebirth(node)

    def _now_ms(self) -> int:
        return to_ms(self._clock.now())
