"""OEE: what samples cost, what work units take in memory, how long a week of a line takes to be restated, how fresh figures are.

The first three are the application alone, in this process; nobody else waits for it, so CPU time says what it costs. The last is
the service by itself on a durable database and the product's broker: a sample is timed from before it is published until the count
that it brought stands in a figure that a reader of the broker is sent.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from random import Random

from namespace.isa95 import SiteModel, load_site
from namespace.runtime import (
    EdgeNode,
    Health,
    MachineBacklog,
    MachineNews,
    MachineOnline,
    MachineSample,
    ServiceMetrics,
    Session,
    SystemClock,
    from_ms,
    to_ms,
)
from namespace.sparkplug import (
    Data,
    DataType,
    DeviceBirth,
    EdgeNodeConfig,
    EdgeNodeSession,
    HostSession,
    MetricDefinition,
)
from namespace.testing.servers import TestBroker, database_maker, running_broker, scratch_folder
from namespace.transport import BrokerUrl, Connection
from namespace.transport.mqtt import MqttTransport
from services.oee.application.units import Units
from services.oee.domain.restatement import restate
from services.oee.domain.sample import CounterName, Reading
from services.simulator.domain import LINE_1, BottlingLine
from tests.benchmarks.brokers import cpu_s, durable_postgres, memory
from tests.benchmarks.contestants import Broken
from tests.benchmarks.rounds import Gate, Row, against_goal
from tests.benchmarks.run import Run
from tests.benchmarks.service import running
from tests.unit.oee.plant import START_MS, Delivery, Oee, plant_site

_UNITS, _MANY = 52, 1_000
_RATE, _SECONDS = 2_000, 20
_GOAL_WEEK_S, _GOAL_MS = 2.0, 250.0
_SCAN_MS = 1_000
_PATIENCE_S = 60.0
_HOUR_MS = 3_600_000
_GROUP = "Bench"


def measured(run: Run) -> list[Row]:
    """Return the rows."""
    run.say("what a sample costs OEE")
    rows = [_applied(600 if run.is_quick else 3_600)]
    run.say("memory of many work units")
    rows.append(_memory())
    run.say("a week of a line, restated")
    rows.append(_restated(1 if run.is_quick else 7))
    run.say(f"figures at {_RATE} samples/s")
    try:
        rows += asyncio.run(_fresh(_SECONDS // 2 if run.is_quick else _SECONDS))
    except Broken as reason:
        rows.append(Row("oee-fresh", "sample to figure", void=str(reason).splitlines()[0], gate=Gate(1.0)))
    return rows


# -- the application alone


def _applied(seconds: int) -> Row:
    """Fifty-two units of thirteen lines, looked at once a second of their time."""
    profiles = [replace(LINE_1, name=f"Line{number}", scan_ms=_SCAN_MS) for number in range(_UNITS // 4)]
    site = plant_site(profiles)
    area = site.path.child("Packaging")
    deliveries = [
        Delivery(BottlingLine(profile, seed=number, start_ms=START_MS), area, Random(number), late_share=0.0)
        for number, profile in enumerate(profiles)
    ]
    oee, spent, samples = Oee(site), 0.0, 0
    by_second: dict[int, list[MachineNews]] = {}
    for each in deliveries:
        for item in each.between(START_MS, START_MS + _HOUR_MS):
            assert not isinstance(item, MachineBacklog)
            at = item.source_time if isinstance(item, MachineSample) else item.since
            by_second.setdefault((to_ms(at) - START_MS) // 1000, []).append(item)
    for second in range(seconds):
        news = by_second.get(second, [])
        began = time.process_time()
        oee.step(news, START_MS + (second + 1) * 1000)
        spent += time.process_time() - began
        samples += len(news)
    looks = seconds * _UNITS
    return Row(
        "oee-applied",
        f"state changes and counts applied, {_UNITS} units looked at once a second for {seconds} s",
        note=f"{samples / spent:,.0f} samples per CPU second; {1e6 * spent / looks:.0f} us CPU a look, {samples / looks:.1f} samples in it",
    )


def _memory() -> Row:
    """Each unit hears for eight hours: a count a minute, a stop every ten."""
    site = load_site(_site_text(_MANY), "many.yaml")
    gc.collect()
    before = memory(os.getpid()).pss
    units = Units(site)
    for number, unit in enumerate(units.by_path.values()):
        news: list[MachineNews] = [MachineOnline(unit.path, from_ms(START_MS))]
        for minute in range(480):
            at = from_ms(START_MS + minute * 60_000 + number)
            values = {"Admin/ProdProcessedCount": minute * 60, "Status/StateCurrent": 6 if minute % 10 else 9}
            news += [MachineSample(unit.path, name, value, DataType.Int64, at, at) for name, value in values.items()]
        unit.pending += [sample for _, sample in units.samples(news)]
        units.step(unit, from_ms(START_MS + 8 * _HOUR_MS - 1))
    gc.collect()
    return Row(
        "oee-memory",
        f"memory of {_MANY:,} work units at the end of a shift with a count a minute and 48 stops",
        note=f"{memory(os.getpid()).pss - before:.0f} MB PSS",
    )


def _restated(days: int) -> Row:
    """Every shift of the four units is judged again with one more sample; counts every five seconds."""
    profile = replace(LINE_1, name="Line1", scan_ms=5_000)
    site = plant_site([profile])
    delivery = Delivery(
        BottlingLine(profile, seed=1, start_ms=START_MS), site.path.child("Packaging"), Random(1), late_share=0.0
    )
    oee, samples = Oee(site), 0
    for now_ms in range(START_MS, START_MS + days * 24 * _HOUR_MS, _HOUR_MS):
        news = delivery.between(now_ms, now_ms + _HOUR_MS)
        samples += len(news)
        oee.step(news, now_ms + _HOUR_MS)
    oee.step([], START_MS + (days * 24 + 2) * _HOUR_MS)
    began, windows = time.process_time(), 0
    for path, finals in oee.finals.items():
        unit = oee.units.by_path[path]
        for start_ms, item in finals.items():
            late = Reading(start_ms + _HOUR_MS, CounterName.PROCESSED, 7, ordinal=1)
            restate(item, [late], unit.profile, unit.calendar, why="a week again")
            windows += 1
    spent = time.process_time() - began
    return against_goal(
        "oee-week",
        f"{days} days of a line of four units restated ({windows} shifts, {samples:,} samples), CPU",
        [spent],
        "s",
        _GOAL_WEEK_S * days / 7,
    )


# -- the service


@dataclass(slots=True)
class _Reader:
    """Somebody who is shown the figures."""

    connection: Connection
    host: HostSession = field(default_factory=HostSession)
    made: dict[str, list[float]] = field(default_factory=dict)
    latencies_ms: list[float] = field(default_factory=list)
    told: int = 0

    def sent(self, unit: str) -> None:
        """Note that one more piece is about to be told of."""
        self.made.setdefault(unit, []).append(time.perf_counter())

    async def run(self) -> None:
        """Time every piece when it is first in a figure."""
        self.host.connected(0)
        shown: dict[str, int] = {}
        async for batch in self.connection.batches():
            arrived = time.perf_counter()
            for message in batch:
                for event in self.host.receive(message.topic, message.payload, 0):
                    if not isinstance(event, Data | DeviceBirth) or event.device_id is None:
                        continue
                    self.told += 1
                    unit = event.device_id.rsplit(":", 1)[-1]
                    count = next((m.value for m in event.metrics if m.name == "OEE/PQ"), None)
                    if isinstance(count, int) and unit in self.made:
                        pieces = self.made[unit][shown.get(unit, 0) : count]
                        self.latencies_ms += [1000 * (arrived - sent) for sent in pieces]
                        shown[unit] = max(count, shown.get(unit, 0))


async def _fresh(seconds: int) -> list[Row]:
    text = _site_text(_UNITS)
    with durable_postgres() as server, running_broker() as broker, scratch_folder() as folder:
        site_file = folder / "site.yaml"
        site_file.write_text(text, encoding="utf-8")
        site = load_site(text, str(site_file))
        place = await database_maker(server)("oee")
        service = running(
            "services.oee",
            broker_url=broker.add_account("mes-oee"),
            database_url=place.dsn,
            data_dir=folder / "data",
            site_file=site_file,
        )
        async with _listening(broker, site) as reader, service as one, _machines(broker, site) as node:
            units = [f"Unit{number:04}" for number in range(_UNITS)]
            before, messages = cpu_s(one.pid), reader.told
            began = time.perf_counter()
            for count in range(int(seconds * _RATE)):
                await asyncio.sleep(max(0.0, began + count / _RATE - time.perf_counter()) if count % 8 == 0 else 0)
                unit = units[count % _UNITS]
                reader.sent(unit)
                node.set(unit, {"Count": count // _UNITS + 1})
            await asyncio.sleep(2.0)
            spent = cpu_s(one.pid) - before
            late = sorted(reader.latencies_ms)
            if len(late) < seconds * _RATE * 0.95:
                raise Broken(f"{len(late)} of {seconds * _RATE} pieces were in a figure")
            note = (
                f"p50 {late[len(late) // 2]:.0f} ms; {spent / (seconds + 2):.2f} of a core, "
                f"{(reader.told - messages) / (seconds + 2):.0f} messages/s of figures, {memory(one.pid).pss:.0f} MB PSS"
            )
            p99 = late[len(late) * 99 // 100]
    return [
        against_goal(
            "oee-fresh",
            f"sample to figure on the broker, p99, {_RATE} samples/s of {_UNITS} units",
            [p99],
            "ms",
            _GOAL_MS,
            note=note,
        )
    ]


@asynccontextmanager
async def _listening(broker: TestBroker, site: SiteModel) -> AsyncIterator[_Reader]:
    ears = MqttTransport(BrokerUrl.parse(broker.add_account("reader")), client_id="reader")
    async with ears.connect() as connection:
        reader = _Reader(connection)
        topics = [f"spBv1.0/{site.group_id}/{kind}/mes-oee" for kind in ("NBIRTH", "NDATA", "NCMD")]
        devices = [f"spBv1.0/{site.group_id}/{kind}/mes-oee/+" for kind in ("DBIRTH", "DDATA")]
        await connection.subscribe([(topic, 0) for topic in (*topics, *devices)])
        listening = asyncio.create_task(reader.run())
        try:
            yield reader
        finally:
            listening.cancel()


@asynccontextmanager
async def _machines(broker: TestBroker, site: SiteModel) -> AsyncIterator[EdgeNode]:
    """One edge node with every unit as a device, born when this begins."""
    metrics = [
        MetricDefinition(name="State", datatype=DataType.Int32, value=6),
        MetricDefinition(name="Count", datatype=DataType.Int64, value=0),
    ]
    core = EdgeNodeSession(
        EdgeNodeConfig(group_id=_GROUP, edge_node_id="PLC"),
        [],
        {f"Unit{number:04}": metrics for number in range(_UNITS)},
    )
    session = Session(
        MqttTransport(BrokerUrl.parse(broker.add_account("PLC")), client_id="PLC"), name="PLC", health=Health()
    )

    async def next_bd_seq() -> int:
        return 0

    node = EdgeNode(session, core, next_bd_seq=next_bd_seq, clock=SystemClock(), metrics=ServiceMetrics())
    tasks = [asyncio.create_task(session.run()), asyncio.create_task(node.run())]
    try:
        deadline = time.monotonic() + _PATIENCE_S
        while not core.is_born:
            if time.monotonic() > deadline:
                raise Broken("the machines are not born")
            await asyncio.sleep(0.05)
        await asyncio.sleep(5.0)  # a service without a registry hears machines after some seconds
        node.publish(core.rebirth(node.now_ms()))
        await asyncio.sleep(2.0)
        yield node
    finally:
        for task in tasks:
            task.cancel()


def _site_text(units: int) -> str:
    lines = [
        "version: 1",
        "enterprise: Acme",
        "site: {name: Bench, time_zone: UTC}",
        "areas:",
        "  Area:",
        "    work_centers:",
    ]
    for first in range(0, units, 4):
        lines += [f"      Line{first:04}:", "        work_units:"]
        lines += [f"          Unit{n:04}: {{ideal_cycle_s: 1}}" for n in range(first, min(first + 4, units))]
    lines += ["mappings:"]
    for first in range(0, units, 4):
        for number in range(first, min(first + 4, units)):
            lines += [
                f"  - group: {_GROUP}",
                "    edge_node: PLC",
                f"    device: Unit{number:04}",
                f"    place: Area/Line{first:04}/Unit{number:04}",
                "    metrics:",
                "      - {from: State, to: Status/StateCurrent}",
                "      - {from: Count, to: Admin/ProdProcessedCount}",
            ]
    return "\n".join(lines) + "\n"
