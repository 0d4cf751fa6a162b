"""The service as others meet it: commands, queries and events over a real broker, on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest

from namespace.contracts.command import CommandStatus
from namespace.contracts.work_order import CONTRACT
from namespace.runtime.settings import ServiceSettings
from namespace.servers.postgres import Postgres
from namespace.testing.servers import TestBroker
from tests.integration.work_order.running import Guest, guest, load_demo_site, running_service, settings_for

SITE = load_demo_site()
LINE = "Acme/Dallas/Packaging/Line1"


@pytest.fixture
async def settings(start_postgres: Callable[[], Postgres], broker: TestBroker) -> ServiceSettings:
    return await settings_for(start_postgres(), broker)


@pytest.fixture
async def caller(settings: ServiceSettings, broker: TestBroker) -> AsyncIterator[Guest]:
    async with running_service(settings, SITE), guest(broker, SITE) as someone:
        yield someone


async def test_a_job_order_from_store_to_its_events(caller: Guest) -> None:
    stored = await caller.send("Store", place=LINE, quantity={"value": "5", "unit": "H87"}, quantity_source="operator")
    assert (stored.status, stored.version) == (CommandStatus.DONE, 1)
    for name, args in [
        ("Start", {}),
        ("Begin", {}),
        ("ReportQuantity", {"good": "5", "unit": "H87"}),
        ("Complete", {}),
    ]:
        answer = await caller.send(name, **args)
        assert answer.status is CommandStatus.DONE, answer

    (row,) = await caller.ask("job_orders")
    assert (row["state"], row["good"], row["version"]) == ("Ended", "5", 5)
    log = await caller.ask("events")
    types = [event["type"] for event in log["rows"]]
    assert types[0] == "JobOrderStored"
    assert types[-1] == "JobResponse"
    order = await caller.ask("job_order", id="JO-1")
    assert [event["type"] for event in order["history"]] == types
    assert order["history"][0]["actor"] == "W1"


async def test_a_repeated_command_gets_the_same_answer_and_has_one_effect(caller: Guest) -> None:
    command_id = uuid4()
    first = await caller.send("Store", command_id=command_id, place=LINE)
    again = await caller.send("Store", command_id=command_id, place=LINE)
    assert first == again
    assert [row["id"] for row in await caller.ask("job_orders")] == ["JO-1"]


async def test_refusals_say_what_where_and_what_to_do(caller: Guest) -> None:
    unknown = await caller.send("Begin", "JO-404")
    assert (unknown.status, unknown.code) == (CommandStatus.REJECTED, "UnknownJobOrder")
    await caller.send("Store", place=LINE)
    wrong = await caller.send("Begin")
    assert (wrong.code, wrong.version) == ("WrongState", 1)
    assert "NotAllowedToStart" in wrong.message
    assert "possible now: Update, Start" in wrong.message
    bad = await caller.send("ReportQuantity", good="many", unit="H87")
    assert (bad.status, bad.code) == (CommandStatus.REJECTED, "BadArguments")


async def test_orders_outlive_the_service(settings: ServiceSettings, broker: TestBroker) -> None:
    async with running_service(settings, SITE), guest(broker, SITE) as someone:
        await someone.send("StoreAndStart", place=LINE)
    async with running_service(settings, SITE), guest(broker, SITE) as someone:
        answer = await someone.send("Begin")
        assert (answer.status, answer.result) == (CommandStatus.DONE, {"state": "Running"})


def test_the_contract_covers_what_is_said() -> None:
    assert CONTRACT.edge_node_id == "mes-work-order"
