"""The service is killed while it carries out commands: every caller gets one answer, and there was one effect."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from namespace.contracts.command import CommandStatus
from namespace.contracts.work_order import CONTRACT
from namespace.runtime.settings import ServiceSettings
from namespace.servers.postgres import Postgres
from namespace.testing.servers import TestBroker
from tests.integration.work_order.running import Guest, guest, load_demo_site, settings_for

SITE = load_demo_site()
LINE = "Acme/Dallas/Packaging/Line1"
STEPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("StoreAndStart", {"place": LINE, "quantity_source": "operator"}),
    ("Update", {"priority": 3}),
    ("ClockOn", {"person": "W7"}),
    ("RevokeStart", {}),
    ("Start", {}),
    ("Abort", {}),
)
CALLERS = 12
KILLS_AFTER = (10, 35)


@pytest.fixture
async def settings(postgres: Postgres, broker: TestBroker) -> ServiceSettings:
    return await settings_for(postgres, broker)


async def started(settings: ServiceSettings) -> asyncio.subprocess.Process:
    """Start the service as a process of its own."""
    environment = {
        **os.environ,
        "UNS_SITE_FILE": str(settings.site_file),
        "UNS_BROKER_URL": settings.broker_url,
        "UNS_DATABASE_URL": settings.database_url,
        "UNS_LOG_LEVEL": "error",
    }
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "services.work_order", env=environment)


async def test_killed_twice_in_the_middle(settings: ServiceSettings, broker: TestBroker) -> None:
    answered = 0
    progress = asyncio.Event()

    async def caller(someone: Guest, number: int) -> None:
        nonlocal answered
        for name, args in STEPS:
            answer = await someone.send(name, f"crash-{number}", **args)
            assert answer.status is CommandStatus.DONE, answer
            answered += 1
            progress.set()

    async def killer() -> asyncio.subprocess.Process:
        service = await started(settings)
        for after in KILLS_AFTER:
            while answered < after:
                progress.clear()
                await progress.wait()
            service.kill()
            await service.wait()
            service = await started(settings)
        return service

    async with guest(broker, SITE) as someone:
        async with asyncio.TaskGroup() as group:
            killing = group.create_task(killer())
            for number in range(CALLERS):
                group.create_task(caller(someone, number))
        service = killing.result()
        try:
            rows = await log_of(someone, expected=CALLERS * (len(STEPS) + 2))
        finally:
            service.terminate()
            await service.wait()

    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    mine = [row for row in rows if row["subject"].startswith("crash-")]
    assert len({row["event_id"] for row in mine}) == len(mine)
    per_order = Counter((row["subject"], row["type"]) for row in mine)
    for number in range(CALLERS):
        counts = {kind: count for (subject, kind), count in per_order.items() if subject == f"crash-{number}"}
        assert counts == {
            "JobOrderStored": 1,
            "JobOrderUpdated": 1,
            "JobOrderStateChanged": 3,
            "LaborReported": 2,
            "JobResponse": 1,
        }


async def log_of(someone: Guest, *, expected: int) -> list[dict[str, Any]]:
    """Return the whole event log once it holds so many events of these orders."""
    async with asyncio.timeout(20):
        while True:
            rows: list[dict[str, Any]] = []
            while True:
                page = await someone.ask("events", **{"from": len(rows) + 1})
                rows += page["rows"]
                if not page["rows"]:
                    break
            if sum(row["subject"].startswith("crash-") for row in rows) >= expected:
                return rows
            await asyncio.sleep(0.05)


ROUTE = [{"id": "10"}, {"id": "20", "predecessors": [{"operation": "10"}]}]
ONE, TWO, TEN = ({"value": value, "unit": "H87"} for value in ("1", "2", "10"))
OTHER_LINE = "Acme/Dallas/Packaging/Line2"


def story(name: str) -> list[tuple[str, str, dict[str, Any], str | None]]:
    """Every command of the contract at least once, each accepted: name, subject, arguments, reason."""
    first, second, part, again = f"{name}-10", f"{name}-20", f"{name}-part", f"{name}-again"
    counted, never = f"{name}-counted", f"{name}-never"
    places = {"10": LINE, "20": LINE}
    operators = [{**operation, "quantity_source": "operator"} for operation in ROUTE]
    return [
        ("StoreWorkMaster", f"{name}-route", {"operations": operators}, None),
        ("ActivateWorkMaster", f"{name}-route", {"version": 1}, None),
        ("StoreWorkRequest", name, {"work_master": f"{name}-route", "quantity": TEN}, None),
        ("CreateJobOrders", name, {"places": places, "start": True}, None),
        ("RetireWorkMaster", f"{name}-route", {"version": 1}, "no more"),
        ("Update", first, {"priority": 5}, None),
        ("RevokeStart", first, {}, None),
        ("Start", first, {}, None),
        ("ChangeSubState", first, {"sub_state": "Ready"}, None),
        ("Resequence", LINE, {"job_orders": [second, first]}, None),
        ("SetAvailability", OTHER_LINE, {"available": False}, "bearing"),
        ("SetAvailability", OTHER_LINE, {"available": True}, None),
        ("Split", first, {"into": part, "quantity": TWO}, None),
        ("Merge", first, {"remaining_of": part}, None),
        ("Hold", first, {}, "drawing"),
        ("Release", first, {}, None),
        ("Begin", first, {}, None),
        ("ClockOn", first, {"person": "W7"}, None),
        ("ReportQuantity", first, {"good": "8", "rework": "1", "unit": "H87"}, None),
        ("Rework", first, {"into": again, "quantity": ONE}, None),
        ("Pause", first, {}, None),
        ("Resume", first, {}, None),
        ("Amend", first, {"quantity": {"value": "9", "unit": "H87"}}, None),
        ("ClockOff", first, {"person": "W7"}, None),
        ("Complete", first, {}, None),
        ("Clear", first, {}, None),
        ("Begin", again, {}, None),
        ("Stop", again, {}, None),
        ("Abort", second, {}, None),
        ("Store", never, {"place": LINE}, None),
        ("Cancel", never, {}, None),
        ("StoreAndStart", counted, {"place": LINE, "operator_declares": True}, None),
        ("Begin", counted, {}, None),
        ("DeclareQuantity", counted, {"good": "3", "unit": "H87"}, None),
        ("Stop", counted, {}, None),
        ("Reconcile", counted, {"keep": "declared"}, None),
    ]


KILLED_IN_SHORT = frozenset({"CreateJobOrders", "Merge", "Rework", "Complete"})


def test_the_story_has_every_command() -> None:
    assert {name for name, *_ in story("any")} == {command.name for command in CONTRACT.commands}
    assert {name for name, *_ in story("any")} >= KILLED_IN_SHORT


@pytest.mark.parametrize(
    "killed", [KILLED_IN_SHORT, pytest.param(None, marks=pytest.mark.soak)], ids=["four commands", "every command"]
)
async def test_killed_in_the_middle_of_a_command_there_is_one_answer_and_one_effect(
    settings: ServiceSettings, broker: TestBroker, killed: frozenset[str] | None
) -> None:
    """What a command causes when nobody kills the service is what it causes when somebody does."""
    random = Random(7)
    told = f"undisturbed-{uuid4()}", f"killed-{uuid4()}"
    ids: dict[str, list[UUID]] = {name: [] for name in told}
    async with guest(broker, SITE) as someone:
        service = await started(settings)
        for name in told:
            for command, subject, args, reason in story(name):
                command_id = uuid4()
                ids[name].append(command_id)
                sending = asyncio.create_task(
                    someone.send(command, subject, command_id=command_id, reason=reason, **args)
                )
                if name == told[1] and (killed is None or command in killed):
                    await asyncio.sleep(random.uniform(0, 0.03))
                    service.kill()
                    await service.wait()
                    service = await started(settings)
                answer = await sending
                assert answer.status is CommandStatus.DONE, (command, answer)
                assert await someone.send(command, subject, command_id=command_id, reason=reason, **args) == answer
        try:
            caused = [await caused_by(someone, ids[name], fewest=len(ids[name])) for name in told]
        finally:
            service.terminate()
            await service.wait()
    assert caused[0] == caused[1]


async def caused_by(someone: Guest, commands: list[UUID], *, fewest: int) -> list[list[str]]:
    """Return the types of the events that each command caused, in order, once the last has caused any."""
    async with asyncio.timeout(30):
        while True:
            types: dict[str, list[str]] = {str(command): [] for command in commands}
            seen: set[str] = set()
            first = 1
            while (page := await someone.ask("events", **{"from": first}))["rows"]:
                first = page["rows"][-1]["seq"] + 1
                for row in page["rows"]:
                    assert row["event_id"] not in seen
                    seen.add(row["event_id"])
                    if row.get("correlation") in types:
                        types[row["correlation"]].append(row["type"])
            if sum(bool(each) for each in types.values()) >= fewest:
                return list(types.values())
            await asyncio.sleep(0.05)
