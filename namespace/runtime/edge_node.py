"""A Sparkplug edge node on a session: the MES service (or a simulated machine) as its peers see it.

The protocol is `namespace.sparkplug.EdgeNodeSession`; this driver gives it a clock, a persisted bdSeq and a connection. State may be set
at any time: without a session it is kept for the next birth. Only what is handed over (`hand_over`) is waited for.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime

from namespace.runtime.clock import Clock, to_ms
from namespace.runtime.errors import NotConnected
from namespace.runtime.logging import get_logger
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.session import Session
from namespace.sparkplug import (
    CommandReceived,
    CommandRefused,
    EdgeNodeSession,
    Leave,
    MetricUpdate,
    OutgoingMessage,
    Send,
    Value,
)
from namespace.transport import Message, Will

_OUTGOING = 20_000

Write = Callable[[Value], None]
"""Takes the value that an NCMD wrote to a metric of the node."""


class EdgeNode:
    """Keeps one edge node born, current and in sequence.

    Args:
        session: The broker session it lives on; the node provides its Will.
        core: The protocol.
        next_bd_seq: Gives the bdSeq of the next CONNECT, persisted before it is used.
        clock: For timestamps.
        metrics: Counts what is refused and dropped.

    Attributes:
        before_birth: Called before each birth to bring values up to date.
    """

    def __init__(
        self,
        session: Session,
        core: EdgeNodeSession,
        *,
        next_bd_seq: Callable[[], Awaitable[int]],
        clock: Clock,
        metrics: ServiceMetrics,
    ) -> None:
        self._session = session
        self._core = core
        self._next_bd_seq = next_bd_seq
        self._clock = clock
        self._metrics = metrics
        self._outgoing: deque[tuple[OutgoingMessage, asyncio.Future[None] | None]] = deque()
        self._wake = asyncio.Event()
        self._writes: dict[str, Write] = {}
        self._leaving = False
        self._log = get_logger(part="edge node", node=str(core.config.edge_node))
        self.before_birth: Callable[[], None] = lambda: None
        session.make_will = self._make_will
        for topic_filter, qos in core.subscriptions():
            session.route(topic_filter, self._receive, qos=qos)
        session.join(self)

    # -- what the service says

    def set(self, device_id: str | None, values: Mapping[str, Value], at: datetime | None = None) -> None:
        """Set current values; they are published when there is a session and born again when there is a new one.

        Args:
            device_id: The place; None for the node itself.
            values: Value by metric name; None is null.
            at: When they were true, UTC; now by default.
        """
        timestamp = to_ms(at or self._clock.now())
        self.update(device_id, [MetricUpdate(name, value, timestamp=timestamp) for name, value in values.items()])

    def say(self, values: Mapping[str, Value]) -> None:
        """Set values of the node itself and publish them even where they repeat the last ones: answers, not state.

        Args:
            values: Value by metric name.
        """
        updates = [MetricUpdate(name, value) for name, value in values.items()]
        self._enqueue(self._core.update(None, updates, self._now_ms(), force=True), None)

    def update(self, device_id: str | None, updates: Iterable[MetricUpdate]) -> None:
        """Like `set`, with a time, history flag and properties for each metric."""
        self._enqueue(self._core.update(device_id, list(updates), self._now_ms()), None)

    async def hand_over(self, values: Mapping[str, Value]) -> None:
        """Set values of the node itself and wait until the broker has been given them, behind everything said before.

        Raises:
            NotConnected: It has not; nobody has been told.
        """
        if not self._session.is_up or not self._core.is_born:
            raise NotConnected
        handed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        updates = [MetricUpdate(name, value) for name, value in values.items()]
        self._enqueue(self._core.update(None, updates, self._now_ms(), force=True), handed)
        await handed

    def on_write(self, metric: str, write: Write) -> None:
        """Call `write` with every value that an NCMD gives `metric`."""
        self._writes[metric] = write

    async def farewell(self) -> None:
        """Say goodbye in order (DDEATHs, NDEATH) behind everything said before, and wait until the broker has been told; needs `run`.

        Raises:
            NotConnected: There is no session, or it was lost: the Will says it.
        """
        if not self._session.is_up:
            raise NotConnected
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._enqueue(self._core.disconnect(self._now_ms()), told)
        await told

    # -- the session's side

    async def _make_will(self) -> Will:
        will = self._core.connect(await self._next_bd_seq(), self._now_ms())
        return Will(will.topic, will.payload, will.qos, will.retain)

    async def connected(self) -> None:
        """Publish the births; called after every SUBACK."""
        self._drop_outgoing()
        self.before_birth()
        self._enqueue(self._core.subscribed(self._now_ms()), None)

    def disconnected(self) -> None:
        """Keep values, forget what was on its way."""
        self._core.disconnected()
        self._drop_outgoing()

    def _receive(self, message: Message) -> None:
        for action in self._core.receive(message.topic, message.payload, self._now_ms()):
            match action:
                case Send(messages):
                    self._enqueue(messages, None)
                case CommandReceived(device_id=None, name=name, value=value) if name in self._writes:
                    self._writes[name](value)
                case CommandReceived():
                    self._metrics.rejected.labels("command", "not_writable").inc()
                case CommandRefused(reason=reason):
                    self._metrics.rejected.labels("command", reason).inc()
                case Leave(messages):
                    self._enqueue(messages, None)
                    self._leaving = True

    # -- sending, in the order in which sequence numbers were given

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._outgoing:
                message, handed = self._outgoing.popleft()
                try:
                    await self._session.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)
                except NotConnected:
                    _fail(handed)  # so will what follows, until the session's end empties the queue
                    continue
                if handed is not None and not handed.done():
                    handed.set_result(None)
            if self._leaving:
                self._leaving = False
                self._session.abort()

    def _enqueue(self, messages: Iterable[OutgoingMessage], handed: asyncio.Future[None] | None) -> None:
        entries = list(messages)
        for message in entries[:-1]:
            self._outgoing.append((message, None))
        if entries:
            self._outgoing.append((entries[-1], handed))
        elif handed is not None:
            handed.set_exception(NotConnected())
        if len(self._outgoing) > _OUTGOING:
            self._metrics.overflows.labels("outgoing").inc()
            self._log.warning("outgoing_overflow", dropped=len(self._outgoing))
            self._drop_outgoing()
            self._session.abort()
        self._wake.set()

    def _drop_outgoing(self) -> None:
        while self._outgoing:
            _fail(self._outgoing.popleft()[1])

    def _now_ms(self) -> int:
        return to_ms(self._clock.now())


def _fail(handed: asyncio.Future[None] | None) -> None:
    if handed is not None and not handed.done():
        handed.set_exception(NotConnected())
