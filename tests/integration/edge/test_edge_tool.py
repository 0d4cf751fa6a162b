"""`uns sparkplug edge` as a test kit drives it: lines in, lines out, and on a real broker exactly what Sparkplug asks for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from namespace.sparkplug import (
    DataSet,
    DataType,
    EdgeNodeDescriptor,
    HostState,
    Metric,
    Payload,
    Template,
    command,
    decode_payload,
    rebirth_request,
)
from namespace.testing.servers import TestBroker
from namespace.transport import BrokerUrl, Connection
from namespace.transport.mqtt import MqttTransport
from tests.integration.edge.process import LIMIT_S, EdgeProcess

GROUP, HOST = "Kit", "kit-host"
DEVICES = ("D1", "D2")


class Kit:
    """Hears everything, and is the primary host application."""

    def __init__(self, connection: Connection, node: str) -> None:
        self.connection = connection
        self.node = node
        self.heard: list[tuple[str, Payload]] = []
        self._news = asyncio.Event()

    async def listen(self) -> None:
        async for batch in self.connection.batches():
            for message in batch:
                _, _, kind, *who = message.topic.split("/")
                if kind.endswith("CMD"):
                    continue
                self.heard.append(("/".join([kind, *who[1:]]), decode_payload(message.payload)))
            self._news.set()

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.heard]

    def of(self, kind: str) -> list[Payload]:
        return [payload for heard, payload in self.heard if heard == kind]

    async def until(self, condition: Callable[[], object], what: str) -> None:
        try:
            async with asyncio.timeout(LIMIT_S):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"not within {LIMIT_S:g} s: {what}; heard {self.kinds()}") from None

    async def state(self, *, online: bool, at_ms: int) -> None:
        host = HostState(HOST)
        host.connect(at_ms)
        for message in host.subscribed() if online else [*host.subscribed(), *host.disconnect(at_ms)][-1:]:
            await self.connection.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)

    async def write(self, device: str | None, name: str, datatype: DataType, value: Any) -> None:
        metric = Metric(name=name, datatype=datatype, value=value)
        message = command(EdgeNodeDescriptor(GROUP, self.node), device, [metric], 1)
        await self.connection.publish(message.topic, message.payload)


@pytest.fixture
def node(request: pytest.FixtureRequest) -> str:
    return f"E-{abs(hash(request.node.name)) % 10_000}"


@asynccontextmanager
async def kit(broker: TestBroker, node: str) -> AsyncIterator[Kit]:
    transport = MqttTransport(BrokerUrl.parse(broker.add_account("kit")), client_id=f"kit-{node}")
    async with transport.connect() as connection:
        await connection.subscribe([(f"spBv1.0/{GROUP}/+/{node}/#", 1)])
        it = Kit(connection, node)
        task = asyncio.create_task(it.listen())
        try:
            yield it
        finally:
            task.cancel()
            await connection.publish(f"spBv1.0/STATE/{HOST}", b"", qos=1, retain=True)


@asynccontextmanager
async def edge(broker: TestBroker, node: str, folder: Path, *further: str) -> AsyncIterator[EdgeProcess]:
    process = EdgeProcess(
        *("--server", broker.add_account("any"), "--group", GROUP, "--node", node, "--device", ",".join(DEVICES)),
        *("--host-id", HOST, "--state-dir", str(folder), *further),
    )
    await process.start()
    try:
        yield process
    finally:
        await process.close()


def by_name(payload: Payload) -> dict[str, Metric]:
    return {metric.name or "": metric for metric in payload.metrics}


@pytest.mark.parametrize("mqtt", ["3.1.1", "5"])
async def test_a_session_from_birth_to_death(broker: TestBroker, node: str, tmp_path: Path, mqtt: str) -> None:
    async with kit(broker, node) as host, edge(broker, node, tmp_path, "--mqtt", mqtt) as tool:
        await tool.until_said("connected")
        assert host.kinds() == []
        await host.state(online=True, at_ms=10)
        await tool.until_said("born", bd_seq=0)
        tool.say("write", device="D1", metric="Inputs/Number", value=7, id="first")
        await tool.until_said("kept", id="first")
        await host.until(lambda: host.of("DDATA/D1"), "a DDATA")
        await host.write("D1", "Outputs/Setpoint", DataType.Double, 2.5)
        await tool.until_said("command", device="D1", metric="Outputs/Setpoint", value=2.5)
        await host.until(lambda: len(host.of("DDATA/D1")) == 2, "the output follows its command")
        await host.write(None, "Outputs/On", DataType.Boolean, True)
        await tool.until_said("command", device=None, metric="Outputs/On", value=True)
        await host.until(lambda: any(m.value is True for p in host.of("NDATA") for m in p.metrics), "the NDATA")
        tool.say("device-death", device="D2")
        tool.say("device-birth", device="D2")
        await host.until(lambda: host.kinds().count("DBIRTH/D2") == 2, "a second DBIRTH")
        tool.say("node-death")
        await host.until(lambda: "NDEATH" in host.kinds(), "an NDEATH")
        await tool.until_said("disconnected")
        tool.say("node-birth")
        await tool.until_said("born", bd_seq=1)
        assert await tool.quit() == 0

    numbered = [payload.seq for kind, payload in host.heard if kind != "NDEATH"]
    deaths = [payload for kind, payload in host.heard if kind == "NDEATH"]
    second = numbered.index(0, 1)
    assert numbered == [*range(second), *range(len(numbered) - second)]
    told = 2 if mqtt == "5" else 1  # leaving with DISCONNECT 0x04, the Will says it once more
    assert [by_name(death)["bdSeq"].value for death in deaths] == [0] * told + [1] * told
    assert host.kinds()[:3] == ["NBIRTH", "DBIRTH/D1", "DBIRTH/D2"]
    assert host.kinds()[-2 - told :] == ["DDEATH/D1", "DDEATH/D2", *["NDEATH"] * told]


async def test_bd_seq_goes_on_after_sigkill_and_the_will_says_which_session_died(
    broker: TestBroker, node: str, tmp_path: Path
) -> None:
    async with kit(broker, node) as host, edge(broker, node, tmp_path) as tool:
        await host.state(online=True, at_ms=10)
        for life in range(3):
            await host.until(lambda life=life: len(host.of("NBIRTH")) == life + 1, f"birth {life}")
            await tool.kill()
            await host.until(lambda life=life: len(host.of("NDEATH")) == life + 1, "the Will")
            await tool.start()
    births = [by_name(payload)["bdSeq"].value for payload in host.of("NBIRTH")]
    deaths = [by_name(payload)["bdSeq"].value for payload in host.of("NDEATH")]
    assert births[:3] == deaths[:3] == [0, 1, 2]


async def test_the_primary_host_decides_within_two_seconds(broker: TestBroker, node: str, tmp_path: Path) -> None:
    """What the official kit's PrimaryHost test asks: births wait, an older offline is ignored, a newer one ends the session, and so on."""
    async with kit(broker, node) as host, edge(broker, node, tmp_path) as tool:
        await tool.until_said("connected")
        await host.state(online=False, at_ms=10)
        await host.state(online=True, at_ms=20)
        for bd_seq, at_ms in ((0, 30), (1, 50), (2, 70)):
            await tool.until_said("born", bd_seq=bd_seq)
            await host.state(online=False, at_ms=at_ms - 11)
            before = len(tool.said)
            await host.state(online=False, at_ms=at_ms)
            lost = await tool.until_said("lost", before)
            connected = await tool.until_said("connected", before)
            assert connected["at_ms"] - lost["at_ms"] < 2_000
            assert len(host.of("NBIRTH")) == bd_seq + 1
            await host.state(online=True, at_ms=at_ms + 10)
        await tool.until_said("born", bd_seq=3)
    assert [by_name(p)["bdSeq"].value for p in host.of("NDEATH")][:3] == [0, 1, 2]


