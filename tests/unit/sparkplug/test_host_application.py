"""The host session, message by message."""

import pytest

from namespace.sparkplug import (
    BD_SEQ,
    Data,
    DataSet,
    DataType,
    DeviceBirth,
    DeviceDeath,
    EdgeNodeConfig,
    EdgeNodeDescriptor,
    EdgeNodeSession,
    HostEvent,
    HostSession,
    HostSettings,
    Ignored,
    IgnoredReason,
    Limits,
    Metric,
    MetricDefinition,
    MetricUpdate,
    NodeBirth,
    NodeDeath,
    NodeStale,
    NodeState,
    OutgoingMessage,
    Payload,
    PropertySet,
    Quality,
    RebirthWanted,
    Rejected,
    Template,
    WantedReason,
    dump_snapshot,
    encode_payload,
    load_snapshot,
    rebirth_request,
)
from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from namespace.sparkplug.host_event import NODE_TRANSITIONS, NodeTrigger

CONFIG = EdgeNodeConfig(group_id="g", edge_node_id="n")
NODE = CONFIG.edge_node
SETTINGS = HostSettings(reorder_timeout_ms=1_000, rebirth_interval_ms=5_000)
NOW = 1_700_000_000_000


class Line:
    """An edge node with one device, its host, and a clock that moves one ms with each message."""

    def __init__(self, settings: HostSettings = SETTINGS, config: EdgeNodeConfig = CONFIG) -> None:
        self.edge = EdgeNodeSession(
            config,
            [MetricDefinition(name="version", datatype=DataType.String, value="1")],
            {
                "d": [
                    MetricDefinition(name="count", datatype=DataType.Int32, value=0),
                    MetricDefinition(name="speed", datatype=DataType.Double),
                ]
            },
        )
        self.host = HostSession(settings)
        self.now = NOW
        self.will = self.edge.connect(0, self.now)

    def born(self) -> list[HostEvent]:
        return self.heard(*self.edge.subscribed(self.now))

    def heard(self, *messages: OutgoingMessage) -> list[HostEvent]:
        events: list[HostEvent] = []
        for message in messages:
            self.now += 1
            events += self.host.receive(message.topic, message.payload, self.now)
        return events

    def count(self, value: int, timestamp: int | None = None) -> OutgoingMessage:
        self.now += 1
        (message,) = self.edge.update("d", [MetricUpdate("count", value, timestamp)], self.now, force=True)
        return message

    def values(self, device_id: str | None = "d") -> dict[str, object]:
        return {metric.name: metric.value for metric in self.host.metrics(NODE, device_id)}


def _line() -> Line:
    line = Line()
    line.born()
    return line


def _counts(events: list[HostEvent]) -> list[object]:
    return [metric.value for event in events if isinstance(event, Data) for metric in event.metrics]


def _of(events: list[HostEvent], kind: type[HostEvent]) -> list[HostEvent]:
    return [event for event in events if isinstance(event, kind)]


def _raw(
    kind: str, metrics: tuple[Metric, ...], *, seq: int | None, at: int = NOW, device: str = ""
) -> OutgoingMessage:
    payload = encode_payload(Payload(timestamp=at, seq=seq, metrics=metrics))
    return OutgoingMessage(f"spBv1.0/g/{kind}/n{device and '/' + device}", payload)


def _bd_seq(number: int) -> Metric:
    return Metric(name=BD_SEQ, datatype=DataType.Int64, value=number)


@pytest.mark.tck("payloads-metric-datatype-req")
def test_births_tell_every_metric_resolved() -> None:
    line = Line()
    node_birth, device_birth = line.born()

    assert isinstance(node_birth, NodeBirth)
    assert (node_birth.edge_node, node_birth.bd_seq, node_birth.timestamp) == (NODE, 0, NOW)
    assert isinstance(device_birth, DeviceBirth)
    assert device_birth.device_id == "d"
    assert [(metric.name, metric.datatype, metric.value, metric.timestamp) for metric in device_birth.metrics] == [
        ("count", DataType.Int32, 0, NOW),
        ("speed", DataType.Double, None, NOW),
    ]
    assert line.host.state(NODE) is NodeState.ONLINE
    assert line.host.devices(NODE) == {"d": True}


@pytest.mark.tck("payloads-metric-datatype-not-req")
@pytest.mark.trap(17)
def test_data_by_alias_is_told_with_name_type_value_and_time() -> None:
    """-12 is -12, not 4294967284."""
    line = _line()
    (data,) = line.heard(line.count(-12, NOW - 5))

    assert isinstance(data, Data)
    (metric,) = data.metrics
    assert (metric.name, metric.datatype, metric.value, metric.timestamp) == (
        "count",
        DataType.Int32,
        -12,
        NOW - 5,
    )
    assert line.values() == {"count": -12, "speed": None}


@pytest.mark.trap(17, 18)
@pytest.mark.parametrize("alias", [True, False])
@pytest.mark.parametrize("wire", [0xFFFF_FFF4, 0xFFFF_FFFF_FFFF_FFF4])
def test_data_by_name_or_alias_takes_the_type_of_the_birth(alias: bool, wire: int) -> None:
    """A type lost when data repeats the name is a known fault of other hosts."""
    host = HostSession(SETTINGS)
    metrics = (_bd_seq(0), Metric(name="t", alias=0, datatype=DataType.Int16, value=1))
    host.receive(*_raw("NBIRTH", metrics, seq=0)[:2], NOW)
    sent = Metric(
        name=None if alias else "t",
        alias=0 if alias else None,
        datatype=DataType.UInt32 if wire < 2**32 else DataType.UInt64,
        value=wire,
    )
    payload = encode_payload(Payload(timestamp=NOW, seq=1, metrics=(sent,)), says_datatype=lambda _metric: False)
    (data,) = host.receive("spBv1.0/g/NDATA/n", payload, NOW)

    assert _counts([data]) == [-12]


