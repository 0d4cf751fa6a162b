"""The host session: when a rebirth is wanted, of whom and how often."""

import pytest

from namespace.sparkplug import (
    DataType,
    HostSession,
    HostSettings,
    Ignored,
    IgnoredReason,
    Metric,
    NodeBirth,
    NodeStale,
    NodeState,
    Payload,
    RebirthWanted,
    Rejected,
    WantedReason,
    encode_payload,
)
from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from tests.unit.sparkplug.line import NODE, NOW, SETTINGS, Line, bd_seq, born_line, of_kind, raw


@pytest.mark.trap(15)
def test_data_of_an_unknown_node_wants_a_rebirth_once_and_then_ever_less_often() -> None:
    """Births are not retained: a host that comes late has to ask, and not for every message."""
    line = Line()
    line.edge.subscribed(line.now)
    start = line.now
    asked = []
    for second in range(400):
        line.now = start + 1_000 * second
        if of_kind(line.heard(line.count(second)), RebirthWanted):
            asked.append(second)
    assert asked == [0, 5, 15, 35, 75, 155, 315]


def test_requests_repeat_by_themselves_a_limited_number_of_times() -> None:
    """A request is QoS 0 and may be lost; a dead edge node is not asked forever."""
    host = HostSession(HostSettings(rebirth_interval_ms=1_000, rebirth_attempts=3))
    host.receive(*raw("NDATA", (), seq=5)[:2], NOW)

    asked = [second for second in range(1, 900) if host.tick(NOW + 1_000 * second)]

    assert asked == [1, 3]


def test_a_rebirth_that_could_not_be_asked_for_is_wanted_again_as_soon_as_the_first_time() -> None:
    host = HostSession(HostSettings(rebirth_interval_ms=1_000, rebirth_attempts=3))
    host.receive(*raw("NDATA", (), seq=5)[:2], NOW)
    node = host.edge_nodes()[0]
    wanted = []
    for second in range(1, 60):
        if host.tick(NOW + 1_000 * second):
            wanted.append(second)
            host.not_asked(node, NOW + 1_000 * second)
    assert wanted == list(range(1, 60))


@pytest.mark.trap(15)
def test_a_birth_that_somebody_else_asked_for_ends_the_wish() -> None:
    """Dropped when somebody else's rebirth is seen first."""
    line = Line(HostSettings(rebirth_spread_ms=60_000))
    births = line.edge.subscribed(line.now)
    data = line.count(1)

    assert line.heard(data) == [Ignored(data.topic, IgnoredReason.AWAITING_BIRTH)]
    line.heard(*births, data)
    assert line.host.tick(line.now + 100_000) == []


@pytest.mark.trap(15)
def test_first_requests_to_many_nodes_are_spread_over_time() -> None:
    """A broker restart must not end in five hundred births at once."""
    host = HostSession(HostSettings(rebirth_spread_ms=10_000, rebirth_interval_ms=60_000))
    payload = encode_payload(Payload(seq=1, timestamp=NOW))
    for number in range(500):
        assert not of_kind(host.receive(f"spBv1.0/g/NDATA/n{number}", payload, NOW), RebirthWanted)
    asked = [len(host.tick(NOW + ms)) for ms in range(0, 10_001, 1_000)]

    assert sum(asked) == 500
    assert max(asked) < 100


@pytest.mark.tck("payloads-ddata-order")
def test_data_of_a_device_that_was_not_born_wants_a_rebirth_and_leaves_the_node_online() -> None:
    line = born_line()
    payload = encode_payload(Payload(timestamp=NOW, seq=2))
    events = line.host.receive("spBv1.0/g/DDATA/n/other", payload, NOW)

    assert events == [
        Ignored("spBv1.0/g/DDATA/n/other", IgnoredReason.DEVICE_NOT_BORN),
        RebirthWanted(NODE, WantedReason.DEVICE_NOT_BORN),
    ]
    assert line.host.state(NODE) is NodeState.ONLINE


def test_a_metric_refused_at_birth_is_not_asked_for_again() -> None:
    """Another birth would not make it readable."""
    host = HostSession(SETTINGS)
    birth = bytearray(encode_payload(Payload(timestamp=NOW, seq=0, metrics=(bd_seq(0),))))
    birth += b"\x12\x07\x0a\x01x\x20\x63\x50\x01"
    events = host.receive("spBv1.0/g/NBIRTH/n", bytes(birth), NOW)
    data = encode_payload(Payload(timestamp=NOW, seq=1, metrics=(Metric(name="x", datatype=DataType.Int8, value=1),)))

    assert [event.reason for event in events if isinstance(event, Rejected)] == ["datatype"]
    assert host.state(NODE) is NodeState.ONLINE
    assert not of_kind(host.receive("spBv1.0/g/NDATA/n", data, NOW), RebirthWanted)


def test_a_node_whose_clock_went_back_is_believed_after_vain_requests() -> None:
    """Otherwise it would be asked for ever and never heard."""
    line = born_line()
    line.count(1)
    line.heard(line.count(2))
    accepted = []
    for _ in range(4):
        line.now += 60_000
        if of_kind(line.host.tick(line.now), RebirthWanted):
            accepted += of_kind(line.heard(*line.edge.rebirth(NOW - 60_000)), NodeBirth)

    assert len(accepted) == 1
    assert line.host.state(NODE) is NodeState.ONLINE


@pytest.mark.tck("no-id-stale-on-connection-loss")
@pytest.mark.trap(24)
def test_loss_of_our_connection_makes_everything_stale() -> None:
    """Sparkplug 3.0, 5.3 (not testable by the TCK)."""
    line = born_line()
    events = line.host.disconnected(line.now)

    assert events == [NodeStale(NODE, WantedReason.CONNECTION_LOST, line.now)]
    assert line.host.tick(line.now + 60_000) == []
    line.host.connected(line.now + 60_000)
    assert line.host.tick(line.now + 60_000) == [RebirthWanted(NODE, WantedReason.CONNECTION_LOST)]


def test_data_of_a_metric_whose_birth_named_no_type_asks_for_nothing() -> None:
    """Another birth would be no better."""
    host = HostSession(SETTINGS)
    births = raw("NBIRTH", (bd_seq(0), Metric(name="typeless", alias=7, datatype=DataType.Int32)), seq=0)
    payload = pb.Payload.FromString(births.payload)
    payload.metrics[1].ClearField("datatype")
    born = host.receive(births.topic, payload.SerializeToString(), NOW)
    assert [event.reason for event in born if isinstance(event, Rejected)] == ["datatype"]
    data = pb.Payload(timestamp=NOW + 1, seq=1)
    data.metrics.add(alias=7, int_value=5)
    data.metrics.add(name="typeless", int_value=5)
    events = host.receive("spBv1.0/g/NDATA/n", data.SerializeToString(), NOW + 1)

    assert of_kind(events, RebirthWanted) == []
    assert host.state(NODE) is NodeState.ONLINE


def test_after_a_lost_connection_all_are_wanted_for_that_reason() -> None:
    """Whatever was amiss with one before: all come back by themselves where the broker was gone."""
    line = born_line()
    line.count(1)
    line.heard(line.count(2))
    line.host.tick(line.now + SETTINGS.reorder_timeout_ms)
    line.host.disconnected(line.now)
    line.host.connected(line.now)

    wanted = line.host.tick(line.now + 60_000)
    assert wanted == [RebirthWanted(NODE, WantedReason.CONNECTION_LOST)]
