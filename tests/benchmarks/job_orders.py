"""Ten thousand open job orders on two hundred work centers: from a command to its event on the broker, and the start with all of them.

The service runs by itself on a durable database. Orders are stored by command; then commands go out at a steady pace, each on another
order, and every one is timed from before it is sent until a row of the event log that it caused arrives at a reader of the broker. A
restart is timed from its start until it is ready; the births before and after are weighed by the same reader.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from namespace.contracts.command import Command, CommandStatus
from namespace.contracts.event_metrics import read_log_message
from namespace.isa95 import load_site
from namespace.runtime.client import SiteClient
from namespace.sparkplug import decode_payload
from namespace.testing.servers import TestBroker, database_maker, running_broker, scratch_folder
from namespace.transport import BrokerUrl, Connection
from namespace.transport.mqtt import MqttTransport
from tests.benchmarks.brokers import cpu_s, durable_postgres, memory
from tests.benchmarks.contestants import Broken
from tests.benchmarks.rounds import Gate, Row, against_goal
from tests.benchmarks.run import Run
from tests.benchmarks.service import Running, running

_ORDERS, _CENTERS = 10_000, 200
_PACE = 50.0
_SECONDS = 30
_TOGETHER = 200
_GOAL_MS, _GOAL_START_S = 100.0, 5.0
_PATIENCE_S = 30.0


def measured(run: Run) -> list[Row]:
    """Return the rows."""
    run.say(f"{_ORDERS} open job orders on {_CENTERS} work centers")
    what = f"with {_ORDERS} open job orders on {_CENTERS} work centers"
    try:
        seen = asyncio.run(_all(_SECONDS // 3 if run.is_quick else _SECONDS))
    except Broken as reason:
        return [Row("job-orders-p99", what, void=str(reason).splitlines()[0], gate=Gate(1.0))]
    late = sorted(seen.latencies_ms)
    note = f"p50 {late[len(late) // 2]:.1f} ms, {len(late)} commands at {_PACE:g}/s; {seen.note}"
    grown = seen.birth_bytes_after / seen.birth_bytes_before
    return [
        against_goal(
            "job-orders-p99", f"command to event, p99, {what}", [late[len(late) * 99 // 100]], "ms", _GOAL_MS, note=note
        ),
        against_goal(
            "job-orders-start",
            f"work_order ready {what}",
            [seen.ready_s],
            "s",
            _GOAL_START_S,
            note=f"{seen.start_cpu_s:.2f} s CPU",
        ),
        Row(
            "job-orders-stored",
            "Store commands answered, many at once",
            note=f"{seen.stored_per_s:.0f}/s, {_TOGETHER} waiting",
        ),
        against_goal(
            "job-orders-births",
            f"bytes of all births with full queues {what}, by those with empty ones",
            [grown],
            "times",
            _births_limit(seen),
            note=f"{seen.birth_bytes_before} and {seen.birth_bytes_after} bytes; 20 orders are named at each work center",
        ),
    ]


def _births_limit(seen: _Seen) -> float:
    """Twenty named orders take at most 4 KiB a work center, however many wait."""
    return (seen.birth_bytes_before + _CENTERS * 4096) / seen.birth_bytes_before


@dataclass(slots=True)
class _Seen:
    latencies_ms: list[float] = field(default_factory=list)
    stored_per_s: float = 0.0
    ready_s: float = 0.0
    start_cpu_s: float = 0.0
    birth_bytes_before: int = 0
    birth_bytes_after: int = 0
    note: str = ""


@dataclass(slots=True)
class _Reader:
    """Somebody who reads what the service publishes."""

    connection: Connection
    caused: dict[str, asyncio.Future[float]] = field(default_factory=dict)
    births: dict[str, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Note births, and when events arrive that are waited for."""
        async for batch in self.connection.batches():
            arrived = time.perf_counter()
            for message in batch:
                _, _, kind, *_ = message.topic.split("/")
                if kind in {"NBIRTH", "DBIRTH"}:
                    self.births[message.topic] = len(message.payload)
                elif kind == "NDATA" and b"EventLog" in message.payload:
                    for row in read_log_message(decode_payload(message.payload)).rows:
                        waiting = self.caused.get(row.correlation or "")
                        if waiting is not None and not waiting.done():
                            waiting.set_result(arrived)


