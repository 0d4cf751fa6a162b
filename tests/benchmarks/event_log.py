"""The event log from transaction to transaction: appended, relayed and applied a second, and how long an event is on its way."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from namespace.servers.postgres import Postgres
from namespace.testing.servers import TestBroker, database_maker, running_broker, scratch_folder
from tests.benchmarks.brokers import cpu_s, durable_postgres
from tests.benchmarks.contestants import Broken
from tests.benchmarks.pacer import percentile
from tests.benchmarks.rounds import Row, Spread
from tests.benchmarks.run import Run
from tests.benchmarks.service import running

_RATE = 50
_PATIENCE_S = 90.0


@dataclass(frozen=True, slots=True)
class _Once:
    appended_per_s: float
    relayed_per_s: float
    applied_per_s: float
    p50_ms: float
    p99_ms: float
    producer_us: float
    follower_us: float


def measured(run: Run) -> list[Row]:
    """Return the event log's rows. Nobody has set goals for them, so they are shown."""
    burst, paced = (1_000, 200) if run.is_quick else (2_000, 300)
    found: list[_Once] = []
    identity, what = "event-log", "events of one producer, one to a transaction"
    try:
        for number in range(run.few_rounds):
            run.say(f"event log, round {number + 1}")
            with durable_postgres() as server, running_broker() as broker, scratch_folder() as folder:
                found.append(asyncio.run(_once(server, broker, folder, burst, paced)))
    except Broken as reason:
        return [Row(identity, what, void=str(reason))]

    def row(name: str, text: str, figures: list[float], unit: str, note: str = "") -> Row:
        return Row(f"{identity}-{name}", text, figure=Spread.of(figures), unit=unit, note=note)

    last = found[-1]
    return [
        row(
            "appended",
            f"{what}: appended",
            [one.appended_per_s for one in found],
            "events/s",
            f"producer {last.producer_us:.0f}, follower {last.follower_us:.0f} us CPU/event",
        ),
        row("relayed", f"{what}: appended and handed to the broker", [one.relayed_per_s for one in found], "events/s"),
        row("applied", f"{what}: applied by a follower", [one.applied_per_s for one in found], "events/s"),
        row(
            "delay",
            f"append to applied at {_RATE} events/s, p99",
            [one.p99_ms for one in found],
            "ms",
            f"p50 {last.p50_ms:.1f} ms",
        ),
    ]


async def _once(server: Postgres, broker: TestBroker, folder: Path, burst: int, paced: int) -> _Once:
    make = database_maker(server)
    module = "tests.benchmarks.consumers.event_"
    async with (
        running(
            f"{module}follower",
            broker_url=broker.add_account("mes-bench-follower"),
            database_url=(follower_place := await make("bench_follower")).dsn,
            data_dir=folder,
        ) as follower,
        running(
            f"{module}producer",
            broker_url=broker.add_account("mes-bench-producer"),
            database_url=(await make("bench_producer")).dsn,
            data_dir=folder,
        ) as producer,
    ):
        used = cpu_s(producer.pid), cpu_s(follower.pid)
        plan = {"burst": burst, "paced": paced, "rate": _RATE}
        (folder / "plan.new").write_text(json.dumps(plan), encoding="utf-8")
        (folder / "plan.new").rename(folder / "plan.json")
        burst_end = await _found(folder / "burst-applied.json")
        now = cpu_s(producer.pid), cpu_s(follower.pid)
        by_producer = await _found(folder / "producer.json")
        by_follower = await _found(folder / "follower.json")
    connection = await asyncpg.connect(server.dsn())
    try:
        applied = await connection.fetchval(f"SELECT count(*) FROM {follower_place.schema}.applied")
    finally:
        await connection.close()
    if applied != burst + paced + 1:
        raise Broken(f"{applied} events applied, not {burst + paced + 1}")
    began = by_producer["began_ns"]

    def per_s(end_ns: int) -> float:
        return burst / (end_ns - began) * 1e9

    waited = by_follower["waited_ms"]
    return _Once(
        per_s(by_producer["appended_ns"]),
        per_s(by_producer["relayed_ns"]),
        per_s(burst_end["applied_ns"]),
        percentile(waited, 0.5),
        percentile(waited, 0.99),
        (now[0] - used[0]) / burst * 1e6,
        (now[1] - used[1]) / burst * 1e6,
    )


async def _found(file: Path) -> dict[str, Any]:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while not file.exists():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise Broken(f"no {file.stem} within {_PATIENCE_S:g} s") from None
    return json.loads(file.read_text(encoding="utf-8"))
