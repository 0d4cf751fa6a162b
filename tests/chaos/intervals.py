"""The intervals of every machine: the log of `oee` from its beginning, its table, the table of its follower, and what the machines did."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from namespace.contracts.event_log import EventRow
from namespace.contracts.oee import StateIntervalClosed
from namespace.runtime import to_ms
from tests.chaos.meters import CELL, MACHINES, STATE, STATES, metric_name, state_at
from tests.chaos.tables import Tables

Interval = tuple[int, int, str, str, str | None, int]
"""First ms, first ms after it, element, source, job order, revision."""


@dataclass
class Intervals:
    """What `oee` says of each unit by now: what is said later takes the place of what was said of the same time.

    Attributes:
        of: By the unit's path, in order of time.
    """

    of: dict[str, list[Interval]] = field(default_factory=dict)

    def take(self, row: EventRow) -> None:
        """Apply an event of the log."""
        if row.type != StateIntervalClosed.__name__:
            return
        said = StateIntervalClosed.model_validate(row.payload)
        start, end = to_ms(said.start), to_ms(said.end)
        told = self.of.setdefault(row.scope, [])
        first = bisect_left(told, start + 1, key=lambda each: each[1])
        last = bisect_left(told, end, key=lambda each: each[0])
        told[first:last] = [(start, end, said.element, said.source, said.job_order, said.revision)]


async def compare_intervals(tables: Tables, intervals: Intervals) -> list[str]:
    """Compare the tables of `oee` and of `work_order` with the log."""
    sql = "SELECT path, start_ms, end_ms, element, source, job_order, revision FROM state_interval"
    problems = _unlike("oee: interval", _rows(intervals, intervals.of), await tables.fetch("oee", sql))
    sql = """
        SELECT unit, (extract(epoch FROM start_at) * 1000)::bigint, (extract(epoch FROM end_at) * 1000)::bigint,
            element, job_order, revision FROM machine_interval
    """
    cells = [path for path in intervals.of if path.endswith(f"/{CELL}")]
    summed = (
        (path, start, end, element, order, revision)
        for path, start, end, element, _, order, revision in _rows(intervals, cells)
    )
    problems += _unlike("work_order: interval", summed, await tables.fetch("work_order", sql))
    for path, told in intervals.of.items():
        gaps = [(before[1], after[0]) for before, after in pairwise(told) if before[1] != after[0]]
        if gaps:
            problems.append(
                f"oee: {len(gaps)} gaps between intervals of {path}, the first from {gaps[0][0]} to {gaps[0][1]}"
            )
    return problems


async def compare_states(tables: Tables, intervals: Intervals, nodes: Iterable[str]) -> list[str]:
    """Compare what machines did, by the journal, with the numbers they reported, and with the intervals that `oee` told of it."""
    problems: list[str] = []
    for node in nodes:
        for device in MACHINES:
            states = await _states(tables, node, device)
            problems += _beside_numbers(f"{node} {device}", device, states, await _numbers(tables, node, device))
            place = f"Acme/Chaos/Cells/{node.removesuffix('-PLC')}/{device}"
            problems += _told(place, states, intervals.of.get(place, []))
    return problems


async def last_changes(tables: Tables, nodes: Iterable[str]) -> dict[str, int]:
    """Return when each machine changed its state last, ms, by the journal; by the unit's path."""
    found = {}
    for node in nodes:
        for device in MACHINES:
            if changes := _changes(await _states(tables, node, device)):
                found[f"Acme/Chaos/Cells/{node.removesuffix('-PLC')}/{device}"] = changes[-1][0]
    return found


async def told_until(tables: Tables) -> dict[str, int]:
    """Return up to when `oee` has told of each unit, ms, by its path."""
    rows = await tables.fetch("oee", "SELECT path, emitted_until_ms FROM work_unit")
    return {str(path): int(str(until_ms)) for path, until_ms in rows}


def _rows(intervals: Intervals, paths: Iterable[str]) -> Iterable[tuple[object, ...]]:
    return ((path, *each) for path in paths for each in intervals.of[path])


def _unlike(what: str, expected: Iterable[tuple[object, ...]], found: Iterable[tuple[object, ...]]) -> list[str]:
    wanted, there = set(expected), set(found)
    missing, more = sorted(map(str, wanted - there)), sorted(map(str, there - wanted))
    return [f"{what} missing: {each}" for each in missing] + [
        f"{what} that the log does not tell: {each}" for each in more
    ]


_SAMPLES = """
    SELECT s.at_ms, s.whole FROM sample s JOIN tag t ON t.id = s.tag
    WHERE t.edge_node_id = $1 AND t.device_id = $2 AND t.metric = $3 AND s.whole IS NOT NULL ORDER BY s.at_ms, s.position
"""


async def _states(tables: Tables, node: str, device: str) -> list[tuple[int, int]]:
    rows = await tables.fetch("historian", _SAMPLES, node, device, STATE)
    return [(int(str(at_ms)), int(str(state))) for at_ms, state in rows]


async def _numbers(tables: Tables, node: str, device: str) -> list[tuple[int, int]]:
    rows = await tables.fetch("historian", _SAMPLES, node, device, metric_name(0))
    return [(int(str(at_ms)), int(str(number))) for at_ms, number in rows]


def _changes(states: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """When and into which state a machine went."""
    return [after for before, after in pairwise([(0, -1), *states]) if before[1] != after[1]]


def _beside_numbers(name: str, device: str, states: list[tuple[int, int]], numbers: list[tuple[int, int]]) -> list[str]:
    """A number stands for a state: at its time that is the last one said."""
    wrong, at = [], 0
    for at_ms, number in numbers:
        while at < len(states) and states[at][0] <= at_ms:
            at += 1
        if not at or states[at - 1][1] != state_at(device, number):
            wrong.append(number)
    return (
        [f"{name}: {len(wrong)} states that came with a number are not in the journal, from {wrong[0]}"]
        if wrong
        else []
    )


def _told(place: str, states: list[tuple[int, int]], told: list[Interval]) -> list[str]:
    """Each change of state ends one interval and begins another, and a state counts as the same thing each time."""
    changes = _changes(states)
    begins = {each[0]: each for each in told}
    last_ms = told[-1][1] if told else 0
    untold = [at_ms for at_ms, _ in changes if at_ms not in begins and at_ms != last_ms]
    problems = (
        [f"oee: {len(untold)} changes of {place} are told by no interval, the first at {untold[0]}"] if untold else []
    )
    for state in STATES:
        elements = {begins[at_ms][2] for at_ms, after in changes if after == state and at_ms in begins}
        if len(elements) > 1:
            problems.append(f"oee: state {state} of {place} counts as {sorted(elements)}")
    return problems
