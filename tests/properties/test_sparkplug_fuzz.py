"""Bytes from anybody: a value or a counted refusal, never anything else, and nobody else disturbed."""

import random
from collections.abc import Iterator

import pytest

from namespace.sparkplug import (
    DataSet,
    DataType,
    EdgeNodeConfig,
    EdgeNodeSession,
    HostSession,
    HostSettings,
    Limits,
    MetaData,
    Metric,
    MetricDefinition,
    MetricUpdate,
    NodeState,
    Parameter,
    Payload,
    PropertySet,
    Quality,
    RemoteProtocolError,
    StatePayload,
    Template,
    TopicError,
    decode_payload,
    encode_payload,
    parse_topic,
)

SEEDS = range(8)
SMALL = Limits(payload_bytes=4096, decompressed_bytes=8192, metrics=200, values=2_000, depth=4)


def _seed_payload() -> bytes:
    member = Metric(name="inner", datatype=DataType.Int16, value=-2)
    template = Template(template_ref="T", metrics=(member,), parameters=(Parameter("p", DataType.Double, 0.5),))
    table = DataSet(("a", "b"), (DataType.String, DataType.Int64), (("x", -1), (None, None)))
    properties = PropertySet.of_strings({"engUnit": "KGM"}).with_quality(Quality.GOOD)
    return encode_payload(
        Payload(
            timestamp=1_700_000_000_000,
            seq=3,
            metrics=(
                Metric(name="i", alias=1, datatype=DataType.Int8, value=-3, properties=properties),
                Metric(name="s", alias=2, datatype=DataType.String, value="grüße", metadata=MetaData(md5="0")),
                Metric(name="t", datatype=DataType.Template, value=template),
                Metric(name="d", datatype=DataType.DataSet, value=table),
                Metric(name="a", datatype=DataType.StringArray, value=("p", "q")),
                Metric(name="b", datatype=DataType.BooleanArray, value=(True, False, True)),
                Metric(name="n", datatype=DataType.Double),
            ),
        )
    )


def _mutated(source: bytes, rng: random.Random) -> bytes:
    data = bytearray(source)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data) or 1)
        match rng.randrange(5):
            case 0:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del data[at : at + rng.randint(1, 12)]
            case 2:
                data[at:at] = rng.randbytes(rng.randint(1, 8))
            case 3:
                data = data[:at]
            case _:
                data[at:at] = data[at : at + rng.randint(1, 40)]
    return bytes(data)


def _hostile(rng: random.Random, count: int) -> Iterator[bytes]:
    source = _seed_payload()
    for _ in range(count):
        yield rng.randbytes(rng.randrange(80)) if rng.random() < 0.3 else _mutated(source, rng)


@pytest.mark.parametrize("seed", SEEDS)
def test_hostile_bytes_decode_or_are_refused_with_a_reason(seed: int) -> None:
    """Truncated, mutated and random payloads."""
    refused: list[RemoteProtocolError] = []
    for data in _hostile(random.Random(seed), 1500):
        try:
            decode_payload(data, limits=SMALL)
        except RemoteProtocolError as error:
            refused.append(error)

    assert len(refused) > 100
    assert all(error.reason.value and error.detail for error in refused)


@pytest.mark.parametrize("seed", SEEDS)
def test_hostile_bytes_on_any_topic_leave_the_host_working(seed: int) -> None:
    """A broken payload is counted, that edge node alone may turn stale, and nobody stops."""
    rng = random.Random(seed)
    config = EdgeNodeConfig(group_id="Acme:Dallas", edge_node_id="good")
    edge = EdgeNodeSession(config, [MetricDefinition(name="m", datatype=DataType.Int32)], {"dev": []})
    host = HostSession(HostSettings(limits=SMALL, max_nodes=50, max_devices=20))
    edge.connect(0, 1_000)
    for message in edge.subscribed(1_000):
        host.receive(message.topic, message.payload, 1_000)
    kinds = ["NBIRTH", "NDATA", "DBIRTH", "DDATA", "DDEATH", "NDEATH", "NCMD", "STATE", "bad"]
    for number, data in enumerate(_hostile(rng, 1500)):
        kind = rng.choice(kinds)
        device = "/dev" if kind.startswith("D") else ""
        host.receive(f"spBv1.0/Acme:Dallas/{kind}/bad{rng.randrange(60)}{device}", data, 1_000 + number)
        if number % 50 == 0:
            host.tick(1_000 + number)
    (message,) = edge.update(None, [MetricUpdate("m", 42)], 5_000)
    host.receive(message.topic, message.payload, 5_000)

    assert host.state(config.edge_node) is NodeState.ONLINE
    assert {metric.name: metric.value for metric in host.metrics(config.edge_node)}["m"] == 42
    assert len(host.edge_nodes()) <= 50


@pytest.mark.parametrize("seed", SEEDS)
def test_hostile_commands_leave_the_edge_node_as_it_was(seed: int) -> None:
    """NCMD, DCMD and STATE from anybody."""
    config = EdgeNodeConfig(group_id="g", edge_node_id="n", primary_host_id="scada")
    definitions = [MetricDefinition(name="i", datatype=DataType.Int8, value=7, writable=True)]
    edge = EdgeNodeSession(config, definitions, {"dev": definitions}, limits=SMALL)
    edge.connect(0, 1_000)
    edge.subscribed(1_000)
    edge.receive("spBv1.0/STATE/scada", StatePayload(online=True, timestamp=1).encode(), 1_000)
    topics = ["spBv1.0/g/NCMD/n", "spBv1.0/g/DCMD/n/dev", "spBv1.0/g/DCMD/n/none", "spBv1.0/STATE/scada"]
    before = (edge.metrics(), edge.metrics("dev"))
    rng = random.Random(seed)
    for data in _hostile(rng, 1000):
        edge.receive(rng.choice(topics), data, 1_000)

    assert edge.is_born
    assert (edge.metrics(), edge.metrics("dev")) == before


@pytest.mark.parametrize("seed", SEEDS)
def test_hostile_topics_are_refused_as_topics(seed: int) -> None:
    """Any text at all."""
    rng = random.Random(seed)
    pieces = ["spBv1.0", "STATE", "NBIRTH", "DDATA", "a", "", "#", "+", "\0", "\ud800", "é", "/", "x" * 300]
    for _ in range(1000):
        text = "/".join(rng.choices(pieces, k=rng.randint(0, 7)))
        try:
            understood = str(parse_topic(text))
        except TopicError:
            continue
        assert understood == text
