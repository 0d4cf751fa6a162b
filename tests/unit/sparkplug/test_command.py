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


@pytest.mark.tck(
    "operational-behavior-data-commands-ncmd-rebirth-verb",
    "operational-behavior-data-commands-ncmd-rebirth-name",
    "operational-behavior-data-commands-ncmd-rebirth-value",
    "topics-ncmd-mqtt",
)
def test_a_request_for_rebirth_is_an_ncmd_with_true() -> None:
    request = rebirth_request(NODE, NOW)
    payload = decode_payload(request.payload)

    assert (request.topic, request.qos, request.retain) == ("spBv1.0/g/NCMD/n", 0, False)
    assert [(metric.name, metric.datatype, metric.value) for metric in payload.metrics] == [
        (REBIRTH, DataType.Boolean, True)
    ]


@pytest.mark.tck(
    "payloads-ncmd-timestamp",
    "payloads-ncmd-seq",
    "payloads-dcmd-timestamp",
    "payloads-dcmd-seq",
    "operational-behavior-data-commands-ncmd-verb",
    "operational-behavior-data-commands-dcmd-verb",
)
@pytest.mark.trap(2)
def test_commands_have_a_time_and_no_sequence_number() -> None:
    for device_id, topic in ((None, "spBv1.0/g/NCMD/n"), ("d", "spBv1.0/g/DCMD/n/d")):
        message = command(NODE, device_id, [METRIC], NOW)
        payload = decode_payload(message.payload)

        assert (message.topic, message.qos, message.retain) == (topic, 0, False)
        assert (payload.timestamp, payload.seq, payload.metrics) == (NOW, None, (METRIC,))


@pytest.mark.tck("payloads-metric-datatype-not-req")
def test_the_data_type_may_stay_out() -> None:
    """A SHOULD NOT that several peers do not survive."""
    message = command(NODE, None, [METRIC], NOW, says_datatype=False)

    assert decode_payload(message.payload).metrics[0].datatype is None


@pytest.mark.tck(
    "operational-behavior-data-commands-ncmd-metric-value", "operational-behavior-data-commands-dcmd-metric-value"
)
def test_a_command_that_cannot_be_written_is_our_mistake() -> None:
    with pytest.raises(LocalProtocolError):
        command(NODE, None, [Metric(name="a", datatype=DataType.Int8, value=300)], NOW)
    with pytest.raises(TopicError):
        command(NODE, "a/b", [METRIC], NOW)
    with pytest.raises(TopicError):
        command(EdgeNodeDescriptor("#", "n"), None, [METRIC], NOW)