@pytest.mark.trap(19, 20)
def test_null_history_quality_and_transience_reach_the_caller() -> None:
    """Sparkplug 3.0, 6.4.6: is_null, is_historical, is_transient, properties."""
    line = _line()
    line.heard(line.count(5))
    bad = PropertySet().with_quality(Quality.BAD)
    (null,) = line.edge.update("d", [MetricUpdate("count", None, properties=bad)], line.now)
    (old,) = line.edge.update("d", [MetricUpdate("count", 3, NOW - 9, is_historical=True)], line.now)
    first, second = (event for event in line.heard(null, old) if isinstance(event, Data))

    assert first.metrics[0].value is None
    assert first.metrics[0].properties is not None
    assert first.metrics[0].properties.quality == 0
    assert (second.metrics[0].value, second.metrics[0].is_historical) == (3, True)
    assert line.values()["count"] is None


@pytest.mark.trap(19)
def test_null_counts_before_a_value_beside_it_in_data() -> None:
    line = _line()
    payload = pb.Payload(timestamp=line.now, seq=2)
    payload.metrics.add(name="count", int_value=7, is_null=True)
    (event,) = line.host.receive("spBv1.0/g/DDATA/n/d", payload.SerializeToString(), line.now)

    assert _counts([event]) == [None]


def test_the_time_of_data_is_the_payloads_or_else_ours_and_that_of_a_metric_its_own_or_else_the_payloads() -> None:
    line = _line()
    told = []
    for seq, sent_at, own in ((2, line.now + 5, None), (3, None, None), (4, line.now + 6, line.now + 4)):
        payload = pb.Payload(seq=seq, timestamp=sent_at)
        payload.metrics.add(name="count", int_value=7, timestamp=own)
        (event,) = line.host.receive("spBv1.0/g/DDATA/n/d", payload.SerializeToString(), line.now + 9)
        assert isinstance(event, Data)
        told.append((event.timestamp - line.now, event.metrics[0].timestamp - line.now))

    assert told == [(5, 5), (9, 9), (6, 4)]


def test_a_metric_of_a_birth_without_a_time_has_that_of_the_birth() -> None:
    host = HostSession(SETTINGS)
    payload = pb.Payload(timestamp=NOW - 7, seq=0)
    payload.metrics.add(name="bdSeq", datatype=DataType.Int64, long_value=0)
    payload.metrics.add(name="x", datatype=DataType.Int32, int_value=1)
    payload.metrics.add(name="y", datatype=DataType.Int32, int_value=1, timestamp=NOW - 9)
    host.receive("spBv1.0/g/NBIRTH/n", payload.SerializeToString(), NOW)

    assert {m.name: m.timestamp for m in host.metrics(NODE) if m.name != "bdSeq"} == {"x": NOW - 7, "y": NOW - 9}


def test_properties_of_the_birth_stay_beside_those_that_change() -> None:
    """An engineering unit told once holds for every value."""
    line = Line()
    unit = PropertySet.of_strings({"engUnit": "KGM"})
    line.born()
    line.heard(*line.edge.update("d", [MetricUpdate("speed", 1.0, properties=unit)], line.now))
    quality = PropertySet().with_quality(Quality.GOOD)
    events = line.heard(*line.edge.update("d", [MetricUpdate("speed", 2.0, properties=quality)], line.now))

    (data,) = events
    assert isinstance(data, Data)
    properties = data.metrics[0].properties
    assert properties is not None
    assert (properties.value("engUnit"), properties.quality) == ("KGM", 192)


@pytest.mark.tck("operational-behavior-host-reordering-start", "operational-behavior-host-reordering-success")
@pytest.mark.trap(24)
def test_messages_out_of_order_are_put_in_order_without_a_rebirth() -> None:
    line = _line()
    first, second, third = (line.count(number) for number in (1, 2, 3))

    assert line.heard(third) == []
    assert line.heard(second) == []
    assert _counts(line.heard(first)) == [1, 2, 3]
    line.now += 10_000
    assert line.host.tick(line.now) == []


@pytest.mark.tck("operational-behavior-host-reordering-rebirth", "operational-behavior-host-reordering-param")
@pytest.mark.trap(24)
def test_a_gap_that_is_not_filled_in_time_makes_the_node_stale_and_wants_a_rebirth() -> None:
    line = _line()
    line.count(1)
    line.heard(line.count(2))
    opened = line.now

    assert line.host.tick(opened + 999) == []
    stale, wanted = line.host.tick(opened + 1_000)
    assert stale == NodeStale(NODE, WantedReason.SEQUENCE_GAP, opened + 1_000, dropped=1)
    assert wanted == RebirthWanted(NODE, WantedReason.SEQUENCE_GAP)
    assert line.host.state(NODE) is NodeState.STALE
    assert line.values()["count"] == 0


def test_the_timeout_counts_even_when_nobody_ticks() -> None:
    """A busy stream alone brings the gap to light."""
    line = _line()
    line.count(1)
    line.heard(line.count(2))
    line.now += 1_000
    events = line.heard(line.count(3))

    assert [type(event) for event in events] == [NodeStale, RebirthWanted]


@pytest.mark.tck("operational-behavior-host-reordering-success")
def test_a_late_fill_of_the_first_hole_gives_the_second_hole_its_own_time() -> None:
    """The timer stops and starts anew."""
    line = _line()
    first, second, _, fourth = (line.count(number) for number in (1, 2, 3, 4))
    line.heard(second, fourth)
    line.now += 900
    assert _counts(line.heard(first)) == [1, 2]
    filled = line.now

    assert line.host.tick(filled + 900) == []
    assert len(line.host.tick(filled + 1_000)) == 2


def test_data_while_a_birth_is_awaited_has_no_effect() -> None:
    """Aliases may have changed with the message that was missed: nothing is guessed."""
    line = _line()
    line.count(1)
    line.heard(line.count(2))
    line.host.tick(line.now + 1_000)
    events = line.heard(line.count(3))

    assert events == [Ignored("spBv1.0/g/DDATA/n/d", IgnoredReason.AWAITING_BIRTH)]
    rebirth = line.heard(*line.edge.rebirth(line.now + 2_000))
    assert [type(event) for event in rebirth] == [NodeBirth, DeviceBirth]
    assert line.values()["count"] == 3


