"""Commands as a host writes them."""

import pytest

from namespace.sparkplug import (
    REBIRTH,
    DataType,
    EdgeNodeDescriptor,
    LocalProtocolError,
    Metric,
    TopicError,
    command,
    decode_payload,
    rebirth_request,
)

NODE = EdgeNodeDescriptor("g", "n")
NOW = 1_700_000_000_000
METRIC = Metric(name="Command/Request", datatype=DataType.String, value="{}")


def test_a_request_for_rebirth_is_an_ncmd_with_true() -> None:
    """tck-id-operational-behavior-data-commands-ncmd-rebirth-verb, -name, -value, tck-id-topics-ncmd-mqtt."""
    request = rebirth_request(NODE, NOW)
    payload = decode_payload(request.payload)

    assert (request.topic, request.qos, request.retain) == ("spBv1.0/g/NCMD/n", 0, False)
    assert [(metric.name, metric.datatype, metric.value) for metric in payload.metrics] == [
        (REBIRTH, DataType.Boolean, True)
    ]


def test_commands_have_a_time_and_no_sequence_number() -> None:
    """tck-id-payloads-ncmd-timestamp, -ncmd-seq, tck-id-payloads-dcmd-timestamp, -dcmd-seq."""
    for device_id, topic in ((None, "spBv1.0/g/NCMD/n"), ("d", "spBv1.0/g/DCMD/n/d")):
        message = command(NODE, device_id, [METRIC], NOW)
        payload = decode_payload(message.payload)

        assert (message.topic, message.qos, message.retain) == (topic, 0, False)
        assert (payload.timestamp, payload.seq, payload.metrics) == (NOW, None, (METRIC,))


def test_the_data_type_may_stay_out() -> None:
    """tck-id-payloads-metric-datatype-not-req is a SHOULD NOT that several peers do not survive."""
    message = command(NODE, None, [METRIC], NOW, says_datatype=False)

    assert decode_payload(message.payload).metrics[0].datatype is None


def test_a_command_that_cannot_be_written_is_our_mistake() -> None:
    """tck-id-operational-behavior-data-commands-ncmd-metric-value."""
    with pytest.raises(LocalProtocolError):
        command(NODE, None, [Metric(name="a", datatype=DataType.Int8, value=300)], NOW)
    with pytest.raises(TopicError):
        command(NODE, "a/b", [METRIC], NOW)
    with pytest.raises(TopicError):
        command(EdgeNodeDescriptor("#", "n"), None, [METRIC], NOW)
