"""Joining late where there is much to learn: many edge nodes in the snapshot, many messages meanwhile."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from namespace.contracts.query import SiteTopics
from namespace.contracts.snapshot import SNAPSHOT_QUERY, SnapshotArgs
from namespace.runtime import (
    EdgeNodeListener,
    Health,
    Page,
    QueryClient,
    ServiceMetrics,
    Session,
    SnapshotDesk,
    SystemClock,
    to_ms,
)
from namespace.runtime.placing import Device
from namespace.runtime.queries import QueryDesk
from namespace.sparkplug import (
    Data,
    DataType,
    EdgeNodeConfig,
    EdgeNodeDescriptor,
    EdgeNodeSession,
    HostEvent,
    HostSession,
    Ignored,
    MetricDefinition,
    MetricUpdate,
    NodeBirth,
    NodeStale,
    OutgoingMessage,
    Payload,
    decode_payload,
)
from namespace.transport import Connection, Message
from namespace.transport.memory import MemoryBroker
from tests.unit.runtime.support import quick, running, small_site, speaking, until

TOPICS = SiteTopics(small_site().path)
NODES = 60


def now_ms() -> int:
    return to_ms(SystemClock().now())


class Plant:
    """Edge nodes whose messages are handed to a broker by hand."""

    def __init__(self) -> None:
        metrics = [
            MetricDefinition(name="M0", datatype=DataType.Int64, value=0),
            MetricDefinition(name="M1", datatype=DataType.String, value=random.Random(1).randbytes(4_000).hex()),
        ]
        self.nodes = [
            EdgeNodeSession(EdgeNodeConfig(group_id="Plant", edge_node_id=f"N{number:02d}"), metrics, {})
            for number in range(NODES)
        ]

    def births(self) -> list[OutgoingMessage]:
        found: list[OutgoingMessage] = []
        for node in self.nodes:
            node.connect(1, now_ms())
            found += node.subscribed(now_ms())
        return found

    def say(self, number: int, value: int) -> list[OutgoingMessage]:
        return self.nodes[number].update(None, [MetricUpdate("M0", value)], now_ms())


async def send(connection: Connection, messages: Iterable[OutgoingMessage]) -> None:
    for message in messages:
        await connection.publish(message.topic, message.payload)


@dataclass
class Registry:
    """Hears the plant and answers `snapshot` as services do.

    Attributes:
        asked: The questions.
        before: Awaited before each answer.
        loses: Which answers get lost, by number.
        may_answer: Cleared, answers wait, and what is heard meanwhile is not part of them.
    """

    broker: MemoryBroker
    asked: list[SnapshotArgs] = field(default_factory=list)
    loses: set[int] = field(default_factory=set)
    before: Callable[[int], object] = lambda number: None
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    _later: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.may_answer.set()
        self.host = HostSession()
        self.session = Session(self.broker.transport("registry"), name="registry", health=Health(), backoff=quick())
        self.session.route("spBv1.0/#", self._heard)
        self._desk = SnapshotDesk(self.host, lambda: True, with_stale=True)
        self._queries = QueryDesk(
            self.session,
            TOPICS,
            "namespace_state",
            contracts={"snapshot": SNAPSHOT_QUERY},
            handlers={"snapshot": self._answer},
            metrics=ServiceMetrics(),
        )

    def _heard(self, message: Message) -> None:
        self._later.append(message)
        if self.may_answer.is_set():
            self.catch_up()

    def catch_up(self) -> None:
        self.host.receive_batch(self._later, now_ms())
        self._later.clear()

    async def _answer(self, arguments: SnapshotArgs) -> Page:
        number = len(self.asked)
        self.asked.append(arguments)
        self.before(number)
        await self.may_answer.wait()
        page = await self._desk.answer(arguments)
        if number in self.loses:
            await asyncio.Event().wait()
        return page

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[Registry]:
        async with running(self.session.run, self._queries.run):
            await self.session.up.wait()
            yield self


@dataclass
class Joiner:
    """A service that hears the plant.

    Attributes:
        events: What it was told, in order.
        turns: For each call, how often others had their turn before it.
        others: How often others had their turn.
        patience_s: With the registry.
        when_told: Called then.
    """

    broker: MemoryBroker
    patience_s: float = 10.0
    when_told: Callable[[], object] = lambda: None
    events: list[HostEvent] = field(default_factory=list)
    turns: list[int] = field(default_factory=list)
    others: int = 0

    def __post_init__(self) -> None:
        self.session = Session(self.broker.transport("joiner"), name="joiner", health=Health(), backoff=quick())
        self.listener = EdgeNodeListener(
            self.session,
            ["spBv1.0/Plant/#"],
            groups=["Plant"],
            told=self._told,
            queries=QueryClient(self.session, TOPICS, "joiner"),
            clock=SystemClock(),
            metrics=ServiceMetrics(),
            snapshot_s=self.patience_s,
        )

    def _told(self, events: Iterable[HostEvent], gone: Collection[Device] = frozenset()) -> None:
        self.events += events
        self.turns.append(self.others)
        self.when_told()

    async def _others(self) -> None:
        while True:
            await asyncio.sleep(0)
            self.others += 1

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[Joiner]:
        async with running(self.session.run, self.listener.run, self._others):
            await self.session.up.wait()
            yield self

    @property
    def values(self) -> list[object]:
        return [event.metrics[0].value for event in self.events if isinstance(event, Data)]

    @property
    def births(self) -> list[str]:
        return [event.edge_node.edge_node_id for event in self.events if isinstance(event, NodeBirth)]


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@asynccontextmanager
async def born(broker: MemoryBroker) -> AsyncIterator[tuple[Plant, Connection, Registry]]:
    """A plant that was born before anybody joins, and a registry that has heard it."""
    plant, registry = Plant(), Registry(broker)
    async with speaking(broker) as connection, registry.at_work():
        await send(connection, plant.births())
        await until(lambda: len(registry.host.edge_nodes()) == NODES)
        yield plant, connection, registry


async def test_a_snapshot_of_many_pages_is_taken_over_page_by_page_with_others_in_between(broker: MemoryBroker) -> None:
    known_at_page: list[int] = []
    joiner = Joiner(broker)
    async with born(broker) as (_, _, registry):
        registry.before = lambda number: known_at_page.append(len(joiner.births))
        async with joiner.at_work():
            await until(lambda: joiner.listener.is_joined)
    assert sorted(joiner.births) == [f"N{number:02d}" for number in range(NODES)]
    assert len(known_at_page) > 3
    assert known_at_page == sorted(set(known_at_page)), "each page was used before the next came"
    assert len(set(joiner.turns)) >= len(known_at_page)


async def test_a_lost_page_costs_a_page_and_not_the_snapshot(broker: MemoryBroker) -> None:
    joiner = Joiner(broker, patience_s=0.5)
    async with born(broker) as (_, _, registry):
        registry.loses = {2}
        async with joiner.at_work():
            await until(lambda: joiner.listener.is_joined)
        cursors = [asked.cursor for asked in registry.asked]
    assert cursors[2] == cursors[3]
    assert cursors.count(None) == 1
    assert sorted(joiner.births) == [f"N{number:02d}" for number in range(NODES)]


async def hold_back(plant: Plant, connection: Connection, joiner: Joiner, count: int) -> None:
    for value in range(1, count + 1):
        await send(connection, plant.say(value % 3, value))
    await until(lambda: len(joiner.listener._held or ()) == count, "everything is held back")
    assert joiner.events == []


async def test_what_was_held_back_is_handed_on_in_order_while_others_have_their_turn(broker: MemoryBroker) -> None:
    joiner, held = Joiner(broker), 4_000
    async with born(broker) as (plant, connection, registry):
        registry.may_answer.clear()
        async with joiner.at_work():
            await hold_back(plant, connection, joiner, held)
            registry.may_answer.set()
            await until(lambda: joiner.values, "the first of what was held back")
            assert not joiner.listener.is_joined
            await send(connection, plant.say(0, held + 1))
            await until(lambda: joiner.listener.is_joined)
            await until(lambda: joiner.values[-1] == held + 1)
    assert joiner.values == list(range(1, held + 2))
    assert len(set(joiner.turns)) > held // 500, "nobody is kept waiting until all is handed on"


async def test_a_connection_lost_while_handing_on_begins_again_from_a_snapshot(broker: MemoryBroker) -> None:
    joiner, held = Joiner(broker), 2_000
    async with born(broker) as (plant, connection, registry):

        def cut() -> None:
            if joiner.values and joiner.session.connects == 1:
                registry.catch_up()
                joiner.session.abort()

        joiner.when_told = cut
        registry.may_answer.clear()
        async with joiner.at_work():
            await hold_back(plant, connection, joiner, held)
            registry.may_answer.set()
            await until(lambda: joiner.session.connects == 2)
            await until(lambda: joiner.listener.is_joined)
            assert len(joiner.values) < held
            host = joiner.listener.core
            assert [host.metrics(node) for node in host.edge_nodes()] == [
                registry.host.metrics(node) for node in host.edge_nodes()
            ]
            await send(connection, plant.say(5, held + 1))
            await until(lambda: joiner.values[-1] == held + 1)


@asynccontextmanager
async def asking_again(broker: MemoryBroker, joiner: Joiner) -> AsyncIterator[tuple[Plant, Connection, Registry]]:
    """A joiner whose first question was lost and who waits for the answer to his second one, which knows nothing of what comes now."""
    async with born(broker) as (plant, connection, registry):

        def before(number: int) -> None:
            if number == 0:
                joiner.listener._snapshot_s = 60.0
            elif number == 1:
                registry.may_answer.clear()

        registry.loses, registry.before = {0}, before
        async with joiner.at_work():
            await until(lambda: len(registry.asked) == 2)
            yield plant, connection, registry


async def test_what_comes_while_a_snapshot_is_asked_for_again_is_not_lost(broker: MemoryBroker) -> None:
    """Nobody holds it back, for the registry may be away for long; an edge node that only the snapshot knows is understood after it."""
    joiner = Joiner(broker, patience_s=0.05)
    async with asking_again(broker, joiner) as (plant, connection, registry):
        for value in range(1, 301):
            await send(connection, plant.say(3, value))
        plant.nodes[4].disconnected()
        plant.nodes[4].connect(2, now_ms())
        await send(connection, [*plant.nodes[4].subscribed(now_ms()), *plant.say(4, 7)])
        await until(lambda: joiner.values == [7], "a birth that is heard needs no snapshot")
        registry.may_answer.set()
        await until(lambda: len(set(joiner.births)) == NODES)
        await send(connection, plant.say(3, 301))
        await until(lambda: joiner.values[-1] == 301)
        assert joiner.values == [7, *range(1, 302)]
        assert joiner.births.count("N04") == 1, "what was heard is newer"
        assert not [event for event in joiner.events if isinstance(event, NodeStale)]


async def test_of_whoever_was_born_meanwhile_a_late_snapshot_is_not_read(
    broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a restart of the broker that is nearly everybody, and every service takes the snapshot."""
    read: list[bytes] = []

    def noted(data: bytes) -> Payload:
        read.append(data)
        return decode_payload(data)

    monkeypatch.setattr("namespace.contracts.snapshot.decode_payload", noted)
    joiner = Joiner(broker, patience_s=0.05)
    async with asking_again(broker, joiner) as (plant, connection, registry):
        for node in plant.nodes[1:]:
            node.disconnected()
            node.connect(2, now_ms())
            await send(connection, node.subscribed(now_ms()))
        await until(lambda: len(joiner.births) == NODES - 1)
        registry.may_answer.set()
        await until(lambda: len(joiner.births) == NODES)
        assert len(read) == 1


async def test_a_late_snapshot_behind_which_too_much_came_is_asked_for_once_more(
    broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("namespace.runtime.edge_node_listener._HELD", 10)
    joiner = Joiner(broker, patience_s=0.05)
    async with asking_again(broker, joiner) as (plant, connection, registry):
        for value in range(1, 12):
            await send(connection, plant.say(3, value))
        await until(lambda: len([event for event in joiner.events if isinstance(event, Ignored)]) == 11)
        registry.catch_up()
        registry.may_answer.set()
        await until(lambda: len(joiner.births) == NODES)
        assert len([asked for asked in registry.asked if asked.cursor is None]) == 3
        known = {
            metric.name: metric.value for metric in joiner.listener.core.metrics(EdgeNodeDescriptor("Plant", "N03"))
        }
        assert known["M0"] == 11