def test_the_missing_message_that_comes_too_late_has_no_effect_although_its_number_is_next() -> None:
    line = _line()
    missing, later = line.count(1), line.count(2)
    line.heard(later)
    line.now += SETTINGS.reorder_timeout_ms
    line.host.tick(line.now)
    assert line.host.state(NODE) is NodeState.STALE

    assert line.heard(missing) == [Ignored(missing.topic, IgnoredReason.AWAITING_BIRTH)]
    assert line.values()["count"] == 0


def test_a_repeated_message_is_ignored_also_after_more_have_come() -> None:
    """QoS 1 bridges repeat."""
    line = _line()
    messages = [line.count(number) for number in (1, 2, 3)]
    line.heard(*messages)

    assert _of(line.heard(*messages), Ignored) == [
        Ignored(message.topic, IgnoredReason.REPEATED) for message in messages
    ]
    assert line.values()["count"] == 3
    assert _counts(line.heard(line.count(4))) == [4]


def test_a_repeat_behind_a_hole_is_ignored() -> None:
    """The same message twice while the one before it is missing."""
    line = _line()
    first, second = line.count(1), line.count(2)

    assert line.heard(second) == []
    assert line.heard(second) == [Ignored(second.topic, IgnoredReason.REPEATED)]
    assert _counts(line.heard(first)) == [1, 2]


def test_the_loss_of_more_than_half_a_round_is_not_taken_for_a_repeat() -> None:
    """A queue that overflows loses hundreds of messages at once."""
    line = _line()
    line.heard(*(line.count(number) for number in range(5)))
    for number in range(200):
        line.count(number)
    line.heard(line.count(777))

    assert line.values()["count"] == 4
    assert [type(event) for event in line.host.tick(line.now + 1_000)] == [NodeStale, RebirthWanted]


def test_two_different_messages_with_one_number_show_a_lost_round() -> None:
    """One of them belongs 256 messages later."""
    line = _line()
    line.count(0)
    held = line.count(1)
    for number in range(255):
        line.count(number)
    other = line.count(2)

    assert line.heard(held) == []
    events = line.heard(other)
    assert [type(event) for event in events] == [NodeStale, RebirthWanted]
    assert _of(events, RebirthWanted) == [RebirthWanted(NODE, WantedReason.SEQUENCE_CONFLICT)]


def test_what_waits_behind_a_hole_is_limited() -> None:
    """Hostile or not, one edge node cannot fill the memory."""
    line = Line(HostSettings(max_held_bytes=100))
    line.born()
    line.count(0)
    events: list[HostEvent] = []
    for number in range(20):
        events += line.heard(line.count(number))

    assert [type(event) for event in events[:2]] == [NodeStale, RebirthWanted]


@pytest.mark.trap(15)
def test_data_of_an_unknown_node_wants_a_rebirth_once_and_then_ever_less_often() -> None:
    """Births are not retained: a host that comes late has to ask, and not for every message."""
    line = Line()
    line.edge.subscribed(line.now)
    start = line.now
    asked = []
    for second in range(400):
        line.now = start + 1_000 * second
        if _of(line.heard(line.count(second)), RebirthWanted):
            asked.append(second)
    assert asked == [0, 5, 15, 35, 75, 155, 315]


def test_requests_repeat_by_themselves_a_limited_number_of_times() -> None:
    """A request is QoS 0 and may be lost; a dead edge node is not asked forever."""
    host = HostSession(HostSettings(rebirth_interval_ms=1_000, rebirth_attempts=3))
    host.receive(*_raw("NDATA", (), seq=5)[:2], NOW)

    asked = [second for second in range(1, 900) if host.tick(NOW + 1_000 * second)]

    assert asked == [1, 3]


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
        assert not _of(host.receive(f"spBv1.0/g/NDATA/n{number}", payload, NOW), RebirthWanted)
    asked = [len(host.tick(NOW + ms)) for ms in range(0, 10_001, 1_000)]

    assert sum(asked) == 500
    assert max(asked) < 100


@pytest.mark.tck("payloads-ddata-order")
def test_data_of_a_device_that_was_not_born_wants_a_rebirth_and_leaves_the_node_online() -> None:
    line = _line()
    payload = encode_payload(Payload(timestamp=NOW, seq=2))
    events = line.host.receive("spBv1.0/g/DDATA/n/other", payload, NOW)

    assert events == [
        Ignored("spBv1.0/g/DDATA/n/other", IgnoredReason.DEVICE_NOT_BORN),
        RebirthWanted(NODE, WantedReason.DEVICE_NOT_BORN),
    ]
    assert line.host.state(NODE) is NodeState.ONLINE


@pytest.mark.trap(17)
def test_an_unknown_metric_is_rejected_and_the_others_are_told() -> None:
    line = _line()
    metrics = (
        Metric(alias=77, datatype=DataType.Int32, value=1),
        Metric(name="version", datatype=DataType.String, value="2"),
        Metric(name="new", datatype=DataType.String, value="x"),
    )
    events = line.heard(_raw("NDATA", metrics, seq=2, at=line.now))

    assert [event.reason for event in events if isinstance(event, Rejected)] == [
        "unknown_alias",
        "unknown_metric",
    ]
    assert _counts(events) == ["2"]
    assert events[-1] == RebirthWanted(NODE, WantedReason.UNKNOWN_METRIC)


def test_a_value_of_another_type_is_rejected_alone() -> None:
    """From the reader's side: a value that does not fit its metric."""
    line = _line()
    raw = encode_payload(
        Payload(
            timestamp=line.now,
            seq=2,
            metrics=(
                Metric(name="count", datatype=DataType.String, value="7"),
                Metric(name="speed", datatype=DataType.Double, value=2.0),
            ),
        )
    )
    events = line.host.receive("spBv1.0/g/DDATA/n/d", raw, line.now)

    assert [event.reason for event in events if isinstance(event, Rejected)] == ["datatype_changed"]
    assert line.values() == {"count": 0, "speed": 2.0}


