"""Hostile and broken clients at a running site: its services' memory stays bounded, and nobody else is disturbed.

Each test does its worst with an account of its own and holds three things against the site: a command is answered, the newest value of a
calm edge node is shown to everyone, and no process has grown beyond a generous bound.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from namespace.runtime import EdgeBuffer, Health, ServiceMetrics, Session, SiteClient, StoreAndForwardNode, SystemClock
from namespace.sparkplug import DataType, EdgeNodeConfig, MetricDefinition, MetricUpdate
from namespace.testing.site import RunningSite, eventually, running_site
from namespace.transport import BrokerUrl, Message
from namespace.transport.mqtt import MqttTransport
from tests.chaos import hostile
from tests.chaos.hostile import RoughClient, Sequence, birth, metrics, publish, rough_client, topic
from tests.chaos.orders import Orders
from tests.chaos.run import PLANT, SERVICES

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("hostile_site"),
    pytest.mark.asyncio(loop_scope="module"),
]

MIB = 1 << 20
MOST_OF_ALL_BYTES = 300 * MIB
"""What all attacks together may cost a process."""
CURRENT_WITHIN_S = 15.0
PASSWORD = "only-for-tests"
CALM = "Process/Calm"


def resident_bytes(pid: int) -> int:
    """Return how much memory a process has (proc(5), statm)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


@dataclass
class Victim:
    """A site, a calm edge node on it, and a guest who looks.

    Attributes:
        calm_memory: Memory of each process before anything hostile happened, in bytes.
        before: The same before the attack of the running test. The broker keeps what an earlier one made it take (its allocator gives
            a heap back only from the top), and the tests run in any order.
    """

    site: RunningSite
    guest: SiteClient
    calm: StoreAndForwardNode
    shown: asyncio.Queue[int]
    orders: Orders = field(default_factory=lambda: Orders(1, "CALM"))
    calm_memory: dict[str, int] = field(default_factory=dict)
    before: dict[str, int] = field(default_factory=dict)
    said: int = 0

    async def is_undisturbed(self) -> None:
        """Have a command answered, and a new value of the calm edge node shown."""
        await self.orders.one(self.guest)
        self.said += 1
        self.calm.report("Cell", [MetricUpdate(CALM, self.said)])
        async with asyncio.timeout(CURRENT_WITHIN_S):
            while await self.shown.get() != self.said:
                pass

    def memory(self) -> dict[str, int]:
        return {name: resident_bytes(self.site.pid_of(name)) for name in (*SERVICES, "broker")}

    def assert_bounded(self, most_bytes: int) -> None:
        """Compare what every process has grown by, in this test and in all until now, with bounds."""
        now = self.memory()
        for before, most in ((self.before, most_bytes), (self.calm_memory, max(most_bytes, MOST_OF_ALL_BYTES))):
            grown = {name: now[name] - before[name] for name in now}
            too_much = {name: f"{growth / MIB:.0f} MiB" for name, growth in grown.items() if growth > most}
            assert not too_much, f"grown by more than {most / MIB:.0f} MiB"

    async def refused(self) -> dict[str, int]:
        """Return what `namespace_state` has refused of the hostile edge node, by reason."""
        nodes: list[dict[str, Any]] = await self.guest.queries.ask_all("namespace_state", "nodes")
        return next((each["rejected"] for each in nodes if each["edge_node_id"] == hostile.NODE), {})

    async def until_refused(self, reason: str, count: int) -> None:
        """Wait until so much was refused for a reason."""

        async def probe() -> bool:
            return (await self.refused()).get(reason, 0) >= count

        await eventually(probe, within_s=60, what=f"{count} refused for {reason}", every_s=0.5)

    def url(self, account: str) -> BrokerUrl:
        """Return the address with which an account made by `uns account` signs in."""
        at = self.site.broker_url("cli")
        return BrokerUrl(at.host, at.port, username=account, password=PASSWORD)


async def make_account(site: RunningSite, name: str, *role: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "namespace.cli", "account", "add", name, *role, "--password-stdin"),
        env=site.environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    await process.communicate(f"{PASSWORD}\n".encode())
    assert process.returncode == 0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def victim() -> AsyncIterator[Victim]:
    with running_site(PLANT, without=("console", "simulator")) as site:
        await site.ready()
        await make_account(site, "hostile", "--role", "edge-node", "--group", hostile.GROUP, "--node", hostile.NODE)
        await make_account(site, "calm", "--role", "edge-node", "--group", "Chaos", "--node", "C01-PLC")
        await make_account(site, "curious", "--role", "dashboard")
        shown: asyncio.Queue[int] = asyncio.Queue()
        guest = site.client()

        def look(message: Message) -> None:
            shown.put_nowait(json.loads(message.payload)["value"] or 0)

        guest.listen(f"uns/v1/Acme/Chaos/Cells/C01/Cell/{CALM}", look)
        health = Health()
        at = site.broker_url("cli")
        url = BrokerUrl(at.host, at.port, username="calm", password=PASSWORD)
        calm = StoreAndForwardNode(
            Session(MqttTransport(url, client_id="calm"), name="calm", health=health),
            EdgeNodeConfig(group_id="Chaos", edge_node_id="C01-PLC"),
            devices={"Cell": [MetricDefinition(name=CALM, datatype=DataType.Int64, value=0)]},
            buffer=EdgeBuffer(None),
            clock=SystemClock(),
            metrics=ServiceMetrics(),
            health=health,
        )
        running = asyncio.create_task(calm.run())
        async with guest.connected():
            made = Victim(site, guest, calm, shown)
            await made.is_undisturbed()
            made.calm_memory = made.memory()
            yield made
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture(autouse=True)
def before_the_attack(victim: Victim) -> None:
    victim.before = victim.memory()


