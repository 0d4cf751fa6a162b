"""Totals from the event log: equal to the log when everything was said once, and precise about what is wrong otherwise."""

from collections.abc import Iterable
from typing import Any

from services.simulator.domain.replay import CommandStep, log_digest, plan_replay
from services.simulator.domain.shop_log import read_shop_log
from services.simulator.domain.totals import EventLogReader, differences, expected_totals

from .test_replay_plan import LOG, level_name, place_of

ENTRIES = read_shop_log(LOG, "log.csv")
PLAN = plan_replay(ENTRIES, place_of=place_of, level_name=level_name, digest=log_digest(LOG))


def events() -> list[dict[str, Any]]:
    """The events that a service would record for the plan."""
    rows: list[dict[str, Any]] = []
    places: dict[str, object] = {}

    def add(kind: str, step: CommandStep, **payload: object) -> None:
        rows.append(
            {
                "seq": len(rows) + 1,
                "event_id": f"{step.command_id}/{kind}",
                "type": kind,
                "subject": step.subject,
                "occurred_at": step.args["occurred_at"],
                "payload": {"work_center": places.get(step.subject), **payload},
            }
        )

    for step in PLAN.steps:
        if not isinstance(step, CommandStep):
            continue
        match step.name:
            case "StoreWorkRequest":
                add("WorkRequestStored", step)
            case "StoreAndStart":
                places[step.subject] = step.args["place"]
                add("JobOrderStored", step)
            case "Begin":
                add("JobOrderStateChanged", step, **{"from": "AllowedToStart", "to": "Running"})
            case "Complete":
                add("JobOrderStateChanged", step, **{"from": "Running", "to": "Ended"})
            case name:
                clock = "on" if name == "ClockOn" else "off"
                add("LaborReported", step, person=step.args["person"], clock=clock)
    return rows


def read(rows: Iterable[dict[str, Any]]) -> tuple[list[str], list[str]]:
    reader = EventLogReader(PLAN.subjects)
    reader.read(rows)
    found = reader.totals()
    return reader.problems, differences(expected_totals(ENTRIES, PLAN.work_centers), found)


def renumbered(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "seq": number} for number, row in enumerate(rows, start=1)]


def test_a_faithful_event_log_adds_up_to_the_log() -> None:
    assert read(events()) == ([], [])


def test_totals_sum_and_unite_the_hours_of_a_person() -> None:
    totals = expected_totals(ENTRIES, PLAN.work_centers)
    assert (totals.work_requests, totals.job_orders) == (2, 4)
    assert totals.labor_h == totals.job_h == 11
    assert totals.present_h == 7


def test_a_missing_event_is_a_hole() -> None:
    problems, _ = read(row for row in events() if row["seq"] != 4)
    assert problems[0] == "seq 5 where 4 was due"


def test_an_event_told_twice_is_named() -> None:
    rows = events()
    problems, _ = read(renumbered([*rows, rows[-1]]))
    assert any("is there twice" in problem for problem in problems)


def test_a_missing_clock_off_is_named_and_makes_a_difference() -> None:
    rows = [row for row in events() if not (row["subject"] == "Case2-001" and row["payload"].get("clock") == "off")]
    problems, different = read(renumbered(rows))
    assert problems == ["ID1 is still clocked on to Case2-001"]
    assert different == ["labor of ID1: 39600 s expected, 32400 s found"]


def test_what_others_do_in_the_same_log_is_not_added_up() -> None:
    stranger = {**events()[2], "event_id": "stranger", "subject": "Somebody-else"}
    assert read(renumbered([*events(), stranger])) == ([], [])


def test_an_order_that_never_ended_is_named_and_makes_a_difference() -> None:
    rows = [row for row in events() if not (row["subject"] == "Case2-001" and row["payload"].get("to") == "Ended")]
    problems, different = read(renumbered(rows))
    assert problems == ["job order Case2-001 has not ended"]
    assert different == [
        "job orders ended: 4 expected, 3 found",
        "job time of TurningMilling: 39600 s expected, 32400 s found",
    ]
