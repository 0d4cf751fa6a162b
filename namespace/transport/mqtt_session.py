"""One MQTT session over an asyncio transport: what is said and answered, the signs of life, and who waits for whom.

Messages go straight into an `Inbox`. When their reader is slow, the socket is read no further, so the broker keeps what we cannot: memory
is bounded and nothing is dropped here. Writes of one turn of the event loop go out as one. It makes no connection and never reconnects.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, cast

from namespace.transport import mqtt_packets as packets
from namespace.transport.mqtt_packets import Accepted, MalformedPacket
from namespace.transport.packet_stream import PacketStream
from namespace.transport.port import LostReason, PublishRefused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from namespace.transport.inbox import Inbox
    from namespace.transport.packet_stream import PacketWalk
    from namespace.transport.port import Counters

_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_WRITE_BYTES = 64 * 1024
_SMALL_READ_BYTES = 32 * 1024
_FAREWELL_S = 1.0
_IN_FLIGHT = 4_096
_PACKET_TOO_LARGE, _QOS_NOT_SUPPORTED = 0x95, 0x9B


class MqttSession(asyncio.Protocol):
    """What one CONNECT began.

    Args:
        inbox: Where messages go.
        counters: Told of messages that cannot be handed over.
        is_v5: Speak MQTT 5.
        keepalive_s: Seconds of silence after which the broker is asked for a sign of life, and after as many again taken for dead.
        rest_s: Seconds for which a small read is followed by none, so that fewer and larger ones do the same; 0 for none.
        max_packet_bytes: Largest packet that is taken.
        walk: The compiled step for plain messages, where there is one.
    """

    def __init__(
        self,
        inbox: Inbox,
        counters: Counters,
        *,
        is_v5: bool,
        keepalive_s: int,
        rest_s: float,
        max_packet_bytes: int,
        walk: PacketWalk | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._inbox = inbox
        self._counters = counters
        self._is_v5 = is_v5
        self._keepalive_s = keepalive_s
        self._rest_s = rest_s
        self._stream = PacketStream(is_v5=is_v5, max_packet_bytes=max_packet_bytes, walk=walk)
        self._accepted: asyncio.Future[Accepted | None] = self._loop.create_future()
        self._limits = Accepted(0)
        self._window = asyncio.Semaphore(0)
        self._answers: dict[tuple[int, int], asyncio.Future[bytes | None]] = {}
        self._ids: set[int] = set()
        self._last_id = 0
        self._transport: asyncio.Transport | None = None
        self._socket: socket.socket | None = None
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._unwritten: list[bytes] = []
        self._unwritten_bytes = 0
        self._room: asyncio.Future[None] | None = None
        self._is_held = self._is_resting = self._is_paused = False
        self._heard_at = self._said_at = self._loop.time()
        self._asked_at: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        inbox.taken = self._release

    # -- what is said

    async def open(self, connect: bytes, timeout_s: float) -> Accepted | None:
        """Send CONNECT; return what the broker says, None when it ended the conversation instead.

        Raises:
            TimeoutError: It said nothing in time.
        """
        self._send(connect)
        async with asyncio.timeout(timeout_s):
            accepted = await self._accepted
        if accepted is not None and not accepted.code:
            self._limits = accepted
            if accepted.keepalive_s is not None:
                self._keepalive_s = accepted.keepalive_s
            for _ in range(min(accepted.receive_maximum, _IN_FLIGHT)):
                self._window.release()
            self._watch()
        return accepted

    async def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool, timeout_s: float) -> None:
        """Publish; see `Connection.publish`."""
        self.require()
        name = topic.encode()
        if len(name) + len(payload) + 16 > self._limits.maximum_packet_size:
            raise PublishRefused(topic, _PACKET_TOO_LARGE)
        if not qos:
            self._send(packets.publish(name, payload, is_v5=self._is_v5, packet_id=0, retain=retain))
            await self._written(timeout_s)
            return
        if qos > self._limits.maximum_qos:
            raise PublishRefused(topic, _QOS_NOT_SUPPORTED)
        async with self._in_time(timeout_s, "acknowledged no message"), self._window:
            answer = await self._ask(
                packets.PUBACK,
                lambda packet_id: packets.publish(name, payload, is_v5=self._is_v5, packet_id=packet_id, retain=retain),
            )
        code = packets.read_reason(answer, 2)
        if code >= 0x80:
            raise PublishRefused(topic, code)

    async def ask(self, answer: int, request: Callable[[int], bytes], timeout_s: float) -> bytes:
        """Send a request and return the body of its answer.

        Args:
            answer: Packet type of the answer.
            request: Makes the request with its packet id.
            timeout_s: Patience in seconds; when it passes, the session is dropped.

        Raises:
            ConnectionLost: The session is over.
        """
        async with self._in_time(timeout_s, "answered no request"):
            return await self._ask(answer, request)

    async def close(self, *, with_will: bool, timeout_s: float) -> None:
        """Send DISCONNECT after everything sent before, and let the broker end the connection.

        On 3.1.1 a Will is asked for by leaving without one.
        """
        transport = self._transport
        self._end(LostReason.CLOSED)
        if self._is_v5 or not with_will:
            self._send(packets.FAREWELL_WITH_WILL if with_will else packets.FAREWELL)
        self._flush()
        try:
            if transport is not None and not transport.is_closing():
                transport.resume_reading()  # closing with input unread would reset the connection, and cost our last packets
                if transport.can_write_eof():
                    transport.write_eof()
                else:
                    transport.close()
                async with asyncio.timeout(timeout_s):
                    while transport.get_write_buffer_size() and not self._gone.done():
                        await asyncio.wait({self._gone}, timeout=_FAREWELL_S / 10)
                    await asyncio.wait({self._gone}, timeout=_FAREWELL_S)
        except (TimeoutError, OSError):
            pass  # not written in time, or the connection broke meanwhile: over either way
        finally:
            self.cut(LostReason.CLOSED)

    def cut(self, reason: LostReason, detail: str = "") -> None:
        """End the session without a DISCONNECT."""
        self._end(reason, detail)
        self._flush()
        if self._transport is not None:
            self._transport.abort()

    def require(self) -> None:
        """Refuse to go on when the session is over.

        Raises:
            ConnectionLost: It is.
        """
        if self._inbox.lost is not None:
            raise self._inbox.error()

    async def _ask(self, answer: int, request: Callable[[int], bytes]) -> bytes:
        self.require()
        packet_id = self._next_id()
        answered: asyncio.Future[bytes | None] = self._loop.create_future()
        self._answers[answer, packet_id] = answered
        self._ids.add(packet_id)
        self._look_at_inbox()
        try:
            self._send(request(packet_id))
            body = await answered
        finally:
            del self._answers[answer, packet_id]
            self._ids.discard(packet_id)
        if body is None:
            raise self._inbox.error()
        return body

    def _next_id(self) -> int:
        """Return a packet id that nobody waits for; there are more of them than messages in flight."""
        while True:
            self._last_id = self._last_id % 65_535 + 1
            if self._last_id not in self._ids:
                return self._last_id

    @contextlib.asynccontextmanager
    async def _in_time(self, timeout_s: float, what: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(timeout_s):
                yield
        except TimeoutError:
            held = "; nor was what it sent before taken here" if self._is_held else ""
            self.cut(LostReason.TIMEOUT, f"the broker {what} within {timeout_s:g} s{held}")
            raise self._inbox.error() from None

    def _end(self, reason: LostReason, detail: str = "") -> None:
        """Let everybody who waits know that nothing will come."""
        self._inbox.end(reason, detail)
        if self._timer is not None:
            self._timer.cancel()
        waiting: list[asyncio.Future[None]] = [cast("asyncio.Future[None]", self._accepted)]
        waiting += cast("list[asyncio.Future[None]]", list(self._answers.values()))
        waiting += [] if self._room is None else [self._room]
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    # -- writing

    def _send(self, packet: bytes) -> None:
        if not self._unwritten:
            self._loop.call_soon(self._flush)
        self._unwritten.append(packet)
        self._unwritten_bytes += len(packet)

    def _flush(self) -> None:
        unwritten, self._unwritten, self._unwritten_bytes = self._unwritten, [], 0
        if unwritten and self._transport is not None and not self._transport.is_closing():
            self._said_at = self._loop.time()
            self._transport.write(unwritten[0] if len(unwritten) == 1 else b"".join(unwritten))

    async def _written(self, timeout_s: float) -> None:
        """Wait until the network takes more, and let others have their turn after so much."""
        if self._unwritten_bytes >= _WRITE_BYTES:
            self._flush()
            if self._room is None:
                await asyncio.sleep(0)
        if self._room is not None:
            async with self._in_time(timeout_s, "took no message"):
                while self._room is not None and self._inbox.lost is None:
                    await asyncio.wait({self._room})
            self.require()

    def pause_writing(self) -> None:
        """Have publishers wait; called by the event loop."""
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        """Let publishers go on; called by the event loop."""
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    # -- reading

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; called by the event loop, which has switched Nagle's algorithm off."""
        self._transport = cast("asyncio.Transport", transport)
        self._socket = transport.get_extra_info("socket")

    def data_received(self, data: bytes) -> None:
        """Take what the socket had; called by the event loop."""
        if self._inbox.lost is not None:
            return
        if _QUICK_ACK is not None and self._socket is not None:
            # Not sticky, hence after each read: without it a broker with Nagle's algorithm on stalls for up to 40 ms.
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)
        self._heard_at, self._asked_at = self._loop.time(), None
        arrived = self._stream.take(data)
        if arrived.messages and not self._accepted.done() and not arrived.others:
            arrived.problem = "a message before the answer to CONNECT"
        else:
            self._inbox.extend(arrived.messages, arrived.payload_bytes)
            self._counters.malformed += arrived.malformed
            for packet_id in arrived.to_acknowledge:
                self._send(packets.puback(packet_id))
        try:
            for first, body in arrived.others:
                self._take_other(first, body)
        except MalformedPacket as error:
            arrived.problem = str(error)
        if arrived.problem is not None:
            self.cut(LostReason.BROKER, f"it sent {arrived.problem}")
            return
        self._look_at_inbox()
        if self._rest_s and len(data) < _SMALL_READ_BYTES and not self._is_resting:
            self._is_resting = True
            self._loop.call_later(self._rest_s, self._rested)
            self._look_at_inbox()

    def eof_received(self) -> None:
        """Close; called by the event loop when the broker has."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end; called by the event loop."""
        self._end(LostReason.BROKER, str(exc or "it closed the connection"))
        if not self._gone.done():
            self._gone.set_result(None)

    def _take_other(self, first: int, body: bytes) -> None:
        kind = first >> 4
        if kind == packets.CONNACK and not self._accepted.done():
            self._accepted.set_result(packets.read_connack(body, is_v5=self._is_v5))
        elif not self._accepted.done():
            raise MalformedPacket(f"a packet of type {kind} before the answer to CONNECT")
        elif kind in (packets.PUBACK, packets.SUBACK, packets.UNSUBACK):
            answered = self._answers.get((kind, packets.read_packet_id(body)))
            if answered is not None and not answered.done():
                answered.set_result(body)
        elif kind == packets.DISCONNECT and self._is_v5:
            code = packets.read_reason(body, 0)
            self.cut(LostReason.of(code), f"the broker said 0x{code:02X}")
        elif kind != packets.PINGRESP:
            raise MalformedPacket(f"a packet of type {kind}, which a broker does not send here")

    # -- when to read no further

    def _look_at_inbox(self) -> None:
        """Read no further while the reader has enough; up to twice as much where an answer that is waited for may be behind it."""
        self._is_held = self._inbox.fill >= (2 if self._answers else 1)
        is_paused = self._is_held or self._is_resting
        if is_paused is self._is_paused or self._transport is None or self._transport.is_closing():
            return
        self._is_paused = is_paused
        if is_paused:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _release(self) -> None:
        if self._is_held:
            self._asked_at = None  # what the broker said meanwhile is about to be heard
            self._heard_at = self._loop.time()
            self._look_at_inbox()

    def _rested(self) -> None:
        self._is_resting = False
        if self._inbox.lost is None:
            self._look_at_inbox()

    # -- signs of life

    def _watch(self) -> None:
        """Ask for a sign of life when it is due; end the session when none has come."""
        if not self._keepalive_s or self._inbox.lost is not None:
            return
        now = self._loop.time()
        if self._asked_at is None and min(self._heard_at, self._said_at) + self._keepalive_s <= now:
            self._asked_at = now
            self._said_at = now
            self._send(packets.PINGREQ)
        elif self._asked_at is not None and self._asked_at + self._keepalive_s <= now:
            if not self._is_held:
                self.cut(LostReason.KEEP_ALIVE, f"nothing was heard for {now - self._heard_at:.0f} s")
                return
            self._asked_at = None
        due = min(self._heard_at, self._said_at) if self._asked_at is None else self._asked_at
        self._timer = self._loop.call_at(max(due, now - self._keepalive_s * 0.9) + self._keepalive_s, self._watch)
