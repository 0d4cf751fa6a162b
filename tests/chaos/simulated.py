"""The services of a site on one event loop, at an in-memory broker and a real database, with the same faults as at a whole site.

A run takes seconds, so that a history of faults that fails can be shortened by running parts of it again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from namespace.isa95 import SiteModel, load_site
from namespace.runtime import Service, ServiceSettings, SiteClient, run
from namespace.servers.ports import LOOPBACK
from namespace.store import Database
from namespace.testing.chaos.fault import SERVERS, Fault, FaultKind, Round
from namespace.testing.chaos.injector import disturbed
from namespace.testing.chaos.proxy import FaultProxy
from namespace.testing.servers import NewDatabase
from namespace.testing.site import eventually
from namespace.transport.faults import SeededFaults
from namespace.transport.memory import MemoryBroker
from services.namespace_state.service import SERVICE as NAMESPACE_STATE
from services.oee.service import SERVICE as OEE
from services.work_order.service import SERVICE as WORK_ORDER
from tests.chaos.comparison import compare_events
from tests.chaos.intervals import Intervals
from tests.chaos.orders import Orders
from tests.chaos.run import PLANT
from tests.chaos.tables import Tables

SIMULATED: tuple[Service, ...] = (NAMESPACE_STATE, OEE, WORK_ORDER)
_LONGEST_S = 0.3
_LANES = 4


@dataclass
class _Running:
    """One service of the simulation."""

    service: Service
    settings: ServiceSettings
    database: FaultProxy
    task: asyncio.Task[None] | None = None


@dataclass
class Simulation:
    """Services that can be killed, a broker and databases that fail them."""

    site: SiteModel
    broker: MemoryBroker
    tables: Tables
    seed: int
    services: dict[str, _Running] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Let a service begin, as its supervisor would."""
        running = self.services[name]
        running.task = asyncio.create_task(
            run(running.service, running.settings, self.site, open_transport=self.broker.transport), name=name
        )

    async def kill(self, name: str) -> None:
        """End a service between any two steps of its, and begin it again."""
        running = self.services[name]
        assert running.task is not None
        running.task.cancel()
        await asyncio.gather(running.task, return_exceptions=True)
        self.start(name)

    async def one(self, fault: Fault) -> None:
        """Let one fault happen; return when it is over."""
        if fault.kind in (FaultKind.KILL, FaultKind.PAUSE):
            await self._end(fault.target)
        elif fault.link == SERVERS[1]:
            with disturbed(self.services[fault.target].database, fault, random.Random(self.seed)):
                await asyncio.sleep(min(fault.lasts_s, _LONGEST_S))
        elif fault.kind in (FaultKind.DROP, FaultKind.DUPLICATE, FaultKind.DELAY, FaultKind.THROTTLE):
            self.broker.faults = SeededFaults(self.seed, drop=0.1, duplicate=0.1, delay=0.1, cut=0.001)
            await asyncio.sleep(min(fault.lasts_s, _LONGEST_S))
            self.broker.faults = None
            self.broker.release_delayed()
        else:
            for client_id in self.broker.client_ids:
                if client_id.startswith(f"mes-{fault.target.replace('_', '-')}"):
                    self.broker.cut(client_id)

    async def _end(self, target: str) -> None:
        if target == SERVERS[0]:
            self.broker.stop()
            await asyncio.sleep(0.1)
            self.broker.start()
        elif target == SERVERS[1]:
            for running in self.services.values():
                running.database.cut()
        else:
            await self.kill(target)


@asynccontextmanager
async def simulation(new_database: NewDatabase, folder: Path, seed: int) -> AsyncIterator[Simulation]:
    """Run the services while the context is open; they are killed at its end."""
    async with AsyncExitStack() as stack:
        databases: dict[str, Database] = {}
        made = Simulation(
            load_site(PLANT.read_text(encoding="utf-8"), str(PLANT)), MemoryBroker(), Tables(databases), seed
        )
        for service in SIMULATED:
            place = await new_database(service.name)
            address = urlsplit(place.dsn)
            assert address.port is not None
            proxy = await stack.enter_async_context(FaultProxy(address.port, is_mqtt=False).running())
            user = address.netloc.rpartition("@")[0]
            proxied = address._replace(netloc=f"{user}@{LOOPBACK}:{proxy.port}").geturl()
            settings = ServiceSettings(
                site_file=PLANT,
                broker_url="mqtt://unused@127.0.0.1:1",
                database_url=proxied,
                data_dir=folder / service.name,
                heartbeat_s=0.2,
                log_level="error",
            )
            made.services[service.name] = _Running(service, settings, proxy)
            databases[service.name] = await Database.open(place.dsn, schema=place.schema, max_size=2)
            stack.push_async_callback(databases[service.name].close)
        for service in SIMULATED:
            made.start(service.name)
        try:
            yield made
        finally:
            tasks = [running.task for running in made.services.values() if running.task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def simulated(
    new_database: NewDatabase,
    folder: Path,
    seed: int,
    rounds: Iterable[Round],
    *,
    tamper: Callable[[Orders], None] = lambda _: None,
) -> list[str]:
    """Let rounds of faults happen to a simulated site at work; return where it differs from the truth.

    Args:
        new_database: Makes a schema for each service.
        folder: For what services keep on disk.
        seed: Of the work.
        rounds: The faults.
        tamper: Falsifies the truth before the comparison, to see that it notices.
    """
    orders = Orders(seed, "S")
    async with simulation(new_database, folder, seed) as world:
        guest = SiteClient(
            world.broker.transport("mes-cli"), world.site.path, "mes-cli", commands=frozenset({"work_order"})
        )
        source = random.Random(seed)
        async with guest.connected():
            enough = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                for lane in range(_LANES):
                    group.create_task(orders.lane(guest, lane, enough))
                for faults in rounds:
                    await _commands(orders, source.randint(1, 20))
                    async with asyncio.TaskGroup() as together:
                        for fault in faults:
                            together.create_task(world.one(fault))
                await _commands(orders, 10)
                enough.set()

            async def rests() -> bool:
                return await world.tables.head("work_order") >= orders.total and await world.tables.rests()

            try:
                await eventually(rests, within_s=30, what=f"{orders.total} events applied")
            except AssertionError as stuck:
                return [str(stuck)]
            tamper(orders)
            return await compare_events(world.tables, orders, Intervals())


async def _commands(orders: Orders, count: int) -> None:
    goal = len(orders.commands) + count

    async def reached() -> bool:
        return len(orders.commands) >= goal

    await eventually(reached, within_s=60, what=f"{count} commands answered", every_s=0.01)
