"""An MQTT broker inside the process, for tests and for running services on one event loop.

It passes the same suite as Mosquitto behind the MQTT adapter, and adds what a real broker does not offer:
being stopped, cutting one client, losing or reordering messages by a seeded policy. It has no wire format and
no persistence, and it is no broker for production.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from namespace.transport.faults import INTACT, Fault, FaultPolicy
from namespace.transport.inbox import MAX_QUEUED_BYTES, MAX_QUEUED_MESSAGES, Inbox
from namespace.transport.port import (
    PUBLISH_TIMEOUT_S,
    BrokerUnreachable,
    ConnectRefused,
    Counters,
    LostReason,
    Message,
    SubscribeRefused,
    Will,
)
from namespace.transport.topic_filter import check_payload, check_qos, check_topic, check_topic_filter, topic_matches

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

_ADDRESS = "memory"
_NOT_AUTHORISED = 0x87


class Access(StrEnum):
    """What an account wants to do with a topic."""

    SUBSCRIBE = "subscribe"
    READ = "read"
    WRITE = "write"


class AccessRule(Protocol):
    """Says whether an account (None for anonymous) may do something with a topic, or with a filter when it
    subscribes.
    """

    def __call__(self, account: str | None, access: Access, topic: str) -> bool:
        """Return whether it may."""
        ...


class MemoryBroker:
    """The broker: sessions, subscriptions, retained messages, Wills. Belongs to one event loop."""

    def __init__(
        self,
        *,
        accounts: Mapping[str, str] | None = None,
        access: AccessRule | None = None,
        faults: FaultPolicy | None = None,
    ) -> None:
        """Start running.

        Args:
            accounts: Password of each account; None lets everybody in.
            access: What each account may do; None allows everything. A message that may not be written or
                read is dropped silently, as MQTT 3.1.1 brokers do.
            faults: What goes wrong on the way to clients; may be changed at any time.
        """
        self.faults = faults
        self._accounts = accounts
        self._access = access
        self._sessions: dict[str, _Session] = {}
        self._retained: dict[str, Message] = {}
        self._is_running = True

    def transport(
        self,
        client_id: str,
        *,
        username: str | None = None,
        password: str | None = None,
        max_queued_messages: int = MAX_QUEUED_MESSAGES,
        max_queued_bytes: int = MAX_QUEUED_BYTES,
    ) -> MemoryTransport:
        """Return a way to this broker for one client id; see `MqttTransport` for the arguments."""
        return MemoryTransport(
            self,
            client_id,
            username=username,
            password=password,
            max_queued_messages=max_queued_messages,
            max_queued_bytes=max_queued_bytes,
        )

    @property
    def retained(self) -> Mapping[str, Message]:
        """The retained messages by topic."""
        return self._retained

    @property
    def client_ids(self) -> frozenset[str]:
        """Who is connected now."""
        return frozenset(self._sessions)

    def cut(self, client_id: str) -> None:
        """Break the connection of one client, if there is one; its Will is published."""
        session = self._sessions.get(client_id)
        if session is not None:
            self._drop(session, LostReason.BROKER, "connection cut")

    def stop(self) -> None:
        """Go away: every session is lost, no Will is published, nobody can connect. Retained messages stay."""
        self._is_running = False
        sessions, self._sessions = list(self._sessions.values()), {}
        for session in sessions:
            session.inbox.end(LostReason.BROKER, "broker stopped")

    def start(self) -> None:
        """Come back after `stop`."""
        self._is_running = True

    def release_delayed(self) -> None:
        """Deliver every message that a fault still holds back."""
        for session in list(self._sessions.values()):
            held, session.held = session.held, []
            for delayed in held:
                self._hand_over(session, delayed.message)

    # --- what connections ask for

    def open(self, session: _Session) -> None:
        """Accept or refuse a CONNECT."""
        if not self._is_running:
            raise BrokerUnreachable(_ADDRESS, "the broker is stopped")
        if self._accounts is not None and (
            session.account is None or self._accounts.get(session.account) != session.password
        ):
            raise ConnectRefused(_ADDRESS, session.account, _NOT_AUTHORISED)
        previous = self._sessions.get(session.client_id)
        if previous is not None:
            self._drop(previous, LostReason.TAKEN_OVER)
        self._sessions[session.client_id] = session

    def close(self, session: _Session, reason: LostReason, *, publish_will: bool) -> None:
        """End a session from the client's side."""
        if session.inbox.lost is not None:
            return
        if publish_will:
            self._drop(session, reason)
        else:
            self._forget(session, reason)

    def publish(self, session: _Session, message: Message) -> None:
        """Route a message from a client."""
        if self._may(session, Access.WRITE, message.topic):
            self._route(message)

    def subscribe(self, session: _Session, topic_filter: str, qos: int) -> bool:
        """Add a subscription and deliver what is retained for it; tell whether it was granted."""
        if not self._may(session, Access.SUBSCRIBE, topic_filter):
            return False
        session.subscriptions[topic_filter] = qos
        for message in list(self._retained.values()):
            if topic_matches(topic_filter, message.topic):
                self._send(session, message._replace(qos=min(qos, message.qos)))
        return True

    # --- routing

    def _route(self, message: Message) -> None:
        if message.retain:
            if message.payload:
                self._retained[message.topic] = message
            else:
                self._retained.pop(message.topic, None)
        for session in list(self._sessions.values()):
            granted = [qos for wanted, qos in session.subscriptions.items() if topic_matches(wanted, message.topic)]
            if granted:
                self._send(session, message._replace(qos=min(max(granted), message.qos), retain=False))

    def _send(self, session: _Session, message: Message) -> None:
        if session.inbox.lost is not None or not self._may(session, Access.READ, message.topic):
            return
        verdict = INTACT if self.faults is None else self.faults.decide(session.client_id, message)
        if verdict.fault is Fault.CUT:
            self._drop(session, LostReason.BROKER, "connection cut by a fault")
            return
        if verdict.fault is Fault.DELAY:
            session.held.append(_Delayed(message, verdict.overtaken_by))
            return
        if verdict.fault is not Fault.DROP:
            self._hand_over(session, message)
        if verdict.fault is Fault.DUPLICATE:
            self._hand_over(session, message)
        self._advance(session)

    def _advance(self, session: _Session) -> None:
        """One more message has gone by: deliver the delayed ones that were overtaken often enough."""
        due: list[_Delayed] = []
        still_held: list[_Delayed] = []
        for delayed in session.held:
            delayed.overtaken_by -= 1
            (still_held if delayed.overtaken_by > 0 else due).append(delayed)
        session.held = still_held
        for delayed in due:
            self._hand_over(session, delayed.message)

    def _hand_over(self, session: _Session, message: Message) -> None:
        if not session.inbox.put(message):
            session.counters.overflows += 1
            self._drop(session, LostReason.OVERFLOW)

    def _drop(self, session: _Session, reason: LostReason, detail: str = "") -> None:
        self._forget(session, reason, detail)
        will, session.will = session.will, None
        if will is not None and self._may(session, Access.WRITE, will.topic):
            self._route(Message(will.topic, will.payload, will.qos, will.retain))

    def _forget(self, session: _Session, reason: LostReason, detail: str = "") -> None:
        session.inbox.end(reason, detail)
        if self._sessions.get(session.client_id) is session:
            del self._sessions[session.client_id]

    def _may(self, session: _Session, access: Access, topic: str) -> bool:
        return self._access is None or self._access(session.account, access, topic)


