from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from namespace.runtime import Backoff, Health, NotConnected, ServiceMetrics, Session
from namespace.transport import Message, Will
from namespace.transport.memory import Access, MemoryBroker
from tests.unit.runtime.support import listening, quick, running, sample, speaking, until


@dataclass
class Recorder:
    """A member that writes down what it is told."""

    told: list[str] = field(default_factory=list)

    async def connected(self) -> None:
        self.told.append("connected")

    def disconnected(self) -> None:
        self.told.append("disconnected")


def session_at(broker: MemoryBroker, **options: object) -> Session:
    transport = broker.transport("s", username="u", password="p")
    return Session(transport, name="s", health=Health(), backoff=quick(), **options)  # type: ignore[arg-type]


async def test_every_connect_has_a_will_of_its_own() -> None:
    broker = MemoryBroker()
    session = session_at(broker)

    async def make_will() -> Will:
        return Will("wills", str(session.connects).encode())

    session.make_will = make_will
    async with listening(broker, "wills") as heard, running(session.run):
        for number in range(3):
            await until(lambda number=number: session.connects == number + 1 and session.is_up)
            broker.cut("s")
            await until(lambda number=number: len(heard.messages) == number + 1)

    assert [message.payload for message in heard.messages][:3] == [b"0", b"1", b"2"]


async def test_routes_and_members_live_through_a_reconnect() -> None:
    broker, heard, member = MemoryBroker(), [], Recorder()
    session = session_at(broker)
    session.route("a/+", lambda message: heard.append(message.payload))
    session.join(member)
    async with running(session.run), speaking(broker) as speaker:
        await session.up.wait()
        await speaker.publish("a/b", b"1")
        broker.cut("s")
        await until(lambda: session.connects == 2 and session.is_up)
        await speaker.publish("a/c", b"2")
        await until(lambda: heard == [b"1", b"2"])

    assert member.told == ["connected", "disconnected", "connected", "disconnected"]


async def test_nothing_is_dispatched_before_the_members_have_spoken() -> None:
    broker, order = MemoryBroker(), []
    session = session_at(broker)
    session.route("retained", lambda message: order.append("message"))
    spoken = asyncio.Event()

    class Slow:
        async def connected(self) -> None:
            await spoken.wait()
            order.append("spoke")

        def disconnected(self) -> None: ...

    session.join(Slow())
    async with speaking(broker) as speaker:
        await speaker.publish("retained", b"x", retain=True)
        async with running(session.run):
            await until(lambda: session.is_up)
            spoken.set()
            await until(lambda: len(order) == 2)

    assert order == ["spoke", "message"]


async def test_leaving_publishes_no_will_and_stays_away() -> None:
    broker = MemoryBroker()
    session = session_at(broker)

    async def make_will() -> Will:
        return Will("wills", b"gone")

    session.make_will = make_will
    async with listening(broker, "wills") as heard:
        task = asyncio.create_task(session.run())
        await session.up.wait()
        await session.leave()
        async with asyncio.timeout(2):
            await task

    assert (session.connects, heard.messages) == (1, [])


async def test_whoever_leaves_while_the_broker_is_away_does_not_wait_for_it() -> None:
    broker = MemoryBroker()
    broker.stop()
    transport = broker.transport("s")
    session = Session(transport, name="s", health=(health := Health()), backoff=Backoff(first_s=3600, limit_s=3600))
    task = asyncio.create_task(session.run())
    await until(lambda: "the broker is stopped" in str(health.reasons))
    await session.leave()
    async with asyncio.timeout(2):
        await task


async def test_an_abort_fires_the_will_and_is_followed_by_another_session() -> None:
    broker = MemoryBroker()
    session = session_at(broker)

    async def make_will() -> Will:
        return Will("wills", b"gone")

    session.make_will = make_will
    async with listening(broker, "wills") as heard, running(session.run):
        await session.up.wait()
        session.abort()
        await until(lambda: session.connects == 2)
        assert len(heard.messages) == 1


