"""A broker that is gone for a minute: the site has counted every piece and its order has gone as if the broker had never been away.

Two sites hear the same machine, whose controller stores and forwards. In one the broker dies in the middle of production; the machine
works on.
"""

from __future__ import annotations

import asyncio
import contextlib
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
    NoAnswer,
    NotConnected,
    QueryFailed,
    ServiceMetrics,
    Session,
    SiteClient,
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
    DEFECTS,
    SECONDS,
    SITE,
    STATE,
    TARGET,
    World,
    answered,
    begin_order,
    positions_remembered,
    produce,
    story_of,
    totals,
)
from tests.integration.historian.running import COUNT_ON_WIRE, DEVICE, GROUP, NODE

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

PATIENCE_S = 30.0
CUT, BACK = 40, 110
"""When the broker dies and returns, in seconds of production; the order is under way all that time."""


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


async def outcome(client: SiteClient) -> dict[str, Any]:
    order = await answered(client, "work_order", "job_order", id="JO-1")
    return {**story_of(order), "totals": await totals(client)}


async def life(
    world: World, folder: Path, begin_ms: int, *, is_cut: bool, until: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Run a site through one order; return what it says once that is as it should be, or at last."""
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
        await positions_remembered(world)
        if is_cut:
            world.broker.kill()
        await produce(controller.report, begin_ms, range(CUT, BACK))
        if is_cut:
            world.broker.start()
            await controller.born()
        await produce(controller.report, begin_ms, range(BACK, SECONDS))
        said: dict[str, Any] = {}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while not until(said):
                    with contextlib.suppress(NoAnswer, NotConnected, QueryFailed):
                        said = await outcome(client)
                    await asyncio.sleep(0.1)
        return said


async def test_a_broker_that_was_away_for_a_minute_costs_no_piece_and_changes_no_order(
    start_broker: Callable[[], TestBroker], new_database: NewDatabase, tmp_path: Path
) -> None:
    begin_ms = (time.time_ns() // 1_000_000 - 600_000) // 1000 * 1000

    async def lived(name: str, *, is_cut: bool, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        world = await World.make(start_broker(), new_database, tmp_path / name)
        return await life(world, tmp_path / name / "edge", begin_ms, is_cut=is_cut, until=until)

    def is_over(said: dict[str, Any]) -> bool:
        return bool(said) and said["order"]["state"] == "Ended" and said["totals"]["PQ"] == SECONDS - 1

    whole = await lived("whole", is_cut=False, until=is_over)
    assert (whole["order"]["good"], whole["totals"]["PQ"]) == (str(TARGET), SECONDS - 1)
    cut = await lived("cut", is_cut=True, until=lambda said: said == whole)
    assert cut == whole
