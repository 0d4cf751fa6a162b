"""What every adapter of the transport port must do, on the in-memory broker and on a real Mosquitto."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

import pytest

from namespace.transport import (
    BrokerUnreachable,
    Connection,
    ConnectionLost,
    ConnectRefused,
    LostReason,
    Message,
    RefusalReason,
    SubscribeRefused,
    TopicFilterError,
    Transport,
    Will,
)

from .conftest import DENIED_FILTER, PASSWORDS, READER, WRITER, BrokerUnderTest

LIMIT_S = 20.0
T = TypeVar("T")


async def in_time(awaitable: Awaitable[T]) -> T:
    async with asyncio.timeout(LIMIT_S):
        return await awaitable


async def take(connection: Connection, count: int) -> list[Message]:
    """Read exactly `count` messages; more of them in the last batch are a failure."""

    async def read() -> list[Message]:
        taken: list[Message] = []
        async for batch in connection.batches():
            taken.extend(batch)
            if len(taken) >= count:
                break
        return taken

    taken = await in_time(read())
    assert len(taken) == count
    return taken


async def rest(connection: Connection) -> tuple[list[Message], ConnectionLost]:
    """Read until the session is over."""

    async def read() -> tuple[list[Message], ConnectionLost]:
        taken: list[Message] = []
        try:
            async for batch in connection.batches():
                taken.extend(batch)
        except ConnectionLost as lost:
            return taken, lost
        raise AssertionError("the messages ended without a ConnectionLost")

    return await in_time(read())


async def retained_below(transport: Transport, topic_filter: str, end: str) -> list[Message]:
    """What a new subscriber gets at once; `end` is a topic outside the filter, to see where it ends."""
    async with transport.connect() as connection:
        await connection.subscribe([(topic_filter, 1), (end, 1)])
        await connection.publish(end, b"end", qos=1)
        taken: list[Message] = []

        async def read() -> None:
            async for batch in connection.batches():
                taken.extend(batch)
                if taken[-1].topic == end:
                    return

        await in_time(read())
        return [message for message in taken if message.topic != end]


@pytest.fixture
def topic(broker: BrokerUnderTest) -> str:
    return broker.topic


@pytest.fixture
async def observer(broker: BrokerUnderTest, topic: str) -> AsyncIterator[Connection]:
    """A second client that hears everything below the test's topic."""
    async with broker.transport("observer").connect() as connection:
        await connection.subscribe([(f"{topic}/#", 1)])
        yield connection


