"""How the site's primary host application says that it is there: STATE, retained, with a Will, on a session of its own.

The session lives exactly as long as the host can take what edge nodes send. It is online when wanted, offline in order when not; coming
back means a new connection, because STATE carries the time of its connection's Will and an edge node ignores an older one (Sparkplug 3.0,
tck-id-message-flow-edge-node-ncmd-subscribe, tck-id-payloads-state-birth-payload). What the host takes in, and where it puts it, is not
known here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from namespace.runtime.clock import Clock, to_ms
from namespace.runtime.errors import NotConnected
from namespace.runtime.health import Health
from namespace.runtime.session import Session
from namespace.runtime.state_voice import StateVoice
from namespace.sparkplug import HostState
from namespace.transport import Transport

_FAREWELL_S = 2.0


class PrimaryHost:
    """The STATE of one host application.

    Args:
        open_transport: Makes the connection that carries STATE and its Will alone.
        host_id: Sparkplug host id.
        clock: For the time of each connection.
        health: Told while STATE cannot be published.
    """

    def __init__(self, open_transport: Callable[[], Transport], host_id: str, *, clock: Clock, health: Health) -> None:
        self._open_transport = open_transport
        self._name = f"host {host_id}"
        self._state = HostState(host_id)
        self._clock = clock
        self._health = health
        self._wanted = asyncio.Event()
        self._unwanted = asyncio.Event()
        self._unwanted.set()
        self._silent = asyncio.Event()
        self._silent.set()

    @property
    def is_online(self) -> bool:
        """Whether edge nodes are told that the host is there."""
        return self._state.is_online

    def want(self, *, online: bool) -> None:
        """Say whether edge nodes should send."""
        if online:
            self._unwanted.clear()
            self._wanted.set()
        else:
            self._wanted.clear()
            self._unwanted.set()

    async def run(self) -> None:
        """Be online while wanted, until cancelled."""
        while True:
            await self._wanted.wait()
            self._silent.clear()
            session = Session(self._open_transport(), name=self._name, health=self._health)
            voice = StateVoice(session, self._state, self._now_ms)
            async with asyncio.TaskGroup() as group:
                speaking = [
                    group.create_task(session.run(), name="state session"),
                    group.create_task(voice.run(), name="state contradiction"),
                ]
                try:
                    await self._unwanted.wait()
                finally:
                    with contextlib.suppress(NotConnected, TimeoutError):
                        async with asyncio.timeout(_FAREWELL_S):
                            await voice.farewell()
                    for task in speaking:
                        task.cancel()
            self._health.ready(f"broker session {self._name}")
            self._silent.set()

    async def farewell(self) -> None:
        """Say that the host is offline, in order, and stay so."""
        self.want(online=False)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                await self._silent.wait()

    def _now_ms(self) -> int:
        return to_ms(self._clock.now())
