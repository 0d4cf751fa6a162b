"""One run of the suite: a site at work, rounds of faults, and the comparison with the truth when everything has come to rest."""

from __future__ import annotations

import asyncio
import dataclasses
import math
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from namespace.testing.chaos.fault import Round
from namespace.testing.chaos.injector import Injector
from namespace.testing.chaos.wiring import Wires, Wiring, wired
from namespace.testing.site import running_site
from tests.chaos.comparison import compare_events
from tests.chaos.counts import Counts
from tests.chaos.intervals import Intervals, compare_states
from tests.chaos.orders import LANES, Orders
from tests.chaos.outcome import Outcome
from tests.chaos.readings import Meters, compare_readings
from tests.chaos.tables import PRODUCERS, Tables
from tests.chaos.work import Work

PLANT = Path(__file__).parent / "plant.yaml"
SERVICES = ("historian", "namespace_state", "oee", "work_order")
METERS = "meters"
NODES = tuple(f"C{number:02}-PLC" for number in range(1, LANES + 1))


@dataclass(frozen=True)
class Size:
    """How much work there is.

    Attributes:
        commands_a_round: Commands that are answered between two rounds of faults.
        metrics: Numbered metrics in each report of a cell.
        every_s: Seconds between two reports of a cell.
        pause_s: Seconds that a work center rests after each command.
        events: Go on until so many events stand in all logs.
        readings: And until so many readings were kept.
        most_s: But no longer, in seconds.
    """

    commands_a_round: int
    metrics: int
    every_s: float
    pause_s: float = 0.0
    events: int = 0
    readings: int = 0
    most_s: float = math.inf

    def is_done(self, outcome: Outcome) -> bool:
        """Tell whether there was enough work."""
        if outcome.took_s >= self.most_s:
            return True
        return bool(self.events) and outcome.logged >= self.events and outcome.readings >= self.readings


async def run(
    seed: int, rounds: Iterable[Round], size: Size, *, observe: Callable[[Outcome], None] = lambda _: None
) -> Outcome:
    """Run a site, let rounds of faults happen to it for as long as there are any or the work is not done, and compare.

    Args:
        seed: Of the work.
        rounds: The faults; without end where `size` says how much is enough.
        size: How much work there is.
        observe: Called after each round.
    """
    outcome = Outcome(seed)
    with running_site(PLANT, without=("console", "simulator")) as site:
        async with AsyncExitStack() as stack:
            wiring = await stack.enter_async_context(wired(site))
            tables = await stack.enter_async_context(Tables.opened(wiring, SERVICES))
            counts = Counts()
            client = site.client()
            counts.listen(client)
            await stack.enter_async_context(client.connected())
            meters = await stack.enter_async_context(Meters(site, NODES, size.metrics, size.every_s).running())
            wiring[METERS] = Wires(meters.proxy)
            injector = Injector(site, wiring, seed, processes={METERS: lambda: meters.pid})
            work = Work(site, injector, tables, client, meters, counts, Orders(seed, "JO", size.pause_s))
            began_s = time.monotonic()
            async with work.working():
                for faults in rounds:
                    await work.advanced(size.commands_a_round)
                    outcome.rounds.append((faults, await work.disturbed(faults)))
                    outcome.waited = work.waited
                    outcome.took_s = time.monotonic() - began_s
                    await _count(outcome, tables, work, meters, wiring)
                    observe(outcome)
                    if size.is_done(outcome):
                        break
            outcome.took_s = time.monotonic() - began_s
            await work.at_rest()
            await _count(outcome, tables, work, meters, wiring)
            outcome.rested_s = time.monotonic() - began_s - outcome.took_s
            intervals = Intervals()
            compared = await asyncio.gather(
                compare_events(tables, work.orders, intervals), compare_readings(tables, meters)
            )
            outcome.problems += chain(*compared, await compare_states(tables, intervals, NODES))
    return outcome


async def _count(outcome: Outcome, tables: Tables, work: Work, meters: Meters, wiring: Wiring) -> None:
    outcome.logged = sum([await tables.head(service) for service in PRODUCERS])
    outcome.commands, outcome.events = len(work.orders.commands), work.orders.total
    outcome.readings, outcome.units = meters.count(), sum(meters.counted().values())
    outcome.passed.clear()
    for wires in wiring.values():
        for proxy in wires.both():
            outcome.passed.update(dataclasses.asdict(proxy.passed))
