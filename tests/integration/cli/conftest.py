"""A site as the `uns` command finds it: a locked data folder, a real broker, two services on it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from namespace.contracts.access import SiteAccess, client_rules, service_rules
from namespace.contracts.offered import offered_commands
from namespace.contracts.registry import SERVICES, contract_of
from namespace.isa95 import SiteModel
from namespace.runtime.process import run
from namespace.runtime.service import Service
from namespace.runtime.settings import ServiceSettings
from namespace.servers.broker import CLI_ACCOUNT
from namespace.servers.database_roles import ensure_service_roles, service_dsn
from namespace.servers.folder import DataFolder, write_private
from namespace.servers.postgres import DATABASE, Postgres
from namespace.servers.site import read_site, site_access
from namespace.servers.site_state import ServerStatus, SiteState, write_state
from namespace.testing.servers import TestBroker
from services.namespace_state.service import SERVICE as NAMESPACE_STATE
from services.work_order.service import SERVICE as WORK_ORDER

SITE_FILE = Path(__file__).parents[3] / "deploy" / "site" / "acme-dallas.yaml"
LONGEST_S = 60


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int | None
    out: str
    err: str


@dataclass
class RunningSite:
    """A site to run the command against.

    Attributes:
        folder: Its data folder.
        broker: Its broker.
        access: What permissions depend on.
        started: Commands that were started; those that still run at the end of the test are killed.
    """

    folder: DataFolder
    broker: TestBroker
    access: SiteAccess
    started: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        """Start `uns` with this site's folder, from another folder."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "namespace.cli",
            *arguments,
            cwd="/",
            env={
                "PATH": os.environ["PATH"],
                "UNS_DATA_DIR": str(self.folder.root),
                "PYTHONPATH": str(SITE_FILE.parents[2]),
                "COLUMNS": "160",
                "USER": "tester",
                "LOGNAME": "tester",
            },
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self.started.append(process)
        return process

    async def uns(self, *arguments: str) -> Ended:
        """Run `uns` to its end."""
        process = await self.start(*arguments)
        async with asyncio.timeout(LONGEST_S):
            out, err = await process.communicate()
        ended = Ended(process.returncode, out.decode(), err.decode())
        assert "Traceback" not in ended.err, ended.err
        return ended


@pytest.fixture
async def site(broker: TestBroker, tmp_path: Path) -> AsyncIterator[RunningSite]:
    """A data folder that says that a site runs, and its broker; no service yet."""
    model = read_site(SITE_FILE)
    access = site_access(model)
    folder = DataFolder(tmp_path / "data")
    commanded = [contract.service for contract in SERVICES if offered_commands(contract)]
    url = broker.add_account(CLI_ACCOUNT, client_rules(CLI_ACCOUNT, access, commanded))
    with folder.lock():
        write_private(folder.run / "cli" / "broker_url", url)
        write_state(folder, state_of(model, folder, broker))
        running = RunningSite(folder, broker, access)
        yield running
        for process in running.started:
            if process.returncode is None:
                process.kill()
                await process.wait()


@pytest.fixture
async def services(site: RunningSite, postgres: Postgres) -> AsyncIterator[RunningSite]:
    """The site with `namespace_state` and `work_order` on it."""
    model = read_site(SITE_FILE)
    async with asyncio.TaskGroup() as group:
        running = [
            group.create_task(run(service, await settings_of(service, site, postgres), model))
            for service in (NAMESPACE_STATE, WORK_ORDER)
        ]
        async with asyncio.timeout(LONGEST_S):
            while (await site.uns("query", "work_order", "job_orders")).code:
                pass
            while (await site.uns("query", "namespace_state", "nodes")).out.count('"online"') < 2:
                pass
        yield site
        for task in running:
            task.cancel()


async def settings_of(service: Service, site: RunningSite, postgres: Postgres) -> ServiceSettings:
    """Make role, empty schema and account of a service and return the settings that name them."""
    name = f"{service.name}_{site.folder.root.parent.name.replace('-', '_').lower()}"[-40:]
    await ensure_service_roles(postgres.dsn("postgres"), {name: "pw"}, exclusive=True, database=DATABASE)
    contract = contract_of(service.name)
    return ServiceSettings(
        site_file=SITE_FILE,
        broker_url=site.broker.add_account(contract.edge_node_id, service_rules(contract, site.access)),
        database_url=service_dsn(postgres.dsn(), name, "pw"),
        heartbeat_s=0.5,
        log_level="error",
        registry_wait_s=0.2,
    )


def state_of(model: SiteModel, folder: DataFolder, broker: TestBroker) -> SiteState:
    """Return what a running site says about itself."""
    return SiteState(
        enterprise=model.enterprise,
        site=model.site,
        pid=os.getpid(),
        started_at=datetime.now(UTC),
        data_dir=str(folder.root),
        site_file=str(SITE_FILE),
        console_url="http://127.0.0.1:1",
        broker=ServerStatus(address=f"mqtt://127.0.0.1:{broker.port}", embedded=True),
        database=ServerStatus(address="postgresql://127.0.0.1", embedded=True),
    )
