"""A proxy before a real broker that keeps every MQTT packet as it went by, in both directions, in one order.

What a client library claims to send and what a broker makes of it are both beside the point: the rules are about packets. It reads MQTT
3.1.1 and 5 as far as the rules need, changes nothing, and can cut a connection as a broken network does.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from namespace.sparkplug import Payload, decode_payload

_KINDS = {
    1: "CONNECT",
    2: "CONNACK",
    3: "PUBLISH",
    4: "PUBACK",
    8: "SUBSCRIBE",
    9: "SUBACK",
    10: "UNSUBSCRIBE",
    11: "UNSUBACK",
    12: "PINGREQ",
    13: "PINGRESP",
    14: "DISCONNECT",
}
_SESSION_EXPIRY = 0x11
_WIDTHS = {0x01: 1, 0x02: 4, 0x11: 4, 0x17: 1, 0x18: 4, 0x19: 1, 0x21: 2, 0x22: 2, 0x23: 2, 0x27: 4}
"""MQTT 5 property ids with values of fixed width (2.2.2.2); others begin with a length of two bytes."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message in a PUBLISH, or the Will of a CONNECT."""

    topic: str
    payload: bytes
    qos: int
    retain: bool

    @property
    def kind(self) -> str:
        """The Sparkplug message type in the topic."""
        parts = self.topic.split("/")
        return parts[1] if parts[1] == "STATE" else parts[2]

    def read(self) -> Payload:
        """Return the Sparkplug payload."""
        return decode_payload(self.payload)


@dataclass(frozen=True, slots=True)
class Packet:
    """One MQTT packet.

    Attributes:
        link: which TCP connection it was on, counted from 0.
        by_client: whether the client sent it.
        kind: its name in MQTT.
        message: of a PUBLISH, or the Will of a CONNECT.
        is_clean: of a CONNECT: clean session, clean start.
        session_expiry_s: of a CONNECT of MQTT 5; 0 where it says nothing, as the protocol has it.
        level: of a CONNECT: 4 for MQTT 3.1.1, 5.
        filters: of a SUBSCRIBE, with the QoS asked for.
        codes: of a SUBACK, or the reason of a DISCONNECT.
    """

    link: int
    by_client: bool
    kind: str
    message: Sent | None = None
    is_clean: bool = False
    session_expiry_s: int = 0
    level: int = 0
    filters: tuple[tuple[str, int], ...] = ()
    codes: tuple[int, ...] = ()


