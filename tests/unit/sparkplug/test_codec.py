"""Payloads: limits, tolerance, refusal, and the rules of structures."""

import gzip
import zlib
from collections.abc import Callable

import pytest

from namespace.sparkplug import (
    DataSet,
    DataType,
    Limits,
    LocalProtocolError,
    Metric,
    Parameter,
    Payload,
    PropertySet,
    PropertyValue,
    Quality,
    RemoteProtocolError,
    Template,
    decode_payload,
    encode_payload,
)
from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from namespace.sparkplug.compression import COMPRESSED_UUID


def _refused(message: pb.Payload | bytes, limits: Limits | None = None) -> str:
    data = message if isinstance(message, bytes) else message.SerializeToString()
    with pytest.raises(RemoteProtocolError) as caught:
        decode_payload(data, limits=limits or Limits())
    return caught.value.reason.value


def _with(change: Callable[[pb.Payload.Metric], object]) -> pb.Payload:
    message = pb.Payload()
    metric = message.metrics.add()
    metric.name = "m"
    change(metric)
    return message


def _compressed(inner: bytes, algorithm: str | None) -> bytes:
    metrics = () if algorithm is None else (Metric(name="algorithm", datatype=DataType.String, value=algorithm),)
    body = gzip.compress(inner) if algorithm == "GZIP" else zlib.compress(inner)
    return encode_payload(Payload(seq=7, uuid=COMPRESSED_UUID, body=body, metrics=metrics))


@pytest.mark.tck("payloads-ndeath-seq")
@pytest.mark.trap(2)
def test_absent_fields_stay_absent() -> None:
    """Absent is not 0."""
    data = encode_payload(Payload(metrics=(Metric(name="a", datatype=DataType.Int32, value=0),)))
    message = pb.Payload.FromString(data)

    assert not message.HasField("seq")
    assert not message.HasField("timestamp")
    assert message.metrics[0].HasField("int_value")
    assert not message.metrics[0].HasField("alias")
    assert not message.metrics[0].HasField("is_null")


@pytest.mark.tck("payloads-alias-uniqueness")
@pytest.mark.trap(16)
def test_alias_zero_is_an_alias() -> None:
    """Presence counts, not truth."""
    read = decode_payload(encode_payload(Payload(metrics=(Metric(alias=0, datatype=DataType.Int32, value=1),))))

    assert read.metrics[0].alias == 0


@pytest.mark.tck("operational-behavior-data-publish-nbirth-values", "operational-behavior-data-publish-dbirth-values")
@pytest.mark.trap(19)
def test_null_has_a_data_type_and_no_value() -> None:
    message = pb.Payload.FromString(encode_payload(Payload(metrics=(Metric(name="a", datatype=DataType.Text),))))

    assert message.metrics[0].is_null
    assert message.metrics[0].datatype == 14
    assert message.metrics[0].WhichOneof("value") is None


def test_null_wins_over_a_value_beside_it() -> None:
    """Some peers send a placeholder with is_null."""

    def change(metric: pb.Payload.Metric) -> None:
        metric.datatype, metric.int_value, metric.is_null = 3, 5, True

    assert decode_payload(_with(change).SerializeToString()).metrics[0].value is None


@pytest.mark.tck("payloads-metric-datatype-not-req")
@pytest.mark.trap(17)
def test_an_integer_without_any_data_type_stays_the_number_on_the_wire() -> None:
    """No guess."""
    read = decode_payload(_with(lambda metric: setattr(metric, "int_value", 4_294_967_284)).SerializeToString())

    assert read.metrics[0].datatype is None
    assert read.metrics[0].value == 4_294_967_284


def test_a_data_type_that_differs_from_the_birth_is_refused() -> None:
    """The alias tables of sender and reader have come apart."""
    data = encode_payload(Payload(metrics=(Metric(name="a", datatype=DataType.Int32, value=1),)))
    with pytest.raises(RemoteProtocolError) as caught:
        decode_payload(data, resolve=lambda _name, _alias: Metric(name="a", datatype=DataType.Double))
    assert caught.value.reason == "datatype_changed"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x12", "protobuf"),
        (b"\x12\xff", "protobuf"),
        (b"not a payload at all", "protobuf"),
        (b"\x18\x80\x02", "seq"),
        (b"\x12\x00", "metric_name"),
        (b"\x12\x03\x0a\x01\xff", "utf8"),
        (b"\x22\x01\xff", "utf8"),
    ],
)
def test_broken_frames_are_refused(data: bytes, reason: str) -> None:
    """Cut, not protobuf, seq above 255, nameless, not UTF-8."""
    assert _refused(data) == reason


