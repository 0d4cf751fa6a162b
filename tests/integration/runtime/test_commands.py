from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from namespace.contracts.command import Command, CommandResponse
from namespace.contracts.contract import edge_node_id
from namespace.runtime import NoAnswer
from namespace.sparkplug import DataSet, DataType, Metric, Payload, encode_payload
from namespace.testing.servers import NewDatabase
from namespace.transport.memory import MemoryBroker
from tests.integration.runtime.shop import Till, guest, send, serving, till_service, total
from tests.unit.runtime.support import listening, sample, speaking, until

_NCMD = "spBv1.0/Acme:Dallas/NCMD/mes-till"


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long before a repetition."""
    monkeypatch.setattr("namespace.runtime.commands._FIRST_REPEAT_S", 0.1)


def written(text: str) -> bytes:
    metric = Metric(name="Command/Request", timestamp=1, datatype=DataType.String, value=text)
    return encode_payload(Payload(timestamp=1, metrics=(metric,)))


async def test_a_repeated_command_has_one_effect_and_the_same_answer_also_after_a_restart(
    broker: MemoryBroker, new_database: NewDatabase
) -> None:
    place, command_id = await new_database("till"), uuid4()
    async with guest(broker.transport) as client:
        async with serving(till_service(Till()), place, broker.transport):
            first = await send(client, command_id=command_id, amount=5)
            assert await send(client, command_id=command_id, amount=5) == first
        async with serving(till_service(Till()), place, broker.transport):
            assert await send(client, command_id=command_id, amount=5) == first
            assert await total(client) == {"cash": 5}
            other = await send(client, command_id=command_id, amount=6)
    assert (first.status, first.code, first.version, first.result) == ("DONE", "Done", 1, {"amount": 5})
    assert (other.status, other.code) == ("REJECTED", "CommandIdReused")


async def test_the_same_command_sent_twice_at_once_is_one_command(
    broker: MemoryBroker, new_database: NewDatabase
) -> None:
    command_id = uuid4()
    async with (
        serving(till_service(Till()), await new_database("till"), broker.transport),
        guest(broker.transport) as client,
    ):
        answers = await asyncio.gather(*(send(client, command_id=command_id, amount=5) for _ in range(3)))
        assert answers == [answers[0]] * 3
        assert await total(client) == {"cash": 5}


async def test_what_cannot_take_effect_is_refused_with_a_reason_and_changes_nothing(
    broker: MemoryBroker, new_database: NewDatabase
) -> None:
    async with (
        serving(till_service(Till()), await new_database("till"), broker.transport),
        guest(broker.transport) as client,
    ):
        expired = await send(client, expires_at=datetime.now(UTC) - timedelta(seconds=1))
        unknown = await send(client, name="Steal")
        bad = await send(client, amount="much")
        refused = await send(client, amount=5, then="refuse")
        failed = await send(client, amount=5, then="fail")
        assert await total(client) == {}
        assert (await client.queries.ask("till", "events")).data["rows"] == []
    assert (expired.status, expired.code) == ("EXPIRED", "Expired")
    assert (unknown.code, "known: Add" in unknown.message) == ("UnknownCommand", True)
    assert (bad.code, "args.amount" in bad.message) == ("BadArguments", True)
    assert (refused.code, refused.message, refused.version) == ("Enough", "the till is full", 3)
    assert (failed.code, "ZeroDivisionError" in failed.message) == ("InternalError", True)


@pytest.mark.parametrize(
    "text",
    ["no json", "[" * 20_000, '{"command_id": 5}', "[]", '{"command_id": "x"}', "x" * 40_000, "é" * 20_000, "null"],
    ids=range(8),
)
async def test_what_is_no_command_is_counted_and_disturbs_nobody(
    broker: MemoryBroker, new_database: NewDatabase, text: str
) -> None:
    till = Till()
    async with (
        serving(till_service(till), await new_database("till"), broker.transport),
        guest(broker.transport) as client,
        speaking(broker) as speaker,
    ):
        await send(client, amount=1)
        await speaker.publish(_NCMD, written(text))
        await speaker.publish(_NCMD, b"\xff")
        assert (await send(client, amount=2)).code == "Done"
    assert till.context is not None
    metrics = till.context.metrics
    counted = [sample(metrics, "uns_rejected_total", kind="command", reason=r) for r in ("malformed", "not_a_document")]
    assert sum(counted) == 1
    assert sample(metrics, "uns_rejected_total", kind="message", reason="handler_failed") == 0


async def test_a_malformed_command_with_an_id_is_answered(broker: MemoryBroker, new_database: NewDatabase) -> None:
    command_id = uuid4()
    node = edge_node_id("till")
    async with (
        serving(till_service(Till()), await new_database("till"), broker.transport),
        guest(broker.transport) as client,
        speaking(broker) as speaker,
        listening(broker, f"spBv1.0/Acme:Dallas/NDATA/{node}") as heard,
    ):
        await send(client, amount=1)
        await speaker.publish(_NCMD, written(f'{{"command_id": "{command_id}", "name": "Add"}}'))

        def answers() -> list[CommandResponse]:
            return [
                CommandResponse.model_validate_json(str(metric.value))
                for data in heard.of("NDATA")
                for metric in data.metrics
                if metric.name == "Command/Response"
            ]

        await until(lambda: any(answer.command_id == command_id for answer in answers()))
    (answer,) = [answer for answer in answers() if answer.command_id == command_id]
    assert (answer.code, "subject" in answer.message) == ("Malformed", True)


async def test_commands_of_one_subject_keep_their_order_and_do_not_hold_up_another(
    broker: MemoryBroker, new_database: NewDatabase
) -> None:
    till = Till()
    async with (
        serving(till_service(till), await new_database("till"), broker.transport),
        guest(broker.transport) as client,
    ):
        await send(client, "warm-up")
        till.began.clear()
        till.hold.clear()
        first = [asyncio.create_task(send(client, "a", amount=n)) for n in range(5)]
        await until(lambda: till.began == ["a:0"])
        other = asyncio.create_task(send(client, "b", amount=9))  # crc32 puts a and b into different lanes
        await until(lambda: till.began == ["a:0", "b:9"])
        till.hold.set()
        await asyncio.gather(*first, other)
        assert [entry for entry in till.began if entry.startswith("a")] == [f"a:{n}" for n in range(5)]


async def test_a_client_repeats_through_the_loss_of_the_broker_and_gets_its_one_answer(
    broker: MemoryBroker, new_database: NewDatabase
) -> None:
    till = Till()
    async with (
        serving(till_service(till), await new_database("till"), broker.transport),
        guest(broker.transport) as client,
    ):
        await send(client, "warm-up")
        till.hold.clear()
        waiting = asyncio.create_task(send(client, amount=5))
        await until(lambda: "cash:5" in till.began)
        broker.stop()
        till.hold.set()
        await until(lambda: not client.session.is_up)
        broker.start()
        assert (await waiting).code == "Done"
        assert (await total(client))["cash"] == 5


async def test_sending_over_a_session_that_has_just_been_lost_does_not_stop_the_world(
    broker: MemoryBroker, new_database: NewDatabase
) -> None:
    async with (
        serving(till_service(Till()), await new_database("till"), broker.transport),
        guest(broker.transport) as client,
    ):
        await send(client, "warm-up")
        broker.cut("guest")
        assert (await send(client, amount=1)).code == "Done"


async def test_a_service_that_is_not_there_is_named(broker: MemoryBroker) -> None:
    async with guest(broker.transport) as client:
        command = Command(command_id=uuid4(), name="Add", subject="s", actor="t", issued_at=datetime.now(UTC))
        with pytest.raises(NoAnswer, match=r"till \(command Add\)"):
            await client.commands.send("till", command, timeout_s=0.2)
        with pytest.raises(LookupError, match="may command"):
            await client.commands.send("machine", command)


async def test_a_stop_in_order_hands_out_what_was_promised(broker: MemoryBroker, new_database: NewDatabase) -> None:
    stop = asyncio.Event()
    async with (
        listening(broker, "spBv1.0/Acme:Dallas/+/mes-till/#") as heard,
        guest(broker.transport) as client,
    ):
        async with serving(till_service(Till()), await new_database("till"), broker.transport, stop=stop):
            for _ in range(5):
                await send(client, amount=1)
            stop.set()
        await until(lambda: heard.kinds()[-1] == "NDEATH")
    assert heard.kinds().count("NDEATH") == 1
    batches = [m.value for data in heard.of("NDATA") for m in data.metrics if m.name == "EventLog/Events"]
    rows = [row for batch in batches if isinstance(batch, DataSet) for row in batch.rows]
    assert len({row[0] for row in rows}) == 5


async def test_bd_seq_grows_over_restarts_of_the_service(broker: MemoryBroker, new_database: NewDatabase) -> None:
    place = await new_database("till")
    async with listening(broker, "spBv1.0/Acme:Dallas/NBIRTH/mes-till") as heard:
        for births in (1, 2, 3):
            async with serving(till_service(Till()), place, broker.transport):
                await until(lambda births=births: len(heard.messages) == births)
    numbers = [m.value for birth in heard.of("NBIRTH") for m in birth.metrics if m.name == "bdSeq"]
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]  # type: ignore[operator]
