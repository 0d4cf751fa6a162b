"""One service's events at another, through everything that loses, doubles and reorders messages."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from namespace.runtime import SiteClient
from namespace.testing.servers import NewDatabase, TestBroker, database_maker
from namespace.transport import BrokerUrl, Transport
from namespace.transport.faults import SeededFaults
from namespace.transport.memory import MemoryBroker
from namespace.transport.mqtt import MqttTransport
from tests.integration.runtime.shop import (
    Ledger,
    Till,
    guest,
    ledger_service,
    send,
    serving,
    store,
    till_service,
)
from tests.unit.runtime.support import sample


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long before a repetition."""
    monkeypatch.setattr("namespace.runtime.commands._FIRST_REPEAT_S", 0.1)
    monkeypatch.setattr("namespace.runtime.commands._LAST_REPEAT_S", 0.2)
    monkeypatch.setattr("namespace.runtime.follow._FETCH_TIMEOUT_S", 0.3)
    monkeypatch.setattr("namespace.runtime.follow._WATCH_S", 0.05)
    monkeypatch.setattr("namespace.runtime.follow._RETRY_S", 0.1)


async def applied(ledger: Ledger, count: int) -> list[tuple[int, str, int]]:
    """Return what was written down, once that is `count` events."""
    async with asyncio.timeout(30):
        await ledger.started.wait()
        while True:
            rows = await ledger.written()
            if len(rows) >= count:
                return rows
            await asyncio.sleep(0.02)


def exactly(count: int) -> list[tuple[int, str, int]]:
    return [(n, f"account {n % 3}", n) for n in range(1, count + 1)]


async def take_money(client: SiteClient, first: int, last: int) -> None:
    for n in range(first, last + 1):
        assert (await send(client, f"account {n % 3}", amount=n)).code == "Done"


@pytest.mark.parametrize("seed", range(2))
async def test_every_event_is_applied_once_and_in_order_through_a_broken_network(
    new_database: NewDatabase, seed: int
) -> None:
    faults = SeededFaults(seed, drop=0.1, duplicate=0.1, delay=0.1, cut=0.01)
    broker = MemoryBroker(faults=faults)
    ledger = Ledger()
    async with (
        serving(till_service(Till()), await new_database("till"), broker.transport),
        serving(ledger_service(ledger), await new_database("ledger"), broker.transport),
        guest(broker.transport) as client,
    ):
        await take_money(client, 1, 15)
        await applied(ledger, 15)
        broker.faults = None
        await take_money(client, 16, 17)
        rows = await applied(ledger, 17)
    assert rows == exactly(17)


async def test_services_killed_again_and_again_lose_and_repeat_nothing(new_database: NewDatabase) -> None:
    broker, dice = MemoryBroker(), random.Random(7)
    till_place, ledger_place = await new_database("till"), await new_database("ledger")
    ledger = Ledger()
    count = 0
    async with guest(broker.transport) as client:
        for _ in range(4):
            ledger = Ledger()
            async with (
                serving(till_service(Till()), till_place, broker.transport),
                serving(ledger_service(ledger), ledger_place, broker.transport),
            ):
                more = dice.randint(1, 6)
                await take_money(client, count + 1, count + more)
                count += more
        ledger = Ledger()
        async with (
            serving(till_service(Till()), till_place, broker.transport),
            serving(ledger_service(ledger), ledger_place, broker.transport),
        ):
            rows = await applied(ledger, count)
    assert rows == exactly(count)


async def test_a_late_consumer_begins_at_the_first_event(new_database: NewDatabase) -> None:
    broker, ledger, place = MemoryBroker(), Ledger(), await new_database("till")
    till = Till()
    async with serving(till_service(till), place, broker.transport), guest(broker.transport) as client:
        await take_money(client, 1, 1)
        assert till.context is not None
        await store(till.context.database, [(f"account {n % 3}", n) for n in range(2, 451)])
        async with serving(ledger_service(ledger), await new_database("ledger"), broker.transport):
            assert await applied(ledger, 450) == exactly(450)


async def test_a_killed_broker_costs_no_event(
    new_database: NewDatabase, start_broker: Callable[[], TestBroker]
) -> None:
    broker, ledger = start_broker(), Ledger()
    url = BrokerUrl.parse(broker.url("test"))

    def connect(client_id: str) -> Transport:
        return MqttTransport(url, client_id=client_id)

    async with (
        serving(till_service(Till()), await new_database("till"), connect),
        serving(ledger_service(ledger), await new_database("ledger"), connect),
        guest(connect, "guest") as client,
    ):
        sending = asyncio.create_task(take_money(client, 1, 40))
        await applied(ledger, 10)
        await asyncio.to_thread(broker.kill)
        await asyncio.to_thread(broker.start)
        await sending
        assert await applied(ledger, 40) == exactly(40)


