"""The simulated plant of the OEE tests on a real broker: a day of it in minutes, and the services that hear it.

Time in the plant is what its machines say it is (`tick: telemetry`). What `tests.unit.oee.plant` delivers to the application in process,
an edge node for each line says here in Sparkplug: it goes without saying goodbye and comes back with a birth, what it held back or says
late is history, and some of it comes twice.
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any

import asyncpg

from namespace.contracts.contract import edge_node_id
from namespace.isa95 import EquipmentPath, SiteModel
from namespace.runtime import (
    MachineNews,
    MachineSample,
    MachineSilent,
    NoAnswer,
    QueryFailed,
    SiteClient,
    from_ms,
    to_ms,
)
from namespace.sparkplug import (
    DataType,
    EdgeNodeConfig,
    EdgeNodeSession,
    MetricDefinition,
    MetricUpdate,
    OutgoingMessage,
)
from namespace.testing.servers import NewDatabase, TestBroker
from namespace.testing.site import eventually
from namespace.transport import BrokerUrl, Connection, Will
from namespace.transport.stream import StreamTransport
from services.simulator.domain import BottlingLine
from tests.benchmarks.service import Running, running
from tests.unit.oee.plant import START_MS, Delivery, plant_file, plant_site, slow_line
from tests.unit.oee.scenario import HOUR_S

HOUR_MS = HOUR_S * 1000
PATIENCE_S = 900.0
"""For what is waited for: the machine may be busy with other things; a test has its own limit."""
_SECOND_MS = 1000
_LATE_MS = 2_000
"""What is older than this when it is said is history."""
_GROUP = "Plant"
_TYPES = {
    "Status/StateCurrent": DataType.UInt8,
    "Status/UnitModeCurrent": DataType.UInt8,
    "Admin/StopReason": DataType.UInt16,
    "Admin/ProdProcessedCount": DataType.UInt16,
    "Admin/ProdDefectiveCount": DataType.UInt16,
}
_MORE = """
clock: {tick: telemetry}
mappings:
  - group: Plant
    edge_node: "{line}-PLC"
    device: "{machine}"
    place: Packaging/{line}/{machine}
