"""Counts of the line become quantities of its job orders, in memory and on PostgreSQL."""

from __future__ import annotations

from decimal import Decimal

from services.work_order.domain.counters import Counter
from services.work_order.domain.state_machine import State
from services.work_order.ports import WorkCenterRules
from tests.integration.work_order.worlds import World, defective, iso, payloads, processed, released
from tests.unit.work_order.memory import COUNTERS
from tests.unit.work_order.orders import LINE

TEN = {"value": "10", "unit": "H87"}


async def running(world: World, *, minute: float = 1) -> None:
    await world.count(processed(500, 0), defective(7, 0))
    await released(world, quantity=TEN)
    await world.send("Begin", occurred_at=iso(minute))


async def test_many_samples_become_one_event(world: World) -> None:
    await running(world)
    assert await world.count(processed(502, 2), defective(8, 2), processed(504, 3), processed(506, 4))

    order = await world.order()
    assert (order.good, order.scrap) == (Decimal(5), Decimal(1))
    report = payloads(await world.events(), "QuantityReported")
    assert [(r["good"], r["scrap"], r["total_good"], r["source"]) for r in report] == [("5", "1", "5", "counter")]


async def test_the_same_samples_again_count_nothing(world: World) -> None:
    await running(world)
    samples = (processed(504, 2), processed(509, 3))
    await world.count(*samples)
    assert not await world.count(*samples)
    assert (await world.order()).good == Decimal(9)


async def test_a_birth_after_a_restart_goes_on_where_the_position_was(world: World) -> None:
    await running(world)
    await world.count(processed(504, 2))
    await world.count(processed(508, 9, birth=True))
    assert (await world.order()).good == Decimal(8)


async def test_rollover_and_reset_are_told_apart(world: World) -> None:
    await world.count(processed(65_530, 0))
    await released(world, quantity={"value": "100", "unit": "H87"})
    await world.send("Begin", occurred_at=iso(1))
    await world.count(processed(4, 2), processed(9_000, 3), processed(0, 4), processed(5, 5))
    assert (await world.order()).good == Decimal(10 + 8_996 + 0 + 5)


async def test_units_of_no_order_are_kept_as_such(world: World) -> None:
    await world.count(processed(500, 0))
    await world.count(processed(520, 1))
    stored = (await world.positions())[Counter.PROCESSED]
    assert (stored.position.value, stored.unattributed) == (520, 20)


async def test_the_quantity_ordered_ends_the_order_at_the_sample_that_reached_it(world: World) -> None:
    world.shop.lines[LINE] = WorkCenterRules(completes=True, counters=dict(COUNTERS))
    await running(world)
    await world.count(processed(505, 2), processed(511, 3), processed(515, 4))

    order = await world.order()
    assert (order.state, order.good) == (State.ENDED, Decimal(11))
    assert (await world.positions())[Counter.PROCESSED].unattributed == 4
    change = payloads(await world.events(), "JobOrderStateChanged")[-1]
    assert (change["cause"], change["to"], change["reason"]) == ("Complete", "Ended", "quantity ordered reached")


async def test_late_units_restate_the_response(world: World) -> None:
    await running(world)
    await world.count(processed(505, 2))
    await world.send("Stop", occurred_at=iso(6))
    await world.count(processed(508, 5))

    responses = payloads(await world.events(), "JobResponse")
    assert [(r["revision"], r["good"]) for r in responses] == [(1, "5"), (2, "8")]


async def test_units_go_to_the_order_that_ran_when_they_were_made(world: World) -> None:
    await world.count(processed(0, 0))
    await released(world, "A", "B", quantity=TEN)
    await world.send("Begin", "A", occurred_at=iso(1))
    await world.send("Stop", "A", occurred_at=iso(10))
    await world.send("Begin", "B", occurred_at=iso(10))
    await world.count(processed(4, 5), processed(6, 10), processed(9, 11))

    assert (await world.order("A")).good == Decimal(6)
    assert (await world.order("B")).good == Decimal(3)