@pytest.mark.tck("payloads-metric-datatype-value", "payloads-metric-datatype-value-type")
@pytest.mark.parametrize("number", [0, 20, 21, 35, 4_000_000_000])
def test_numbers_that_are_no_metric_type_are_refused(number: int) -> None:
    assert _refused(_with(lambda metric: setattr(metric, "datatype", number))) == "datatype"


def test_limits_hold_for_bytes_metrics_and_values() -> None:
    """A million metrics or a huge array is refused before it becomes objects."""
    data = encode_payload(
        Payload(metrics=tuple(Metric(alias=number, datatype=DataType.Int8, value=1) for number in range(100)))
    )
    array = encode_payload(Payload(metrics=(Metric(name="a", datatype=DataType.StringArray, value=("",) * 100),)))

    assert _refused(data, Limits(payload_bytes=len(data) - 1)) == "payload_size"
    assert _refused(data, Limits(metrics=99)) == "metric_count"
    assert _refused(data, Limits(values=99)) == "value_count"
    assert _refused(array, Limits(values=100)) == "value_count"
    assert len(decode_payload(data, limits=Limits(payload_bytes=len(data), metrics=100, values=100)).metrics) == 100


def test_a_property_set_counts_as_one_value_and_so_does_each_property() -> None:
    properties = PropertySet.of_strings({f"key{number}": "x" for number in range(10)})
    data = encode_payload(Payload(metrics=(Metric(name="a", datatype=DataType.Int8, value=1, properties=properties),)))

    assert _refused(data, Limits(values=11)) == "value_count"
    assert decode_payload(data, limits=Limits(values=12)).metrics[0].properties == properties


def test_a_template_counts_as_one_value_and_each_of_its_parameters_and_members_as_another() -> None:
    shape = Template(
        template_ref="T",
        parameters=(Parameter("p", DataType.Int8, 1), Parameter("q", DataType.Int8, 2)),
        metrics=(Metric(name="leaf", datatype=DataType.Int8, value=1),),
    )
    metric = Metric(name="t", datatype=DataType.Template, value=shape)
    data = encode_payload(Payload(metrics=(metric,)))

    assert _refused(data, Limits(values=4)) == "value_count"
    assert decode_payload(data, limits=Limits(values=5)).metrics == (metric,)


def test_nesting_is_limited() -> None:
    """Templates within templates, property sets within property sets."""
    metric = Metric(name="leaf", datatype=DataType.Int8, value=1)
    properties = PropertySet()
    for _ in range(9):
        metric = Metric(name="t", datatype=DataType.Template, value=Template(template_ref="T", metrics=(metric,)))
        properties = PropertySet((("p", PropertyValue(DataType.PropertySet, properties)),))
    deep = Metric(name="m", datatype=DataType.Int8, value=1, properties=properties)

    assert _refused(encode_payload(Payload(metrics=(metric,)))) == "nesting"
    assert _refused(encode_payload(Payload(metrics=(deep,)))) == "nesting"
    assert decode_payload(encode_payload(Payload(metrics=(metric,))), limits=Limits(depth=9)).metrics == (metric,)


def test_nesting_beyond_what_the_parser_takes_is_a_broken_frame() -> None:
    """A hundred levels are protobuf's own limit."""
    inner = b""
    for _ in range(200):
        inner = b"\x92\x01" + _varint(len(inner) + 1 + len(_varint(len(inner)))) + b"\x12" + _varint(len(inner)) + inner

    assert _refused(b"\x12" + _varint(len(inner)) + inner) in {"protobuf", "metric_name", "nesting"}


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