def test_a_metric_refused_at_birth_is_not_asked_for_again() -> None:
    """Another birth would not make it readable."""
    host = HostSession(SETTINGS)
    birth = bytearray(encode_payload(Payload(timestamp=NOW, seq=0, metrics=(_bd_seq(0),))))
    birth += b"\x12\x07\x0a\x01x\x20\x63\x50\x01"
    events = host.receive("spBv1.0/g/NBIRTH/n", bytes(birth), NOW)
    data = encode_payload(Payload(timestamp=NOW, seq=1, metrics=(Metric(name="x", datatype=DataType.Int8, value=1),)))

    assert [event.reason for event in events if isinstance(event, Rejected)] == ["datatype"]
    assert host.state(NODE) is NodeState.ONLINE
    assert not _of(host.receive("spBv1.0/g/NDATA/n", data, NOW), RebirthWanted)


@pytest.mark.tck("payloads-alias-uniqueness")
@pytest.mark.trap(16)
def test_two_metrics_with_one_alias_make_a_birth_useless() -> None:
    """Data could not be told apart."""
    host = HostSession(SETTINGS)
    metrics = tuple(Metric(name=name, alias=1, datatype=DataType.Int8, value=1) for name in "ab")
    rejected, wanted = host.receive(*_raw("NBIRTH", (_bd_seq(0), *metrics), seq=0)[:2], NOW)

    assert isinstance(rejected, Rejected)
    assert rejected.reason == "alias_conflict"
    assert wanted == RebirthWanted(NODE, WantedReason.BIRTH_REFUSED)


@pytest.mark.trap(16)
def test_devices_that_reuse_the_aliases_of_others_are_read_all_the_same() -> None:
    """Aliases are often unique within a device only; topics still tell them apart."""
    host = HostSession(SETTINGS)
    host.receive(
        *_raw("NBIRTH", (_bd_seq(0), Metric(name="a", alias=1, datatype=DataType.Int8, value=1)), seq=0)[:2],
        NOW,
    )
    host.receive(
        *_raw("DBIRTH", (Metric(name="b", alias=1, datatype=DataType.Int8, value=1),), seq=1, device="d")[:2],
        NOW,
    )
    data = encode_payload(Payload(timestamp=NOW, seq=2, metrics=(Metric(alias=1, datatype=DataType.Int8, value=5),)))
    (event,) = host.receive("spBv1.0/g/DDATA/n/d", data, NOW)

    assert isinstance(event, Data)
    assert (event.metrics[0].name, event.metrics[0].value) == ("b", 5)


@pytest.mark.tck(
    "operational-behavior-edge-node-termination-host-action-ndeath-node-offline",
    "operational-behavior-edge-node-termination-host-action-ndeath-devices-offline",
)
@pytest.mark.trap(24)
def test_ndeath_takes_the_node_and_its_devices_with_it_by_our_clock() -> None:
    line = _line()
    (death,) = line.heard(line.will)

    assert death == NodeDeath(NODE, 0, line.now)
    assert line.host.state(NODE) is NodeState.OFFLINE
    assert line.host.devices(NODE) == {"d": False}
    assert line.values()["count"] == 0


@pytest.mark.trap(24)
def test_ndeath_does_not_wait_behind_a_hole() -> None:
    """NDEATH has no seq and bypasses the order."""
    line = _line()
    line.count(1)
    line.heard(line.count(2))

    assert [type(event) for event in line.heard(line.will)] == [NodeDeath]
    assert line.host.tick(line.now + 60_000) == []


@pytest.mark.tck("payloads-ndeath-bdseq")
@pytest.mark.trap(24)
def test_ndeath_of_another_connection_is_ignored() -> None:
    line = _line()
    old_will = line.will
    line.edge.disconnected()
    line.edge.connect(1, line.now)
    line.heard(*line.edge.subscribed(line.now))

    assert line.heard(old_will) == [Ignored(old_will.topic, IgnoredReason.DEATH_OF_OTHER_SESSION)]
    assert line.host.state(NODE) is NodeState.ONLINE


def test_a_second_ndeath_and_one_of_a_stranger_are_ignored() -> None:
    """With MQTT 5 the published NDEATH and the Will both arrive."""
    line = _line()
    line.heard(line.will)

    assert line.heard(line.will) == [Ignored(line.will.topic, IgnoredReason.REPEATED)]
    assert HostSession().receive(line.will.topic, line.will.payload, NOW) == [
        Ignored(line.will.topic, IgnoredReason.DEATH_OF_OTHER_SESSION)
    ]


@pytest.mark.tck("topics-ndeath-payload")
def test_an_ndeath_without_bdseq_is_rejected() -> None:
    line = _line()
    (rejected,) = line.heard(_raw("NDEATH", (), seq=None))

    assert isinstance(rejected, Rejected)
    assert rejected.reason == "bd_seq"


def test_a_peer_that_never_says_bdseq_lives_and_dies_all_the_same() -> None:
    """Tolerant inbound."""
    host = HostSession(SETTINGS)
    host.receive(*_raw("NBIRTH", (), seq=0)[:2], NOW)
    (death,) = host.receive(*_raw("NDEATH", (), seq=None)[:2], NOW + 1)

    assert death == NodeDeath(NODE, None, NOW + 1)


@pytest.mark.tck("operational-behavior-edge-node-termination-host-action-ddeath-devices-offline")
@pytest.mark.trap(24)
def test_ddeath_takes_the_device_by_its_own_time() -> None:
    line = _line()
    (message,) = line.edge.device_death("d", NOW + 77)

    assert line.heard(message) == [DeviceDeath(NODE, "d", NOW + 77)]
    assert line.host.devices(NODE) == {"d": False}
    assert line.host.state(NODE) is NodeState.ONLINE


def test_a_device_that_does_not_come_back_after_a_birth_is_told_dead() -> None:
    """A birth voids the devices of before; silence about one must not leave it alive."""
    line = _line()
    line.edge.device_death("d", line.now)
    line.heard(*line.edge.rebirth(line.now + 1))

    assert line.host.tick(line.now + 10) == []
    (death,) = line.host.tick(line.now + 1_000)
    assert death == DeviceDeath(NODE, "d", line.now + 1_000)


def test_an_older_or_repeated_birth_of_the_same_connection_is_ignored() -> None:
    """It would bring back values and aliases of before."""
    line = Line()
    births = line.edge.subscribed(line.now)
    line.heard(*births, line.count(8))

    assert line.heard(births[0]) == [Ignored(births[0].topic, IgnoredReason.OLDER_BIRTH)]
    assert line.values()["count"] == 8


