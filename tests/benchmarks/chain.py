"""The whole chain, as it ships: broker, historian, database. How fast messages become committed rows, against COPY on the same server.

The sender runs at most a window ahead of what is committed, so nothing has to be dropped and the slowest part sets the pace. Every row
must be there at the end, and the newest of each metric must be the one that was sent.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from namespace.servers.postgres import Postgres
from namespace.testing.servers import ServiceDatabase, TestBroker, database_maker, running_broker, scratch_folder
from tests.benchmarks import corpus, profile
from tests.benchmarks.brokers import cpu_s, durable_postgres, tree_cpu_s
from tests.benchmarks.consumers.measure import canonical, state_checksum
from tests.benchmarks.contestants import Broken
from tests.benchmarks.copying import Limits, copy_limits
from tests.benchmarks.corpus import METRICS, Corpus
from tests.benchmarks.environments import CACHE
from tests.benchmarks.pacer import PASSWORD, Pacer
from tests.benchmarks.rounds import Gate, Outcome, Row, Spread, ratios
from tests.benchmarks.run import Run
from tests.benchmarks.service import running

_WINDOW = 15_000
_MESSAGES = 30_000
_BORN_S = 30.0
_STUCK_S = 60.0


@dataclass(frozen=True, slots=True)
class _Once:
    rows_per_s: float
    host_us: float
    broker_us: float
    database_us: float


def measured(run: Run) -> list[Row]:
    """Return the chain's rows."""
    what = "broker -> state -> committed history, rows/s"
    gate = Gate(0.15, at_least=True)
    figures: list[_Once] = []
    limits: list[Limits] = []
    traffic = corpus.load(CACHE, messages=_MESSAGES)
    try:
        for number in range(run.few_rounds):
            run.say(f"chain, round {number + 1}")
            with durable_postgres() as server, running_broker() as broker, scratch_folder() as folder:
                figures.append(asyncio.run(_once(server, broker, folder, traffic, None)))
                limits.append(asyncio.run(copy_limits(server)))
        row = _row(what, figures, limits, gate)
        if run.judged(row).outcome is Outcome.FAIL and not run.is_quick:
            run.say("chain, profile")
            run.profiles[row.id] = _profiled(traffic)
    except Broken as reason:
        return [Row("chain", what, void=str(reason), gate=gate)]
    return [row]


def _row(what: str, figures: list[_Once], limits: list[Limits], gate: Gate) -> Row:
    rates = [one.rows_per_s for one in figures]
    mean = figures[-1]
    note = (
        f"host {mean.host_us:.1f} (a core of its own: {METRICS / mean.host_us * 1e3:.0f} k rows/s), "
        f"broker {mean.broker_us:.1f} us CPU/message, database {mean.database_us:.2f} us CPU/row; "
        f"COPY here {limits[-1].plain / 1e3:.0f} k rows/s plain, {limits[-1].unique / 1e3:.0f} k with a unique index"
    )
    return Row(
        "chain",
        what,
        figure=Spread.of(rates),
        unit="rows/s",
        ratio=ratios(rates, [each.plain for each in limits]),
        against="server-side COPY",
        gate=gate,
        note=note,
    )


def _profiled(traffic: Corpus) -> str:
    with (
        durable_postgres() as server,
        running_broker() as broker,
        scratch_folder() as folder,
        suppress(Broken),
    ):
        file = folder / "historian.prof"
        asyncio.run(_once(server, broker, folder, traffic, file))
        return profile.top(file)
    return "(no profile: the chain did not finish under the profiler)"


async def _once(
    server: Postgres, broker: TestBroker, folder: Path, traffic: Corpus, profile_file: Path | None
) -> _Once:
    place = await database_maker(server)("historian")
    url = broker.add_account("mes-historian")
    broker.add_account("bench-pacer")
    connection = await asyncpg.connect(server.dsn())
    try:
        async with running(
            "services.historian",
            broker_url=url,
            database_url=place.dsn,
            data_dir=folder,
            profile=profile_file,
        ) as historian:
            with Pacer(broker.port, account=("bench-pacer", PASSWORD)) as pacer:
                return await _pour(connection, place, server, broker, historian.pid, pacer, traffic)
    finally:
        await connection.close()


