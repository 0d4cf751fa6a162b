"""The historian as the site meets it: what was reported is answered again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from namespace.runtime.settings import ServiceSettings
from namespace.testing.servers import NewDatabase, TestBroker
from tests.integration.historian.running import (
    COUNT,
    PACKER,
    T0,
    Guest,
    demo_site,
    guest,
    machine,
    running,
    settings_of,
)

SITE = demo_site()


@pytest.fixture
async def settings(broker: TestBroker, new_database: NewDatabase, tmp_path: Path) -> ServiceSettings:
    made = await new_database("historian")
    return settings_of(broker, made.dsn, tmp_path)


@pytest.fixture
async def asker(settings: ServiceSettings, broker: TestBroker) -> AsyncIterator[Guest]:
    async with running(settings, SITE), guest(broker, SITE) as someone:
        await someone.ask("head")
        yield someone


async def test_what_was_reported_is_answered_with_its_times(asker: Guest, broker: TestBroker) -> None:
    async with machine(broker) as packer:
        await packer.born(T0)
        for number in range(1, 6):
            await packer.count(number, T0 + number * 1000)
        rows = await asker.until_samples(6, place=PACKER)
    assert [row["value"] for row in rows] == [0, 1, 2, 3, 4, 5]
    assert [row["timestamp_ms"] for row in rows] == [T0 + number * 1000 for number in range(6)]
    assert {(row["metric"], row["place"], row["quality"]) for row in rows} == {(COUNT, PACKER, 192)}
