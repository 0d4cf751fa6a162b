from __future__ import annotations

import asyncio

import pytest

from namespace.contracts.contract import ServiceContract
from namespace.contracts.registry import SERVICES, contract_of
from namespace.runtime import NotConnected
from namespace.runtime.places import node_definitions
from namespace.sparkplug import EdgeNodeDescriptor, Payload, decode_payload, rebirth_request
from namespace.transport.memory import MemoryBroker
from tests.unit.runtime.support import Listener, NodeUnderTest, listening, running, sample, speaking, until

NODE = "spBv1.0/Acme:Dallas"


def values(payload: Payload) -> dict[str, object]:
    return {metric.name or "": metric.value for metric in payload.metrics}


def sequence(heard: Listener) -> list[int | None]:
    """Return the sequence numbers since the last NBIRTH."""
    last_birth = max(i for i, kind in enumerate(heard.kinds()) if kind == "NBIRTH")
    return [decode_payload(m.payload).seq for m in heard.messages[last_birth:]]


async def test_births_follow_the_subscription_and_carry_what_was_set_before() -> None:
    broker = MemoryBroker()
    it = NodeUnderTest(broker)
    it.node.set(None, {"Level": 5})
    it.node.set("Packaging:Line1", {"Speed": 7})
    async with listening(broker) as heard, running(it.session.run, it.node.run):
        await until(lambda: len(heard.messages) == 2)
        assert heard.kinds() == ["NBIRTH", "DBIRTH"]

    assert values(heard.of("NBIRTH")[0]) | {"Level": 5, "bdSeq": 7} == values(heard.of("NBIRTH")[0])
    assert values(heard.of("DBIRTH")[0])["Speed"] == 7


async def test_state_set_while_offline_is_in_the_next_birth_and_nowhere_else() -> None:
    broker = MemoryBroker()
    it = NodeUnderTest(broker)
    async with listening(broker) as heard, running(it.session.run, it.node.run):
        await until(lambda: len(heard.messages) == 2)
        broker.stop()
        await until(lambda: not it.session.is_up)
        it.node.set(None, {"Level": 1})
        it.node.set(None, {"Level": 2})
        heard.messages.clear()
        broker.start()
        async with listening(broker) as again:
            await until(lambda: len(again.messages) >= 2)

    assert [values(birth)["Level"] for birth in again.of("NBIRTH")] == [2]
    assert "NDATA" not in again.kinds()
    assert values(again.of("NBIRTH")[0])["bdSeq"] == 8


async def test_sequence_numbers_have_no_hole_however_sets_and_hand_overs_mix() -> None:
    broker = MemoryBroker()
    it = NodeUnderTest(broker)

    async def hand_over(first: int) -> None:
        for number in range(first, first + 30):
            await it.node.hand_over({"Text": str(number)})

    async def set_values() -> None:
        for number in range(1, 101):
            it.node.set(None, {"Level": number})
            it.node.set("Packaging:Line1", {"Speed": number})
            await asyncio.sleep(0)

    async with listening(broker) as heard, running(it.session.run, it.node.run):
        await until(lambda: len(heard.messages) == 2)
        await asyncio.gather(hand_over(0), hand_over(100), set_values())
        await until(lambda: len(heard.messages) == 2 + 60 + 2 * 100, f"{len(heard.messages)} messages")
        numbers = sequence(heard)

    assert numbers == [index % 256 for index in range(len(numbers))]


async def test_a_hand_over_without_a_session_says_so_and_publishes_nothing_later() -> None:
    broker = MemoryBroker()
    broker.stop()
    it = NodeUnderTest(broker)
    async with running(it.session.run, it.node.run):
        with pytest.raises(NotConnected):
            await it.node.hand_over({"Text": "lost"})
        broker.start()
        async with listening(broker) as heard:
            await until(lambda: it.session.is_up)
            await it.node.hand_over({"Text": "kept"})
            await until(lambda: heard.of("NDATA"))
    assert [values(data) for data in heard.of("NDATA")] == [{"Text": "kept"}]


