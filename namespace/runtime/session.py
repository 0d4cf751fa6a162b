"""One MQTT session that comes back: connect with a fresh Will, subscribe, announce, dispatch; again after every loss.

A `Session` owns the reconnect loop (an MQTT client's own would resend an old Will, which Sparkplug forbids) and hands incoming messages
to the handlers whose filters match. What is said after connecting - births, a snapshot request - is the business of its `Member`s. It
keeps no message for later: who needs a promise uses the event log.

It also supervises its handlers: one that fails over a message costs that message, logged with its traceback and counted, and nothing
else. Ending the process instead would let one peer's message end a service again and again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from namespace.runtime.backoff import Backoff
from namespace.runtime.errors import NotConnected
from namespace.runtime.health import Health
from namespace.runtime.logging import get_logger
from namespace.runtime.metrics import ServiceMetrics
from namespace.transport import (
    BrokerUnreachable,
    Connection,
    ConnectionLost,
    ConnectRefused,
    Message,
    PublishRefused,
    SubscribeRefused,
    Transport,
    Will,
    topic_matches,
)

Handler = Callable[[Message], None]
"""Takes one message; must not block, and must not fail for what a peer sent."""

BatchHandler = Callable[[Sequence[Message]], None]
"""Takes messages in order, all that came together for nobody else; likewise."""

_LONGEST_AWAY_S = 1.0
"""Whoever comes back to a broker later than edge nodes has missed their births, and costs all of them another one."""

_ROUTE_CACHE = 65_536
_TURN_MESSAGES = 256
_TURN_BYTES = 32 * 1024
"""After so much, others have their turn: 5 ms or so of births, less of data."""


class Member(Protocol):
    """A part of the process that lives on the session."""

    async def connected(self) -> None:
        """Speak first: called after every SUBACK and before any message is dispatched."""
        ...

    def disconnected(self) -> None:
        """Take note that the session is gone."""
        ...


@dataclass(frozen=True, slots=True)
class _Route:
    filter: str
    qos: int
    handler: BatchHandler


async def _no_will() -> Will | None:
    return None


class Session:
    """A broker session of one client id that is rebuilt after every loss.

    Args:
        transport: Makes connections.
        name: For logs and health.
        health: Told while there is no session, and why.
        backoff: Delays between attempts; at most a second by default.
        leaves_with_will: Whoever disconnects in order has the broker publish the Will all the same, as Sparkplug asks of an edge node on
            MQTT 5 (tck-id-payloads-ndeath-will-message-publisher-disconnect-mqtt50).
        metrics: Counts sessions, and messages over which a handler failed.

    Attributes:
        up: Set while there is a session whose members have spoken.
        make_will: Makes the Will of the next CONNECT.
        connects: Sessions so far.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        name: str,
        health: Health,
        backoff: Backoff | None = None,
        leaves_with_will: bool = False,
        metrics: ServiceMetrics | None = None,
    ) -> None:
        self._transport = transport
        self._name = name
        self._health = health
        self._backoff = backoff or Backoff(limit_s=_LONGEST_AWAY_S)
        self._leaves_with_will = leaves_with_will
        self._metrics = metrics
        self._routes: list[_Route] = []
        self._by_topic: dict[str, tuple[BatchHandler, ...]] = {}
        self._handlers: dict[tuple[BatchHandler, ...], tuple[BatchHandler, ...]] = {}
        self._members: list[Member] = []
        self._connection: Connection | None = None
        self._cut = asyncio.Event()
        self._leave = asyncio.Event()
        self._renewing = False
        self._lost = ""
        self.up = asyncio.Event()
        self.make_will: Callable[[], Awaitable[Will | None]] = _no_will
        self.connects = 0
        self._log = get_logger(session=name)
        health.not_ready(self._part, "not connected to the broker yet")

    @property
    def _part(self) -> str:
        return f"broker session {self._name}"

    def join(self, member: Member) -> None:
        """Add a part that speaks after each connect, in the order of joining."""
        self._members.append(member)

    def route(self, topic_filter: str, handler: Handler, *, qos: int = 0) -> None:
        """Hand every message whose topic matches `topic_filter` to `handler`; call before `run`."""

        def each(messages: Sequence[Message]) -> None:
            for message in messages:
                try:
                    handler(message)
                except Exception:  # noqa: BLE001 - the supervisor of handlers, see the module's docstring
                    self._failed(message)

        self.route_batches(topic_filter, each, qos=qos)

    def route_batches(self, topic_filter: str, handler: BatchHandler, *, qos: int = 0) -> None:
        """Hand messages whose topics match to `handler`, as many at once as came in a row; call before `run`."""
        self._routes.append(_Route(topic_filter, qos, handler))
        self._by_topic.clear()

    @property
    def is_up(self) -> bool:
        """Whether there is a session now."""
        return self._connection is not None

    async def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> None:
        """Hand one message to the broker.

        Raises:
            NotConnected: There is no session, or it was lost meanwhile.
        """
        connection = self._connection
        if connection is None:
            msg = "there is no broker session"
            raise NotConnected(msg)
        try:
            await connection.publish(topic, payload, qos=qos, retain=retain)
        except ConnectionLost as lost:
            raise NotConnected from lost

    def abort(self) -> None:
        """Cut the connection soon, without a farewell, so that it is built anew."""
        self._cut.set()

    async def renew(self) -> None:
        """Disconnect in order and connect again at once, to the next server where there are several."""
        if self._connection is not None:
            self._renewing = True
            await self._connection.disconnect(with_will=self._leaves_with_will)

    async def leave(self) -> None:
        """Disconnect in order and stay away: `run` ends."""
        self._leave.set()
        if self._connection is not None:
            await self._connection.disconnect(with_will=self._leaves_with_will)

    def come_back(self) -> None:
        """Take `leave` back; `run` may be called again once it has ended."""
        self._leave.clear()

    async def run(self) -> None:
        """Keep a session up until cancelled or told to leave."""
        while not self._leave.is_set():
            try:
                await self._one_session()
            except (ConnectRefused, SubscribeRefused, PublishRefused) as refused:
                self._health.not_ready(self._part, str(refused))
                self._log.error("broker_refused", error=str(refused))
            except (BrokerUnreachable, ConnectionLost, NotConnected) as lost:
                if self._renewing:
                    self._log.info("broker_session_renewed")
                elif not self._leave.is_set():
                    self._health.not_ready(self._part, f"no broker session: {lost}")
                    self._say_lost(str(lost))
            self._renewing = False
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._backoff.next_s()):
                    await self._leave.wait()

    def _say_lost(self, why: str) -> None:
        """Log why there is no session: once, however often it is tried."""
        if why != self._lost:
            self._log.warning("broker_lost", error=why)
        self._lost = why

    async def _one_session(self) -> None:
        will = await self.make_will()
        async with self._transport.connect(will=will) as connection:
            _honour_cancellation()
            if self._leave.is_set():
                return
            self.connects += 1
            if self._metrics is not None:
                self._metrics.connects.inc()
            if self._routes:
                await connection.subscribe([(route.filter, route.qos) for route in self._routes])
            self._cut.clear()
            cutter = asyncio.create_task(self._cut_when_told(connection), name=f"{self._name} cutter")
            self._connection = connection
            try:
                for member in self._members:
                    await member.connected()
                self._backoff.reset()
                self._lost = ""
                self._health.ready(self._part)
                self.up.set()
                async for batch in connection.batches():
                    for number, part in enumerate(turns(batch)):
                        if number:
                            await asyncio.sleep(0)
                        self._dispatch(part)
            finally:
                cutter.cancel()
                self._connection = None
                self.up.clear()
                for member in self._members:
                    member.disconnected()

    async def _cut_when_told(self, connection: Connection) -> None:
        await self._cut.wait()
        await connection.abort()

    def _dispatch(self, messages: Sequence[Message]) -> None:
        """Hand messages over, those in a row for the same handler at once."""
        by_topic = self._by_topic
        start, present = 0, None
        for position, message in enumerate(messages):
            handlers = by_topic.get(message.topic)
            if handlers is None:
                handlers = self._resolve(message.topic)
            if handlers is not present or len(handlers) > 1:
                self._hand_over(present, messages[start:position])
                start, present = position, handlers
        self._hand_over(present, messages[start:])

    def _hand_over(self, handlers: tuple[BatchHandler, ...] | None, messages: Sequence[Message]) -> None:
        for handler in handlers or ():
            try:
                handler(messages)
            except Exception:  # noqa: BLE001 - the supervisor of handlers, see the module's docstring
                self._failed(messages[0])

    def _failed(self, message: Message) -> None:
        self._log.exception("handler_failed", topic=message.topic, payload_bytes=len(message.payload))
        if self._metrics is not None:
            self._metrics.rejected.labels("message", "handler_failed").inc()

    def _resolve(self, topic: str) -> tuple[BatchHandler, ...]:
        if len(self._by_topic) >= _ROUTE_CACHE:
            self._by_topic.clear()
        handlers = tuple(route.handler for route in self._routes if topic_matches(route.filter, topic))
        self._by_topic[topic] = handlers = self._handlers.setdefault(handlers, handlers)
        return handlers


def turns(batch: Sequence[Message]) -> Iterator[Sequence[Message]]:
    """Cut a batch into parts that take the event loop some milliseconds each; others should have their turn in between."""
    start = size = 0
    for position, message in enumerate(batch, 1):
        size += len(message.payload)
        if size >= _TURN_BYTES or position - start >= _TURN_MESSAGES:
            yield batch[start:position]
            start, size = position, 0
    if start < len(batch):
        yield batch[start:]


def _honour_cancellation() -> None:
    """End a task whose cancellation was swallowed on the way: `asyncio.wait_for`, which drivers use, may do so before Python 3.12."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
