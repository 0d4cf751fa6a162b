"""A simulated controller seen by a host application: births, reports by exception, rebirth, goodbye, and deaf to everything else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from namespace.runtime.clock import SystemClock
from namespace.runtime.health import Health
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.session import Session
from namespace.sparkplug import (
    Data,
    DataType,
    DeviceBirth,
    EdgeNodeDescriptor,
    HostEvent,
    HostSession,
    Metric,
    NodeBirth,
    NodeDeath,
    RebirthWanted,
    Rejected,
    command,
    rebirth_request,
)
from namespace.transport import Connection
from namespace.transport.memory import MemoryBroker
from services.simulator.adapters.bottling_devices import bottling_devices
from services.simulator.adapters.controller import SparkplugController
from services.simulator.adapters.replay_site import CountingBdSeq
from services.simulator.application.run_line import step
from services.simulator.domain import LINE_1, BottlingLine
from services.simulator.domain.tags import PROCESSED, SPEED, STATE, TagValue

NODE = EdgeNodeDescriptor("Bottling", "Line1-PLC")
MINUTE_MS = 60_000
LIMIT_S = 5.0


class Host:
    """A host application that keeps what it hears."""

    def __init__(self) -> None:
        self.events: list[HostEvent] = []
        self.values: dict[str, dict[str, object]] = {}
        self._session = HostSession()
        self._news = asyncio.Event()

    async def listen(self, connection: Connection) -> None:
        now_ms = 0
        async for batch in connection.batches():
            for message in batch:
                now_ms += 1
                for event in self._session.receive(message.topic, message.payload, now_ms):
                    self.events.append(event)
                    if isinstance(event, DeviceBirth | Data) and event.device_id is not None:
                        known = self.values.setdefault(event.device_id, {})
                        known.update({metric.name: metric.value for metric in event.metrics})
            self._news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not condition():
                self._news.clear()
                await self._news.wait()

    def seen(self, kind: type[HostEvent]) -> int:
        return sum(isinstance(event, kind) for event in self.events)


class Stage:
    """A line, its controller, a host, and a way to command machines, on one broker."""

    def __init__(self, broker: MemoryBroker, connection: Connection) -> None:
        self.broker = broker
        self.commander = connection
        self.running: asyncio.Task[None]
        self.host = Host()
        self.line = BottlingLine(LINE_1, seed=3, start_ms=1_800_000_000_000)
        self.line.advance(self.line.now_ms + 5 * MINUTE_MS)
        self.controller = SparkplugController(
            Session(broker.transport("line"), name="line", health=Health()),
            group_id=NODE.group_id,
            edge_node_id=NODE.edge_node_id,
            devices=bottling_devices(self.line),
            at_ms=self.line.now_ms,
            next_bd_seq=CountingBdSeq(254),
            clock=SystemClock(),
            metrics=ServiceMetrics(),
            health=Health(),
        )

    def pass_time(self, minutes: int) -> None:
        for _ in range(minutes):
            step(self.line, self.controller, self.line.now_ms + MINUTE_MS)

    def agrees(self) -> bool:
        """Whether the host shows every tag as the controller does."""
        return all(self._agrees(unit, self.line.shown(unit)) for unit in self.line.units)

    def _agrees(self, unit: str, shown: dict[str, TagValue]) -> bool:
        known = self.host.values.get(unit, {})
        return all(known.get(tag) == value for tag, value in shown.items())


async def forever() -> None:
    await asyncio.Event().wait()


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """A running line with a host that has heard its births."""
    broker = MemoryBroker()
    async with (
        broker.transport("host").connect() as listening,
        broker.transport("commander").connect() as commanding,
        asyncio.TaskGroup() as group,
    ):
        await listening.subscribe([("spBv1.0/#", 0)])
        set_up = Stage(broker, commanding)
        hearing = group.create_task(set_up.host.listen(listening))
        set_up.running = group.create_task(set_up.controller.run(forever))
        await set_up.host.until(set_up.agrees)
        try:
            yield set_up
        finally:
            set_up.running.cancel()
            hearing.cancel()


async def test_births_say_everything_with_units_and_types_of_a_controller() -> None:
    async with stage() as line:
        births = {event.device_id: event for event in line.host.events if isinstance(event, DeviceBirth)}
        assert list(births) == ["Filler", "Capper", "Labeler", "Packer"]
        metrics = {metric.name: metric for metric in births["Capper"].metrics}
        assert metrics[PROCESSED].datatype is DataType.UInt16
        assert metrics[STATE].datatype is DataType.Int32
        torque = metrics["Process/CapTorque"]
        assert torque.properties is not None
        unit = torque.properties.get("engUnit")
        assert unit is not None
        assert unit.value == "NU"
        assert metrics[SPEED].timestamp == line.line.now_ms


async def test_what_a_host_hears_is_what_the_controller_shows() -> None:
    async with stage() as line:
        line.pass_time(120)
        await line.host.until(line.agrees)
        assert line.host.seen(Data) > 200
        assert not line.host.seen(RebirthWanted)
        assert not line.host.seen(Rejected)


async def test_a_rebirth_is_answered_and_every_other_command_is_ignored() -> None:
    async with stage() as line:
        before = {unit: line.line.shown(unit) for unit in line.line.units}
        for metric in (
            Metric(name=STATE, datatype=DataType.Int32, value=2),
            Metric(name=SPEED, datatype=DataType.Double, value=9_000.0),
        ):
            message = command(NODE, "Filler", [metric], 1)
            await line.commander.publish(message.topic, message.payload)
        message = rebirth_request(NODE, 1)
        await line.commander.publish(message.topic, message.payload)
        await line.host.until(lambda: line.host.seen(NodeBirth) == 2 and line.host.seen(DeviceBirth) == 8)
        assert {unit: line.line.shown(unit) for unit in line.line.units} == before
        assert line.agrees()


async def test_a_lost_connection_is_a_death_and_the_next_birth_is_current() -> None:
    async with stage() as line:
        line.broker.cut("line")
        line.pass_time(30)
        await line.host.until(lambda: line.host.seen(NodeBirth) == 2 and line.agrees())
        births = [event for event in line.host.events if isinstance(event, NodeBirth)]
        assert line.host.seen(NodeDeath) == 1
        assert [birth.bd_seq for birth in births] == [254, 255]


async def test_a_controller_that_is_stopped_says_goodbye() -> None:
    async with stage() as line:
        line.running.cancel()
        await line.host.until(lambda: line.host.seen(NodeDeath) == 1)
