"""The dispatch board and the counts of an order, read from the real tables."""

from __future__ import annotations

import json
from typing import Any

import pytest

from namespace.contracts.query import MAX_PAGE_BYTES
from namespace.contracts.work_order import (
    DispatchBoardArgs,
    JobOrderArgs,
    JobOrderCountsArgs,
    JobOrdersArgs,
    WorkRequestArgs,
)
from namespace.runtime.errors import QueryFailed
from namespace.store import Transaction
from services.work_order.adapters.board_reading import BoardReading
from services.work_order.adapters.reading import Reading
from services.work_order.application.carrying_out import Refused
from services.work_order.ports import WorkCenterRules
from tests.integration.work_order.test_dispatching import event, heard
from tests.integration.work_order.test_results import through
from tests.integration.work_order.test_routes import shaft
from tests.integration.work_order.worlds import PostgresWorld, iso, released
from tests.unit.work_order.memory import FakeShop
from tests.unit.work_order.orders import LINE, OTHER_LINE, at

PLACES = (str(LINE), str(OTHER_LINE))


@pytest.fixture
def board(real: PostgresWorld) -> BoardReading:
    """The service's boards, of two lines without counters, each unit a minute."""
    for line in (LINE, OTHER_LINE):
        real.shop.lines[line] = WorkCenterRules(counters={})
    return BoardReading(real.database, real.shop)


async def read(board: BoardReading, **args: Any) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """Return the work centers by place, and the job orders of all pages."""
    orders: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = await board.dispatch_board(DispatchBoardArgs(places=PLACES, **args, cursor=cursor))
        assert len(json.dumps(page.data)) <= MAX_PAGE_BYTES
        orders += page.data["job_orders"]
        if page.next is None:
            return {center["place"]: center for center in page.data["centers"]}, orders
        cursor = page.next


async def logged(real: PostgresWorld) -> None:
    """Do what the relay does: move the events to the log."""
    async with real.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO event_log (seq, event_id, type, schema, occurred_at, recorded_at, scope, subject, job_order, "
            "actor, payload, size, hash) SELECT row_number() OVER (ORDER BY id), event_id, type, schema, occurred_at, "
            "recorded_at, scope, subject, job_order, actor, payload, size, '' FROM outbox"
        )


async def test_what_runs_comes_first_then_the_list_in_its_order_from_the_version_to_change_it(
    real: PostgresWorld, board: BoardReading
) -> None:
    await released(real, "A", "B", "C", "D", quantity={"value": "10", "unit": "H87"}, ideal_cycle_s="60")
    await real.send("Begin", "B", occurred_at=iso(1))
    await real.send("Resequence", str(LINE), job_orders=["D"], occurred_at=iso(2))
    real.shop.time = at(1)
    centers, orders = await read(board)
    assert [order["id"] for order in orders] == ["B", "D", "A", "C"]
    assert [order["rank"] for order in orders] == [None, 1, None, None]
    assert [order["forecast"]["expected_end"] for order in orders] == [
        f"2026-03-02T06:{minute}:00.000Z" for minute in (11, 21, 31, 41)
    ]
    assert centers[PLACES[0]] == {
        "place": PLACES[0],
        "version": 1,
        "unavailable": None,
        "concurrent": False,
        "queue_length": 3,
    }
    assert centers[PLACES[1]]["version"] == 0
    again = await real.send("Resequence", str(LINE), job_orders=["C"], expected=1)
    assert not isinstance(again, Refused)


async def test_the_board_says_what_would_refuse_the_order_if_it_began_now(
    real: PostgresWorld, board: BoardReading
) -> None:
    await shaft(real)
    for line in (LINE, OTHER_LINE):
        real.shop.lines[line] = WorkCenterRules(counters={}, concurrent=True)
    await released(real, "free", "held", "lot")
    await real.send("Hold", "held", reason="label proof is missing")
    await heard(real, event("HoldPlaced", "H-1", 1, targets=["Bar", "lot"], reason="cracks"))
    await real.send("SetAvailability", str(OTHER_LINE), available=False, reason="bearing")
    centers, orders = await read(board)
    said = {order["id"]: order["obstacle"] for order in orders}
    assert {order_id: found and found["code"] for order_id, found in said.items()} == {
        "WR-1-10": "MaterialOnHold",
        "WR-1-20": "EquipmentUnavailable",
        "WR-1-30": "PredecessorNotDone",
        "free": None,
        "held": "OnHold",
        "lot": "MaterialOnHold",
    }
    assert centers[PLACES[1]]["unavailable"] == "bearing"
    for order_id, found in said.items():
        outcome = await real.send("Begin", order_id)
        refusal = outcome.refusal if isinstance(outcome, Refused) else None
        assert (found and found["message"]) == (refusal and refusal.message), order_id


async def test_equipment_above_counts_for_every_line_below_it(real: PostgresWorld, board: BoardReading) -> None:
    await released(real, "A")
    await real.send("SetAvailability", "Acme/Dallas/Packaging", available=False, reason="power is off")
    centers, (order,) = await read(board)
    assert {center["unavailable"] for center in centers.values()} == {"Acme/Dallas/Packaging: power is off"}
    assert order["obstacle"]["code"] == "EquipmentUnavailable"


async def test_deep_lists_come_in_pages_below_the_limit_and_whole(real: PostgresWorld, board: BoardReading) -> None:
    ids = [f"JO-{number:03}" for number in range(130)]
    await released(real, *ids, description="long " * 90)
    centers, orders = await read(board, limit=120)
    assert [order["id"] for order in orders] == ids[:120]
    assert centers[PLACES[0]]["queue_length"] == 130


