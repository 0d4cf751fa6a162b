"""The fast MQTT adapter of the transport port: our own protocol over whole socket buffers, in batches, with back-pressure.

Where `namespace.transport.mqtt` drops a session whose reader is too slow, this one reads no further until the reader has caught up.
Decision record 6 tells why the codec is ours.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

from namespace.transport import mqtt_packets as packets
from namespace.transport.broker_url import refuse_plaintext_beyond_loopback
from namespace.transport.inbox import MAX_QUEUED_BYTES, MAX_QUEUED_MESSAGES, Inbox
from namespace.transport.mqtt_packets import MalformedPacket
from namespace.transport.mqtt_session import MqttSession
from namespace.transport.packet_stream import MAX_PACKET_BYTES
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
from namespace.transport.reach import reach
from namespace.transport.topic_filter import check_payload, check_qos, check_topic, check_topic_filter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from namespace.transport.broker_url import BrokerUrl
    from namespace.transport.packet_stream import PacketWalk


class StreamTransport:
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
        max_packet_bytes: int = MAX_PACKET_BYTES,
        rest_s: float = 0.0,
        walk: PacketWalk | None = None,
        tls_context: ssl.SSLContext | None = None,
        allow_plaintext: bool = False,
    ) -> None:
        """Describe the sessions to be opened; nothing is contacted yet.

        Args:
            url: Address of the broker and our account there.
            client_id: MQTT client id; a second session under the same one ends the first.
            protocol: 4 for MQTT 3.1.1, or 5.
            keepalive_s: Seconds of silence after which we ask the broker for a sign of life, and after as many again take it for
                dead. The broker waits 1.5 times that for us.
            connect_timeout_s: Longest wait in seconds for the TCP and TLS handshakes, and again for the broker's answer to CONNECT,
                SUBSCRIBE, UNSUBSCRIBE and DISCONNECT.
            max_queued_messages: How many received messages may wait for their reader before no more are read from the network; one
                read of the socket more, and twice as many while we wait for an answer of the broker.
            max_queued_bytes: How many bytes of payload may wait, likewise.
            max_packet_bytes: A broker that sends a larger packet is left.
            rest_s: Seconds to wait between reads of the socket, so that slow traffic costs fewer of them; 0 for none.
            walk: The compiled step for plain messages, where there is one.
            tls_context: For `mqtts`: which certificates to trust and present. Defaults to the system's trust store.
            allow_plaintext: Accept an unencrypted connection to another machine.

        Raises:
            BrokerUrlError: The broker is on another machine, the URL is not `mqtts`, and plaintext is not allowed.
        """
        if not allow_plaintext:
            refuse_plaintext_beyond_loopback(url)
        self.url = url
        self.client_id = client_id
        self.protocol = protocol
        self.keepalive_s = keepalive_s
        self.connect_timeout_s = connect_timeout_s
        self.counters = Counters()
        self._max_queued_messages = max_queued_messages
        self._max_queued_bytes = max_queued_bytes
        self._max_packet_bytes = max_packet_bytes
        self._rest_s = rest_s
        self._walk = walk
        self._tls_context = tls_context

    @asynccontextmanager
    async def connect(self, *, will: Will | None = None) -> AsyncIterator[StreamConnection]:
        """Open one clean session; see `Transport.connect`."""
        inbox = Inbox(self.counters, max_messages=self._max_queued_messages, max_bytes=self._max_queued_bytes)
        session = MqttSession(
            inbox,
            self.counters,
            is_v5=self.protocol == 5,
            keepalive_s=self.keepalive_s,
            rest_s=self._rest_s,
            max_packet_bytes=self._max_packet_bytes,
            walk=self._walk,
        )
        await self._open(session, inbox, will)
        self.counters.connects += 1
        connection = StreamConnection(session, inbox, self)
        try:
            yield connection
        except BaseException:
            await connection.abort()
            raise
        await connection.disconnect()

    async def _open(self, session: MqttSession, inbox: Inbox, will: Will | None) -> None:
        try:
            connect = packets.connect(
                self.client_id,
                is_v5=self.protocol == 5,
                keepalive_s=self.keepalive_s,
                username=self.url.username,
                password=self.url.password,
                will=will,
            )
            async with asyncio.timeout(self.connect_timeout_s):
                await self._reach(session)
            accepted = await session.open(connect, self.connect_timeout_s)
        except TimeoutError:
            session.cut(LostReason.ABORTED)
            raise BrokerUnreachable(str(self.url), f"no answer within {self.connect_timeout_s:g} s") from None
        except (OSError, UnicodeError) as error:
            session.cut(LostReason.ABORTED)
            raise BrokerUnreachable(str(self.url), str(error) or type(error).__name__) from None
        except BaseException:
            session.cut(LostReason.ABORTED)
            raise
        if accepted is None:
            problem = inbox.error().detail
            raise BrokerUnreachable(str(self.url), f"it ended the conversation without accepting CONNECT: {problem}")
        if accepted.code:
            session.cut(LostReason.ABORTED)
            raise ConnectRefused(str(self.url), self.url.username, accepted.code)

    async def _reach(self, session: MqttSession) -> None:
        context = (self._tls_context or ssl.create_default_context()) if self.url.tls else None
        connected = await reach(self.url.host, self.url.port, self.connect_timeout_s)
        await asyncio.get_running_loop().create_connection(
            lambda: session,
            sock=connected,
            ssl=context,
            server_hostname=self.url.host if self.url.tls else None,
        )


class StreamConnection:
    """One session at a real broker. Implements `namespace.transport.port.Connection`."""

    def __init__(self, session: MqttSession, inbox: Inbox, transport: StreamTransport) -> None:
        self._session = session
        self._inbox = inbox
        self._counters = transport.counters
        self._timeout_s = transport.connect_timeout_s
        self._is_v5 = transport.protocol == 5

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False, timeout_s: float = PUBLISH_TIMEOUT_S
    ) -> None:
        """Publish a message; see `Connection.publish`."""
        check_topic(topic)
        check_payload(payload)
        check_qos(qos)
        await self._session.publish(topic, payload, qos=qos, retain=retain, timeout_s=timeout_s)
        self._counters.published += 1

    async def subscribe(self, topic_filters: Sequence[tuple[str, int]]) -> None:
        """Subscribe; see `Connection.subscribe`."""
        for topic_filter, qos in topic_filters:
            check_topic_filter(topic_filter)
            check_qos(qos)
        body = await self._session.ask(
            packets.SUBACK,
            lambda packet_id: packets.subscribe(packet_id, topic_filters, is_v5=self._is_v5),
            self._timeout_s,
        )
        try:
            answers = packets.read_suback(body, is_v5=self._is_v5)
            if len(answers) != len(topic_filters):
                raise MalformedPacket(f"{len(answers)} answers for {len(topic_filters)} topic filters")
        except MalformedPacket as error:
            self._session.cut(LostReason.BROKER, f"it sent {error}")
            raise self._inbox.error() from None
        refused = [asked for (asked, _), answer in zip(topic_filters, answers, strict=True) if answer >= 0x80]
        if refused:
            raise SubscribeRefused(refused, max(answers))

    async def unsubscribe(self, topic_filters: Sequence[str]) -> None:
        """Unsubscribe; see `Connection.unsubscribe`."""
        for topic_filter in topic_filters:
            check_topic_filter(topic_filter)
        await self._session.ask(
            packets.UNSUBACK,
            lambda packet_id: packets.unsubscribe(packet_id, topic_filters, is_v5=self._is_v5),
            self._timeout_s,
        )

    def batches(self) -> AsyncIterator[Sequence[Message]]:
        """Iterate over what has arrived; see `Connection.batches`."""
        return self._inbox

    async def disconnect(self, *, with_will: bool = False) -> None:
        """End the session; see `Connection.disconnect`."""
        if self._inbox.lost is None:
            await self._session.close(with_will=with_will, timeout_s=self._timeout_s)

    async def abort(self) -> None:
        """Cut the connection; see `Connection.abort`."""
        self._session.cut(LostReason.ABORTED)

    @property
    def lost(self) -> LostReason | None:
        """Why the session is over; see `Connection.lost`."""
        return self._inbox.lost
