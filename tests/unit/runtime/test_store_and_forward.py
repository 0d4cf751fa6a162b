"""A store-and-forward edge node on the in-memory broker: gate, births, backlog, devices that come and go, a disk that is full."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from namespace.runtime import (
    BufferInUse,
    BufferSettings,
    EdgeBuffer,
    Health,
    NotKept,
    ServiceMetrics,
    Session,
    StoreAndForwardNode,
    buffer_path,
)
from namespace.runtime.buffer_metrics import WAITING
from namespace.sparkplug import (
    Data,
    DataType,
    DeviceBirth,
    EdgeNodeConfig,
    EdgeNodeDescriptor,
    ForwardingSettings,
    HostEvent,
    HostSession,
    HostState,
    MetricDefinition,
    MetricUpdate,
    NodeBirth,
    NodeDeath,
    RebirthWanted,
    rebirth_request,
)
from namespace.transport import Message, ServerWalk, Transport
from namespace.transport.memory import MemoryBroker
from tests.unit.runtime.support import SetClock, listening, quick, speaking, until

GROUP, NODE, HOST = "G", "E", "scada"


@dataclass
class Edge:
    """A node with one counter on each of two devices, and everything around it."""

    transport: Transport
    path: Path
    host_id: str | None = None
    settings: BufferSettings = field(default_factory=lambda: BufferSettings(commit_s=0.0))
    forwarding: ForwardingSettings = field(default_factory=ForwardingSettings)
    devices: tuple[str, ...] = ("A", "B")
    datatype: DataType = DataType.Int64
    walk_after_s: float | None = None

    def __post_init__(self) -> None:
        self.health = Health()
        self.clock = SetClock()
        self.buffer = EdgeBuffer(self.path, self.settings, clock=self.clock)
        self.session = Session(self.transport, name="edge", health=self.health, backoff=quick())
        value = "" if self.datatype is DataType.String else 0
        counter = MetricDefinition(name="n", datatype=self.datatype, value=value, timestamp=0)
        self.node = StoreAndForwardNode(
            self.session,
            EdgeNodeConfig(group_id=GROUP, edge_node_id=NODE, primary_host_id=self.host_id),
            devices={device: [counter] for device in self.devices},
            buffer=self.buffer,
            clock=self.clock,
            metrics=ServiceMetrics(),
            health=self.health,
            forwarding=self.forwarding,
            walk_after_s=self.walk_after_s,
        )

    def report(self, device: str, *values: int) -> int | None:
        number = None
        for value in values:
            number = self.node.report(device, [MetricUpdate("n", value, timestamp=value)])
        return number

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.node.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


class Host:
    """What a host application makes of what is heard."""

    def __init__(self, messages: list[Message]) -> None:
        self._messages = messages
        self._read = 0
        self._session = HostSession()
        self._session.connected(0)
        self.events: list[HostEvent] = []

    def look(self) -> list[HostEvent]:
        while self._read < len(self._messages):
            message = self._messages[self._read]
            self._read += 1
            self.events.extend(self._session.receive(message.topic, message.payload, self._read))
        assert not [event for event in self.events if isinstance(event, RebirthWanted)]
        return self.events

    def values(self, device: str, *, history: bool) -> list[object]:
        return [
            metric.value
            for event in self.look()
            if isinstance(event, Data) and event.device_id == device
            for metric in event.metrics
            if metric.is_historical is history
        ]

    def waiting(self) -> list[object]:
        """What the node said of its backlog: in births, and between them."""
        told = [event for event in self.look() if isinstance(event, NodeBirth | Data)]
        return [metric.value for event in told for metric in event.metrics if metric.name == WAITING]

    def count(self, kind: type[HostEvent]) -> int:
        return sum(isinstance(event, kind) for event in self.look())


@asynccontextmanager
async def hosting(broker: MemoryBroker) -> AsyncIterator[Host]:
    async with listening(broker, f"spBv1.0/{GROUP}/#") as heard:
        yield Host(heard.messages)


async def state(broker: MemoryBroker, *, online: bool, at_ms: int) -> None:
    """Say that the primary host is online or not."""
    host = HostState(HOST)
    host.connect(at_ms)
    messages = host.subscribed()
    if not online:
        messages = host.disconnect(at_ms)
    async with speaking(broker) as speaker:
        for message in messages:
            await speaker.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return buffer_path(tmp_path, GROUP, NODE)


async def test_reports_before_the_host_is_there_follow_the_births_as_history(path: Path) -> None:
    broker = MemoryBroker()
    edge = Edge(broker.transport("edge"), path, host_id=HOST)
    async with hosting(broker) as host, edge.running():
        edge.report("A", 1, 2, 3)
        await until(lambda: edge.session.is_up)
        assert host.look() == []
        await state(broker, online=True, at_ms=10)
        await until(lambda: host.values("A", history=True) == [1, 2, 3], "the history")
        edge.report("A", 4)
        await until(lambda: host.values("A", history=False) == [4])
    births = [event for event in host.events if isinstance(event, DeviceBirth) and event.device_id == "A"]
    assert [birth.metrics[0].value for birth in births] == [3]


async def test_a_host_that_goes_offline_is_left_and_what_it_may_have_missed_is_sent_again(path: Path) -> None:
    broker = MemoryBroker()
    edge = Edge(broker.transport("edge"), path, host_id=HOST)
    await state(broker, online=True, at_ms=10)
    async with hosting(broker) as host, edge.running():
        await until(lambda: edge.node.core.is_born)
        edge.report("A", 1)
        await until(lambda: host.values("A", history=False) == [1])
        await state(broker, online=False, at_ms=11)
        await until(lambda: host.count(NodeDeath) == 1 and edge.session.connects == 2)
        edge.report("A", 2)
        await state(broker, online=True, at_ms=12)
        await until(lambda: host.values("A", history=True) == [1, 2])
    assert [event.bd_seq for event in host.events if isinstance(event, NodeBirth)] == [0, 1]


@pytest.mark.parametrize("cause", ["rebirth", "host returned"])
async def test_whoever_may_have_missed_something_gets_the_resend_window_again(path: Path, cause: str) -> None:
    broker = MemoryBroker()
    edge = Edge(broker.transport("edge"), path, host_id=HOST)
    await state(broker, online=True, at_ms=10)
    async with hosting(broker) as host, edge.running():
        await until(lambda: edge.node.core.is_born)
        await edge.node.kept(edge.report("A", 1, 2))
        await until(lambda: host.values("A", history=False) == [1, 2])
        if cause == "rebirth":
            edge.clock.move(seconds=1)
            request = rebirth_request(EdgeNodeDescriptor(GROUP, NODE), 0)
            async with speaking(broker) as speaker:
                await speaker.publish(request.topic, request.payload)
        else:
            await state(broker, online=True, at_ms=20)
        await until(lambda: host.values("A", history=True) == [1, 2])
    assert edge.session.connects == 1


async def test_a_birth_says_how_much_history_follows_and_the_end_of_it_is_told(path: Path) -> None:
    broker = MemoryBroker()
    edge = Edge(broker.transport("edge"), path)
    async with hosting(broker) as host, edge.running():
        await until(lambda: edge.node.core.is_born)
        await edge.node.kept(edge.report("A", 1, 2, 3))
        await until(lambda: host.values("A", history=False) == [1, 2, 3])
        edge.clock.move(seconds=1)
        request = rebirth_request(EdgeNodeDescriptor(GROUP, NODE), 0)
        async with speaking(broker) as speaker:
            await speaker.publish(request.topic, request.payload)
        await until(lambda: host.count(NodeBirth) == 2 and host.values("A", history=True) == [1, 2, 3])
        await until(lambda: host.waiting()[-1] == 0)
    assert host.waiting() == [0, 3, 0]


async def test_live_reports_do_not_wait_for_a_long_backlog(path: Path) -> None:
    broker = MemoryBroker()
    slow = ForwardingSettings(flush_rate=100.0, page_readings=10)
    edge = Edge(broker.transport("edge"), path, host_id=HOST, forwarding=slow)
    async with hosting(broker) as host, edge.running():
        await edge.node.kept(edge.report("A", *range(1, 1_001)))
        await state(broker, online=True, at_ms=10)
        await until(lambda: host.values("A", history=True))
        edge.report("B", 7)
        await until(lambda: host.values("B", history=False) == [7])
        assert len(host.values("A", history=True)) < 1_000


async def test_what_a_dead_device_reports_waits_for_it_and_keeps_its_order(path: Path) -> None:
    broker = MemoryBroker()
    edge = Edge(broker.transport("edge"), path)
    async with hosting(broker) as host, edge.running():
        await until(lambda: edge.node.core.is_born)
        edge.node.device_died("A")
        await edge.node.kept(edge.report("A", 1, 2))
        edge.report("B", 9)
        await until(lambda: host.values("B", history=False) == [9])
        assert host.values("A", history=True) == []
        edge.node.device_born("A")
        edge.report("A", 3)
        await until(lambda: host.values("A", history=True) == [1, 2])
        assert host.values("A", history=False) == [3]


@pytest.mark.parametrize(("devices", "datatype"), [(("B",), DataType.Int64), (("A", "B"), DataType.String)])
async def test_what_cannot_be_sent_after_a_restart_is_counted_once(
    path: Path, devices: tuple[str, ...], datatype: DataType
) -> None:
    """Device A is gone, or every counter has become a text."""
    broker = MemoryBroker()
    broker.stop()
    before = Edge(broker.transport("edge"), path)
    async with before.running():
        before.report("A", 1, 2)
        await before.node.kept(before.report("B", 3))
    broker.start()
    after = Edge(broker.transport("edge"), path, devices=devices, datatype=datatype)
    lost = 2 if datatype is DataType.Int64 else 3
    async with hosting(broker) as host, after.running():
        await until(lambda: after.buffer.contents.undeliverable == lost)
        broker.cut("edge")
        await until(lambda: after.session.connects == 2 and after.node.core.is_born)
        if datatype is DataType.Int64:
            await until(lambda: set(host.values("B", history=True)) == {3})
        await after.node.kept(after.report("B", 5) if datatype is DataType.Int64 else None)
        assert after.buffer.contents.undeliverable == lost


async def test_a_restarted_node_sends_again_what_may_not_have_arrived(path: Path) -> None:
    broker = MemoryBroker()
    first = Edge(broker.transport("edge"), path)
    async with hosting(broker) as host, first.running():
        await until(lambda: first.node.core.is_born)
        await first.node.kept(first.report("A", 1, 2))
    second = Edge(broker.transport("edge"), path)
    async with hosting(broker) as host, second.running():
        await until(lambda: host.values("A", history=True) == [1, 2])
    assert [event.bd_seq for event in host.events if isinstance(event, NodeBirth)] == [1]


async def test_two_nodes_of_one_name_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("namespace.runtime.edge_buffer_file._BUSY_S", 0.0)
    edge = Edge(MemoryBroker().transport("edge"), path)
    with pytest.raises(BufferInUse, match=r"G\.E\.buffer"):
        EdgeBuffer(path)
    edge.buffer.close()


async def test_a_file_that_is_none_is_put_aside_and_the_node_goes_on(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database at all" * 1_000)
    broker = MemoryBroker()
    edge = Edge(broker.transport("edge"), path)
    async with hosting(broker) as host, edge.running():
        await until(lambda: edge.node.core.is_born)
        await edge.node.kept(edge.report("A", 1))
        await until(lambda: host.values("A", history=False) == [1])
    assert [each.name for each in path.parent.glob("*.damaged-*")] == ["G.E.buffer.damaged-1"]


@contextmanager
def full_disk(edge: Edge) -> Iterator[None]:
    """Have SQLite say that there is no room: the database may not grow by a page, with the same error as on a full disk."""
    database = edge.buffer._file._database
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    (most,) = database.execute("PRAGMA max_page_count").fetchone()
    database.execute(f"PRAGMA max_page_count={pages}")
    try:
        yield
    finally:
        database.execute(f"PRAGMA max_page_count={most}")


async def test_a_full_disk_is_said_and_counted_and_live_data_goes_on(path: Path) -> None:
    broker = MemoryBroker()
    settings = BufferSettings(commit_s=0.0, memory_bytes=10_000)
    edge = Edge(broker.transport("edge"), path, settings=settings)
    async with hosting(broker) as host, edge.running():
        await until(lambda: edge.node.core.is_born)
        await edge.node.kept(edge.report("A", 1))
        with full_disk(edge):
            waiting = asyncio.create_task(edge.node.kept(edge.report("A", *range(2, 200))))
            await until(lambda: edge.buffer.problem)
            assert "full" in edge.buffer.problem
            assert not edge.health.is_ready
            last = edge.report("A", *range(200, 1_000))
            with pytest.raises(NotKept):
                await waiting
            await until(lambda: len(host.values("A", history=False)) == 999, "live data goes on")
        await edge.node.kept(last)
        await until(lambda: not edge.buffer.problem)
        assert edge.health.is_ready
        contents = edge.buffer.contents
        assert contents.dropped > 0
        assert contents.readings + contents.dropped == 999


async def test_a_node_walks_to_the_server_where_its_host_is(path: Path) -> None:
    """tck-id-operational-behavior-primary-application-state-with-multiple-servers-walk, ...-single-server."""
    one, two = MemoryBroker(), MemoryBroker()
    await state(two, online=True, at_ms=10)
    walk = ServerWalk([one.transport("edge"), two.transport("edge")])
    edge = Edge(walk, path, host_id=HOST, walk_after_s=0.05)
    async with hosting(one) as at_one, hosting(two) as at_two, edge.running():
        await until(lambda: at_two.count(NodeBirth) == 1)
        assert "edge" not in one.client_ids
        await state(one, online=True, at_ms=20)
        await state(two, online=False, at_ms=20)
        await until(lambda: at_one.count(NodeBirth) == 1)
        assert at_two.count(NodeDeath) == 1
        assert "edge" not in two.client_ids


async def test_a_server_that_is_down_is_passed_over(path: Path) -> None:
    one, two = MemoryBroker(), MemoryBroker()
    one.stop()
    edge = Edge(ServerWalk([one.transport("edge"), two.transport("edge")]), path)
    async with hosting(two) as host, edge.running():
        await until(lambda: host.count(NodeBirth) == 1)
