"""The MQTT packets of a client as bytes, and the answers of a broker read: 3.1.1 and 5, QoS 0 and 1, clean sessions.

Pure functions over bytes. Which packet may come when, and what follows from it, is the business of the session; PUBLISH packets, of which
there are many, are read by `packet_stream`.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from namespace.transport.port import Will

CONNACK, PUBLISH, PUBACK, SUBACK, UNSUBACK, PINGRESP, DISCONNECT = 2, 3, 4, 9, 11, 13, 14
"""Packet types that a broker sends us, the high half of a packet's first byte (MQTT 3.1.1, 2.2.1)."""

PINGREQ = b"\xc0\x00"
FAREWELL = b"\xe0\x00"
FAREWELL_WITH_WILL = b"\xe0\x01\x04"
MAX_REMAINING_LENGTH = 268_435_455

_UINT16 = Struct(">H")
_UINT32 = Struct(">I")
_SUBSCRIBE, _UNSUBSCRIBE = 0x82, 0xA2
_REFUSALS_311 = {1: 0x84, 2: 0x85, 3: 0x88, 4: 0x86, 5: 0x87}
_NO_PROPERTIES = b"\x00"

_RECEIVE_MAXIMUM, _MAXIMUM_QOS, _MAXIMUM_PACKET_SIZE, _SERVER_KEEP_ALIVE = 0x21, 0x24, 0x27, 0x13
_BYTE, _TWO, _FOUR, _VARINT, _TEXT, _PAIR = range(6)
_PROPERTY_FORMS = {
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), _BYTE),
    **dict.fromkeys((0x13, 0x21, 0x22, 0x23), _TWO),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), _FOUR),
    0x0B: _VARINT,
    **dict.fromkeys((0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F), _TEXT),
    0x26: _PAIR,
}
"""How each property is written (MQTT 5, 2.2.2.2)."""


class MalformedPacket(Exception):
    """What came from the broker is no MQTT, or not what it may send here."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a broker says in answering CONNECT.

    Attributes:
        code: 0, or the reason of its refusal in MQTT 5 numbering.
        receive_maximum: QoS 1 messages that may wait for their acknowledgement.
        maximum_qos: Highest QoS it takes.
        maximum_packet_size: Largest packet it takes, in bytes.
        keepalive_s: Seconds between signs of life that it wants instead of ours; None where ours will do.
    """

    code: int
    receive_maximum: int = 65_535
    maximum_qos: int = 1
    maximum_packet_size: int = MAX_REMAINING_LENGTH + 5
    keepalive_s: int | None = None


def remaining_length(length: int) -> bytes:
    """Return a length as MQTT writes it (MQTT 3.1.1, 2.2.3).

    Raises:
        ValueError: It is more than a packet can hold.
    """
    if length > MAX_REMAINING_LENGTH:
        raise ValueError(f"a packet of {length} bytes is too large for MQTT")
    written = bytearray()
    while length > 0x7F:
        written.append(length & 0x7F | 0x80)
        length >>= 7
    written.append(length)
    return bytes(written)


def connect(
    client_id: str, *, is_v5: bool, keepalive_s: int, username: str | None, password: str | None, will: Will | None
) -> bytes:
    """Return a CONNECT for a clean session that ends with the connection (MQTT 3.1.1 and 5, 3.1).

    Args:
        client_id: Our name.
        is_v5: Speak MQTT 5; else 3.1.1.
        keepalive_s: Longest silence of ours, in seconds.
        username: Account, if any.
        password: Its password; 3.1.1 knows none without an account.
        will: What the broker publishes when this session ends without a DISCONNECT.

    Raises:
        ValueError: A text is too long for MQTT.
    """
    flags = 0x02
    parts = [_text(client_id)]
    if will is not None:
        flags |= 0x04 | will.qos << 3 | will.retain << 5
        parts += [_NO_PROPERTIES] if is_v5 else []
        parts += [_text(will.topic), _binary(will.payload)]
    if username is not None:
        flags |= 0x80
        parts.append(_text(username))
    if password is not None and username is not None:
        flags |= 0x40
        parts.append(_binary(password.encode()))
    head = _text("MQTT") + bytes([5 if is_v5 else 4, flags]) + _UINT16.pack(keepalive_s)
    return _packet(0x10, head + (_NO_PROPERTIES if is_v5 else b"") + b"".join(parts))


def publish(topic: bytes, payload: bytes, *, is_v5: bool, packet_id: int, retain: bool) -> bytes:
    """Return a PUBLISH, of QoS 1 where `packet_id` is not 0.

    Raises:
        ValueError: It is more than a packet can hold.
    """
    head = _UINT16.pack(len(topic)) + topic
    if packet_id:
        head += _UINT16.pack(packet_id)
    if is_v5:
        head += _NO_PROPERTIES
    first = 0x30 | (0x02 if packet_id else 0) | retain
    return b"".join((bytes((first,)), remaining_length(len(head) + len(payload)), head, payload))


