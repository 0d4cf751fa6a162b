"""What tests of the runtime share: a clock to set, a listener at the in-memory broker, sessions that run for as long as a block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from namespace.isa95 import SiteModel, load_site
from namespace.runtime import Backoff, EdgeNode, Health, ServiceMetrics, Session
from namespace.sparkplug import (
    DataType,
    EdgeNodeConfig,
    EdgeNodeSession,
    MetricDefinition,
    Payload,
    decode_payload,
)
from namespace.transport import Connection, Message
from namespace.transport.memory import MemoryBroker

LIMIT_S = 10.0
START = datetime(2026, 3, 2, 15, tzinfo=UTC)

SITE = """
version: 1
enterprise: Acme
site: {name: Dallas, time_zone: America/Chicago, calendar: days}
clock: {tick: wall}
calendars:
  days:
    shifts:
      - {name: Day, start: "06:00", end: "18:00"}
      - {name: Night, start: "18:00", end: "06:00"}
areas:
  Packaging:
    work_centers:
      Line1:
        output_unit: Packer
        work_units:
          Filler: {ideal_cycle_s: 1}
          Packer: {ideal_cycle_s: 1}
mappings:
  - group: Plant
    edge_node: "{line}-PLC"
    device: "{machine}"
    place: Packaging/{line}/{machine}
    metrics:
      - {from: State, to: Status/StateCurrent}
      - {from: Count, to: Admin/ProdProcessedCount}
"""


def small_site(text: str = SITE) -> SiteModel:
    """Return a site with one line of two machines."""
    return load_site(text, "small.yaml")


@dataclass
class SetClock:
    """A clock that stands until it is moved."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


async def until(condition: Callable[[], object], what: str = "the condition") -> None:
    """Return as soon as `condition` holds; looked at whenever the loop has gone round."""
    try:
        async with asyncio.timeout(LIMIT_S):
            while not condition():
                await asyncio.sleep(0.002)
    except TimeoutError:
        raise AssertionError(f"never came about: {what}") from None


@dataclass
class Listener:
    """Hears everything at a broker."""

    messages: list[Message] = field(default_factory=list)

    def topics(self) -> list[str]:
        return [message.topic for message in self.messages]

    def of(self, kind: str) -> list[Payload]:
        """Return the Sparkplug payloads of one message type, in order."""
        return [
            decode_payload(m.payload)
            for m in self.messages
            if m.topic.startswith("spBv1.0/") and f"/{kind}/" in m.topic
        ]

    def kinds(self) -> list[str]:
        return [m.topic.split("/")[2] for m in self.messages if m.topic.startswith("spBv1.0/")]


@asynccontextmanager
async def listening(broker: MemoryBroker, *filters: str) -> AsyncIterator[Listener]:
    listener = Listener()

    async def listen(connection: Connection) -> None:
        async for batch in connection.batches():
            listener.messages.extend(batch)

    async with broker.transport("listener").connect() as connection:
        await connection.subscribe([(topic_filter, 1) for topic_filter in filters or ("#",)])
        task = asyncio.create_task(listen(connection))
        try:
            yield listener
        finally:
            task.cancel()


@asynccontextmanager
async def speaking(broker: MemoryBroker, client_id: str = "speaker") -> AsyncIterator[Connection]:
    """Yield a plain connection."""
    async with broker.transport(client_id).connect() as connection:
        yield connection


def quick() -> Backoff:
    """Return delays that no test has to wait for."""
    return Backoff(first_s=0.005, limit_s=0.02)


@asynccontextmanager
async def running(*coroutines: Callable[[], object]) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Run tasks for as long as the block; one that fails makes the block fail."""
    async with asyncio.TaskGroup() as group:
        tasks: list[asyncio.Task[None]] = [group.create_task(work()) for work in coroutines]  # type: ignore[arg-type]
        try:
            yield tasks
        finally:
            for task in tasks:
                task.cancel()


@dataclass
class NodeUnderTest:
    """An edge node of the in-memory broker with everything around it."""

    broker: MemoryBroker
    client_id: str = "node"
    health: Health = field(default_factory=Health)
    metrics: ServiceMetrics = field(default_factory=ServiceMetrics)
    clock: SetClock = field(default_factory=SetClock)
    bd_seq: int = 6

    def __post_init__(self) -> None:
        self.session = Session(
            self.broker.transport(self.client_id),
            name=self.client_id,
            health=self.health,
            backoff=quick(),
            metrics=self.metrics,
        )
        core = EdgeNodeSession(
            EdgeNodeConfig(group_id="Acme:Dallas", edge_node_id="mes-test"),
            [
                MetricDefinition(name="Level", datatype=DataType.Int32, value=0),
                MetricDefinition(name="Text", datatype=DataType.String, value="", writable=True, by_name=True),
            ],
            {"Packaging:Line1": [MetricDefinition(name="Speed", datatype=DataType.Int32, value=0)]},
        )
        self.node = EdgeNode(self.session, core, next_bd_seq=self.next_bd_seq, clock=self.clock, metrics=self.metrics)

    async def next_bd_seq(self) -> int:
        self.bd_seq = (self.bd_seq + 1) % 256
        return self.bd_seq


def sample(metrics: ServiceMetrics, name: str, /, **labels: str) -> float:
    """Return the value of a Prometheus sample; 0 where there is none."""
    return metrics.registry.get_sample_value(name, labels) or 0.0
