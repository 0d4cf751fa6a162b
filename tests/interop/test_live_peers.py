"""Our host with edge nodes of npm's sparkplug-client and of pysparkplug, our edge node with Eclipse Tahu's host, at a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from namespace.sparkplug import DataType, EdgeNodeDescriptor, Metric, NodeBirth, Standing, command
from namespace.testing.servers import TestBroker
from namespace.transport import BrokerUrl
from tests.conformance.rigs import GROUP, HostRig, edge_rig, host_rig, now_ms
from tests.interop.peers import NPM_EDGE, PYSPARKPLUG, TAHU_HOST, Live, taking_part
from tests.unit.runtime.support import until

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("interop")]

NODE, PYTHON = EdgeNodeDescriptor("Interop", "npm"), EdgeNodeDescriptor("Interop", "python")
START_S = 60


def at(broker: TestBroker) -> list[str]:
    """Return address, account and password as the peers take them."""
    account = BrokerUrl.parse(broker.url("test"))
    return [f"tcp://127.0.0.1:{account.port}", str(account.username), str(account.password)]


def value(host: HostRig, device: str | None, name: str, node: EdgeNodeDescriptor = NODE) -> object:
    found = host.server.view.metric(node, device, name)
    return None if found is None else found.value.value


def standing(host: HostRig, device: str | None = None, node: EdgeNodeDescriptor = NODE) -> Standing | None:
    since = host.server.view.device(node, device)
    return None if since is None else since.standing


async def test_an_npm_edge_node_is_heard_commanded_asked_again_and_missed(broker: TestBroker) -> None:
    if NPM_EDGE.missing is not None:
        pytest.skip(NPM_EDGE.missing)
    async with host_rig(broker, "interop", 4) as host:
        await until(lambda: host.server.is_online)
        async with taking_part(NPM_EDGE, *at(broker), *NODE) as edge:
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


async def test_a_pysparkplug_edge_node_is_heard_commanded_and_missed(broker: TestBroker) -> None:
    if PYSPARKPLUG.missing is not None:
        pytest.skip(PYSPARKPLUG.missing)
    async with host_rig(broker, "interop", 4) as host:
        await until(lambda: host.server.is_online)
        async with taking_part(PYSPARKPLUG, *account(broker), "edge", *PYTHON) as edge:
            await until(lambda: standing(host, "Press", PYTHON) is Standing.ONLINE)
            told = {
                name: (m.value.datatype, m.value.value) for name, m in host.server.view.metrics(PYTHON, None).items()
            }
            assert {name: told[name] for name in told if name != "bdSeq"} == {
                "Tiny": (DataType.Int8, -3),
                "Small": (DataType.Int16, -300),
                "Middle": (DataType.Int32, -12),
                "Wide": (DataType.Int64, -9_007_199_254_740_993),
                "Nothing": (DataType.Int32, None),
                "Few": (DataType.Int16Array, (-1, 2)),
                "Flags": (DataType.BooleanArray, (True, False, True)),
            }
            edge.tell(count=-5)
            await until(lambda: value(host, "Press", "Count", PYTHON) == -5)

            wanted = Metric(name="Count", datatype=DataType.Int32, value=-42)
            await host.server.send(command(PYTHON, "Press", [wanted], now_ms()))
            await until(lambda: {"command": "Count", "device": "Press", "type": "INT32", "value": "-42"} in edge.said)

            edge.tell(dead="Press")
            await until(lambda: standing(host, "Press", PYTHON) is Standing.OFFLINE)
            assert standing(host, None, PYTHON) is Standing.ONLINE
            edge.kill()
            await until(lambda: standing(host, None, PYTHON) is Standing.OFFLINE)


async def test_pysparkplug_hears_our_births_and_data_by_alias_and_commands_us(broker: TestBroker) -> None:
    if PYSPARKPLUG.missing is not None:
        pytest.skip(PYSPARKPLUG.missing)
    written: list[object] = []
    async with taking_part(PYSPARKPLUG, *account(broker), "listen", GROUP, "ours") as other:
        await until_said(other, [{"listening": True}])
        async with edge_rig(broker, "ours", 4) as rig:
            rig.node.on_write("Setpoint", written.append)
            rig.node.set("Press", {"Count": -12})
            await until_said(
                other,
                [
                    {"kind": "NBIRTH", "metric": "Setpoint", "value": "1.5", "type": "DOUBLE"},
                    {"kind": "DBIRTH", "device": "Press", "metric": "Count", "value": "-12", "type": "INT32"},
                    {"kind": "DBIRTH", "device": "Press", "metric": "Torque", "value": "null", "type": "FLOAT"},
                ],
            )
            rig.node.set("Press", {"Count": -13})
            await until_said(other, [{"kind": "DDATA", "device": "Press", "metric": "Count", "value": "-13"}])
            other.tell(write="Setpoint", value=2.5)
            await until(lambda: written == [2.5])


def account(broker: TestBroker) -> list[str]:
    """Return port, account and password as pysparkplug takes them."""
    url = BrokerUrl.parse(broker.url("test"))
    return [str(url.port), str(url.username), str(url.password)]


def heard(host: Live, **wanted: Any) -> bool:
    return any(wanted.items() <= line.items() for line in host.said)


def count(host: Live, event: str) -> int:
    return sum(line["event"] == event for line in host.said)


async def test_tahus_host_opens_our_gate_hears_us_asks_again_commands_and_misses_us(broker: TestBroker) -> None:
    if TAHU_HOST.missing is not None:
        pytest.skip(TAHU_HOST.missing)
    written: list[object] = []
    async with edge_rig(broker, "ours", 4, primary_host_id="Tahu") as rig:
        rig.node.on_write("Setpoint", written.append)
        rig.node.set("Press", {"Count": -12})
        async with taking_part(TAHU_HOST, *at(broker), "Tahu", GROUP) as host:
            await until_said(
                host, [{"event": "device-birth", "where": f"{GROUP}/ours/{each}"} for each in ("Press", "Oven")]
            )
            assert heard(host, event="born", where=f"{GROUP}/ours/Press", metric="Count", value="-12")
            assert heard(host, event="born", where=f"{GROUP}/ours/Press", metric="Torque", value="null")
            rig.node.set("Press", {"Count": -13})
            await until_said(host, [{"event": "data", "metric": "Count", "value": "-13"}])

            births = count(host, "node-birth")
            host.tell(rebirth=True, node="ours")
            await until(lambda: count(host, "node-birth") == births + 1)
            host.tell(write="Setpoint", value=2.5, node="ours")
            await until(lambda: written == [2.5])

            await rig.leave()
            await until_said(host, [{"event": "node-death", "where": f"{GROUP}/ours"}])
            await until_said(host, [{"event": "stale", "metric": "Count"}])


async def until_said(host: Live, lines: Iterable[dict[str, Any]]) -> None:
    """Wait for lines of a peer that may have to be compiled first."""
    for line in lines:
        try:
            async with asyncio.timeout(START_S):
                while not heard(host, **line):
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"not said: {line}; last: {host.said[-8:]}") from None
