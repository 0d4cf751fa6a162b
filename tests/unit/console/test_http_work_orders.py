"""The JSON interface of the work order pages: boards, lists of the past, an order's story and counts, their commands."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from services.console.application.spelling import page_spelling
from tests.fakes.console_masters import LEMON, ORANGE, WATER
from tests.unit.console.conftest import Console

LINE1 = "Acme/Dallas/Packaging/Line1"
LINE2 = "Acme/Dallas/Packaging/Line2"


async def send(console: Console, name: str, subject: str, **more: Any) -> dict[str, Any]:
    body = {"command_id": str(uuid4()), "target": "work_order", "name": name, "subject": subject, **more}
    answer = await console.http.post("/api/commands", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def board(console: Console, *places: str) -> list[dict[str, Any]]:
    centers: list[dict[str, Any]] = (
        await console.get("/api/dispatch?" + "&".join(f"place={place}" for place in places))
    )["centers"]
    return centers


async def test_a_board_has_every_center_with_what_runs_and_what_waits_over_all_pages(console: Console) -> None:
    await console.sign_in("viewer")
    first, second = await board(console, LINE1, LINE2)
    assert (first["place"], [order["id"] for order in first["active"]]) == (LINE1, ["JO-4801"])
    assert [order["id"] for order in first["queue"]] == ["JO-4802", "JO-4803", "JO-4804", "JO-4805"]
    assert len(second["queue"]) == second["queueLength"] == 7
    asked = [args["cursor"] for query, args in console.site.orders.work.asked if query == "dispatch_board"]
    assert asked == [None, "3", "6", "9", "12"]


async def test_an_order_on_the_board_tells_when_it_will_be_done_and_what_keeps_it(console: Console) -> None:
    console.site.orders.work.holds["JO-4802"] = "label proof missing"
    await console.sign_in("viewer")
    ((order, *_),) = [center["queue"] for center in await board(console, LINE1)]
    assert order["forecast"]["expectedEnd"].endswith("Z")
    assert order["obstacle"] == {"code": "OnHold", "message": "label proof missing"}
    assert (order["workCenter"], order["ordered"]) == (LINE1, {"value": "18000", "unit": "EA"})


async def test_a_supervisor_resequences_from_the_version_that_was_seen(console: Console) -> None:
    await console.sign_in("supervisor")
    (before,) = await board(console, LINE1)
    wanted = {"job_orders": ["JO-4804", "JO-4802"]}
    answer = await send(console, "Resequence", LINE1, args=wanted, expected_version=before["version"])
    assert (answer["status"], answer["version"]) == ("DONE", before["version"] + 1)
    (after,) = await board(console, LINE1)
    assert [(order["id"], order["rank"]) for order in after["queue"]][:3] == [
        ("JO-4804", 1),
        ("JO-4802", 2),
        ("JO-4803", None),
    ]
    late = await send(console, "Resequence", LINE1, args=wanted, expected_version=before["version"])
    assert (late["status"], late["code"]) == ("REJECTED", "StaleVersion")
    running = await send(console, "Resequence", LINE1, args={"job_orders": ["JO-4801"]})
    assert "never moved" in running["message"]


@pytest.mark.parametrize(
    ("role", "name", "status"),
    [
        ("operator", "Hold", 200),
        ("operator", "ReportQuantity", 200),
        ("operator", "Release", 403),
        ("operator", "Resequence", 403),
        ("operator", "Split", 403),
        ("engineer", "Hold", 403),
        ("viewer", "ClockOn", 403),
        ("supervisor", "Split", 200),
        ("supervisor", "SetAvailability", 200),
    ],
)
async def test_operators_work_and_supervisors_plan(console: Console, role: str, name: str, status: int) -> None:
    await console.sign_in(role)
    args: dict[str, Any] = {
        "Split": {"into": "JO-4801-1", "quantity": {"value": "100", "unit": "EA"}},
        "ReportQuantity": {"good": "5", "unit": "EA"},
        "SetAvailability": {"available": False},
        "ClockOn": {"person": "w7"},
        "Resequence": {"job_orders": []},
    }.get(name, {})
    subject = LINE1 if name in {"SetAvailability", "Resequence"} else "JO-4801"
    body = {"command_id": str(uuid4()), "target": "work_order", "name": name, "subject": subject, "args": args}
    answer = await console.http.post("/api/commands", json={**body, "reason": "because"})
    assert answer.status_code == status
    assert bool(console.site.orders.sent) is (status == 200)


async def test_a_story_has_history_operations_route_and_labor_and_no_single_counts(console: Console) -> None:
    await console.sign_in("operator")
    await send(console, "ClockOn", "JO-4801", args={"person": "w7"})
    await send(console, "ReportQuantity", "JO-4801", args={"scrap": "3", "scrap_reason": "Label_askew", "unit": "EA"})
    await send(console, "Hold", "JO-4801", reason="quality check")
    story = await console.get("/api/order-stories/JO-4801")
    kinds = [entry["type"] for entry in story["history"]]
    assert kinds[:3] == ["JobOrderStored", "JobOrderStateChanged", "JobOrderStateChanged"]
    assert "QuantityReported" not in kinds
    assert kinds[-1] == "JobOrderHeld"
    assert story["history"][2]["to"] == "Running"
    assert story["order"]["hold"] == "quality check"
    assert story["labor"][0]["person"] == "w7"
    assert story["route"]["operations"][0]["materials"][0]["overTolerance"] == "0.02"
    assert "JO-4801" in [order["id"] for order in story["orders"]]
    assert (story["request"]["customerReference"], story["request"]["responses"][0]["payload"]["lead_time_s"]) == (
        "PO 4711",
        "10800",
    )
    in_process = [row["units"]["EA"]["in_process"] for row in story["wip"] if row["place"] == LINE1]
    assert in_process.count("0") < len(in_process)


async def test_counts_lead_by_reason_and_time_to_the_single_reports(console: Console) -> None:
    await console.sign_in("operator")
    await send(console, "ReportQuantity", "JO-4801", args={"good": "40", "unit": "EA"})
    await send(console, "ReportQuantity", "JO-4801", args={"scrap": "3", "scrap_reason": "Label_askew", "unit": "EA"})
    rows = (await console.get("/api/order-counts/JO-4801"))["counts"]
    assert [(row["good"], row["scrap"], row["scrapReason"]) for row in rows] == [
        ("40", "0", None),
        ("0", "3", "Label_askew"),
    ]
    window = f"since={rows[1]['start']}&until={rows[1]['end']}"
    reports = (await console.get(f"/api/order-reports/JO-4801?{window}"))["history"]
    assert [(entry["actor"], entry["payload"].get("scrap_reason")) for entry in reports] == [
        ("operator", None),
        ("operator", "Label_askew"),
    ]


async def test_the_list_of_a_past_moment_is_asked_for_that_moment(console: Console) -> None:
    await console.sign_in("viewer")
    page = await console.get(f"/api/dispatch-list?place={LINE1}&at=2026-03-02T11:00:00%2B01:00&limit=2")
    assert [order["id"] for order in page["items"]] == ["JO-4802", "JO-4803"]
    assert page["cursor"] == "2"
    assert console.site.orders.work.asked[-1][1]["as_of"] == "2026-03-02T11:00:00+01:00"


async def test_work_masters_stand_once_each_by_the_version_in_force_or_the_newest(console: Console) -> None:
    await console.sign_in("viewer")
    page = await console.get("/api/work-masters")
    assert [
        (each["id"], each["version"], each["inForce"], each["state"], each["versions"]) for each in page["items"]
    ] == [
        (LEMON, 2, 2, "Active", 3),
        (ORANGE, 1, None, "Active", 1),
        (WATER, 1, None, "Stored", 1),
    ]
    lemon = page["items"][0]
    assert (lemon["operationCount"], lemon["newest"], page["cut"]) == (3, {"version": 3, "state": "Stored"}, False)
    found = await console.get("/api/work-masters?search=lemon-500")
    assert [each["id"] for each in found["items"]] == [LEMON]


async def test_a_work_master_has_its_versions_and_the_open_orders_made_from_it(console: Console) -> None:
    await console.sign_in("viewer")
    whole = await console.get(f"/api/work-masters/{LEMON}?against=1")
    assert [each["version"] for each in whole["versions"]] == [3, 2, 1]
    assert (whole["inForce"], whole["shown"]["version"], whole["against"]["version"]) == (2, 2, 1)
    assert [operation["id"] for operation in whole["shown"]["operations"]] == ["FILL", "LABEL", "PACK"]
    assert whole["shown"]["operations"][0]["personnelClass"] == "Filler operator"
    assert "JO-4801" in [order["id"] for order in whole["orders"]]
    assert {order["workMaster"] for order in whole["orders"]} == {LEMON}
    chosen = await console.get(f"/api/work-masters/{LEMON}?version=3&against=99")
    assert (chosen["shown"]["version"], chosen["against"]) == (3, None)


@pytest.mark.parametrize(("role", "status"), [("operator", 403), ("engineer", 403), ("supervisor", 200)])
async def test_a_supervisor_lets_a_version_be_used_and_takes_it_out_of_use(
    console: Console, role: str, status: int
) -> None:
    await console.sign_in(role)
    for name, state in (("ActivateWorkMaster", "Active"), ("RetireWorkMaster", "Retired")):
        body = {"command_id": str(uuid4()), "target": "work_order", "name": name, "subject": WATER}
        answer = await console.http.post("/api/commands", json={**body, "args": {"version": 1}})
        assert answer.status_code == status
        if status == 200:
            assert (await console.get(f"/api/work-masters/{WATER}"))["shown"]["state"] == state


@pytest.mark.parametrize(
    "address",
    [
        "/api/work-masters?search=" + "x" * 101,
        f"/api/work-masters/{LEMON}?version=none",
        "/api/dispatch",
        "/api/dispatch?" + "&".join(f"place=P{n}" for n in range(21)),
        f"/api/dispatch?place={LINE1}&limit=201",
        f"/api/dispatch-list?place={LINE1}&at=yesterday",
        f"/api/dispatch-list?place={LINE1}&at=2026-03-02T06:00:00",
        "/api/order-counts/JO-4801?buckets=0",
    ],
)
async def test_what_cannot_be_asked_is_400_with_a_sentence(console: Console, address: str) -> None:
    await console.sign_in("viewer")
    answer = await console.http.get(address)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")
    assert console.site.orders.work.asked == []


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("/api/order-stories/JO-9999", "UnknownJobOrder"),
        ("/api/order-counts/JO-9999", "UnknownJobOrder"),
        ("/api/dispatch?place=X", "UnknownEquipment"),
        ("/api/work-masters/Beer", "UnknownWorkMaster"),
        (f"/api/work-masters/{LEMON}?version=9", "UnknownWorkMaster"),
    ],
)
async def test_what_does_not_exist_is_404(console: Console, address: str, code: str) -> None:
    await console.sign_in("viewer")
    answer = await console.http.get(address)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, code)


@pytest.mark.parametrize(
    "address", [f"/api/dispatch?place={LINE1}", "/api/order-stories/JO-4801", f"/api/work-masters/{LEMON}"]
)
async def test_a_silent_service_is_504_and_named(console: Console, address: str) -> None:
    await console.sign_in("viewer")
    console.site.orders.unreachable = True
    answer = await console.http.get(address)
    assert (answer.status_code, answer.json()["error"]["service"]) == (504, "work_order")


@pytest.mark.parametrize(
    "address", [f"/api/dispatch?place={LINE1}", "/api/order-stories/JO-4801", f"/api/work-masters/{LEMON}"]
)
async def test_nobody_reads_without_a_session(console: Console, address: str) -> None:
    assert (await console.http.get(address)).status_code == 401


def test_the_words_of_a_contract_are_spelled_for_the_page_and_data_is_left_alone() -> None:
    document = {
        "work_center": "L1",
        "runs": [{"start_time": 1}],
        "scrap_reasons": {"label_askew": "3"},
        "payload": {"scrap_reason": "label_askew"},
    }
    assert page_spelling(document) == {
        "workCenter": "L1",
        "runs": [{"startTime": 1}],
        "scrapReasons": {"label_askew": "3"},
        "payload": {"scrap_reason": "label_askew"},
    }
