"""The JSON interface: tree, places, job orders, commands, nodes, events, the stream."""

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.console.adapters.http.app import console_app
from tests.unit.console.conftest import ORIGIN, Console

LINE = "Acme/Dallas/Packaging/Line1"


def command(name: str, subject: str, **more: Any) -> dict[str, Any]:
    return {"command_id": str(uuid4()), "target": "work_order", "name": name, "subject": subject, **more}


async def test_the_tree_holds_every_place_with_its_state(console: Console) -> None:
    await console.sign_in("viewer")
    places = {place["path"]: place for place in (await console.get("/api/tree"))["places"]}
    assert places[f"{LINE}/Filler"]["shown"] == "running"
    assert places["Acme/Dallas"]["counts"]["unplanned_stop"] == 3
    assert "_unplaced/Legacy/ignition-edge-07/Boiler" in places


async def test_a_place_has_its_metrics_with_quality_time_and_source(console: Console) -> None:
    await console.sign_in("viewer")
    answer = await console.get(f"/api/places/{LINE}/Filler")
    speed = next(metric for metric in answer["metrics"] if metric["metric"] == "Status/CurMachSpeed")
    assert speed["unit"] == "H87/MIN"
    assert speed["quality"] == 192
    assert speed["timestamp"].endswith("Z")
    assert speed["source"] == "Acme:Dallas/GW-Packaging-Line1/Filler"


async def test_a_place_that_is_not_there_is_404_with_a_sentence(console: Console) -> None:
    await console.sign_in("viewer")
    answer = await console.http.get("/api/places/Acme/Dallas/Nowhere")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_place")


async def test_job_orders_come_by_place_and_state(console: Console) -> None:
    await console.sign_in("viewer")
    page = await console.get(f"/api/job-orders?place={LINE}&state=Running,AllowedToStart")
    assert [(order["id"], order["state"]) for order in page["items"]] == [
        ("JO-4801", "Running"),
        ("JO-4802", "AllowedToStart"),
    ]
    assert page["items"][0]["ordered"] == {"value": "24000", "unit": "EA"}


async def test_job_orders_come_in_pages(console: Console) -> None:
    await console.sign_in("viewer")
    first = await console.get("/api/job-orders?limit=2")
    second = await console.get(f"/api/job-orders?limit=2&cursor={first['cursor']}")
    assert len(first["items"]) == len(second["items"]) == 2
    assert first["items"] != second["items"]
    assert (await console.http.get("/api/job-orders?limit=1000")).status_code == 400


async def test_a_job_order_has_its_history(console: Console) -> None:
    await console.sign_in("viewer")
    detail = await console.get("/api/job-orders/JO-4801")
    assert [entry["cause"] for entry in detail["history"]] == ["Store", "Start", "Begin"]
    answer = await console.http.get("/api/job-orders/JO-9999")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_job_order")


async def test_a_silent_service_is_504_and_named(console: Console) -> None:
    await console.sign_in("viewer")
    console.site.orders.unreachable = True
    answer = await console.http.get("/api/job-orders")
    assert (answer.status_code, answer.json()["error"]["service"]) == (504, "work_order")


async def test_an_operator_pauses_and_the_actor_is_the_operator(console: Console) -> None:
    await console.sign_in("operator")
    answer = await console.http.post("/api/commands", json=command("Pause", "JO-4801", expected_version=1))
    assert answer.json()["status"] == "DONE"
    assert answer.json()["version"] == 2
    assert console.site.orders.sent[0].actor == "operator"
    detail = await console.get("/api/job-orders/JO-4801")
    assert (detail["order"]["state"], detail["history"][-1]["actor"]) == ("Interrupted", "operator")


async def test_the_same_command_id_takes_effect_once(console: Console) -> None:
    await console.sign_in("operator")
    intent = command("Pause", "JO-4801")
    answers = [(await console.http.post("/api/commands", json=intent)).json() for _ in range(3)]
    assert [answer["status"] for answer in answers] == ["DONE"] * 3
    assert {answer["version"] for answer in answers} == {2}


async def test_a_refusal_is_an_answer_with_the_reason(console: Console) -> None:
    await console.sign_in("operator")
    answer = await console.http.post("/api/commands", json=command("Begin", "JO-4802"))
    assert answer.status_code == 200
    assert answer.json()["status"] == "REJECTED"
    assert "JO-4801 is running" in answer.json()["message"]


async def test_a_stale_version_is_refused(console: Console) -> None:
    await console.sign_in("operator")
    answer = await console.http.post("/api/commands", json=command("Pause", "JO-4801", expected_version=7))
    assert answer.json()["code"] == "StaleVersion"


