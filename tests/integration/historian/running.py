"""The historian on a real broker and database, machines that report to it, and a guest who asks."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from namespace.contracts.contract import edge_node_id
from namespace.isa95 import SiteModel, load_site
from namespace.runtime import NoAnswer, Service, SiteClient, run
from namespace.runtime.settings import ServiceSettings
from namespace.sparkplug import (
    DataType,
    EdgeNodeConfig,
    EdgeNodeSession,
    MetricDefinition,
    MetricUpdate,
    OutgoingMessage,
    Value,
)
from namespace.testing.servers import TestBroker
from namespace.transport import BrokerUrl, Connection, Will
from namespace.transport.mqtt import MqttTransport
from services.historian.service import SERVICE

SITE_FILE = Path(__file__).parents[3] / "deploy" / "site" / "acme-dallas.yaml"
GROUP, NODE, DEVICE = "Bottling", "Line1-PLC", "Packer"
PACKER = "Acme/Dallas/Packaging/Line1/Packer"
COUNT = "Admin/ProdProcessedCount"
COUNT_ON_WIRE = "Admin/ProdProcessedCount/0/AccCount"
T0 = 1_780_000_000_000
_numbers = itertools.count(1)


def demo_site() -> SiteModel:
    return load_site(SITE_FILE.read_text(encoding="utf-8"), str(SITE_FILE))


def settings_of(broker: TestBroker, dsn: str, data_dir: Path, service: str = "historian") -> ServiceSettings:
    return ServiceSettings(
        site_file=SITE_FILE,
        broker_url=broker.add_account(edge_node_id(service)),
        database_url=dsn,
        data_dir=data_dir,
        heartbeat_s=0.5,
        log_level="error",
    )


@asynccontextmanager
async def running(settings: ServiceSettings, site: SiteModel, service: Service = SERVICE) -> AsyncIterator[None]:
    """Run a service while the context is open; it is cut off at the end, not stopped in order."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(run(service, settings, site))
        try:
            yield
        finally:
            task.cancel()


class Guest:
    """Somebody who asks the historian."""

    def __init__(self, client: SiteClient) -> None:
        self.client = client

    async def ask(self, query: str, **args: Any) -> Any:
        """Ask for the first page, as long as it takes for somebody to answer."""
        async with asyncio.timeout(20):
            while True:
                try:
                    return (await self.client.queries.ask("historian", query, args, timeout_s=2, tries=1)).data
                except NoAnswer:
                    continue

    async def samples(self, **args: Any) -> list[dict[str, Any]]:
        """Ask for all samples."""
        return await self.client.queries.ask_all("historian", "samples", args)

    async def until_samples(self, count: int, **args: Any) -> list[dict[str, Any]]:
        """Wait until there are at least `count` samples and return them."""
        found: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(20):
                while True:
                    try:
                        found = await self.samples(**args)
                    except NoAnswer:
                        continue
                    if len(found) >= count:
                        return found
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"{len(found)} samples instead of {count}: {found[-3:]}") from None


@asynccontextmanager
async def guest(broker: TestBroker, site: SiteModel) -> AsyncIterator[Guest]:
    account = f"guest-{next(_numbers)}"
    transport = MqttTransport(BrokerUrl.parse(broker.add_account(account)), client_id=account)
    client = SiteClient(transport, site.path, account)
    async with client.connected():
        yield Guest(client)


class Machine:
    """An edge node with one device and one counter."""

    def __init__(self, connection: Connection, session: EdgeNodeSession) -> None:
        self.connection = connection
        self.session = session

    async def born(self, at_ms: int) -> None:
        await self.publish(self.session.subscribed(at_ms))

    async def reborn(self, at_ms: int) -> None:
        await self.publish(self.session.rebirth(at_ms))

    async def count(self, value: int, at_ms: int, *, historical: bool = False) -> None:
        await self.report({COUNT_ON_WIRE: value}, at_ms, historical=historical)

    async def report(self, values: Mapping[str, Value], at_ms: int, *, historical: bool = False) -> None:
        updates = [MetricUpdate(n, v, timestamp=at_ms, is_historical=historical) for n, v in values.items()]
        await self.publish(self.session.update(DEVICE, updates, at_ms, force=True))

    async def publish(self, messages: list[OutgoingMessage]) -> None:
        for message in messages:
            await self.connection.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)


@asynccontextmanager
async def machine(
    broker: TestBroker,
    at_ms: int = T0,
    *,
    count: int = 0,
    bd_seq: int = 0,
    further: Mapping[str, DataType] | None = None,
) -> AsyncIterator[Machine]:
    """Connect the controller of Line 1 with its packer; nothing is published before `born`."""
    definitions = [MetricDefinition(name=COUNT_ON_WIRE, datatype=DataType.UInt16, value=count, timestamp=at_ms)]
    definitions += [MetricDefinition(name=name, datatype=kind) for name, kind in (further or {}).items()]
    config = EdgeNodeConfig(group_id=GROUP, edge_node_id=NODE)
    session = EdgeNodeSession(config, [], {DEVICE: definitions})
    transport = MqttTransport(BrokerUrl.parse(broker.add_account(NODE)), client_id=NODE)
    will = session.connect(bd_seq, at_ms)
    async with transport.connect(will=Will(will.topic, will.payload, will.qos, will.retain)) as connection:
        yield Machine(connection, session)