def test_a_birth_with_another_bdseq_always_counts() -> None:
    """Also with a clock that was set back by an hour."""
    line = _line()
    line.edge.disconnected()
    line.edge.connect(1, NOW - 3_600_000)
    events = line.heard(*line.edge.subscribed(NOW - 3_600_000))

    assert [type(event) for event in events] == [NodeBirth, DeviceBirth]


def test_a_node_whose_clock_went_back_is_believed_after_vain_requests() -> None:
    """Otherwise it would be asked for ever and never heard."""
    line = _line()
    line.count(1)
    line.heard(line.count(2))
    accepted = []
    for _ in range(4):
        line.now += 60_000
        if _of(line.host.tick(line.now), RebirthWanted):
            accepted += _of(line.heard(*line.edge.rebirth(NOW - 60_000)), NodeBirth)

    assert len(accepted) == 1
    assert line.host.state(NODE) is NodeState.ONLINE


def test_data_sent_before_a_rebirth_and_arriving_after_it_is_ignored() -> None:
    """Two messages with seq 1: only the time tells which belongs to the birth."""
    line = Line()
    births = line.edge.subscribed(line.now)
    late = _raw("NDATA", (Metric(name="version", datatype=DataType.String, value="old"),), seq=1, at=NOW - 1)
    line.heard(births[0])

    assert line.heard(late) == [Ignored(late.topic, IgnoredReason.OLDER_THAN_BIRTH)]
    assert [type(event) for event in line.heard(births[1])] == [DeviceBirth]


def test_a_dbirth_that_overtakes_its_nbirth_waits_for_it() -> None:
    """Same instant, two messages, the wrong way round, on a node that is known."""
    line = _line()
    node_birth, device_birth = line.edge.rebirth(line.now + 5)

    assert line.heard(device_birth) in ([], [Ignored(device_birth.topic, IgnoredReason.REPEATED)])
    events = line.heard(node_birth)
    assert [type(event) for event in events] == [NodeBirth, DeviceBirth]


@pytest.mark.tck("no-id-stale-on-connection-loss")
@pytest.mark.trap(24)
def test_loss_of_our_connection_makes_everything_stale() -> None:
    """Sparkplug 3.0, 5.3 (not testable by the TCK)."""
    line = _line()
    events = line.host.disconnected(line.now)

    assert events == [NodeStale(NODE, WantedReason.CONNECTION_LOST, line.now)]
    assert line.host.tick(line.now + 60_000) == []
    line.host.connected(line.now + 60_000)
    assert line.host.tick(line.now + 60_000) == [RebirthWanted(NODE, WantedReason.CONNECTION_LOST)]


def _three_lines(quiet_ms: int = 1_000) -> tuple[HostSession, list[EdgeNodeSession]]:
    host, edges = HostSession(HostSettings(rebirth_quiet_ms=quiet_ms)), []
    for name in ("a", "b", "c"):
        edge = EdgeNodeSession(EdgeNodeConfig(group_id="g", edge_node_id=name), [], {})
        _comes_back(host, edge, 1, NOW)
        edges.append(edge)
    host.disconnected(NOW)
    host.connected(NOW)
    return host, edges


def _comes_back(host: HostSession, edge: EdgeNodeSession, bd_seq: int, now_ms: int) -> None:
    edge.disconnected()
    edge.connect(bd_seq, now_ms)
    for message in edge.subscribed(now_ms):
        host.receive(message.topic, message.payload, now_ms)


def test_who_comes_back_by_himself_when_the_broker_does_is_not_asked_for_a_rebirth() -> None:
    """A thousand nodes were asked while they were signing in, and said everything twice."""
    host, (a, b, c) = _three_lines()
    _comes_back(host, a, 2, NOW + 100)
    assert host.tick(NOW + 1_000) == []
    _comes_back(host, b, 2, NOW + 1_050)
    assert host.tick(NOW + 2_000) == []
    assert host.tick(NOW + 2_050) == [RebirthWanted(EdgeNodeDescriptor("g", "c"), WantedReason.CONNECTION_LOST)]
    _comes_back(host, c, 2, NOW + 2_100)
    assert host.tick(NOW + 60_000) == []


def test_who_came_back_while_a_snapshot_was_taken_is_a_sign_that_others_do() -> None:
    host, (a, b, _) = _three_lines()
    host.disconnected(NOW + 1)
    _comes_back(host, a, 2, NOW + 100)
    host.connected(NOW + 200)
    assert host.tick(NOW + 450) == []
    _comes_back(host, b, 2, NOW + 500)
    assert host.tick(NOW + 1_450) == []
    wanted = host.tick(NOW + 1_700)
    assert wanted == [RebirthWanted(EdgeNodeDescriptor("g", "c"), WantedReason.CONNECTION_LOST)]


def test_who_was_too_busy_to_listen_does_not_take_that_for_quiet() -> None:
    host, (a, _, _) = _three_lines(quiet_ms=2_000)
    _comes_back(host, a, 2, NOW + 100)
    assert host.tick(NOW + 20_000) == []
    assert host.tick(NOW + 20_900) == []
    assert len(host.tick(NOW + 21_100)) == 2


def test_a_rebirth_that_was_asked_for_keeps_nobody_else_from_being_asked() -> None:
    """It says that our connection alone was gone."""
    host, (a, _, _) = _three_lines()
    for message in a.rebirth(NOW + 100):
        host.receive(message.topic, message.payload, NOW + 100)
    wanted = host.tick(NOW + 150)
    assert [event.edge_node.edge_node_id for event in wanted if isinstance(event, RebirthWanted)] == ["b", "c"]


def test_a_node_that_never_stops_coming_back_keeps_others_waiting_for_a_minute_at_most() -> None:
    host, (a, _, _) = _three_lines()
    for number in range(119):
        _comes_back(host, a, number + 2, NOW + 500 * number)
        assert host.tick(NOW + 500 * number + 400) == []
    _comes_back(host, a, 250, NOW + 59_900)
    assert len(host.tick(NOW + 60_000)) == 2


