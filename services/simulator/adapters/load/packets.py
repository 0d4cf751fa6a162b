"""The few MQTT 3.1.1 packets that an edge node needs, as bytes.

For the load generator alone, which keeps thousands of sessions in one event loop and counts microseconds: a session behind the transport
port has tasks, queues and a library client of its own. Pure: it opens nothing and waits for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from namespace.transport import Will

CONNACK = 0x20
PUBLISH = 0x30
SUBACK = 0x90
PINGRESP = 0xD0

PINGREQ = b"\xc0\x00"
DISCONNECT = b"\xe0\x00"

_LONGEST = 1 << 20


class BrokenStream(ValueError):
    """The broker says something that is not MQTT, or far more than an edge node asked for."""


def connect(client_id: str, will: Will, *, username: str | None, password: str | None, keepalive_s: int) -> bytes:
    """Return a CONNECT with a clean session (MQTT 3.1.1, 3.1)."""
    flags = 0x02 | 0x04 | will.qos << 3 | (0x20 if will.retain else 0)
    fields = [text(client_id), text(will.topic), len(will.payload).to_bytes(2, "big") + will.payload]
    if username is not None:
        flags |= 0x80
        fields.append(text(username))
    if password is not None:
        flags |= 0x40
        fields.append(text(password))
    body = text("MQTT") + bytes((4, flags)) + keepalive_s.to_bytes(2, "big") + b"".join(fields)
    return b"\x10" + remaining_length(len(body)) + body


def subscribe(filters: Sequence[tuple[str, int]]) -> bytes:
    """Return a SUBSCRIBE with packet identifier 1 (MQTT 3.1.1, 3.8)."""
    body = b"\x00\x01" + b"".join(text(topic_filter) + bytes((qos,)) for topic_filter, qos in filters)
    return b"\x82" + remaining_length(len(body)) + body


def publish(topic: bytes, payload: bytes) -> bytes:
    """Return a PUBLISH with QoS 0 (MQTT 3.1.1, 3.3).

    Args:
        topic: As `text` writes it.
        payload: Its content.
    """
    return b"".join((b"\x30", remaining_length(len(topic) + len(payload)), topic, payload))


def puback(packet_id: bytes) -> bytes:
    """Return the acknowledgement of a QoS 1 message (MQTT 3.1.1, 3.4)."""
    return b"\x40\x02" + packet_id


def text(value: str) -> bytes:
    """Return a string as MQTT writes it (MQTT 3.1.1, 1.5.3)."""
    data = value.encode()
    return len(data).to_bytes(2, "big") + data


@lru_cache(maxsize=65536)
def remaining_length(length: int) -> bytes:
    """Return a length as MQTT writes it (MQTT 3.1.1, 2.2.3)."""
    encoded = bytearray()
    while True:
        length, digit = divmod(length, 128)
        encoded.append(digit | 0x80 if length else digit)
        if not length:
            return bytes(encoded)


class PacketReader:
    """Cuts what a broker sends into packets."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Take bytes in; yield (first byte, body) of every packet that is complete.

        Raises:
            BrokenStream: A packet of more than 1 MiB, or a length that is none.
        """
        data = self._rest + data if self._rest else data
        position = 0
        while (framed := _frame(data, position)) is not None:
            start, end = framed
            if end > len(data):
                break
            yield data[position], data[start:end]
            position = end
        self._rest = data[position:]


def _frame(data: bytes, position: int) -> tuple[int, int] | None:
    """Where the body of the packet at `position` starts and ends; None as long as its length is incomplete."""
    length = shift = 0
    for at in range(position + 1, min(position + 5, len(data))):
        length |= (data[at] & 0x7F) << shift
        shift += 7
        if data[at] < 0x80:
            if length > _LONGEST:
                raise BrokenStream(f"a packet of {length} bytes")
            return at + 1, at + 1 + length
    if len(data) - position > 4:
        raise BrokenStream("a packet without a length")
    return None


def read_publish(first: int, body: bytes) -> tuple[str, bytes, bytes | None]:
    """Read a PUBLISH: topic, payload and, with QoS 1, its packet identifier.

    Raises:
        BrokenStream: It is cut short, or its topic is not UTF-8.
    """
    end = 2 + int.from_bytes(body[:2], "big")
    start = end + 2 if first & 0x06 else end
    if len(body) < max(start, 2):
        raise BrokenStream("a message cut short")
    try:
        topic = body[2:end].decode()
    except UnicodeDecodeError:
        raise BrokenStream("a topic that is not UTF-8") from None
    return topic, body[start:], body[end:start] or None
