"""The simulator: which lines and reactors run, how fast, and as whose edge nodes; and the replay and the load, for `uns simulate`."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from namespace.sparkplug import MetricDefinition
from services.simulator.adapters.bottling_devices import bottling_devices
from services.simulator.adapters.controller import SparkplugController
from services.simulator.adapters.load.run import load
from services.simulator.adapters.reactor_devices import reactor_devices
from services.simulator.adapters.replay_run import replay
from services.simulator.application.demo_orders import BOTTLES, RESIN, Demand, DemoOrders
from services.simulator.application.duty import CalendarDuty
from services.simulator.application.ground_truth import UnknownUnitError, ground_truth
from services.simulator.application.run_line import run_line
from services.simulator.application.simulated_clock import SimulatedClock
from services.simulator.domain import LINES, AroundTheClock, BottlingLine, Duty, LineProfile
from services.simulator.domain.reactor import REACTORS, BatchReactor
from services.simulator.domain.reactor.tags import STATE as REACTOR_STATE
from services.simulator.domain.simulation import Simulation
from services.simulator.domain.tags import STATE

LINE_GROUP = "Bottling"
REACTOR_GROUP = "Synthesis"
_WARM_UP_MS = 15 * 60_000
_BATCH_WARM_UP_MS = 70 * 60_000
_SOON_S = 1.0


class SimulatorSettings(BaseModel):
    """Settings of the simulator beside those of every service.

    Attributes:
        simulator_seed: Fixes the fate of the machines.
        simulator_speed: Simulated seconds per real second.
        simulator_primary_host: `wait`: the controllers send while the primary host is online, and keep what they have until then;
            `ignore`: they send to whoever is there, for a site without the historian.
        demo: Keep job orders in front of lines and reactors, and a crew on the first line, for trying the site out.
        simulator_duty: `calendar`: crews without relief take the breaks of the site file's calendar; `always`: no breaks.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    simulator_seed: int = 1
    simulator_speed: Annotated[float, Field(gt=0, le=600)] = 1.0
    simulator_duty: Literal["calendar", "always"] = "calendar"
    simulator_primary_host: Literal["wait", "ignore"] = "wait"
    demo: bool = False


@dataclass(frozen=True, slots=True)
class _Installation:
    """Something simulated, and as whose edge node it speaks.

    Attributes:
        name: What `ground_truth` calls it.
        place: The work center that the site file's mapping rules give it.
        group_id: Sparkplug group.
        edge_node_id: Edge node id of its controller.
        simulation: What runs.
        devices: What its controller is born with.
    """

    name: str
    place: EquipmentPath
    group_id: str
    edge_node_id: str
    simulation: Simulation
    devices: Mapping[str, Sequence[MetricDefinition]]


def compose(context: Context) -> Parts:
    """Put together what the site file has a place for."""
    settings = read_settings(SimulatorSettings)
    clock = SimulatedClock(context.clock.now, settings.simulator_speed)
    lines = list(_lines(context.site, settings, clock.now_ms))
    reactors = list(_reactors(context.site, settings, clock.now_ms))
    tasks: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {}
    for each in (*lines, *reactors):
        controller = _controller(context, settings, each)
        tasks[each.edge_node_id] = partial(controller.run, partial(run_line, each.simulation, controller, clock))
    if settings.demo:
        tasks["demo orders"] = _demo_orders(context, lines, reactors, clock, settings.simulator_seed).run
    simulated = {each.name: each.simulation for each in (*lines, *reactors)}
    return Parts(queries={"ground_truth": partial(_ground_truth, simulated)}, tasks=tasks)


def _lines(site: SiteModel, settings: SimulatorSettings, now_ms: int) -> Iterator[_Installation]:
    """Bottling lines that were started a while ago, so that they are found at work."""
    for profile in LINES:
        edge_node_id = f"{profile.name}-PLC"
        place = _place(site, LINE_GROUP, edge_node_id, profile.machines[0].name, STATE)
        if place is not None:
            duty = _duty(profile, settings, site, place)
            line = BottlingLine(profile, seed=settings.simulator_seed, start_ms=now_ms - _WARM_UP_MS, duty=duty)
            line.advance(now_ms)
            yield _Installation(profile.name, place, LINE_GROUP, edge_node_id, line, bottling_devices(line))


def _reactors(site: SiteModel, settings: SimulatorSettings, now_ms: int) -> Iterator[_Installation]:
    """Reactors in the middle of a batch."""
    for profile in REACTORS:
        edge_node_id = f"{profile.cell}-DCS"
        place = _place(site, REACTOR_GROUP, edge_node_id, profile.name, REACTOR_STATE)
        if place is not None:
            reactor = BatchReactor(profile, seed=settings.simulator_seed, start_ms=now_ms - _BATCH_WARM_UP_MS)
            reactor.advance(now_ms)
            yield _Installation(profile.cell, place, REACTOR_GROUP, edge_node_id, reactor, reactor_devices(reactor))


def _place(site: SiteModel, group_id: str, edge_node_id: str, device_id: str, metric: str) -> EquipmentPath | None:
    placement = site.mappings.resolve(group_id, edge_node_id, device_id, metric)
    if placement is None:
        get_logger().info("not_in_site_file", edge_node=f"{group_id}/{edge_node_id}")
        return None
    return placement.place.work_center_path


def _duty(profile: LineProfile, settings: SimulatorSettings, site: SiteModel, place: EquipmentPath) -> Duty:
    if settings.simulator_duty == "always" or profile.relieved:
        return AroundTheClock()
    return CalendarDuty(site.calendar(place))


def _controller(context: Context, settings: SimulatorSettings, installation: _Installation) -> SparkplugController:
    group_id, edge_node_id = installation.group_id, installation.edge_node_id
    return SparkplugController(
        Session(
            context.open_transport(f"-{edge_node_id}"),
            name=edge_node_id,
            health=context.health,
            backoff=Backoff(limit_s=_SOON_S),
        ),
        group_id=group_id,
        edge_node_id=edge_node_id,
        devices=installation.devices,
        at_ms=installation.simulation.now_ms,
        clock=context.clock,
        metrics=context.metrics,
        health=context.health,
        buffer=EdgeBuffer(buffer_path(context.settings.data_dir, group_id, edge_node_id)),
        primary_host_id=context.host_id if settings.simulator_primary_host == "wait" else None,
    )


def _demo_orders(
    context: Context,
    lines: Sequence[_Installation],
    reactors: Sequence[_Installation],
    clock: SimulatedClock,
    seed: int,
) -> DemoOrders:
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
    demands = [
        *(Demand(each.place, BOTTLES, is_crewed=index == 0) for index, each in enumerate(lines)),
        *(Demand(each.place, RESIN, is_crewed=True) for each in reactors),
    ]
    return DemoOrders(demands, ask=ask, send=send, source=source, now=lambda: clock.now)


async def _ground_truth(lines: Mapping[str, Simulation], args: GroundTruthArgs) -> Page:
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