async def test_what_is_rejected_is_parked_with_its_subject_shown_and_driven_again(new_database: NewDatabase) -> None:
    broker, ledger = MemoryBroker(), Ledger(refuse={"account 1"})
    async with (
        serving(till_service(Till()), await new_database("till"), broker.transport),
        serving(ledger_service(ledger), await new_database("ledger"), broker.transport),
        guest(broker.transport) as client,
    ):
        await take_money(client, 1, 6)  # 1 and 4 are of account 1
        assert [row[0] for row in await applied(ledger, 4)] == [2, 3, 5, 6]
        parked: list[dict[str, Any]] = (await client.queries.ask("ledger", "parked")).data
        assert [(p["producer"], p["event"]["seq"], p["attempts"]) for p in parked] == [("till", 1, 1), ("till", 4, 0)]
        assert "nobody knows account 1" in parked[0]["reason"]
        assert len((await client.queries.ask("ledger", "parked", {"limit": 1})).data) == 1
        await showing(ledger, 2)

        again: dict[str, Any] = {"target": "ledger", "name": "Redrive", "producer": "till"}
        assert (await send(client, "account 1", **again)).result == {"applied": 0}
        ledger.refuse.clear()
        assert (await send(client, "account 1", **again)).result == {"applied": 2}
        assert (await send(client, "account 1", **{**again, "producer": "bank"})).code == "UnknownProducer"
        assert [row[0] for row in await applied(ledger, 6)] == [2, 3, 5, 6, 1, 4]
        assert (await client.queries.ask("ledger", "parked")).data == []
        await showing(ledger, 0)
        await take_money(client, 7, 7)
        assert (await applied(ledger, 7))[-1] == (7, "account 1", 7)


async def showing(ledger: Ledger, count: int) -> None:
    """Wait until the metric shows that many parked events."""
    assert ledger.context is not None
    async with asyncio.timeout(10):
        while sample(ledger.context.metrics, "uns_log_parked_events", log="till") != count:
            await asyncio.sleep(0.01)


async def test_a_handler_with_a_bug_holds_up_its_log_alone_and_says_so(new_database: NewDatabase) -> None:
    broker, ledger = MemoryBroker(), Ledger(fail_on={2})
    async with (
        serving(till_service(Till()), await new_database("till"), broker.transport),
        serving(ledger_service(ledger), await new_database("ledger"), broker.transport),
        guest(broker.transport) as client,
    ):
        await take_money(client, 1, 1)
        assert [row[0] for row in await applied(ledger, 1)] == [1]
        await take_money(client, 2, 3)
        assert ledger.context is not None
        async with asyncio.timeout(10):
            while "log of till" not in ledger.context.health.reasons:
                await asyncio.sleep(0.01)
        assert "after seq 1" in ledger.context.health.reasons["log of till"]
        assert len((await client.queries.ask("ledger", "written")).data) == 1
        ledger.fail_on.clear()
        assert await applied(ledger, 3) == exactly(3)
        async with asyncio.timeout(10):
            while not ledger.context.health.is_ready:
                await asyncio.sleep(0.01)


async def test_a_log_that_forked_is_followed_no_further_and_shows(new_database: NewDatabase) -> None:
    broker, ledger = MemoryBroker(), Ledger()
    ledger_place = await new_database("ledger")
    async with guest(broker.transport) as client:
        async with (
            serving(till_service(Till()), await new_database("till"), broker.transport),
            serving(ledger_service(ledger), ledger_place, broker.transport),
        ):
            await take_money(client, 1, 5)
            await applied(ledger, 5)
        ledger = Ledger()
        async with (
            serving(till_service(Till()), await new_database("till"), broker.transport),  # another history
            serving(ledger_service(ledger), ledger_place, broker.transport),
        ):
            await take_money(client, 1, 7)
            async with asyncio.timeout(20):
                while ledger.context is None or "stopped" not in ledger.context.health.reasons.get("log of till", ""):
                    await asyncio.sleep(0.01)
            assert await ledger.written() == exactly(5)


async def test_an_outage_of_the_database_is_one_effect_for_a_caller_who_repeats(
    start_postgres: Callable[[], Any],
) -> None:
    broker, server = MemoryBroker(), await asyncio.to_thread(start_postgres)
    make = database_maker(server)
    till, ledger = Till(), Ledger()
    async with (
        serving(till_service(till), await make("till"), broker.transport),
        serving(ledger_service(ledger), await make("ledger"), broker.transport),
        guest(broker.transport) as client,
    ):
        await take_money(client, 1, 3)
        await applied(ledger, 3)
        await asyncio.to_thread(server.stop)
        sending = asyncio.create_task(take_money(client, 4, 8))
        assert till.context is not None
        async with asyncio.timeout(10):
            while "event log" not in till.context.health.reasons:
                await asyncio.sleep(0.01)
        await asyncio.to_thread(server.start)
        await sending
        assert await applied(ledger, 8) == exactly(8)
