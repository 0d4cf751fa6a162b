"""Machines begin and complete the orders that leave it to them, and their time goes into the response."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from namespace.contracts.event_log import EventRow
from namespace.store import Transaction
from services.work_order.adapters.machine_times import MachineTimes
from services.work_order.adapters.postgres import PostgresWorkOrders
from services.work_order.application.carrying_out import Accepted
from services.work_order.domain.machine import MachineState
from services.work_order.domain.state_machine import State
from tests.integration.work_order.running import load_demo_site
from tests.integration.work_order.worlds import PostgresWorld, World, iso, machine, payloads, processed, released
from tests.unit.work_order.memory import next_id
from tests.unit.work_order.orders import LINE, at

RUN, STOP, END = MachineState.EXECUTES, MachineState.OTHER, MachineState.COMPLETE


async def test_an_executing_machine_begins_the_first_order_and_its_counts_are_that_order_s(world: World) -> None:
    await released(world, begins_by="machine", completes_by="machine", occurred_at=iso(0))
    await world.count(processed(100, 1))
    assert await world.count(machine(RUN, 2), processed(104, 3))
    order = await world.order()
    assert (order.state, order.begun_at, order.good) == (State.RUNNING, at(2), Decimal(4))
    assert await world.count(machine(STOP, 4), processed(106, 5), machine(END, 6))
    order = await world.order()
    assert (order.state, order.ended_at, order.good) == (State.ENDED, at(6), Decimal(6))
    causes = [(e["cause"], e["reason"]) for e in payloads(await world.events(), "JobOrderStateChanged")]
    assert causes == [("Begin", "the machine executes"), ("Complete", "the machine is complete")]


async def test_a_machine_that_goes_on_begins_the_next_order_when_one_is_full(world: World) -> None:
    ten = {"value": "10", "unit": "H87"}
    rules = {"begins_by": "machine", "completes_by": "target", "quantity": ten, "occurred_at": iso(0)}
    await released(world, "A", "B", **rules)
    await world.count(processed(0, 1), machine(RUN, 2), processed(10, 3), processed(14, 4))
    first, second = await world.order("A"), await world.order("B")
    assert (first.state, first.ended_at, second.state) == (State.ENDED, at(3), State.RUNNING)
    assert (first.good, second.good, second.begun_at) == (Decimal(10), Decimal(4), at(3))
    await world.count(processed(20, 5))
    assert (await world.order("B")).state is State.ENDED


@pytest.mark.parametrize("first", ["command", "held"])
async def test_what_cannot_run_is_not_overtaken(world: World, first: str) -> None:
    await released(world, "A", begins_by="command" if first == "command" else "machine", priority=1, occurred_at=iso(0))
    await released(world, "B", begins_by="machine", occurred_at=iso(0))
    if first == "held":
        await world.send("Hold", "A", reason="drawing")
    await world.count(machine(RUN, 1))
    assert [(await world.order(name)).state for name in ("A", "B")] == [State.ALLOWED_TO_START] * 2


async def test_the_same_samples_again_begin_and_complete_nothing(world: World) -> None:
    await released(world, "A", begins_by="machine", completes_by="machine", occurred_at=iso(0))
    samples = [machine(RUN, 1), machine(END, 2)]
    assert await world.count(*samples)
    await released(world, "B", begins_by="machine", occurred_at=iso(1))
    before = len(await world.events())
    assert not await world.count(*samples)
    assert len(await world.events()) == before


def times(world: PostgresWorld, *, later_s: float = 0) -> MachineTimes:
    """The service's, in no hurry where a time is not complete."""
    later = timedelta(seconds=later_s)
    return MachineTimes(load_demo_site(), world.database, next_id, soon=timedelta(0), later=later)


async def interval(
    world: PostgresWorld,
    element: str,
    start: float,
    end: float,
    *,
    revision: int = 1,
    unit: str = "Packer",
    later_s: float = 0,
) -> None:
    kind = "StateIntervalClosed"
    row = EventRow(
        event_id=uuid4(),
        type=kind,
        schema=f"{kind}/1",
        occurred_at=at(end),
        scope=str(LINE.child(unit)),
        subject=unit,
        payload={
            "start": iso(start),
            "end": iso(end),
            "element": element,
            "reason": "state",
            "job_order": "JO-1",
            "revision": revision,
        },
        seq=1,
        recorded_at=at(end),
        hash="0" * 64,
    )
    async with world.database.transaction() as tx:
        await times(world, later_s=later_s).apply(tx, row)