async def test_a_handler_that_fails_costs_its_message_alone_and_is_counted() -> None:
    broker, heard, metrics = MemoryBroker(), [], ServiceMetrics()
    session = session_at(broker, metrics=metrics)

    def fragile(message: Message) -> None:
        if message.payload == b"poison":
            raise ZeroDivisionError
        heard.append(message.payload)

    session.route("a", fragile)
    session.route("a", lambda message: heard.append(b"other:" + message.payload))
    async with running(session.run), speaking(broker) as speaker:
        await session.up.wait()
        for payload in (b"1", b"poison", b"2"):
            await speaker.publish("a", payload)
        await until(lambda: len(heard) == 5)

    assert heard == [b"1", b"other:1", b"other:poison", b"2", b"other:2"]
    assert session.connects == 1
    assert sample(metrics, "uns_rejected_total", kind="message", reason="handler_failed") == 1


async def test_messages_in_a_row_for_one_handler_come_at_once_and_order_among_handlers_is_kept() -> None:
    broker, heard = MemoryBroker(), []
    session = session_at(broker)
    session.route_batches("data/#", lambda messages: heard.append([message.payload for message in messages]))
    session.route("other", lambda message: heard.append(message.payload))
    member = Recorder()

    async def speak_first() -> None:
        """What is said while the members speak arrives as one batch."""
        for topic, payload in (("data/a", b"1"), ("data/b", b"2"), ("other", b"3"), ("data/a", b"4")):
            await session.publish(topic, payload)

    member.connected = speak_first  # type: ignore[method-assign]
    session.join(member)
    async with running(session.run):
        await until(lambda: len(heard) == 3)

    assert heard == [[b"1", b"2"], b"3", [b"4"]]


async def test_a_long_batch_lets_others_have_their_turn() -> None:
    broker, sizes, turns = MemoryBroker(), [], []
    session = session_at(broker)

    def take(messages: Sequence[Message]) -> None:
        sizes.append(len(messages))
        turns.append(0)

    session.route_batches("data", take)
    member = Recorder()

    async def speak_first() -> None:
        for _ in range(1_000):
            await session.publish("data", bytes(400))

    async def others() -> None:
        while sum(sizes) < 1_000:
            await asyncio.sleep(0)
            turns.append(1)

    member.connected = speak_first  # type: ignore[method-assign]
    session.join(member)
    async with running(session.run), running(others):
        await until(lambda: sum(sizes) == 1_000)

    assert max(sizes) <= 256
    between = turns[turns.index(0) : len(turns) - turns[::-1].index(0)]
    assert between.count(1) >= len(sizes) - 1


async def test_a_refused_password_shows_in_health_and_heals() -> None:
    accounts = {"u": "another"}
    broker, health = MemoryBroker(accounts=accounts), Health()
    session = Session(broker.transport("s", username="u", password="p"), name="s", health=health, backoff=quick())
    async with running(session.run):
        await until(lambda: "refused account 'u'" in str(health.reasons))
        accounts["u"] = "p"
        await until(lambda: health.is_ready)
        assert session.is_up


async def test_a_refused_subscription_shows_in_health() -> None:
    broker = MemoryBroker(access=lambda account, access, topic: access is not Access.SUBSCRIBE)
    health = Health()
    session = Session(broker.transport("s"), name="s", health=health, backoff=quick())
    session.route("secret/#", lambda message: None)
    async with running(session.run):
        await until(lambda: "refused to subscribe to secret/#" in str(health.reasons))
        assert not session.up.is_set()


async def test_publishing_without_a_session_says_so() -> None:
    broker = MemoryBroker()
    session = session_at(broker)
    with pytest.raises(NotConnected):
        await session.publish("a", b"")
    async with running(session.run):
        await session.up.wait()
        broker.cut("s")
        with pytest.raises(NotConnected):
            await session.publish("a", b"")


def test_delays_double_with_jitter_up_to_a_limit_and_begin_anew() -> None:
    backoff = Backoff(first_s=1, limit_s=8)
    ceilings = [1, 2, 4, 8, 8, 8]
    for _ in range(2):
        for ceiling in ceilings:
            assert ceiling / 2 <= backoff.next_s() <= ceiling
        backoff.reset()
