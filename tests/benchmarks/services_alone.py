"""How long a service takes to be ready by itself: an empty schema to migrate, a broker, and nobody else."""

from __future__ import annotations

import asyncio

from namespace.servers import ports
from namespace.servers.services import installed_services
from namespace.testing.servers import database_maker, running_broker, scratch_folder
from tests.benchmarks.brokers import cpu_s, durable_postgres, memory
from tests.benchmarks.contestants import Broken
from tests.benchmarks.rounds import Gate, Row, against_goal
from tests.benchmarks.run import Run
from tests.benchmarks.service import running

_GOAL_S = 1.5


def measured(run: Run) -> list[Row]:
    """Return a row for each service."""
    run.say("every service by itself")
    return asyncio.run(_all(run))


async def _all(run: Run) -> list[Row]:
    rows = []
    with durable_postgres() as server, running_broker() as broker, scratch_folder() as folder:
        make = database_maker(server)
        for service in installed_services()[0]:
            identity, what = f"ready-{service.name.replace('_', '-')}", f"{service.name} ready after its start"
            url = broker.add_account(f"mes-{service.name.replace('_', '-')}")
            seconds: list[float] = []
            note = ""
            try:
                for _ in range(run.few_rounds):
                    place = await make(service.name)
                    async with running(
                        service.package,
                        broker_url=url,
                        database_url=place.dsn,
                        data_dir=folder / service.name,
                        further={"UNS_CONSOLE_PORT": str(ports.free_port())},
                    ) as one:
                        seconds.append(one.ready_s)
                        note = f"{cpu_s(one.pid):.2f} s CPU, {memory(one.pid).pss:.0f} MB PSS"
            except Broken as reason:
                rows.append(Row(identity, what, void=str(reason).splitlines()[0], gate=Gate(1.0)))
            else:
                rows.append(against_goal(identity, what, seconds, "s", _GOAL_S, note=note))
    return rows
