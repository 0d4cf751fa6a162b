"""An edge node feeding a host over a network that drops, repeats and delays.

Whatever happened on the way, once messages flow again the host must hold what the edge node holds: time, a
sign of life and the rebirths it asks for are enough. What the host says meanwhile must be told in order.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from namespace.sparkplug import (
    BD_SEQ,
    REBIRTH,
    Data,
    DataSet,
    DataType,
    DeviceBirth,
    DeviceDeath,
    EdgeNodeConfig,
    EdgeNodeSession,
    HostEvent,
    HostSession,
    HostSettings,
    Metric,
    MetricDefinition,
    MetricUpdate,
    NodeBirth,
    NodeDeath,
    NodeStale,
    NodeState,
    OutgoingMessage,
    RebirthWanted,
    Rejected,
    Send,
    Template,
    dump_snapshot,
    load_snapshot,
    rebirth_request,
)

CONFIG = EdgeNodeConfig(group_id="Acme:Dallas", edge_node_id="line-1")
NODE = CONFIG.edge_node
DEVICES = ("Packaging:Line1:Filler", "Packaging:Line1:Capper")


def _metrics() -> list[MetricDefinition]:
    members = (
        Metric(name="speed", datatype=DataType.Double, value=0.0),
        Metric(name="mode", datatype=DataType.Int16, value=0),
    )
    return [
        MetricDefinition(name="count", datatype=DataType.Int64, value=0),
        MetricDefinition(name="label", datatype=DataType.String),
        MetricDefinition(
            name="motor", datatype=DataType.Template, value=Template(template_ref="Motor", metrics=members)
        ),
    ]


def _edge() -> EdgeNodeSession:
    motor = Template(
        is_definition=True,
        metrics=(
            Metric(name="speed", datatype=DataType.Double),
            Metric(name="mode", datatype=DataType.Int16),
        ),
    )
    node_metrics = [
        MetricDefinition(name="Motor", datatype=DataType.Template, value=motor, by_name=True),
        MetricDefinition(name="beat", datatype=DataType.UInt32, value=0),
        MetricDefinition(name="queue", datatype=DataType.DataSet, value=DataSet(("id",), (DataType.String,))),
    ]
    return EdgeNodeSession(CONFIG, node_metrics, {device_id: _metrics() for device_id in DEVICES})


@dataclass
class Network:
    """Carries messages with the faults a test asks for, one fault a message."""

    faults: Iterator[int]
    waiting: list[tuple[int, OutgoingMessage]] = field(default_factory=list)
    sent: int = 0
    log: list[OutgoingMessage] = field(default_factory=list)

    def carry(self, messages: list[OutgoingMessage]) -> list[OutgoingMessage]:
        self.log += messages
        arriving: list[OutgoingMessage] = []
        for message in messages:
            self.sent += 1
            fault = next(self.faults, 0)
            if fault == 1:
                continue
            if fault > 2:
                self.waiting.append((self.sent + fault - 2, message))
            else:
                arriving.append(message)
            if fault == 2:
                self.waiting.append((self.sent + 2, message))
            arriving += self._due()
        return arriving

    def flush(self) -> list[OutgoingMessage]:
        messages = [message for _, message in self.waiting]
        self.waiting.clear()
        return messages

    def _due(self) -> list[OutgoingMessage]:
        due = [message for at, message in self.waiting if at <= self.sent]
        self.waiting = [(at, message) for at, message in self.waiting if at > self.sent]
        return due


@dataclass
class World:
    """The edge node, the host, the network between them and the clock."""

    network: Network
    edge: EdgeNodeSession = field(default_factory=_edge)
    host: HostSession = field(default_factory=lambda: HostSession(HostSettings(reorder_timeout_ms=500)))
    now: int = 1_000_000
    bd_seq: int = 0
    serial: int = 0
    events: list[HostEvent] = field(default_factory=list)
    will: OutgoingMessage | None = None

    def connect(self) -> None:
        self.will = self.edge.connect(self.bd_seq % 256, self.now)
        self.bd_seq += 1
        self.send(self.edge.subscribed(self.now))

    def send(self, messages: list[OutgoingMessage]) -> None:
        self.deliver(self.network.carry(messages))

    def deliver(self, messages: list[OutgoingMessage]) -> None:
        for message in messages:
            self.heard(self.host.receive(message.topic, message.payload, self.now))

    def heard(self, events: list[HostEvent]) -> None:
        self.events += events
        for event in events:
            if isinstance(event, RebirthWanted):
                request = rebirth_request(event.edge_node, self.now)
                for action in self.edge.receive(request.topic, request.payload, self.now):
                    assert isinstance(action, Send)
                    self.send(list(action.messages))

    def step(self, action: int) -> None:
        self.now += 7
        self.serial += 1
        device_id = DEVICES[action % 2]
        match action // 2:
            case 0 | 1 | 2 | 3 | 4:
                updates = [
                    MetricUpdate("count", self.serial),
                    MetricUpdate("label", None if self.serial % 3 == 0 else f"lot {self.serial}"),
                ]
                self.send(self.edge.update(device_id, updates[: 1 + self.serial % 2], self.now))
            case 5:
                member = Metric(name="speed", datatype=DataType.Double, value=self.serial / 2)
                part = Template(template_ref="Motor", metrics=(member,))
                self.send(self.edge.update(device_id, [MetricUpdate("motor", part)], self.now))
            case 6:
                rows = ((f"order {self.serial}",),)
                table = DataSet(("id",), (DataType.String,), rows)
                self.send(self.edge.update(None, [MetricUpdate("queue", table)], self.now))
            case 7:
                self.send(self.edge.device_death(device_id, self.now))
            case 8:
                self.send(self.edge.device_birth(device_id, None, self.now))
            case 9:
                self.now += 700
                self.heard(self.host.tick(self.now))
            case 10:
                assert self.will is not None
                self.edge.disconnected()
                self.send([self.will])
                self.connect()
            case _:
                old = MetricUpdate("count", -self.serial, self.now - 5_000, is_historical=True)
                self.send(self.edge.update(device_id, [old], self.now))

    def settle(self) -> None:
        """Let messages flow undisturbed, with a sign of life and a tick now and then."""
        self.network.faults = iter(())
        self.deliver(self.network.flush())
        for _ in range(90):
            self.now += 10_000
            self.serial += 1
            self.send(self.edge.update(None, [MetricUpdate("beat", self.serial)], self.now))
            self.now += 1_000
            self.heard(self.host.tick(self.now))


def _edge_view(edge: EdgeNodeSession, device_id: str | None) -> dict[str, object]:
    return {str(metric.name): metric.value for metric in edge.metrics(device_id)}


def _host_view(host: HostSession, device_id: str | None) -> dict[str, object]:
    metrics = host.metrics(NODE, device_id)
    return {metric.name: metric.value for metric in metrics if metric.name not in {BD_SEQ, REBIRTH}}


def _assert_same(world: World) -> None:
    assert world.host.state(NODE) is NodeState.ONLINE
    assert _host_view(world.host, None) == _edge_view(world.edge, None)
    living = {device_id for device_id in DEVICES if world.edge.is_alive(device_id)}
    assert {name for name, alive in world.host.devices(NODE).items() if alive} == living
    for device_id in living:
        assert _host_view(world.host, device_id) == _edge_view(world.edge, device_id)


actions = st.lists(st.integers(0, 23), max_size=60)
faults = st.lists(st.sampled_from([0, 0, 0, 0, 0, 0, 1, 2, 3, 5, 9]), max_size=120)


@pytest.mark.tck(
    "operational-behavior-host-reordering-rebirth",
    "operational-behavior-host-reordering-success",
    "payloads-ndeath-bdseq",
)
@settings(max_examples=100, deadline=None, derandomize=True)
@given(actions, faults)
def test_the_host_ends_up_with_what_the_edge_node_has(steps: list[int], faults_: list[int]) -> None:
    world = World(Network(iter(faults_)))
    world.connect()
    for step in steps:
        world.step(step)
    world.settle()

    _assert_same(world)
    assert not [event for event in world.events if isinstance(event, Rejected)]


@pytest.mark.tck("operational-behavior-host-reordering-success")
@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 13), max_size=60), st.lists(st.sampled_from([0, 0, 2, 3, 4]), max_size=120))
def test_repeats_and_short_delays_of_data_need_no_rebirth(steps: list[int], faults_: list[int]) -> None:
    world = World(Network(iter(())))
    world.connect()
    world.network.faults = iter(faults_)
    for step in steps:
        world.step(step)
    world.deliver(world.network.flush())

    _assert_same(world)
    assert not [event for event in world.events if isinstance(event, NodeStale | RebirthWanted | Rejected)]


@pytest.mark.tck("operational-behavior-host-reordering-success")
@settings(max_examples=60, deadline=None, derandomize=True)
@given(actions)
def test_nothing_is_wanted_stale_or_dropped_on_a_faultless_network(steps: list[int]) -> None:
    world = World(Network(iter(())))
    world.connect()
    for step in steps:
        world.step(step)
        living = {device_id for device_id in DEVICES if world.edge.is_alive(device_id)}
        assert _host_view(world.host, None) == _edge_view(world.edge, None)
        for device_id in living:
            assert _host_view(world.host, device_id) == _edge_view(world.edge, device_id)

    assert not [event for event in world.events if isinstance(event, NodeStale | RebirthWanted | Rejected)]


@pytest.mark.tck("payloads-ndata-order", "payloads-ddata-order")
@settings(max_examples=60, deadline=None, derandomize=True)
@given(actions, faults)
def test_data_is_told_only_between_a_birth_and_a_death(steps: list[int], faults_: list[int]) -> None:
    """Seen from the host's caller."""
    world = World(Network(iter(faults_)))
    world.connect()
    for step in steps:
        world.step(step)
    world.settle()

    node_is_live = False
    live_devices: set[str] = set()
    for event in world.events:
        match event:
            case NodeBirth():
                node_is_live, live_devices = True, set()
            case NodeDeath() | NodeStale():
                node_is_live = False
            case DeviceBirth():
                assert node_is_live
                live_devices.add(event.device_id)
            case DeviceDeath():
                live_devices.discard(event.device_id)
            case Data():
                assert node_is_live
                assert event.device_id is None or event.device_id in live_devices
            case _:
                pass


@settings(max_examples=60, deadline=None, derandomize=True)
@given(actions, st.integers(0, 60), st.integers(0, 10))
def test_a_host_that_joins_late_by_snapshot_catches_up(steps: list[int], at: int, overlap: int) -> None:
    """Births are not retained, so a late host takes a snapshot and then what it buffered meanwhile."""
    world = World(Network(iter(())))
    world.connect()
    late = HostSession(HostSettings(reorder_timeout_ms=500))
    for step in steps[:at]:
        world.step(step)
    snapshot = world.host.snapshot(NODE)
    assert snapshot is not None
    buffered_from = max(0, len(world.network.log) - overlap)
    for step in steps[at:]:
        world.step(step)
    late.restore([load_snapshot(dump_snapshot(snapshot))], world.now)
    buffered = world.network.log[buffered_from:]
    events = [event for message in buffered for event in late.receive(message.topic, message.payload, world.now)]

    assert not [event for event in events if isinstance(event, NodeStale | Rejected)]
    assert late.state(NODE) is NodeState.ONLINE
    assert _host_view(late, None) == _edge_view(world.edge, None)
    for device_id in DEVICES:
        if world.edge.is_alive(device_id):
            assert _host_view(late, device_id) == _edge_view(world.edge, device_id)
