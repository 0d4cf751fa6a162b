"""The host session: what births and data tell."""

import pytest

from namespace.sparkplug import (
    Data,
    DataSet,
    DataType,
    DeviceBirth,
    EdgeNodeConfig,
    HostSession,
    HostSettings,
    Metric,
    MetricUpdate,
    NodeBirth,
    NodeState,
    Payload,
    PropertySet,
    Quality,
    RebirthWanted,
    Rejected,
    Template,
    WantedReason,
    encode_payload,
)
from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from tests.unit.sparkplug.line import NODE, NOW, SETTINGS, Line, bd_seq, born_line, counts, raw


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
    line = born_line()
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
    metrics = (bd_seq(0), Metric(name="t", alias=0, datatype=DataType.Int16, value=1))
    host.receive(*raw("NBIRTH", metrics, seq=0)[:2], NOW)
    sent = Metric(
        name=None if alias else "t",
        alias=0 if alias else None,
        datatype=DataType.UInt32 if wire < 2**32 else DataType.UInt64,
        value=wire,
    )
    payload = encode_payload(Payload(timestamp=NOW, seq=1, metrics=(sent,)), says_datatype=lambda _metric: False)
    (data,) = host.receive("spBv1.0/g/NDATA/n", payload, NOW)

    assert counts([data]) == [-12]


@pytest.mark.trap(19, 20)
def test_null_history_quality_and_transience_reach_the_caller() -> None:
    """Sparkplug 3.0, 6.4.6: is_null, is_historical, is_transient, properties."""
    line = born_line()
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
    line = born_line()
    payload = pb.Payload(timestamp=line.now, seq=2)
    payload.metrics.add(name="count", int_value=7, is_null=True)
    (event,) = line.host.receive("spBv1.0/g/DDATA/n/d", payload.SerializeToString(), line.now)

    assert counts([event]) == [None]


def test_the_time_of_data_is_the_payloads_or_else_ours_and_that_of_a_metric_its_own_or_else_the_payloads() -> None:
    line = born_line()
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


@pytest.mark.trap(17)
def test_an_unknown_metric_is_rejected_and_the_others_are_told() -> None:
    line = born_line()
    metrics = (
        Metric(alias=77, datatype=DataType.Int32, value=1),
        Metric(name="version", datatype=DataType.String, value="2"),
        Metric(name="new", datatype=DataType.String, value="x"),
    )
    events = line.heard(raw("NDATA", metrics, seq=2, at=line.now))

    assert [event.reason for event in events if isinstance(event, Rejected)] == [
        "unknown_alias",
        "unknown_metric",
    ]
    assert counts(events) == ["2"]
    assert events[-1] == RebirthWanted(NODE, WantedReason.UNKNOWN_METRIC)


def test_a_value_of_another_type_is_rejected_alone() -> None:
    """From the reader's side: a value that does not fit its metric."""
    line = born_line()
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


@pytest.mark.tck("payloads-alias-uniqueness")
@pytest.mark.trap(16)
def test_two_metrics_with_one_alias_make_a_birth_useless() -> None:
    """Data could not be told apart."""
    host = HostSession(SETTINGS)
    metrics = tuple(Metric(name=name, alias=1, datatype=DataType.Int8, value=1) for name in "ab")
    rejected, wanted = host.receive(*raw("NBIRTH", (bd_seq(0), *metrics), seq=0)[:2], NOW)

    assert isinstance(rejected, Rejected)
    assert rejected.reason == "alias_conflict"
    assert wanted == RebirthWanted(NODE, WantedReason.BIRTH_REFUSED)


@pytest.mark.trap(16)
def test_devices_that_reuse_the_aliases_of_others_are_read_all_the_same() -> None:
    """Aliases are often unique within a device only; topics still tell them apart."""
    host = HostSession(SETTINGS)
    host.receive(
        *raw("NBIRTH", (bd_seq(0), Metric(name="a", alias=1, datatype=DataType.Int8, value=1)), seq=0)[:2],
        NOW,
    )
    host.receive(
        *raw("DBIRTH", (Metric(name="b", alias=1, datatype=DataType.Int8, value=1),), seq=1, device="d")[:2],
        NOW,
    )
    data = encode_payload(Payload(timestamp=NOW, seq=2, metrics=(Metric(alias=1, datatype=DataType.Int8, value=5),)))
    (event,) = host.receive("spBv1.0/g/DDATA/n/d", data, NOW)

    assert isinstance(event, Data)
    assert (event.metrics[0].name, event.metrics[0].value) == ("b", 5)


