"""How fast the historian's own writer brings batches to the database, against COPY on the same server in the same round."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from namespace.isa95 import load_site
from namespace.runtime import get_logger
from namespace.servers.postgres import Postgres
from namespace.sparkplug import HostSession
from namespace.store import Database, migrate
from namespace.testing.servers import database_maker
from services.historian.adapters.compiled import compiled_encode
from services.historian.adapters.postgres import PostgresJournal
from services.historian.application.recorder import Recorder
from services.historian.domain.batch import Batch
from services.historian.domain.tag import Tags
from tests.benchmarks import corpus
from tests.benchmarks.brokers import durable_postgres
from tests.benchmarks.consumers.own_host import SITE_FILE
from tests.benchmarks.contestants import Broken
from tests.benchmarks.copying import Limits, copy_limits
from tests.benchmarks.corpus import METRICS, Corpus
from tests.benchmarks.environments import CACHE
from tests.benchmarks.rounds import Gate, Row, Spread, ratios
from tests.benchmarks.run import Run

_MESSAGES = 20_000
_BATCH_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class _Once:
    rows_per_s: float
    client_us: float
    limits: Limits


def measured(run: Run) -> list[Row]:
    """Return the rows of the write path."""
    what = "journal written in batches of 10,000 rows"
    traffic = corpus.load(CACHE, messages=_MESSAGES)
    found: list[_Once] = []
    try:
        for number in range(run.few_rounds):
            run.say(f"history write, round {number + 1} of {run.few_rounds}")
            with durable_postgres() as server:
                found.append(asyncio.run(_once(server, traffic)))
    except Broken as reason:
        return [Row("history", what, void=str(reason), gate=Gate(0.45, at_least=True))]
    rates = [one.rows_per_s for one in found]
    note = f"{found[-1].client_us:.2f} us CPU/row in the client"
    return [
        Row(
            "history",
            what,
            figure=Spread.of(rates),
            unit="rows/s",
            ratio=ratios(rates, [one.limits.plain for one in found]),
            against="server-side COPY, BRIN",
            gate=Gate(0.45, at_least=True),
            note=note,
        ),
        Row(
            "history-unique",
            "the same, against COPY into a table with the journal's kind of unique index",
            figure=Spread.of([one.limits.unique for one in found]),
            unit="rows/s",
            ratio=ratios(rates, [one.limits.unique for one in found]),
            against="server-side COPY, unique index",
            gate=Gate(0.8, at_least=True),
        ),
    ]


async def _once(server: Postgres, traffic: Corpus) -> _Once:
    place = await database_maker(server)("historian")
    database = await Database.open(place.dsn, schema=place.schema)
    try:
        await migrate(database, "services.historian.adapters")
        journal = PostgresJournal(database, get_logger(), compiled_encode())
        births, *batches = _batches(traffic)
        await journal.write(births)
        began, used = time.monotonic(), time.process_time()
        written = 0
        for batch in batches:
            written += (await journal.write(batch)).samples
        wall_s, cpu = time.monotonic() - began, time.process_time() - used
    finally:
        await database.close()
    if written != _MESSAGES * METRICS:
        raise Broken(f"{written} rows written, not {_MESSAGES * METRICS}")
    return _Once(written / wall_s, cpu / written * 1e6, await copy_limits(server))


def _batches(traffic: Corpus) -> list[Batch]:
    """Return what the recorder makes of the traffic: the births, then data in batches."""
    now_ms = corpus.T0_MS
    recorder = Recorder(load_site(SITE_FILE.read_text(encoding="utf-8"), str(SITE_FILE)), Tags(), lambda: now_ms)
    host = HostSession()
    batches: list[Batch] = []
    for packets, at_once in ((traffic.births, None), (traffic.first(_MESSAGES), _BATCH_ROWS)):
        for topic, payload in corpus.messages(packets):
            recorder.told(host.receive(topic, payload, now_ms))
            if at_once is not None and recorder.batch.size >= at_once:
                batches.append(recorder.take())
        if recorder.batch.size:
            batches.append(recorder.take())
    return batches
