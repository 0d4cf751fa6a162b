"""What must be true of a site's tables in the end, compared with what was asked of it. Every deviation is one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from namespace.contracts.contract import edge_node_id
from namespace.contracts.event_log import GENESIS_HASH, EventRow, chain_hash
from namespace.contracts.work_order import JobOrderStateChanged, JobResponse
from namespace.runtime import to_ms
from tests.chaos.intervals import Intervals, compare_intervals
from tests.chaos.meters import DEVICES
from tests.chaos.orders import Orders
from tests.chaos.tables import FOLLOWED, PRODUCERS, Tables


async def compare_events(tables: Tables, orders: Orders, intervals: Intervals) -> list[str]:
    """Compare every event log, cursor and derived table with the commands that were answered.

    Args:
        tables: Of the site.
        orders: What was asked of it.
        intervals: Takes in what the log of `oee` tells.
    """
    told: dict[str, list[str]] = {}
    marks: set[tuple[object, ...]] = set()
    responses: Counter[str] = Counter()
    problems: list[str] = []
    for service in PRODUCERS:
        ids: set[UUID] = set()
        seq, previous = 0, GENESIS_HASH
        async for rows in tables.log(service):
            for row, payload in rows:
                if row.seq != seq + 1:
                    problems.append(f"{service}: event {row.seq} follows event {seq}")
                if chain_hash(row, previous, payload) != row.hash:
                    problems.append(f"{service}: event {row.seq} does not continue the hash chain")
                if row.event_id in ids:
                    problems.append(f"{service}: event {row.seq} has the id of an earlier one, {row.event_id}")
                ids.add(row.event_id)
                seq, previous = row.seq, row.hash
                if service == "oee":
                    intervals.take(row)
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
    return problems + await compare_intervals(tables, intervals)


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
        for unit in DEVICES:
            place = f"{change.work_center}/{unit}"
            yield place, row.event_id, to_ms(row.occurred_at), Decimal(row.seq), row.subject, begins


def _differences(what: str, expected: Mapping[str, list[str]], found: Mapping[str, list[str]]) -> list[str]:
    problems = []
    for name in sorted({*expected, *found}):
        wanted, there = Counter(expected.get(name, ())), Counter(found.get(name, ()))
        if wanted != there:
            problems.append(f"{what} {name}: lost {dict(wanted - there)}, too many {dict(there - wanted)}")
        elif expected[name] != found[name]:
            problems.append(f"{what} {name}: order {found[name]} instead of {expected[name]}")
    return problems
