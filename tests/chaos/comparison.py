"""What must be true of a site's tables in the end, compared with what was asked of it. Every deviation is one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from uuid import UUID

from namespace.contracts.contract import edge_node_id
from namespace.contracts.event_log import GENESIS_HASH, EventRow, chain_hash
from namespace.contracts.work_order import JobOrderStateChanged, JobResponse
from namespace.runtime import to_ms
from namespace.store import Database, read_log
from namespace.testing.chaos.wiring import Wiring
from tests.chaos.orders import Orders

PRODUCERS = ("work_order", "oee")
FOLLOWED = {"oee": ("work_order",), "work_order": ("oee",)}
"""Who follows whose log."""


class Tables:
    """The tables of every service, read past its proxies."""

    def __init__(self, databases: Mapping[str, Database]) -> None:
        self._databases = databases

    @classmethod
    @asynccontextmanager
    async def opened(cls, wiring: Wiring, services: Iterable[str]) -> AsyncIterator[Tables]:
        """Open the schemas of some services."""
        databases = {name: await Database.open(wiring[name].dsn, schema=name, max_size=2) for name in services}
        try:
            yield cls(databases)
        finally:
            for database in databases.values():
                await database.close()

    async def fetch(self, service: str, sql: str, *args: object) -> list[tuple[object, ...]]:
        """Read rows of a service's tables."""
        async with self._databases[service].transaction() as tx:
            return [tuple(record.values()) for record in await tx.fetch(sql, *args)]

    async def log(self, service: str) -> AsyncIterator[Sequence[EventRow]]:
        """Read a service's event log, page by page."""
        through = 0
        while True:
            page = await read_log(self._databases[service], through + 1)
            yield page.rows
            if page.is_last:
                return
            through = page.through

    async def head(self, service: str) -> int:
        """Return the last `seq` of a service's log; 0 where nothing was said yet."""
        rows = await self.fetch(service, "SELECT seq FROM log_head")
        return int(str(rows[0][0])) if rows else 0

    async def cursor(self, consumer: str, producer: str) -> int:
        """Return the last event of `producer`'s log that `consumer` has applied; 0 before the first."""
        sql = "SELECT seq FROM inbox_cursor WHERE producer LIKE '%/' || $1"
        rows = await self.fetch(consumer, sql, edge_node_id(producer))
        return int(str(rows[0][0])) if rows else 0

    async def rests(self) -> bool:
        """Tell whether every event has its place in a log and was applied by every follower, and no follower is about to say more."""
        waiting = [await self.fetch(service, "SELECT FROM outbox LIMIT 1") for service in PRODUCERS]
        waiting.append(await self.fetch("work_order", "SELECT FROM machine_time_due LIMIT 1"))
        heads = {service: await self.head(service) for service in PRODUCERS}
        behind = [
            await self.cursor(consumer, producer) != heads[producer]
            for consumer, producers in FOLLOWED.items()
            for producer in producers
        ]
        return not any((*waiting, *behind))


async def compare_events(tables: Tables, orders: Orders) -> list[str]:
    """Compare every event log, cursor and derived table with the commands that were answered."""
    told: dict[str, list[str]] = {}
    marks: set[tuple[object, ...]] = set()
    responses: Counter[str] = Counter()
    problems: list[str] = []
    for service in PRODUCERS:
        ids: set[UUID] = set()
        seq, previous = 0, GENESIS_HASH
        async for rows in tables.log(service):
            for row in rows:
                if row.seq != seq + 1:
                    problems.append(f"{service}: event {row.seq} follows event {seq}")
                if chain_hash(row, previous) != row.hash:
                    problems.append(f"{service}: event {row.seq} does not continue the hash chain")
                if row.event_id in ids:
                    problems.append(f"{service}: event {row.seq} has the id of an earlier one, {row.event_id}")
                ids.add(row.event_id)
                seq, previous = row.seq, row.hash
                if service == "work_order":
                    if row.type == JobResponse.__name__:
                        revision = JobResponse.model_validate(row.payload).revision
                        if revision != responses[row.subject] + 1:
                            problems.append(
                                f"work_order: response {revision} to {row.subject} follows {responses[row.subject]}"
                            )
                        responses[row.subject] = revision
                        if revision > 1:
                            continue  # restated: machine time that came later
                    told.setdefault(row.subject, []).append(row.type)
                    marks.update(_marks(row))
        problems += await _ends(tables, service, seq, previous)
    problems += _differences("events of job order", orders.events, told)
    problems += await _compare_commands(tables, orders)
    found = set(await tables.fetch("oee", "SELECT path, event_id, at_ms, ordinal, job_order, running FROM job_mark"))
    problems += [f"oee: mark missing: {mark}" for mark in sorted(map(str, marks - found))]
    problems += [f"oee: mark of no event: {mark}" for mark in sorted(map(str, found - marks))]
    return problems


async def _ends(tables: Tables, service: str, seq: int, last_hash: str) -> Iterable[str]:
    problems = []
    [(head, head_hash)] = await tables.fetch(service, "SELECT seq, hash FROM log_head")
    if (head, head_hash) != (seq, last_hash):
        problems.append(f"{service}: its log ends at {seq}, its head says {head}")
    if left := await tables.fetch(service, "SELECT id FROM outbox LIMIT 1"):
        problems.append(f"{service}: the outbox still holds {left}")
    for consumer, producers in FOLLOWED.items():
        if service in producers:
            sql = "SELECT seq, hash, parked FROM inbox_cursor WHERE producer LIKE '%/' || $1"
            cursors = await tables.fetch(consumer, sql, edge_node_id(service))
            if cursors != [(seq, last_hash, 0)]:
                problems.append(f"{consumer}: its cursor in the log of {service} is {cursors}, the log ends at {seq}")
    return problems


async def _compare_commands(tables: Tables, orders: Orders) -> list[str]:
    stored = {UUID(str(row[0])) for row in await tables.fetch("work_order", "SELECT command_id FROM command_response")}
    problems = [f"work_order: no answer stored to command {each}" for each in sorted(orders.commands - stored)]
    return problems + [
        f"work_order: an answer to a command that nobody sent: {each}" for each in stored - orders.commands
    ]


def _marks(row: EventRow) -> Iterable[tuple[object, ...]]:
    if row.type != JobOrderStateChanged.__name__:
        return
    change = JobOrderStateChanged.model_validate(row.payload)
    if (change.from_state == "Running") != (change.to_state == "Running"):
        begins = change.to_state == "Running"
        yield f"{change.work_center}/Cell", row.event_id, to_ms(row.occurred_at), Decimal(row.seq), row.subject, begins


def _differences(what: str, expected: Mapping[str, list[str]], found: Mapping[str, list[str]]) -> list[str]:
    problems = []
    for name in sorted({*expected, *found}):
        wanted, there = Counter(expected.get(name, ())), Counter(found.get(name, ()))
        if wanted != there:
            problems.append(f"{what} {name}: lost {dict(wanted - there)}, too many {dict(there - wanted)}")
        elif expected[name] != found[name]:
            problems.append(f"{what} {name}: order {found[name]} instead of {expected[name]}")
    return problems
