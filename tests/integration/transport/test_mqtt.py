"""The MQTT adapters where the in-memory broker has no counterpart: the bytes of CONNECT, TLS, broken and silent brokers."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Literal

import pytest

from namespace.transport import (
    BrokerUnreachable,
    BrokerUrl,
    BrokerUrlError,
    Connection,
    ConnectionLost,
    ConnectRefused,
    LostReason,
    PublishRefused,
    RefusalReason,
    Will,
)
from namespace.transport.mqtt import MqttTransport
from namespace.transport.stream import StreamTransport

from .conftest import PASSWORDS, WRITER, Adapter, MosquittoUnderTest

LIMIT_S = 20.0
SHORT_S = 0.3
CONNACK_311 = b"\x20\x02\x00\x00"
CONNACK_5 = b"\x20\x03\x00\x00\x00"

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def scripted_broker(script: Script) -> AsyncIterator[int]:
    """A TCP server on a free port that follows a script with each client."""
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            try:
                await script(reader, writer)
            finally:
                writer.close()
                await writer.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.ensure_future(talk(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
        if talks:
            await asyncio.wait(talks, timeout=LIMIT_S)
    finally:
        server.close()
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def read_packet(reader: asyncio.StreamReader) -> bytes:
    """One whole MQTT packet of less than 128 bytes."""
    head = await reader.readexactly(2)
    return head + await reader.readexactly(head[1])


async def until_closed(reader: asyncio.StreamReader) -> None:
    while await reader.read(65_536):
        pass


def transport(
    adapter: Adapter, port: int, *, protocol: Literal[4, 5] = 4, keepalive_s: int = 30
) -> MqttTransport | StreamTransport:
    url = BrokerUrl("127.0.0.1", port)
    return adapter(url, client_id="client", protocol=protocol, keepalive_s=keepalive_s, connect_timeout_s=SHORT_S)


class TestConnect:
    async def test_connect_3_1_1_asks_for_a_clean_session_and_carries_the_will(self, adapter: Adapter) -> None:
        packets: list[bytes] = []

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            packets.append(await read_packet(reader))
            writer.write(CONNACK_311)
            packets.append(await read_packet(reader))

        async with scripted_broker(script) as port:
            mqtt = transport(adapter, port, keepalive_s=17)
            for number in range(2):
                async with mqtt.connect(will=Will("w", b"%d" % number, qos=1, retain=True)):
                    pass
        flags = 0x02 | 0x04 | 0x08 | 0x20  # clean session, Will, Will QoS 1, Will retain
        expected = [
            b"\x10\x18\x00\x04MQTT\x04" + bytes([flags]) + b"\x00\x11\x00\x06client\x00\x01w\x00\x01" + number
            for number in (b"0", b"1")
        ]
        assert packets == [expected[0], b"\xe0\x00", expected[1], b"\xe0\x00"]

    async def test_connect_5_asks_for_a_clean_start_and_leaves_with_the_will_on_request(self, adapter: Adapter) -> None:
        packets: list[bytes] = []

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            packets.append(await read_packet(reader))
            writer.write(CONNACK_5)
            packets.append(await read_packet(reader))

        async with scripted_broker(script) as port:
            for _ in range(2):
                async with transport(adapter, port, protocol=5).connect(will=Will("w", b"", qos=0)) as connection:
                    await connection.disconnect(with_will=True)
        connect = b"\x10\x00\x00\x04MQTT\x05\x06\x00\x1e\x00" + b"\x00\x06client" + b"\x00\x00\x01w\x00\x00"
        connect = connect[:1] + bytes([len(connect) - 2]) + connect[2:]
        assert packets == [connect, b"\xe0\x01\x04"] * 2

    @pytest.mark.parametrize("protocol", [4, 5])
    async def test_what_was_published_before_leaving_with_the_will_reaches_a_broker_that_was_busy(
        self, adapter: Adapter, protocol: Literal[4, 5]
    ) -> None:
        written, published = bytearray(), 0
        leaves = asyncio.Event()

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_packet(reader)
            writer.write(CONNACK_311 if protocol == 4 else CONNACK_5)
            await leaves.wait()
            while part := await reader.read(64 * 1024):
                written.extend(part)

        async def publish(connection: Connection) -> None:
            nonlocal published
            with contextlib.suppress(ConnectionLost):
                while True:
                    await connection.publish("t", b"%08d" % published + bytes(8_000))
                    published += 1

        async with scripted_broker(script) as port:
            url = BrokerUrl("127.0.0.1", port)
            async with adapter(url, client_id="client", protocol=protocol).connect(will=Will("w", b"")) as connection:
                publisher, before = asyncio.create_task(publish(connection)), -1
                while published > before:  # until nothing more is taken
                    before = published
                    await asyncio.sleep(0.1)
                leaves.set()
                await connection.disconnect(with_will=True)
                await publisher
        arrived = [int(number) for number in re.findall(rb"t\0?(\d{8})\0", written)]
        assert arrived[:published] == list(range(published))
        assert written.endswith(b"\0\xe0\x01\x04") is (protocol == 5)

    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            (2, RefusalReason.CLIENT_ID),
            (3, RefusalReason.UNAVAILABLE),
            (4, RefusalReason.BAD_CREDENTIALS),
            (5, RefusalReason.NOT_AUTHORISED),
        ],
    )
    async def test_each_refusal_of_3_1_1_is_told_apart(
        self, adapter: Adapter, code: int, reason: RefusalReason
    ) -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_packet(reader)
            writer.write(bytes([0x20, 0x02, 0x00, code]))
            await until_closed(reader)

        async with scripted_broker(script) as port:
            with pytest.raises(ConnectRefused) as refused:
                async with transport(adapter, port).connect():
                    pass
            assert refused.value.reason is reason
            assert refused.value.transient == (reason is RefusalReason.UNAVAILABLE)

    async def test_a_broker_that_says_nothing_is_unreachable_in_time(self, adapter: Adapter) -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await until_closed(reader)

        async with scripted_broker(script) as port, asyncio.timeout(LIMIT_S):
            with pytest.raises(BrokerUnreachable):
                async with transport(adapter, port).connect():
                    pass

    @pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20\xff\xff\xff\xff\xff"])
    async def test_a_server_that_is_no_broker_is_unreachable(self, adapter: Adapter, answer: bytes) -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_packet(reader)
            writer.write(answer)

        async with scripted_broker(script) as port, asyncio.timeout(LIMIT_S):
            with pytest.raises(BrokerUnreachable):
                async with transport(adapter, port).connect():
                    pass

    async def test_an_unresolvable_name_is_unreachable(self, adapter: Adapter) -> None:
        mqtt = adapter(BrokerUrl("a" * 70 + ".invalid", 1883), client_id="client", allow_plaintext=True)
        with pytest.raises(BrokerUnreachable):
            async with mqtt.connect():
                pass

    async def test_cancelling_connect_leaves_no_session_behind(self, adapter: Adapter) -> None:
        greeted = asyncio.Event()
        gone = asyncio.Event()

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_packet(reader)
            greeted.set()
            await until_closed(reader)
            gone.set()

        async def live() -> None:
            async with adapter(BrokerUrl("127.0.0.1", port), client_id="client").connect():
                raise AssertionError("connected without a CONNACK")

        async with scripted_broker(script) as port, asyncio.timeout(LIMIT_S):
            task = asyncio.create_task(live())
            await greeted.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await gone.wait()

    async def test_cancelling_connect_at_once_leaves_no_session_behind(self, adapter: Adapter) -> None:
        begun: list[int] = []
        ended: list[int] = []
        last_was_heard = asyncio.Event()

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            begun.append(1)
            try:
                if await reader.read(1) == b"!":
                    last_was_heard.set()
                await until_closed(reader)
            finally:
                ended.append(1)

        async def live() -> None:
            async with adapter(BrokerUrl("127.0.0.1", port), client_id="client").connect():
                raise AssertionError("connected without a CONNACK")

        async with asyncio.timeout(LIMIT_S):
            async with scripted_broker(script) as port:
                task = asyncio.create_task(live())
                await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                await asyncio.get_running_loop().shutdown_default_executor()  # a connecting thread has ended
                _, last = await asyncio.open_connection("127.0.0.1", port)  # connections are accepted in order
                last.write(b"!")
                await last_was_heard.wait()
                last.close()
            assert begun == ended

    def test_plaintext_to_another_machine_must_be_allowed(self, adapter: Adapter) -> None:
        url = BrokerUrl.parse("mqtt://user:secret@broker.example")
        with pytest.raises(BrokerUrlError, match="mqtts://") as refused:
            adapter(url, client_id="client")
        assert "secret" not in str(refused.value)
        adapter(url, client_id="client", allow_plaintext=True)


class TestTls:
    async def test_a_trusted_broker_is_spoken_to(self, real_broker: MosquittoUnderTest) -> None:
        payload = bytes(200_000)
        async with real_broker.encrypted("client", trusted=True).connect() as client, asyncio.timeout(LIMIT_S):
            await client.subscribe([(real_broker.topic, 1)])
            for _ in range(20):
                await client.publish(real_broker.topic, payload)
            taken = 0
            async for batch in client.batches():
                assert all(message.payload == payload for message in batch)
                taken += len(batch)
                if taken == 20:
                    break

    async def test_an_untrusted_broker_is_not(self, real_broker: MosquittoUnderTest) -> None:
        with pytest.raises(BrokerUnreachable, match="certificate"):
            async with real_broker.encrypted("client", trusted=False).connect():
                pass

    async def test_tls_to_a_plaintext_port_is_unreachable(
        self, adapter: Adapter, real_broker: MosquittoUnderTest
    ) -> None:
        url = BrokerUrl("127.0.0.1", real_broker.mosquitto.ports.anonymous, tls=True)
        with pytest.raises(BrokerUnreachable):
            async with adapter(url, client_id="client", connect_timeout_s=LIMIT_S).connect():
                pass


class TestRealBroker:
    async def test_mqtt_5_tells_of_a_refused_message(self, mosquitto5: MosquittoUnderTest) -> None:
        mqtt = mosquitto5.account("client", WRITER, PASSWORDS[WRITER])
        async with mqtt.connect() as client:
            with pytest.raises(PublishRefused) as refused:
                await client.publish("closed/forbidden", b"", qos=1)
            assert refused.value.topic == "closed/forbidden"
            await client.publish(mosquitto5.topic, b"", qos=1)

    async def test_publishing_faster_than_the_network_waits_and_loses_nothing(
        self, real_broker: MosquittoUnderTest
    ) -> None:
        payload = bytes(2_000_000)
        observer, sender = real_broker.transport("observer"), real_broker.transport("sender")
        async with observer.connect() as observing, sender.connect() as sending, asyncio.TaskGroup() as group:
            await observing.subscribe([(real_broker.topic, 0)])
            for number in range(12):
                group.create_task(sending.publish(real_broker.topic, payload + b"%d" % number))
            taken: list[bytes] = []
            async with asyncio.timeout(LIMIT_S):
                async for batch in observing.batches():
                    taken.extend(message.payload[len(payload) :] for message in batch)
                    if len(taken) == 12:
                        break
            assert taken == [b"%d" % number for number in range(12)]


class TestBrokenBroker:
    async def test_a_broker_that_closes_ends_the_session(self, adapter: Adapter) -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_packet(reader)
            writer.write(CONNACK_311 + b"\x30\x04\x00\x01ta")

        async with scripted_broker(script) as port, transport(adapter, port).connect() as client:
            async with asyncio.timeout(LIMIT_S):
                assert [message.payload for message in await anext(client.batches())] == [b"a"]
                with pytest.raises(ConnectionLost) as lost:
                    await anext(client.batches())
            assert lost.value.reason is LostReason.BROKER
            assert client.lost is LostReason.BROKER

    async def test_an_mqtt_5_broker_can_tell_that_the_client_id_was_taken_over(self, adapter: Adapter) -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_packet(reader)
            writer.write(CONNACK_5 + b"\xe0\x01\x8e")
            await until_closed(reader)

        async with scripted_broker(script) as port, asyncio.timeout(LIMIT_S):
            async with transport(adapter, port, protocol=5).connect() as client:
                with pytest.raises(ConnectionLost) as lost:
                    await anext(client.batches())
            assert lost.value.reason is LostReason.TAKEN_OVER

    async def test_a_missing_acknowledgement_ends_the_session_in_time(self, adapter: Adapter) -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_packet(reader)
            writer.write(CONNACK_311)
            await until_closed(reader)

        async with scripted_broker(script) as port, asyncio.timeout(LIMIT_S):
            async with transport(adapter, port).connect() as client:
                with pytest.raises(ConnectionLost) as lost:
                    await client.publish("t", b"x", qos=1, timeout_s=SHORT_S)
                assert lost.value.reason is LostReason.TIMEOUT
            async with transport(adapter, port).connect() as client:
                with pytest.raises(ConnectionLost) as lost:
                    await client.subscribe([("t", 0)])
                assert lost.value.reason is LostReason.TIMEOUT
                assert client.lost is LostReason.TIMEOUT

    async def test_a_broker_that_stops_reading_ends_the_session_in_time(self, adapter: Adapter) -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_packet(reader)
            writer.write(CONNACK_311)
            await given_up.wait()

        given_up = asyncio.Event()
        async with (
            scripted_broker(script) as port,
            asyncio.timeout(LIMIT_S),
            transport(adapter, port).connect() as client,
        ):
            with pytest.raises(ConnectionLost) as lost:
                await client.publish("t", bytes(30_000_000), timeout_s=SHORT_S)
            given_up.set()
            assert lost.value.reason is LostReason.TIMEOUT

    async def test_what_waits_for_the_broker_fails_with_the_session(self, adapter: Adapter) -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_packet(reader)
            writer.write(CONNACK_311)
            await read_packet(reader)
            await read_packet(reader)
            await read_packet(reader)

        async with (
            scripted_broker(script) as port,
            asyncio.timeout(LIMIT_S),
            transport(adapter, port).connect() as client,
        ):
            waiting = [
                asyncio.ensure_future(client.publish("t", b"x", qos=1)),
                asyncio.ensure_future(client.subscribe([("t", 0)])),
                asyncio.ensure_future(client.unsubscribe(["t"])),
            ]
            results = await asyncio.gather(*waiting, return_exceptions=True)
            assert [type(result) for result in results] == [ConnectionLost] * 3

    async def test_a_topic_that_is_not_utf_8_is_skipped_and_counted(self, adapter: Adapter) -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_packet(reader)
            writer.write(CONNACK_311 + b"\x30\x04\x00\x01\xffa" + b"\x30\x04\x00\x01tb")
            await until_closed(reader)

        async with scripted_broker(script) as port, asyncio.timeout(LIMIT_S):
            mqtt = transport(adapter, port)
            async with mqtt.connect() as client:
                assert [message.payload for message in await anext(client.batches())] == [b"b"]
            assert mqtt.counters.malformed == 1

    @pytest.mark.parametrize(
        "garbage", [b"\x30\xff\xff\xff\xff\xff", b"\x30\x01\x00", b"\x30\x02\x00\x09", b"\xf7\x03abc", b"\x40\x00"]
    )
    async def test_a_malformed_packet_ends_the_session(self, adapter: Adapter, garbage: bytes) -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_packet(reader)
            writer.write(CONNACK_311 + garbage)
            await until_closed(reader)

        async with (
            scripted_broker(script) as port,
            asyncio.timeout(LIMIT_S),
            transport(adapter, port).connect() as client,
        ):
            with pytest.raises(ConnectionLost):
                await anext(client.batches())
            assert client.lost is LostReason.BROKER

    async def test_a_silent_broker_is_found_by_the_keep_alive(self, adapter: Adapter) -> None:
        pings: list[bytes] = []

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_packet(reader)
            writer.write(CONNACK_311)
            pings.append(await read_packet(reader))
            await until_closed(reader)

        async with scripted_broker(script) as port, asyncio.timeout(LIMIT_S):
            async with transport(adapter, port, keepalive_s=1).connect() as client:
                with pytest.raises(ConnectionLost) as lost:
                    await anext(client.batches())
            assert pings == [b"\xc0\x00"]
            assert lost.value.reason is LostReason.KEEP_ALIVE
