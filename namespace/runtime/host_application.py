"""A Sparkplug host application on a session of its own: it hears everything and says that it is there.

It may ask an edge node for its rebirth, and that is all it can say to one: there is no method here to write any other command.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable

from namespace.runtime.clock import Clock, to_ms
from namespace.runtime.errors import NotConnected
from namespace.runtime.session import Session
from namespace.sparkplug import (
    EdgeNodeDescriptor,
    HostEvent,
    HostSession,
    HostState,
    OutgoingMessage,
    StateTopic,
    rebirth_request,
)
from namespace.transport import Message, Will

_TICK_S = 0.1
_EVERYTHING = "spBv1.0/#"


class HostApplication:
    """The primary host application of a site, as its edge nodes see it.

    Args:
        session: A session that nobody else lives on; its Will is the STATE death.
        host_id: Sparkplug host id.
        core: The protocol.
        clock: For timestamps.
        told: Takes what was heard, in order; must not block.
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
        self._state = HostState(host_id)
        self._state_topic = str(StateTopic(host_id))
        self._core = core
        self._clock = clock
        self._told = told
        session.make_will = self._make_will
        for topic_filter, qos in self._state.subscriptions():
            session.route(topic_filter, self._receive_state, qos=qos)
        session.route(_EVERYTHING, self._receive)
        session.join(self)
        self._to_say: list[OutgoingMessage] = []
        self._wake = asyncio.Event()

    async def _make_will(self) -> Will:
        will = self._state.connect(self._now_ms())
        return Will(will.topic, will.payload, will.qos, will.retain)

    async def connected(self) -> None:
        """Say that the host is online, before anything else is done."""
        for message in self._state.subscribed():
            await self._publish(message)
        self._core.connected(self._now_ms())

    def disconnected(self) -> None:
        """Everything that was learned may be old from now on."""
        self._state.disconnected()
        self._told(self._core.disconnected(self._now_ms()))

    async def request_rebirth(self, node: EdgeNodeDescriptor) -> None:
        """Ask `node` to say everything again.

        Raises:
            NotConnected: There is no session.
        """
        await self._publish(rebirth_request(node, self._now_ms()))

    async def farewell(self) -> None:
        """Say that the host is offline, in order, and leave."""
        for message in self._state.disconnect(self._now_ms()):
            await self._publish(message)
        await self._session.leave()

    async def run(self) -> None:
        """Keep the session up and its timers running until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._session.run(), name="host session")
            group.create_task(self._tick(), name="host timer")
            group.create_task(self._contradict(), name="host state")

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            self._told(self._core.tick(self._now_ms()))

    async def _contradict(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            messages, self._to_say = self._to_say, []
            with contextlib.suppress(NotConnected):  # the next session says it first of all
                for message in messages:
                    await self._publish(message)

    def _receive(self, message: Message) -> None:
        if message.topic != self._state_topic:
            self._told(self._core.receive(message.topic, message.payload, self._now_ms()))

    def _receive_state(self, message: Message) -> None:
        self._to_say += self._state.receive(message.topic, message.payload)
        if self._to_say:
            self._wake.set()

    async def _publish(self, message: OutgoingMessage) -> None:
        await self._session.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)

    def _now_ms(self) -> int:
        return to_ms(self._clock.now())