@dataclass
class Wire:
    """What went by.

    Attributes:
        port: where clients connect to.
        packets: every packet so far.
        open_links: TCP connections that stand now.
    """

    port: int = 0
    packets: list[Packet] = field(default_factory=list)
    open_links: set[int] = field(default_factory=set)
    _writers: dict[int, tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = field(default_factory=dict)
    _levels: dict[int, int] = field(default_factory=dict)

    def sent(self, link: int | None = None) -> list[Packet]:
        """Return what the client sent, keep-alive and acknowledgements aside."""
        chatter = {"PINGREQ", "PUBACK"}
        return [p for p in self.packets if p.by_client and p.kind not in chatter and link in (None, p.link)]

    def messages(self, kind: str | None = None, link: int | None = None) -> list[Sent]:
        """Return what the client published, of one Sparkplug message type or all."""
        published = (p.message for p in self.sent(link) if p.kind == "PUBLISH" and p.message is not None)
        return [message for message in published if kind in (None, message.kind)]

    def connects(self) -> list[Packet]:
        """Return every CONNECT."""
        return [packet for packet in self.packets if packet.kind == "CONNECT"]

    def wills(self) -> list[Sent]:
        """Return the Will of every CONNECT."""
        return [packet.message for packet in self.connects() if packet.message is not None]

    def cut(self) -> None:
        """Break every connection, as a network does."""
        for pair in self._writers.values():
            for writer in pair:
                writer.transport.abort()

    def note(self, link: int, first: int, body: bytes, *, by_client: bool) -> None:
        """Keep one packet."""
        kind = _KINDS[first >> 4]
        if kind == "CONNECT":
            packet = _connect(link, body)
            self._levels[link] = packet.level
        else:
            packet = _other(link, kind, first, body, by_client=by_client, is_v5=self._levels[link] == 5)
        self.packets.append(packet)


@asynccontextmanager
async def wire_to(broker_port: int) -> AsyncIterator[Wire]:
    """Run a recording proxy to a broker on loopback for as long as the block."""
    wire = Wire()
    tasks: set[asyncio.Task[None]] = set()
    links = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal links
        link, links = links, links + 1
        try:
            from_broker, to_broker = await asyncio.open_connection("127.0.0.1", broker_port)
        except OSError:
            writer.transport.abort()
            return
        wire.open_links.add(link)
        wire._writers[link] = (writer, to_broker)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_pass_on(wire, link, reader, to_broker, by_client=True))
                both.create_task(_pass_on(wire, link, from_broker, writer, by_client=False))
        finally:
            wire.open_links.discard(link)
            del wire._writers[link]

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        wire.cut()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass_on(
    wire: Wire, link: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, by_client: bool
) -> None:
    """Read packets, keep each before it goes on, and pass on the end of the stream too."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            first = (await reader.readexactly(1))[0]
            length, head = await _length(reader)
            body = await reader.readexactly(length)
            wire.note(link, first, body, by_client=by_client)
            writer.write(bytes([first]) + head + body)
            await writer.drain()
    with contextlib.suppress(ConnectionError):
        writer.close()
        await writer.wait_closed()


async def _length(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    value, head = 0, b""
    while True:
        byte = await reader.readexactly(1)
        value |= (byte[0] & 0x7F) << (7 * len(head))
        head += byte
        if not byte[0] & 0x80:
            return value, head


class _Cursor:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        taken = self.data[self.at : self.at + count]
        self.at += count
        return taken

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def block(self) -> bytes:
        return self.take(self.number(2))

    def varint(self) -> int:
        value, shift = 0, 0
        while True:
            byte = self.number(1)
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return value
            shift += 7

    def properties(self) -> dict[int, int]:
        """Skip the properties of MQTT 5; return those of fixed width."""
        length = self.varint()
        end, found = self.at + length, dict[int, int]()
        while self.at < end:
            number = self.varint()
            if number in _WIDTHS:
                found[number] = self.number(_WIDTHS[number])
            elif number == 0x0B:
                self.varint()
            else:
                self.block()
                if number == 0x26:
                    self.block()
        return found

    def rest(self) -> bytes:
        return self.take(len(self.data) - self.at)


def _connect(link: int, body: bytes) -> Packet:
    cursor = _Cursor(body)
    assert cursor.block() == b"MQTT"
    level, flags = struct.unpack("BB", cursor.take(2))
    cursor.number(2)
    properties = cursor.properties() if level == 5 else {}
    cursor.block()
    will = None
    if flags & 0x04:
        if level == 5:
            cursor.properties()
        topic = cursor.block().decode()
        will = Sent(topic, cursor.block(), flags >> 3 & 3, bool(flags & 0x20))
    return Packet(
        link,
        True,
        "CONNECT",
        message=will,
        is_clean=bool(flags & 0x02),
        session_expiry_s=properties.get(_SESSION_EXPIRY, 0),
        level=level,
    )


def _other(link: int, kind: str, first: int, body: bytes, *, by_client: bool, is_v5: bool) -> Packet:
    cursor = _Cursor(body)
    message, filters, codes = None, (), ()
    if kind == "PUBLISH":
        topic, qos = cursor.block().decode(), first >> 1 & 3
        if qos:
            cursor.number(2)
        if is_v5:
            cursor.properties()
        message = Sent(topic, cursor.rest(), qos, bool(first & 1))
    elif kind in {"SUBSCRIBE", "SUBACK"}:
        cursor.number(2)
        if is_v5:
            cursor.properties()
        if kind == "SUBACK":
            codes = tuple(cursor.rest())
        else:
            asked: list[tuple[str, int]] = []
            while cursor.at < len(body):
                asked.append((cursor.block().decode(), cursor.number(1) & 3))
            filters = tuple(asked)
    elif kind == "DISCONNECT" and body:
        codes = (body[0],)
    return Packet(link, by_client, kind, message=message, filters=filters, codes=codes)
