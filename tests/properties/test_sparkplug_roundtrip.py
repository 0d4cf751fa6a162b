"""Whatever the types allow comes back from the wire as it went in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from namespace.sparkplug import (
    Cell,
    DataSet,
    DataType,
    MetaData,
    Metric,
    Parameter,
    Payload,
    PropertySet,
    PropertyValue,
    Template,
    Value,
    decode_payload,
    encode_payload,
)
from namespace.sparkplug.datatype import INTEGER_FORMS, METRIC_TYPES, from_wire
from namespace.sparkplug.packed_array import ArrayValue, pack_array, unpack_array

UINT64 = st.integers(0, 2**64 - 1)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def _integers(datatype: DataType) -> st.SearchStrategy[int]:
    low, high = INTEGER_FORMS[datatype].bounds
    return st.integers(low, high) | st.sampled_from([low, high, 0, 1])


SINGLE: dict[DataType, st.SearchStrategy[bool | int | float | str]] = {
    **{datatype: _integers(datatype) for datatype in INTEGER_FORMS},
    DataType.Float: st.floats(width=32, allow_nan=False),
    DataType.Double: st.floats(allow_nan=False),
    DataType.Boolean: st.booleans(),
    DataType.String: TEXTS,
    DataType.Text: TEXTS,
    DataType.UUID: st.uuids().map(str),
}
BASIC = [datatype for datatype in SINGLE if datatype.is_basic]

ARRAY_ELEMENTS: dict[DataType, st.SearchStrategy[bool | int | float | str]] = {
    DataType.Int8Array: SINGLE[DataType.Int8],
    DataType.Int16Array: SINGLE[DataType.Int16],
    DataType.Int32Array: SINGLE[DataType.Int32],
    DataType.Int64Array: SINGLE[DataType.Int64],
    DataType.UInt8Array: SINGLE[DataType.UInt8],
    DataType.UInt16Array: SINGLE[DataType.UInt16],
    DataType.UInt32Array: SINGLE[DataType.UInt32],
    DataType.UInt64Array: SINGLE[DataType.UInt64],
    DataType.FloatArray: SINGLE[DataType.Float],
    DataType.DoubleArray: SINGLE[DataType.Double],
    DataType.BooleanArray: st.booleans(),
    DataType.StringArray: st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    DataType.DateTimeArray: SINGLE[DataType.DateTime],
}


def _arrays(datatype: DataType) -> st.SearchStrategy[ArrayValue]:
    values: st.SearchStrategy[ArrayValue] = st.lists(ARRAY_ELEMENTS[datatype], max_size=20).map(tuple)  # type: ignore[arg-type]
    return values


@st.composite
def datasets(draw: st.DrawFn) -> DataSet:
    types = tuple(draw(st.lists(st.sampled_from(BASIC), max_size=4)))
    columns = tuple(draw(st.lists(NAMES, min_size=len(types), max_size=len(types))))
    row = st.tuples(*(st.none() | SINGLE[datatype] for datatype in types))
    rows: tuple[tuple[Cell, ...], ...] = tuple(draw(st.lists(row, max_size=4)))
    return DataSet(columns, types, rows)


@st.composite
def single_properties(draw: st.DrawFn) -> PropertyValue:
    datatype = draw(st.sampled_from(list(SINGLE)))
    return PropertyValue(datatype, draw(st.none() | SINGLE[datatype]))


def _sets(values: st.SearchStrategy[PropertyValue]) -> st.SearchStrategy[PropertySet]:
    return st.dictionaries(NAMES, values, max_size=3).map(PropertySet.of)


def _nested(values: st.SearchStrategy[PropertyValue]) -> st.SearchStrategy[PropertyValue]:
    one = (st.none() | _sets(values)).map(lambda value: PropertyValue(DataType.PropertySet, value))
    several = st.lists(_sets(values), max_size=2).map(
        lambda parts: PropertyValue(DataType.PropertySetList, tuple(parts))
    )
    return one | several


property_sets = _sets(st.recursive(single_properties(), _nested, max_leaves=6))
metadata = st.builds(
    MetaData,
    is_multi_part=st.none() | st.booleans(),
    content_type=st.none() | TEXTS,
    size=st.none() | UINT64,
    seq=st.none() | UINT64,
    file_name=st.none() | TEXTS,
    file_type=st.none() | TEXTS,
    md5=st.none() | TEXTS,
    description=st.none() | TEXTS,
)


@st.composite
def parameters(draw: st.DrawFn) -> Parameter:
    datatype = draw(st.sampled_from(BASIC))
    return Parameter(draw(NAMES), datatype, draw(st.none() | SINGLE[datatype]))


@st.composite
def templates(draw: st.DrawFn, depth: int) -> Template:
    is_definition = draw(st.booleans())
    return Template(
        metrics=tuple(draw(st.lists(metrics(depth + 1), max_size=3))),
        parameters=tuple(draw(st.lists(parameters(), max_size=3))),
        template_ref=None if is_definition else draw(NAMES),
        version=draw(st.none() | TEXTS),
        is_definition=is_definition,
    )


def _values(datatype: DataType, depth: int) -> st.SearchStrategy[Value]:
    if datatype is DataType.DataSet:
        return datasets()
    if datatype is DataType.Template:
        return templates(depth)
    if datatype in {DataType.Bytes, DataType.File}:
        return st.binary(max_size=20)
    return _arrays(datatype) if datatype.is_array else SINGLE[datatype]


@st.composite
def metrics(draw: st.DrawFn, depth: int = 0) -> Metric:
    allowed = sorted(METRIC_TYPES if depth < 3 else METRIC_TYPES - {DataType.Template})
    datatype = draw(st.sampled_from(allowed))
    return Metric(
        name=draw(NAMES),
        alias=draw(st.none() | UINT64),
        timestamp=draw(st.none() | UINT64),
        datatype=datatype,
        value=draw(st.none() | _values(datatype, depth)),
        is_historical=draw(st.booleans()),
        is_transient=draw(st.booleans()),
        properties=draw(st.none() | property_sets),
        metadata=draw(st.none() | metadata),
    )


payloads = st.builds(
    Payload,
    timestamp=st.none() | UINT64,
    metrics=st.lists(metrics(), max_size=4).map(tuple),
    seq=st.none() | st.integers(0, 255),
    uuid=st.none() | TEXTS,
    body=st.none() | st.binary(max_size=20),
)


@pytest.mark.tck("payloads-metric-datatype-value")
@settings(max_examples=100, deadline=None, derandomize=True)
@given(payloads)
def test_every_payload_comes_back_as_it_went(payload: Payload) -> None:
    """Over every data type, nested and null."""
    assert decode_payload(encode_payload(payload)) == payload


@pytest.mark.tck("payloads-metric-datatype-not-req")
@pytest.mark.trap(17)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.data())
def test_every_data_type_comes_back_without_being_named(data: st.DataObject) -> None:
    """The birth's type is enough, by name or by alias."""
    for datatype in sorted(METRIC_TYPES):
        value = data.draw(st.none() | _values(datatype, 2), label=datatype.name)
        born = Metric(name="a", alias=0, datatype=datatype, value=value)
        by_name = Metric(name="a", datatype=datatype, value=value)
        by_alias = Metric(alias=0, datatype=datatype, value=value)

        assert _without_datatype(by_name, born) == by_name
        assert _without_datatype(by_alias, born) == by_alias