@pytest.mark.tck("payloads-template-instance-members-data")
@pytest.mark.trap(21)
def test_a_template_in_data_is_completed_by_what_was_known() -> None:
    host = HostSession(SETTINGS)
    members = (
        Metric(name="speed", datatype=DataType.Double, value=1.0),
        Metric(name="mode", datatype=DataType.Int8, value=-1),
    )
    motor = Metric(name="m", alias=4, datatype=DataType.Template, value=Template(template_ref="M", metrics=members))
    host.receive(*raw("NBIRTH", (bd_seq(0), motor), seq=0)[:2], NOW)
    part = Template(template_ref="M", metrics=(Metric(name="mode", datatype=DataType.Int8, value=-2),))
    events = host.receive(*raw("NDATA", (Metric(alias=4, datatype=DataType.Template, value=part),), seq=1)[:2], NOW)

    (data,) = events
    assert isinstance(data, Data)
    value = data.metrics[0].value
    assert isinstance(value, Template)
    assert [(member.name, member.value) for member in value.metrics] == [("speed", 1.0), ("mode", -2)]


def test_a_template_may_become_null_and_be_there_again() -> None:
    """Then it is what the message says: there is nothing to complete it with."""
    host = HostSession(SETTINGS)
    value = Template(template_ref="M", metrics=(Metric(name="mode", datatype=DataType.Int8, value=-1),))
    told: list[object] = []
    for seq, (kind, said) in enumerate((("NBIRTH", value), ("NDATA", None), ("NDATA", value))):
        metrics = (bd_seq(0),) if kind == "NBIRTH" else ()
        motor = Metric(name="m", datatype=DataType.Template, value=said)
        message = raw(kind, (*metrics, motor), seq=seq)
        host.receive(message.topic, message.payload, NOW)
        told.append({metric.name: metric.value for metric in host.metrics(NODE)}["m"])

    assert told == [value, None, value]


def test_a_self_describing_metric_is_read_without_any_birth_where_births_are_not_needed() -> None:
    """Rows of an event log go by name, so that nobody waits for a birth."""
    host = HostSession(HostSettings(check_sequence=False))
    rows = DataSet(("seq",), (DataType.Int64,), ((7,),))
    metrics = (
        Metric(name="EventLog/Events", datatype=DataType.DataSet, value=rows),
        Metric(name="EventLog/Head", datatype=DataType.UInt64, value=7),
        Metric(alias=5, datatype=DataType.Int8, value=1),
    )
    events = host.receive(*raw("NDATA", metrics, seq=9)[:2], NOW)

    assert counts(events) == [rows, 7]
    assert [event.reason for event in events if isinstance(event, Rejected)] == ["unknown_alias"]


def test_plain_values_by_name_are_nothing_unusual() -> None:
    """Who keeps millions of them takes the short way for those."""
    line = Line(config=EdgeNodeConfig(group_id="g", edge_node_id="n", use_aliases=False))
    line.born()
    (data,) = line.heard(line.count(4))

    assert isinstance(data, Data)
    assert data.columns is not None
    assert data.columns.unusual is None


@pytest.mark.parametrize(("born_so", "said_so"), [(True, False), (False, True)])
def test_a_value_is_transient_where_its_birth_or_itself_says_so(born_so: bool, said_so: bool) -> None:
    host = HostSession(SETTINGS)
    metric = Metric(name="m", datatype=DataType.Int32, value=1, is_transient=born_so)
    birth = raw("NBIRTH", (bd_seq(0), metric), seq=0)
    said = raw("NDATA", (Metric(name="m", datatype=DataType.Int32, value=2, is_transient=said_so),), seq=1)
    host.receive(birth.topic, birth.payload, NOW)
    (data,) = host.receive(said.topic, said.payload, NOW)

    assert isinstance(data, Data)
    assert [value.is_transient for value in data.metrics] == [True]


def test_a_value_by_alias_that_its_type_cannot_hold_is_refused_and_the_others_are_used() -> None:
    host = HostSession(SETTINGS)
    metrics = [Metric(name=name, alias=alias, datatype=DataType.UInt8, value=1) for alias, name in enumerate("ab", 1)]
    birth = raw("NBIRTH", (bd_seq(0), *metrics), seq=0)
    host.receive(birth.topic, birth.payload, NOW)
    data = pb.Payload(timestamp=NOW + 1, seq=1)
    data.metrics.add(alias=1, int_value=256)
    data.metrics.add(alias=2, int_value=255)
    events = host.receive("spBv1.0/g/NDATA/n", data.SerializeToString(), NOW + 1)

    assert [event.reason for event in events if isinstance(event, Rejected)] == ["value"]
    assert {metric.name: metric.value for metric in host.metrics(NODE) if metric.name in "ab"} == {"a": 1, "b": 255}


def test_what_a_birth_tells_is_current() -> None:
    births = Line().born()
    metrics = [metric for event in births if isinstance(event, NodeBirth | DeviceBirth) for metric in event.metrics]

    assert len(metrics) > 3
    assert not any(metric.is_historical or metric.is_transient for metric in metrics)