async def test_garbage_and_what_is_too_large_is_refused_and_counted(victim: Victim) -> None:
    bomb = hostile.bomb(400 * MIB)
    async with rough_client(victim.url("hostile"), "hostile") as client:
        await client.send(hostile.garbage(2_000, seed=1))
        await client.send([bomb] * 10)
        await client.send([hostile.oversized_birth(250_000)] * 2)
        await victim.is_undisturbed()
        for reason, count in (("protobuf", 1_000), ("decompressed_size", 10), ("metric_count", 2)):
            await victim.until_refused(reason, count)
    victim.assert_bounded(150 * MIB)


async def test_a_message_beyond_the_brokers_limit_ends_the_connection_that_sends_it_and_no_other(
    victim: Victim,
) -> None:
    async with rough_client(victim.url("hostile"), "hostile") as client:
        await client.send([publish(topic("NBIRTH"), bytes(9 * MIB))])
        async with asyncio.timeout(30):
            with contextlib.suppress(ConnectionError):
                assert await client.reader.read() == b"", "the broker hangs up"
    await victim.is_undisturbed()


async def test_a_flood_from_one_edge_node_leaves_the_others_current(victim: Victim) -> None:
    async with rough_client(victim.url("hostile"), "hostile") as client:
        numbered = Sequence()
        await client.send([numbered.message("NBIRTH", birth()), numbered.message("DBIRTH", metrics(10), "flood")])
        messages = (numbered.message("DDATA", metrics(10), "flood") for _ in range(10_000))
        async with asyncio.TaskGroup() as group:
            flood = group.create_task(client.send(messages))
            while not flood.done():
                await victim.is_undisturbed()
        await victim.is_undisturbed()
    victim.assert_bounded(200 * MIB)


async def test_a_giant_birth_does_not_keep_others_from_being_shown(victim: Victim) -> None:
    async with rough_client(victim.url("hostile"), "hostile") as client:
        numbered = Sequence()
        await client.send([numbered.message("NBIRTH", birth())])
        await client.send(numbered.message("DBIRTH", metrics(5_000), f"giant-{number}") for number in range(6))
        await victim.is_undisturbed()
    victim.assert_bounded(250 * MIB)


@pytest.mark.soak
async def test_a_million_topics_of_one_edge_node_are_not_taken(victim: Victim) -> None:
    async with rough_client(victim.url("hostile"), "hostile") as client:
        numbered = Sequence()
        await client.send([numbered.message("NBIRTH", birth())])
        births = (numbered.message("DBIRTH", metrics(5_000), f"more-{number}") for number in range(200))
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(client.send(births))
            while not sending.done():
                await victim.is_undisturbed()
        await victim.until_refused("metric_count", 100)
        await victim.is_undisturbed()
    victim.assert_bounded(500 * MIB)


async def test_a_subscriber_that_never_reads_costs_the_broker_a_bounded_queue(victim: Victim) -> None:
    """The broker holds at most `max_queued_messages` and `max_queued_bytes` for a client and drops what comes beyond."""
    async with (
        rough_client(victim.url("curious"), "curious", read_bytes=1024) as deaf,
        rough_client(victim.url("hostile"), "hostile") as client,
    ):
        await deaf.send([hostile.subscribe("spBv1.0/#"), hostile.subscribe("uns/v1/Acme/Chaos/#")])
        noise = publish(topic("NDATA"), b"\xff" * 1_000)
        for _ in range(15):
            await client.send([noise] * 10_000)
            await victim.is_undisturbed()
        victim.assert_bounded(200 * MIB)


async def test_connections_without_number_and_half_open_ones_keep_nobody_out(victim: Victim) -> None:
    url = victim.url("curious")
    async with AsyncExitStack() as stack:
        for number in range(500):
            client: RoughClient = await stack.enter_async_context(rough_client(url, f"curious-{number}"))
            if number % 100 == 0:
                await client.send([hostile.subscribe("#")])
        half_open = [(await asyncio.open_connection(url.host, url.port))[1] for _ in range(500)]
        await victim.is_undisturbed()
        async with victim.site.guest() as another:
            await victim.orders.one(another)
        dead = victim.site.kill("oee")
        await victim.site.back("oee", dead)
        for writer in half_open:
            writer.transport.abort()
    victim.before["oee"] = victim.calm_memory["oee"] = victim.memory()["oee"]
    victim.assert_bounded(300 * MIB)
