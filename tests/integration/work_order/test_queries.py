"""What the service answers and publishes, read from the real tables."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from namespace.contracts.query import MAX_PAGE_BYTES
from namespace.contracts.work_order import JobOrderArgs, JobOrdersArgs, LaborArgs, WorkRequestsArgs
from namespace.runtime.errors import QueryFailed
from namespace.sparkplug import DataSet
from services.work_order.adapters.boards import Boards, metrics_of
from services.work_order.adapters.reading import Reading
from services.work_order.domain.dispatch import Listed, board
from services.work_order.ports import WorkCenterRules
from tests.integration.work_order.worlds import PostgresWorld, iso, released
from tests.unit.work_order.memory import FakeShop
from tests.unit.work_order.orders import LINE, OTHER_LINE, at


@pytest.fixture
def reading(real: PostgresWorld) -> Reading:
    """The service's answers."""
    return Reading(real.database, FakeShop())


async def all_pages(reading: Reading, **args: Any) -> list[dict[str, Any]]:
    """Read every page of `job_orders`."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = await reading.job_orders(JobOrdersArgs(**args, cursor=cursor))
        assert len(json.dumps(page.data)) <= MAX_PAGE_BYTES
        found += page.data
        if page.next is None:
            return found
        cursor = page.next


async def dispatched(real: PostgresWorld, count: int) -> list[str]:
    """Store job orders of random priority and plan, and return their ids in the domain's order of dispatch."""
    chance = random.Random(7)
    listed = []
    for number in range(count):
        planned = chance.choice([None, iso(chance.randint(0, 5))])
        await real.send("Store", f"JO-{number}", place=str(LINE), priority=chance.randint(-2, 2), planned_start=planned)
        listed.append(Listed(await real.order(f"JO-{number}"), number))
    return [order.id for order in board(listed, show=count).queue]


async def test_pages_follow_the_order_of_dispatch(real: PostgresWorld, reading: Reading) -> None:
    expected = await dispatched(real, 40)
    found = await all_pages(reading, limit=7)
    assert [row["id"] for row in found] == expected


async def test_the_published_queue_is_the_next_twenty_in_the_same_order(real: PostgresWorld) -> None:
    expected = await dispatched(real, 30)
    shown = (await Boards(real.database, lambda *_: None).read([LINE, OTHER_LINE]))[LINE]
    assert [order.id for order in shown.queue] == expected[:20]
    assert shown.queue_length == 30


async def test_newest_first(real: PostgresWorld, reading: Reading) -> None:
    await released(real, "A", "B", "C")
    found = await all_pages(reading, limit=2, order="newest")
    assert [row["id"] for row in found] == ["C", "B", "A"]


async def test_filters_by_place_state_and_work_request(real: PostgresWorld, reading: Reading) -> None:
    real.shop.lines[OTHER_LINE] = WorkCenterRules(counters={})
    await real.send("StoreWorkRequest", "WR-1")
    await real.send("Store", "here", place=str(LINE), work_request="WR-1")
    await real.send("StoreAndStart", "released", place=str(LINE))
    await real.send("Store", "there", place=str(OTHER_LINE))
    await real.send("Cancel", "there")

    async def ids(**args: Any) -> list[str]:
        return [row["id"] for row in await all_pages(reading, **args)]

    assert await ids(place=str(LINE)) == ["here", "released"]
    assert await ids(place="Acme/Dallas") == ["here", "released"]
    assert await ids(place="Acme/Dal") == []
    assert await ids(state="AllowedToStart") == ["released"]
    assert await ids(state=["AllowedToStart", "NotAllowedToStart"]) == ["here", "released"]
    assert await ids(work_request="WR-1") == ["here"]


async def test_pages_stay_below_the_limit_whatever_the_orders_say(real: PostgresWorld, reading: Reading) -> None:
    for number in range(150):
        await real.send("Store", f"JO-{number}", place=str(LINE), description="long " * 100)
    assert len(await all_pages(reading, limit=200)) == 150


async def test_a_row_says_what_may_be_asked_of_the_order(real: PostgresWorld, reading: Reading) -> None:
    await released(real, quantity={"value": "10", "unit": "H87"}, quantity_source="operator")
    await real.send("Begin", occurred_at=iso(1))
    await real.send("ReportQuantity", good="2.50", unit="H87")
    await real.send("ClockOn", person="W7")
    (row,) = await all_pages(reading)
    assert row["possible"] == ["Pause", "Stop", "Complete", "Abort"]
    assert (row["good"], row["progress"], row["clocked_on"]) == ("2.5", "0.2500", ["W7"])
    assert row["begun_at"] == "2026-03-02T06:01:00.000Z"


