"""The whole service on a real broker and database, and a guest who commands and asks."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from namespace.contracts.command import Command, CommandResponse
from namespace.isa95 import SiteModel, load_site
from namespace.runtime.client import SiteClient
from namespace.runtime.process import run
from namespace.runtime.settings import ServiceSettings
from namespace.servers.database_roles import ensure_service_roles, service_dsn
from namespace.servers.postgres import DATABASE, Postgres
from namespace.testing.servers import TestBroker
from namespace.transport import BrokerUrl
from namespace.transport.mqtt import MqttTransport
from services.work_order.service import SERVICE

SITE_FILE = Path(__file__).parents[3] / "deploy" / "site" / "acme-dallas.yaml"
_guests = itertools.count(1)


def load_demo_site() -> SiteModel:
    """Return the demo's site."""
    return load_site(SITE_FILE.read_text(encoding="utf-8"), str(SITE_FILE))


async def settings_for(postgres: Postgres, broker: TestBroker) -> ServiceSettings:
    """Make role, schema and account of the service and return the settings that name them."""
    await ensure_service_roles(postgres.dsn("postgres"), {SERVICE.name: "pw"}, exclusive=True, database=DATABASE)
    return ServiceSettings(
        site_file=SITE_FILE,
        broker_url=broker.add_account("mes-work-order"),
        database_url=service_dsn(postgres.dsn(), SERVICE.name, "pw"),
        heartbeat_s=0.5,
        log_level="error",
        registry_wait_s=0.2,
    )


@asynccontextmanager
async def running_service(settings: ServiceSettings, site: SiteModel) -> AsyncIterator[None]:
    """Run the service while the context is open."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(run(SERVICE, settings, site))
        try:
            yield
        finally:
            task.cancel()


class Guest:
    """Somebody who sends commands and asks, by the runtime's own client."""

    def __init__(self, client: SiteClient) -> None:
        self._client = client

    async def send(
        self,
        name: str,
        subject: str = "JO-1",
        *,
        command_id: UUID | None = None,
        reason: str | None = None,
        **args: Any,
    ) -> CommandResponse:
        """Send a command and return its answer."""
        return await self._client.commands.send(
            "work_order",
            Command(
                command_id=command_id or uuid4(),
                name=name,
                subject=subject,
                args=args,
                actor="W1",
                reason=reason,
                issued_at=datetime.now(UTC),
            ),
        )

    async def ask(self, query: str, **args: Any) -> Any:
        """Ask the service and return the first page."""
        return (await self._client.queries.ask("work_order", query, args)).data


@asynccontextmanager
async def guest(broker: TestBroker, site: SiteModel) -> AsyncIterator[Guest]:
    """Connect a guest with an account of its own."""
    account = f"guest-{next(_guests)}"
    transport = MqttTransport(BrokerUrl.parse(broker.add_account(account)), client_id=account)
    client = SiteClient(transport, site.path, account, commands=frozenset({"work_order"}))
    async with client.connected():
        yield Guest(client)
