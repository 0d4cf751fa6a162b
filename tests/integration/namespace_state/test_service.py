"""`namespace_state` at a real broker: the retained projection, events, and what survives which restart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from namespace.runtime import EdgeNode, Health, ServiceMetrics, Session, SystemClock
from namespace.sparkplug import DataType, EdgeNodeConfig, EdgeNodeSession, MetricDefinition
from namespace.testing.servers import NewDatabase, ServiceDatabase, TestBroker
from namespace.transport import BrokerUrl, Message, Transport
from namespace.transport.mqtt import MqttTransport
from services.namespace_state.service import SERVICE
from tests.integration.runtime.shop import Till, guest, send, serving, till_service
from tests.unit.runtime.support import quick, running, until

COUNTS = "uns/v1/Acme/Dallas/_Site/Namespace/Nodes"
PACKER = "uns/v1/Acme/Dallas/Packaging/Line1/Packer"
COUNT = f"{PACKER}/Admin/ProdProcessedCount"


@dataclass
class Watcher:
    """Sees what is retained, what comes live, and how often machines are told to be reborn."""

    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    live: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    def see(self, message: Message) -> None:
        if "/NCMD/" in message.topic:
            self.commands.append(message.topic)
        elif message.topic.startswith("uns/"):
            self.live.append(message.topic)
            if message.payload:
                self.shown[message.topic] = json.loads(message.payload)
            else:
                self.shown.pop(message.topic, None)

    def quality(self, topic: str) -> int | None:
        return self.shown[topic]["quality"] if topic in self.shown else None


@dataclass
class Site:
    """A broker of its own with a machine to start and stop, and a watcher."""

    broker: TestBroker
    place: ServiceDatabase
    bd_seq: int = 0

    def connect(self, client_id: str) -> Transport:
        return MqttTransport(BrokerUrl.parse(self.broker.url("test")), client_id=client_id)

    @asynccontextmanager
    async def service(self) -> AsyncIterator[None]:
        async with serving(SERVICE, self.place, self.connect):
            yield

    @asynccontextmanager
    async def watcher(self) -> AsyncIterator[Watcher]:
        watcher = Watcher()
        session = Session(self.connect("watcher"), name="watcher", health=Health(), backoff=quick())
        for topic_filter in ("spBv1.0/+/NCMD/#", "uns/v1/Acme/Dallas/Packaging/#", "uns/v1/Acme/Dallas/_Site/#"):
            session.route(topic_filter, watcher.see)
        async with running(session.run):
            await session.up.wait()
            yield watcher

    @asynccontextmanager
    async def machine(self) -> AsyncIterator[EdgeNode]:
        session = Session(self.connect("plc"), name="plc", health=Health(), backoff=quick())
        core = EdgeNodeSession(
            EdgeNodeConfig(group_id="Plant", edge_node_id="Line1-PLC", rebirth_debounce_ms=0),
            [],
            {"Packer": [MetricDefinition(name="Count", datatype=DataType.Int64, value=1)]},
        )

        async def next_bd_seq() -> int:
            self.bd_seq += 1
            return self.bd_seq

        node = EdgeNode(session, core, next_bd_seq=next_bd_seq, clock=SystemClock(), metrics=ServiceMetrics())
        async with running(session.run, node.run):
            await session.up.wait()
            yield node


@pytest.fixture
async def site(start_broker: Callable[[], TestBroker], new_database: NewDatabase) -> Site:
    return Site(await asyncio.to_thread(start_broker), await new_database("namespace_state"))


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.namespace_state.service._SPREAD_S", 0.2)


async def test_a_machines_death_is_seen_within_two_seconds_and_its_return_makes_good(site: Site) -> None:
    async with site.watcher() as watcher, site.service():
        await until(lambda: COUNTS in watcher.shown)
        async with site.machine() as node:
            await until(lambda: watcher.quality(COUNT) == 192)
            node.set("Packer", {"Count": 7})
            await until(lambda: watcher.shown[COUNT]["value"] == 7)
        async with asyncio.timeout(2):
            await until(lambda: watcher.quality(COUNT) == 500)
        assert watcher.shown[COUNT]["value"] == 7
        async with site.machine():
            await until(lambda: watcher.quality(COUNT) == 192)


async def test_after_its_own_restart_what_was_shown_is_stale_until_the_machine_confirms_it(site: Site) -> None:
    async with AsyncExitStack() as stack:
        watcher = await stack.enter_async_context(site.watcher())
        async with AsyncExitStack() as at_work:
            async with site.service():
                await until(lambda: COUNTS in watcher.shown)
                await at_work.enter_async_context(site.machine())
                await until(lambda: watcher.quality(COUNT) == 192)
                await asyncio.sleep(1.2)  # births are remembered once a second
            watcher.commands.clear()
            async with site.service():
                await until(lambda: watcher.commands, "a request for rebirth")
                await until(lambda: watcher.quality(COUNT) == 192)
        # Nobody is there to confirm it now.
        async with site.service():
            await until(lambda: watcher.quality(COUNT) == 500)


async def test_a_broker_that_forgot_everything_is_told_everything_again(site: Site) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(site.service())
        async with site.watcher() as watcher:
            await until(lambda: COUNTS in watcher.shown)
            await stack.enter_async_context(site.machine())
            await until(lambda: watcher.quality(COUNT) == 192)
        await asyncio.to_thread(site.broker.kill)
        for saved in site.broker.server.folder.glob("state/*"):
            saved.unlink()
        await asyncio.to_thread(site.broker.start)
        async with site.watcher() as watcher:
            await until(lambda: watcher.quality(COUNT) == 192)


async def test_events_appear_at_their_place_and_are_not_retained(site: Site, new_database: NewDatabase) -> None:
    event = "uns/v1/Acme/Dallas/Packaging/Line1/_event/Added"
    async with site.watcher() as watcher, site.service():
        await until(lambda: COUNTS in watcher.shown)
        async with (
            serving(till_service(Till()), await new_database("till"), site.connect),
            guest(site.connect, "guest") as client,
        ):
            assert (await send(client, amount=5)).code == "Done"
            await until(lambda: event in watcher.shown)
    assert (watcher.shown[event]["payload"], watcher.shown[event]["seq"]) == ({"amount": 5}, 1)
    async with site.watcher() as later:
        await until(lambda: COUNTS in later.shown)
        assert event not in later.shown
