"""`uns sparkplug host` and `uns sparkplug edge` at real brokers: two tools of ours that know of each other only what goes over MQTT."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from namespace.testing.servers import TestBroker
from tests.integration.edge.process import EdgeProcess

EDGE = "Tools/Press-PLC"


class HostProcess(EdgeProcess):
    """The host application, running."""

    command = "host"


@asynccontextmanager
async def edge_tool(broker: TestBroker, folder: Path, *more: str) -> AsyncIterator[EdgeProcess]:
    where = ["--server", broker.url("test"), "--group", "Tools", "--node", "Press-PLC", "--device", "Press,Oven"]
    process = EdgeProcess(*where, "--state-dir", str(folder), *more)
    await process.start()
    try:
        yield process
    finally:
        await process.close()


@asynccontextmanager
async def host_tool(host_id: str, *brokers: TestBroker, more: tuple[str, ...] = ()) -> AsyncIterator[HostProcess]:
    process = HostProcess("--server", ",".join(each.url("test") for each in brokers), "--host-id", host_id, *more)
    await process.start()
    try:
        yield process
    finally:
        await process.close()


async def ask(tool: EdgeProcess, do: str, answer: str, **details: Any) -> dict[str, Any]:
    """Say something and return its answer."""
    since = len(tool.said)
    tool.say(do, **details)
    return await tool.until_said(answer, since)


async def shown(host: HostProcess, **what: Any) -> dict[str, Any]:
    """Return what the host takes for true of one thing, at its first server."""
    answer = await ask(host, "show", "state", node=EDGE, **what)
    found: dict[str, Any] = answer["found"][0]
    return found


@pytest.mark.tck(
    "operational-behavior-data-commands-ncmd-metric-name",
    "operational-behavior-data-commands-ncmd-metric-value",
    "operational-behavior-data-commands-dcmd-metric-name",
    "operational-behavior-data-commands-dcmd-metric-value",
)
@pytest.mark.parametrize("mqtt", ["3.1.1", "5"])
async def test_a_host_and_an_edge_node_find_each_other_command_and_part(
    broker: TestBroker, tmp_path: Path, mqtt: str
) -> None:
    async with (
        host_tool(f"Tool-{mqtt}", broker, more=("--mqtt", mqtt)) as host,
        edge_tool(broker, tmp_path, "--host-id", f"Tool-{mqtt}", "--mqtt", mqtt) as edge,
    ):
        await host.until_said("online")
        await edge.until_said("born")
        for device in ("Press", "Oven"):
            await host.until_said("device-birth", node=EDGE, device=device)
        edge.say("write", device="Press", metric="Inputs/Number", value=-12, id=1)
        await edge.until_said("kept", id=1)
        while (number := await shown(host, device="Press", metric="Inputs/Number"))["value"] != -12:
            assert number["stale"] is False

        await ask(host, "write", "done", node=EDGE, device="Press", metric="Outputs/Mode", value=42)
        await edge.until_said("command", device="Press", metric="Outputs/Mode", value=42)
        refused = await ask(host, "write", "error", node=EDGE, device="Press", metric="No such", value=1, id=9)
        assert refused["id"] == 9
        assert "no birth told of 'No such'" in refused["message"]

        births = len(host.said)
        await ask(host, "rebirth", "done", node=EDGE)
        await host.until_said("node-birth", births, node=EDGE)

        await ask(edge, "device-death", "done", device="Oven")
        death = await host.until_said("device-death", node=EDGE, device="Oven")
        oven = await shown(host, device="Oven")
        assert (oven["standing"], oven["since_ms"]) == ("offline", death["since_ms"])
        assert {metric["stale_since_ms"] for metric in oven["metrics"]} == {death["since_ms"]}
        assert (await shown(host, device="Press"))["standing"] == "online"

        assert await edge.quit() == 0
        end = await host.until_said("node-death", node=EDGE)
        node = await shown(host)
        assert (node["standing"], node["since_ms"]) == ("offline", end["since_ms"])
        assert {each["standing"] for each in node["devices"]} == {"offline"}
        assert await host.quit() == 0
        assert host.said[-1]["event"] == "ended"


@pytest.mark.tck(
    "no-id-stale-on-connection-loss", "operational-behavior-primary-application-state-with-multiple-servers-state"
)
async def test_a_host_of_two_servers_knows_what_is_stale_at_which(
    start_broker: Callable[[], TestBroker], tmp_path: Path
) -> None:
    first, second = start_broker(), start_broker()
    async with (
        host_tool("Two", first, second) as host,
        edge_tool(first, tmp_path) as edge,
    ):
        servers = [f"mqtt://127.0.0.1:{each.port}" for each in (first, second)]
        for server in servers:
            await host.until_said("online", server=server)
        await edge.until_said("born")
        await host.until_said("device-birth", device="Oven", server=servers[0])
        first.kill()
        stale = await host.until_said("stale", node=EDGE, server=servers[0], reason="connection_lost")
        node = await shown(host)
        assert (node["standing"], node["since_ms"], node["state"]) == ("stale", stale["since_ms"], False)
        states = {each["server"]: each["state"] for each in (await ask(host, "show", "state"))["found"]}
        assert states == {servers[0]: False}
        first.start()
        await host.until_said("online", since=host.said.index(stale), server=servers[0])
        await host.until_said("node-birth", since=host.said.index(stale), node=EDGE)
        assert [line["server"] for line in host.said if line["event"] == "offline"] == [servers[0]]


async def test_what_cannot_be_understood_is_answered_and_costs_nothing(broker: TestBroker) -> None:
    async with host_tool("Patient", broker) as host:
        await host.until_said("online")
        for details in (
            {"do": "dance"},
            {"do": "write", "node": "Tools/Nobody", "metric": "M", "value": 300, "type": "Int8"},
            {"do": "write", "node": "Tools/Nobody", "metric": "M", "value": 1, "type": "Int7"},
            {"do": "rebirth", "node": "a/b/c"},
            {"do": "show", "node": 7},
        ):
            assert (await ask(host, **details, answer="error"))["message"]
        answer = await ask(host, "show", "state", node="Tools/Nobody")
        assert answer["found"][0]["standing"] == "unknown"