"""


@dataclass(frozen=True)
class Outage:
    """A time in which `oee` does not run, ms of the plant's time.

    Attributes:
        is_killed: it ends by SIGKILL, not in order.
    """

    begin_ms: int
    end_ms: int
    is_killed: bool = False


class Controller:
    """The edge node of one line.

    Args:
        broker: Where it says what.
        delivery: What there is to say, and when.
    """

    def __init__(self, broker: TestBroker, delivery: Delivery) -> None:
        self.delivery = delivery
        self._name = f"{delivery.line.profile.name}-PLC"
        self._transport = StreamTransport(BrokerUrl.parse(broker.add_account(self._name)), client_id=self._name)
        self._bd_seq = 0
        self._held: list[MachineSample] = []
        self._stack = AsyncExitStack()
        self._connection: Connection | None = None
        self._session: EdgeNodeSession

    async def say(self, at_ms: int, news: Sequence[MachineNews]) -> int:
        """Say what arrives at a time, in order; return the newest source time of what is not history, ms, or 0."""
        if any(isinstance(item, MachineSilent) for item in news):
            await self.leave()
        samples = [item for item in news if isinstance(item, MachineSample)]
        newest_ms = 0
        if births := [sample for sample in samples if sample.is_birth]:
            await self._born(births, at_ms)
            newest_ms, held, self._held = at_ms, self._held, []
            for sample in held:
                await self._tell(sample, at_ms)
        for sample in samples:
            if not sample.is_birth:
                newest_ms = max(newest_ms, await self._tell(sample, at_ms))
        return newest_ms

    @property
    def first_unit(self) -> EquipmentPath:
        """The first unit of the line."""
        return self.delivery.area.child(self.delivery.line.profile.name).child(self.delivery.line.units[0])

    async def leave(self) -> None:
        """Go without saying goodbye; the broker does."""
        if self._connection is not None:
            await self._connection.disconnect(with_will=True)
            self._connection = None
            await self._stack.aclose()

    async def _born(self, births: Sequence[MachineSample], at_ms: int) -> None:
        devices: dict[str, list[MetricDefinition]] = {}
        for news in births:
            definition = MetricDefinition(
                name=news.metric, datatype=_TYPES[news.metric], value=news.value, timestamp=at_ms
            )
            devices.setdefault(news.place.name, []).append(definition)
        self._session = EdgeNodeSession(EdgeNodeConfig(group_id=_GROUP, edge_node_id=self._name), [], devices)
        will = self._session.connect(self._bd_seq, at_ms)
        self._bd_seq += 1
        self._connection = await self._stack.enter_async_context(
            self._transport.connect(will=Will(will.topic, will.payload, will.qos, will.retain))
        )
        await self._publish(self._session.subscribed(at_ms))

    async def _tell(self, sample: MachineSample, at_ms: int) -> int:
        if self._connection is None:
            self._held.append(sample)
            return 0
        source_ms = to_ms(sample.source_time)
        is_history = at_ms - source_ms > _LATE_MS
        update = MetricUpdate(sample.metric, sample.value, timestamp=source_ms, is_historical=is_history)
        await self._publish(self._session.update(sample.place.name, [update], at_ms, force=True))
        return 0 if is_history else source_ms

    async def _publish(self, messages: Iterable[OutgoingMessage]) -> None:
        assert self._connection is not None
        for message in messages:
            await self._connection.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)


@dataclass
class Works:
    """A site: broker, databases, the services as processes, and the controllers of its lines.

    Attributes:
        broker: A real one, its own.
        dsns: Of each service's role.
        folder: For site file, logs and spools.
        deliveries: Of each line.
    """

    broker: TestBroker
    dsns: dict[str, str]
    folder: Path
    deliveries: Sequence[Delivery]
    site: SiteModel
    controllers: list[Controller] = field(default_factory=list)
    _client: SiteClient | None = None

    @classmethod
    async def make(cls, broker: TestBroker, new_database: NewDatabase, folder: Path, *, lines: int, seed: int) -> Works:
        profiles = [slow_line(number) for number in range(1, lines + 1)]
        folder.mkdir(parents=True)
        (folder / "site.yaml").write_text(plant_file(profiles, _MORE), encoding="utf-8")
        site = plant_site(profiles, _MORE)
        area = site.path.child("Packaging")
        deliveries = [
            Delivery(BottlingLine(profile, seed=seed + number, start_ms=START_MS), area, Random(f"{seed}/{number}"))
            for number, profile in enumerate(profiles, 1)
        ]
        dsns = {name: (await new_database(name)).dsn for name in ("historian", "namespace_state", "oee")}
        return cls(broker, dsns, folder, deliveries, site)

    @asynccontextmanager
    async def service(self, name: str) -> AsyncIterator[Running]:
        """Run a service as a process of its own."""
        async with running(
            f"services.{name}",
            broker_url=self.broker.add_account(edge_node_id(name)),
            database_url=self.dsns[name],
            data_dir=self.folder / name,
            site_file=self.folder / "site.yaml",
            further={"UNS_HEARTBEAT_S": "0.5"},
        ) as one:
            yield one

    @asynccontextmanager
    async def lived(self, until_ms: int, outages: Sequence[Outage] = ()) -> AsyncIterator[None]:
        """Let the plant work until a time, then tell what is still on its way; when `oee` has used all of it, the context is entered.

        Args:
            until_ms: A whole hour.
            outages: In order of time, on whole hours.
        """
        async with self._open(), AsyncExitStack() as stack:
            oee: Running | None = await stack.enter_async_context(self.service("oee"))
            await self.remembered()
            for hour_ms in range(START_MS, until_ms, HOUR_MS):
                ends = any(outage.begin_ms == hour_ms for outage in outages)
                if ends and oee is not None:
                    if next(outage for outage in outages if outage.begin_ms == hour_ms).is_killed:
                        os.kill(oee.pid, signal.SIGKILL)
                    await stack.aclose()
                    oee = None
                if any(outage.end_ms == hour_ms for outage in outages):
                    oee = await stack.enter_async_context(self.service("oee"))
                await self._hour(hour_ms, is_heard=oee is not None)
            late = [(controller, news) for controller in self.controllers for _, news in controller.delivery.waiting]
            for controller, news in late:
                await controller.say(until_ms, [news])
            await self.breakdown(until_ms + 60_000)
            await self.caught_up(until_ms + 60_000)
            for at_ms in (
                until_ms + 120_000,
                until_ms + 180_000,
            ):  # when the second is judged, the first is written down
                await self.breakdown(at_ms)
                await self.judged(at_ms)
            yield

    async def _hour(self, begin_ms: int, *, is_heard: bool) -> None:
        """Say an hour as fast as the broker takes it; then wait for `oee`, where it runs."""
        arrivals = sorted(
            (
                (at_ms, number, news)
                for number, controller in enumerate(self.controllers)
                for at_ms, news in controller.delivery.arriving(begin_ms, begin_ms + HOUR_MS)
            ),
            key=lambda item: item[:2],
        )
        newest_ms = 0
        for (at_ms, number), group in groupby(arrivals, key=lambda item: item[:2]):
            said_ms = await self.controllers[number].say(at_ms, [news for *_, news in group])
            newest_ms = max(newest_ms, said_ms)
        if is_heard:
            await self.heard(newest_ms)

    async def heard(self, at_ms: int) -> None:
        """Wait until the business time of `oee` has come as far as what was said."""
        unit = str(next(iter(self.site.equipment.work_units(self.site.path))).path)
        begin = from_ms(START_MS).isoformat()

        async def probe() -> bool:
            (line,) = await self.ask("oee", "timeline", place=unit, since=begin, until=begin)
            return (line["now_ms"] or 0) >= at_ms

        await eventually(probe, within_s=PATIENCE_S, what=f"oee has come to {from_ms(at_ms)}")

    async def remembered(self) -> None:
        """Wait until `oee` has remembered where it is in the journal: from there on it misses nothing."""

        async def probe() -> bool:
            return await self.position() >= 0

        await eventually(probe, within_s=PATIENCE_S, what="oee has remembered a position of the journal")

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        """Have everything there but `oee`."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.service("historian"))
            await stack.enter_async_context(self.service("namespace_state"))
            account = "mes-cli"
            transport = StreamTransport(BrokerUrl.parse(self.broker.add_account(account)), client_id=account)
            self._client = SiteClient(transport, self.site.path, account)
            await stack.enter_async_context(self._client.connected())
            await self.ask("historian", "head")
            await self.ask("namespace_state", "snapshot")
            self.controllers = [Controller(self.broker, delivery) for delivery in self.deliveries]
            yield
            for controller in self.controllers:
                await controller.leave()

    async def ask(self, service: str, query: str, **args: Any) -> Any:
        """Ask until there is an answer."""
        client, reasons = self._client, list[str]()
        assert client is not None

        async def probe() -> list[Any] | None:
            try:
                return [(await client.queries.ask(service, query, args, timeout_s=5, tries=1)).data]
            except (NoAnswer, QueryFailed) as failed:
                reasons.append(str(failed))
                return None

        return (
            await eventually(probe, within_s=PATIENCE_S, what=lambda: f"{service} answers {query}: {reasons[-1:]}")
        )[0]

    async def breakdown(self, at_ms: int) -> None:
        """Let the first unit of each line break down for a second."""
        for controller in self.controllers:
            for metric, value, later_ms in (
                ("Status/StateCurrent", 9, 0),
                ("Admin/StopReason", _code(at_ms), 0),
                ("Admin/StopReason", 0, _SECOND_MS),
            ):
                at = from_ms(at_ms + later_ms)
                sample = MachineSample(controller.first_unit, metric, value, _TYPES[metric], at, at)
                await controller.say(at_ms, [sample])

    async def caught_up(self, at_ms: int) -> None:
        """Wait until the historian has a breakdown of each line, and so all before it, and `oee` has used all of that."""
        for controller in self.controllers:
            asked = {"place": str(controller.first_unit), "since_ms": at_ms, "until_ms": at_ms + 1}

            async def is_written(asked: dict[str, Any] = asked) -> bool:
                return len(await self.ask("historian", "samples", metrics=["Admin/StopReason"], **asked)) == 1

            await eventually(
                is_written, within_s=PATIENCE_S, what="the historian has written everything down", every_s=0.2
            )
        end = (await self.ask("historian", "head"))["position"]

        async def is_used() -> bool:
            return await self.position() >= end

        await eventually(is_used, within_s=PATIENCE_S, what=f"oee has used the journal up to {end}", every_s=0.2)

    async def judged(self, at_ms: int) -> None:
        """Wait until `oee` has judged a breakdown of each line, and so all that was said before."""
        for controller in self.controllers:

            async def is_judged(unit: EquipmentPath = controller.first_unit) -> bool:
                found = await self.ask("oee", "interval", place=str(unit), at=from_ms(at_ms).isoformat())
                return bool(found["stop_reason"] == _code(at_ms))

            await eventually(
                is_judged, within_s=PATIENCE_S, what=f"oee has judged all of {controller.first_unit}", every_s=0.2
            )

    async def position(self) -> int:
        """How far `oee` remembers to have used the journal; -1 for nothing."""
        rows = await self.rows("SELECT position FROM sample_position")
        return int(rows[0]["position"]) if rows else -1

    async def rows(self, sql: str) -> list[dict[str, Any]]:
        """Read tables of `oee`."""
        connection = await asyncpg.connect(self.dsns["oee"])
        try:
            schema = await connection.fetchval("SELECT current_user")
            await connection.execute(f'SET search_path TO "{schema}"')
            return [dict(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()


def _code(at_ms: int) -> int:
    """The stop reason of a breakdown, which no other has."""
    return 1000 + at_ms // _SECOND_MS % 60_000
