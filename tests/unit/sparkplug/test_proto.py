"""The generated schema: the fast parser, the right package, the same numbers."""

import pytest
from google.protobuf.internal import api_implementation

from namespace.sparkplug import DataType
from namespace.sparkplug._pb import sparkplug_b_pb2 as pb


def test_the_fast_protobuf_parser_is_in_use() -> None:
    """Without upb a parse costs tens of times as much."""
    assert api_implementation.Type() == "upb"


@pytest.mark.tck("payloads-metric-datatype-value")
def test_data_types_have_the_numbers_of_the_schema() -> None:
    schema = {name: number for name, number in pb.DataType.items() if number != 0}

    assert {member.name: member.value for member in DataType} == schema
    assert len(schema) == 34


def test_message_names_are_those_of_tahu() -> None:
    """Tools that print full names agree."""
    assert pb.Payload.Metric.DESCRIPTOR.full_name == "org.eclipse.tahu.protobuf.Payload.Metric"


def test_field_numbers_of_a_metric_are_those_of_the_specification() -> None:
    """Sparkplug 3.0, 6.4.1: what two implementations must share."""
    numbers = {field.name: field.number for field in pb.Payload.Metric.DESCRIPTOR.fields}

    assert numbers == {
        "name": 1,
        "alias": 2,
        "timestamp": 3,
        "datatype": 4,
        "is_historical": 5,
        "is_transient": 6,
        "is_null": 7,
        "metadata": 8,
        "properties": 9,
        "int_value": 10,
        "long_value": 11,
        "float_value": 12,
        "double_value": 13,
        "boolean_value": 14,
        "string_value": 15,
        "bytes_value": 16,
        "dataset_value": 17,
        "template_value": 18,
    }


def test_extension_members_of_third_parties_survive_as_unknown_fields() -> None:
    """Field 19 of a metric is an extension of the value: kept, and no value."""
    raw = b"\x12\x06\x0a\x01a\x9a\x01\x00"
    message = pb.Payload.FromString(raw)

    assert message.metrics[0].WhichOneof("value") is None
    assert message.SerializeToString() == raw
