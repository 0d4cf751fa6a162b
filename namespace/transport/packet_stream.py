"""From the bytes of a broker to messages: the walk over whole socket buffers that makes the fast adapter fast.

One call takes what the socket had, finds every packet in it, copies topic and payload once, and returns messages ready to be handed over.
What is not a PUBLISH is left to the session, which acts on it. It does no I/O.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from namespace.transport.mqtt_packets import MalformedPacket, read_varint
from namespace.transport.port import Message

MAX_PACKET_BYTES = 64 * 1024 * 1024
_KNOWN_TOPICS = 65_536

PacketWalk = Callable[[bytes, int, dict[bytes, str], list[Message], bool, int], tuple[int, int]]
"""The optional compiled step, `_fast/packets.c`: takes plain messages from a position on, and stops before whatever is anything else.

Its arguments are the bytes, where to begin, topics by their bytes, where messages go, whether PUBLISH packets carry properties, and how
large a packet may be. It returns where it stopped, and how many bytes of payload it took.
"""


@dataclass(slots=True)
class Arrived:
    """What a piece of the stream brought.

    Attributes:
        messages: In order.
        payload_bytes: How much they hold.
        to_acknowledge: Packet ids of QoS 1 messages, as they came.
        others: First byte and body of every other packet, in order.
        malformed: Messages skipped because their topic is not UTF-8.
        problem: What is wrong with what followed; nothing more can be read then. None where all is well.
    """

    messages: list[Message] = field(default_factory=list)
    payload_bytes: int = 0
    to_acknowledge: list[bytes] = field(default_factory=list)
    others: list[tuple[int, bytes]] = field(default_factory=list)
    malformed: int = 0
    problem: str | None = None


class PacketStream:
    """The packets of one connection.

    Args:
        is_v5: PUBLISH packets carry properties; they are passed over.
        max_packet_bytes: Largest packet that is waited for.
        walk: The compiled step for plain messages, where there is one.
    """

    def __init__(
        self, *, is_v5: bool, max_packet_bytes: int = MAX_PACKET_BYTES, walk: PacketWalk | None = None
    ) -> None:
        self._quick = walk
        self._is_v5 = is_v5
        self._max_packet_bytes = max_packet_bytes
        self._topics: dict[bytes, str] = {}
        self._begun = bytearray()
        self._missing = 0

    def take(self, data: bytes) -> Arrived:
        """Take what the socket had; an unfinished packet waits for the rest of it, without another look at it."""
        arrived = Arrived()
        if self._begun:
            self._begun += data
            self._missing -= len(data)
            if self._missing > 0:
                return arrived
            data = bytes(self._begun)
            self._begun.clear()
        try:
            quick = self._quick
            position = self._walk(data, arrived) if quick is None else self._walk_quickly(quick, data, arrived)
        except MalformedPacket as error:
            arrived.problem = str(error)
        else:
            if position < len(data):
                self._begun += data[position:]
        return arrived

    def _walk_quickly(self, quick: PacketWalk, data: bytes, arrived: Arrived) -> int:
        """Read every whole packet, plain messages by the compiled step; return where the unfinished one begins."""
        position = 0
        while True:
            position, size = quick(data, position, self._topics, arrived.messages, self._is_v5, self._max_packet_bytes)
            arrived.payload_bytes += size
            before = position
            position = self._walk(data, arrived, position, most=1)
            if position == before:
                return position

    def _walk(self, data: bytes, arrived: Arrived, position: int = 0, most: int = sys.maxsize) -> int:
        """Read whole packets from a position on, so many at most; return where the next one begins."""
        messages, topics, is_v5, new = arrived.messages, self._topics, self._is_v5, tuple.__new__
        end = len(data)
        self._missing = 1
        while position + 2 <= end and most:
            most -= 1
            first, length, body = data[position], data[position + 1], position + 2
            if length > 0x7F:
                if end < position + 5 and data[-1] > 0x7F:
                    return position  # the length itself is not all there
                length, body = read_varint(data, position + 1)
                if length > self._max_packet_bytes:
                    raise MalformedPacket(f"a packet of {length} bytes; at most {self._max_packet_bytes} are taken")
            stop = body + length
            if stop > end:
                self._missing = stop - end
                return position
            if first & 0xF0 == 0x30:
                start = after_topic = body + 2 + (data[body] << 8 | data[body + 1]) if length > 1 else body
                if start > stop or start <= body + 2:
                    raise MalformedPacket(f"a PUBLISH of {length} bytes without a whole topic")
                if first & 0x06 or is_v5:
                    start = self._after_extras(data, first, start, stop, arrived)
                topic = topics.get(data[body + 2 : after_topic]) or self._topic(data[body + 2 : after_topic], arrived)
                if topic is not None:
                    messages.append(new(Message, (topic, data[start:stop], first >> 1 & 3, first & 1 == 1)))
                    arrived.payload_bytes += stop - start
            else:
                arrived.others.append((first, data[body:stop]))
            position = stop
        return position

    def _after_extras(self, data: bytes, first: int, position: int, stop: int, arrived: Arrived) -> int:
        """Return where the payload begins, behind packet id and properties."""
        match first >> 1 & 3:
            case 0:
                pass
            case 1 if position + 2 <= stop:
                arrived.to_acknowledge.append(data[position : position + 2])
                position += 2
            case qos:
                raise MalformedPacket(f"a PUBLISH of QoS {qos} that was not asked for, or without a packet id")
        if self._is_v5:
            length, position = read_varint(data, position)
            position += length
        if position > stop:
            raise MalformedPacket("a PUBLISH that ends before its payload begins")
        return position

    def _topic(self, name: bytes, arrived: Arrived) -> str | None:
        try:
            topic = name.decode()
        except UnicodeDecodeError:
            arrived.malformed += 1
            return None
        if len(self._topics) >= _KNOWN_TOPICS:
            self._topics.clear()
        self._topics[name] = topic
        return topic
