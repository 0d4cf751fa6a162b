"""The MQTT adapter of the transport port: aiomqtt over paho-mqtt (`namespace.transport.paho_session`)."""

from __future__ import annotations

import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

from namespace.transport.broker_url import refuse_plaintext_beyond_loopback
from namespace.transport.buffered_socket import TidySSLSocket
from namespace.transport.inbox import MAX_QUEUED_BYTES, MAX_QUEUED_MESSAGES, Inbox
from namespace.transport.paho_session import PahoSession
from namespace.transport.port import (
    PUBLISH_TIMEOUT_S,
    Counters,
    LostReason,
    Message,
    SubscribeRefused,
    Will,
)
from namespace.transport.topic_filter import check_qos, check_topic, check_topic_filter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from namespace.transport.broker_url import BrokerUrl


class MqttTransport:
    """A real MQTT broker, for one client id. Implements `namespace.transport.port.Transport`."""

    def __init__(
        self,
        url: BrokerUrl,
        *,
        client_id: str,
        protocol: Literal[4, 5] = 4,
        keepalive_s: int = 30,
        connect_timeout_s: float = 10.0,
        max_queued_messages: int = MAX_QUEUED_MESSAGES,
        max_queued_bytes: int = MAX_QUEUED_BYTES,
        tls_context: ssl.SSLContext | None = None,
        allow_plaintext: bool = False,
    ) -> None:
        """Describe the sessions to be opened; nothing is contacted yet.

        Args:
            url: Address of the broker and our account there.
            client_id: MQTT client id; a second session under the same one ends the first.
            protocol: 4 for MQTT 3.1.1, which costs about half as much per message here, or 5.
            keepalive_s: Seconds of silence after which we ask the broker for a sign of life, and after as many again take it for
                dead. The broker waits 1.5 times that for us.
            connect_timeout_s: Longest wait in seconds for the TCP and TLS handshakes, and again for the broker's answer to CONNECT,
                SUBSCRIBE, UNSUBSCRIBE and DISCONNECT.
            max_queued_messages: How many received messages may wait for their reader before the session is dropped.
            max_queued_bytes: How many bytes of payload may wait, likewise.
            tls_context: For `mqtts`: which certificates to trust and present. Defaults to the system's trust store.
            allow_plaintext: Accept an unencrypted connection to another machine.

        Raises:
            BrokerUrlError: The broker is on another machine, the URL is not `mqtts`, and plaintext is not allowed.
        """
        if not allow_plaintext:
            refuse_plaintext_beyond_loopback(url)
        if url.tls:
            tls_context = tls_context or ssl.create_default_context()
            tls_context.sslsocket_class = TidySSLSocket  # paho leaves the socket open when the handshake fails
        self.url = url
        self.client_id = client_id
        self.protocol = protocol
        self.keepalive_s = keepalive_s
        self.connect_timeout_s = connect_timeout_s
        self.counters = Counters()
        self._max_queued_messages = max_queued_messages
        self._max_queued_bytes = max_queued_bytes
        self._tls_context = tls_context if url.tls else None

    @asynccontextmanager
    async def connect(self, *, will: Will | None = None) -> AsyncIterator[MqttConnection]:
        """Open one clean session; see `Transport.connect`."""
        inbox = Inbox(self.counters, max_messages=self._max_queued_messages, max_bytes=self._max_queued_bytes)
        session = PahoSession(self, will, inbox, self._tls_context)
        await session.open()
        self.counters.connects += 1
        connection = MqttConnection(session, inbox, self.counters)
        try:
            yield connection
        except BaseException:
            await connection.abort()
            raise
        await connection.disconnect()


class MqttConnection:
    """One session at a real broker. Implements `namespace.transport.port.Connection`."""

    def __init__(self, session: PahoSession, inbox: Inbox, counters: Counters) -> None:
        self._session = session
        self._inbox = inbox
        self._counters = counters

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False, timeout_s: float = PUBLISH_TIMEOUT_S
    ) -> None:
        """Publish a message; see `Connection.publish`."""
        check_topic(topic)
        check_qos(qos)
        await self._session.send(topic, payload, qos=qos, retain=retain, timeout_s=timeout_s)
        self._counters.published += 1

    async def subscribe(self, topic_filters: Sequence[tuple[str, int]]) -> None:
        """Subscribe; see `Connection.subscribe`."""
        for topic_filter, qos in topic_filters:
            check_topic_filter(topic_filter)
            check_qos(qos)
        with self._session.answered():
            codes = await self._session.subscribe(list(topic_filters))
        answers = [code if isinstance(code, int) else code.value for code in codes]
        refused = [asked for (asked, _), answer in zip(topic_filters, answers, strict=True) if answer >= 0x80]
        if refused:
            raise SubscribeRefused(refused, max(answers))

    async def unsubscribe(self, topic_filters: Sequence[str]) -> None:
        """Unsubscribe; see `Connection.unsubscribe`."""
        for topic_filter in topic_filters:
            check_topic_filter(topic_filter)
        with self._session.answered():
            await self._session.unsubscribe(list(topic_filters))

    def batches(self) -> AsyncIterator[Sequence[Message]]:
        """Iterate over what has arrived; see `Connection.batches`."""
        return self._inbox

    async def disconnect(self, *, with_will: bool = False) -> None:
        """End the session; see `Connection.disconnect`."""
        if self._inbox.lost is None:
            await self._session.close(with_will=with_will)

    async def abort(self) -> None:
        """Cut the connection; see `Connection.abort`."""
        self._session.cut(LostReason.ABORTED)

    @property
    def lost(self) -> LostReason | None:
        """Why the session is over; see `Connection.lost`."""
        return self._inbox.lost
