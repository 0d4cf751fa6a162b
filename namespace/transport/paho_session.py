"""One session of aiomqtt over paho-mqtt, for the MQTT adapter (`namespace.transport.mqtt`). No other module knows these libraries.

aiomqtt does the conversation (CONNECT, SUBSCRIBE, keep-alive). Where it spends a task pair per message or waits for an answer that will
not come, paho's callbacks are led here instead: messages go straight into a bounded `Inbox`, a publish is written at once, and whatever
is pending fails with the connection. Neither library's reconnect is used: it would send an outdated Will.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from namespace.transport.buffered_socket import BufferedSocket
from namespace.transport.inbox import Inbox
from namespace.transport.port import (
    BrokerUnreachable,
    ConnectRefused,
    LostReason,
    Message,
    PublishRefused,
    Will,
)
from namespace.transport.reach import reach_blocking

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    import paho.mqtt.client as paho
    from paho.mqtt.properties import Properties

    from namespace.transport.mqtt import MqttTransport

_T = TypeVar("_T")

_PUBLISHES_PER_TURN = 32
_DISCONNECT_WITH_WILL = 0x04
_FAREWELL_S = 1.0


class PahoSession(aiomqtt.Client):
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