class TestMessages:
    @pytest.mark.parametrize("qos", [0, 1])
    async def test_a_message_reaches_its_subscriber(
        self, broker: BrokerUnderTest, topic: str, observer: Connection, qos: int
    ) -> None:
        async with broker.transport("sender").connect() as sender:
            await sender.publish(f"{topic}/a", b"\x00\xff", qos=qos)
            assert await take(observer, 1) == [Message(f"{topic}/a", b"\x00\xff", qos, retain=False)]

    @pytest.mark.parametrize(("published", "subscribed", "delivered"), [(0, 1, 0), (1, 0, 0), (1, 1, 1)])
    async def test_the_lower_qos_counts(
        self, broker: BrokerUnderTest, topic: str, published: int, subscribed: int, delivered: int
    ) -> None:
        async with broker.transport("client").connect() as client:
            await client.subscribe([(topic, subscribed)])
            await client.publish(topic, b"x", qos=published)
            assert (await take(client, 1))[0].qos == delivered

    async def test_order_is_kept(self, broker: BrokerUnderTest, topic: str, observer: Connection) -> None:
        async with broker.transport("sender").connect() as sender:
            for number in range(500):
                await sender.publish(f"{topic}/{number % 3}", str(number).encode())
            assert [int(message.payload) for message in await take(observer, 500)] == list(range(500))

    async def test_what_has_queued_up_comes_as_one_batch(
        self, broker: BrokerUnderTest, topic: str, observer: Connection
    ) -> None:
        async with broker.transport("sender").connect() as sender, broker.transport("witness").connect() as witness:
            await witness.subscribe([(f"{topic}/#", 1)])
            sizes: list[int] = []
            await sender.publish(f"{topic}/a", b"first")
            async for batch in observer.batches():
                sizes.append(len(batch))
                if sum(sizes) == 401:
                    break
                if len(sizes) == 1:
                    for _ in range(400):
                        await sender.publish(f"{topic}/a", b"x")
                    await take(
                        witness, 401
                    )  # then the broker has written them to the observer too, who was not reading
            assert max(sizes) > 20

    async def test_a_large_payload_arrives_whole(
        self, broker: BrokerUnderTest, topic: str, observer: Connection
    ) -> None:
        payload = bytes(range(256)) * 4096 * 4
        async with broker.transport("sender").connect() as sender:
            await in_time(sender.publish(f"{topic}/a", payload))
            await sender.publish(f"{topic}/b", b"after it", qos=1)
            large, small = await take(observer, 2)
            assert large.payload == payload
            assert small.payload == b"after it"

    async def test_many_publishers_at_once_share_a_connection(
        self, broker: BrokerUnderTest, topic: str, observer: Connection
    ) -> None:
        async with broker.transport("sender").connect() as sender, asyncio.TaskGroup() as group:
            for number in range(100):
                group.create_task(sender.publish(f"{topic}/a", str(number).encode(), qos=number % 2))
            numbers = {int(message.payload) for message in await take(observer, 100)}
            assert numbers == set(range(100))

    async def test_a_session_hears_itself(self, broker: BrokerUnderTest, topic: str) -> None:
        async with broker.transport("client").connect() as client:
            await client.subscribe([(topic, 0)])
            await client.publish(topic, b"echo")
            assert (await take(client, 1))[0].payload == b"echo"

    async def test_nothing_comes_after_unsubscribe(self, broker: BrokerUnderTest, topic: str) -> None:
        async with broker.transport("client").connect() as client:
            await client.subscribe([(f"{topic}/a", 0), (f"{topic}/b", 0)])
            await client.unsubscribe([f"{topic}/a"])
            await client.publish(f"{topic}/a", b"no")
            await client.publish(f"{topic}/b", b"yes")
            assert [message.payload for message in await take(client, 1)] == [b"yes"]

    @pytest.mark.parametrize("bad", ["", "a/+", "#", "a\0b"])
    async def test_a_topic_that_cannot_be_published_to_is_a_local_error(
        self, broker: BrokerUnderTest, topic: str, bad: str, observer: Connection
    ) -> None:
        async with broker.transport("client").connect() as client:
            with pytest.raises(TopicFilterError):
                await client.publish(bad, b"x")
            await client.publish(f"{topic}/fine", b"still works", qos=1)
            assert len(await take(observer, 1)) == 1

    async def test_bad_filters_and_qos_are_local_errors(self, broker: BrokerUnderTest, topic: str) -> None:
        async with broker.transport("client").connect() as client:
            with pytest.raises(TopicFilterError):
                await client.subscribe([("a/#/b", 0)])
            with pytest.raises(TopicFilterError):
                await client.unsubscribe(["a+"])
            with pytest.raises(ValueError, match="QoS 2"):
                await client.subscribe([(topic, 2)])
            with pytest.raises(ValueError, match="QoS 2"):
                await client.publish(topic, b"", qos=2)
            with pytest.raises(ValueError, match="too large"):
                await client.publish(topic, bytes(268_435_456))
            assert client.lost is None
            await client.publish(topic, b"", qos=1)


class TestWildcards:
    async def test_plus_is_one_level_and_hash_all_below(self, broker: BrokerUnderTest, topic: str) -> None:
        async with broker.transport("client").connect() as client:
            await client.subscribe([(f"{topic}/+/x", 0), (f"{topic}/deep/#", 0)])
            for end in ["a/x", "a/b/x", "a/y", "deep", "deep/er/still", "end/x"]:
                await client.publish(f"{topic}/{end}", b"")
            got = [message.topic.removeprefix(f"{topic}/") for message in await take(client, 4)]
            assert got == ["a/x", "deep", "deep/er/still", "end/x"]

    async def test_overlapping_subscriptions_lose_nothing(self, broker: BrokerUnderTest, topic: str) -> None:
        """Brokers differ in the number of copies and their QoS (MQTT 3.1.1, 3.3.5 allows several)."""
        async with broker.transport("client").connect() as client:
            await client.subscribe([(f"{topic}/#", 0), (f"{topic}/+", 1), (f"{topic}/a", 0)])
            await client.publish(f"{topic}/a", b"", qos=1)
            await client.publish(f"{topic}/end/of/test", b"", qos=1)
            topics: set[str] = set()
            while f"{topic}/end/of/test" not in topics:
                topics |= {message.topic for message in await in_time(anext(client.batches()))}
            assert f"{topic}/a" in topics

    async def test_wildcards_leave_dollar_topics_alone(self, broker: BrokerUnderTest, topic: str) -> None:
        async with broker.transport("client").connect() as client:
            await client.subscribe([("#", 0), ("+/monitor", 0)])
            await client.publish(f"{topic}/a", b"mine", qos=1)
            while True:
                batch = await in_time(anext(client.batches()))
                assert not [message for message in batch if message.topic.startswith("$")]
                if any(message.topic == f"{topic}/a" for message in batch):
                    break