async def _pour(
    connection: asyncpg.Connection,
    place: ServiceDatabase,
    server: Postgres,
    broker: TestBroker,
    pid: int,
    pacer: Pacer,
    traffic: Corpus,
) -> _Once:
    await asyncio.to_thread(pacer.send, traffic.births)
    born = await _settled(connection, place, corpus.NODES * corpus.DEVICES * corpus.SETS * METRICS)
    assert server.pid is not None
    assert broker.server.pid is not None
    pids = (pid, broker.server.pid, server.pid)
    used = [cpu_s(pids[0]), cpu_s(pids[1]), tree_cpu_s(pids[2])]
    taken = born
    began = time.monotonic()
    sender = threading.Thread(
        target=pacer.windowed, args=(traffic, _MESSAGES, _WINDOW, lambda: (taken - born) // METRICS), daemon=True
    )
    sender.start()
    last_news = began
    while taken - born < _MESSAGES * METRICS or await _count(connection, place) < _MESSAGES * METRICS:
        await asyncio.sleep(0.02)
        position = await _position(connection, place)
        if position != taken:
            taken, last_news = position, time.monotonic()
        elif time.monotonic() - last_news > _STUCK_S:
            pacer.stop()
            raise Broken(f"{(taken - born) / METRICS:.0f} of {_MESSAGES} messages in the journal, and no more come")
    wall_s = last_news - began
    now = [cpu_s(pids[0]), cpu_s(pids[1]), tree_cpu_s(pids[2])]
    sender.join(5)
    await _check(connection, place, traffic)
    host, by_broker, database = (after - before for before, after in zip(used, now, strict=True))
    rows = _MESSAGES * METRICS
    return _Once(rows / wall_s, host / _MESSAGES * 1e6, by_broker / _MESSAGES * 1e6, database / rows * 1e6)


async def _position(connection: asyncpg.Connection, place: ServiceDatabase) -> int:
    return int(await connection.fetchval(f"SELECT position FROM {place.schema}.journal"))


async def _count(connection: asyncpg.Connection, place: ServiceDatabase) -> int:
    """Count the rows of the traffic; the historian reports of itself beside it."""
    return int(
        await connection.fetchval(
            f"SELECT count(*) FROM {place.schema}.sample s JOIN {place.schema}.tag t ON t.id = s.tag "
            "WHERE s.marks = 0 AND t.group_id = $1",
            corpus.GROUP,
        )
    )


async def _settled(connection: asyncpg.Connection, place: ServiceDatabase, at_least: int) -> int:
    """Wait until the births are in the journal and nothing more comes."""
    before, since, deadline = -1, time.monotonic(), time.monotonic() + _BORN_S
    while time.monotonic() < deadline:
        await asyncio.sleep(0.1)
        position = await _position(connection, place)
        if position != before:
            before, since = position, time.monotonic()
        elif position >= at_least and time.monotonic() - since > 1.0:
            return position
    raise Broken(f"{before} rows of births in the journal after {_BORN_S:g} s, not {at_least}")


async def _check(connection: asyncpg.Connection, place: ServiceDatabase, traffic: Corpus) -> None:
    table = f"{place.schema}.sample"
    count = await _count(connection, place)
    if count != _MESSAGES * METRICS:
        raise Broken(f"{count} rows in the journal, not {_MESSAGES * METRICS}")
    newest = await connection.fetch(
        f"SELECT DISTINCT ON (s.tag) t.group_id, t.edge_node_id, t.device_id, t.metric, t.datatype, s.at_ms, s.whole, "
        f"s.real, s.text FROM {table} s JOIN {place.schema}.tag t ON t.id = s.tag "
        "WHERE t.group_id = $1 AND t.device_id <> '' ORDER BY s.tag, s.at_ms DESC",
        corpus.GROUP,
    )
    if state_checksum(_said(newest)) != traffic.checksums[_MESSAGES]:
        raise Broken("the newest rows of the journal are not what was sent")


def _said(records: Iterable[asyncpg.Record]) -> Iterable[tuple[str, str, str]]:
    for record in records:
        value: object = next(v for v in (record["whole"], record["real"], record["text"]) if v is not None)
        if record["datatype"] == corpus.DataType.Boolean:
            value = bool(value)
        device = f"{record['group_id']}/{record['edge_node_id']}/{record['device_id']}"
        yield device, record["metric"], canonical(value, record["at_ms"])