async def test_silence_is_pending_so_that_the_page_asks_again(console: Console) -> None:
    await console.sign_in("operator")
    console.site.orders.unreachable = True
    answer = await console.http.post("/api/commands", json=command("Pause", "JO-4801"))
    assert (answer.status_code, answer.json()["status"]) == (202, "PENDING")


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("operator", 403), ("engineer", 403), ("supervisor", 200)]
)
async def test_only_who_dispatches_may_abort(console: Console, role: str, status: int) -> None:
    await console.sign_in(role)
    answer = await console.http.post("/api/commands", json=command("Abort", "JO-4801"))
    assert answer.status_code == status
    assert bool(console.site.orders.sent) is (status == 200)


async def test_a_supervisor_creates_an_order(console: Console) -> None:
    await console.sign_in("supervisor")
    args = {"place": LINE, "work_master": "Lemon 0.5 L PET", "quantity": {"value": "500", "unit": "EA"}}
    answer = await console.http.post("/api/commands", json=command("Store", "JO-5000", args=args))
    assert answer.json()["status"] == "DONE"
    assert (await console.get("/api/job-orders/JO-5000"))["order"]["state"] == "NotAllowedToStart"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"command_id": "no-uuid"}, 400),
        ({"name": ""}, 400),
        ({"surprise": 1}, 400),
        ({"name": "Explode"}, 404),
        ({"target": "oee"}, 404),
    ],
)
async def test_what_is_no_command_is_not_sent(console: Console, change: dict[str, Any], status: int) -> None:
    await console.sign_in("admin")
    answer = await console.http.post("/api/commands", json=command("Pause", "JO-4801") | change)
    assert answer.status_code == status
    assert console.site.orders.sent == []


async def test_nodes_tell_state_readiness_and_rejections(console: Console) -> None:
    await console.sign_in("viewer")
    console.site.kill("Acme:Dallas/GW-Packaging-Line2")
    nodes = {node["edgeNodeId"]: node for node in (await console.get("/api/nodes"))["nodes"]}
    assert nodes["GW-Packaging-Line2"]["state"] == "offline"
    assert nodes["GW-Packaging-Line2"]["deadDevices"] == 4
    assert nodes["mes-oee"]["ready"] is False
    assert nodes["GW-Processing-Blending"]["rejected"] == 4


async def test_events_come_for_a_branch(console: Console) -> None:
    await console.sign_in("viewer")
    events = (await console.get("/api/events?within=Acme/Dallas/Processing"))["events"]
    assert [(event["type"], event["jobOrder"]) for event in events] == [("JobOrderStored", "JO-4901")]


async def test_an_address_of_the_interface_that_is_not_there_is_json(console: Console) -> None:
    answer = await console.http.post("/api/nothing")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_address")


async def test_the_stream_speaks_events_with_ids_and_marks_lost_signals(console: Console) -> None:
    await console.sign_in("viewer")
    ticks = 0

    async def pause(_: float) -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 1:
            console.site.kill("Acme:Dallas/GW-Packaging-Line1")
        if ticks == 3:
            console.site.live.close()

    parts = replace(console.parts, pause=pause)
    transport = httpx.ASGITransport(app=console_app(parts))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, cookies=console.http.cookies) as http:
        answer = await http.get(f"/api/stream?place={LINE}/Filler")
    assert answer.headers["content-type"].startswith("text/event-stream")
    messages = [
        dict(line.split(": ", 1) for line in block.splitlines()) for block in answer.text.split("\n\n") if block
    ]
    kinds = [message.get("event") for message in messages]
    assert kinds[:3] == [None, "snapshot", "delta"]
    assert messages[1]["id"] != messages[2]["id"]
    lost = json.loads(messages[2]["data"])
    filler = next(place for place in lost["places"] if place["path"] == f"{LINE}/Filler")
    assert (filler["stale"], filler["shown"]) == (True, "unknown")
    assert {metric["quality"] for metric in lost["metrics"] if metric["source"].startswith("Acme:Dallas/GW")} == {500}
    assert console.site.live.readers == 0


async def test_the_stream_ends_with_the_session(console: Console) -> None:
    await console.sign_in("viewer")
    ticks = 0

    async def pause(_: float) -> None:
        nonlocal ticks
        ticks += 1
        console.site.sessions.by_hash.clear()
        assert ticks < 200

    parts = replace(console.parts, pause=pause)
    transport = httpx.ASGITransport(app=console_app(parts))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, cookies=console.http.cookies) as http:
        answer = await http.get("/api/stream")
    assert "event: signed_out" in answer.text


async def test_too_many_streams_are_refused_with_a_sentence(console: Console) -> None:
    await console.sign_in("viewer")
    console.site.live.readers = console.parts.streams
    answer = await console.http.get("/api/stream")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "too_many_streams")
