"""The service as others meet it: commands, queries and events over a real broker, on a real database."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from namespace.contracts.command import CommandStatus
from namespace.isa95 import PersonnelClass
from namespace.runtime.errors import NoAnswer
from namespace.runtime.settings import ServiceSettings
from namespace.servers.postgres import Postgres
from namespace.testing.servers import TestBroker
from namespace.testing.site import eventually
from tests.integration.work_order.machine import empty_registry, line_controller
from tests.integration.work_order.running import Guest, guest, load_demo_site, running_service, settings_for

SITE = load_demo_site()
LINE = "Acme/Dallas/Packaging/Line1"
OTHER_LINE = "Acme/Dallas/Packaging/Line2"


@pytest.fixture
async def settings(postgres: Postgres, broker: TestBroker) -> ServiceSettings:
    """The schema is shared by these tests, so each uses job orders of its own."""
    return await settings_for(postgres, broker)


@pytest.fixture
async def caller(settings: ServiceSettings, broker: TestBroker) -> AsyncIterator[Guest]:
    async with running_service(settings, SITE), guest(broker, SITE) as someone:
        yield someone


@pytest.fixture
def job() -> str:
    """An id that no other test uses."""
    return f"JO-{uuid4()}"


async def test_a_job_order_from_store_to_its_events(caller: Guest, job: str) -> None:
    quantity = {"value": "5", "unit": "H87"}
    stored = await caller.send("Store", job, place=LINE, quantity=quantity, quantity_source="operator")
    assert (stored.status, stored.version) == (CommandStatus.DONE, 1)
    for name, args in [
        ("Start", {}),
        ("Begin", {}),
        ("ReportQuantity", {"good": "5", "unit": "H87"}),
        ("Complete", {}),
    ]:
        answer = await caller.send(name, job, **args)
        assert answer.status is CommandStatus.DONE, answer

    (row,) = [row for row in await caller.ask("job_orders", place=LINE) if row["id"] == job]
    assert (row["state"], row["good"], row["version"]) == ("Ended", "5", 5)

    async def history() -> list[Any] | None:
        """The events of the job order, once the relay has given the last of them its place in the log."""
        events = (await caller.ask("job_order", id=job))["history"]
        return events if events and events[-1]["type"] == "JobResponse" else None

    events = await eventually(history, within_s=20, what="the whole history of the job order")
    assert (events[0]["type"], events[0]["actor"], len(events)) == ("JobOrderStored", "W1", 6)
    log = await caller.ask("events", types=["JobResponse"])
    assert job in [event["subject"] for event in log["rows"]]


async def test_a_repeated_command_gets_the_same_answer_and_has_one_effect(caller: Guest, job: str) -> None:
    command_id = uuid4()
    first = await caller.send("Store", job, command_id=command_id, place=LINE)
    again = await caller.send("Store", job, command_id=command_id, place=LINE)
    assert first == again
    assert [row["id"] for row in await caller.ask("job_orders")].count(job) == 1


async def test_who_is_not_in_the_personnel_class_of_an_operation_is_refused_at_the_clock(
    settings: ServiceSettings, broker: TestBroker, job: str
) -> None:
    listed = PersonnelClass("Filler operator", "", frozenset({"W7"}))
    site = replace(SITE, personnel_classes={listed.id: listed})
    operations = [
        {"id": "FILL", "personnel_class": "Filler operator", "quantity_source": "operator"},
        {"id": "PACK", "personnel_class": "Packer", "quantity_source": "operator"},
    ]
    quantity = {"value": "5", "unit": "H87"}
    async with running_service(settings, site), guest(broker, site) as caller:
        for name, args in [
            ("StoreWorkMaster", {"operations": operations, "activate": True}),
            ("StoreWorkRequest", {"work_master": job, "quantity": quantity}),
            ("CreateJobOrders", {"places": {"FILL": LINE, "PACK": LINE}, "start": True}),
        ]:
            answer = await caller.send(name, job, **args)
            assert answer.status is CommandStatus.DONE, answer
        refused = await caller.send("ClockOn", f"{job}-FILL", person="W9")
        assert (refused.status, refused.code) == (CommandStatus.REJECTED, "WrongPersonnel")
        assert "needs personnel class Filler operator, and W9 does not belong to it" in refused.message
        for operation, person in (("FILL", "W7"), ("PACK", "W9")):  # the site file does not list packers
            assert (await caller.send("ClockOn", f"{job}-{operation}", person=person)).status is CommandStatus.DONE
        board = await caller.ask("dispatch_board", places=[LINE], limit=200)
        shown = {row["id"]: (row["personnel_class"], row["clocked_on"]) for row in board["job_orders"]}
        assert shown[f"{job}-FILL"] == ("Filler operator", ["W7"])
        assert shown[f"{job}-PACK"] == ("Packer", ["W9"])


async def test_refusals_say_what_where_and_what_to_do(caller: Guest, job: str) -> None:
    unknown = await caller.send("Begin", f"{job}-404")
    assert (unknown.status, unknown.code) == (CommandStatus.REJECTED, "UnknownJobOrder")
    await caller.send("Store", job, place=LINE)
    wrong = await caller.send("Begin", job)
    assert (wrong.code, wrong.version) == ("WrongState", 1)
    assert "NotAllowedToStart" in wrong.message
    assert "possible now: Update, Start" in wrong.message
    bad = await caller.send("ReportQuantity", job, good="many", unit="H87")
    assert (bad.status, bad.code) == (CommandStatus.REJECTED, "BadArguments")


async def test_a_refusal_is_remembered_like_any_answer(caller: Guest, job: str) -> None:
    command_id = uuid4()
    refused = await caller.send("Begin", job, command_id=command_id)
    await caller.send("StoreAndStart", job, place=LINE)
    assert await caller.send("Begin", job, command_id=command_id) == refused
    assert (await caller.ask("job_order", id=job))["state"] == "AllowedToStart"


async def until_good(caller: Guest, job: str, expected: str) -> dict[str, Any]:
    """Wait until a job order has a good quantity and return it."""
    async with asyncio.timeout(20):
        while True:
            order: dict[str, Any] = await caller.ask("job_order", id=job)
            if order["good"] == expected:
                return order
            await asyncio.sleep(0.05)


async def test_machine_counts_complete_an_order_across_a_restart(
    settings: ServiceSettings, broker: TestBroker, job: str
) -> None:
    async with (
        empty_registry(broker, SITE.path),
        line_controller(broker, "Bottling", "Line1-PLC", processed=65_530, defective=0) as line,
        guest(broker, SITE) as someone,
    ):
        async with running_service(settings, SITE):
            await someone.send("StoreAndStart", job, place=LINE, quantity={"value": "20", "unit": "H87"})
            await line.born()
            await someone.send("Begin", job)
            await line.count(4, 1)  # 10 units since the birth, over the end of the counter; one of them defective
            await until_good(someone, job, "9")
        await line.count(10, 1)  # nobody hears it
        async with running_service(settings, SITE):
            await until_answering(someone)
            await line.reborn()
            assert (await until_good(someone, job, "15"))["state"] == "Running"
            await line.count(17, 2)
            ended = await until_good(someone, job, "21")

    assert (ended["state"], ended["scrap"]) == ("Ended", "2")
    types = [event["type"] for event in ended["history"]]
    assert types.count("JobResponse") == 1


async def until_answering(caller: Guest) -> None:
    """Wait until the service hears what is published."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(NoAnswer):
                await caller.ask("job_orders", limit=1)
                return


async def test_orders_outlive_the_service(settings: ServiceSettings, broker: TestBroker, job: str) -> None:
    async with running_service(settings, SITE), guest(broker, SITE) as someone:
        await someone.send("StoreAndStart", job, place=OTHER_LINE)
    async with running_service(settings, SITE), guest(broker, SITE) as someone:
        answer = await someone.send("Begin", job)
        assert (answer.status, answer.result) == (CommandStatus.DONE, {"state": "Running"})
