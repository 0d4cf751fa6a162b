"""A Sparkplug host application on a session of its own that hears everything and may ask for rebirths.

Asking an edge node for its rebirth is all it can say to one: there is no method here to write any other command. It is not the site's
primary host application: STATE is `namespace.runtime.primary_host`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from namespace.runtime.clock import Clock, to_ms
from namespace.runtime.logging import get_logger
from namespace.runtime.session import Session
from namespace.runtime.telling import Teller
from namespace.sparkplug import EdgeNodeDescriptor, HostEvent, HostSession, rebirth_request
from namespace.transport import Message

_TICK_S = 0.1
_EVERYTHING = "spBv1.0/#"


async def request_rebirth(session: Session, node: EdgeNodeDescriptor, now_ms: int) -> None:
    """Ask an edge node to say everything again.

    Args:
        session: Of the account that may.
        node: The edge node.
        now_ms: Our clock, ms since the epoch.

    Raises:
        NotConnected: There is no session.
    """
    message = rebirth_request(node, now_ms)
    await session.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)


class HostApplication:
    """Hears every edge node of a broker.

    Args:
        session: A session that nobody else lives on.
        core: The protocol.
        clock: For timestamps.
        told: Takes what was heard, in order; must not block.
    """

    def __init__(
        self,
        session: Session,
        core: HostSession,
        *,
        clock: Clock,
        told: Callable[[Iterable[HostEvent]], None],
    ) -> None:
        self._session = session
        self._core = core
        self._clock = clock
        self._told = told
        self._teller = Teller(get_logger(part="host application"))
        session.route_batches(_EVERYTHING, self._receive)
        session.join(self)

    async def connected(self) -> None:
        """What is stale is wanted again."""
        self._core.connected(self._now_ms())

    def disconnected(self) -> None:
        """Everything that was learned may be old from now on."""
        self._tell(self._core.disconnected(self._now_ms()))

    async def request_rebirth(self, node: EdgeNodeDescriptor) -> None:
        """Ask `node` to say everything again.

        Raises:
            NotConnected: There is no session.
        """
        await request_rebirth(self._session, node, self._now_ms())

    async def farewell(self) -> None:
        """Leave in order."""
        await self._session.leave()

    async def run(self) -> None:
        """Keep the session up and its timers running until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._session.run(), name="host session")
            group.create_task(self._tick(), name="host timer")

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            self._tell(self._core.tick(self._now_ms()))

    def _receive(self, messages: Sequence[Message]) -> None:
        self._tell(self._core.receive_batch(messages, self._now_ms()))

    def _tell(self, events: Sequence[HostEvent]) -> None:
        if events:
            self._teller.tell(events, self._told)

    def _now_ms(self) -> int:
        return to_ms(self._clock.now())
