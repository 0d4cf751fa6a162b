"""A whole replay: from the text of a log and two ways into a site to an outcome that can be printed.

`uns simulate replay` finds `replay` here by way of the service's entry point, so its arguments and its outcome are plain values and types
of `namespace`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from namespace.isa95 import EquipmentPath, SiteModel, level_name_from
from namespace.runtime.client import SiteClient
from namespace.runtime.clock import Clock, SystemClock
from namespace.runtime.errors import NoAnswer
from namespace.runtime.health import Health
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.session import Session
from namespace.transport import Transport
from services.simulator.adapters.controller import SparkplugController
from services.simulator.adapters.replay_site import (
    EDGE_NODE_ID,
    GROUP_ID,
    WORK_ORDER,
    CountingBdSeq,
    WorkOrderDesk,
    shop_devices,
)
from services.simulator.application.pace import FullSpeed, Timed
from services.simulator.application.replay import IN_FLIGHT, Replay, ReplayProgress
from services.simulator.application.simulated_clock import to_ms
from services.simulator.application.verify import Verification, verify
from services.simulator.domain.replay import ReplayPlan, log_digest, plan_replay
from services.simulator.domain.shop_log import read_shop_log
from services.simulator.domain.tags import STATE
from services.simulator.domain.totals import Totals
from services.simulator.ports import Unanswered


class SiteMismatchError(ValueError):
    """The site has no place for some of the log's work.

    Attributes:
        missing: Level names of the work centers that the site file lacks.
    """

    def __init__(self, site: EquipmentPath, missing: Sequence[str]) -> None:
        super().__init__(
            f"site {site} has no work center for {', '.join(missing)}; run the site with a file that has one for each "
            f"activity of the log and maps group {GROUP_ID} to them, such as deploy/site/job-shop.yaml"
        )
        self.missing = missing


async def replay(
    text: str,
    source: str,
    *,
    site: SiteModel,
    guest: Transport,
    account: str,
    machines: Transport,
    speed: float | None = None,
    in_flight: int = IN_FLIGHT,
    check: bool = True,
    observe: Callable[[int, int, str], None] = lambda _answered, _commands, _at: None,
) -> Mapping[str, Any]:
    """Replay a shop-floor log into a running site.

    Args:
        text: The log as CSV.
        source: Name of the file, for messages.
        site: The site file of the running site.
        guest: Way in for commands and queries.
        account: The guest's broker account.
        machines: Way in for the edge node of the work centers.
        speed: Recorded seconds per real second; None for as fast as it is answered.
        in_flight: How many commands may be under way at once.
        check: Whether to hold the event log against the log afterwards.
        observe: Called with commands answered, commands in all, and the recorded time reached (ISO 8601).

    Returns:
        `work_requests`, `job_orders`, `commands`, `refused` (list of subject, command, code, message) and, if checked, `verification`
        (`equal`, `events`, `problems`, `differences`, `figures`).

    Raises:
        ValueError: The log cannot be read, or the site has no place for its work.
        NoAnswer: `work_order` does not answer; the same replay may be started again and goes on.
    """
    clock = SystemClock()
    entries = read_shop_log(text, source)
    places = _places(site, [entry.activity for entry in entries])
    plan = plan_replay(entries, place_of=places.__getitem__, level_name=level_name_from, digest=log_digest(text))
    client = SiteClient(guest, site.path, account, commands=frozenset({WORK_ORDER}), clock=clock)
    desk = WorkOrderDesk(client)
    shop = _shop(machines, plan, clock)

    def notice(progress: ReplayProgress) -> None:
        observe(progress.answered, progress.commands, progress.at.isoformat() if progress.at else "")

    run = Replay(
        plan,
        desk,
        shop,
        FullSpeed() if speed is None else Timed(speed, clock.now),
        in_flight=in_flight,
        observe=notice,
    )
    outcome: dict[str, Any] = {
        "work_requests": plan.work_requests,
        "job_orders": plan.job_orders,
        "commands": plan.commands,
    }
    try:
        async with client.connected():
            outcome["refused"] = await _say(run, shop)
            if check:
                outcome["verification"] = _report(await verify(entries, plan, desk.read_events))
    except* (NoAnswer, Unanswered) as group:
        raise _first_of(group) from None
    return outcome


def _places(site: SiteModel, activities: Sequence[str]) -> dict[str, str]:
    """Level name of each work center of the log -> its path, by the site's mapping rules."""
    places: dict[str, str] = {}
    missing: list[str] = []
    for name in dict.fromkeys(level_name_from(activity) for activity in activities):
        placement = site.mappings.resolve(GROUP_ID, EDGE_NODE_ID, name, STATE)
        if placement is None:
            missing.append(name)
        else:
            places[name] = str(placement.place)
    if missing:
        raise SiteMismatchError(site.path, missing)
    return places


def _shop(machines: Transport, plan: ReplayPlan, clock: Clock) -> SparkplugController:
    first_ms, health = to_ms(plan.steps[0].at), Health()
    return SparkplugController(
        Session(machines, name=EDGE_NODE_ID, health=health),
        group_id=GROUP_ID,
        edge_node_id=EDGE_NODE_ID,
        devices=shop_devices(plan.work_centers, first_ms),
        at_ms=first_ms,
        next_bd_seq=CountingBdSeq(int(clock.now().timestamp())),
        clock=clock,
        metrics=ServiceMetrics(),
        health=health,
    )


async def _say(run: Replay, shop: SparkplugController) -> list[dict[str, str]]:
    progress = ReplayProgress(0)

    async def work() -> None:
        nonlocal progress
        progress = await run.run()

    await shop.run(work)
    return [
        {"subject": step.subject, "command": step.name, "code": answer.code, "message": answer.message}
        for step, answer in progress.refused
    ]


def _report(found: Verification) -> dict[str, Any]:
    return {
        "equal": found.is_equal,
        "events": found.events,
        "problems": list(found.problems),
        "differences": list(found.differences),
        "figures": _figures(found.expected, found.found),
    }


def _figures(expected: Totals, found: Totals) -> list[dict[str, str]]:
    def row(name: str, want: object, have: object) -> dict[str, str]:
        return {"name": name, "expected": str(want), "found": str(have)}

    def hours(value: float) -> str:
        return f"{value:,.2f} h"

    return [
        row("work requests", expected.work_requests, found.work_requests),
        row("job orders ended", expected.job_orders, found.job_orders),
        row("labor, summed", hours(expected.labor_h), hours(found.labor_h)),
        row("labor, as union per person", hours(expected.present_h), hours(found.present_h)),
        row("job orders, summed", hours(expected.job_h), hours(found.job_h)),
        row("persons", len(expected.labor_s), len(found.labor_s)),
        row("activities", len(expected.job_s), len(found.job_s)),
    ]


def _first_of(group: BaseExceptionGroup[NoAnswer | Unanswered]) -> NoAnswer:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error if isinstance(error, NoAnswer) else NoAnswer(str(error), 0)