class TestRetained:
    async def test_a_new_subscriber_gets_the_last_retained_message(self, broker: BrokerUnderTest, topic: str) -> None:
        async with broker.transport("sender").connect() as sender:
            await sender.publish(f"{topic}/a", b"old", qos=1, retain=True)
            await sender.publish(f"{topic}/a", b"new", qos=1, retain=True)
            await sender.publish(f"{topic}/a", b"passing", qos=1)
        got = await retained_below(broker.transport("late"), f"{topic}/a", f"{topic}/end")
        assert got == [Message(f"{topic}/a", b"new", 1, retain=True)]

    async def test_a_wildcard_gets_all_that_match(self, broker: BrokerUnderTest, topic: str) -> None:
        async with broker.transport("sender").connect() as sender:
            for name in ["s/a/x", "s/b/x", "s/b/y"]:
                await sender.publish(f"{topic}/{name}", b"v", qos=1, retain=True)
        got = await retained_below(broker.transport("late"), f"{topic}/s/+/x", f"{topic}/end")
        assert {message.topic for message in got} == {f"{topic}/s/a/x", f"{topic}/s/b/x"}
        assert all(message.retain for message in got)

    async def test_an_empty_payload_clears(self, broker: BrokerUnderTest, topic: str) -> None:
        async with broker.transport("sender").connect() as sender:
            await sender.publish(f"{topic}/s/a", b"v", qos=1, retain=True)
            await sender.publish(f"{topic}/s/b", b"v", qos=1, retain=True)
            await sender.publish(f"{topic}/s/a", b"", qos=1, retain=True)
        got = await retained_below(broker.transport("late"), f"{topic}/s/#", f"{topic}/end")
        assert [message.topic for message in got] == [f"{topic}/s/b"]

    async def test_a_present_subscriber_sees_no_retain_flag(
        self, broker: BrokerUnderTest, topic: str, observer: Connection
    ) -> None:
        async with broker.transport("sender").connect() as sender:
            await sender.publish(f"{topic}/a", b"v", qos=1, retain=True)
        assert [message.retain for message in await take(observer, 1)] == [False]

    async def test_subscribing_again_delivers_retained_messages_again(
        self, broker: BrokerUnderTest, topic: str
    ) -> None:
        async with broker.transport("client").connect() as client:
            await client.publish(f"{topic}/a", b"v", qos=1, retain=True)
            for _ in range(2):
                await client.subscribe([(f"{topic}/a", 1)])
                assert [message.retain for message in await take(client, 1)] == [True]


