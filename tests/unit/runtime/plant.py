"""A plant at the in-memory broker: machines, a registry that knows them, and a feed that joins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from namespace.contracts.historian_wire import MissedRow
from namespace.contracts.query import QueryReply, QueryRequest, SiteTopics
from namespace.contracts.snapshot import snapshot_rows
from namespace.isa95 import SiteModel
from namespace.runtime import (
    BusinessTime,
    EdgeNode,
    Health,
    MachineBacklog,
    MachineNews,
    MachineOnline,
    MachineSample,
    MachineSilent,
    QueryClient,
    ServiceMetrics,
    Session,
    to_ms,
)
from namespace.runtime.buffer_metrics import WAITING
from namespace.runtime.catch_up_samples import CatchUp
from namespace.runtime.machine_feed import MachineFeed
from namespace.sparkplug import DataType, EdgeNodeConfig, EdgeNodeSession, HostSession, MetricDefinition
from namespace.store import SamplePosition
from namespace.transport import Message
from namespace.transport.memory import MemoryBroker
from tests.unit.runtime.support import SetClock, quick, running, small_site, until


class Machine:
    """The controller of one line, with a packer and a filler."""

    def __init__(
        self,
        broker: MemoryBroker,
        clock: SetClock,
        *,
        group: str = "Plant",
        node: str = "Line1-PLC",
        count: int = 0,
        waiting: int | None = None,
    ) -> None:
        self.health, self.metrics, self._bd_seq = Health(), ServiceMetrics(), 0
        self.client_id = node
        self.session = Session(broker.transport(node), name=node, health=self.health, backoff=quick())
        core = EdgeNodeSession(
            EdgeNodeConfig(group_id=group, edge_node_id=node, rebirth_debounce_ms=0),
            [] if waiting is None else [MetricDefinition(name=WAITING, datatype=DataType.Int64, value=waiting)],
            {name: self._metrics_of(count) for name in ("Packer", "Filler")},
        )
        self.node = EdgeNode(self.session, core, next_bd_seq=self._next_bd_seq, clock=clock, metrics=self.metrics)

    @staticmethod
    def _metrics_of(count: int) -> list[MetricDefinition]:
        return [
            MetricDefinition(name="State", datatype=DataType.Int32, value=6),
            MetricDefinition(name="Count", datatype=DataType.Int64, value=count),
            MetricDefinition(name="Nobody knows", datatype=DataType.String, value="x"),
        ]

    async def _next_bd_seq(self) -> int:
        self._bd_seq += 1
        return self._bd_seq

    def count(self, value: int, device: str = "Packer") -> None:
        self.node.set(device, {"Count": value})

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[Machine]:
        async with running(self.session.run, self.node.run):
            await self.session.up.wait()
            yield self


class RegistryStandIn:
    """Hears every machine, unless it is deaf, and answers `snapshot`; asked for rebirths it only takes note."""

    def __init__(self, broker: MemoryBroker, clock: SetClock) -> None:
        self.host, self.clock = HostSession(), clock
        self.asked: list[str] = []
        self.is_deaf = False
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self._questions: asyncio.Queue[tuple[str, QueryRequest]] = asyncio.Queue()
        self.session = Session(broker.transport("registry"), name="registry", health=Health(), backoff=quick())
        self.session.route("spBv1.0/#", self._heard)
        self.session.route(SiteTopics(small_site().path).queries("namespace_state"), self._question)

    def _heard(self, message: Message) -> None:
        if not self.is_deaf:
            self.host.receive(message.topic, message.payload, to_ms(self.clock.now()))

    def _question(self, message: Message) -> None:
        request = QueryRequest.model_validate_json(message.payload)
        self.asked.append(message.topic.rsplit("/", 1)[1])
        self._questions.put_nowait((message.topic.rsplit("/", 1)[1], request))

    async def answer(self) -> None:
        while True:
            name, request = await self._questions.get()
            await self.may_answer.wait()
            snapshots = [self.host.snapshot(node) for node in self.host.edge_nodes()]
            rows = [row for snapshot in snapshots if snapshot is not None for row in snapshot_rows(snapshot)]
            reply = QueryReply(correlation=request.correlation, data=rows if name == "snapshot" else {})
            await self.session.publish(request.reply_to, reply.model_dump_json().encode())

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[RegistryStandIn]:
        async with running(self.session.run, self.answer):
            await self.session.up.wait()
            yield self


@dataclass
class Remembered:
    """The sessions a service has used, as its database would keep them over a restart."""

    used: dict[str, int | None] = field(default_factory=dict)

    async def known(self) -> dict[str, int | None]:
        return dict(self.used)

    async def note(self, sessions: Mapping[str, int | None]) -> None:
        self.used.update(sessions)


class NothingMissed(CatchUp):
    """A journal that never has anything to tell: catching up has tests of its own."""

    def __init__(self) -> None:
        self._is_complete = True

    def begin(self) -> None:
        return

    async def run(self, reached: Callable[[SamplePosition], None]) -> None:
        await asyncio.Event().wait()


class Journal(NothingMissed):
    """A journal whose pages and positions a test gives; `used` says how much had been heard when a position counted as used."""

    def __init__(self) -> None:
        super().__init__()
        self._is_complete = False
        self.rows: list[MissedRow] = []
        self.asked = 0
        self.heard: Callable[[], int] = int
        self.used_at: list[tuple[int, int]] = []
        self.reached: Callable[[SamplePosition], None] = lambda _: None

    def begin(self) -> None:
        self._is_complete = False

    async def pages(self) -> AsyncIterator[tuple[Sequence[MissedRow], SamplePosition]]:
        self.asked += 1
        rows, self.rows = self.rows, []
        yield rows, SamplePosition("journal", self.asked)
        self._is_complete = True

    def used(self, position: SamplePosition) -> None:
        self.used_at.append((position.position, self.heard()))

    async def run(self, reached: Callable[[SamplePosition], None]) -> None:
        self.reached = reached
        await asyncio.Event().wait()


@dataclass
class Reader:
    """A service that reads machines: everything it was told, in order."""

    broker: MemoryBroker
    clock: SetClock
    site: SiteModel = field(default_factory=small_site)
    news: list[MachineNews] = field(default_factory=list)
    calls: int = 0
    refuse: list[Exception] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    sessions: Remembered = field(default_factory=Remembered)
    catch_up: CatchUp = field(default_factory=NothingMissed)
    wanted: Collection[str] = ()

    def __post_init__(self) -> None:
        self.gate.set()
        self.health, self.metrics = Health(), ServiceMetrics()
        self.session = Session(self.broker.transport("reader"), name="reader", health=self.health, backoff=quick())
        self.business_time = BusinessTime(self.site.clock)
        self.feed = MachineFeed(
            self.session,
            self.site,
            self._take,
            sessions=self.sessions,
            queries=QueryClient(self.session, SiteTopics(self.site.path), "reader"),
            catch_up=self.catch_up,
            business_time=self.business_time,
            clock=self.clock,
            health=self.health,
            metrics=self.metrics,
            wanted=self.wanted,
        )

    async def _take(self, news: Sequence[MachineNews]) -> None:
        self.calls += 1
        await self.gate.wait()
        if self.refuse:
            raise self.refuse.pop(0)
        self.news.extend(news)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[Reader]:
        async with running(self.session.run, self.feed.run):
            await self.session.up.wait()
            yield self

    def counts(self, place: str = "Packer") -> list[tuple[object, bool]]:
        """Return the counter's values at a place and whether each was a baseline."""
        return [
            (n.value, n.is_birth)
            for n in self.news
            if isinstance(n, MachineSample) and n.metric == "Admin/ProdProcessedCount" and n.place.name == place
        ]

    def silences(self, place: str = "Packer") -> list[MachineSilent]:
        return [n for n in self.news if isinstance(n, MachineSilent) and n.place.name == place]

    def backlogs(self, place: str = "Packer") -> list[MachineBacklog]:
        return [n for n in self.news if isinstance(n, MachineBacklog) and n.place.name == place]

    def births(self, place: str = "Packer") -> list[MachineOnline]:
        return [n for n in self.news if isinstance(n, MachineOnline) and n.place.name == place]


@asynccontextmanager
async def plant(
    broker: MemoryBroker, clock: SetClock, *, machine: Machine | None = None, reader: Reader | None = None
) -> AsyncIterator[tuple[Machine, RegistryStandIn, Reader]]:
    """Run all three, the machine last; at the end the reader goes first, so that it hears nothing of the end."""
    machine = machine or Machine(broker, clock, count=5)
    registry, reader = RegistryStandIn(broker, clock), reader or Reader(broker, clock)

    async def last() -> None:
        await registry.session.up.wait()
        await reader.session.up.wait()
        await machine.session.run()

    async with running(
        reader.session.run, reader.feed.run, registry.session.run, registry.answer, last, machine.node.run
    ):
        await until(lambda: len(reader.counts()) == 1 and len(reader.counts("Filler")) == 1)
        yield machine, registry, reader
