"""The STATE of a host application on one session: Will, birth, contradiction of a late Will, death.

Whether the session carries anything else, and when the host should be online, is not known here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from namespace.runtime.errors import NotConnected
from namespace.runtime.session import Session
from namespace.sparkplug import HostState, OutgoingMessage
from namespace.transport import Message, Will


class StateVoice:
    """Says STATE on a session.

    Args:
        session: Carries it; the voice provides the Will and speaks first of all that join.
        state: The protocol.
        now_ms: Our clock, ms since the epoch.
    """

    def __init__(self, session: Session, state: HostState, now_ms: Callable[[], int]) -> None:
        self._session = session
        self._state = state
        self._now_ms = now_ms
        self._to_say: asyncio.Queue[OutgoingMessage] = asyncio.Queue()
        session.make_will = self._make_will
        for topic_filter, qos in state.subscriptions():
            session.route(topic_filter, self._receive, qos=qos)
        session.join(self)

    async def _make_will(self) -> Will:
        will = self._state.connect(self._now_ms())
        return Will(will.topic, will.payload, will.qos, will.retain)

    async def connected(self) -> None:
        """Say that the host is online, before anything else is done."""
        for message in self._state.subscribed():
            await self._publish(message)

    def disconnected(self) -> None:
        """The broker publishes the Will."""
        self._state.disconnected()

    def _receive(self, message: Message) -> None:
        for contradiction in self._state.receive(message.topic, message.payload):
            self._to_say.put_nowait(contradiction)

    async def run(self) -> None:
        """Contradict until cancelled."""
        while True:
            message = await self._to_say.get()
            if self._state.is_online:
                with contextlib.suppress(NotConnected):
                    await self._publish(message)

    async def farewell(self) -> None:
        """Take the birth back and leave."""
        for message in self._state.disconnect(self._now_ms()):
            await self._publish(message)
        await self._session.leave()

    async def _publish(self, message: OutgoingMessage) -> None:
        await self._session.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)
