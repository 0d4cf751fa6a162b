"""The historian's ways for many samples at once give what its ways for one do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from namespace.isa95 import load_site
from namespace.sparkplug import (
    Data,
    DataType,
    DeviceBirth,
    EdgeNodeDescriptor,
    Metric,
    MetricValue,
    PropertySet,
    Quality,
    Value,
)
from namespace.sparkplug.metric_columns import Columns, Slot
from services.historian.application.recorder import Recorder
from services.historian.domain.batch import Batch, occurrence, occurrences
from services.historian.domain.tag import Tags

NODE = EdgeNodeDescriptor("Bottling", "Line1-PLC")
NOW = 1_800_000_000_000
_SITE_FILE = Path(__file__).parents[3] / "deploy" / "site" / "acme-dallas.yaml"
SITE = load_site(_SITE_FILE.read_text(encoding="utf-8"), str(_SITE_FILE))

_CELLS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text() | st.binary()
_NAMED: dict[str, tuple[DataType, st.SearchStrategy[Value]]] = {
    "real": (DataType.Double, st.floats(allow_nan=False)),
    "whole": (DataType.UInt64, st.integers(0, 2**64 - 1)),
    "flag": (DataType.Boolean, st.booleans()),
    "text": (DataType.String, st.text(max_size=4) | st.just("nul\0")),
    "nothing": (DataType.Int16, st.none()),
    "array": (DataType.Int8Array, st.tuples(st.integers(-128, 127))),
    "transient": (DataType.Double, st.floats(allow_nan=False)),
    "bad": (DataType.Double, st.floats(allow_nan=False)),
    "bdSeq": (DataType.Int64, st.integers(0, 255)),
}
_ROW = st.sampled_from(sorted(_NAMED)).flatmap(
    lambda name: st.tuples(st.just(name), _NAMED[name][1], st.integers(NOW - 3, NOW + 3) | st.just(2**64 - 1))
)


_QUIET = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@_QUIET
@given(st.lists(_CELLS))
def test_what_tells_many_samples_apart_is_what_tells_one_apart(cells: list[Value]) -> None:
    assert occurrences(cells) == [occurrence(cell) for cell in cells]  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [0, 0.0, False, "", b""])
def test_null_and_a_value_at_the_same_instant_are_two_samples(value: object) -> None:
    """A machine that is born without a value and reports its first within the same millisecond has reported it."""
    assert occurrence(None) not in {occurrence(value), *range(5)}  # type: ignore[arg-type]


def _slots() -> dict[str, Slot]:
    bad = PropertySet().with_quality(Quality.BAD)
    return {
        name: Slot(
            name,
            datatype,
            Metric(name=name, alias=7, is_transient=name == "transient", properties=bad if name == "bad" else None),
            NOW,
        )
        for name, (datatype, _) in _NAMED.items()
    }


def _recorded(messages: list[list[tuple[str, Value, int]]], *, in_columns: bool) -> Batch:
    recorder = Recorder(SITE, Tags(), lambda: NOW)
    slots = _slots()
    born = tuple(slot.as_value() for slot in slots.values() if slot.name != "whole")  # one that no birth told of
    recorder.told([DeviceBirth(NODE, "d", born, NOW - 10)])
    for rows in messages:
        columns = Columns()
        for name, value, at_ms in rows:
            columns.slots.append(slots[name])
            columns.values.append(value)
            columns.timestamps.append(at_ms)
        metrics: Columns | tuple[MetricValue, ...] = columns if in_columns else columns.metrics()
        recorder.told([Data(NODE, "d", metrics, NOW)])
    return recorder.take()


def _shown(batch: Batch) -> object:
    return [
        (
            columns.order,
            [tag.key for tag in columns.tags],
            columns.at_ms,
            columns.received_ms,
            columns.cells,
            columns.quality,
            columns.marks,
        )
        for columns in (batch.fresh, batch.doubtful)
    ], batch.size


@_QUIET
@given(st.lists(st.lists(_ROW, max_size=8), max_size=6))
def test_columns_are_recorded_as_their_values_one_by_one(messages: list[list[tuple[str, Value, int]]]) -> None:
    assert _shown(_recorded(messages, in_columns=True)) == _shown(_recorded(messages, in_columns=False))
