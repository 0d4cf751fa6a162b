"""The walk over socket buffers: however the bytes are cut up, the same messages; whatever a hostile broker sends, an end with a reason."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from namespace.transport import Message, mqtt_packets
from namespace.transport.mqtt_packets import MalformedPacket, read_connack, remaining_length
from namespace.transport.packet_stream import Arrived, PacketStream

_TOPICS = st.text(st.characters(codec="utf-8", exclude_characters="\0+#"), min_size=1, max_size=40)
_MESSAGES = st.lists(
    st.builds(Message, _TOPICS, st.binary(max_size=300), st.integers(0, 1), st.booleans()), min_size=1, max_size=12
)


def _wire(messages: list[Message], *, is_v5: bool) -> bytes:
    return b"".join(
        mqtt_packets.publish(
            message.topic.encode(),
            message.payload,
            is_v5=is_v5,
            packet_id=number if message.qos else 0,
            retain=message.retain,
        )
        for number, message in enumerate(messages, 1)
    )


def _read(stream: PacketStream, pieces: list[bytes]) -> Arrived:
    total = Arrived()
    for piece in pieces:
        arrived = stream.take(piece)
        total.messages += arrived.messages
        total.to_acknowledge += arrived.to_acknowledge
        total.others += arrived.others
        total.payload_bytes += arrived.payload_bytes
        total.malformed += arrived.malformed
        total.problem = total.problem or arrived.problem
    return total


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_MESSAGES, st.booleans(), st.randoms(use_true_random=False))
def test_however_the_stream_is_cut_up_the_messages_are_the_same(
    messages: list[Message], is_v5: bool, rng: random.Random
) -> None:
    wire = _wire(messages, is_v5=is_v5) + b"\xd0\x00"
    cuts = sorted(rng.choices(range(len(wire) + 1), k=rng.randrange(12)))
    pieces = [wire[start:stop] for start, stop in pairwise([0, *cuts, len(wire)])]
    arrived = _read(PacketStream(is_v5=is_v5), pieces)
    assert arrived.messages == messages
    assert arrived.payload_bytes == sum(len(message.payload) for message in messages)
    assert [int.from_bytes(packet_id, "big") for packet_id in arrived.to_acknowledge] == [
        number for number, message in enumerate(messages, 1) if message.qos
    ]
    assert (arrived.others, arrived.problem) == ([(0xD0, b"")], None)


def test_a_message_byte_by_byte_is_whole() -> None:
    message = Message("t", bytes(range(256)) * 80, 1, retain=True)
    arrived = _read(PacketStream(is_v5=True), [bytes((byte,)) for byte in _wire([message], is_v5=True)])
    assert arrived.messages == [message]


def test_properties_of_a_message_are_passed_over() -> None:
    properties = b"\x26\x00\x01k\x00\xc8" + bytes(200)
    body = b"\x00\x01t" + remaining_length(len(properties)) + properties + b"payload"
    arrived = PacketStream(is_v5=True).take(b"\x30" + remaining_length(len(body)) + body)
    assert arrived.messages == [Message("t", b"payload", 0, retain=False)]


@pytest.mark.parametrize(
    ("wire", "is_v5", "problem"),
    [
        (b"\x30\xff\xff\xff\xff\x01", False, "does not end"),
        (b"\x30\x81\x80\x80\x80\x00", False, "does not end"),
        (b"\x30\xff\xff\xff\x7f", False, "268435455 bytes"),
        (b"\x30\x00", False, "whole topic"),
        (b"\x30\x02\x00\x00", False, "whole topic"),
        (b"\x30\x03\x00\x02t", False, "whole topic"),
        (b"\x34\x05\x00\x01t\x00\x01", False, "QoS 2"),
        (b"\x36\x05\x00\x01t\x00\x01", False, "QoS 3"),
        (b"\x32\x04\x00\x01t\x00", False, "packet id"),
        (b"\x30\x03\x00\x01t", True, "does not end"),
        (b"\x30\x04\x00\x01t\x05", True, "before its payload"),
    ],
)
def test_a_broken_packet_is_named_and_what_came_before_it_is_there(wire: bytes, is_v5: bool, problem: str) -> None:
    before = Message("before", b"1", 0, retain=False)
    arrived = PacketStream(is_v5=is_v5).take(_wire([before], is_v5=is_v5) + wire)
    assert arrived.messages == [before]
    assert arrived.problem is not None
    assert problem in arrived.problem


@pytest.mark.parametrize(
    "body", [b"", b"\0", b"\0\0\0\0", b"\0\0\x03\x21\0", b"\0\0\x02\x7f\0", b"\0\0\x03\x21\0\0", b"\0\0\x04\x1f\0\x09a"]
)
def test_a_broken_answer_to_connect_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedPacket):
        read_connack(body, is_v5=body != b"\0\0\0\0")


def test_what_an_mqtt_5_broker_allows_is_taken_note_of() -> None:
    told = b"\x21\x00\x05\x24\x00\x27\x00\x00\x10\x00\x13\x00\x07\x1f\x00\x02hi\x26\x00\x01k\x00\x01v"
    accepted = read_connack(b"\x00\x00" + remaining_length(len(told)) + told, is_v5=True)
    assert (accepted.code, accepted.receive_maximum, accepted.maximum_qos) == (0, 5, 0)
    assert (accepted.maximum_packet_size, accepted.keepalive_s) == (4096, 7)
