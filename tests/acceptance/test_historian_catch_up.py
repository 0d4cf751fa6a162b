"""A service that was down asks the historian for what it missed, and ends in the state of one that never stopped.

Two sites hear the same machine. In one `oee` and `work_order` are cut off in the middle of production and come back later; at the end both
sites must say the same.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from namespace.sparkplug import DataType
from namespace.testing.servers import NewDatabase, TestBroker
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
)
from tests.integration.historian.running import machine

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
