"""The load generator at a real broker: whole Sparkplug sessions, a truth that a host can be held against, nothing lost if it may resend."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from namespace.contracts.access import edge_node_rules
from namespace.runtime.clock import SystemClock
from namespace.sparkplug import (
    Data,
    DeviceBirth,
    EdgeNodeDescriptor,
    HostEvent,
    HostSession,
    HostState,
    Ignored,
    NodeBirth,
    NodeDeath,
    RebirthWanted,
    Rejected,
    rebirth_request,
)
from namespace.testing.servers import TestBroker
from namespace.transport import BrokerUrl, Connection, ConnectRefused, TransportError, Will
from namespace.transport.mqtt import MqttTransport
from services.simulator.adapters.load import LoadGenerator, LoadOptions
from services.simulator.domain.load import LoadPlan, LoadTruth

LIMIT_S = 30.0
Reading = tuple[str, str | None, str, float, int]


def now_ms() -> int:
    return int(SystemClock().now().timestamp() * 1000)


class Host:
    """A primary host application that keeps every reading it hears, over all its connections."""

    def __init__(self, group_id: str) -> None:
        self.group_id = group_id
        self.readings: Counter[Reading] = Counter()
        self.events: list[HostEvent] = []
        self.state = HostState("load-test")
        self.connection: Connection | None = None

    async def run(self, url: str) -> None:
        while True:
            try:
                await self._listen(url)
            except TransportError:
                self.connection = None
                self.state.disconnected()
                await asyncio.sleep(0.02)

    async def _listen(self, url: str) -> None:
        session = HostSession()
        transport = MqttTransport(BrokerUrl.parse(url), client_id=f"host-{uuid4().hex[:8]}")
        will = self.state.connect(now_ms())
        async with transport.connect(will=Will(will.topic, will.payload, will.qos, will.retain)) as connection:
            await connection.subscribe([(f"spBv1.0/{self.group_id}/#", 0)])
            for message in self.state.subscribed():
                await connection.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)
            self.connection = connection
            async for batch in connection.batches():
                for message in batch:
                    for event in session.receive(message.topic, message.payload, now_ms()):
                        self._take(event)

    def _take(self, event: HostEvent) -> None:
        self.events.append(event)
        if isinstance(event, NodeBirth | DeviceBirth | Data):
            device = None if isinstance(event, NodeBirth) else event.device_id
            for metric in event.metrics:
                if metric.name.startswith("Reading/"):
                    assert isinstance(metric.value, float)
                    self.readings[
                        event.edge_node.edge_node_id, device, metric.name, metric.value, metric.timestamp
                    ] += 1

    def count(self, kind: type[HostEvent]) -> int:
        return sum(isinstance(event, kind) for event in self.events)

    def has(self, truth: LoadTruth) -> bool:
        return set(self.readings) == said(truth)


def said(truth: LoadTruth) -> set[Reading]:
    return {(each.place.node, each.place.device, each.metric, each.value, each.at_ms) for each in truth.each()}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not condition():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def hosted(broker: TestBroker, group_id: str) -> AsyncIterator[Host]:
    host = Host(group_id)
    task = asyncio.create_task(host.run(broker.url("test")))
    try:
        await until(lambda: host.connection is not None)
        yield host
    finally:
        task.cancel()


def a_group() -> str:
    return f"Load-{uuid4().hex[:8]}"


@pytest.mark.parametrize("devices", [0, 2])
async def test_a_host_hears_every_reading_once_and_misses_nothing(broker: TestBroker, devices: int) -> None:
    plan = LoadPlan(nodes=30, devices=devices, metrics=25, group_id=a_group())
    url = BrokerUrl.parse(broker.add_account("load", edge_node_rules(plan.group_id, "+")))
    async with hosted(broker, plan.group_id) as host:
        generator = LoadGenerator(plan, url)
        async with generator.running():
            await generator.speak(None, duration_s=LIMIT_S, messages=20 * plan.slots)  # every seq number wraps
            await until(lambda: host.has(generator.truth))
        await until(lambda: host.count(NodeDeath) == plan.nodes)
        assert max(host.readings.values()) == 1
        assert host.count(NodeBirth) == plan.nodes
        assert not any(isinstance(event, RebirthWanted | Rejected | Ignored) for event in host.events)
    assert generator.truth.messages == 20 * plan.slots
    assert generator.skipped == 0


async def test_nodes_that_are_cut_die_by_their_will_and_come_back_with_the_next_bd_seq(broker: TestBroker) -> None:
    plan = LoadPlan(nodes=10, metrics=10, group_id=a_group())
    async with hosted(broker, plan.group_id) as host:
        generator = LoadGenerator(plan, BrokerUrl.parse(broker.url("test")))
        async with generator.running():
            generator.cut(range(3), stay_away=True)
            await until(lambda: host.count(NodeDeath) == 3)
            await generator.speak(None, duration_s=LIMIT_S, messages=70)
            assert [generator.truth.count_of(node)[0] for node in range(10)] == [0] * 3 + [10] * 7
            assert generator.skipped > 0
            generator.reconnect(range(3))
            await generator.born()
            await until(lambda: host.count(NodeBirth) == 13 and host.has(generator.truth))
        births = [event for event in host.events if isinstance(event, NodeBirth)]
        first, second = (event.bd_seq for event in births if event.edge_node.edge_node_id == "Node0002")
        assert first is not None
        assert second == (first + 1) % 256


async def test_a_rebirth_is_given_on_command_and_as_a_storm(broker: TestBroker) -> None:
    plan = LoadPlan(nodes=20, metrics=100, group_id=a_group())
    clock = [now_ms()]
    async with hosted(broker, plan.group_id) as host:
        generator = LoadGenerator(plan, BrokerUrl.parse(broker.url("test")), now_ms=lambda: clock[0])
        async with generator.running():
            await until(lambda: host.count(DeviceBirth) == 20)
            clock[0] += 1
            generator.rebirth()
            await until(lambda: host.count(DeviceBirth) == 40)
            assert host.connection is not None
            clock[0] += 5_000
            for _ in range(3):  # many hosts ask at once
                message = rebirth_request(EdgeNodeDescriptor(plan.group_id, "Node0007"), now_ms())
                await host.connection.publish(message.topic, message.payload)
            await until(lambda: generator.nodes[6].counts.commands == 3 and host.count(DeviceBirth) >= 41)
            await generator.speak(None, duration_s=LIMIT_S, messages=40)
            await until(lambda: host.has(generator.truth))
        assert host.count(DeviceBirth) == 41
        assert not host.count(Rejected)


async def test_a_broker_that_is_killed_costs_no_reading_of_nodes_that_store_and_forward(
    start_broker: Callable[[], TestBroker],
) -> None:
    broker = start_broker()
    plan = LoadPlan(nodes=20, devices=1, metrics=20, group_id=a_group())
    options = LoadOptions(primary_host_id="load-test", resend_window_s=120)
    async with hosted(broker, plan.group_id) as host:
        generator = LoadGenerator(plan, BrokerUrl.parse(broker.url("test")), options)
        async with generator.running():
            for _ in range(2):
                await generator.speak(2000, duration_s=LIMIT_S, messages=500)
                broker.kill()
                await generator.speak(2000, duration_s=LIMIT_S, messages=200)
                await asyncio.to_thread(_restart, broker)
            await generator.settled()
            await until(lambda: host.has(generator.truth))
        assert generator.truth.messages == 1400
        assert generator.counts.historical >= 400


def _restart(broker: TestBroker) -> None:
    broker.server.prepare()
    broker.start()


async def test_nodes_leave_with_their_primary_host_and_come_back_with_it(broker: TestBroker) -> None:
    plan = LoadPlan(nodes=5, metrics=10, group_id=a_group())
    options = LoadOptions(primary_host_id="load-test", resend_window_s=120)
    generator = LoadGenerator(plan, BrokerUrl.parse(broker.url("test")), options)
    async with hosted(broker, plan.group_id) as host, generator.running():
        assert host.connection is not None
        await host.connection.abort()
        await until(lambda: generator.away == 5)
        await generator.speak(None, duration_s=LIMIT_S, messages=50)
        await generator.settled()
        await until(lambda: host.has(generator.truth))


async def test_an_account_that_the_broker_does_not_know_is_told_at_once(broker: TestBroker) -> None:
    url = BrokerUrl.parse(broker.url("nobody", "wrong"))
    with pytest.raises(ConnectRefused):
        async with LoadGenerator(LoadPlan(nodes=3), url).running(timeout_s=LIMIT_S):
            pass
