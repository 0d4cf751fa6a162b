"""Saying a replay plan: in order where order matters, side by side where not, bounded, and to the end."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import pytest

from services.simulator.application.pace import FullSpeed, Timed
from services.simulator.application.replay import IN_WORK, Replay, ReplayProgress
from services.simulator.domain.packml import State
from services.simulator.domain.replay import CommandStep, StateStep, log_digest, plan_replay
from services.simulator.domain.shop_log import read_shop_log
from services.simulator.domain.tags import STATE, TagValue
from services.simulator.ports import Answer, Unanswered

from .test_replay_plan import LOG, level_name, place_of

PLAN = plan_replay(read_shop_log(LOG, "log.csv"), place_of=place_of, level_name=level_name, digest=log_digest(LOG))
DONE = Answer(done=True, code="Done", message="done")


class Shop:
    """Remembers what was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, dict[str, TagValue], int]] = []
        self.times: list[int] = []

    def show(self, unit: str, tags: Mapping[str, TagValue], at_ms: int) -> None:
        self.shown.append((unit, dict(tags), at_ms))

    def show_time(self, at_ms: int) -> None:
        self.times.append(at_ms)


class Desk:
    """Answers after a few turns of the loop, the later commands sooner, and remembers what was under way."""

    def __init__(self, refuse: str = "") -> None:
        self.answered: list[CommandStep] = []
        self.begun: list[UUID] = []
        self.under_way = 0
        self.most_under_way = 0
        self._refuse = refuse

    async def send(self, step: CommandStep) -> Answer:
        self.begun.append(step.command_id)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        for _ in range(30 - len(self.begun)):
            await asyncio.sleep(0)
        self.under_way -= 1
        self.answered.append(step)
        return Answer(done=False, code="WrongState", message="no") if step.name == self._refuse else DONE


async def test_every_command_is_sent_once_and_after_the_one_it_waits_for() -> None:
    desk = Desk()
    progress = await Replay(PLAN, desk, Shop(), FullSpeed()).run()
    assert progress.answered == PLAN.commands == len(desk.answered)
    assert progress.refused == []
    seen = set[UUID]()
    for step in desk.answered:
        assert step.after is None or step.after in seen
        seen.add(step.command_id)
    assert len(seen) == PLAN.commands


async def test_no_more_commands_are_under_way_than_allowed() -> None:
    narrow, wide = Desk(), Desk()
    await Replay(PLAN, narrow, Shop(), FullSpeed(), in_flight=1).run()
    await Replay(PLAN, wide, Shop(), FullSpeed(), in_flight=5).run()
    assert narrow.most_under_way == 1
    assert 1 < wide.most_under_way <= 5


async def test_states_of_work_centers_are_shown_beside_the_commands() -> None:
    shop = Shop()
    await Replay(PLAN, Desk(), shop, FullSpeed()).run()
    planned = [step for step in PLAN.steps if isinstance(step, StateStep)]
    assert [unit for unit, _, _ in shop.shown] == [step.work_center for step in planned]
    assert shop.shown[0][1] == {STATE: int(State.EXECUTE), IN_WORK: 1}
    assert shop.times == sorted(shop.times)


async def test_refusals_are_collected_and_the_replay_goes_on() -> None:
    progress = await Replay(PLAN, Desk(refuse="ClockOn"), Shop(), FullSpeed()).run()
    assert progress.answered == PLAN.commands
    assert [step.name for step, _ in progress.refused] == ["ClockOn"] * PLAN.job_orders


async def test_progress_is_observed_after_every_answer() -> None:
    seen: list[tuple[int, datetime | None]] = []

    def observe(progress: ReplayProgress) -> None:
        seen.append((progress.answered, progress.at))

    await Replay(PLAN, Desk(), Shop(), FullSpeed(), observe=observe).run()
    assert [answered for answered, _ in seen] == list(range(1, PLAN.commands + 1))
    assert seen[-1][1] == max(step.at for step in PLAN.steps)


async def test_a_replay_ends_when_nobody_answers() -> None:
    class Silence:
        async def send(self, step: CommandStep) -> Answer:
            raise Unanswered("nobody")

    with pytest.RaisesGroup(Unanswered, flatten_subgroups=True):
        await Replay(PLAN, Silence(), Shop(), FullSpeed(), in_flight=1).run()


async def test_recorded_time_passes_at_a_multiple_of_real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    real = datetime.fromisoformat("2030-01-01T00:00:00+00:00")
    waited: list[float] = []

    async def sleep(delay_s: float) -> None:
        waited.append(delay_s)

    monkeypatch.setattr("services.simulator.application.pace.asyncio.sleep", sleep)
    pace = Timed(3600, lambda: real)
    for step in PLAN.steps:
        await pace.until(step.at)
    hours = [(step.at - PLAN.steps[0].at).total_seconds() / 3600 for step in PLAN.steps]
    assert waited == [late for late in hours if late > 0]


def test_time_does_not_stand_still() -> None:
    with pytest.raises(ValueError, match="speed 0"):
        Timed(0, lambda: datetime.fromisoformat("2030-01-01T00:00:00+00:00"))