class TestEndOfASession:
    async def test_abort_publishes_the_will(self, broker: BrokerUnderTest, topic: str, observer: Connection) -> None:
        will = Will(f"{topic}/will", b"gone", qos=1, retain=True)
        async with broker.transport("client").connect(will=will) as client:
            await client.abort()
            assert client.lost is LostReason.ABORTED
            assert await take(observer, 1) == [Message(f"{topic}/will", b"gone", 1, retain=False)]
        got = await retained_below(broker.transport("late"), f"{topic}/will", f"{topic}/end")
        assert got == [Message(f"{topic}/will", b"gone", 1, retain=True)]

    async def test_leaving_normally_publishes_no_will(
        self, broker: BrokerUnderTest, topic: str, observer: Connection
    ) -> None:
        transport = broker.transport("client")
        async with transport.connect(will=Will(f"{topic}/will", b"gone")) as client:
            await client.publish(f"{topic}/farewell", b"bye")
        async with transport.connect() as again:
            await again.publish(f"{topic}/back", b"hello", qos=1)
        assert [message.topic for message in await take(observer, 2)] == [f"{topic}/farewell", f"{topic}/back"]

    async def test_leaving_by_an_exception_publishes_the_will(
        self, broker: BrokerUnderTest, topic: str, observer: Connection
    ) -> None:
        with pytest.raises(ZeroDivisionError):
            async with broker.transport("client").connect(will=Will(f"{topic}/will", b"gone")):
                raise ZeroDivisionError
        assert [message.payload for message in await take(observer, 1)] == [b"gone"]

    async def test_cancellation_publishes_the_will(
        self, broker: BrokerUnderTest, topic: str, observer: Connection
    ) -> None:
        connected = asyncio.Event()

        async def live() -> None:
            async with broker.transport("client").connect(will=Will(f"{topic}/will", b"gone")) as client:
                connected.set()
                async for _ in client.batches():
                    pass

        task = asyncio.create_task(live())
        await in_time(connected.wait())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [message.payload for message in await take(observer, 1)] == [b"gone"]

    async def test_a_disconnect_may_ask_for_the_will(
        self, broker: BrokerUnderTest, topic: str, observer: Connection
    ) -> None:
        async with broker.transport("client").connect(will=Will(f"{topic}/will", b"gone")) as client:
            await client.publish(f"{topic}/farewell", b"bye")
            await client.disconnect(with_will=True)
            assert client.lost is LostReason.CLOSED
        assert [message.payload for message in await take(observer, 2)] == [b"bye", b"gone"]

    async def test_each_connect_brings_its_own_will(
        self, broker: BrokerUnderTest, topic: str, observer: Connection
    ) -> None:
        transport = broker.transport("client")
        for number in range(3):
            async with transport.connect(will=Will(f"{topic}/will", str(number).encode())) as client:
                await client.abort()
            assert [message.payload for message in await take(observer, 1)] == [str(number).encode()]
        assert transport.counters.connects == 3

    async def test_a_second_session_takes_the_client_id_over(
        self, broker: BrokerUnderTest, topic: str, observer: Connection
    ) -> None:
        transport = broker.transport("client")
        async with transport.connect(will=Will(f"{topic}/will", b"first gone")) as first:
            await first.subscribe([(f"{topic}/to-first", 0)])
            async with transport.connect() as second:
                _, lost = await rest(first)
                assert lost.reason in {LostReason.TAKEN_OVER, LostReason.BROKER}
                assert [message.payload for message in await take(observer, 1)] == [b"first gone"]
                await second.subscribe([(topic, 0)])
                await second.publish(topic, b"alive")
                assert {message.topic for message in await take(second, 1)} == {topic}

    async def test_subscriptions_end_with_the_session(self, broker: BrokerUnderTest, topic: str) -> None:
        transport = broker.transport("client")
        async with transport.connect() as client:
            await client.subscribe([(f"{topic}/#", 1)])
        async with broker.transport("sender").connect() as sender:
            await sender.publish(f"{topic}/missed", b"x", qos=1)
        async with transport.connect() as client:
            await client.subscribe([(f"{topic}/end", 1)])
            await client.publish(f"{topic}/end", b"", qos=1)
            assert [message.topic for message in await take(client, 1)] == [f"{topic}/end"]

    async def test_everything_fails_once_the_session_is_over(self, broker: BrokerUnderTest, topic: str) -> None:
        async with broker.transport("client").connect() as client:
            await client.disconnect()
            await client.disconnect()
            await client.abort()
            assert client.lost is LostReason.CLOSED
            for attempt in (
                client.publish(topic, b""),
                client.publish(topic, b"", qos=1),
                client.subscribe([(topic, 0)]),
                client.unsubscribe([topic]),
            ):
                with pytest.raises(ConnectionLost):
                    await attempt
            with pytest.raises(ConnectionLost, match="closed"):
                await anext(client.batches())

    async def test_a_waiting_reader_learns_of_the_end(self, broker: BrokerUnderTest, topic: str) -> None:
        async with broker.transport("client").connect() as client, asyncio.TaskGroup() as group:
            await client.subscribe([(topic, 0)])
            reading = group.create_task(rest(client))
            await client.publish(topic, b"last words")
            await client.publish(f"{topic}/sync", b"", qos=1)
            await client.abort()
            taken, lost = await reading
            assert lost.reason is LostReason.ABORTED
            assert [message.payload for message in taken] in ([], [b"last words"])

    async def test_a_reader_who_is_too_slow_misses_nothing_unnoticed(self, broker: BrokerUnderTest, topic: str) -> None:
        """Either the broker waits, or the session ends where the hole begins, and that is counted."""
        transport = broker.transport("slow", max_queued_messages=10)
        async with transport.connect(will=Will(f"{topic}/will", b"slow gone")) as slow:
            await slow.subscribe([(f"{topic}/flood", 0)])
            async with (
                broker.transport("observer").connect() as observer,
                broker.transport("sender").connect() as sender,
            ):
                await observer.subscribe([(f"{topic}/will", 1)])
                for number in range(100):
                    await sender.publish(f"{topic}/flood", str(number).encode())
                if broker.holds_back:
                    taken = await take(slow, 100)
                    assert [int(message.payload) for message in taken] == list(range(100))
                    assert transport.counters.overflows == 0
                    return
                assert [message.payload for message in await take(observer, 1)] == [b"slow gone"]
            taken, lost = await rest(slow)
            assert lost.reason is LostReason.OVERFLOW
            assert [int(message.payload) for message in taken] == list(range(10))
            assert transport.counters.overflows == 1
        async with transport.connect() as again:
            await again.publish(topic, b"", qos=1)

    async def test_only_one_task_reads(self, broker: BrokerUnderTest) -> None:
        async with broker.transport("client").connect() as client:
            first = asyncio.ensure_future(anext(client.batches()))
            await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="one reader"):
                await anext(client.batches())
            first.cancel()