async def test_a_hand_over_that_the_broker_does_not_live_to_see_says_so() -> None:
    broker = MemoryBroker()
    it = NodeUnderTest(broker)
    async with running(it.session.run, it.node.run):
        await until(lambda: it.session.is_up)
        await it.node.hand_over({"Text": "first"})
        broker.cut("node")
        with pytest.raises(NotConnected):
            await it.node.hand_over({"Text": "second"})
        await until(lambda: it.session.connects == 2 and it.session.is_up)
        await it.node.hand_over({"Text": "third"})


async def test_too_much_to_say_cuts_the_session_and_begins_with_a_birth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("namespace.runtime.edge_node._OUTGOING", 50)
    broker = MemoryBroker()
    it = NodeUnderTest(broker)
    async with listening(broker) as heard, running(it.session.run, it.node.run):
        await until(lambda: len(heard.messages) == 2)
        waiting = asyncio.create_task(it.node.hand_over({"Text": "waits"}))
        await asyncio.sleep(0)
        for number in range(1, 60):
            it.node.set(None, {"Level": number})
        with pytest.raises(NotConnected):
            await waiting
        await until(lambda: heard.kinds().count("NBIRTH") == 2)
        assert [values(death)["bdSeq"] for death in heard.of("NDEATH")] == [7]

    assert sample(it.metrics, "uns_queue_overflows_total", queue="outgoing") == 1
    assert values(heard.of("NBIRTH")[1])["Level"] == 59


async def test_a_farewell_is_the_last_word_and_there_is_no_will() -> None:
    broker = MemoryBroker()
    it = NodeUnderTest(broker)
    async with listening(broker) as heard, running(it.session.run, it.node.run):
        await until(lambda: len(heard.messages) == 2)
        for number in range(1, 200):
            it.node.set(None, {"Level": number})
        await it.node.farewell()
        await it.session.leave()
        it.node.set(None, {"Level": 1_000})
        await until(lambda: "node" not in broker.client_ids)

    assert heard.kinds()[-2:] == ["DDEATH", "NDEATH"]
    assert [data.metrics[0].value for data in heard.of("NDATA")] == list(range(1, 200))
    assert len(heard.of("NDEATH")) == 1


async def test_a_farewell_without_a_session_says_so() -> None:
    with pytest.raises(NotConnected):
        await NodeUnderTest(MemoryBroker()).node.farewell()


async def test_a_request_for_rebirth_is_answered_in_sequence() -> None:
    broker = MemoryBroker()
    it = NodeUnderTest(broker)
    request = rebirth_request(EdgeNodeDescriptor("Acme:Dallas", "mes-test"), 0)
    async with listening(broker, f"{NODE}/+/mes-test/#") as heard, running(it.session.run, it.node.run):
        await until(lambda: len(heard.messages) == 2)
        it.node.set(None, {"Level": 3})
        async with speaking(broker) as speaker:
            await speaker.publish(request.topic, request.payload)
        await until(lambda: heard.kinds().count("NBIRTH") == 2)
        it.node.set(None, {"Level": 4})
        await until(lambda: len(heard.of("NDATA")) == 2)
        assert sequence(heard) == [0, 1, 2]

    births = heard.of("NBIRTH")
    assert [values(birth)["bdSeq"] for birth in births] == [7, 7]
    assert values(births[1])["Level"] == 3


@pytest.mark.parametrize("contract", SERVICES, ids=lambda contract: contract.service)
def test_a_node_has_the_metrics_of_what_its_service_has(contract: ServiceContract) -> None:
    names = {definition.name for definition in node_definitions(contract)}
    assert {"Node Info/Service", "Node Info/Version", "Health/Ready", "Health/Reasons"} <= names
    assert ("EventLog/Events" in names) is bool(contract.events)
    assert ("EventLog/Head" in names) is bool(contract.events)
    assert ("Command/Request" in names) is bool(contract.commands or contract.follows)
    assert ("Command/Response" in names) is bool(contract.commands or contract.follows)


def test_a_service_that_only_follows_can_be_told_to_drive_parked_events_again() -> None:
    names = {definition.name for definition in node_definitions(contract_of("oee"))}
    assert "Command/Request" in names