def test_a_broken_payload_is_rejected_and_the_next_one_read() -> None:
    """One message, one count."""
    line = _line()
    (rejected,) = line.host.receive("spBv1.0/g/DDATA/n/d", b"\x12\xff", line.now)

    assert isinstance(rejected, Rejected)
    assert rejected.reason == "protobuf"
    assert _counts(line.heard(line.count(1))) == [1]


@pytest.mark.parametrize("kind", ["NBIRTH", "DBIRTH"])
def test_a_broken_birth_takes_what_it_would_have_replaced(kind: str) -> None:
    """Its aliases are unknown, so those of before must not be used any longer."""
    line = _line()
    device = "/d" if kind == "DBIRTH" else ""
    events = line.host.receive(f"spBv1.0/g/{kind}/n{device}", b"\x12\xff", line.now)

    assert isinstance(events[0], Rejected)
    assert type(events[1]) is (DeviceDeath if device else NodeStale)
    assert events[2] == RebirthWanted(NODE, WantedReason.BIRTH_REFUSED)


@pytest.mark.tck("payloads-sequence-num-always-included")
@pytest.mark.parametrize("seq", [None, 256, 2**40])
def test_a_message_without_a_proper_sequence_number_is_rejected(seq: int | None) -> None:
    line = _line()
    payload = b"" if seq is None else b"\x18" + _varint(seq)
    (rejected,) = line.host.receive("spBv1.0/g/NDATA/n", payload, line.now)

    assert isinstance(rejected, Rejected)
    assert rejected.reason == "seq"


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


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
    line = _line()
    known = len(line.host._routes)
    for number in range(100):
        line.heard(_raw("DDATA", (), seq=2, at=line.now, device=f"made-up-{number}"))

    assert len(line.host._routes) == known


def test_the_numbers_of_nodes_and_devices_are_limited() -> None:
    """Every input size is bounded."""
    host = HostSession(HostSettings(max_nodes=2, max_devices=1))
    birth = encode_payload(Payload(timestamp=NOW, seq=0, metrics=(_bd_seq(0),)))
    events = [event for name in "abc" for event in host.receive(f"spBv1.0/g/NBIRTH/{name}", birth, NOW)]
    assert [event.reason for event in events if isinstance(event, Rejected)] == ["node_count"]
    for seq, device in ((1, "x"), (2, "y")):
        payload = encode_payload(Payload(timestamp=NOW, seq=seq))
        events = host.receive(f"spBv1.0/g/DBIRTH/a/{device}", payload, NOW)
    assert [event.reason for event in events if isinstance(event, Rejected)] == ["device_count"]


def test_devices_share_the_metrics_that_an_edge_node_may_have() -> None:
    """Births of ever more devices, each within its limits, do not fill the memory; a device that is born again replaces itself."""
    host = HostSession(HostSettings(max_metrics=4))
    host.receive("spBv1.0/g/NBIRTH/a", encode_payload(Payload(timestamp=NOW, seq=0, metrics=(_bd_seq(0),))), NOW)
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
        _bd_seq(3),
        Metric(name="t", alias=1, datatype=DataType.DataSet, value=DataSet(("a",), (DataType.Int8,))),
    )
    line.heard(_raw("NBIRTH", births, seq=0, at=line.now + 1))
    (rejected,) = line.heard(
        _raw("NDATA", (Metric(alias=1, datatype=DataType.DataSet, value=table),), seq=1, at=line.now + 2)
    )

    assert isinstance(rejected, Rejected)
    assert rejected.reason == "value_count"


@pytest.mark.tck("payloads-template-instance-members-data")
@pytest.mark.trap(21)
def test_a_template_in_data_is_completed_by_what_was_known() -> None:
    host = HostSession(SETTINGS)
    members = (
        Metric(name="speed", datatype=DataType.Double, value=1.0),
        Metric(name="mode", datatype=DataType.Int8, value=-1),
    )
    motor = Metric(name="m", alias=4, datatype=DataType.Template, value=Template(template_ref="M", metrics=members))
    host.receive(*_raw("NBIRTH", (_bd_seq(0), motor), seq=0)[:2], NOW)
    part = Template(template_ref="M", metrics=(Metric(name="mode", datatype=DataType.Int8, value=-2),))
    events = host.receive(*_raw("NDATA", (Metric(alias=4, datatype=DataType.Template, value=part),), seq=1)[:2], NOW)

    (data,) = events
    assert isinstance(data, Data)
    value = data.metrics[0].value
    assert isinstance(value, Template)
    assert [(member.name, member.value) for member in value.metrics] == [("speed", 1.0), ("mode", -2)]


def test_a_reader_of_some_topics_sees_holes_and_does_not_mind() -> None:
    """By-place subscribers do no sequence check and ask for no rebirth."""
    line = Line(HostSettings(check_sequence=False))
    births = line.edge.subscribed(line.now)
    events = line.heard(births[1])
    for number in range(5):
        line.edge.update(None, [MetricUpdate("version", str(number))], line.now)
        events += line.heard(line.count(number))

    assert [type(event) for event in events] == [DeviceBirth] + [Data] * 5
    assert line.host.tick(line.now + 60_000) == []


def test_a_self_describing_metric_is_read_without_any_birth_where_births_are_not_needed() -> None:
    """Rows of an event log go by name, so that nobody waits for a birth."""
    host = HostSession(HostSettings(check_sequence=False))
    rows = DataSet(("seq",), (DataType.Int64,), ((7,),))
    metrics = (
        Metric(name="EventLog/Events", datatype=DataType.DataSet, value=rows),
        Metric(name="EventLog/Head", datatype=DataType.UInt64, value=7),
        Metric(alias=5, datatype=DataType.Int8, value=1),
    )
    events = host.receive(*_raw("NDATA", metrics, seq=9)[:2], NOW)

    assert _counts(events) == [rows, 7]
    assert [event.reason for event in events if isinstance(event, Rejected)] == ["unknown_alias"]


