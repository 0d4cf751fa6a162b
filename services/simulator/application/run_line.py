"""Keeping a simulated installation in step with its clock."""

import asyncio

from services.simulator.application.simulated_clock import SimulatedClock
from services.simulator.domain.conflate import conflate
from services.simulator.domain.simulation import Simulation
from services.simulator.ports import Controller

TICK_S = 0.1
_KEEP_TRUTH_MS = 48 * 3_600_000


async def run_line(line: Simulation, controller: Controller, clock: SimulatedClock) -> None:
    """Let a line run until cancelled, reporting what changes.

    Args:
        line: The line; its time must not lie after the clock's.
        controller: Reports to the namespace.
        clock: Simulated time.
    """
    while True:
        step(line, controller, clock.now_ms)
        await asyncio.sleep(TICK_S)


def step(line: Simulation, controller: Controller, until_ms: int) -> None:
    """Bring a line to a time and report what changed on the way.

    Args:
        line: The line.
        controller: Reports to the namespace.
        until_ms: Simulated time, milliseconds since the epoch.
    """
    for report in conflate(line.advance(until_ms), line.is_measured):
        controller.show(report.unit, report.tags, report.at_ms)
    controller.show_time(line.now_ms - line.now_ms % line.scan_ms)
    for unit in line.units:
        line.truth(unit).forget_before(line.now_ms - _KEEP_TRUTH_MS)