async def test_every_kind_of_value_is_born_and_written(broker: TestBroker, node: str, tmp_path: Path) -> None:
    async with kit(broker, node) as host, edge(broker, node, tmp_path, "--complex") as tool:
        await host.state(online=True, at_ms=10)
        await tool.until_said("born")
        written: dict[str, Any] = {
            "Complex/Motor": {"Speed": 12.5},
            "Complex/Table": {"columns": ["a"], "types": ["Int8"], "rows": [[-1], [None]]},
            "Complex/Temperature": None,
            "Complex/When": "2026-03-02T15:00:00Z",
            "Complex/Bytes": "/w==",
            "Complex/Int64Array": [-(2**40), "9007199254740993"],
            "Complex/BooleanArray": [True] * 9,
            "Complex/StringArray": [],
        }
        for number, (name, value) in enumerate(written.items()):
            tool.say("write", device="D1", metric=name, value=value, id=number)
            await tool.until_said("kept", id=number)
        await host.until(lambda: len(host.of("DDATA/D1")) == len(written), "all of them")
        request = rebirth_request(EdgeNodeDescriptor(GROUP, node), 0)
        await host.connection.publish(request.topic, request.payload)
        await host.until(lambda: len(host.of("DBIRTH/D1")) == 2, "the rebirth")
        reborn = by_name(host.of("DBIRTH/D1")[1])
        definition = by_name(host.of("NBIRTH")[0])["Types/Motor"].value
        assert await tool.quit() == 0

    assert isinstance(definition, Template)
    assert definition.is_definition
    motor = reborn["Complex/Motor"].value
    assert isinstance(motor, Template)
    assert {member.name: member.value for member in motor.metrics} == {"Speed": 12.5, "Running": False, "Hours": 0}
    assert reborn["Complex/Table"].value == DataSet(("a",), (DataType.Int8,), ((-1,), (None,)))
    assert reborn["Complex/Temperature"].value is None
    assert reborn["Complex/Temperature"].properties is not None
    assert reborn["Complex/When"].value == 1_772_463_600_000
    assert reborn["Complex/Bytes"].value == b"\xff"
    assert reborn["Complex/Int64Array"].value == (-(2**40), 9_007_199_254_740_993)
    assert reborn["Complex/BooleanArray"].value == (True,) * 9
    assert reborn["Complex/StringArray"].value == ()


async def test_a_line_that_cannot_be_obeyed_is_answered(broker: TestBroker, node: str, tmp_path: Path) -> None:
    lines = {
        "{": "no JSON",
        "[]": "JSON object",
        '{"do": "dance"}': "there is no 'dance'",
        '{"do": "write", "metric": "Inputs/Number", "device": "D9", "value": 1}': "no device 'D9'",
        '{"do": "write", "metric": "Nothing", "value": 1}': "no metric 'Nothing'",
        '{"do": "write", "metric": "Outputs/Mode", "value": "fast"}': "'fast' is no Int32",
        '{"do": "write", "metric": "Outputs/Mode", "value": 2147483648}': "Int32",
        '{"do": "write", "metric": "Outputs/On", "value": 1}': "1 is no Boolean",
        '{"do": "device-death", "device": "D9"}': "no device 'D9'",
    }
    async with edge(broker, node, tmp_path) as tool:
        for line, complaint in lines.items():
            before = len(tool.said)
            tool.write(line)
            answer = await tool.until_said("error", before)
            assert complaint in answer["message"], json.dumps(answer)
        assert await tool.quit() == 0
