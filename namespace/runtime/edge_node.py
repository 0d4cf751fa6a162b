"""A Sparkplug edge node on a session: the MES service (or a simulated machine) as its peers see it.

The protocol is `namespace.sparkplug.EdgeNodeSession`; this driver gives it a clock, a persisted bdSeq and a connection. State may be set
at any time: without a session it is kept for the next birth. Only what is handed over (`hand_over`) is waited for.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
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
    HostReturned,
    Leave,
    MetricDefinition,
    MetricUpdate,
    OutgoingMessage,
    Send,
    Value,
)
from namespace.transport import Message, Will

_OUTGOING = 20_000

Write = Callable[[Value], None]
"""Takes the value that a command wrote to a metric."""

Handed = Callable[[bool], None]
"""Told once whether the broker was given the messages; False when the session ended before."""


def _nothing() -> None:
    return


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
        born: Called when births have gone out - at first, for a host that came back, on request: what was sent before may have been missed.
        lost: Called when a session is over.
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
        self._outgoing: deque[tuple[OutgoingMessage, Handed | None]] = deque()
        self._wake = asyncio.Event()
        self._writes: dict[tuple[str | None, str], Write] = {}
        self._leaving = False
        self._log = get_logger(part="edge node", node=str(core.config.edge_node))
        self.before_birth: Callable[[], None] = _nothing
        self.born: Callable[[], None] = _nothing
        self.lost: Callable[[], None] = _nothing
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
        self.publish(self._core.update(None, updates, self.now_ms(), force=True))

    def update(
        self,
        device_id: str | None,
        updates: Iterable[MetricUpdate],
        *,
        force: bool = False,
        handed: Handed | None = None,
    ) -> bool:
        """Like `set`, with a time, history flag and properties for each metric.

        Args:
            device_id: The device; None for the node itself.
            updates: New values.
            force: Publish values too that repeat the last ones.
            handed: Told whether the broker was given them; not called where nothing is published.

        Returns:
            Whether something is published.

        Raises:
            LocalProtocolError: Unknown device or metric, or a value that does not fit; nothing is remembered.
        """
        return self.publish(self._core.update(device_id, list(updates), self.now_ms(), force=force), handed)

    def publish(self, messages: Iterable[OutgoingMessage], handed: Handed | None = None) -> bool:
        """Publish what the core wrote, behind everything said before.

        Returns:
            Whether there is anything to publish; `handed` is called only then.
        """
        entries = list(messages)
        if entries:
            self._enqueue(entries, handed)
        return bool(entries)

    def device_born(self, device_id: str, definitions: Iterable[MetricDefinition] | None = None) -> None:
        """Bring a device to life, or give it other metrics; see `EdgeNodeSession.device_birth`.

        Raises:
            LocalProtocolError: Unknown device without definitions, or a definition that breaks a rule.
        """
        self.publish(self._core.device_birth(device_id, definitions, self.now_ms()))

    def device_died(self, device_id: str) -> None:
        """Say that a device is out of reach.

        Raises:
            LocalProtocolError: No such device.
        """
        self.publish(self._core.device_death(device_id, self.now_ms()))

    async def hand_over(self, values: Mapping[str, Value]) -> None:
        """Set values of the node itself and wait until the broker has been given them, behind everything said before.

        Raises:
            NotConnected: It has not; nobody has been told.
        """
        if not self._session.is_up or not self._core.is_born:
            raise NotConnected
        updates = [MetricUpdate(name, value) for name, value in values.items()]
        await self._told(self._core.update(None, updates, self.now_ms(), force=True))

    def on_write(self, metric: str, write: Write, *, device_id: str | None = None) -> None:
        """Call `write` with every value that a command gives a writable metric, of the node itself or of a device."""
        self._writes[device_id, metric] = write

    async def farewell(self) -> None:
        """Say goodbye in order (DDEATHs, NDEATH) behind everything said before, and wait until the broker has been told; needs `run`.

        Raises:
            NotConnected: There is no session, or it was lost: the Will says it.
        """
        if not self._session.is_up:
            raise NotConnected
        await self._told(self._core.disconnect(self.now_ms()))

    async def _told(self, messages: Iterable[OutgoingMessage]) -> None:
        """Publish and wait until the broker has been given it."""
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def handed(is_handed: bool) -> None:
            if told.done():
                return
            if is_handed:
                told.set_result(None)
            else:
                told.set_exception(NotConnected())

        if not self.publish(messages, handed):
            raise NotConnected
        await told

    # -- the session's side

    async def _make_will(self) -> Will:
        will = self._core.connect(await self._next_bd_seq(), self.now_ms())
        return Will(will.topic, will.payload, will.qos, will.retain)

    async def connected(self) -> None:
        """Publish the births; called after every SUBACK."""
        self._drop_outgoing()
        self.before_birth()
        if self.publish(self._core.subscribed(self.now_ms())):
            self.born()

    def disconnected(self) -> None:
        """Keep values, forget what was on its way."""
        self._core.disconnected()
        self._drop_outgoing()
        self._leaving = False
        self.lost()

    def _receive(self, message: Message) -> None:
        for action in self._core.receive(message.topic, message.payload, self.now_ms()):
            match action:
                case Send(messages):  # births, all of them
                    self.publish(messages)
                    self.born()
                case HostReturned():
                    self.born()
                case CommandReceived(device_id=device_id, name=name, value=value) if (device_id, name) in self._writes:
                    self._writes[device_id, name](value)
                case CommandReceived():
                    self._metrics.rejected.labels("command", "not_writable").inc()
                case CommandRefused(reason=reason):
                    self._metrics.rejected.labels("command", reason).inc()
                case Leave(messages):
                    self.publish(messages)
                    self._leaving = True
                    self.lost()

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
                    is_handed = False  # so will what follows, until the session's end empties the queue
                else:
                    is_handed = True
                if handed is not None:
                    handed(is_handed)
            if self._leaving:
                self._leaving = False
                await self._session.renew()

    def _enqueue(self, messages: Sequence[OutgoingMessage], handed: Handed | None) -> None:
        self._outgoing.extend((message, None) for message in messages[:-1])
        self._outgoing.append((messages[-1], handed))
        if len(self._outgoing) > _OUTGOING:
            self._metrics.overflows.labels("outgoing").inc()
            self._log.warning("outgoing_overflow", dropped=len(self._outgoing))
            self._drop_outgoing()
            self._session.abort()
        self._wake.set()

    def _drop_outgoing(self) -> None:
        while self._outgoing:
            handed = self._outgoing.popleft()[1]
            if handed is not None:
                handed(False)

    def now_ms(self) -> int:
        """Return the time that stands on what is said now, ms since the epoch."""
        return to_ms(self._clock.now())