def test_a_snapshot_takes_the_place_of_births_and_is_followed_by_what_was_buffered() -> None:
    """A late host needs no rebirth: what the snapshot includes is a repeat, what follows is news."""
    line = _line()
    included, newer = line.count(1), line.count(2)
    line.heard(included)
    snapshot = line.host.snapshot(NODE)
    assert snapshot is not None
    late = HostSession(SETTINGS)
    events = late.restore([load_snapshot(dump_snapshot(snapshot))], NOW)

    assert [type(event) for event in events] == [NodeBirth, DeviceBirth]
    assert all(event.restored for event in events if isinstance(event, NodeBirth | DeviceBirth))
    assert late.receive(included.topic, included.payload, NOW) == [Ignored(included.topic, IgnoredReason.REPEATED)]
    assert _counts(late.receive(newer.topic, newer.payload, NOW)) == [2]


def test_a_snapshot_does_not_replace_a_birth_that_was_heard() -> None:
    """Heard is newer than told."""
    line = _line()
    snapshot = line.host.snapshot(NODE)
    assert snapshot is not None
    line.heard(line.count(9))

    assert line.host.restore([snapshot], line.now) == []
    assert line.values()["count"] == 9


def test_a_snapshot_of_what_is_offline_brings_last_values_and_the_death() -> None:
    """The last value of a dead machine is worth knowing, as stale."""
    line = _line()
    line.heard(line.count(4), line.will)
    snapshot = line.host.snapshot(NODE)
    assert snapshot is not None
    late = HostSession(SETTINGS)
    events = late.restore([snapshot], NOW)

    assert [type(event) for event in events] == [NodeBirth, DeviceBirth, DeviceDeath, NodeDeath]
    assert late.state(NODE) is NodeState.OFFLINE
    assert {metric.name: metric.value for metric in late.metrics(NODE, "d")}["count"] == 4


def test_a_forgotten_node_is_as_if_never_heard() -> None:
    """Its topics mean a new record."""
    line = _line()
    line.host.forget(NODE)
    line.host.forget(NODE)

    assert line.host.edge_nodes() == ()
    assert line.host.snapshot(NODE) is None
    assert line.host.metrics(NODE) == ()
    assert _of(line.heard(line.count(1)), RebirthWanted) == [RebirthWanted(NODE, WantedReason.NO_BIRTH)]


def test_a_node_that_was_only_guessed_at_has_no_snapshot() -> None:
    """Before the first birth there is nothing to hand on."""
    host = HostSession()
    host.receive(*_raw("NDATA", (), seq=1)[:2], NOW)

    assert host.snapshot(NODE) is None


def test_every_state_answers_every_trigger() -> None:
    """The table has no holes, and leads from anywhere to online."""
    assert set(NODE_TRANSITIONS) == {(state, trigger) for state in NodeState for trigger in NodeTrigger}
    assert {NODE_TRANSITIONS[state, NodeTrigger.BIRTH] for state in NodeState} == {NodeState.ONLINE}


def test_a_birth_that_is_heard_is_not_one_that_another_tells_of() -> None:
    """Whoever counts on from a birth must know which it is."""
    births = Line().born()

    assert [event.restored for event in births if isinstance(event, NodeBirth | DeviceBirth)] == [False, False]


def test_a_device_that_comes_back_after_a_birth_is_not_told_dead() -> None:
    line = _line()
    line.heard(*line.edge.rebirth(line.now))

    assert line.host.tick(line.now + SETTINGS.reorder_timeout_ms) == []
    assert line.host.devices(NODE) == {"d": True}


def test_a_birth_takes_with_it_what_was_held_back_from_before_it() -> None:
    """Else it would be told as news once the numbers come to it."""
    line = _line()
    line.count(1)
    line.heard(line.count(2), line.count(3))  # behind a hole
    line.now += 1_000
    births = line.edge.rebirth(line.now)
    told = line.heard(*births, *(line.count(value) for value in range(11, 16)))

    assert _counts(told) == [11, 12, 13, 14, 15]


def test_what_a_host_holds_back_of_one_node_may_reach_the_limit_and_not_go_beyond_it() -> None:
    line = _line()
    _, *others = [line.count(value) for value in range(4)]
    size = len(others[0].payload)
    assert {len(message.payload) for message in others} == {size}
    host = HostSession(HostSettings(reorder_timeout_ms=1_000, max_held_bytes=2 * size))
    for at in (NOW, NOW + 10_000):  # the second time around, what was held back the first time counts no more
        line.now = at
        for message in line.edge.rebirth(at):
            host.receive(message.topic, message.payload, at)
        _, *held = [line.count(value) for value in range(4)]
        assert [host.receive(m.topic, m.payload, line.now) for m in held[:2]] == [[], []]
        assert isinstance(host.receive(held[2].topic, held[2].payload, line.now)[0], NodeStale)


def test_data_of_a_metric_whose_birth_named_no_type_asks_for_nothing() -> None:
    """Another birth would be no better."""
    host = HostSession(SETTINGS)
    births = _raw("NBIRTH", (_bd_seq(0), Metric(name="typeless", alias=7, datatype=DataType.Int32)), seq=0)
    payload = pb.Payload.FromString(births.payload)
    payload.metrics[1].ClearField("datatype")
    born = host.receive(births.topic, payload.SerializeToString(), NOW)
    assert [event.reason for event in born if isinstance(event, Rejected)] == ["datatype"]
    data = pb.Payload(timestamp=NOW + 1, seq=1)
    data.metrics.add(alias=7, int_value=5)
    data.metrics.add(name="typeless", int_value=5)
    events = host.receive("spBv1.0/g/NDATA/n", data.SerializeToString(), NOW + 1)

    assert _of(events, RebirthWanted) == []
    assert host.state(NODE) is NodeState.ONLINE


def test_a_second_birth_of_the_same_first_moment_is_an_old_one() -> None:
    host = HostSession(SETTINGS)
    for seq in (0, 0):
        birth = _raw("NBIRTH", (_bd_seq(0),), seq=seq, at=1)
        events = host.receive(birth.topic, birth.payload, NOW)

    assert events == [Ignored(birth.topic, IgnoredReason.OLDER_BIRTH)]


def test_plain_values_by_name_are_nothing_unusual() -> None:
    """Who keeps millions of them takes the short way for those."""
    line = Line(config=EdgeNodeConfig(group_id="g", edge_node_id="n", use_aliases=False))
    line.born()
    (data,) = line.heard(line.count(4))

    assert isinstance(data, Data)
    assert data.columns is not None
    assert data.columns.unusual is None


