"""The service is killed while it carries out commands: every caller gets one answer, and there was one effect."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from typing import Any

import pytest

from namespace.contracts.command import CommandStatus
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
