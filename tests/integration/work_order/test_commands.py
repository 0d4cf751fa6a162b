"""The commands from arguments to tables and events, in memory and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.work_order.application.carrying_out import Accepted, Outcome, Refused
from services.work_order.domain.job_order import QuantitySource, Removal
from services.work_order.domain.refusal import Code
from services.work_order.domain.state_machine import State, SubState
from services.work_order.ports import WorkCenterRules
from tests.integration.work_order.worlds import World, iso, payloads, processed, released
from tests.unit.work_order.memory import COUNTERS
from tests.unit.work_order.orders import LINE, OTHER_LINE, at

PLACE = str(LINE)


def accepted(outcome: Outcome) -> Accepted:
    assert isinstance(outcome, Accepted), outcome
    return outcome


def refused(outcome: Outcome) -> Code:
    assert isinstance(outcome, Refused), outcome
    return outcome.refusal.code


async def test_a_stored_order_comes_back_as_it_was_asked_for(world: World) -> None:
    await world.send("StoreWorkRequest", "WR-1", description="Bottles for Friday", priority=3)
    outcome = await world.send(
        "Store",
        place=PLACE,
        work_request="WR-1",
        work_master="Bottle-500",
        description="first half",
        quantity={"value": "1200.5", "unit": "H87"},
        priority=7,
        planned_start=iso(60),
        planned_end=iso(120),
        ideal_cycle_s="0.5",
        parameters={"colour": "green"},
        occurred_at=iso(0),
    )

    assert (accepted(outcome).version, accepted(outcome).state) == (1, "NotAllowedToStart.Waiting")
    order = await world.order()
    asked = order.definition
    assert asked.ordered is not None
    assert (asked.ordered.value, asked.unit, asked.priority) == (Decimal("1200.5"), "H87", 7)
    assert (asked.work_request, asked.work_master, asked.description) == ("WR-1", "Bottle-500", "first half")
    assert (asked.planned_start, asked.planned_end, order.stored_at) == (at(60), at(120), at(0))
    assert (asked.ideal_cycle_s, dict(asked.parameters)) == (Decimal("0.5"), {"colour": "green"})
    assert asked.quantity_source is QuantitySource.COUNTER


async def test_from_release_to_the_response(world: World) -> None:
    await world.send("Store", place=PLACE, quantity={"value": "10", "unit": "H87"}, quantity_source="operator")
    for name, minute, args in [
        ("Start", 1, {}),
        ("Begin", 2, {"place": PLACE}),
        ("ClockOn", 2, {"person": "W7"}),
        ("ReportQuantity", 5, {"good": "6", "scrap": "1", "unit": "H87", "scrap_reason": "dent"}),
        ("Pause", 6, {"sub_state": "Held"}),
        ("Resume", 8, {}),
        ("ReportQuantity", 9, {"good": "4", "unit": "H87"}),
        ("Complete", 10, {}),
    ]:
        accepted(await world.send(name, occurred_at=iso(minute), **args))

    order = await world.order()
    assert (order.state, order.sub_state, order.version) == (State.ENDED, SubState.COMPLETED, 9)
    assert (order.good, order.scrap, order.ended_at) == (Decimal(10), Decimal(1), at(10))
    events = await world.events()
    assert [name for name, _ in events] == [
        "JobOrderStored",
        "JobOrderStateChanged",
        "JobOrderStateChanged",
        "LaborReported",
        "QuantityReported",
        "JobOrderStateChanged",
        "JobOrderStateChanged",
        "QuantityReported",
        "JobOrderStateChanged",
        "LaborReported",
        "JobResponse",
    ]
    changes = payloads(events, "JobOrderStateChanged")
    assert [change["transition"] for change in changes] == [2, 5, 6, 10, 7]
    assert (changes[1]["from"], changes[1]["to"], changes[1]["cause"]) == ("AllowedToStart", "Running", "Begin")
    assert changes[2]["sub_state"] == "Held"
    response = payloads(events, "JobResponse")[0]
    assert response["labor"] == [{"person": "W7", "labor_s": "480"}]
    assert (response["running_s"], response["interrupted_s"]) == ("360", "120")
    assert (response["good"], response["scrap"], response["unit"]) == ("10", "1", "H87")
    assert response["work_center"] == PLACE
    assert response["quantity_ordered"] == {"value": "10", "unit": "H87"}


async def test_the_same_order_stored_again_is_fine_and_another_under_its_id_is_not(world: World) -> None:
    args: dict[str, Any] = {"place": PLACE, "quantity": {"value": "10", "unit": "H87"}, "planned_start": iso(9)}
    await world.send("Store", **args)
    await world.send("Start")

    again = accepted(await world.send("Store", **args))

    assert (again.version, again.state) == (2, "AllowedToStart.Waiting")
    assert refused(await world.send("Store", **{**args, "priority": 4})) is Code.DUPLICATE_ID
    assert len(payloads(await world.events(), "JobOrderStored")) == 1


async def test_an_unknown_job_order_is_named(world: World) -> None:
    outcome = await world.send("Start", "JO-404")
    assert refused(outcome) is Code.UNKNOWN_JOB_ORDER
    assert isinstance(outcome, Refused)
    assert "JO-404" in outcome.refusal.message


@pytest.mark.parametrize("subject", ["line\nbreak", "nul\x00", "x" * 101])
@pytest.mark.parametrize("name", ["Store", "Start", "StoreWorkRequest"])
async def test_what_can_be_no_id_is_refused_before_any_table_is_touched(world: World, name: str, subject: str) -> None:
    args: dict[str, Any] = {"place": PLACE} if name == "Store" else {}
    assert refused(await world.send(name, subject, **args)) is Code.INVALID_ARGUMENTS


async def test_a_stale_version_changes_nothing_and_tells_the_present_one(world: World) -> None:
    await released(world)
    await world.send("Begin", expected=1)

    outcome = await world.send("Pause", expected=1)

    assert refused(outcome) is Code.STALE_VERSION
    assert isinstance(outcome, Refused)
    assert outcome.version == 2
    assert (await world.order()).state is State.RUNNING


async def test_a_work_request_must_be_stored_before_its_job_orders(world: World) -> None:
    args: dict[str, Any] = {"place": PLACE, "work_request": "WR-1"}
    assert refused(await world.send("Store", **args)) is Code.UNKNOWN_WORK_REQUEST
    await world.send("StoreWorkRequest", "WR-1")
    accepted(await world.send("Store", **args))


async def test_a_work_request_changes_only_where_it_differs(world: World) -> None:
    assert accepted(await world.send("StoreWorkRequest", "WR-1", priority=1)).version == 1
    assert accepted(await world.send("StoreWorkRequest", "WR-1", priority=1)).version == 1
    assert accepted(await world.send("StoreWorkRequest", "WR-1", priority=2, expected=1)).version == 2
    assert refused(await world.send("StoreWorkRequest", "WR-1", priority=3, expected=1)) is Code.STALE_VERSION
    assert len(payloads(await world.events(), "WorkRequestStored")) == 2


@pytest.mark.parametrize("place", [str(OTHER_LINE), "not a path", "Acme/Dallas"])
async def test_a_place_without_such_a_work_center_is_refused(world: World, place: str) -> None:
    assert refused(await world.send("Store", place=place)) is Code.UNKNOWN_EQUIPMENT


async def test_one_order_at_a_time_runs_where_the_site_says_so(world: World) -> None:
    await released(world, "A", "B")
    accepted(await world.send("Begin", "A"))

    assert refused(await world.send("Begin", "B")) is Code.WORK_CENTER_BUSY
    accepted(await world.send("Pause", "A"))
    accepted(await world.send("Begin", "B"))
    assert refused(await world.send("Resume", "A")) is Code.WORK_CENTER_BUSY


async def test_several_orders_run_where_the_site_allows_it(world: World) -> None:
    world.shop.lines[LINE] = WorkCenterRules(concurrent=True, counters={})
    await released(world, "A", "B")
    accepted(await world.send("Begin", "A"))
    accepted(await world.send("Begin", "B"))


async def test_update_changes_what_is_present_and_nothing_else(world: World) -> None:
    await world.send("Store", place=PLACE, priority=3, description="one", quantity={"value": "5", "unit": "H87"})
    accepted(await world.send("Update", quantity={"value": "8", "unit": "H87"}, planned_end=iso(90)))

    asked = (await world.order()).definition
    assert asked.ordered is not None
    assert (asked.ordered.value, asked.priority, asked.description) == (Decimal(8), 3, "one")
    updated = payloads(await world.events(), "JobOrderUpdated")[0]
    assert set(updated["changed"]) == {"ordered", "planned_end"}


async def test_a_cancelled_order_is_gone_from_the_lists_and_its_id_stays_taken(world: World) -> None:
    await released(world)
    accepted(await world.send("Cancel"))
    assert (await world.order()).removed is Removal.CANCELLED
    assert refused(await world.send("Begin")) is Code.WRONG_STATE
    assert refused(await world.send("Store", place=PLACE)) is Code.DUPLICATE_ID


async def test_times_are_kept_in_whole_milliseconds(world: World) -> None:
    await released(world)
    await world.send("Begin", occurred_at="2026-03-02T06:00:00.123987Z")
    assert (await world.order()).begun_at == at(0).replace(microsecond=123_000)


async def test_a_command_without_a_time_takes_the_business_time_of_the_place(world: World) -> None:
    await released(world)
    world.shop.time = at(33)
    await world.send("Begin")
    assert (await world.order()).begun_at == at(33)


async def test_a_command_without_a_time_after_recorded_ones_is_not_before_them(world: World) -> None:
    await released(world)
    await world.send("Begin", occurred_at=iso(50))
    world.shop.time = at(10)
    accepted(await world.send("Complete"))
    assert (await world.order()).ended_at == at(50)


async def test_stop_finds_the_counts_that_were_received(world: World) -> None:
    await released(world, quantity={"value": "100", "unit": "H87"})
    await world.count(processed(1000, 0))
    await world.send("Begin", occurred_at=iso(1))
    world.shop.waiting = [processed(1012, 2)]

    accepted(await world.send("Stop", occurred_at=iso(3)))
    await world.count(*world.shop.waiting)

    order = await world.order()
    assert (order.good, order.responses) == (Decimal(12), 1)
    assert payloads(await world.events(), "JobResponse")[0]["good"] == "12"


async def test_an_order_on_equipment_that_left_the_site_file_can_still_be_ended(world: World) -> None:
    await released(world)
    await world.send("Begin")
    world.shop.lines.clear()
    accepted(await world.send("Stop"))


async def test_counters_write_only_units_they_count(world: World) -> None:
    world.shop.lines[LINE] = replace(WorkCenterRules(counters=dict(COUNTERS)), unit="H87")
    await world.send("Store", "by weight", place=PLACE, quantity={"value": "5", "unit": "KGM"})
    assert (await world.order("by weight")).definition.quantity_source is QuantitySource.OPERATOR
    outcome = await world.send(
        "Store", "wrong", place=PLACE, quantity={"value": "5", "unit": "KGM"}, quantity_source="counter"
    )
    assert refused(outcome) is Code.QUANTITY_SOURCE
