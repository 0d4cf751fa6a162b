"""Snapshots in transit."""

import json
from typing import Any

import pytest

from namespace.sparkplug import (
    DataType,
    DeviceSnapshot,
    EdgeNodeDescriptor,
    Metric,
    NodeSnapshot,
    RemoteProtocolError,
    dump_snapshot,
    load_snapshot,
)

SNAPSHOT = NodeSnapshot(
    edge_node=EdgeNodeDescriptor("Acme:Dallas", "line-1"),
    online=True,
    bd_seq=255,
    seq=17,
    sent_at=1_700_000_000_005,
    born_at=1_700_000_000_000,
    metrics=(Metric(name="a", alias=1, timestamp=5, datatype=DataType.Int64, value=-1),),
    devices=(
        DeviceSnapshot(
            "d", alive=True, metrics=(Metric(name="b", alias=2, datatype=DataType.StringArray, value=("x",)),)
        ),
        DeviceSnapshot("e", alive=False, metrics=()),
    ),
)


def test_a_snapshot_survives_json() -> None:
    """Aliases, types and values alike."""
    assert load_snapshot(json.loads(json.dumps(dump_snapshot(SNAPSHOT)))) == SNAPSHOT


@pytest.mark.parametrize(
    "change",
    [
        {"edge_node": "line-1"},
        {"edge_node": 5},
        {"seq": "x"},
        {"seq": None},
        {"birth": "no base 64!"},
        {"birth": "EgE="},
        {"birth": None},
        {"devices": [{}]},
        {"devices": 5},
    ],
)
def test_what_is_no_snapshot_is_refused(change: dict[str, Any]) -> None:
    """It comes over the wire like everything else."""
    with pytest.raises(RemoteProtocolError):
        load_snapshot({**dump_snapshot(SNAPSHOT), **change})


def test_a_snapshot_without_a_part_is_refused() -> None:
    """No part is optional."""
    document = dump_snapshot(SNAPSHOT)
    for key in document:
        with pytest.raises(RemoteProtocolError):
            load_snapshot({name: value for name, value in document.items() if name != key})


def test_a_sequence_number_from_beyond_a_byte_is_taken_round() -> None:
    assert load_snapshot({**dump_snapshot(SNAPSHOT), "seq": 256 + 17}).seq == 17


def test_base64_with_anything_else_in_it_is_refused() -> None:
    """Python's decoder leaves out what it does not know unless told otherwise."""
    birth = dump_snapshot(SNAPSHOT)["birth"]
    with pytest.raises(RemoteProtocolError):
        load_snapshot({**dump_snapshot(SNAPSHOT), "birth": f"{birth[:4]}!!!!{birth[4:]}"})
