"""What comes of orders: responses complete enough to confirm, work in process that adds up, forecasts, and queries for them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from namespace.contracts.work_order import JobOrderArgs, JobOrdersArgs, WipArgs, WorkMasterArgs, WorkMastersArgs
from services.work_order.adapters.reading import Reading
from services.work_order.domain import quantities
from services.work_order.domain.forecast import forecast
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.refusal import Refusal
from services.work_order.domain.state_machine import State
from tests.integration.work_order.test_routes import done, shaft, yields
from tests.integration.work_order.worlds import PostgresWorld, World, iso, payloads
from tests.unit.work_order.memory import FakeShop
from tests.unit.work_order.orders import EARLY, LINE, ROUND_THE_CLOCK, at, definition, order_in


async def through(world: World, *, minute: float = 0) -> None:
    """Carry the shafts through all three operations, some of them scrap, some reworked."""
    clock = {"occurred_at": iso(minute + 10)}
    await done(world, "Begin", "WR-1-10", **clock)
    await yields(world, "WR-1-10", "90", scrap="4", scrap_reason="dent", rework="6", rework_reason="burr")
    await done(world, "Rework", "WR-1-10", into="RW", quantity={"value": "6", "unit": "H87"})
    await done(world, "Complete", "WR-1-10", occurred_at=iso(minute + 60))
    await done(world, "Begin", "RW", occurred_at=iso(minute + 60))
    await yields(world, "RW", "6")
    await done(world, "Complete", "RW", occurred_at=iso(minute + 70))
    await done(world, "Begin", "WR-1-20", occurred_at=iso(minute + 90))
    await yields(world, "WR-1-20", "96")
    await done(world, "Complete", "WR-1-20", occurred_at=iso(minute + 100))
    await done(world, "Begin", "WR-1-30", occurred_at=iso(minute + 150))
    await yields(world, "WR-1-30", "192")
    await done(world, "Complete", "WR-1-30", occurred_at=iso(minute + 160))


async def test_a_work_request_is_answered_when_its_last_job_order_is_over(world: World) -> None:
    await shaft(world)
    await through(world)
    (response,) = payloads(await world.events(), "WorkResponse")
    assert (response["revision"], response["customer_reference"], response["work_master"]) == (1, "SO-7", "Shaft")
    assert (response["quantity"], response["good"], response["scrap"]) == ({"value": "100", "unit": "H87"}, "192", "4")
    assert response["lead_time_s"] == str(150 * 60)
    flows = {o["operation"]: (o["job_orders"], o["good"], o.get("queue_s")) for o in response["operations"]}
    assert flows == {"10": (2, "96", None), "20": (1, "96", "1200"), "30": (1, "192", "3000")}


async def test_what_is_corrected_later_restates_the_answer(world: World) -> None:
    await shaft(world)
    await through(world)
    await yields(world, "WR-1-30", "-2", scrap="2", scrap_reason="dent")
    first, second = payloads(await world.events(), "WorkResponse")
    assert (first["good"], second["good"], second["scrap"], second["revision"]) == ("192", "190", "6", 2)


async def test_cancelled_job_orders_are_not_waited_for(world: World) -> None:
    await shaft(world)
    await done(world, "Begin", "WR-1-10")
    await done(world, "Stop", "WR-1-10")
    await done(world, "Cancel", "WR-1-20")
    assert not payloads(await world.events(), "WorkResponse")
    await done(world, "Cancel", "WR-1-30")
    assert len(payloads(await world.events(), "WorkResponse")) == 1


async def test_work_in_process_adds_up_to_what_is_ordered(real: PostgresWorld) -> None:
    await shaft(real)
    await done(real, "Begin", "WR-1-10")
    await yields(real, "WR-1-10", "40", scrap="5", scrap_reason="dent", rework="3")
    await done(real, "Split", "WR-1-10", into="B", quantity={"value": "20", "unit": "H87"})
    await done(real, "Rework", "WR-1-10", into="RW", quantity={"value": "2", "unit": "H87"})
    page = await Reading(real.database, FakeShop()).wip(WipArgs(work_request="WR-1"))
    rows = {row["operation"]: row for row in page.data}
    units: dict[str, str] = rows["10"]["units"]["H87"]
    assert units == {
        "ordered": "100",
        "queued": "22",
        "in_process": "32",
        "done": "40",
        "scrapped": "5",
        "set_aside": "1",
        "short": "0",
        "over": "0",
    }
    assert rows["30"]["units"]["H87"]["queued"] == "200"


async def ids(world: PostgresWorld, **args: Any) -> list[str]:
    page = await Reading(world.database, FakeShop()).job_orders(JobOrdersArgs(**args))
    return sorted(row["id"] for row in page.data)


async def test_orders_are_found_by_place_state_material_and_time(real: PostgresWorld) -> None:
    await shaft(real)
    await done(real, "StoreAndStart", "other", place=str(LINE), work_master="Bottle-500", planned_start=iso(500))
    await through(real)
    assert await ids(real, material="Shaft") == ["RW", "WR-1-10", "WR-1-20", "WR-1-30"]
    assert await ids(real, material="Bottle-500") == ["other"]
    assert await ids(real, work_master="Shaft") == ["RW", "WR-1-10", "WR-1-20", "WR-1-30"]
    assert await ids(real, work_master="Bottle-500") == ["other"]
    assert await ids(real, material="Shaft", place="Acme/Dallas/Packaging/Line2") == ["WR-1-20"]
    assert await ids(real, since=at(80), until=at(120)) == ["WR-1-20"]
    assert await ids(real, since=at(80), until=at(600)) == ["WR-1-20", "WR-1-30", "other"]
    assert await ids(real, state="AllowedToStart", until=at(499)) == []


async def test_one_order_tells_its_history_and_what_is_to_be_expected(real: PostgresWorld) -> None:
    await shaft(real)
    await done(real, "Begin", "WR-1-10", occurred_at=iso(10))
    await yields(real, "WR-1-10", "20")
    reading = Reading(real.database, FakeShop(time=at(60)))
    document = (await reading.job_order(JobOrderArgs(id="WR-1-10"))).data
    assert document["forecast"]["expected_end"] == "2026-03-02T10:20:00.000Z"  # 80 at 20 in 50 minutes
    assert document["forecast"]["lateness_s"] == str((260 - 600) * 60)
    assert (document["customer_reference"], document["due"]) == ("SO-7", "2026-03-02T16:00:00.000Z")


async def test_work_masters_are_listed_by_material_state_and_what_is_in_force(real: PostgresWorld) -> None:
    for effective, version in ((None, 1), (iso(60), 2)):
        outcome = await done(
            real,
            "StoreWorkMaster",
            "Shaft",
            operations=[{"id": "10", "run_s": str(version)}],
            material="Shaft",
            effective_from=effective,
            activate=True,
        )
        assert outcome.version == version
    await done(real, "StoreWorkMaster", "Axle", operations=[{"id": "10"}])
    reading = Reading(real.database, FakeShop())

    async def listed(**args: Any) -> list[tuple[str, int]]:
        return [(each["id"], each["version"]) for each in (await reading.work_masters(WorkMastersArgs(**args))).data]

    assert await listed() == [("Axle", 1), ("Shaft", 1), ("Shaft", 2)]
    assert await listed(limit=1, cursor="Axle@1") == [("Shaft", 1)]
    assert await listed(in_force_at=at(30)) == [("Shaft", 1)]
    assert await listed(in_force_at=at(90)) == [("Shaft", 2)]
    assert await listed(state="Stored") == [("Axle", 1)]
    assert await listed(id="Shaft") == [("Shaft", 1), ("Shaft", 2)]
    assert await listed(id="Shaf") == []
    assert await listed(search="sHA") == [("Shaft", 1), ("Shaft", 2)]
    assert await listed(search="%") == []
    (brief,) = (await reading.work_masters(WorkMastersArgs(id="Shaft", in_force_at=at(90), brief=True))).data
    assert "operations" not in brief
    assert (brief["operation_count"], brief["state"], brief["effective_from"]) == (
        1,
        "Active",
        "2026-03-02T07:00:00.000Z",
    )
    newest = (await reading.work_master(WorkMasterArgs(id="Shaft"))).data
    assert (newest["version"], newest["state"], newest["operations"][0]["run_s"]) == (2, "Active", "2")


def made(order: JobOrder, good: str) -> JobOrder:
    outcome = quantities.report(order, at(12), good=Decimal(good), scrap=Decimal(0), unit="H87")
    assert not isinstance(outcome, Refusal)
    return outcome.order


def test_a_forecast_goes_by_the_actual_rate_and_by_standard_times_before_there_is_one() -> None:
    running = order_in(State.RUNNING, of=definition("100"))
    assert forecast(running, at(12), ROUND_THE_CLOCK).because is not None
    quarter = forecast(made(running, "25"), at(12), ROUND_THE_CLOCK)
    assert (quarter.expected_end, quarter.lateness) == (at(42), None)
    assert quarter.rate_per_s == Decimal(25) / 600
    ended = forecast(order_in(State.ENDED), at(99), ROUND_THE_CLOCK)
    assert ended.expected_end == at(3)
    over = made(running, "110")
    assert forecast(over, at(12), ROUND_THE_CLOCK).expected_end == at(12)
    assert timedelta(0) == (forecast(over, at(12), ROUND_THE_CLOCK).expected_end or EARLY) - at(12)