@pytest.mark.trap(25)
@pytest.mark.parametrize("algorithm", ["GZIP", "DEFLATE", None])
def test_compressed_payloads_are_read(algorithm: str | None) -> None:
    """Tahu's practice; DEFLATE is what it means when it says nothing."""
    inner = Payload(timestamp=5, metrics=(Metric(name="a", datatype=DataType.Int32, value=1),))

    read = decode_payload(_compressed(encode_payload(inner), algorithm))

    assert read == Payload(timestamp=5, seq=7, metrics=inner.metrics)


@pytest.mark.trap(25)
def test_a_compressed_bomb_is_refused_before_it_is_inflated() -> None:
    """Ten megabytes of nothing in ten kilobytes."""
    bomb = _compressed(b"\0" * 10_000_000, "GZIP")

    assert len(bomb) < 20_000
    assert _refused(bomb, Limits(decompressed_bytes=1_000_000)) == "decompressed_size"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (Payload(uuid=COMPRESSED_UUID, body=b"junk"), "compression"),
        (Payload(uuid=COMPRESSED_UUID), "compression"),
        (Payload(uuid=COMPRESSED_UUID, body=zlib.compress(b"x" * 99)[:-6]), "compression"),
        (
            Payload(
                uuid=COMPRESSED_UUID,
                body=zlib.compress(b""),
                metrics=(Metric(name="algorithm", datatype=DataType.String, value="LZ4"),),
            ),
            "compression",
        ),
        (
            Payload(
                uuid=COMPRESSED_UUID,
                body=zlib.compress(encode_payload(Payload(uuid=COMPRESSED_UUID, body=zlib.compress(b"")))),
            ),
            "compression",
        ),
    ],
)
def test_badly_compressed_payloads_are_refused(payload: Payload, reason: str) -> None:
    """Junk, nothing, cut short, unknown algorithm, compressed twice."""
    assert _refused(encode_payload(payload)) == reason


@pytest.mark.tck("payloads-dataset-column-size", "payloads-dataset-column-num-headers", "payloads-dataset-types-num")
@pytest.mark.trap(22)
def test_a_dataset_must_be_as_wide_as_it_says() -> None:

    def table(columns: int, types: list[int], cells: int, stated: int | None) -> pb.Payload:
        def change(metric: pb.Payload.Metric) -> None:
            metric.datatype = DataType.DataSet
            dataset = metric.dataset_value
            dataset.columns.extend("c" * columns)
            dataset.types.extend(types)
            if stated is not None:
                dataset.num_of_columns = stated
            row = dataset.rows.add()
            for _ in range(cells):
                row.elements.add().int_value = 1

        return _with(change)

    assert decode_payload(table(2, [3, 3], 2, None).SerializeToString()).metrics[0].value == DataSet(
        ("c", "c"), (DataType.Int32, DataType.Int32), ((1, 1),)
    )
    assert _refused(table(2, [3], 2, 2)) == "dataset"
    assert _refused(table(2, [3, 3], 2, 3)) == "dataset"
    assert _refused(table(2, [3, 3], 1, 2)) == "dataset"
    assert _refused(table(1, [16], 1, 1)) == "dataset"


@pytest.mark.tck("payloads-propertyset-keys-array-size", "payloads-propertyset-values-array-size")
@pytest.mark.trap(22)
def test_property_keys_and_values_must_pair() -> None:
    assert _refused(_with(lambda metric: metric.properties.keys.append("k"))) == "property_set"


@pytest.mark.tck("payloads-metric-propertyvalue-type-req")
def test_a_property_without_a_type_takes_that_of_its_field() -> None:
    """The type is asked for in births only."""

    def change(metric: pb.Payload.Metric) -> None:
        metric.properties.keys.append("Quality")
        metric.properties.values.add().int_value = 192

    properties = decode_payload(_with(change).SerializeToString()).metrics[0].properties
    assert properties is not None
    assert properties.quality == 192


@pytest.mark.tck("payloads-propertyset-quality-value-type", "payloads-propertyset-quality-value-value")
def test_quality_is_an_int32() -> None:
    properties = PropertySet.of_strings({"engUnit": "KGM"}).with_quality(Quality.STALE)
    data = encode_payload(Payload(metrics=(Metric(name="a", datatype=DataType.Int8, value=1, properties=properties),)))
    entry = pb.Payload.FromString(data).metrics[0].properties.values[1]

    assert (entry.type, entry.int_value) == (3, 500)


