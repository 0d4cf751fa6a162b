"""Callers at the same time, on PostgreSQL: one effect, a clear answer for everyone else."""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from dataclasses import replace
from decimal import Decimal

from namespace.store import TransactionConflict
from services.work_order.application.carrying_out import Accepted, Outcome, Refused
from services.work_order.domain.refusal import Code
from services.work_order.domain.state_machine import State
from tests.integration.work_order.worlds import PostgresWorld, iso, payloads, processed, released
from tests.unit.work_order.orders import LINE


def tally(outcomes: list[Outcome]) -> Tally[str]:
    """Count what became of commands."""
    return Tally(o.refusal.code.value if isinstance(o, Refused) else "Done" for o in outcomes)


async def test_of_two_callers_on_one_version_exactly_one_wins(real: PostgresWorld) -> None:
    await released(real)
    await real.send("Begin", occurred_at=iso(1))

    for round_ in range(10):
        version = (await real.order()).version
        names = ("Pause", "Pause") if round_ % 2 == 0 else ("Resume", "Resume")
        outcomes = await asyncio.gather(
            *(real.send(name, expected=version, occurred_at=iso(2 + round_)) for name in names)
        )
        assert tally(outcomes) == {"Done": 1, Code.STALE_VERSION.value: 1}

    assert len(payloads(await real.events(), "JobOrderStateChanged")) == 1 + 10


async def test_different_commands_on_one_version_have_one_winner_too(real: PostgresWorld) -> None:
    await released(real)
    outcomes = await asyncio.gather(
        real.send("Begin", expected=1), real.send("Cancel", expected=1), real.send("RevokeStart", expected=1)
    )
    assert tally(list(outcomes)) == {"Done": 1, Code.STALE_VERSION.value: 2}


async def test_of_many_orders_begun_at_once_one_has_the_line(real: PostgresWorld) -> None:
    ids = [f"JO-{n}" for n in range(8)]
    await released(real, *ids)
    outcomes = await asyncio.gather(*(real.send("Begin", order_id) for order_id in ids))
    assert tally(list(outcomes)) == {"Done": 1, Code.WORK_CENTER_BUSY.value: 7}
    running = [order_id for order_id in ids if (await real.order(order_id)).state is State.RUNNING]
    assert len(running) == 1


async def test_one_id_stored_many_times_at_once_is_one_order(real: PostgresWorld) -> None:
    outcomes = await asyncio.gather(*(real.send("Store", place=str(LINE)) for _ in range(8)))
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert len(payloads(await real.events(), "JobOrderStored")) == 1


async def test_counts_and_commands_at_the_same_time_lose_no_unit(real: PostgresWorld) -> None:
    await real.count(processed(0, 0))
    await released(real, quantity={"value": "1000", "unit": "H87"})
    await real.send("Begin", occurred_at=iso(1))

    async def counts() -> None:
        for unit in range(1, 41):
            await real.count(processed(unit, 1 + unit / 100))

    async def people() -> None:
        for number in range(20):
            await real.send("ClockOn", person=f"W{number}")

    await asyncio.gather(counts(), counts(), people())

    order = await real.order()
    assert (order.good, len(order.labor)) == (Decimal(40), 20)


async def test_two_orders_that_take_over_each_other_at_once_leave_one_with_all_of_it(real: PostgresWorld) -> None:
    await released(real, "A", "B", quantity={"value": "10", "unit": "H87"}, quantity_source="operator")
    outcomes = await asyncio.gather(
        *(conflicts_again(real, mine, theirs) for mine, theirs in [("A", "B"), ("B", "A")] * 3)
    )
    assert tally(list(outcomes))["Done"] == 1
    left = [order for order in [await real.order("A"), await real.order("B")] if order.removed is None]
    assert [str(order.definition.ordered) for order in left] == ["20 H87"]


async def conflicts_again(world: PostgresWorld, mine: str, theirs: str) -> Outcome:
    """Send as the command desk does: what lost against another transaction is tried again."""
    while True:
        try:
            return await world.send("Merge", mine, remaining_of=theirs)
        except TransactionConflict:
            await asyncio.sleep(0)


async def test_the_last_job_orders_ending_at_once_answer_their_request(real: PostgresWorld) -> None:
    await real.send("StoreWorkRequest", "WR-1")
    ids = [f"JO-{number}" for number in range(6)]
    real.shop.lines[LINE] = replace(real.shop.lines[LINE], concurrent=True)
    await released(real, *ids, work_request="WR-1", quantity_source="operator")
    for order_id in ids:
        await real.send("Begin", order_id)
    await asyncio.gather(*(real.send("Complete", order_id) for order_id in ids))
    (answer,) = payloads(await real.events(), "WorkResponse")
    assert (answer["revision"], answer["operations"][0]["job_orders"]) == (1, 6)


async def test_of_two_callers_who_change_quantities_on_one_version_exactly_one_wins(real: PostgresWorld) -> None:
    await released(real, quantity={"value": "10", "unit": "H87"}, quantity_source="operator")
    for number in range(5):
        version = (await real.order()).version
        one = {"value": "1", "unit": "H87"}
        outcomes = await asyncio.gather(
            real.send("Split", expected=version, into=f"part-{number}", quantity=one),
            real.send("Amend", expected=version, quantity={"value": str(20 + number), "unit": "H87"}),
            real.send("Hold", expected=version, reason="both of us"),
        )
        assert tally(list(outcomes)) == {"Done": 1, Code.STALE_VERSION.value: 2}
        await real.send("Release")
