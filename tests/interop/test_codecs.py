"""Payloads between our codec and those of others, in both directions: what one writes, the other reads as the same."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from namespace.sparkplug import DataType, Metric, Payload, Value, decode_payload, encode_payload
from tests.interop.peers import NPM, TAHU_JAVA, Conversation, Peer, talking_to

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("interop")]

NOW = 1_700_000_000_000

SINGLE: list[tuple[DataType, Value]] = [
    *((DataType.Int8, value) for value in (-128, -3, 0, 127)),
    *((DataType.Int16, value) for value in (-32_768, -300, 32_767)),
    *((DataType.Int32, value) for value in (-(2**31), -12, 2**31 - 1)),
    *((DataType.Int64, value) for value in (-(2**63), -1, 2**53 + 1, 2**63 - 1)),
    (DataType.UInt8, 255),
    (DataType.UInt16, 65_535),
    (DataType.UInt32, 2**32 - 1),
    (DataType.UInt64, 2**53 + 1),
    (DataType.Float, 1.5),
    (DataType.Double, -2.25),
    (DataType.Boolean, True),
    (DataType.Boolean, False),
    (DataType.String, "größe ∑"),
    (DataType.String, ""),
    (DataType.Text, "long"),
    (DataType.DateTime, NOW),
    (DataType.Bytes, b"\x00\xff"),
    (DataType.Int32, None),
    (DataType.String, None),
]
ARRAYS: list[tuple[DataType, Value]] = [
    (DataType.Int8Array, (-3, 127)),
    (DataType.Int16Array, (-300, 32_767)),
    (DataType.Int32Array, (-12, 2**31 - 1)),
    (DataType.Int64Array, (-1, 2**63 - 1)),
    (DataType.UInt8Array, (0, 255)),
    (DataType.DoubleArray, (-2.25, 0.5)),
    (DataType.BooleanArray, (True, False, False, True, True, False, True, False, True)),
    (DataType.StringArray, ("a", "größe")),
]

MISREAD: dict[str, dict[DataType, Any]] = {
    NPM.name: {DataType.UInt32: None},  # looks for it in long_value alone; the specification has it in int_value
    TAHU_JAVA.name: {DataType.UInt8Array: ["0", "-1"]},  # takes the elements for signed ones
}
"""What these versions of the peers make of values that are right on the wire; a change shows here."""


@pytest.fixture(scope="module", params=[NPM, TAHU_JAVA], ids=lambda peer: peer.name)
def peer(request: pytest.FixtureRequest) -> Iterator[tuple[Peer, Conversation]]:
    asked: Peer = request.param
    if asked.missing is not None:
        pytest.skip(asked.missing)
    with talking_to(asked) as conversation:
        yield asked, conversation


def named(values: list[tuple[DataType, Value]]) -> list[tuple[str, DataType, Value]]:
    return [(f"{number} {datatype.name}", datatype, value) for number, (datatype, value) in enumerate(values)]


def as_json(datatype: DataType, value: Value) -> Any:
    """Return a value as the peers' lines have it: integers as texts, bytes in Base64."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, tuple):
        return [as_json(datatype, item) for item in value]
    return value


def ours(values: list[tuple[DataType, Value]]) -> bytes:
    metrics = (
        Metric(name=name, timestamp=NOW, datatype=datatype, value=value) for name, datatype, value in named(values)
    )
    return encode_payload(Payload(timestamp=NOW, seq=3, metrics=tuple(metrics)))


def told(values: list[tuple[DataType, Value]]) -> list[tuple[str, str, Any]]:
    return [(name, datatype.name, as_json(datatype, value)) for name, datatype, value in named(values)]


def test_a_peer_reads_what_we_write(peer: tuple[Peer, Conversation]) -> None:
    asked, conversation = peer
    values = SINGLE if asked is NPM else [*SINGLE, *ARRAYS]  # the npm package knows no arrays
    read = conversation.decode(ours(values))
    misread = {datatype.name: value for datatype, value in MISREAD[asked.name].items()}
    expected = [(name, kind, misread.get(kind, value)) for name, kind, value in told(values)]
    assert [(each["name"], each["type"], each["value"]) for each in read] == expected


def test_we_read_what_a_peer_writes(peer: tuple[Peer, Conversation]) -> None:
    _, conversation = peer
    lines = [
        {"name": name, "type": datatype.name, "number": int(datatype), "value": as_json(datatype, value)}
        for name, datatype, value in named(SINGLE)
    ]
    read = decode_payload(conversation.encode({"timestamp": NOW, "seq": 3, "metrics": lines}))
    assert (read.timestamp, read.seq) == (NOW, 3)
    assert [(metric.name, metric.datatype, metric.value) for metric in read.metrics] == named(SINGLE)
