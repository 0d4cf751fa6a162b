"""A real shop's quarter as multi-operation work orders: 225 cases with their Q.C. and rework steps and the persons who clock on and off.

Lead times, queue times, labor and work in process of each activity, as the events tell them, are those computed here from the file.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from services.work_order.application.carrying_out import Accepted
from services.work_order.ports import WorkCenterRules
from tests.integration.work_order.shop_floor import Operation, Step, read_cases, route_of, steps_of
from tests.integration.work_order.worlds import Event, MemoryWorld, PostgresWorld, World
from tests.production_log import LOG, MISSING

pytestmark = pytest.mark.skipif(LOG is None, reason=MISSING)

Cases = dict[str, list[Operation]]


async def send(world: World, step: Step) -> None:
    outcome = await world.send(step.name, step.subject, occurred_at=step.at.isoformat(), **step.args)
    assert isinstance(outcome, Accepted), (step, outcome)


async def replay(world: World, cases: Cases) -> None:
    """Make the work orders of all cases, then send what happened in its order."""
    steps: list[Step] = []
    for case, operations in cases.items():
        for operation in operations:
            world.shop.lines[operation.place] = WorkCenterRules(concurrent=True, counters={})
        stored = operations[0].begin - timedelta(minutes=1)
        one = {"value": "1", "unit": "H87"}
        places = {operation.id: str(operation.place) for operation in operations}
        for name, subject, args in (
            ("StoreWorkMaster", f"Route-{case}", {"operations": route_of(operations), "activate": True}),
            ("StoreWorkRequest", case, {"work_master": f"Route-{case}", "quantity": one}),
            ("CreateJobOrders", case, {"places": places, "start": True}),
        ):
            await send(world, Step(stored, (0, 0), name, subject, args))
        steps += steps_of(operations)
    for step in sorted(steps, key=lambda each: (each.at, each.order)):
        await send(world, step)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def of_type(events: list[Event], kind: str) -> list[dict[str, Any]]:
    return [payload for name, payload in events if name == kind]


def read_log() -> Cases:
    assert LOG is not None
    return read_cases(LOG.read_text(encoding="utf-8"))


async def test_the_quarter_as_work_orders_has_the_figures_of_the_file() -> None:
    cases = read_log()
    assert (len(cases), sum(len(operation.spans) for case in cases.values() for operation in case)) == (225, 4_503)
    assert len(queue_times_in(cases)) > 1_000
    await compare(MemoryWorld(), cases)


async def test_a_part_of_the_quarter_in_the_database_has_the_figures_of_the_file(real: PostgresWorld) -> None:
    cases = read_log()
    await compare(real, {case: cases[case] for case in sorted(cases)[::15]})


@pytest.mark.soak
async def test_the_quarter_in_the_database_has_the_figures_of_the_file(real: PostgresWorld) -> None:
    await compare(real, read_log())


async def compare(world: World, cases: Cases) -> None:
    """Replay the cases, and compare what the events tell with the file."""
    await replay(world, cases)
    events = await world.events()
    operations = [operation for case in cases.values() for operation in case]
    answers = of_type(events, "WorkResponse")
    responses = of_type(events, "JobResponse")
    assert (len(answers), len(responses)) == (len(cases), len(operations))
    expected_lead = sorted(
        (max(o.end for o in case) - min(o.begin for o in case)).total_seconds() for case in cases.values()
    )
    assert sorted(float(answer["lead_time_s"]) for answer in answers) == expected_lead
    told = [o["queue_s"] for answer in answers for o in answer["operations"] if "queue_s" in o]
    assert sorted(float(queue_s) for queue_s in told) == queue_times_in(cases)
    assert labor_told(responses) == labor_in(operations)
    assert work_in_process_told(events) == work_in_process_in(operations)


def queue_times_in(cases: Cases) -> list[float]:
    """Queue times of the operations that waited for the one before, in seconds, ascending."""
    return sorted(
        (after.begin - before.end).total_seconds()
        for case in cases.values()
        for before, after in pairwise(case)
        if before.end <= after.begin
    )


def labor_told(responses: list[dict[str, Any]]) -> dict[str, Decimal]:
    told: dict[str, Decimal] = defaultdict(Decimal)
    for response in responses:
        for actual in response["labor"]:
            told[actual["person"]] += Decimal(actual["labor_s"])
    return dict(told)


def labor_in(operations: list[Operation]) -> dict[str, Decimal]:
    """Minutes in which a person worked on an operation, counted one by one."""
    minutes: dict[tuple[str, str], set[int]] = defaultdict(set)
    for operation in operations:
        for person, spans in operation.by_person.items():
            for start, end in spans:
                minutes[person, operation.job_order].update(
                    range(int(start.timestamp() // 60), int(end.timestamp() // 60))
                )
    worked: dict[str, Decimal] = defaultdict(Decimal)
    for (person, _), counted in minutes.items():
        if counted:
            worked[person] += 60 * len(counted)
    return dict(worked)


def work_in_process_told(events: list[Event]) -> dict[str, list[tuple[datetime, int]]]:
    """Job orders begun and not ended at each work center, after each change, as the state changes tell it."""
    changes: dict[str, dict[datetime, int]] = defaultdict(lambda: defaultdict(int))
    for response in of_type(events, "JobResponse"):
        changes[response["work_center"]][instant(response["start_time"])] += 1
        changes[response["work_center"]][instant(response["end_time"])] -= 1
    begun = [change for change in of_type(events, "JobOrderStateChanged") if change["cause"] == "Begin"]
    assert len(begun) == len(of_type(events, "JobResponse"))
    return {place: _levels(at) for place, at in changes.items()}


def work_in_process_in(operations: list[Operation]) -> dict[str, list[tuple[datetime, int]]]:
    """The same by asking at each instant of change how many operations of the file cover it."""
    by_place: dict[str, list[Operation]] = defaultdict(list)
    for operation in operations:
        by_place[str(operation.place)].append(operation)
    found: dict[str, list[tuple[datetime, int]]] = {}
    for place, there in by_place.items():
        instants = sorted({o.begin for o in there} | {o.end for o in there})
        levels = [(at, sum(o.begin <= at < o.end for o in there)) for at in instants]
        found[place] = [
            level for number, level in enumerate(levels) if number == 0 or level[1] != levels[number - 1][1]
        ]
        if found[place] and found[place][0][1] == 0:
            found[place].pop(0)
    return found


def _levels(changes: dict[datetime, int]) -> list[tuple[datetime, int]]:
    level, levels = 0, []
    for at, change in sorted(changes.items()):
        if change:
            level += change
            levels.append((at, level))
    return levels