class MemoryTransport:
    """A way to a `MemoryBroker` for one client id. Implements `namespace.transport.port.Transport`."""

    def __init__(
        self,
        broker: MemoryBroker,
        client_id: str,
        *,
        username: str | None,
        password: str | None,
        max_queued_messages: int,
        max_queued_bytes: int,
    ) -> None:
        self.client_id = client_id
        self.counters = Counters()
        self._broker = broker
        self._username = username
        self._password = password
        self._max_queued_messages = max_queued_messages
        self._max_queued_bytes = max_queued_bytes

    @asynccontextmanager
    async def connect(self, *, will: Will | None = None) -> AsyncIterator[MemoryConnection]:
        """Open one clean session; see `Transport.connect`."""
        await asyncio.sleep(0)
        inbox = Inbox(self.counters, max_messages=self._max_queued_messages, max_bytes=self._max_queued_bytes)
        session = _Session(self.client_id, self._username, self._password, will, inbox, self.counters)
        self._broker.open(session)
        self.counters.connects += 1
        connection = MemoryConnection(self._broker, session)
        try:
            yield connection
        except BaseException:
            await connection.abort()
            raise
        await connection.disconnect()


class MemoryConnection:
    """One session at a `MemoryBroker`. Implements `namespace.transport.port.Connection`."""

    def __init__(self, broker: MemoryBroker, session: _Session) -> None:
        self._broker = broker
        self._session = session

    async def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 0,
        retain: bool = False,
        timeout_s: float = PUBLISH_TIMEOUT_S,  # noqa: ARG002 - nothing here takes time
    ) -> None:
        """Publish a message; see `Connection.publish`."""
        check_topic(topic)
        check_payload(payload)
        check_qos(qos)
        self._require_session()
        self._broker.publish(self._session, Message(topic, payload, qos, retain))
        self._session.counters.published += 1
        await asyncio.sleep(0)

    async def subscribe(self, topic_filters: Sequence[tuple[str, int]]) -> None:
        """Subscribe; see `Connection.subscribe`."""
        for topic_filter, qos in topic_filters:
            check_topic_filter(topic_filter)
            check_qos(qos)
        self._require_session()
        refused = [
            topic_filter
            for topic_filter, qos in topic_filters
            if not self._broker.subscribe(self._session, topic_filter, qos)
        ]
        await asyncio.sleep(0)
        self._require_session()
        if refused:
            raise SubscribeRefused(refused, 0x80)

    async def unsubscribe(self, topic_filters: Sequence[str]) -> None:
        """Unsubscribe; see `Connection.unsubscribe`."""
        for topic_filter in topic_filters:
            check_topic_filter(topic_filter)
        self._require_session()
        for topic_filter in topic_filters:
            self._session.subscriptions.pop(topic_filter, None)
        await asyncio.sleep(0)

    def batches(self) -> AsyncIterator[Sequence[Message]]:
        """Iterate over what has arrived; see `Connection.batches`."""
        return self._session.inbox

    async def disconnect(self, *, with_will: bool = False) -> None:
        """End the session; see `Connection.disconnect`."""
        self._broker.close(self._session, LostReason.CLOSED, publish_will=with_will)

    async def abort(self) -> None:
        """Cut the connection; see `Connection.abort`."""
        self._broker.close(self._session, LostReason.ABORTED, publish_will=True)

    @property
    def lost(self) -> LostReason | None:
        """Why the session is over; see `Connection.lost`."""
        return self._session.inbox.lost

    def _require_session(self) -> None:
        if self._session.inbox.lost is not None:
            raise self._session.inbox.error()


@dataclass(slots=True)
class _Delayed:
    message: Message
    overtaken_by: int


@dataclass(slots=True, eq=False)
class _Session:
    """What the broker knows of one client."""

    client_id: str
    account: str | None
    password: str | None
    will: Will | None
    inbox: Inbox
    counters: Counters
    subscriptions: dict[str, int] = field(default_factory=dict)
    held: list[_Delayed] = field(default_factory=list)
