"""What the historian promises while its database, its connection or its own process is away: nothing is lost unseen."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from namespace.runtime import Health, NoAnswer, NotConnected, QueryFailed, Session
from namespace.servers.postgres import Postgres
from namespace.sparkplug import Data, DataType, HostSession, MetricUpdate, NodeBirth
from namespace.testing.servers import NewDatabase, TestBroker, database_maker
from namespace.testing.site import eventually
from namespace.transport import BrokerUrl, Message
from namespace.transport.mqtt import MqttTransport
from tests.integration.historian.running import (
    COUNT_ON_WIRE,
    DEVICE,
    PACKER,
    T0,
    Guest,
    demo_site,
    guest,
    machine,
    running,
    settings_of,
)
from tests.unit.runtime.support import quick
from tests.unit.runtime.support import running as tasks

SITE = demo_site()
NODE_NAME = "Bottling/Line1-PLC"
TEXT = "Status/Note"
SPOOL_BYTES = 100_000


@asynccontextmanager
async def states(broker: TestBroker) -> AsyncIterator[list[bool]]:
    """Yield what STATE says, as it is said."""
    said: list[bool] = []

    def hear(message: Message) -> None:
        said.append(json.loads(message.payload)["online"])

    account = BrokerUrl.parse(broker.add_account("state-watcher"))
    session = Session(MqttTransport(account, client_id="state-watcher"), name="w", health=Health(), backoff=quick())
    session.route(f"spBv1.0/STATE/{SITE.site}-mes", hear)
    async with tasks(session.run):
        await session.up.wait()
        yield said


@asynccontextmanager
async def figures(broker: TestBroker) -> AsyncIterator[dict[str, Any]]:
    """Yield what the historian's own node says of itself, by metric."""
    host, said = HostSession(), dict[str, Any]()
    host.connected(0)

    def hear(message: Message) -> None:
        for event in host.receive(message.topic, message.payload, 0):
            if isinstance(event, NodeBirth | Data):
                said.update({metric.name: metric.value for metric in event.metrics})

    account = BrokerUrl.parse(broker.add_account("figure-watcher"))
    session = Session(MqttTransport(account, client_id="figure-watcher"), name="f", health=Health(), backoff=quick())
    session.route(f"spBv1.0/{SITE.group_id}/+/mes-historian", hear)
    async with tasks(session.run):
        await session.up.wait()
        yield said


async def gaps(someone: Guest, reason: str, *, are_over: bool) -> list[dict[str, Any]]:
    """Wait until there are gaps of a kind that concern the machine, and all are over or none is."""
    rows: list[dict[str, Any]] = []
    failures: list[str] = []

    async def probe() -> list[dict[str, Any]] | None:
        nonlocal rows
        try:
            rows = await someone.client.queries.ask_all("historian", "gaps", {"edge_node": NODE_NAME})
        except (NoAnswer, NotConnected, QueryFailed) as error:
            failures.append(str(error))
        else:
            found = [row for row in rows if row["reason"] == reason]
            return found if found and all((row["until"] is not None) is are_over for row in found) else None
        return None

    return await eventually(
        probe, within_s=20, what=lambda: f"there is a gap {reason}, over: {are_over}: {rows}, {failures[-1:]}"
    )


async def the_gap(someone: Guest, reason: str, *, is_over: bool) -> dict[str, Any]:
    """Wait until there is one gap of a kind that concerns the machine, and it is over or not."""
    (gap,) = await gaps(someone, reason, are_over=is_over)
    return gap


