"""The simulator: which lines run, how fast, and as whose edge nodes; and the replay and the load, for `uns simulate`."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from namespace.contracts.command import Command, CommandStatus
from namespace.contracts.ids import RANDOM_BYTES, uuid7
from namespace.contracts.simulator import CONTRACT, GroundTruthArgs
from namespace.isa95 import EquipmentPath, SiteModel
from namespace.runtime.backoff import Backoff
from namespace.runtime.edge_buffer import EdgeBuffer, buffer_path
from namespace.runtime.errors import QueryFailed
from namespace.runtime.logging import get_logger
from namespace.runtime.queries import Page
from namespace.runtime.service import Context, Parts, Service
from namespace.runtime.session import Session
from namespace.runtime.settings import read_settings
from services.simulator.adapters.bottling_devices import bottling_devices
from services.simulator.adapters.controller import SparkplugController
from services.simulator.adapters.load.run import load
from services.simulator.adapters.replay_run import replay
from services.simulator.application.demo_orders import DemoOrders
from services.simulator.application.duty import CalendarDuty
from services.simulator.application.ground_truth import UnknownUnitError, ground_truth
from services.simulator.application.run_line import run_line
from services.simulator.application.simulated_clock import SimulatedClock
from services.simulator.domain import LINES, AroundTheClock, BottlingLine, Duty, LineProfile
from services.simulator.domain.tags import STATE

GROUP_ID = "Bottling"
_WARM_UP_MS = 15 * 60_000
_SOON_S = 1.0


class SimulatorSettings(BaseModel):
    """Settings of the simulator beside those of every service.

    Attributes:
        simulator_seed: Fixes the fate of the machines.
        simulator_speed: Simulated seconds per real second.
        simulator_primary_host: `wait`: the controllers send while the primary host is online, and keep what they have until then;
            `ignore`: they send to whoever is there, for a site without the historian.
        demo: Keep job orders in front of the lines, and a crew on the first, for trying the site out.
        simulator_duty: `calendar`: crews without relief take the breaks of the site file's calendar; `always`: no breaks.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    simulator_seed: int = 1
    simulator_speed: Annotated[float, Field(gt=0, le=600)] = 1.0
    simulator_duty: Literal["calendar", "always"] = "calendar"
    simulator_primary_host: Literal["wait", "ignore"] = "wait"
    demo: bool = False


def compose(context: Context) -> Parts:
    """Put the lines together that the site file has a place for."""
    settings = read_settings(SimulatorSettings)
    clock = SimulatedClock(context.clock.now, settings.simulator_speed)
    lines: dict[str, BottlingLine] = {}
    tasks: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {}
    places: list[EquipmentPath] = []
    for profile in LINES:
        place = _place(profile, context.site)
        if place is None:
            get_logger().info("line_not_in_site_file", line=profile.name)
            continue
        line = _running_line(profile, settings, _duty(profile, settings, context.site, place), clock.now_ms)
        controller = _controller(context, settings, line)
        lines[profile.name] = line
        places.append(place)
        tasks[_edge_node_id(profile)] = partial(controller.run, partial(run_line, line, controller, clock))
    if settings.demo:
        tasks["demo orders"] = _demo_orders(context, places, settings.simulator_seed).run
    return Parts(
        queries={"ground_truth": partial(_ground_truth, lines)},
        tasks=tasks,
    )


def _edge_node_id(profile: LineProfile) -> str:
    return f"{profile.name}-PLC"


def _place(profile: LineProfile, site: SiteModel) -> EquipmentPath | None:
    """The work center that the site file's mapping rules give the line, if any."""
    placement = site.mappings.resolve(GROUP_ID, _edge_node_id(profile), profile.machines[0].name, STATE)
    return placement.place.work_center_path if placement else None


def _duty(profile: LineProfile, settings: SimulatorSettings, site: SiteModel, place: EquipmentPath) -> Duty:
    if settings.simulator_duty == "always" or profile.relieved:
        return AroundTheClock()
    return CalendarDuty(site.calendar(place))


def _running_line(profile: LineProfile, settings: SimulatorSettings, duty: Duty, now_ms: int) -> BottlingLine:
    """A line that was started a while ago, so that it is found at work."""
    line = BottlingLine(profile, seed=settings.simulator_seed, start_ms=now_ms - _WARM_UP_MS, duty=duty)
    line.advance(now_ms)
    return line


def _controller(context: Context, settings: SimulatorSettings, line: BottlingLine) -> SparkplugController:
    edge_node_id = _edge_node_id(line.profile)
    return SparkplugController(
        Session(
            context.open_transport(f"-{edge_node_id}"),
            name=edge_node_id,
            health=context.health,
            backoff=Backoff(limit_s=_SOON_S),
        ),
        group_id=GROUP_ID,
        edge_node_id=edge_node_id,
        devices=bottling_devices(line),
        at_ms=line.now_ms,
        clock=context.clock,
        metrics=context.metrics,
        health=context.health,
        buffer=EdgeBuffer(buffer_path(context.settings.data_dir, GROUP_ID, edge_node_id)),
        primary_host_id=context.host_id if settings.simulator_primary_host == "wait" else None,
    )


def _demo_orders(context: Context, lines: Sequence[EquipmentPath], seed: int) -> DemoOrders:
    """The demo's planner and crew, speaking to `work_order` as anybody would."""

    async def ask(line: EquipmentPath) -> Sequence[Mapping[str, Any]]:
        states = ["NotAllowedToStart", "AllowedToStart", "Running", "Interrupted"]
        page = await context.queries.ask("work_order", "job_orders", {"place": str(line), "state": states})
        found: Sequence[Mapping[str, Any]] = page.data
        return found

    async def send(name: str, job_order: str, args: Mapping[str, Any], actor: str) -> bool:
        now = context.clock.now()
        command = Command(
            command_id=uuid7(now, os.urandom(RANDOM_BYTES)),
            name=name,
            subject=job_order,
            args=args,
            actor=actor,
            issued_at=now,
            expires_at=now + timedelta(minutes=1),
        )
        answer = await context.commands.send("work_order", command)
        return answer.status is CommandStatus.DONE

    source = random.Random(f"{seed}-{context.clock.now().isoformat()}")
    unit = context.site.work_center(lines[0]).unit if lines else "H87"
    return DemoOrders(lines, lines[:1], ask=ask, send=send, unit=unit or "H87", source=source)


async def _ground_truth(lines: Mapping[str, BottlingLine], args: GroundTruthArgs) -> Page:
    try:
        document, next_ms = ground_truth(
            lines,
            args.unit,
            since_ms=args.since_ms,
            until_ms=args.until_ms,
            page_ms=None if args.cursor is None else int(args.cursor),
            limit=args.limit,
        )
    except UnknownUnitError as error:
        raise QueryFailed("UnknownUnit", str(error)) from error
    return Page(document, None if next_ms is None else str(next_ms))


SERVICE = Service(contract=CONTRACT, compose=compose)

__all__ = ["SERVICE", "load", "replay"]
