"""A service that was down asks the historian for what it missed, and ends in the state of one that never stopped.

Two sites hear the same machine. In one `oee` and `work_order` are cut off in the middle of production and come back later; at the end both
sites must say the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from namespace.runtime import NoAnswer, NotConnected, QueryFailed, SiteClient
from namespace.sparkplug import DataType
from namespace.testing.servers import NewDatabase, TestBroker
from namespace.testing.site import eventually
from services.historian.service import SERVICE as HISTORIAN
from services.namespace_state.service import SERVICE as NAMESPACE_STATE
from services.oee.service import SERVICE as OEE
from services.work_order.service import SERVICE as WORK_ORDER
from tests.acceptance.packer_world import (
    BACK,
    CUT,
    DEFECTS,
    SECONDS,
    STATE,
    TARGET,
    World,
    answered,
    begin_order,
    outcome,
    positions_remembered,
    produce,
    totals,
)
from tests.integration.historian.running import COUNT, COUNT_ON_WIRE, PACKER, machine

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(90)]


async def life(world: World, begin_ms: int, *, is_cut: bool) -> dict[str, Any]:
    """Run a site through one order; `is_cut` takes two of its services away in the middle."""
    further = {STATE: DataType.Int32, DEFECTS: DataType.UInt16}
    async with AsyncExitStack() as site:
        await site.enter_async_context(world.service(HISTORIAN))
        await site.enter_async_context(world.service(NAMESPACE_STATE))
        client = await site.enter_async_context(world.guest())
        await answered(client, "historian", "head")
        await answered(client, "namespace_state", "snapshot")
        packer = await site.enter_async_context(machine(world.broker, begin_ms, count=65_500, further=further))
        async with world.service(OEE), world.service(WORK_ORDER):
            await begin_order(client, begin_ms)
            await packer.born(begin_ms)
            await produce(packer.report, begin_ms, range(1, CUT))
            if not is_cut:
                await produce(packer.report, begin_ms, range(CUT, SECONDS))
                return await outcome(client, begin_ms)
            await positions_remembered(world)
        await produce(packer.report, begin_ms, range(CUT, BACK))
        async with world.service(OEE), world.service(WORK_ORDER):
            await produce(packer.report, begin_ms, range(BACK, SECONDS))
            return await outcome(client, begin_ms)


async def test_services_that_were_down_end_in_the_state_of_those_that_never_stopped(
    start_broker: Callable[[], TestBroker], new_database: NewDatabase, tmp_path: Path
) -> None:
    begin_ms = (time.time_ns() // 1_000_000 - 600_000) // 1000 * 1000
    worlds = [await World.make(start_broker(), new_database, tmp_path / name) for name in ("whole", "cut")]
    whole, cut = await asyncio.gather(life(worlds[0], begin_ms, is_cut=False), life(worlds[1], begin_ms, is_cut=True))
    assert len(whole["intervals"]) >= 10
    assert whole["order"]["good"] == str(TARGET)
    assert cut == whole


async def test_what_a_machine_tells_as_its_birth_and_then_as_history_is_counted_by_a_service_that_was_down(
    start_broker: Callable[[], TestBroker], new_database: NewDatabase, tmp_path: Path
) -> None:
    world = await World.make(start_broker(), new_database, tmp_path)
    begin_ms = time.time_ns() // 1_000_000 - 600_000
    async with AsyncExitStack() as site:
        await site.enter_async_context(world.service(HISTORIAN))
        await site.enter_async_context(world.service(NAMESPACE_STATE))
        client = await site.enter_async_context(world.guest())
        await answered(client, "namespace_state", "snapshot")
        # No second heartbeat comes while it lives: what it remembers of the journal, it has remembered as soon as it had joined.
        async with world.service(OEE, heartbeat_s=60), machine(world.broker, begin_ms, count=0) as packer:
            await answered(client, "oee", "state_log", place=PACKER)
            await packer.born(begin_ms)
            await packer.count(1, begin_ms + 1000)
            await counted(client, 1)
            await positions_remembered(world, "oee")
        # The machine goes on without a connection, and comes back while nobody but the historian listens.
        async with machine(world.broker, begin_ms + 4000, count=4, bd_seq=1) as packer:
            await packer.born(begin_ms + 4000)
            for value in (2, 3, 4):
                await packer.count(value, begin_ms + value * 1000, historical=True)
            await packer.report({COUNT_ON_WIRE: 5}, begin_ms + 5000)
            await journaled(client, 6)
            async with world.service(OEE):
                await counted(client, 5)


async def journaled(client: SiteClient, samples: int) -> None:
    async def probe() -> bool:
        rows = await client.queries.ask_all("historian", "samples", {"place": PACKER, "metrics": [COUNT]})
        return len(rows) == samples

    await eventually(probe, within_s=20, what=f"the historian has {samples} samples")


async def counted(client: SiteClient, units: int) -> None:
    async def probe() -> bool:
        with contextlib.suppress(NoAnswer, NotConnected, QueryFailed):
            return (await totals(client))["PQ"] == units
        return False

    await eventually(probe, within_s=20, what=f"oee has counted {units}")