async def _all(seconds: int) -> _Seen:
    seen = _Seen()
    with durable_postgres() as server, running_broker() as broker, scratch_folder() as folder:
        site_file = folder / "site.yaml"
        site_file.write_text(_site_text(), encoding="utf-8")
        place = await database_maker(server)("work_order")
        account = broker.add_account("mes-work-order")

        def service() -> Any:
            return running(
                "services.work_order",
                broker_url=account,
                database_url=place.dsn,
                data_dir=folder / "data",
                site_file=site_file,
            )

        async with _guest(broker, site_file) as (client, reader):
            async with service():
                seen.birth_bytes_before = await _births(reader)
                began = time.perf_counter()
                await _store(client)
                seen.stored_per_s = _ORDERS / (time.perf_counter() - began)
            reader.births.clear()
            async with service() as one:
                seen.ready_s, seen.start_cpu_s = one.ready_s, cpu_s(one.pid)
                seen.birth_bytes_after = await _births(reader)
                await _paced(client, reader, seconds, seen, one)
    return seen


async def _births(reader: _Reader) -> int:
    deadline = time.monotonic() + _PATIENCE_S
    while len(reader.births) < _CENTERS + 1:
        if time.monotonic() > deadline:
            raise Broken(f"{len(reader.births)} births of {_CENTERS + 1} were heard")
        await asyncio.sleep(0.05)
    return sum(reader.births.values())


async def _store(client: SiteClient) -> None:
    gate = asyncio.Semaphore(_TOGETHER)

    async def one(number: int) -> None:
        async with gate:
            await _send(client, "Store", number, {"place": _center(number), "priority": number % 7})

    async with asyncio.TaskGroup() as group:
        for number in range(_ORDERS):
            group.create_task(one(number))


async def _paced(client: SiteClient, reader: _Reader, seconds: int, seen: _Seen, one: Running) -> None:
    before = cpu_s(one.pid)

    async def timed(number: int) -> None:
        command = _command("Start", number, {})
        waiting: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        reader.caused[str(command.command_id)] = waiting
        sent = time.perf_counter()
        answer = await client.commands.send("work_order", command, timeout_s=_PATIENCE_S)
        if answer.status is not CommandStatus.DONE:
            raise Broken(f"{command.name} of {command.subject}: {answer.message}")
        seen.latencies_ms.append(1000 * (await asyncio.wait_for(waiting, _PATIENCE_S) - sent))

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for count in range(int(seconds * _PACE)):
            await asyncio.sleep(max(0.0, began + count / _PACE - time.perf_counter()))
            group.create_task(timed(count * 37 % _ORDERS))
    spent = cpu_s(one.pid) - before
    seen.note = f"{1000 * spent / len(seen.latencies_ms):.1f} ms CPU a command, {memory(one.pid).pss:.0f} MB PSS"


async def _send(client: SiteClient, name: str, number: int, args: dict[str, Any]) -> None:
    answer = await client.commands.send("work_order", _command(name, number, args), timeout_s=_PATIENCE_S)
    if answer.status is not CommandStatus.DONE:
        raise Broken(f"{name} of job order {number}: {answer.message}")


def _command(name: str, number: int, args: dict[str, Any]) -> Command:
    return Command(
        command_id=uuid4(),
        name=name,
        subject=f"JO-{number:05}",
        args=args,
        actor="bench",
        issued_at=datetime.now(UTC),
    )


def _center(number: int) -> str:
    return f"Acme/Bench/Area{number % 10}/Center{number % _CENTERS:03}"


def _site_text() -> str:
    lines = ["version: 1", "enterprise: Acme", "site: {name: Bench, time_zone: UTC}", "areas:"]
    for area in range(10):
        lines += [f"  Area{area}:", "    work_centers:"]
        for center in range(area, _CENTERS, 10):
            lines += [f"      Center{center:03}:", "        work_units:", "          Unit: ~"]
    return "\n".join(lines) + "\n"


@asynccontextmanager
async def _guest(broker: TestBroker, site_file: Path) -> AsyncIterator[tuple[SiteClient, _Reader]]:
    site = load_site(site_file.read_text(encoding="utf-8"), str(site_file))
    transport = MqttTransport(BrokerUrl.parse(broker.add_account("guest")), client_id="guest")
    ears = MqttTransport(BrokerUrl.parse(broker.add_account("reader")), client_id="reader")
    client = SiteClient(transport, site.path, "guest", commands=frozenset({"work_order"}))
    async with client.connected(), ears.connect() as connection:
        reader = _Reader(connection)
        group = site.group_id
        topics = [f"spBv1.0/{group}/{kind}/mes-work-order" for kind in ("NBIRTH", "NDATA")]
        await connection.subscribe([(topic, 0) for topic in (*topics, f"spBv1.0/{group}/DBIRTH/mes-work-order/+")])
        listening = asyncio.create_task(reader.run())
        try:
            yield client, reader
        finally:
            listening.cancel()