def subscribe(packet_id: int, topic_filters: Sequence[tuple[str, int]], *, is_v5: bool) -> bytes:
    """Return a SUBSCRIBE."""
    filters = b"".join(_text(topic_filter) + bytes((qos,)) for topic_filter, qos in topic_filters)
    return _packet(_SUBSCRIBE, _UINT16.pack(packet_id) + (_NO_PROPERTIES if is_v5 else b"") + filters)


def unsubscribe(packet_id: int, topic_filters: Sequence[str], *, is_v5: bool) -> bytes:
    """Return an UNSUBSCRIBE."""
    filters = b"".join(map(_text, topic_filters))
    return _packet(_UNSUBSCRIBE, _UINT16.pack(packet_id) + (_NO_PROPERTIES if is_v5 else b"") + filters)


def puback(packet_id: bytes) -> bytes:
    """Return the acknowledgement of a QoS 1 message.

    Args:
        packet_id: Its two bytes, as they came.
    """
    return b"\x40\x02" + packet_id


def read_connack(body: bytes, *, is_v5: bool) -> Accepted:
    """Read the answer to CONNECT.

    Raises:
        MalformedPacket: It is none.
    """
    if len(body) == 2:
        code = body[1]
        if not is_v5 or code == 1:  # a broker that does not know MQTT 5 says so in the words of 3.1.1
            return Accepted(_REFUSALS_311.get(code, 0x80) if code else 0)
    if len(body) < 3 or not is_v5:
        raise MalformedPacket(f"a CONNACK of {len(body)} bytes")
    found = _properties(body, 2)
    receive_maximum, maximum_packet_size = found.get(_RECEIVE_MAXIMUM, 65_535), found.get(_MAXIMUM_PACKET_SIZE)
    if receive_maximum == 0 or maximum_packet_size == 0:
        raise MalformedPacket("a CONNACK that allows nothing to be sent")
    return Accepted(
        body[1],
        receive_maximum,
        found.get(_MAXIMUM_QOS, 1),
        maximum_packet_size or MAX_REMAINING_LENGTH + 5,
        found.get(_SERVER_KEEP_ALIVE),
    )


def read_packet_id(body: bytes) -> int:
    """Read what request is answered.

    Raises:
        MalformedPacket: There is none.
    """
    if len(body) < 2 or body[:2] == b"\0\0":
        raise MalformedPacket("an acknowledgement without a packet id")
    return _UINT16.unpack_from(body)[0]  # type: ignore[no-any-return]


def read_reason(body: bytes, position: int) -> int:
    """Return the reason code of a PUBACK or DISCONNECT; it is 0 where it is left out."""
    return body[position] if len(body) > position else 0


def read_suback(body: bytes, *, is_v5: bool) -> bytes:
    """Return the answers to a SUBSCRIBE, one byte for each filter.

    Raises:
        MalformedPacket: There is none.
    """
    position = 2
    if is_v5:
        length, position = read_varint(body, 2)
        position += length
    if position >= len(body):
        raise MalformedPacket("a SUBACK without an answer")
    return body[position:]


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """Read a variable byte integer (MQTT 5, 1.5.5); return it and where it ends.

    Raises:
        MalformedPacket: It does not end within four bytes, or the data end before.
    """
    value = 0
    for place in range(4):
        if position >= len(data):
            break
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, position
    raise MalformedPacket("a length that does not end")


def _properties(data: bytes, position: int) -> dict[int, int]:
    """Read a property list; return those that are numbers."""
    length, position = read_varint(data, position)
    end = position + length
    if end > len(data):
        raise MalformedPacket("properties that end after their packet")
    found: dict[int, int] = {}
    while position < end:
        identifier, position = read_varint(data, position)
        match _PROPERTY_FORMS.get(identifier):
            case 0:
                width = 1
            case 1:
                width = 2
            case 2:
                width = 4
            case 3:
                found[identifier], position = read_varint(data, position)
                continue
            case 4:
                position = _after_text(data, position)
                continue
            case 5:
                position = _after_text(data, _after_text(data, position))
                continue
            case _:
                raise MalformedPacket(f"an unknown property 0x{identifier:02X}")
        found[identifier] = int.from_bytes(data[position : position + width], "big")
        position += width
    if position != end:
        raise MalformedPacket("a property that ends after the others")
    return found


def _after_text(data: bytes, position: int) -> int:
    if position + 2 > len(data):
        raise MalformedPacket("a text that ends after its packet")
    return position + 2 + int(_UINT16.unpack_from(data, position)[0])


def _packet(first: int, body: bytes) -> bytes:
    return bytes((first,)) + remaining_length(len(body)) + body


def _text(text: str) -> bytes:
    return _binary(text.encode())


def _binary(data: bytes) -> bytes:
    if len(data) > 0xFFFF:
        raise ValueError(f"a field of {len(data)} bytes is too long for MQTT; at most 65,535")
    return _UINT16.pack(len(data)) + data
