"""A broker that is gone for a minute: the site ends in the state of one whose broker never was.

Two sites hear the same machine, whose controller stores and forwards. In one the broker dies in the middle of production; the machine
works on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from namespace.runtime import (
    Backoff,
    EdgeBuffer,
    Health,
    ServiceMetrics,
    Session,
    StoreAndForwardNode,
    SystemClock,
    buffer_path,
)
from namespace.sparkplug import DataType, EdgeNodeConfig, MetricDefinition, MetricUpdate
from namespace.testing.servers import NewDatabase, TestBroker
from namespace.testing.site import eventually
from namespace.transport import BrokerUrl
from namespace.transport.mqtt import MqttTransport
from services.historian.service import SERVICE as HISTORIAN
from services.namespace_state.service import SERVICE as NAMESPACE_STATE
from services.oee.service import SERVICE as OEE
from services.work_order.service import SERVICE as WORK_ORDER
from tests.acceptance.packer_world import (
    BACK,
    CUT,
    DEFECTS,
    SECONDS,
    SITE,
    STATE,
    TARGET,
    World,
    answered,
    begin_order,
    outcome,
    produce,
)
from tests.integration.historian.running import COUNT_ON_WIRE, DEVICE, GROUP, NODE

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(90)]


class Packer:
    """The controller of the packer."""

    def __init__(self, node: StoreAndForwardNode) -> None:
        self._node = node

    async def report(self, values: Mapping[str, Any], at_ms: int) -> None:
        number = self._node.report(DEVICE, [MetricUpdate(n, v, timestamp=at_ms) for n, v in values.items()])
        await self._node.kept(number)

    async def born(self) -> None:
        async def probe() -> bool:
            return self._node.core.is_born

        await eventually(probe, within_s=20, what="the controller is born")


@asynccontextmanager
async def packer(world: World, folder: Path, begin_ms: int) -> AsyncIterator[Packer]:
    first = {COUNT_ON_WIRE: (DataType.UInt16, 65_500), STATE: (DataType.Int32, None), DEFECTS: (DataType.UInt16, None)}
    definitions = [
        MetricDefinition(name=name, datatype=datatype, value=value, timestamp=begin_ms)
        for name, (datatype, value) in first.items()
    ]
    health = Health()
    transport = MqttTransport(BrokerUrl.parse(world.broker.add_account(NODE)), client_id=NODE)
    node = StoreAndForwardNode(
        Session(transport, name=NODE, health=health, backoff=Backoff(limit_s=0.5)),
        EdgeNodeConfig(group_id=GROUP, edge_node_id=NODE, primary_host_id=f"{SITE.site}-mes"),
        devices={DEVICE: definitions},
        buffer=EdgeBuffer(buffer_path(folder, GROUP, NODE)),
        clock=SystemClock(),
        metrics=ServiceMetrics(),
        health=health,
    )
    async with asyncio.TaskGroup() as group:
        task = group.create_task(node.run())
        yield Packer(node)
        task.cancel()


async def life(world: World, folder: Path, begin_ms: int, *, is_cut: bool) -> dict[str, Any]:
    async with AsyncExitStack() as site:
        for service in (HISTORIAN, NAMESPACE_STATE, OEE, WORK_ORDER):
            await site.enter_async_context(world.service(service))
        client = await site.enter_async_context(world.guest())
        await answered(client, "historian", "head")
        await answered(client, "namespace_state", "snapshot")
        await begin_order(client, begin_ms)
        controller = await site.enter_async_context(packer(world, folder, begin_ms))
        await controller.born()
        await produce(controller.report, begin_ms, range(1, CUT))
        if is_cut:
            world.broker.kill()
        await produce(controller.report, begin_ms, range(CUT, BACK))
        if is_cut:
            world.broker.start()
            await controller.born()
        await produce(controller.report, begin_ms, range(BACK, SECONDS))
        return await outcome(client, begin_ms)


async def test_a_broker_that_was_away_for_a_minute_leaves_no_trace(
    start_broker: Callable[[], TestBroker], new_database: NewDatabase, tmp_path: Path
) -> None:
    begin_ms = (time.time_ns() // 1_000_000 - 600_000) // 1000 * 1000
    names = ("whole", "cut")
    worlds = {name: await World.make(start_broker(), new_database, tmp_path / name) for name in names}
    whole, cut = await asyncio.gather(
        *(life(world, tmp_path / name / "edge", begin_ms, is_cut=name == "cut") for name, world in worlds.items())
    )
    assert len(whole["intervals"]) >= 10
    assert whole["order"]["good"] == str(TARGET)
    assert cut == whole