async def test_a_board_costs_the_same_statements_whatever_is_on_its_lists(
    real: PostgresWorld, board: BoardReading, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    fetch = Transaction.fetch

    async def counted(tx: Transaction, sql: str, *args: object) -> list[Any]:
        asked.append(sql)
        return await fetch(tx, sql, *args)

    await shaft(real)
    monkeypatch.setattr(Transaction, "fetch", counted)
    await read(board, limit=200)
    few = len(asked)
    monkeypatch.undo()
    await released(real, *(f"JO-{number}" for number in range(60)), work_request="WR-1")
    asked.clear()
    monkeypatch.setattr(Transaction, "fetch", counted)
    page = await board.dispatch_board(DispatchBoardArgs(places=PLACES, limit=200))
    assert (len(asked), len(page.data["job_orders"]) > 40) == (few, True)


async def test_an_unknown_work_center_and_a_made_up_cursor_are_refused(board: BoardReading) -> None:
    with pytest.raises(QueryFailed, match="Line9"):
        await board.dispatch_board(DispatchBoardArgs(places=("Acme/Dallas/Packaging/Line9",)))
    with pytest.raises(QueryFailed, match="cursor"):
        await board.dispatch_board(DispatchBoardArgs(places=PLACES, cursor="1; drop table"))


async def made(real: PostgresWorld) -> Reading:
    """Let an order be worked on for an hour, 10 good every 10 minutes, some scrap and some set aside, and return the answers."""
    await released(real, quantity={"value": "100", "unit": "H87"}, quantity_source="operator", over_tolerance="1")
    await real.send("Begin", occurred_at=iso(0))
    for minute in range(5, 60, 10):
        await real.send("ReportQuantity", good="10", unit="H87", occurred_at=iso(minute))
    await real.send("ReportQuantity", scrap="3", scrap_reason="dent", unit="H87", occurred_at=iso(15))
    await real.send("ReportQuantity", scrap="2", scrap_reason="dent", unit="H87", occurred_at=iso(16))
    await real.send("ReportQuantity", rework="4", rework_reason="burr", unit="H87", occurred_at=iso(15))
    await logged(real)
    return Reading(real.database, FakeShop(time=at(60)))


async def test_counts_are_drawn_together_over_time_and_by_reason_and_add_up(real: PostgresWorld) -> None:
    reading = await made(real)
    rows = (await reading.job_order_counts(JobOrderCountsArgs(id="JO-1", buckets=6))).data
    assert [(row["start"][11:16], row["end"][11:16]) for row in rows if row["good"] != "0"] == [
        (f"06:{minute}0", f"06:{minute + 1}0" if minute < 5 else "07:00") for minute in range(6)
    ]
    assert [(row["scrap"], row["scrap_reason"], row["reports"]) for row in rows if row["scrap"] != "0"] == [
        ("5", "dent", 2)
    ]
    assert [(row["rework"], row["rework_reason"]) for row in rows if row["rework"] != "0"] == [("4", "burr")]
    order = await real.order()
    assert sum(int(row["good"]) for row in rows) == order.good
    assert sum(int(row["scrap"]) for row in rows) == order.scrap
    whole = (await reading.job_order_counts(JobOrderCountsArgs(id="JO-1", buckets=1))).data
    assert sum(int(row["good"]) for row in whole) == order.good
    with pytest.raises(QueryFailed, match="JO-404"):
        await reading.job_order_counts(JobOrderCountsArgs(id="JO-404"))


async def test_a_history_is_asked_for_by_type_and_time(real: PostgresWorld) -> None:
    reading = await made(real)

    async def types(**args: Any) -> list[str]:
        return [row["type"] for row in (await reading.job_order(JobOrderArgs(id="JO-1", **args))).data["history"]]

    assert await types(without=["QuantityReported"]) == ["JobOrderStored", "JobOrderStateChanged"]
    assert await types(types=["QuantityReported"], since=at(15), until=at(17)) == ["QuantityReported"] * 4
    assert len(await types()) == 11


async def test_job_orders_of_a_request_are_also_found_when_they_were_removed(real: PostgresWorld) -> None:
    await shaft(real)
    await real.send("Cancel", "WR-1-30")
    reading = Reading(real.database, FakeShop(time=at(0)))

    async def ids(**args: Any) -> list[str]:
        return [row["id"] for row in (await reading.job_orders(JobOrdersArgs(work_request="WR-1", **args))).data]

    assert await ids() == ["WR-1-10", "WR-1-20"]
    assert await ids(with_removed=True) == ["WR-1-10", "WR-1-20", "WR-1-30"]


async def test_a_work_request_is_told_with_the_response_that_answered_it(real: PostgresWorld) -> None:
    await shaft(real)
    await through(real)
    await logged(real)
    reading = Reading(real.database, FakeShop(time=at(0)))
    found = (await reading.work_request(WorkRequestArgs(id="WR-1"))).data
    assert (found["id"], found["customer_reference"], found["ended"]) == ("WR-1", "SO-7", 4)
    (response,) = found["responses"]
    assert (response["type"], response["payload"]["revision"], response["payload"]["lead_time_s"]) == (
        "WorkResponse",
        1,
        "9000",
    )
    assert [each.get("queue_s") for each in response["payload"]["operations"]][:1] == [None]
    with pytest.raises(QueryFailed, match="WR-404"):
        await reading.work_request(WorkRequestArgs(id="WR-404"))
