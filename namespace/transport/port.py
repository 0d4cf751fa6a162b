"""The transport port: what the rest of the namespace may ask of an MQTT broker.

It exists so that services, runtime and tests speak to a broker through a handful of verbs, whatever client
library or in-process stand-in is behind them. It knows topics and bytes; it knows no Sparkplug, keeps no
outbox and never reconnects: one `connect()` is one CONNECT with its own Will, and whoever wants another
session opens another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager

PUBLISH_TIMEOUT_S = 10.0


class Message(NamedTuple):
    """An application message as the broker delivered it.

    `retain` is true only for a stored message delivered because of a new subscription (MQTT 3.1.1, 3.3.1.3).
    """

    topic: str
    payload: bytes
    qos: int
    retain: bool


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes when this session ends without a DISCONNECT (MQTT 3.1.1, 3.1.2.5)."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


class RefusalReason(StrEnum):
    """Why a broker said no to a CONNECT. Brokers differ in which of the first two they use for a wrong
    password.
    """

    BAD_CREDENTIALS = "bad credentials"
    NOT_AUTHORISED = "not authorised"
    CLIENT_ID = "client id rejected"
    PROTOCOL = "protocol version not supported"
    UNAVAILABLE = "broker unavailable"
    OTHER = "other"

    @classmethod
    def of(cls, code: int) -> RefusalReason:
        """Name a CONNACK reason code (MQTT 5, 3.2.2.2)."""
        return _REFUSALS.get(code, cls.OTHER)


class LostReason(StrEnum):
    """Why a session is over."""

    CLOSED = "closed"  # by us, with a DISCONNECT
    ABORTED = "aborted"  # by us, without one
    OVERFLOW = "overflow"  # messages came faster than they were taken
    TIMEOUT = "timeout"  # the broker took no message, or acknowledged none, within the time limit
    KEEP_ALIVE = "keep-alive"  # the broker fell silent
    TAKEN_OVER = "taken over"  # another session uses our client id; only some MQTT 5 brokers tell
    BROKER = "broker"  # the broker or the network closed the connection

    @classmethod
    def of(cls, code: int) -> LostReason:
        """Name the reason code of a DISCONNECT from the broker (MQTT 5, 3.14.2.1)."""
        return _LOSSES.get(code, cls.BROKER)


_REFUSALS = {
    0x84: RefusalReason.PROTOCOL,
    0x85: RefusalReason.CLIENT_ID,
    0x86: RefusalReason.BAD_CREDENTIALS,
    0x87: RefusalReason.NOT_AUTHORISED,
    0x88: RefusalReason.UNAVAILABLE,
    0x89: RefusalReason.UNAVAILABLE,
    0x8A: RefusalReason.NOT_AUTHORISED,
    0x97: RefusalReason.UNAVAILABLE,
    0x9F: RefusalReason.UNAVAILABLE,
}
_LOSSES = {0x8D: LostReason.KEEP_ALIVE, 0x8E: LostReason.TAKEN_OVER}


class TransportError(Exception):
    """Anything that went wrong between us and the broker."""


class BrokerUnreachable(TransportError):
    """No MQTT conversation came about: nobody listens, no answer in time, TLS failed. Worth trying again
    later.

    Attributes:
        broker: Address of the broker, without credentials.
        detail: What the operating system or the TLS library said.
    """

    def __init__(self, broker: str, detail: str) -> None:
        super().__init__(f"no MQTT broker reached at {broker}: {detail}")
        self.broker = broker
        self.detail = detail


class ConnectRefused(TransportError):
    """The broker answered CONNECT with a refusal.

    Attributes:
        broker: Address of the broker, without credentials.
        account: The user name presented, if any.
        reason: Why, as far as the broker told.
        code: The reason code, in MQTT 5 numbering.
    """

    def __init__(self, broker: str, account: str | None, code: int) -> None:
        reason = RefusalReason.of(code)
        who = f"account {account!r}" if account else "an anonymous client"
        super().__init__(f"broker {broker} refused {who}: {reason.value} (0x{code:02X}); {_REMEDIES[reason]}")
        self.broker = broker
        self.account = account
        self.reason = reason
        self.code = code

    @property
    def transient(self) -> bool:
        """Whether trying again later may help without anybody changing anything."""
        return self.reason in (RefusalReason.UNAVAILABLE, RefusalReason.OTHER)


_REMEDIES = {
    RefusalReason.BAD_CREDENTIALS: "check the user name and password in the broker URL",
    RefusalReason.NOT_AUTHORISED: "check that the account exists and that its password is right",
    RefusalReason.CLIENT_ID: "choose another client id",
    RefusalReason.PROTOCOL: "choose the MQTT version that this broker speaks",
    RefusalReason.UNAVAILABLE: "try again later",
    RefusalReason.OTHER: "see the log of the broker",
}


class ConnectionLost(TransportError):
    """The session is over; nothing more can be sent or received on this connection.

    Attributes:
        reason: Why.
        detail: More about it, for people; may be empty.
    """

    def __init__(self, reason: LostReason, detail: str = "") -> None:
        super().__init__(f"MQTT session over: {reason.value}" + (f" ({detail})" if detail else ""))
        self.reason = reason
        self.detail = detail


class SubscribeRefused(TransportError):
    """The broker refused part of a SUBSCRIBE; what it granted of the rest stays in force.

    Attributes:
        topic_filters: The filters that were refused.
        code: The highest reason code among the answers (0x80 or above).
    """

    def __init__(self, topic_filters: Sequence[str], code: int) -> None:
        names = ", ".join(topic_filters)
        super().__init__(f"broker refused to subscribe to {names} (0x{code:02X}); check the account's access rights")
        self.topic_filters = tuple(topic_filters)
        self.code = code


class PublishRefused(TransportError):
    """The broker acknowledged a QoS 1 message with a failure. Only MQTT 5 can say so; 3.1.1 brokers drop it
    silently.

    Attributes:
        topic: Topic of the refused message.
        code: Reason code (0x80 or above).
    """

    def __init__(self, topic: str, code: int) -> None:
        super().__init__(f"broker refused a message to {topic} (0x{code:02X}); check the account's access rights")
        self.topic = topic
        self.code = code


@dataclass(slots=True)
class Counters:
    """What a transport has seen since it was made, over all its sessions. Only ever grows."""

    connects: int = 0  # sessions that came about
    received: int = 0  # messages handed over by `batches()`
    published: int = 0  # messages given to the broker (QoS 0) or acknowledged by it (QoS 1)
    overflows: int = 0  # sessions dropped because messages were not taken fast enough
    malformed: int = 0  # messages skipped because their topic is not UTF-8


@runtime_checkable
class Connection(Protocol):
    """One MQTT session."""

    async def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 0,
        retain: bool = False,
        timeout_s: float = PUBLISH_TIMEOUT_S,
    ) -> None:
        """Publish a message; return once it is handed to the network (QoS 0) or acknowledged (QoS 1).

        Args:
            topic: Where to; no wildcards.
            payload: At most 268,435,455 bytes. Empty together with `retain` clears the retained message.
            qos: 0 or 1.
            retain: Whether the broker keeps it for later subscribers.
            timeout_s: Longest wait in seconds. When it passes, the session is dropped: what became of the
                message is unknown.

        Raises:
            ConnectionLost: The session is over, before or while sending.
            PublishRefused: The broker refused the message (QoS 1 on MQTT 5 only).
            ValueError: The topic or the QoS is invalid.
        """
        ...

    async def subscribe(self, topic_filters: Sequence[tuple[str, int]]) -> None:
        """Subscribe; return once the broker has acknowledged all filters.

        Args:
            topic_filters: Pairs of topic filter and highest QoS wanted (0 or 1). Where filters overlap, some brokers deliver a
                message once and some once per filter.

        Raises:
            SubscribeRefused: The broker refused at least one filter.
            ConnectionLost: The session is over.
            ValueError: A filter or QoS is invalid.
        """
        ...

    async def unsubscribe(self, topic_filters: Sequence[str]) -> None:
        """Unsubscribe; return once the broker has acknowledged.

        Raises:
            ConnectionLost: The session is over.
            ValueError: A filter is invalid.
        """
        ...

    def batches(self) -> AsyncIterator[Sequence[Message]]:
        """Iterate over what has arrived, everything that has queued up at once, in order. For one reader at a
        time.

        Raises:
            ConnectionLost: Once the session is over and everything received before has been handed over.
        """
        ...

    async def disconnect(self, *, with_will: bool = False) -> None:
        """End the session with a DISCONNECT, after everything published before. Does nothing when it is over
        already.

        Args:
            with_will: Let the broker publish the Will all the same (MQTT 5 reason 0x04; on 3.1.1 the stream
                ends without a DISCONNECT, to the same effect. Sparkplug 3.0,
                tck-id-payloads-ndeath-will-message-publisher-disconnect-mqtt50).
        """
        ...

    async def abort(self) -> None:
        """Cut the connection without a DISCONNECT, so that the broker publishes the Will."""
        ...

    @property
    def lost(self) -> LostReason | None:
        """Why the session is over, or None while it lives."""
        ...


@runtime_checkable
class Transport(Protocol):
    """A way to one broker, for one client id and account."""

    @property
    def client_id(self) -> str:
        """The MQTT client id of every session opened here."""
        ...

    @property
    def counters(self) -> Counters:
        """What happened on all sessions so far."""
        ...

    def connect(self, *, will: Will | None = None) -> AbstractAsyncContextManager[Connection]:
        """Open one clean session that the broker forgets at its end (Sparkplug 3.0,
        tck-id-principles-persistence-clean-session-311, -50).

        Leaving the block normally sends a DISCONNECT, so no Will is published. Leaving it by an exception
        cuts the connection, so that the Will tells others what we no longer can.

        Args:
            will: Published by the broker when this session, and only this one, ends without a DISCONNECT.

        Raises:
            BrokerUnreachable: Nobody answered.
            ConnectRefused: The broker said no.
        """
        ...
