"""The fast adapter where it does more than the other: it holds a broker back instead of leaving it, and tells why it leaves one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Literal

import pytest

from namespace.transport import BrokerUrl, ConnectionLost, LostReason, Message, PublishRefused
from namespace.transport.stream import StreamTransport

from .conftest import Mosquitto, MosquittoUnderTest
from .test_mqtt import CONNACK_5, CONNACK_311, LIMIT_S, read_packet, scripted_broker, until_closed

_WAITING = 500
_FLOOD = 30_000
_ONE_READ = 256 * 1024


@pytest.fixture
def stream_broker(mosquitto: Mosquitto) -> MosquittoUnderTest:
    return MosquittoUnderTest(mosquitto, 4, StreamTransport)


def to(port: int, *, protocol: Literal[4, 5] = 4) -> StreamTransport:
    return StreamTransport(BrokerUrl("127.0.0.1", port), client_id="client", protocol=protocol)


async def _all(batches: AsyncIterator[Sequence[Message]], count: int) -> tuple[list[bytes], list[int]]:
    payloads: list[bytes] = []
    sizes: list[int] = []
    async for batch in batches:
        sizes.append(len(batch))
        payloads.extend(message.payload for message in batch)
        if len(payloads) >= count:
            break
    return payloads, sizes


class TestBackPressure:
    @pytest.mark.parametrize("qos", [0, 1])
    async def test_a_flood_waits_at_the_broker_until_the_reader_is_ready(
        self, stream_broker: MosquittoUnderTest, qos: int
    ) -> None:
        """All that is kept here is what may wait and one read of the socket; nothing is lost."""
        topic, padding = stream_broker.topic, bytes(1_000)
        slow, sender = stream_broker.transport("slow", max_queued_messages=_WAITING), stream_broker.transport("sender")
        async with slow.connect() as reading, sender.connect() as sending, asyncio.timeout(LIMIT_S * 3):
            await reading.subscribe([(topic, qos)])
            for start in range(0, _FLOOD, 1_000):
                async with asyncio.TaskGroup() as group:
                    for number in range(start, start + 1_000):
                        group.create_task(sending.publish(topic, padding + b"%d" % number, qos=qos))
            payloads, sizes = await _all(reading.batches(), _FLOOD)
            assert [int(payload[len(padding) :]) for payload in payloads] == list(range(_FLOOD))
            assert max(sizes) <= _WAITING + _ONE_READ // len(padding)
            assert slow.counters.overflows == 0

    async def test_an_answer_behind_what_waits_is_heard(self, stream_broker: MosquittoUnderTest) -> None:
        topic = stream_broker.topic
        transport = stream_broker.transport("full", max_queued_messages=20)
        async with transport.connect() as full, asyncio.timeout(LIMIT_S):
            await full.subscribe([(topic, 1)])
            for _ in range(30):
                await full.publish(topic, b"x", qos=1)
            payloads, _ = await _all(full.batches(), 30)
            assert len(payloads) == 30

    async def test_a_held_back_broker_is_not_taken_for_dead(self) -> None:
        pings: list[bytes] = []

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_packet(reader)
            writer.write(CONNACK_311 + b"\x30\x04\x00\x01ta" * 5)
            pings.extend([await read_packet(reader), await read_packet(reader)])
            writer.write(b"\xd0\x00\xd0\x00\x30\x04\x00\x01tb")
            await until_closed(reader)

        async with scripted_broker(script) as port, asyncio.timeout(LIMIT_S):
            transport = StreamTransport(
                BrokerUrl("127.0.0.1", port), client_id="slow", keepalive_s=1, max_queued_messages=3
            )
            async with transport.connect() as client:
                while len(pings) < 2:  # two keep-alives without a word from the broker being read
                    await asyncio.sleep(0.05)
                payloads, _ = await _all(client.batches(), 6)
                assert payloads == [b"a"] * 5 + [b"b"]
                assert client.lost is None

    async def test_resting_between_reads_loses_nothing(self, mosquitto: Mosquitto) -> None:
        url = BrokerUrl("127.0.0.1", mosquitto.ports.anonymous)
        resting = StreamTransport(url, client_id="resting", rest_s=0.001)
        async with resting.connect() as client, asyncio.timeout(LIMIT_S):
            await client.subscribe([("rest", 1)])
            for number in range(2_000):
                await client.publish("rest", b"%d" % number)
            payloads, _ = await _all(client.batches(), 2_000)
            assert [int(payload) for payload in payloads] == list(range(2_000))


class TestHostileBroker:
    @pytest.mark.parametrize(
        ("sent", "problem"),
        [
            (b"\x30\xff\xff\xff\xff\x01", "does not end"),
            (b"\x30\xff\xff\xff\x7f", "268435455 bytes"),
            (b"\x30\x01\x00", "whole topic"),
            (b"\x34\x05\x00\x01t\x00\x01", "QoS 2"),
            (b"\x40\x00", "packet id"),
            (b"\x40\x02\x00\x00", "packet id"),
            (b"\x20\x02\x00\x00", "type 2"),
            (b"\xf7\x03abc", "type 15"),
            (b"\x10\x00", "type 1"),
            (b"\xe0\x00", "type 14"),
        ],
    )
    async def test_the_session_ends_with_the_reason_and_what_came_before_is_read(
        self, sent: bytes, problem: str
    ) -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_packet(reader)
            writer.write(CONNACK_311 + b"\x30\x04\x00\x01ta" + sent)
            await until_closed(reader)

        async with scripted_broker(script) as port, asyncio.timeout(LIMIT_S):
            async with to(port).connect() as client:
                assert await anext(client.batches()) == [Message("t", b"a", 0, retain=False)]
                with pytest.raises(ConnectionLost, match=problem) as lost:
                    await anext(client.batches())
            assert lost.value.reason is LostReason.BROKER

    @pytest.mark.parametrize("answer", [b"\x90\x02\x00\x01", b"\x90\x04\x00\x01\x00\x00"])
    async def test_a_suback_that_does_not_fit_ends_the_session(self, answer: bytes) -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_packet(reader)
            writer.write(CONNACK_311)
            await read_packet(reader)
            writer.write(answer)
            await until_closed(reader)

        async with scripted_broker(script) as port, asyncio.timeout(LIMIT_S), to(port).connect() as client:
            with pytest.raises(ConnectionLost, match="answer"):
                await client.subscribe([("t", 0)])

    async def test_an_acknowledgement_of_something_else_answers_nobody(self) -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_packet(reader)
            writer.write(CONNACK_311)
            await read_packet(reader)
            writer.write(b"\x90\x03\x00\x01\x00" + b"\xb0\x02\x00\x01" + b"\x40\x02\x00\x07")
            writer.write(b"\x40\x02\x00\x01")
            await until_closed(reader)

        async with scripted_broker(script) as port, asyncio.timeout(LIMIT_S), to(port).connect() as client:
            await client.publish("t", b"x", qos=1)
            assert client.lost is None


class TestWhatAnMqtt5BrokerAllows:
    async def test_no_more_messages_are_in_flight_than_it_takes(self) -> None:
        seen: list[bytes] = []

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_packet(reader)
            writer.write(b"\x20\x06\x00\x00\x03\x21\x00\x02")
            for _ in range(3):
                seen.extend([await read_packet(reader), await read_packet(reader)])
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05):
                        seen.append(await reader.readexactly(1))
                for packet in seen[-2:]:
                    writer.write(b"\x40\x02" + packet[5:7])
            await until_closed(reader)

        async with scripted_broker(script) as port, asyncio.timeout(LIMIT_S):
            transport = to(port, protocol=5)
            async with transport.connect() as client, asyncio.TaskGroup() as group:
                for _ in range(6):
                    group.create_task(client.publish("t", b"x", qos=1))
            assert len(seen) == 6

    async def test_what_it_does_not_take_is_refused_here(self) -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_packet(reader)
            writer.write(b"\x20\x0a\x00\x00\x07\x24\x00\x27\x00\x00\x00\x64")
            await until_closed(reader)

        async with scripted_broker(script) as port, asyncio.timeout(LIMIT_S):
            transport = to(port, protocol=5)
            async with transport.connect() as client:
                with pytest.raises(PublishRefused):
                    await client.publish("t", bytes(200))
                with pytest.raises(PublishRefused):
                    await client.publish("t", b"x", qos=1)
                await client.publish("t", b"x")
                assert client.lost is None

    async def test_the_reason_of_a_disconnect_is_told(self) -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_packet(reader)
            writer.write(CONNACK_5 + b"\xe0\x02\x8d\x00")
            await until_closed(reader)

        async with scripted_broker(script) as port, asyncio.timeout(LIMIT_S):
            transport = to(port, protocol=5)
            async with transport.connect() as client:
                with pytest.raises(ConnectionLost, match="0x8D") as lost:
                    await anext(client.batches())
            assert lost.value.reason is LostReason.KEEP_ALIVE