@pytest.mark.timeout(120)
async def test_a_database_that_is_away_costs_nothing_while_the_spool_has_room_and_then_edge_nodes_hold_back(
    start_broker: Callable[[], TestBroker],
    start_postgres: Callable[[], Postgres],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UNS_HISTORIAN_SPOOL_MB", str(SPOOL_BYTES / 2**20))
    broker, server = start_broker(), start_postgres()
    settings = settings_of(broker, (await database_maker(server)("historian")).dsn, tmp_path)
    spool = tmp_path / "historian" / "spool"

    async with (
        figures(broker) as figure,
        running(settings, SITE),
        guest(broker, SITE) as someone,
        states(broker) as state,
    ):
        await someone.ask("head")
        async with machine(broker, further={TEXT: DataType.String}) as packer:
            sent = 0

            async def send() -> None:
                nonlocal sent
                sent += 1
                await packer.report({TEXT: f"{sent:06}" + "x" * 500}, T0 + sent)

            async def online_is(wanted: bool) -> None:
                async def probe() -> bool:
                    return bool(state) and state[-1] is wanted

                await eventually(probe, within_s=40, what=f"STATE says online: {wanted}")

            await packer.born(T0)
            await someone.until_samples(1, place=PACKER)
            await online_is(True)
            server.kill()
            for _ in range(100):
                await send()

            async def is_spooled() -> bool:
                return sum(path.stat().st_size for path in spool.iterdir()) > 100 * 500

            await eventually(is_spooled, within_s=20, what="the spool holds what was sent")
            assert state[-1] is True, "a database that is away is no reason to hold anybody back"

            async def has_filled_up() -> bool:
                for _ in range(10):
                    await send()
                return state[-1] is False

            await eventually(has_filled_up, within_s=20, what="the spool is full")
            for _ in range(300):  # a node that does not care about STATE
                await send()

            async def has_dropped() -> bool:
                return bool(figure.get("History/Dropped"))

            await eventually(has_dropped, within_s=20, what=lambda: f"what has no room is dropped: {figure}")
            server.start()
            await online_is(True)
            await send()

            async def the_last() -> list[dict[str, Any]] | None:
                rows = await someone.samples(edge_node=NODE_NAME, metrics=[TEXT], since_ms=T0 + 1)
                return rows if rows and rows[-1]["timestamp_ms"] == T0 + sent else None

            rows = await eventually(the_last, within_s=20, what="what was sent last is journaled")
        overflows = await gaps(someone, "overflow", are_over=True)  # a slow database lets it fill up again
        kept = [int(row["value"][:6]) for row in rows]
        assert kept[:100] == list(range(1, 101))
        assert (
            sum(gap["lost"] for gap in overflows) >= sent - len(kept) > 0
        )  # among them figures of the historian's own node
    assert await in_order_of_position(settings.database_url)


async def in_order_of_position(dsn: str) -> bool:
    """Return whether the journal's order is that in which the machine sent."""
    connection = await asyncpg.connect(dsn)
    try:
        schema = await connection.fetchval("SELECT current_user")
        rows = await connection.fetch(
            f'SELECT at_ms FROM "{schema}".sample JOIN "{schema}".tag ON id = tag WHERE metric = $1 AND at_ms > $2 '
            "ORDER BY position",
            TEXT,
            T0,
        )
    finally:
        await connection.close()
    return len(rows) > 100 and [row[0] for row in rows] == sorted(row[0] for row in rows)


async def test_a_lost_message_is_a_gap_of_its_node_until_the_next_birth(
    broker: TestBroker, new_database: NewDatabase, tmp_path: Path
) -> None:
    settings = settings_of(broker, (await new_database("historian")).dsn, tmp_path)
    async with running(settings, SITE), guest(broker, SITE) as someone, machine(broker) as packer:
        await someone.ask("head")
        await packer.born(T0)
        packer.session.update(DEVICE, [MetricUpdate(COUNT_ON_WIRE, 1, timestamp=T0 + 1)], T0 + 1)  # never sent
        await packer.count(2, T0 + 2)

        gap = await the_gap(someone, "sequence_gap", is_over=False)
        assert gap["edge_node"] == NODE_NAME
        await packer.reborn(T0 + 3)
        await the_gap(someone, "sequence_gap", is_over=True)


async def test_the_time_without_a_connection_and_without_a_process_are_gaps_of_everything(
    start_broker: Callable[[], TestBroker], new_database: NewDatabase, tmp_path: Path
) -> None:
    broker, made = start_broker(), await new_database("historian")
    settings = settings_of(broker, made.dsn, tmp_path)

    async with running(settings, SITE), guest(broker, SITE) as someone:
        await someone.ask("head")
        broker.kill()
        broker.start()
        gap = await the_gap(someone, "connection_lost", is_over=True)
        assert gap["edge_node"] is None
    connection = await asyncpg.connect(made.dsn)
    await connection.execute(
        f'UPDATE "{made.schema}".journal SET alive_ms = extract(epoch FROM now())::bigint * 1000 - 60000'
    )
    await connection.execute(
        f'INSERT INTO "{made.schema}".gap (reason, since_ms, group_id, edge_node_id, lost) '
        "VALUES ('sequence_gap', 1, '', '', 0)"
    )
    await connection.close()
    async with running(settings, SITE), guest(broker, SITE) as someone:
        await someone.ask("head")
        gap = await the_gap(someone, "down", is_over=True)
        assert gap["edge_node"] is None
        await the_gap(someone, "sequence_gap", is_over=True)  # which the former process had left open