async def test_an_unknown_job_order_is_an_error_with_its_name(reading: Reading) -> None:
    with pytest.raises(QueryFailed, match="JO-404"):
        await reading.job_order(JobOrderArgs(id="JO-404"))


async def test_one_order_with_its_labor_and_runs(real: PostgresWorld, reading: Reading) -> None:
    await released(real)
    for name, minute, args in [
        ("Begin", 1, {}),
        ("ClockOn", 1, {"person": "W7"}),
        ("ClockOff", 3, {"person": "W7"}),
        ("Complete", 4, {}),
    ]:
        await real.send(name, occurred_at=iso(minute), **args)

    page = await reading.job_order(JobOrderArgs(id="JO-1"))

    assert page.data["labor"] == [{"person": "W7", "labor_s": "120"}]
    assert page.data["running_s"] == "180"
    assert page.next is None


async def test_labor_by_person_place_and_time(real: PostgresWorld, reading: Reading) -> None:
    real.shop.lines[LINE] = WorkCenterRules(concurrent=True, counters={})
    for number in range(5):
        await released(real, f"JO-{number}")
        await real.send("Begin", f"JO-{number}", occurred_at=iso(0))
        await real.send("ClockOn", f"JO-{number}", person=f"W{number % 2}", occurred_at=iso(number * 10))
        if number < 4:
            await real.send("ClockOff", f"JO-{number}", person=f"W{number % 2}", occurred_at=iso(number * 10 + 5))

    async def found(**args: Any) -> list[str]:
        rows, cursor = [], None
        while True:
            page = await reading.labor(LaborArgs(limit=2, cursor=cursor, **args))
            rows += [row["job_order"] for row in page.data]
            if page.next is None:
                return rows
            cursor = page.next

    assert await found() == [f"JO-{number}" for number in range(5)]
    assert await found(person="W0") == ["JO-0", "JO-2", "JO-4"]
    assert await found(place="Acme") == [f"JO-{number}" for number in range(5)]
    assert await found(since=at(15), until=at(35)) == ["JO-2", "JO-3"]
    last = (await reading.labor(LaborArgs(job_order="JO-4"))).data
    assert [(row["end"], row["labor_s"]) for row in last] == [(None, None)]


async def test_a_made_up_cursor_is_refused(reading: Reading) -> None:
    with pytest.raises(QueryFailed, match="cursor"):
        await reading.labor(LaborArgs(cursor="1; drop table"))


async def test_work_requests_with_how_far_they_are(real: PostgresWorld, reading: Reading) -> None:
    await real.send("StoreWorkRequest", "WR-1", customer_reference="PO 4711")
    await real.send("StoreWorkRequest", "WR-2")
    for order_id in ("A", "B", "C"):
        await released(real, order_id, work_request="WR-1")
    await real.send("Cancel", "A")
    await real.send("Begin", "B")
    await real.send("Complete", "B")

    first = await reading.work_requests(WorkRequestsArgs(limit=1))
    second = await reading.work_requests(WorkRequestsArgs(limit=1, cursor=first.next))

    (row,) = first.data
    assert (row["id"], row["customer_reference"]) == ("WR-1", "PO 4711")
    assert (row["job_orders"], row["ended"], row["cancelled"], row["active"]) == (3, 1, 1, 0)
    assert [r["id"] for r in second.data] == ["WR-2"]
    assert second.next is None


async def test_a_place_with_an_active_order_and_one_without(real: PostgresWorld) -> None:
    await released(real, quantity={"value": "8", "unit": "H87"}, quantity_source="operator", work_master="Cap")
    await real.send("Begin", occurred_at=iso(1))
    await real.send("ReportQuantity", good="2", scrap="1", unit="H87")
    boards = await Boards(real.database, lambda *_: None).read([LINE, OTHER_LINE])

    metrics = metrics_of(boards[LINE])
    assert metrics["JobOrder/Active/ID"] == "JO-1"
    assert metrics["JobOrder/Active/State"] == "Running"
    assert metrics["JobOrder/Active/WorkMaster"] == "Cap"
    assert (metrics["JobOrder/Active/Good"], metrics["JobOrder/Active/Progress"]) == (2.0, 0.25)
    assert (metrics["JobOrder/RunningCount"], metrics["JobOrder/QueueLength"]) == (1, 0)
    empty = metrics_of(boards[OTHER_LINE])
    assert empty["JobOrder/Active/ID"] is None
    queue = empty["JobOrder/Queue"]
    assert isinstance(queue, DataSet)
    assert queue.rows == ()
    assert set(metrics) == set(empty)
