"""The MQTT adapter of the transport port: aiomqtt over paho-mqtt. No other module knows these libraries.

aiomqtt does the conversation (CONNECT, SUBSCRIBE, keep-alive). Where it spends a task pair per message or waits for an answer that will
not come, paho's callbacks are led here instead: messages go straight into a bounded `Inbox`, a publish is written at once, and whatever
is pending fails with the connection. Neither library's reconnect is used: it would send an outdated Will.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from namespace.transport.broker_url import refuse_plaintext_beyond_loopback
from namespace.transport.buffered_socket import BufferedSocket, TidySSLSocket
from namespace.transport.inbox import MAX_QUEUED_BYTES, MAX_QUEUED_MESSAGES, Inbox
from namespace.transport.port import (
    PUBLISH_TIMEOUT_S,
    BrokerUnreachable,
    ConnectRefused,
    Counters,
    LostReason,
    Message,
    PublishRefused,
    SubscribeRefused,
    Will,
)
from namespace.transport.reach import reach_blocking
from namespace.transport.topic_filter import check_qos, check_topic, check_topic_filter

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Iterator, Sequence

    import paho.mqtt.client as paho
    from paho.mqtt.properties import Properties

    from namespace.transport.broker_url import BrokerUrl

_T = TypeVar("_T")

_PUBLISHES_PER_TURN = 32
_DISCONNECT_WITH_WILL = 0x04
_FAREWELL_S = 1.0


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
        session = _Session(self, will, inbox, self._tls_context)
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

    def __init__(self, session: _Session, inbox: Inbox, counters: Counters) -> None:
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


class _Session(aiomqtt.Client):
    """One CONNECT. aiomqtt with the callbacks for messages, writing and endings replaced."""

    def __init__(
        self, transport: MqttTransport, will: Will | None, inbox: Inbox, tls_context: ssl.SSLContext | None
    ) -> None:
        url = transport.url
        is_v5 = transport.protocol == 5
        super().__init__(
            url.host,
            url.port,
            username=url.username,
            password=url.password,
            identifier=transport.client_id,
            protocol=aiomqtt.ProtocolVersion.V5 if is_v5 else aiomqtt.ProtocolVersion.V311,
            will=None if will is None else aiomqtt.Will(will.topic, will.payload, will.qos, will.retain),
            # MQTT 5: clean start on the first CONNECT of a client, and this one sends no second; no expiry property means 0.
            clean_session=None if is_v5 else True,
            keepalive=transport.keepalive_s,
            timeout=transport.connect_timeout_s,
            tls_context=tls_context,
        )
        self._url = url
        self._is_v5 = is_v5
        self._inbox = inbox
        self._counters = transport.counters
        self._wire: BufferedSocket | None = None
        self._abandoned = False
        self._flush_is_scheduled = False
        self._writer_is_armed = False
        self._unwritten: deque[tuple[paho.MQTTMessageInfo, asyncio.Future[None]]] = deque()
        self._unacknowledged: dict[int, asyncio.Future[ReasonCode]] = {}
        self._sent = 0
        self._client.connect_timeout = transport.connect_timeout_s
        self._client._create_socket_connection = self._reach  # type: ignore[method-assign] # noqa: SLF001 - paho has no public way to make it
        self._client.disable_logger()
        self._client.on_socket_open = self._after_socket_open
        self._client.on_socket_register_write = self._before_writing
        self._client.on_socket_unregister_write = self._after_writing
        self._client.on_message = self._take
        self._client.on_disconnect = self._end
        # Set only while an acknowledgement is awaited: with it paho builds an MQTT 5 property object per sent message.
        self._client.on_publish = None

    # --- the life of the session

    async def open(self) -> None:
        """Send CONNECT and wait for the answer."""
        try:
            await self.__aenter__()
        except BaseException as error:
            self._abandoned = True
            if self._wire is not None:
                self._wire.abort()
            if isinstance(error, aiomqtt.MqttCodeError) and isinstance(error.rc, ReasonCode):
                raise ConnectRefused(str(self._url), self._url.username, error.rc.value) from None
            if isinstance(error, aiomqtt.MqttError | UnicodeError):
                raise BrokerUnreachable(str(self._url), str(error)) from None
            raise
        self._disconnected.add_done_callback(self._after_disconnect)

    async def close(self, *, with_will: bool) -> None:
        """Send DISCONNECT after everything sent before, wait until it is written, and close.

        On 3.1.1 a Will is asked for by leaving without one.
        """
        self._inbox.end(LostReason.CLOSED)
        try:
            if with_will and not self._is_v5:
                await self._end_stream()
            else:
                reason = ReasonCode(PacketTypes.DISCONNECT, identifier=_DISCONNECT_WITH_WILL) if with_will else None
                self._client.disconnect(reason)
                self._flush()
                if not self._disconnected.done():
                    await self._wait_for(self._disconnected, timeout=None)
        except (aiomqtt.MqttError, TimeoutError):
            pass  # not written in time, or the connection broke meanwhile: over either way
        finally:
            self.cut(LostReason.CLOSED)

    async def _end_stream(self) -> None:
        """End our side of the stream after everything sent before, and let the broker end its own."""
        async with asyncio.timeout(self.timeout):
            while self._client.want_write() and not self._disconnected.done():
                await asyncio.wait({self._disconnected}, timeout=_FAREWELL_S / 100)
            if self._wire is not None:
                self._wire.end()
            await asyncio.wait({self._disconnected}, timeout=_FAREWELL_S)

    def cut(self, reason: LostReason, detail: str = "") -> None:
        """End the session without a DISCONNECT. Not for use inside a callback of paho."""
        self._inbox.end(reason, detail)
        if self._wire is not None:
            self._wire.abort()
            self._client.loop_read()  # sees the end of the stream and closes the socket

    def _lose(self, reason: LostReason, detail: str) -> None:
        """Fail everything that waits for the broker."""
        self._inbox.end(reason, detail)
        waiting: list[asyncio.Future[Any]] = [written for _, written in self._unwritten]
        for waiter in (*waiting, *self._unacknowledged.values(), *self._pending_subscribes.values()):
            if not waiter.done():
                waiter.set_exception(self._inbox.error())
        self._unwritten.clear()
        for unsubscribed in self._pending_unsubscribes.values():
            unsubscribed.set()  # `answered` looks again whether the session is over

    # --- sending

    async def send(self, topic: str, payload: bytes, *, qos: int, retain: bool, timeout_s: float) -> None:
        """Publish, writing to the socket at once if it takes the message."""
        if self._inbox.lost is not None:
            raise self._inbox.error()
        if qos:
            self._client.on_publish = self._acknowledge
        self._flush_is_scheduled = True  # it follows right here
        try:
            info = self._client.publish(topic, payload, qos, retain)
        finally:
            self._flush()
        if info.rc or self._inbox.lost is not None:
            raise self._inbox.error()
        self._sent += 1
        if qos:
            await self._acknowledgement(topic, info.mid, timeout_s)
        elif not info.is_published():
            written: asyncio.Future[None] = self._loop.create_future()
            self._unwritten.append((info, written))
            await self._in_time(written, timeout_s)
        elif self._sent % _PUBLISHES_PER_TURN == 0:
            await asyncio.sleep(0)  # a publisher in a tight loop must let the others run

    async def _acknowledgement(self, topic: str, mid: int, timeout_s: float) -> None:
        acknowledged: asyncio.Future[ReasonCode] = self._loop.create_future()
        self._unacknowledged[mid] = acknowledged
        try:
            code = await self._in_time(acknowledged, timeout_s)
        finally:
            self._unacknowledged.pop(mid, None)
            if not self._unacknowledged:
                self._client.on_publish = None
        if code.is_failure:
            raise PublishRefused(topic, code.value)

    async def _in_time(self, sent: asyncio.Future[_T], timeout_s: float) -> _T:
        try:
            async with asyncio.timeout(timeout_s):
                return await sent
        except TimeoutError:
            self.cut(LostReason.TIMEOUT, f"a message was not taken within {timeout_s:g} s")
            raise self._inbox.error() from None

    @contextmanager
    def answered(self) -> Iterator[None]:
        """Around a SUBSCRIBE or UNSUBSCRIBE: no answer in time ends the session, and its end the waiting."""
        if self._inbox.lost is not None:
            raise self._inbox.error()
        try:
            yield
        except aiomqtt.MqttError as error:
            self.cut(LostReason.TIMEOUT, str(error))
        if self._inbox.lost is not None:
            raise self._inbox.error()

    def _flush(self) -> None:
        """Write what is queued; what the socket does not take now follows when it can."""
        self._flush_is_scheduled = False
        try:
            self._client.loop_write()
        except OSError as error:
            self.cut(LostReason.BROKER, str(error))
        while self._unwritten and self._unwritten[0][0].is_published():
            written = self._unwritten.popleft()[1]
            if not written.done():
                written.set_result(None)
        wire = self._wire
        if wire is not None and self._client.socket() is not None and self._client.want_write():
            self._writer_is_armed = True
            self._loop.add_writer(wire.fileno(), self._flush)

    # --- callbacks of paho, in place of aiomqtt's

    def _reach(self) -> socket.socket:
        """Connect. Runs in the thread that connects."""
        return reach_blocking(
            self._url.host, self._url.port, self._client.connect_timeout, is_wanted=lambda: not self._abandoned
        )

    def _after_socket_open(self, client: paho.Client, userdata: object, sock: Any) -> None:
        """Read ahead on the new socket. Runs in the thread that connects."""
        if self._abandoned:
            sock.close()
            raise ConnectionAbortedError("nobody waits for this connection any more")
        self._wire = BufferedSocket(sock)
        client._sock = self._wire  # noqa: SLF001 - paho has no public way to wrap the socket
        self._on_socket_open(client, userdata, sock)

    def _before_writing(self, _client: paho.Client, _userdata: object, _sock: object) -> None:
        if not self._flush_is_scheduled:
            self._flush_is_scheduled = True
            self._loop.call_soon_threadsafe(self._flush)  # CONNECT is sent from another thread

    def _after_writing(self, _client: paho.Client, _userdata: object, sock: Any) -> None:
        if self._writer_is_armed:
            self._writer_is_armed = False
            self._loop.remove_writer(sock.fileno())

    def _take(self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            self._counters.malformed += 1
            return
        if not self._inbox.put(Message(topic, bytes(message.payload), message.qos, message.retain)):
            self._counters.overflows += 1
            self._inbox.end(LostReason.OVERFLOW)
            if self._wire is not None:
                self._wire.abort()  # the socket is closed on the next turn of the loop

    def _acknowledge(
        self, _client: paho.Client, _userdata: object, mid: int, code: ReasonCode, _properties: Properties
    ) -> None:
        acknowledged = self._unacknowledged.pop(mid, None)
        if acknowledged is not None and not acknowledged.done():
            acknowledged.set_result(code)

    def _end(
        self,
        client: paho.Client,
        userdata: object,
        flags: paho.DisconnectFlags,
        code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if self._abandoned or self._connected.cancelled():
            return
        if not self._connected.done():
            self._connected.set_exception(aiomqtt.MqttError("it ended the conversation without accepting CONNECT"))
            return
        self._lose(LostReason.of(code.value), str(code))
        self._on_disconnect(client, userdata, flags, code, properties)

    def _after_disconnect(self, disconnected: asyncio.Future[None]) -> None:
        error = None if disconnected.cancelled() else disconnected.exception()
        self._lose(LostReason.BROKER, str(error or ""))
        self.cut(LostReason.BROKER)
