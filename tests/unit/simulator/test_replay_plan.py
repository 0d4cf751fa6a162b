"""The replay plan of a small log: who says what, when, in which order, under which id."""

from datetime import UTC, datetime

import pytest

from services.simulator.domain.packml import State
from services.simulator.domain.replay import (
    AmbiguousActivityError,
    CommandStep,
    ReplayPlan,
    StateStep,
    log_digest,
    plan_replay,
)
from services.simulator.domain.shop_log import ShopLogError, read_shop_log, union_s

HEADING = "concept:name,org:resource,start_timestamp,time:timestamp,case:concept:name\n"
LOG = HEADING + (
    "Start,Start,2012-03-24 22:00:00+02:00,2012-03-24 22:00:00+02:00,Case1\n"
    "Turning & Milling,ID1,2012-03-24 22:00:00+02:00,2012-03-25 06:00:00+03:00,Case1\n"
    "Q.C.,ID2,2012-03-25 07:00:00+03:00,2012-03-25 07:00:00+03:00,Case1\n"
    "Turning & Milling,ID1,2012-03-24 23:00:00+02:00,2012-03-25 01:00:00+02:00,Case2\n"
    "Turning & Milling,ID1,2012-03-24 23:00:00+02:00,2012-03-25 01:00:00+02:00,Case2\n"
    "End,End,2012-03-25 07:00:00+03:00,2012-03-25 07:00:00+03:00,Case1\n"
)


def level_name(activity: str) -> str:
    return "".join(character for character in activity if character.isalnum())


def place_of(work_center: str) -> str:
    return f"Acme/JobShop/Shop/{work_center}"


def plan_of(text: str) -> ReplayPlan:
    return plan_replay(
        read_shop_log(text, "log.csv"), place_of=place_of, level_name=level_name, digest=log_digest(text)
    )


def commands_of(plan: ReplayPlan) -> list[CommandStep]:
    return [step for step in plan.steps if isinstance(step, CommandStep)]


def test_markers_are_dropped_and_repeated_and_empty_rows_count() -> None:
    entries = read_shop_log(LOG, "log.csv")
    assert [entry.row for entry in entries] == [3, 4, 5, 6]
    assert [entry.duration_s for entry in entries] == [7 * 3600, 0, 7200, 7200]


def test_each_row_brings_its_own_offset() -> None:
    first = read_shop_log(LOG, "log.csv")[0]
    assert first.start == datetime(2012, 3, 24, 20, tzinfo=UTC)
    assert first.end == datetime(2012, 3, 25, 3, tzinfo=UTC)


def test_a_job_order_is_stored_begun_clocked_and_completed_in_this_order() -> None:
    mine = [step for step in commands_of(plan_of(LOG)) if step.subject == "Case1-001"]
    assert [step.name for step in mine] == ["StoreAndStart", "Begin", "ClockOn", "ClockOff", "Complete"]
    assert [step.after for step in mine[1:]] == [step.command_id for step in mine[:-1]]
    assert mine[0].args["place"] == "Acme/JobShop/Shop/TurningMilling"
    assert mine[0].args["work_request"] == "Case1"
    assert mine[2].args == {"person": "ID1", "occurred_at": "2012-03-24T20:00:00+00:00"}
    assert mine[3].args == {"person": "ID1", "occurred_at": "2012-03-25T03:00:00+00:00"}


def test_the_work_request_comes_before_its_job_orders() -> None:
    commands = commands_of(plan_of(LOG))
    request = next(step for step in commands if step.name == "StoreWorkRequest" and step.subject == "Case1")
    stores = [step for step in commands if step.name == "StoreAndStart" and step.subject.startswith("Case1-")]
    assert {step.after for step in stores} == {request.command_id}


def test_a_command_never_comes_before_the_one_it_waits_for() -> None:
    said = set[object]()
    for step in commands_of(plan_of(LOG)):
        assert step.after is None or step.after in said
        said.add(step.command_id)


def test_steps_are_in_order_of_time() -> None:
    times = [step.at for step in plan_of(LOG).steps]
    assert times == sorted(times)


def test_rows_that_repeat_another_are_job_orders_of_their_own() -> None:
    commands = commands_of(plan_of(LOG))
    assert len({step.command_id for step in commands}) == len(commands) == 2 + 4 * 5
    assert {step.subject for step in commands if step.name == "Complete"} == {
        "Case1-001",
        "Case1-002",
        "Case2-001",
        "Case2-002",
    }


def test_planning_twice_gives_the_same_plan_and_another_file_other_ids() -> None:
    assert plan_of(LOG) == plan_of(LOG)
    others = {step.command_id for step in commands_of(plan_of(LOG + "\n"))}
    assert not others & {step.command_id for step in commands_of(plan_of(LOG))}


def test_a_work_center_executes_while_something_is_in_work() -> None:
    changes = [
        (step.at.hour, step.state, step.in_work)
        for step in plan_of(LOG).steps
        if isinstance(step, StateStep) and step.work_center == "TurningMilling"
    ]
    assert changes == [
        (20, State.EXECUTE, 1),
        (21, State.EXECUTE, 3),
        (23, State.EXECUTE, 1),
        (3, State.IDLE, 0),
    ]


def test_activities_that_would_share_a_work_center_are_refused() -> None:
    with pytest.raises(AmbiguousActivityError, match=r"'Q\.C\.' and 'QC'.*QC"):
        plan_of(LOG + "QC,ID2,2012-03-25 07:00:00+03:00,2012-03-25 07:10:00+03:00,Case1\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", r"log\.csv, line 1: there is no column case:concept:name"),
        (HEADING + "Fix,,2012-03-25 07:00:00+03:00,2012-03-25 07:10:00+03:00,C\n", "line 2: case, activity or worker"),
        (
            HEADING + "Fix,ID,2012-03-25 07:00:00,2012-03-25 07:10:00+03:00,C\n",
            "line 2: .*is not a time with an offset",
        ),
        (HEADING + "Fix,ID,noon,2012-03-25 07:10:00+03:00,C\n", "line 2: 'noon' in column start_timestamp"),
        (HEADING + "Fix,ID,2012-03-25 07:00:00+03:00,2012-03-25 06:10:00+03:00,C\n", "line 2: it ends at"),
        (HEADING + "Start,Start,2012-03-25 07:00:00+03:00,2012-03-25 06:10:00+03:00,C\n", "no activity in it"),
        (HEADING + 'Fix,"ID,2012-03-25 07:00:00+03:00\n', "line 2: unexpected end of data"),
    ],
)
def test_a_broken_log_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ShopLogError, match=message):
        read_shop_log(text, "log.csv")


def test_time_covered_twice_counts_once() -> None:
    def at(hour: int) -> datetime:
        return datetime(2012, 1, 1, hour, tzinfo=UTC)

    assert union_s([(at(3), at(5)), (at(1), at(4)), (at(7), at(8)), (at(7), at(7))]) == 5 * 3600
