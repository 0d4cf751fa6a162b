"""Whatever machines count and people do: every unit is on a job order or known to be on none."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from services.work_order.domain.counters import Counter, CounterRules
from services.work_order.ports import WorkCenterRules
from tests.integration.work_order.worlds import MemoryWorld, defective, iso, payloads, processed
from tests.unit.work_order.orders import LINE

MOST = 40
RULES = CounterRules(bits=8, max_step=MOST)

MAKE = st.tuples(st.just("make"), st.integers(0, MOST), st.integers(0, 3))
SAY = st.tuples(st.just("say"), st.sampled_from(["Begin", "Pause", "Resume", "Stop", "Abort"]), st.integers(0, 3))
CHANGE = st.tuples(st.just("change"), st.sampled_from(["Amend", "Split", "Merge", "Rework"]), st.integers(0, 5))
AGAIN = st.tuples(st.just("again"), st.integers(1, 5), st.just(0))
STEPS = st.lists(MAKE | SAY | CHANGE | AGAIN, max_size=40)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(STEPS, st.booleans())
def test_units_on_orders_and_on_none_are_the_units_made(
    steps: list[tuple[str, int | str, int]], completes: bool
) -> None:
    asyncio.run(_story(steps, completes))


async def _story(steps: list[tuple[str, int | str, int]], completes: bool) -> None:
    world = MemoryWorld()
    counters = {Counter.PROCESSED: RULES, Counter.DEFECTIVE: RULES}
    world.shop.lines[LINE] = WorkCenterRules(completes=completes, counters=counters)
    for number in range(4):
        await world.send("StoreAndStart", f"JO-{number}", place=str(LINE), quantity={"value": "60", "unit": "H87"})
    samples = [processed(0, 0), defective(0, 0)]
    await world.count(*samples)
    made = bad = 0
    for minute, (kind, what, more) in enumerate(steps, start=1):
        if kind == "make":
            units = int(what)
            made, bad = made + units, bad + min(more, units)
            new = [processed(made % 256, minute), defective(bad % 256, minute)]
            samples += new
            await world.count(*new)
        elif kind == "again":
            await world.count(*samples[-int(what) :])
        elif kind == "change":
            args = {
                "Amend": {"quantity": {"value": str(20 * more + 1), "unit": "H87"}},
                "Split": {"into": f"JO-{minute + 10}", "quantity": {"value": str(more + 1), "unit": "H87"}},
                "Merge": {"remaining_of": f"JO-{(more + minute) % 4}"},
                "Rework": {"into": f"JO-{minute + 10}", "quantity": {"value": "1", "unit": "H87"}},
            }[str(what)]
            await world.send(str(what), f"JO-{more}", occurred_at=iso(minute), **args)
        else:
            await world.send(str(what), f"JO-{more}", occurred_at=iso(minute))

    stored = await world.positions()
    orders = world.tables.orders.values()
    good = sum((order.good for order in orders), Decimal(0))
    scrap = sum((order.scrap for order in orders), Decimal(0))
    rework = sum((order.rework for order in orders), Decimal(0))
    of_none, bad_of_none = (stored[counter].unattributed for counter in (Counter.PROCESSED, Counter.DEFECTIVE))
    assert scrap + rework + bad_of_none == bad
    assert good + scrap + rework + of_none == made
    reported = payloads(await world.events(), "QuantityReported")
    assert sum((Decimal(report["good"]) for report in reported), Decimal(0)) == good
