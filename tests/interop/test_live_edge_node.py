"""Our host application and an edge node written with npm's sparkplug-client, at a real broker: births, data, rebirth, commands, death."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from namespace.sparkplug import DataType, EdgeNodeDescriptor, Metric, NodeBirth, Standing, command
from namespace.testing.servers import TestBroker
from namespace.transport import BrokerUrl
from tests.conformance.rigs import HostRig, host_rig, now_ms
from tests.interop.peers import HERE, NPM
from tests.unit.runtime.support import until

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("interop")]

NODE = EdgeNodeDescriptor("Interop", "npm")


class NpmEdge:
    """The edge node, running."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said: list[dict[str, Any]] = []

    def tell(self, **line: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write((json.dumps(line) + "\n").encode())

    def kill(self) -> None:
        self._process.kill()

    async def read(self) -> None:
        assert self._process.stdout is not None
        while text := await self._process.stdout.readline():
            self.said.append(json.loads(text))


@asynccontextmanager
async def npm_edge(broker: TestBroker) -> AsyncIterator[NpmEdge]:
    account = BrokerUrl.parse(broker.url("test"))
    shutil.copy(HERE / "edge.cjs", NPM.folder)
    arguments = [f"tcp://127.0.0.1:{account.port}", str(account.username), str(account.password), *NODE]
    process = await asyncio.create_subprocess_exec(
        "node",
        "edge.cjs",
        *arguments,
        cwd=NPM.folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    edge = NpmEdge(process)
    reading = asyncio.create_task(edge.read())
    try:
        yield edge
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading


def value(host: HostRig, device: str | None, name: str) -> object:
    found = host.server.view.metric(NODE, device, name)
    return None if found is None else found.value.value


def standing(host: HostRig, device: str | None = None) -> Standing | None:
    since = host.server.view.device(NODE, device)
    return None if since is None else since.standing


async def test_an_npm_edge_node_is_heard_commanded_asked_again_and_missed(broker: TestBroker) -> None:
    if NPM.missing is not None:
        pytest.skip(NPM.missing)
    async with host_rig(broker, "interop", 4) as host:
        await until(lambda: host.server.is_online)
        async with npm_edge(broker) as edge:
            await until(lambda: standing(host, "Press") is Standing.ONLINE)
            told = {name: (m.value.datatype, m.value.value) for name, m in host.server.view.metrics(NODE, None).items()}
            assert told["Tiny"] == (DataType.Int8, -3)
            assert told["Wide"] == (DataType.Int64, -9_007_199_254_740_993)
            assert told["Nothing"] == (DataType.Int32, None)
            assert value(host, "Press", "Count") == -300
            edge.tell(count=-5)
            await until(lambda: value(host, "Press", "Count") == -5)

            births = sum(isinstance(event, NodeBirth) for event in host.events)
            await host.server.request_rebirth(NODE)
            await until(lambda: sum(isinstance(event, NodeBirth) for event in host.events) == births + 1)
            edge.tell(count=7)
            await until(lambda: value(host, "Press", "Count") == 7)

            wanted = Metric(name="Count", datatype=DataType.Int16, value=-42)
            await host.server.send(command(NODE, "Press", [wanted], now_ms()))
            await until(lambda: {"dcmd": "Count", "device": "Press", "type": "Int16", "value": "-42"} in edge.said)

            edge.kill()
            await until(lambda: standing(host) is standing(host, "Press") is Standing.OFFLINE)
