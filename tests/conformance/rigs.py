"""Our edge node and our host application at a real broker, each behind a recording proxy, and a peer to speak to them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from namespace.runtime import EdgeNode, Health, HostServer, ServiceMetrics, Session, SystemClock, to_ms
from namespace.sparkplug import (
    DataType,
    EdgeNodeConfig,
    EdgeNodeSession,
    HostEvent,
    HostSession,
    HostSettings,
    MetricDefinition,
    OutgoingMessage,
)
from namespace.testing.servers import TestBroker
from namespace.transport import BrokerUrl, Connection, Message
from namespace.transport.mqtt import MqttTransport
from namespace.transport.server_walk import ServerWalk
from tests.conformance.wire import Wire, wire_to
from tests.unit.runtime.support import quick, running, until

Protocol = Literal[4, 5]

GROUP = "Conformance"
DEVICES = ("Press", "Oven")


def now_ms() -> int:
    return to_ms(SystemClock().now())


def transport(broker: TestBroker, client_id: str, protocol: Protocol = 4, port: int | None = None) -> MqttTransport:
    """A way to the broker with the account that may do everything, past a proxy or straight."""
    account = BrokerUrl.parse(broker.url("test"))
    url = BrokerUrl("127.0.0.1", port or account.port, username=account.username, password=account.password)
    return MqttTransport(url, client_id=client_id, protocol=protocol)


@dataclass
class Peer:
    """Somebody else at the broker, who hears everything and says what a test wants said."""

    connection: Connection
    heard: list[Message] = field(default_factory=list)

    async def say(self, message: OutgoingMessage) -> None:
        await self.connection.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)

    async def state(self, host_id: str, timestamp: int, *, online: bool) -> None:
        """Publish a STATE as that host would."""
        payload = json.dumps({"online": online, "timestamp": timestamp}).encode()
        await self.connection.publish(f"spBv1.0/STATE/{host_id}", payload, qos=1, retain=True)

    def topics(self) -> list[str]:
        return [message.topic for message in self.heard]


@asynccontextmanager
async def peer_at(broker: TestBroker) -> AsyncIterator[Peer]:
    async with transport(broker, "peer").connect() as connection:
        peer = Peer(connection)

        async def listen() -> None:
            async for batch in connection.batches():
                peer.heard.extend(batch)

        await connection.subscribe([("spBv1.0/#", 1)])
        listening = asyncio.create_task(listen())
        try:
            yield peer
        finally:
            listening.cancel()


@dataclass
class EdgeRig:
    """An edge node with two devices, behind a proxy.

    Attributes:
        bd_seqs: every bdSeq that was given out.
    """

    node_id: str
    wire: Wire
    session: Session
    core: EdgeNodeSession
    node: EdgeNode
    bd_seqs: list[int]

    @property
    def ncmd(self) -> str:
        return f"spBv1.0/{GROUP}/NCMD/{self.node_id}"

    def births(self, link: int | None = None) -> list[str]:
        return [m.topic for m in self.wire.messages(link=link) if "BIRTH" in m.kind]

    async def born(self, link: int = 0) -> None:
        """Wait until every birth of a connection has gone out."""
        await until(lambda: len(self.births(link)) >= 1 + len(DEVICES), f"births on connection {link}")

    async def leave(self) -> None:
        """Leave in order, and wait until the proxy has seen it."""
        await self.node.farewell()
        await self.session.leave()
        await until(lambda: self.wire.sent()[-1].kind == "DISCONNECT")


def edge_core(node_id: str, primary_host_id: str | None = None) -> EdgeNodeSession:
    return EdgeNodeSession(
        EdgeNodeConfig(group_id=GROUP, edge_node_id=node_id, primary_host_id=primary_host_id, rebirth_debounce_ms=0),
        [
            MetricDefinition(name="Uptime", datatype=DataType.Int64, value=0),
            MetricDefinition(name="Setpoint", datatype=DataType.Double, value=1.5, writable=True),
        ],
        {
            device: [
                MetricDefinition(name="Count", datatype=DataType.Int32, value=0),
                MetricDefinition(name="Torque", datatype=DataType.Float),
            ]
            for device in DEVICES
        },
    )


@asynccontextmanager
async def edge_rig(
    broker: TestBroker,
    node_id: str,
    protocol: Protocol,
    *,
    first_bd_seq: int = 0,
    primary_host_id: str | None = None,
    next_server: Wire | None = None,
) -> AsyncIterator[EdgeRig]:
    """Run an edge node at the broker for as long as the block.

    Args:
        next_server: A wire to another broker, which is the second in the node's list of servers.
    """
    bd_seqs: list[int] = []

    async def next_bd_seq() -> int:
        bd_seqs.append((bd_seqs[-1] + 1) % 256 if bd_seqs else first_bd_seq)
        return bd_seqs[-1]

    async with wire_to(broker.port) as wire:
        ports = [wire.port, *([next_server.port] if next_server is not None else [])]
        servers = ServerWalk([transport(broker, node_id, protocol, port) for port in ports])
        session = Session(servers, name=node_id, health=Health(), backoff=quick(), leaves_with_will=protocol == 5)
        core = edge_core(node_id, primary_host_id)
        node = EdgeNode(session, core, next_bd_seq=next_bd_seq, clock=SystemClock(), metrics=ServiceMetrics())
        async with running(session.run, node.run):
            yield EdgeRig(node_id, wire, session, core, node, bd_seqs)


@dataclass
class HostRig:
    """A host application behind a proxy."""

    host_id: str
    wire: Wire
    server: HostServer
    core: HostSession
    events: list[HostEvent]

    @property
    def topic(self) -> str:
        return f"spBv1.0/STATE/{self.host_id}"

    def states(self, link: int | None = None) -> list[dict[str, object]]:
        return [json.loads(message.payload) for message in self.wire.messages("STATE", link)]


@asynccontextmanager
async def host_rig(
    broker: TestBroker, host_id: str, protocol: Protocol, *, reorder_ms: int = 300
) -> AsyncIterator[HostRig]:
    """Run a host application at the broker for as long as the block."""
    events: list[HostEvent] = []

    def told(heard: Iterable[HostEvent]) -> None:
        events.extend(heard)

    async with wire_to(broker.port) as wire:
        session = Session(
            transport(broker, f"host-{host_id}", protocol, wire.port), name=host_id, health=Health(), backoff=quick()
        )
        core = HostSession(HostSettings(reorder_timeout_ms=reorder_ms))
        server = HostServer(session, host_id, core, clock=SystemClock(), told=told)
        async with running(server.run):
            yield HostRig(host_id, wire, server, core, events)