class TestAccess:
    async def test_the_right_password_lets_in(self, broker: BrokerUnderTest, topic: str) -> None:
        reader = broker.account("reading", READER, PASSWORDS[READER])
        writer = broker.account("writing", WRITER, PASSWORDS[WRITER])
        async with reader.connect() as reading, writer.connect() as writing:
            await reading.subscribe([(f"{topic}/#", 1)])
            await writing.publish(f"{topic}/a", b"x", qos=1)
            assert len(await take(reading, 1)) == 1

    @pytest.mark.parametrize("account", [(READER, "wrong"), ("nobody", "r-secret")])
    async def test_wrong_credentials_are_refused_with_the_reason(
        self, broker: BrokerUnderTest, account: tuple[str, str]
    ) -> None:
        with pytest.raises(ConnectRefused) as refused:
            async with broker.account("client", *account).connect():
                pass
        assert refused.value.reason in {RefusalReason.BAD_CREDENTIALS, RefusalReason.NOT_AUTHORISED}
        assert refused.value.account == account[0]
        assert not refused.value.transient
        assert account[1] not in str(refused.value)

    async def test_a_message_without_the_right_to_write_reaches_nobody(
        self, broker: BrokerUnderTest, topic: str
    ) -> None:
        reader = broker.account("reading", READER, PASSWORDS[READER])
        writer = broker.account("writing", WRITER, PASSWORDS[WRITER])
        async with reader.connect() as reading, writer.connect() as writing:
            await reading.subscribe([(f"{topic}/#", 1), (f"closed/{topic}", 1)])
            await writing.publish(f"closed/{topic}", b"x")
            await reading.publish(f"{topic}/forbidden", b"x")
            await writing.publish(f"{topic}/end", b"x", qos=1)
            assert [message.topic for message in await take(reading, 1)] == [f"{topic}/end"]

    async def test_a_refused_subscription_is_named(self, broker: BrokerUnderTest, topic: str) -> None:
        async with broker.restricted("client").connect() as client:
            with pytest.raises(SubscribeRefused) as refused:
                await client.subscribe([(topic, 0), (DENIED_FILTER, 0)])
            assert refused.value.topic_filters == (DENIED_FILTER,)
            assert refused.value.code >= 0x80
            await client.publish(topic, b"granted")
            assert [message.payload for message in await take(client, 1)] == [b"granted"]

    async def test_nobody_listening_is_unreachable(self, broker: BrokerUnderTest) -> None:
        transport = broker.unreachable("client")
        with pytest.raises(BrokerUnreachable):
            async with transport.connect():
                pass
        assert transport.counters.connects == 0