@pytest.mark.tck(
    "payloads-template-is-definition", "payloads-template-definition-ref", "payloads-template-instance-ref"
)
def test_templates_say_what_they_are() -> None:
    definition = Template(is_definition=True)
    instance = Template(template_ref="T")
    data = encode_payload(
        Payload(
            metrics=(
                Metric(name="T", datatype=DataType.Template, value=definition),
                Metric(name="t", datatype=DataType.Template, value=instance),
            )
        )
    )
    first, second = (metric.template_value for metric in pb.Payload.FromString(data).metrics)

    assert (first.is_definition, first.HasField("template_ref")) == (True, False)
    assert (second.HasField("is_definition"), second.is_definition, second.template_ref) == (True, False, "T")


@pytest.mark.tck("payloads-template-instance-members-data")
def test_members_of_a_template_in_data_take_their_types_from_the_birth() -> None:

    def change(metric: pb.Payload.Metric) -> None:
        member = metric.template_value.metrics.add()
        member.name, member.int_value = "mode", 0xFFFF

    shape = Template(template_ref="T", metrics=(Metric(name="mode", datatype=DataType.Int16, value=0),))
    born = Metric(name="m", datatype=DataType.Template, value=shape)
    read = decode_payload(_with(change).SerializeToString(), resolve=lambda _name, _alias: born)

    assert isinstance(read.metrics[0].value, Template)
    assert read.metrics[0].value.metrics[0].value == -1


@pytest.mark.tck(
    "payloads-name-requirement",
    "payloads-metric-datatype-req",
    "payloads-dataset-types-num",
    "payloads-dataset-types-value",
    "payloads-template-definition-ref",
    "payloads-template-parameter-type-value",
    "payloads-metric-propertyvalue-type-value",
)
@pytest.mark.parametrize(
    "metric",
    [
        Metric(datatype=DataType.Int8, value=1),
        Metric(name="a", value=1),
        Metric(name="a", datatype=DataType.PropertySet),
        Metric(name="a", alias=-1, datatype=DataType.Int8),
        Metric(name="a", timestamp=2**64, datatype=DataType.Int8),
        Metric(name="\ud800", datatype=DataType.Int8),
        Metric(name="a", datatype=DataType.DataSet, value=1),
        Metric(name="a", datatype=DataType.Template, value=1),
        Metric(name="a", datatype=DataType.Template, value=Template()),
        Metric(name="a", datatype=DataType.Template, value=Template(is_definition=True, template_ref="T")),
        Metric(
            name="a",
            datatype=DataType.Template,
            value=Template(template_ref="T", metrics=(Metric(alias=1, datatype=DataType.Int8),)),
        ),
        Metric(
            name="a",
            datatype=DataType.Template,
            value=Template(template_ref="T", parameters=(Parameter("p", DataType.Bytes),)),
        ),
        Metric(name="a", datatype=DataType.DataSet, value=DataSet(("a",), ())),
        Metric(name="a", datatype=DataType.DataSet, value=DataSet(("a",), (DataType.Bytes,))),
        Metric(name="a", datatype=DataType.DataSet, value=DataSet(("a",), (DataType.Int8,), ((),))),
        Metric(
            name="a",
            datatype=DataType.Int8,
            properties=PropertySet((("p", PropertyValue(DataType.Bytes, None)),)),
        ),
        Metric(
            name="a",
            datatype=DataType.Int8,
            properties=PropertySet((("p", PropertyValue(DataType.PropertySet, 1)),)),
        ),
        Metric(
            name="a",
            datatype=DataType.Int8,
            properties=PropertySet((("p", PropertyValue(DataType.PropertySetList, 1)),)),
        ),
    ],
)
def test_what_sparkplug_forbids_is_not_written(metric: Metric) -> None:
    """Strict on the way out: nothing of it leaves."""
    with pytest.raises(LocalProtocolError):
        encode_payload(Payload(metrics=(metric,)))


@pytest.mark.tck("payloads-sequence-num-req-nbirth")
def test_a_sequence_number_above_255_is_not_written() -> None:
    with pytest.raises(LocalProtocolError):
        encode_payload(Payload(seq=256))