async def told(world: PostgresWorld) -> list[tuple[int, str, str, str, str]]:
    """Revision and machine time of each response: busy, setup, delay, production."""
    return [
        (
            response["revision"],
            response["actual_unit_busy_time_s"],
            response["actual_unit_setup_time_s"],
            response["actual_unit_delay_time_s"],
            response["actual_production_time_s"],
        )
        for response in payloads(await world.events(), "JobResponse")
        if "actual_unit_busy_time_s" in response
    ]


async def test_the_machine_s_time_is_in_the_response_and_restates_it_when_late(real: PostgresWorld) -> None:
    await released(real, quantity_source="operator", occurred_at=iso(0))
    await real.send("Begin", occurred_at=iso(0))
    await interval(real, "AUST", 0, 10)
    await interval(real, "APT", 10, 30)
    await interval(real, "APT", 10, 30, unit="Filler")  # its work center's output is the packer's
    assert isinstance(await real.send("Complete", occurred_at=iso(40)), Accepted)
    first = (1, "1800", "600", "0", "1200")
    assert await told(real) == [first]
    await interval(real, "ADET", 30, 40)
    assert await told(real) == [first], "gathered"
    assert await times(real).restate() == 1
    second = (2, "2400", "600", "600", "1200")
    assert await told(real) == [first, second]
    await interval(real, "ADET", 30, 35, revision=2)
    await interval(real, "APT", 35, 40, revision=2)
    await interval(real, "ADET", 30, 40)
    assert await times(real).restate() == 1
    third = (3, "2400", "600", "300", "1500")
    assert await told(real) == [first, second, third]
    await interval(real, "APT", 35, 40, revision=3)
    assert await times(real).restate() == 1
    assert await told(real) == [first, second, third], "nothing changed"
    assert await times(real).restate() == 0


async def test_a_response_is_not_restated_before_its_machine_s_time_is_complete(real: PostgresWorld) -> None:
    await released(real, quantity_source="operator", occurred_at=iso(0))
    await real.send("Begin", occurred_at=iso(0))
    assert isinstance(await real.send("Complete", occurred_at=iso(40)), Accepted)
    await interval(real, "APT", 0, 10, later_s=3600)
    await interval(real, "ADET", 10, 30, later_s=3600)
    assert await times(real).restate() == 0
    await interval(real, "APT", 30, 40, later_s=3600)
    assert await times(real).restate() == 1
    assert await told(real) == [(2, "2400", "0", "1200", "1200")]


async def test_a_backlog_of_hours_is_counted_at_once_where_states_begin_and_complete_nothing(
    real: PostgresWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    fetch = Transaction.fetch
    monkeypatch.setattr(Transaction, "fetch", lambda tx, sql, *args: asked.append(sql) or fetch(tx, sql, *args))
    await released(real, occurred_at=iso(0))
    await real.send("Begin", occurred_at=iso(0))
    samples = [each for n in range(1, 501) for each in (machine((RUN, STOP)[n % 2], n), processed(n, n + 0.5))]
    asked.clear()
    assert await real.count(*samples)
    assert (await real.order()).good == Decimal(499)
    assert len(asked) < 50
    async with real.database.transaction() as tx:
        known = await PostgresWorkOrders(tx, LINE.site_path, next_id).machine_state(LINE)
    assert known == machine(RUN, 500)


async def test_intervals_that_are_told_anew_displace_what_they_cover(real: PostgresWorld) -> None:
    await released(real, quantity_source="operator", occurred_at=iso(0))
    await real.send("Begin", occurred_at=iso(0))
    await interval(real, "ADET", 0, 30)
    assert isinstance(await real.send("Complete", occurred_at=iso(40)), Accepted)
    for element, start, end, revision in [
        ("APT", 0, 10, 2),
        ("ADET", 10, 20, 2),
        ("APT", 20, 30, 2),
        ("APT", 0, 30, 3),
    ]:
        await interval(real, element, start, end, revision=revision)
        await times(real).restate()

    assert [(busy, production) for _, busy, _, _, production in await told(real)] == [
        ("1800", "0"),
        ("600", "600"),
        ("1200", "600"),
        ("1800", "1200"),
        ("1800", "1800"),
    ]