@pytest.mark.parametrize(
    ("late_ms", "is_late"), [(SETTINGS.reorder_timeout_ms, True), (SETTINGS.reorder_timeout_ms + 1, False)]
)
def test_a_message_from_before_the_birth_may_be_late_for_as_long_as_messages_are_waited_for(
    late_ms: int, is_late: bool
) -> None:
    """After that its clock was set back, and what it says is news."""
    line = _line()
    born_here = line.now - 1
    (told,) = line.host.receive(*_raw("NDATA", (), seq=2, at=NOW - 1)[:2], born_here + late_ms)

    assert isinstance(told, Ignored if is_late else Data)


def test_after_a_lost_connection_all_are_wanted_for_that_reason() -> None:
    """Whatever was amiss with one before: all come back by themselves where the broker was gone."""
    line = _line()
    line.count(1)
    line.heard(line.count(2))
    line.host.tick(line.now + SETTINGS.reorder_timeout_ms)
    line.host.disconnected(line.now)
    line.host.connected(line.now)

    wanted = line.host.tick(line.now + 60_000)
    assert wanted == [RebirthWanted(NODE, WantedReason.CONNECTION_LOST)]


@pytest.mark.parametrize(("born_so", "said_so"), [(True, False), (False, True)])
def test_a_value_is_transient_where_its_birth_or_itself_says_so(born_so: bool, said_so: bool) -> None:
    host = HostSession(SETTINGS)
    metric = Metric(name="m", datatype=DataType.Int32, value=1, is_transient=born_so)
    birth = _raw("NBIRTH", (_bd_seq(0), metric), seq=0)
    said = _raw("NDATA", (Metric(name="m", datatype=DataType.Int32, value=2, is_transient=said_so),), seq=1)
    host.receive(birth.topic, birth.payload, NOW)
    (data,) = host.receive(said.topic, said.payload, NOW)

    assert isinstance(data, Data)
    assert [value.is_transient for value in data.metrics] == [True]


def test_until_its_own_birth_comes_a_device_of_a_node_that_is_reborn_is_not_there() -> None:
    line = _line()
    birth, _ = line.edge.rebirth(line.now + 1)
    line.heard(birth)
    assert line.host.devices(NODE) == {"d": False}


def test_who_is_forgotten_is_unknown_from_then_on() -> None:
    """An unknown one can be forgotten too."""
    line = _line()
    line.heard(line.count(1))
    line.count(2)
    line.heard(line.count(3))  # behind a hole, for which time would tell
    for _ in range(2):
        line.host.forget(NODE)
    assert line.host.tick(line.now + 60_000) == []

    events = line.heard(line.count(4))
    assert _of(events, Data) == []
    assert _of(events, RebirthWanted) == [RebirthWanted(NODE, WantedReason.NO_BIRTH)]


def test_a_value_by_alias_that_its_type_cannot_hold_is_refused_and_the_others_are_used() -> None:
    host = HostSession(SETTINGS)
    metrics = [Metric(name=name, alias=alias, datatype=DataType.UInt8, value=1) for alias, name in enumerate("ab", 1)]
    birth = _raw("NBIRTH", (_bd_seq(0), *metrics), seq=0)
    host.receive(birth.topic, birth.payload, NOW)
    data = pb.Payload(timestamp=NOW + 1, seq=1)
    data.metrics.add(alias=1, int_value=256)
    data.metrics.add(alias=2, int_value=255)
    events = host.receive("spBv1.0/g/NDATA/n", data.SerializeToString(), NOW + 1)

    assert [event.reason for event in events if isinstance(event, Rejected)] == ["value"]
    assert {metric.name: metric.value for metric in host.metrics(NODE) if metric.name in "ab"} == {"a": 1, "b": 255}


def test_a_device_may_die_instead_of_coming_back_after_a_birth_and_once_only() -> None:
    line = _line()
    birth, _ = line.edge.rebirth(line.now + 1)
    deaths = [_raw("DDEATH", (), seq=seq, at=line.now + 2, device="d") for seq in (1, 2)]
    line.heard(birth)

    assert [type(event) for event in line.heard(*deaths)] == [DeviceDeath, Ignored]
    assert line.host.tick(line.now + SETTINGS.reorder_timeout_ms) == []


def test_a_device_whose_new_birth_is_refused_is_there_no_more() -> None:
    """What the earlier one said of aliases counts no more either."""
    line = _line()
    twice = tuple(Metric(name=name, alias=9, datatype=DataType.Int32, value=1) for name in "ab")
    events = line.heard(_raw("DBIRTH", twice, seq=2, at=line.now, device="d"))

    assert [type(event) for event in events] == [Rejected, DeviceDeath, RebirthWanted]
    assert line.host.devices(NODE) == {"d": False}


def test_what_a_birth_tells_is_current() -> None:
    births = Line().born()
    metrics = [metric for event in births if isinstance(event, NodeBirth | DeviceBirth) for metric in event.metrics]

    assert len(metrics) > 3
    assert not any(metric.is_historical or metric.is_transient for metric in metrics)


def test_what_has_been_handed_on_is_held_no_more() -> None:
    """A link that swaps messages now and then never reaches the limit of what is held back."""
    line = _line()
    size = len(line.count(1).payload)
    host = HostSession(HostSettings(reorder_timeout_ms=1_000, max_held_bytes=2 * size))
    births = line.edge.rebirth(line.now)
    swapped = [message for _ in range(5) for message in reversed([line.count(2), line.count(3)])]
    events = [event for m in (*births, *swapped) for event in host.receive(m.topic, m.payload, line.now)]

    assert _counts(events) == [2, 3] * 5
    assert _of(events, NodeStale) == []


def test_a_node_and_its_devices_may_have_as_many_metrics_as_are_allowed_and_no_more() -> None:
    messages = Line().edge.subscribed(NOW)
    found = 3 + 2  # bdSeq, rebirth and version of the node, count and speed of its device
    for most, is_born in ((found, True), (found - 1, False)):
        host = HostSession(HostSettings(max_metrics=most))
        for message in messages:
            host.receive(message.topic, message.payload, NOW)
        assert host.devices(NODE) == ({"d": True} if is_born else {})