def test_a_null_property_says_that_it_is_null() -> None:
    """No value could also mean one that got lost."""
    properties = PropertySet((("low", PropertyValue(DataType.Int32, None)),))
    data = encode_payload(Payload(metrics=(Metric(name="a", datatype=DataType.Int32, value=1, properties=properties),)))

    assert pb.Payload.FromString(data).metrics[0].properties.values[0].is_null


@pytest.mark.parametrize("stated", [DataType.PropertySet, DataType.PropertySetList, DataType.Int32])
def test_a_property_whose_value_is_of_another_kind_than_its_type_is_refused(stated: DataType) -> None:
    def change(metric: pb.Payload.Metric) -> None:
        metric.properties.keys.append("p")
        value = metric.properties.values.add(type=stated)
        if stated is DataType.Int32:
            value.propertyset_value.SetInParent()
        else:
            value.int_value = 1

    assert _refused(_with(change)) == "value"


def test_a_template_parameter_without_a_type_that_nobody_told_is_refused() -> None:
    def change(metric: pb.Payload.Metric) -> None:
        metric.datatype = DataType.Template
        metric.template_value.is_definition = True
        metric.template_value.parameters.add(name="p", int_value=1)

    assert _refused(_with(change)) == "datatype"


def test_parameters_of_a_template_count_among_the_values_of_a_payload() -> None:
    def change(metric: pb.Payload.Metric) -> None:
        metric.datatype = DataType.Template
        metric.template_value.is_definition = True
        for number in range(20):
            metric.template_value.parameters.add(name=f"p{number}", type=DataType.Int32, int_value=1)

    assert _refused(_with(change), Limits(values=20)) == "value_count"


@pytest.mark.parametrize(("outer", "inner", "read"), [(7, 9, 9), (7, None, 7), (None, None, None)])
def test_the_sequence_number_of_a_compressed_payload_is_the_inner_one_where_there_is_one(
    outer: int | None, inner: int | None, read: int | None
) -> None:
    """Tahu puts it outside."""
    body = zlib.compress(encode_payload(Payload(seq=inner)))
    data = encode_payload(Payload(seq=outer, uuid=COMPRESSED_UUID, body=body))

    assert decode_payload(data).seq == read


def test_a_time_beyond_64_bits_is_our_mistake() -> None:
    assert decode_payload(encode_payload(Payload(timestamp=2**64 - 1))).timestamp == 2**64 - 1
    with pytest.raises(LocalProtocolError, match="unsigned 64-bit"):
        encode_payload(Payload(timestamp=2**64))


def test_of_a_template_the_later_version_stands_and_without_one_the_earlier() -> None:
    first, second, without = (Template(template_ref="T", version=version) for version in ("1", "2", None))

    assert first.merged(second).version == "2"
    assert first.merged(without).version == "1"


@pytest.mark.parametrize(
    ("value", "quality"),
    [
        (PropertyValue(DataType.Int32, 192), 192),
        (PropertyValue(DataType.String, "192"), None),
        (PropertyValue(DataType.Boolean, True), None),
        (PropertyValue(DataType.Int32, None), None),
    ],
)
def test_only_a_number_is_a_quality(value: PropertyValue, quality: int | None) -> None:
    assert PropertySet((("Quality", value),)).quality == quality


def test_a_metric_of_which_nothing_else_is_said_is_neither_old_nor_passing() -> None:
    data = encode_payload(Payload(metrics=(Metric(name="a", datatype=DataType.Int32, value=1),)))
    metric = pb.Payload.FromString(data).metrics[0]

    assert (metric.is_historical, metric.is_transient) == (False, False)


@pytest.mark.parametrize("key", ["k", "k" * 300], ids=["small", "large"])
def test_properties_count_among_the_values_of_a_payload(key: str) -> None:
    def change(metric: pb.Payload.Metric) -> None:
        metric.datatype, metric.int_value = DataType.Int32, 1
        for number in range(9):
            metric.properties.keys.append(f"{key}{number}")
            metric.properties.values.add(type=DataType.Int32, int_value=1)

    assert _refused(_with(change), Limits(values=9)) == "value_count"
