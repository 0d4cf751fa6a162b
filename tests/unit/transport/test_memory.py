"""What the in-memory broker offers beyond MQTT: being stopped, cutting a client, faults by a seed."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from namespace.transport import BrokerUnreachable, Connection, ConnectionLost, LostReason, Message, Will
from namespace.transport.faults import Fault, FaultPolicy, SeededFaults, Verdict
from namespace.transport.memory import MemoryBroker


class Scripted:
    """Faults in the order given, none afterwards."""

    def __init__(self, *verdicts: Verdict) -> None:
        self._verdicts = list(verdicts)

    def decide(self, client_id: str, message: Message) -> Verdict:
        return self._verdicts.pop(0) if self._verdicts else Verdict(Fault.NONE)


async def received(faults: FaultPolicy | None, count: int, *, release: bool = True) -> list[int]:
    """What one subscriber gets of the numbers below `count`."""
    broker = MemoryBroker()
    async with broker.transport("sender").connect() as sender, broker.transport("receiver").connect() as receiver:
        await receiver.subscribe([("n", 0)])
        broker.faults = faults
        for number in range(count):
            await sender.publish("n", str(number).encode())
        if release:
            broker.release_delayed()
        return await _drain(receiver)


async def _drain(connection: Connection) -> list[int]:
    await connection.disconnect()
    taken: list[int] = []
    try:
        async for batch in connection.batches():
            taken += [int(message.payload) for message in batch]
    except ConnectionLost:
        return taken
    raise AssertionError("the messages of a closed connection did not end")


async def test_without_faults_all_arrive_in_order() -> None:
    assert await received(None, 10) == list(range(10))


async def test_a_dropped_message_is_missing() -> None:
    assert await received(Scripted(Verdict(Fault.NONE), Verdict(Fault.DROP)), 3) == [0, 2]


async def test_a_duplicated_message_comes_twice() -> None:
    assert await received(Scripted(Verdict(Fault.DUPLICATE)), 2) == [0, 0, 1]


async def test_a_delayed_message_is_overtaken_as_often_as_said() -> None:
    assert await received(Scripted(Verdict(Fault.DELAY, 2)), 4) == [1, 2, 0, 3]


async def test_a_message_still_delayed_can_be_released() -> None:
    delayed = Verdict(Fault.DELAY, 9)
    assert await received(Scripted(delayed, delayed), 3, release=False) == [2]
    assert await received(Scripted(delayed, delayed), 3, release=True) == [2, 0, 1]


async def test_a_cut_ends_the_session_and_publishes_the_will() -> None:
    broker = MemoryBroker()
    async with broker.transport("a").connect() as a, broker.transport("b").connect(will=Will("b/gone", b"")) as b:
        await a.subscribe([("#", 0)])
        await b.subscribe([("n", 0)])
        broker.faults = Scripted(Verdict(Fault.NONE), Verdict(Fault.CUT))
        await a.publish("n", b"")
        assert b.lost is LostReason.BROKER
        assert {message.topic for message in await anext(a.batches())} == {"n", "b/gone"}


async def test_the_same_seed_makes_the_same_faults() -> None:
    def faults(seed: int) -> SeededFaults:
        return SeededFaults(seed, drop=0.1, duplicate=0.1, delay=0.2)

    first = await received(faults(7), 300)
    assert await received(faults(7), 300) == first
    assert await received(faults(8), 300) != first
    copies = Counter(first)
    assert 240 < len(copies) < 300
    assert max(copies.values()) == 2
    assert first != sorted(first)


async def test_faults_spare_other_topics() -> None:
    assert await received(SeededFaults(1, drop=1.0, topic_filter="other/#"), 5) == list(range(5))
    assert await received(SeededFaults(1, drop=1.0, topic_filter="n"), 5) == []


def test_odds_must_be_probabilities() -> None:
    with pytest.raises(ValueError, match="odds"):
        SeededFaults(1, drop=0.7, cut=0.7)
    with pytest.raises(ValueError, match="odds"):
        SeededFaults(1, drop=-0.1)


async def test_a_stopped_broker_loses_sessions_and_keeps_retained_messages() -> None:
    broker = MemoryBroker()
    transport = broker.transport("client")
    async with transport.connect(will=Will("will", b"", retain=True)) as client:
        await client.publish("kept", b"v", retain=True)
        broker.stop()
        with pytest.raises(ConnectionLost):
            await anext(client.batches())
        with pytest.raises(BrokerUnreachable):
            async with transport.connect():
                pass
    broker.start()
    assert set(broker.retained) == {"kept"}
    async with transport.connect() as client:
        await client.subscribe([("#", 0)])
        assert [message.topic for message in await anext(client.batches())] == ["kept"]


async def test_one_client_can_be_cut() -> None:
    broker = MemoryBroker()
    async with broker.transport("a").connect() as a, broker.transport("b").connect() as b:
        assert broker.client_ids == {"a", "b"}
        broker.cut("a")
        broker.cut("nobody")
        assert (a.lost, b.lost) == (LostReason.BROKER, None)
        assert broker.client_ids == {"b"}


async def test_a_publisher_in_a_loop_lets_others_run() -> None:
    broker = MemoryBroker()
    async with broker.transport("a").connect() as a:
        ran = asyncio.Event()
        asyncio.get_running_loop().call_soon(ran.set)
        while not ran.is_set():
            await a.publish("t", b"")
