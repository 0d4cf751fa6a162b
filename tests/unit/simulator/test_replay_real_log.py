"""The recorded log of January to March 2012, where it is at hand: known counts and hours, computed here independently."""

import csv
import re
from collections import defaultdict
from datetime import datetime

import pytest

from services.simulator.domain.replay import CommandStep, log_digest, plan_replay
from services.simulator.domain.shop_log import LogEntry, read_shop_log
from services.simulator.domain.totals import expected_totals
from tests.production_log import LOG, MISSING

pytestmark = pytest.mark.skipif(LOG is None, reason=MISSING)


def level_name(activity: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", activity).strip("-")


def place_of(work_center: str) -> str:
    return f"Acme/JobShop/Shop/{work_center}"


@pytest.fixture(scope="module")
def text() -> str:
    assert LOG is not None
    return LOG.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def entries(text: str) -> tuple[LogEntry, ...]:
    return read_shop_log(text, "Production.csv")


def test_the_log_has_its_known_counts(entries: tuple[LogEntry, ...]) -> None:
    assert len(entries) == 4_503
    assert len({entry.case for entry in entries}) == 225
    assert len({entry.worker for entry in entries}) == 46
    assert len({entry.activity for entry in entries}) == 24
    assert sum(entry.duration_s == 0 for entry in entries) == 9


def test_the_plan_has_one_work_request_a_case_and_one_job_order_an_activity(
    text: str, entries: tuple[LogEntry, ...]
) -> None:
    plan = plan_replay(entries, place_of=place_of, level_name=level_name, digest=log_digest(text))
    commands = [step for step in plan.steps if isinstance(step, CommandStep)]
    assert (plan.work_requests, plan.job_orders, plan.commands) == (225, 4_503, 225 + 5 * 4_503)
    assert len({step.command_id for step in commands}) == len(commands)
    assert len(plan.work_centers) == 24
    said = set[object]()
    for step in commands:
        assert step.after is None or step.after in said
        said.add(step.command_id)


def test_the_hours_are_those_of_an_independent_calculation(text: str, entries: tuple[LogEntry, ...]) -> None:
    minutes: dict[str, set[int]] = defaultdict(set)
    by_activity: dict[str, float] = defaultdict(float)
    summed = 0.0
    for row in csv.DictReader(text.splitlines()):
        if row["Activity"] in ("Start", "End"):
            continue
        start = datetime.fromisoformat(row["start_timestamp"]).timestamp()
        end = datetime.fromisoformat(row["time:timestamp"]).timestamp()
        summed += end - start
        by_activity[row["Activity"]] += end - start
        minutes[row["Resource"]].update(range(int(start // 60), int(end // 60)))

    centers = {level_name(entry.activity): entry.activity for entry in entries}
    totals = expected_totals(entries, centers)
    assert totals.labor_h == totals.job_h == summed / 3600 == 13_743.75
    assert totals.present_h == pytest.approx(11_038.85, abs=1e-9)
    assert totals.present_s == {person: 60 * len(covered) for person, covered in minutes.items()}
    assert {centers[name]: seconds for name, seconds in totals.job_s.items()} == by_activity
