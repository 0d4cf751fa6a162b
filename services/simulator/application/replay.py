"""Saying a replay plan: many commands under way at once, those of one job order one after the other.

A command is begun in the order of the plan as soon as there is a free slot, waits there for the answer to the one before it in the life of
its job order, and is repeated by its sender until it is answered. So the replay survives the death of everybody it talks to, and a second
run of the same plan changes nothing.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.simulator.application.simulated_clock import to_ms
from services.simulator.domain.replay import CommandStep, ReplayPlan, StateStep
from services.simulator.domain.tags import PROCESS_FOLDER, STATE
from services.simulator.ports import Answer, CommandSender, Controller, Pace

IN_WORK = f"{PROCESS_FOLDER}JobsInWork"
IN_FLIGHT = 256


@dataclass(slots=True)
class ReplayProgress:
    """How far a replay is.

    Attributes:
        commands: How many there are in all.
        answered: How many are answered.
        refused: The commands that were refused, with the answer.
        at: Recorded time that has been reached.
    """

    commands: int
    answered: int = 0
    refused: list[tuple[CommandStep, Answer]] = field(default_factory=list)
    at: datetime | None = None


class Replay:
    """One replay under way.

    Args:
        plan: What to say.
        sender: Sends commands.
        shop: Reports the states of the work centers.
        pace: How fast recorded time passes.
        in_flight: How many commands may be under way at once.
        observe: Called with the progress after every answer.
    """

    def __init__(
        self,
        plan: ReplayPlan,
        sender: CommandSender,
        shop: Controller,
        pace: Pace,
        *,
        in_flight: int = IN_FLIGHT,
        observe: Callable[[ReplayProgress], None] = lambda _progress: None,
    ) -> None:
        self._plan = plan
        self._sender = sender
        self._shop = shop
        self._pace = pace
        self._slots = asyncio.Semaphore(in_flight)
        self._observe = observe
        self._answers: dict[UUID, asyncio.Event] = {}
        self._progress = ReplayProgress(plan.commands)

    async def run(self) -> ReplayProgress:
        """Say the whole plan.

        Returns:
            The final progress; everything is answered.

        Raises:
            ExceptionGroup: Of `Unanswered`: nobody answered for too long; running the plan again goes on where it stopped.
        """
        async with asyncio.TaskGroup() as group:
            for step in self._plan.steps:
                await self._pace.until(step.at)
                if isinstance(step, StateStep):
                    self._show(step)
                    continue
                await self._slots.acquire()
                self._answers[step.command_id] = asyncio.Event()
                group.create_task(self._say(step))
        return self._progress

    def _show(self, step: StateStep) -> None:
        at_ms = to_ms(step.at)
        self._shop.show(step.work_center, {STATE: int(step.state), IN_WORK: step.in_work}, at_ms)
        self._shop.show_time(at_ms)

    async def _say(self, step: CommandStep) -> None:
        try:
            if step.after is not None:
                await self._answers[step.after].wait()
            answer = await self._sender.send(step)
        finally:
            self._slots.release()
        self._answers[step.command_id].set()
        progress = self._progress
        progress.answered += 1
        if progress.at is None or step.at > progress.at:
            progress.at = step.at
        if not answer.done:
            progress.refused.append((step, answer))
        self._observe(progress)
