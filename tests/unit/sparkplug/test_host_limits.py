"""The host session: what it refuses, passes over and keeps within bounds."""

import pytest

from namespace.sparkplug import (
    DataSet,
    DataType,
    HostSession,
    HostSettings,
    Limits,
    Metric,
    MetricUpdate,
    Payload,
    Rejected,
    encode_payload,
    rebirth_request,
)
from tests.unit.sparkplug.line import NODE, NOW, Line, bd_seq, born_line, counts, raw


def test_a_broken_payload_is_rejected_and_the_next_one_read() -> None:
    """One message, one count."""
    line = born_line()
    (rejected,) = line.host.receive("spBv1.0/g/DDATA/n/d", b"\x12\xff", line.now)

    assert isinstance(rejected, Rejected)
    assert rejected.reason == "protobuf"
    assert counts(line.heard(line.count(1))) == [1]


@pytest.mark.trap(24)
def test_commands_and_state_on_the_stream_are_passed_over() -> None:
    """Subscribed to spBv1.0/#, a host sees its own commands."""
    host = HostSession()
    request = rebirth_request(NODE, NOW)

    assert host.receive(request.topic, request.payload, NOW) == []
    assert host.receive("spBv1.0/g/DCMD/n/d", b"junk", NOW) == []
    assert host.receive("spBv1.0/STATE/scada", b"junk", NOW) == []
    assert host.edge_nodes() == ()


def test_a_topic_that_is_not_sparkplug_is_rejected() -> None:
    """Counted, cut to a readable length, and no edge node comes of it."""
    host = HostSession()
    (rejected,) = host.receive("x" * 5000, b"", NOW)

    assert isinstance(rejected, Rejected)
    assert rejected.reason == "topic"
    assert len(rejected.topic) == 200


def test_topics_of_devices_that_were_never_born_are_not_remembered() -> None:
    """A peer that makes up device ids would fill the memory."""
    line = born_line()
    known = len(line.host._routes)
    for number in range(100):
        line.heard(raw("DDATA", (), seq=2, at=line.now, device=f"made-up-{number}"))

    assert len(line.host._routes) == known


def test_topics_of_whoever_was_born_are_taken_apart_once() -> None:
    """Data comes by the hundred thousand, on few topics."""
    line = born_line()
    (of_node,) = line.edge.update(None, [MetricUpdate("version", "2")], line.now)
    of_device = line.count(1)
    line.heard(of_node, of_device)

    assert {of_node.topic, of_device.topic} <= set(line.host._routes)


def test_the_numbers_of_nodes_and_devices_are_limited() -> None:
    """Every input size is bounded."""
    host = HostSession(HostSettings(max_nodes=2, max_devices=1))
    birth = encode_payload(Payload(timestamp=NOW, seq=0, metrics=(bd_seq(0),)))
    events = [event for name in "abc" for event in host.receive(f"spBv1.0/g/NBIRTH/{name}", birth, NOW)]
    assert [event.reason for event in events if isinstance(event, Rejected)] == ["node_count"]
    for seq, device in ((1, "x"), (2, "y")):
        payload = encode_payload(Payload(timestamp=NOW, seq=seq))
        events = host.receive(f"spBv1.0/g/DBIRTH/a/{device}", payload, NOW)
    assert [event.reason for event in events if isinstance(event, Rejected)] == ["device_count"]


def test_devices_share_the_metrics_that_an_edge_node_may_have() -> None:
    """Births of ever more devices, each within its limits, do not fill the memory; a device that is born again replaces itself."""
    host = HostSession(HostSettings(max_metrics=4))
    host.receive("spBv1.0/g/NBIRTH/a", encode_payload(Payload(timestamp=NOW, seq=0, metrics=(bd_seq(0),))), NOW)
    metrics = tuple(Metric(name=name, datatype=DataType.Int8, value=1) for name in "mn")

    def reasons(device: str, seq: int) -> list[str]:
        payload = encode_payload(Payload(timestamp=NOW, seq=seq, metrics=metrics))
        events = host.receive(f"spBv1.0/g/DBIRTH/a/{device}", payload, NOW)
        return [event.reason for event in events if isinstance(event, Rejected)]

    assert [reasons("x", 1), reasons("x", 2), reasons("y", 3)] == [[], [], ["metric_count"]]


def test_limits_of_payloads_hold_on_data() -> None:
    """A table of a million cells is refused, and only that metric."""
    line = Line(HostSettings(limits=Limits(values=50)))
    line.born()
    table = DataSet(("a",), (DataType.Int8,), ((1,),) * 60)
    births = (
        bd_seq(3),
        Metric(name="t", alias=1, datatype=DataType.DataSet, value=DataSet(("a",), (DataType.Int8,))),
    )
    line.heard(raw("NBIRTH", births, seq=0, at=line.now + 1))
    (rejected,) = line.heard(
        raw("NDATA", (Metric(alias=1, datatype=DataType.DataSet, value=table),), seq=1, at=line.now + 2)
    )

    assert isinstance(rejected, Rejected)
    assert rejected.reason == "value_count"


def test_a_node_and_its_devices_may_have_as_many_metrics_as_are_allowed_and_no_more() -> None:
    messages = Line().edge.subscribed(NOW)
    found = 3 + 2  # bdSeq, rebirth and version of the node, count and speed of its device
    for most, is_born in ((found, True), (found - 1, False)):
        host = HostSession(HostSettings(max_metrics=most))
        for message in messages:
            host.receive(message.topic, message.payload, NOW)
        assert host.devices(NODE) == ({"d": True} if is_born else {})