def _without_datatype(metric: Metric, born: Metric) -> Metric:
    raw = encode_payload(Payload(metrics=(metric,)), says_datatype=lambda _metric: False)
    resolved = decode_payload(raw, resolve=lambda name, alias: born if name == "a" or alias == 0 else None)
    return resolved.metrics[0]


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.data())
def test_every_array_comes_back_as_it_went(data: st.DataObject) -> None:
    """Sparkplug 3.0, 6.4.17, array types."""
    for datatype in ARRAY_ELEMENTS:
        value = data.draw(_arrays(datatype), label=datatype.name)
        assert unpack_array(datatype, pack_array(datatype, value)) == value


@pytest.mark.trap(18)
@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.sampled_from([DataType.Int8, DataType.Int16, DataType.Int32]), st.data())
def test_both_habits_of_writing_small_signed_integers_are_read(datatype: DataType, data: st.DataObject) -> None:
    """Cut to the declared width, or with the sign extended to 32 or 64 bits."""
    value = data.draw(_integers(datatype))
    bits = INTEGER_FORMS[datatype].bits

    assert from_wire(datatype, "int_value", value & ((1 << bits) - 1)) == value
    assert from_wire(datatype, "int_value", value & 0xFFFF_FFFF) == value
    assert from_wire(datatype, "long_value", value & 0xFFFF_FFFF_FFFF_FFFF) == value
