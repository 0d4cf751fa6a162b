"""The JSON interface behind the OEE pages: questions passed on as contracts say, reasons, classification."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.unit.console.conftest import START, Console

UNIT = "Acme/Dallas/Packaging/Line1/Filler"
LINE = "Acme/Dallas/Packaging/Line1"
WHEN = f"since={(START - timedelta(hours=24)).isoformat()[:19]}Z&until={START.isoformat()[:19]}Z"


@pytest.mark.parametrize("query", ["timeline", "intervals", "waterfall", "losses", "kpis", "kpi_revisions", "shifts"])
async def test_a_query_of_oee_is_answered_as_its_contract_writes_it(console: Console, query: str) -> None:
    await console.sign_in("viewer")
    answer = await console.get(f"/api/oee/{query}?place={LINE}&{WHEN}")
    assert set(answer) == {"data", "cursor"}
    assert console.site.oee.asked == [("oee", query)]


async def test_a_list_is_an_argument_that_is_repeated(console: Console) -> None:
    await console.sign_in("viewer")
    units = f"units={LINE}/Filler&units={LINE}/Capper"
    answer = await console.get(f"/api/oee/timeline?place={LINE}&{WHEN}&{units}&resolution_ms=60000")
    assert [row["unit"] for row in answer["data"]] == [f"{LINE}/Filler", f"{LINE}/Capper"]


async def test_an_interval_leads_to_the_samples_it_was_judged_from(console: Console) -> None:
    await console.sign_in("viewer")
    found = (await console.get(f"/api/oee/interval?place={UNIT}&at={START.isoformat()[:10]}T03:00:00Z"))["data"]
    metrics = "&".join(f"metrics={name}" for name in found["metrics"])
    samples = await console.get(f"/api/samples?place={UNIT}&{metrics}&since_ms=1772420000000&until_ms=1772420060000")
    assert {sample["metric"] for sample in samples["data"]} <= set(found["metrics"])
    assert console.site.oee.asked[-1] == ("historian", "samples")


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        (f"/api/oee/timeline?place={LINE}", 400, "since"),
        (f"/api/oee/timeline?place={LINE}&{WHEN}&resolution_ms=-1", 400, "resolution_ms"),
        (f"/api/oee/intervals?place={LINE}&{WHEN}&most=100000", 400, "most"),
        (f"/api/oee/state_log?place={UNIT}", 404, "timeline, intervals"),
        (f"/api/oee/waterfall?place=Acme/Dallas/Nowhere&{WHEN}", 404, "no place Acme/Dallas/Nowhere"),
        (f"/api/oee/interval?place={LINE}&at=2026-03-02T03:00:00Z", 404, "is no work unit"),
    ],
)
async def test_a_question_that_cannot_be_asked_is_refused_with_a_sentence(
    console: Console, address: str, status: int, words: str
) -> None:
    await console.sign_in("viewer")
    answer = await console.http.get(address)
    assert answer.status_code == status
    assert words in answer.json()["error"]["message"]


async def test_a_silent_service_is_504_and_named(console: Console) -> None:
    await console.sign_in("viewer")
    console.site.oee.unreachable = True
    answer = await console.http.get(f"/api/oee/losses?place={LINE}")
    assert (answer.status_code, answer.json()["error"]["service"]) == (504, "oee")


async def test_nobody_asks_without_a_session(console: Console) -> None:
    for address in (f"/api/oee/losses?place={LINE}", f"/api/samples?place={UNIT}", "/api/reasons"):
        assert (await console.http.get(address)).status_code == 401
    assert console.site.oee.asked == []


async def test_the_tree_of_reasons_comes_parents_first(console: Console) -> None:
    await console.sign_in("viewer")
    reasons = (await console.get("/api/reasons"))["reasons"]
    seen: set[str] = set()
    for reason in reasons:
        assert set(reason["parents"]) <= seen
        seen.add(reason["code"])
    seal = next(reason for reason in reasons if reason["code"] == "EQ-FILL-VALVE-SEAL")
    assert (seal["parents"], seal["loss"], seal["retired"]) == (
        ["EQ", "EQ-FILL", "EQ-FILL-VALVE"],
        "equipment failure",
        False,
    )


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("engineer", 403), ("operator", 200), ("supervisor", 200)]
)
async def test_who_runs_machines_may_say_why_they_stood(console: Console, role: str, status: int) -> None:
    await console.sign_in(role)
    body = {
        "command_id": str(uuid4()),
        "target": "oee",
        "name": "ClassifyStop",
        "subject": UNIT,
        "args": {"start": "2026-03-02T03:00:00Z", "end": "2026-03-02T03:10:00Z", "reason_code": "MAT-CAPS"},
        "reason": "hopper was empty",
    }
    answer = await console.http.post("/api/commands", json=body)
    assert answer.status_code == status
    assert [(sent.actor, sent.reason) for sent in console.site.oee.sent] == (
        [(role, "hopper was empty")] if status == 200 else []
    )
