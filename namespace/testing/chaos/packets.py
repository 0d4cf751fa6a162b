"""Where one MQTT packet ends and the next begins, and which of them a network may lose unseen.

Within a TCP connection nothing is lost; what gets lost is whole messages, at a broker whose queue for a slow client is full. So a proxy
that loses messages must know their borders, and may take those of QoS 0 alone: of any other the sender would hear.
"""

from __future__ import annotations

_PUBLISH, _QOS_BITS = 0x30, 0x06
_LONGEST_LENGTH = 4


class PacketStream:
    """Cuts one direction of an MQTT connection into packets (MQTT 3.1.1, 2.2)."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._is_opaque = False

    def feed(self, data: bytes) -> list[bytes]:
        """Take in what was read; return the packets that are complete now, each whole.

        What is no MQTT comes back as it is, and so does all that follows.
        """
        self._rest += data
        packets: list[bytes] = []
        begin = 0
        while not self._is_opaque and (end := self._end(begin)) is not None:
            packets.append(bytes(self._rest[begin:end]))
            begin = end
        if self._is_opaque:
            packets.append(bytes(self._rest[begin:]))
            begin = len(self._rest)
        del self._rest[:begin]
        return packets

    def _end(self, begin: int) -> int | None:
        length = 0
        for place in range(_LONGEST_LENGTH):
            at = begin + 1 + place
            if at >= len(self._rest):
                return None
            length |= (self._rest[at] & 0x7F) << (7 * place)
            if self._rest[at] < 0x80:
                end = at + 1 + length
                return end if end <= len(self._rest) else None
        self._is_opaque = True
        return None


def may_get_lost(packet: bytes) -> bool:
    """Tell whether a packet is a PUBLISH with QoS 0 (MQTT 3.1.1, 3.3.1)."""
    return packet[0] & 0xF0 == _PUBLISH and not packet[0] & _QOS_BITS
