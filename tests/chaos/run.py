"""One run of the suite: a site at work, a schedule of faults, and the comparison with the truth when everything has come to rest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from namespace.runtime import SiteClient
from namespace.servers import readiness
from namespace.testing.chaos.fault import Round
from namespace.testing.chaos.injector import Injector
from namespace.testing.chaos.wiring import Wires, wired
from namespace.testing.site import RunningSite, eventually, running_site
from tests.chaos.comparison import Tables, compare_events
from tests.chaos.orders import LANES, Orders
from tests.chaos.readings import Meters, arrived, compare_readings

PLANT = Path(__file__).parent / "plant.yaml"
SERVICES = ("historian", "namespace_state", "oee", "work_order")
METERS = "meters"
NODES = tuple(f"C{number:02}-PLC" for number in range(1, LANES + 1))
_PATIENCE_S = 120.0


@dataclass(frozen=True)
class Size:
    """How much work there is.

    Attributes:
        commands_a_round: Commands that are answered between two rounds of faults.
        metrics: Metrics in each report of a meter.
        every_s: Seconds between two reports of a meter.
    """

    commands_a_round: int
    metrics: int
    every_s: float


@dataclass
class Outcome:
    """What a run showed.

    Attributes:
        seed: Of work and faults.
        rounds: Each round with the seconds from the end of its last fault to full recovery.
        events: How many events were said.
        readings: How many readings surely reached a buffer.
        problems: Where the tables differ from the truth.
    """

    seed: int
    rounds: list[tuple[Round, float]] = field(default_factory=list)
    events: int = 0
    readings: int = 0
    problems: list[str] = field(default_factory=list)

    def told(self) -> str:
        """Tell what happened, for the message of a failure."""
        history = (f"  {said(faults)}; whole again after {after_s:.1f} s" for faults, after_s in self.rounds)
        return "\n".join((f"seed {self.seed}, {self.events} events, {self.readings} readings", *history))


class Run:
    """A site at work."""

    def __init__(
        self,
        site: RunningSite,
        injector: Injector,
        tables: Tables,
        client: SiteClient,
        meters: Meters,
        seed: int,
    ) -> None:
        self._site = site
        self._meters = meters
        self._injector = injector
        self._tables = tables
        self._client = client
        self._latest: Round = ()
        self.orders = Orders(seed, "JO")

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Keep every work center busy while the context is open; return when all begun work is done."""
        enough = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for lane in range(LANES):
                group.create_task(self.orders.lane(self._client, lane, enough), name=f"lane {lane}")
            yield
            enough.set()
        self._meters.enough()

    async def advanced(self, commands: int) -> None:
        """Wait until so many further commands are answered."""
        goal = len(self.orders.commands) + commands

        async def reached() -> bool:
            return len(self.orders.commands) >= goal

        await self._until(reached, f"{commands} commands answered")

    async def disturbed(self, faults: Round) -> float:
        """Let faults happen; return the seconds from their end until the site is whole again."""
        self._latest = faults
        await self._injector.round(faults)
        over_s = time.monotonic()
        await self.whole()
        return time.monotonic() - over_s

    async def whole(self) -> None:
        """Wait until a new command is answered, every service is ready, and everything said before is applied by its followers."""
        asked = asyncio.create_task(self.orders.one(self._client))

        async def answered() -> bool:
            return asked.done()

        await self._until(answered, "a command answered")
        await asked
        await self._until(self._all_ready, "every service ready")
        head = await self._tables.head("work_order")

        async def applied() -> bool:
            return await self._tables.cursor("oee", "work_order") >= head

        await self._until(applied, f"event {head} applied")

    async def at_rest(self) -> None:
        """Wait until every event that must be there is there, and was applied by every follower."""

        async def rests() -> bool:
            at = self._tables
            head = await at.head("work_order")
            return head >= self.orders.total and await at.cursor("oee", "work_order") == head and await at.drained()

        await self._until(rests, f"{self.orders.total} events applied")
        kept = sum(map(len, self._meters.kept().values())) * self._meters.metrics

        async def journaled() -> bool:
            return await arrived(self._tables) >= kept

        await self._until(journaled, f"{kept} readings in the journal")

    async def _until(self, probe: Callable[[], Awaitable[bool]], what: str) -> None:
        await eventually(
            probe,
            within_s=_PATIENCE_S,
            what=lambda: f"{what} after {said(self._latest)} (seed {self.orders.seed})\n{self._site.standing()}",
        )

    async def _all_ready(self) -> bool:
        ports = [service.health_port for service in self._site.state().services]
        answers = await asyncio.gather(*(asyncio.to_thread(readiness.ask, port) for port in ports))
        return all(answer.ready for answer in answers)


def said(faults: Round) -> str:
    """Name the faults of a round, for people."""
    return " and ".join(map(str, faults)) or "no fault"


async def run(seed: int, schedule: Sequence[Round], *, size: Size) -> Outcome:
    """Run a site, let all faults of `schedule` happen to it, and compare.

    Args:
        seed: Of the work.
        schedule: The faults.
        size: How much work there is.
    """
    outcome = Outcome(seed)
    with running_site(PLANT, without=("console", "simulator")) as site:
        async with AsyncExitStack() as stack:
            wiring = await stack.enter_async_context(wired(site))
            tables = await stack.enter_async_context(Tables.opened(wiring, SERVICES))
            client = await stack.enter_async_context(site.guest())
            meters = await stack.enter_async_context(Meters(site, NODES, size.metrics, size.every_s).running())
            wiring[METERS] = Wires(meters.proxy)
            injector = Injector(site, wiring, seed, processes={METERS: lambda: meters.pid})
            work = Run(site, injector, tables, client, meters, seed)
            async with work.working():
                for faults in schedule:
                    await work.advanced(size.commands_a_round)
                    outcome.rounds.append((faults, await work.disturbed(faults)))
            await work.at_rest()
            outcome.events = work.orders.total
            outcome.problems += await compare_events(tables, work.orders)
            outcome.readings, problems = await compare_readings(tables, meters)
            outcome.problems += problems
    return outcome
