"""A line controller as a foreign edge node: its packer's counters, and what else a service that joins late asks for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from namespace.contracts.query import QueryReply, QueryRequest, SiteTopics
from namespace.isa95 import EquipmentPath
from namespace.sparkplug import (
    DataType,
    EdgeNodeConfig,
    EdgeNodeSession,
    MetricDefinition,
    MetricUpdate,
    OutgoingMessage,
)
from namespace.testing.servers import TestBroker
from namespace.transport import BrokerUrl, Connection
from namespace.transport.mqtt import MqttTransport

_GOOD = "Admin/ProdProcessedCount/0/AccCount"
_BAD = "Admin/ProdDefectiveCount/0/AccCount"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class LineController:
    """The controller of Line 1, with one device, the packer."""

    def __init__(self, connection: Connection, session: EdgeNodeSession) -> None:
        self._connection = connection
        self._session = session

    async def count(self, processed: int, defective: int) -> None:
        """Publish counter values."""
        values: Mapping[str, int] = {_GOOD: processed, _BAD: defective}
        updates = [MetricUpdate(name, value) for name, value in values.items()]
        await self._publish(self._session.update("Packer", updates, _now_ms()))

    async def born(self) -> None:
        """Publish the first births."""
        await self._publish(self._session.subscribed(_now_ms()))

    async def reborn(self) -> None:
        """Publish the births again, in the same session."""
        await self._publish(self._session.rebirth(_now_ms()))

    async def _publish(self, messages: list[OutgoingMessage]) -> None:
        for message in messages:
            await self._connection.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)


@asynccontextmanager
async def line_controller(
    broker: TestBroker, group_id: str, node_id: str, *, processed: int, defective: int
) -> AsyncIterator[LineController]:
    """Connect the controller of Line 1; nothing is published before `born`."""
    counters = [
        MetricDefinition(name=_GOOD, datatype=DataType.UInt16, value=processed),
        MetricDefinition(name=_BAD, datatype=DataType.UInt16, value=defective),
    ]
    config = EdgeNodeConfig(group_id=group_id, edge_node_id=node_id)
    session = EdgeNodeSession(config, [], {"Packer": counters})
    transport = MqttTransport(BrokerUrl.parse(broker.add_account(node_id)), client_id=node_id)
    session.connect(0, _now_ms())
    async with transport.connect() as connection:
        yield LineController(connection, session)


@asynccontextmanager
async def empty_registry(broker: TestBroker, site: EquipmentPath) -> AsyncIterator[None]:
    """Answer for `namespace_state` that no machine has been heard of yet."""
    topics = SiteTopics(site)
    transport = MqttTransport(BrokerUrl.parse(broker.add_account("registry")), client_id="registry")

    async def answer(connection: Connection) -> None:
        async for batch in connection.batches():
            for message in batch:
                request = QueryRequest.model_validate_json(message.payload)
                reply = QueryReply(correlation=request.correlation, data=[])
                await connection.publish(request.reply_to, reply.model_dump_json().encode())

    async with transport.connect() as connection:
        await connection.subscribe([(topics.queries("namespace_state"), 0)])
        task = asyncio.create_task(answer(connection))
        try:
            yield
        finally:
            task.cancel()
