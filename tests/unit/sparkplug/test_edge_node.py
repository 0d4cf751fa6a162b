"""The edge-node session, message by message."""

import pytest

from namespace.sparkplug import (
    BD_SEQ,
    REBIRTH,
    Action,
    CommandReceived,
    CommandRefused,
    DataSet,
    DataType,
    EdgeNodeConfig,
    EdgeNodeSession,
    EdgeNodeState,
    HostReturned,
    Leave,
    LocalProtocolError,
    Metric,
    MetricDefinition,
    MetricUpdate,
    OutgoingMessage,
    Payload,
    PropertySet,
    Send,
    StatePayload,
    Template,
    TopicError,
    command,
    decode_payload,
    rebirth_request,
)
from namespace.sparkplug.edge_action import TRANSITIONS

CONFIG = EdgeNodeConfig(group_id="Acme:Dallas", edge_node_id="mes-oee")
GATED = EdgeNodeConfig(group_id="Acme:Dallas", edge_node_id="mes-oee", primary_host_id="scada")
DEVICE = "Packaging:Line1:Filler"
NOW = 1_700_000_000_000


def _session(config: EdgeNodeConfig = CONFIG) -> EdgeNodeSession:
    return EdgeNodeSession(
        config,
        [
            MetricDefinition(name="Node Info/Version", datatype=DataType.String, value="1"),
            MetricDefinition(
                name="EventLog/Events",
                datatype=DataType.DataSet,
                value=DataSet(("seq",), (DataType.Int64,)),
                by_name=True,
                momentary=True,
            ),
        ],
        {
            DEVICE: [
                MetricDefinition(name="OEE/OEE", datatype=DataType.Double),
                MetricDefinition(name="Command/Request", datatype=DataType.String, writable=True),
            ],
            "_Site": [MetricDefinition(name="count", datatype=DataType.Int32, value=0)],
        },
    )


def _born(config: EdgeNodeConfig = CONFIG, bd_seq: int = 0) -> EdgeNodeSession:
    session = _session(config)
    session.connect(bd_seq, NOW)
    session.subscribed(NOW)
    return session


def _read(message: OutgoingMessage) -> Payload:
    return decode_payload(message.payload)


def _by_name(payload: Payload) -> dict[str | None, Metric]:
    return {metric.name: metric for metric in payload.metrics}


def _seqs(messages: list[OutgoingMessage]) -> list[int | None]:
    return [_read(message).seq for message in messages]


def _sent(actions: list[Action]) -> list[OutgoingMessage]:
    (action,) = actions
    assert isinstance(action, Send)
    return list(action.messages)


@pytest.mark.tck(
    "payloads-ndeath-will-message",
    "payloads-ndeath-will-message-qos",
    "payloads-ndeath-will-message-retain",
    "topics-ndeath-payload",
    "topics-ndeath-seq",
)
@pytest.mark.trap(5)
def test_the_will_is_an_ndeath_with_bdseq_and_nothing_else() -> None:
    will = _session().connect(7, NOW)
    payload = _read(will)

    assert (will.topic, will.qos, will.retain) == ("spBv1.0/Acme:Dallas/NDEATH/mes-oee", 1, False)
    assert payload.seq is None
    assert [(metric.name, metric.datatype, metric.value) for metric in payload.metrics] == [(BD_SEQ, DataType.Int64, 7)]


@pytest.mark.tck(
    "message-flow-edge-node-ncmd-subscribe",
    "message-flow-device-dcmd-subscribe",
    "operational-behavior-primary-application-state-with-multiple-servers-state-subs",
)
@pytest.mark.trap(6)
def test_subscriptions_come_before_births_at_qos_1() -> None:
    session = _session(GATED)

    assert session.subscriptions() == [
        ("spBv1.0/Acme:Dallas/NCMD/mes-oee", 1),
        ("spBv1.0/Acme:Dallas/DCMD/mes-oee/+", 1),
        ("spBv1.0/STATE/scada", 1),
    ]
    with pytest.raises(LocalProtocolError):
        session.subscribed(NOW)


@pytest.mark.tck(
    "topics-nbirth-seq-num",
    "payloads-nbirth-seq",
    "message-flow-edge-node-birth-publish-nbirth-payload-seq",
    "payloads-dbirth-order",
    "topics-nbirth-mqtt",
    "topics-dbirth-mqtt",
)
def test_births_are_nbirth_with_seq_0_and_then_every_device() -> None:
    session = _session()
    session.connect(3, NOW)
    births = session.subscribed(NOW)

    assert [message.topic for message in births] == [
        "spBv1.0/Acme:Dallas/NBIRTH/mes-oee",
        f"spBv1.0/Acme:Dallas/DBIRTH/mes-oee/{DEVICE}",
        "spBv1.0/Acme:Dallas/DBIRTH/mes-oee/_Site",
    ]
    assert _seqs(births) == [0, 1, 2]
    assert {(message.qos, message.retain) for message in births} == {(0, False)}
    assert {_read(message).timestamp for message in births} == {NOW}


@pytest.mark.tck(
    "topics-nbirth-metrics",
    "topics-nbirth-metric-reqs",
    "topics-nbirth-bdseq-matching",
    "topics-nbirth-rebirth-metric",
    "operational-behavior-data-commands-rebirth-name-aliases",
)
@pytest.mark.trap(13)
def test_nbirth_lists_bdseq_rebirth_and_every_metric_with_type_value_and_time() -> None:
    session = _session()
    session.connect(3, NOW)
    metrics = _by_name(_read(session.subscribed(NOW)[0]))

    assert (metrics[BD_SEQ].datatype, metrics[BD_SEQ].value) == (DataType.Int64, 3)
    assert (metrics[REBIRTH].datatype, metrics[REBIRTH].value) == (DataType.Boolean, False)
    assert metrics[REBIRTH].alias is None
    assert metrics[BD_SEQ].alias is None
    assert metrics["Node Info/Version"].value == "1"
    assert all(metric.datatype and metric.timestamp == NOW for metric in metrics.values())


@pytest.mark.tck("payloads-alias-uniqueness", "payloads-alias-birth-requirement")
@pytest.mark.trap(16)
def test_aliases_are_unique_over_the_node_and_its_devices_and_stand_beside_the_name() -> None:
    session = _session()
    session.connect(0, NOW)
    metrics = [metric for message in session.subscribed(NOW) for metric in _read(message).metrics]
    aliases = [metric.alias for metric in metrics if metric.alias is not None]

    assert len(aliases) == len(set(aliases)) == 4
    assert all(metric.name for metric in metrics)


@pytest.mark.tck("payloads-alias-data-cmd-requirement", "payloads-metric-datatype-not-req", "topics-ddata-mqtt")
def test_data_carries_the_alias_alone_and_no_data_type() -> None:
    session = _born()
    (message,) = session.update(DEVICE, [MetricUpdate("OEE/OEE", 0.5)], NOW + 5)
    (metric,) = _read(message).metrics

    assert message.topic == f"spBv1.0/Acme:Dallas/DDATA/mes-oee/{DEVICE}"
    assert (metric.name, metric.datatype, metric.value, metric.timestamp) == (None, None, 0.5, NOW + 5)
    assert metric.alias is not None
    assert _read(message).seq == 3


@pytest.mark.tck("payloads-name-requirement")
def test_without_aliases_data_goes_by_name_still_without_data_type() -> None:
    session = _born(EdgeNodeConfig(group_id="g", edge_node_id="n", use_aliases=False))
    (message,) = session.update(DEVICE, [MetricUpdate("OEE/OEE", 0.5)], NOW)
    (metric,) = _read(message).metrics

    assert (metric.name, metric.alias, metric.datatype) == ("OEE/OEE", None, None)


def test_a_by_name_metric_needs_no_birth_to_be_read_and_is_not_remembered_when_momentary() -> None:
    """Rows of an event log: the name and the data type travel, births stay empty."""
    session = _born()
    rows = DataSet(("seq",), (DataType.Int64,), ((1,),))
    (message,) = session.update(None, [MetricUpdate("EventLog/Events", rows)], NOW)
    (again,) = session.update(None, [MetricUpdate("EventLog/Events", rows)], NOW)
    (metric,) = _read(message).metrics
    birth = _by_name(_read(session.rebirth(NOW)[0]))

    assert (metric.name, metric.alias, metric.datatype, metric.value) == (
        "EventLog/Events",
        None,
        DataType.DataSet,
        rows,
    )
    assert _read(again).metrics == (metric,)
    assert birth["EventLog/Events"].value == DataSet(("seq",), (DataType.Int64,))


@pytest.mark.tck(
    "payloads-sequence-num-incrementing",
    "payloads-ndata-seq-inc",
    "payloads-ddata-seq-inc",
    "payloads-ddeath-seq-inc",
    "payloads-dbirth-seq-inc",
)
@pytest.mark.trap(1)
def test_seq_runs_over_node_and_devices_and_wraps_after_255() -> None:
    session = _session()
    session.connect(0, NOW)
    messages = session.subscribed(NOW)
    for number in range(300):
        device = (None, DEVICE, "_Site")[number % 3]
        name, value = ("Node Info/Version", str(number)) if device is None else ("count", number)
        if device == DEVICE:
            name, value = "OEE/OEE", number / 2
        messages += session.update(device, [MetricUpdate(name, value)], NOW + number)
    messages += session.device_death("_Site", NOW)
    messages += session.device_birth("_Site", None, NOW)

    assert _seqs(messages) == [number % 256 for number in range(len(messages))]
    assert len(messages) == 305


@pytest.mark.tck(
    "principles-rbe-recommended",
    "operational-behavior-data-publish-nbirth-change",
    "operational-behavior-data-publish-dbirth-change",
)
def test_only_changes_are_published_unless_forced() -> None:
    session = _born()
    update = [MetricUpdate("OEE/OEE", 0.5)]

    assert len(session.update(DEVICE, update, NOW)) == 1
    assert session.update(DEVICE, update, NOW + 1) == []
    assert len(session.update(DEVICE, update, NOW + 2, force=True)) == 1
    assert len(session.update(DEVICE, [MetricUpdate("OEE/OEE", None)], NOW + 3)) == 1
    changed = MetricUpdate("OEE/OEE", None, properties=PropertySet.of_strings({"engUnit": "P1"}))
    assert len(session.update(DEVICE, [changed], NOW + 4)) == 1


@pytest.mark.tck("payloads-ndata-order", "payloads-ddata-order")
def test_updates_before_birth_are_remembered_and_not_published() -> None:
    """No data before births; they carry the current value and its time."""
    session = _session()
    assert session.update(DEVICE, [MetricUpdate("OEE/OEE", 0.25, NOW - 60_000)], NOW) == []
    session.connect(0, NOW)
    assert session.update(None, [MetricUpdate("Node Info/Version", "2", NOW)], NOW) == []
    births = session.subscribed(NOW)

    assert _by_name(_read(births[0]))["Node Info/Version"].value == "2"
    oee = _by_name(_read(births[1]))["OEE/OEE"]
    assert (oee.value, oee.timestamp) == (0.25, NOW - 60_000)


@pytest.mark.tck("operational-behavior-data-publish-nbirth-order", "operational-behavior-data-publish-dbirth-order")
@pytest.mark.trap(20)
def test_metrics_of_one_payload_are_in_time_order() -> None:
    session = _born()
    updates = [
        MetricUpdate("count", 3, NOW + 3),
        MetricUpdate("count", 1, NOW + 1),
        MetricUpdate("count", 2, NOW + 2),
    ]
    (message,) = session.update("_Site", updates, NOW + 9)

    assert [metric.value for metric in _read(message).metrics] == [1, 2, 3]
    for birth in session.rebirth(NOW + 10):
        times = [metric.timestamp or 0 for metric in _read(birth).metrics]
        assert times == sorted(times)


@pytest.mark.trap(20)
def test_history_is_sent_and_not_taken_as_current() -> None:
    """is_historical never overwrites the current value or its time."""
    session = _born()
    session.update("_Site", [MetricUpdate("count", 10, NOW)], NOW)
    (message,) = session.update("_Site", [MetricUpdate("count", 4, NOW - 9, is_historical=True)], NOW)

    assert _read(message).metrics[0].is_historical
    (current,) = session.metrics("_Site")
    assert (current.value, current.timestamp) == (10, NOW)


@pytest.mark.parametrize(
    ("device", "update"),
    [
        (None, MetricUpdate("no such metric", 1)),
        ("no such device", MetricUpdate("count", 1)),
        ("_Site", MetricUpdate("count", 2**31)),
        ("_Site", MetricUpdate("count", "1")),
        (None, MetricUpdate(BD_SEQ, 1)),
    ],
)
def test_an_update_that_cannot_be_sent_changes_nothing(device: str | None, update: MetricUpdate) -> None:
    """Nothing is remembered, no sequence number is used up."""
    session = _born()
    with pytest.raises(LocalProtocolError):
        session.update(device, [MetricUpdate("count", 5), update] if device == "_Site" else [update], NOW)
    (message,) = session.update("_Site", [MetricUpdate("count", 6)], NOW)

    assert _read(message).seq == 3


@pytest.mark.tck(
    "operational-behavior-data-commands-rebirth-action-1",
    "operational-behavior-data-commands-rebirth-action-2",
    "operational-behavior-data-commands-rebirth-action-3",
)
@pytest.mark.trap(14)
def test_rebirth_says_everything_again_with_the_same_bdseq() -> None:
    session = _born(bd_seq=9)
    session.update("_Site", [MetricUpdate("count", 5)], NOW)
    request = rebirth_request(CONFIG.edge_node, NOW)
    births = _sent(session.receive(request.topic, request.payload, NOW + 1))

    assert [message.topic.split("/")[2] for message in births] == ["NBIRTH", "DBIRTH", "DBIRTH"]
    assert _seqs(births) == [0, 1, 2]
    assert _by_name(_read(births[0]))[BD_SEQ].value == 9
    assert _by_name(_read(births[2]))["count"].value == 5
    (data,) = session.update("_Site", [MetricUpdate("count", 6)], NOW + 2)
    assert _read(data).seq == 3


@pytest.mark.trap(15)
def test_many_requests_for_rebirth_at_once_are_answered_once() -> None:
    """Every host asks when a broker returns."""
    session = _born()
    request = rebirth_request(CONFIG.edge_node, NOW)

    answers = [session.receive(request.topic, request.payload, NOW + ms) for ms in (0, 1, 500, 999, 1000)]

    assert [len(answer) for answer in answers] == [1, 0, 0, 0, 1]


@pytest.mark.tck("operational-behavior-data-commands-ncmd-rebirth-value")
def test_a_rebirth_command_with_false_or_before_birth_does_nothing() -> None:
    session = _born()
    no = command(CONFIG.edge_node, None, [Metric(name=REBIRTH, datatype=DataType.Boolean, value=False)], NOW)
    yes = rebirth_request(CONFIG.edge_node, NOW)

    assert session.receive(no.topic, no.payload, NOW) == []
    assert _session().receive(yes.topic, yes.payload, NOW) == []


@pytest.mark.tck("payloads-alias-data-cmd-requirement", "payloads-metric-datatype-not-req")
@pytest.mark.parametrize("says_datatype", [True, False])
@pytest.mark.parametrize("by_alias", [True, False])
def test_a_command_is_understood_by_name_or_alias_with_or_without_data_type(
    says_datatype: bool, by_alias: bool
) -> None:
    session = _born()
    born = {metric.name: metric for metric in session.metrics(DEVICE)}["Command/Request"]
    metric = Metric(
        name=None if by_alias else "Command/Request",
        alias=born.alias if by_alias else None,
        datatype=DataType.String,
        value="{}",
        timestamp=NOW,
    )
    message = command(CONFIG.edge_node, DEVICE, [metric], NOW, says_datatype=says_datatype)

    assert session.receive(message.topic, message.payload, NOW) == [
        CommandReceived(DEVICE, "Command/Request", DataType.String, "{}", NOW)
    ]


def test_the_name_in_a_command_counts_before_an_alias_beside_it() -> None:
    """An alias may be one of a birth before; a name cannot be."""
    metric = Metric(name="Command/Request", alias=999, datatype=DataType.String, value="{}", timestamp=NOW)
    message = command(CONFIG.edge_node, DEVICE, [metric], NOW)

    assert _born().receive(message.topic, message.payload, NOW) == [
        CommandReceived(DEVICE, "Command/Request", DataType.String, "{}", NOW)
    ]


@pytest.mark.tck(
    "operational-behavior-data-commands-ncmd-metric-name",
    "operational-behavior-data-commands-dcmd-metric-name",
    "operational-behavior-data-commands-ncmd-metric-value",
    "operational-behavior-data-commands-dcmd-metric-value",
)
@pytest.mark.parametrize(
    ("device", "metric", "reason"),
    [
        (DEVICE, Metric(name="OEE/OEE", datatype=DataType.Double, value=1.0), "not_writable"),
        (DEVICE, Metric(name="nothing", datatype=DataType.Double, value=1.0), "unknown_metric"),
        (DEVICE, Metric(alias=999, datatype=DataType.Double, value=1.0), "unknown_metric"),
        (DEVICE, Metric(name="Command/Request", datatype=DataType.Int8, value=1), "datatype_changed"),
        ("nobody", Metric(name="Command/Request", datatype=DataType.String, value=""), "unknown_device"),
        (None, Metric(name="Node Info/Version", datatype=DataType.String, value="x"), "not_writable"),
    ],
)
def test_other_commands_are_refused_with_a_reason(device: str | None, metric: Metric, reason: str) -> None:
    message = command(CONFIG.edge_node, device, [metric], NOW)
    (action,) = _born().receive(message.topic, message.payload, NOW)

    assert isinstance(action, CommandRefused)
    assert action.reason == reason


def test_messages_for_others_are_passed_over() -> None:
    """A session answers to its own topics only."""
    session = _born()
    other = rebirth_request(CONFIG.edge_node._replace(edge_node_id="other"), NOW)

    assert session.receive(other.topic, other.payload, NOW) == []
    assert session.receive("anything", b"", NOW) == []


@pytest.mark.tck("operational-behavior-device-ddeath", "payloads-ddeath-seq", "topics-ddeath-mqtt")
def test_a_device_that_dies_is_told_and_left_out_until_it_is_born_again() -> None:
    session = _born()
    (death,) = session.device_death(DEVICE, NOW + 1)

    assert death.topic == f"spBv1.0/Acme:Dallas/DDEATH/mes-oee/{DEVICE}"
    assert (_read(death).seq, _read(death).timestamp, death.qos, death.retain) == (3, NOW + 1, 0, False)
    assert session.device_death(DEVICE, NOW) == []
    assert not session.is_alive(DEVICE)
    assert session.update(DEVICE, [MetricUpdate("OEE/OEE", 0.75)], NOW) == []
    assert [message.topic for message in session.rebirth(NOW)][1:] == ["spBv1.0/Acme:Dallas/DBIRTH/mes-oee/_Site"]
    (birth,) = session.device_birth(DEVICE, None, NOW)
    assert _by_name(_read(birth))["OEE/OEE"].value == 0.75


@pytest.mark.tck("payloads-alias-uniqueness")
@pytest.mark.trap(16)
def test_a_device_may_come_new_or_with_other_metrics_and_old_aliases_keep_their_meaning() -> None:
    """At runtime."""
    session = _born()
    before = {metric.name: metric.alias for metric in session.metrics(DEVICE)}
    definitions = [
        MetricDefinition(name="new", datatype=DataType.Int8, value=1),
        MetricDefinition(name="OEE/OEE", datatype=DataType.Double),
    ]
    (birth,) = session.device_birth(DEVICE, definitions, NOW)
    (other,) = session.device_birth("Packaging:Line2", definitions, NOW)
    aliases = {metric.name: metric.alias for metric in _read(birth).metrics}
    others = {metric.alias for metric in _read(other).metrics}

    assert aliases["OEE/OEE"] == before["OEE/OEE"]
    assert aliases["new"] not in before.values()
    assert not others & {*aliases.values(), *before.values()}
    with pytest.raises(LocalProtocolError):
        session.device_birth("unknown", None, NOW)


@pytest.mark.tck("operational-behavior-edge-node-intentional-disconnect-ndeath", "payloads-ndeath-bdseq")
def test_leaving_says_ddeath_for_each_device_and_then_ndeath() -> None:
    session = _born(bd_seq=5)
    messages = session.disconnect(NOW + 1)

    assert [message.topic.split("/")[2] for message in messages] == ["DDEATH", "DDEATH", "NDEATH"]
    assert _seqs(messages) == [3, 4, None]
    assert [metric.value for metric in _read(messages[2]).metrics] == [5]
    assert session.state is EdgeNodeState.OFFLINE
    assert session.disconnect(NOW) == []


@pytest.mark.tck("topics-nbirth-bdseq-increment", "payloads-nbirth-bdseq-repeat")
@pytest.mark.trap(3)
def test_each_connection_brings_its_own_bdseq_into_will_birth_and_death() -> None:
    """Given by the caller, wrapping."""
    session = _session()
    for bd_seq in (254, 255, 0, 1):
        will = session.connect(bd_seq, NOW)
        births = session.subscribed(NOW)

        assert _read(will).metrics[0].value == bd_seq
        assert _by_name(_read(births[0]))[BD_SEQ].value == bd_seq
        assert _seqs(births)[0] == 0
        session.disconnected()
    with pytest.raises(LocalProtocolError):
        session.connect(256, NOW)


@pytest.mark.tck(
    "message-flow-edge-node-birth-publish-phid-wait",
    "message-flow-edge-node-birth-publish-phid-wait-id",
    "message-flow-edge-node-birth-publish-phid-wait-online",
)
@pytest.mark.trap(11)
def test_births_wait_for_the_primary_host() -> None:
    session = _session(GATED)
    session.connect(0, NOW)

    assert session.subscribed(NOW) == []
    assert session.state is EdgeNodeState.WAITING
    assert session.receive("spBv1.0/STATE/other", StatePayload(online=True, timestamp=1).encode(), NOW) == []
    assert session.receive("spBv1.0/STATE/scada", StatePayload(online=False, timestamp=1).encode(), NOW) == []
    births = _sent(session.receive("spBv1.0/STATE/scada", StatePayload(online=True, timestamp=2).encode(), NOW))
    assert len(births) == 3
    assert session.receive("spBv1.0/STATE/scada", StatePayload(online=True, timestamp=2).encode(), NOW) == []


def test_a_primary_host_that_comes_back_without_having_been_seen_offline_is_noticed() -> None:
    """It has another connection, and may have missed what was sent since the old one broke."""
    session = _session(GATED)
    session.connect(0, NOW)
    session.subscribed(NOW)
    session.receive("spBv1.0/STATE/scada", StatePayload(online=True, timestamp=2).encode(), NOW)

    assert session.receive("spBv1.0/STATE/scada", StatePayload(online=True, timestamp=3).encode(), NOW) == [
        HostReturned()
    ]
    assert session.is_born


def test_a_state_that_arrives_before_the_suback_counts() -> None:
    """A retained STATE may come in the same read as the SUBACK."""
    session = _session(GATED)
    session.connect(0, NOW)

    assert session.receive("spBv1.0/STATE/scada", StatePayload(online=True, timestamp=2).encode(), NOW) == []
    assert len(session.subscribed(NOW)) == 3


@pytest.mark.tck(
    "operational-behavior-edge-node-termination-host-offline",
    "operational-behavior-edge-node-termination-host-offline-timestamp",
    "message-flow-edge-node-birth-publish-phid-offline",
)
@pytest.mark.trap(11)
def test_an_older_offline_of_the_primary_host_is_ignored_and_a_newer_one_ends_the_session() -> None:
    session = _session(GATED)
    session.connect(4, NOW)
    session.subscribed(NOW)
    session.receive("spBv1.0/STATE/scada", StatePayload(online=True, timestamp=100).encode(), NOW)

    assert session.receive("spBv1.0/STATE/scada", StatePayload(online=False, timestamp=99).encode(), NOW) == []
    (refused,) = session.receive("spBv1.0/STATE/scada", b"OFFLINE", NOW)
    assert isinstance(refused, CommandRefused)
    (leave,) = session.receive("spBv1.0/STATE/scada", StatePayload(online=False, timestamp=100).encode(), NOW)
    assert isinstance(leave, Leave)
    assert leave.messages[-1].topic == "spBv1.0/Acme:Dallas/NDEATH/mes-oee"
    assert session.state is EdgeNodeState.OFFLINE
    session.connect(5, NOW)
    assert session.subscribed(NOW) == []


def test_the_transition_table_is_all_there_is() -> None:
    """Calls out of turn are refused; every state can be left."""
    assert {state for state, _ in TRANSITIONS} == set(EdgeNodeState)
    session = _session()
    with pytest.raises(LocalProtocolError):
        session.subscribed(NOW)
    session.connect(0, NOW)
    session.subscribed(NOW)
    with pytest.raises(LocalProtocolError):
        session.connect(1, NOW)
    with pytest.raises(LocalProtocolError):
        session.subscribed(NOW)


def _definition() -> MetricDefinition:
    members = (Metric(name="speed", datatype=DataType.Double), Metric(name="mode", datatype=DataType.Int8))
    definition = Template(is_definition=True, metrics=members)
    return MetricDefinition(name="Motor", datatype=DataType.Template, value=definition, by_name=True)


def _instance(*names: str, ref: str = "Motor") -> Template:
    types = {"speed": DataType.Double, "mode": DataType.Int8, "colour": DataType.Int8}
    members = tuple(Metric(name=name, datatype=types[name], value=1) for name in names)
    return Template(template_ref=ref, metrics=members)


@pytest.mark.tck(
    "payloads-template-instance-members-birth", "payloads-template-instance-members-data", "topics-nbirth-templates"
)
@pytest.mark.trap(21)
def test_template_instances_are_complete_in_births_and_partial_in_data() -> None:
    motor = MetricDefinition(name="motor", datatype=DataType.Template, value=_instance("speed", "mode"))
    session = EdgeNodeSession(CONFIG, [_definition()], {DEVICE: [motor]})
    session.connect(0, NOW)
    session.subscribed(NOW)
    part = Template(template_ref="Motor", metrics=(Metric(name="mode", datatype=DataType.Int8, value=3),))
    (message,) = session.update(DEVICE, [MetricUpdate("motor", part)], NOW)
    birth = _by_name(_read(session.rebirth(NOW)[1]))["motor"].value

    sent = _read(message).metrics[0].value
    assert isinstance(sent, Template)
    assert [member.name for member in sent.metrics] == ["mode"]
    assert isinstance(birth, Template)
    assert [(member.name, member.value) for member in birth.metrics] == [("speed", 1), ("mode", 3)]


@pytest.mark.tck(
    "payloads-template-instance-members",
    "payloads-template-instance-members-birth",
    "payloads-template-definition-nbirth",
)
@pytest.mark.parametrize(
    "template",
    [_instance("speed"), _instance("speed", "mode", "colour"), _instance("speed", "mode", ref="Pump")],
)
def test_an_instance_that_does_not_follow_its_definition_is_not_born(template: Template) -> None:
    motor = MetricDefinition(name="motor", datatype=DataType.Template, value=template)
    with pytest.raises(LocalProtocolError):
        EdgeNodeSession(CONFIG, [_definition()], {DEVICE: [motor]})


@pytest.mark.tck("payloads-template-definition-nbirth-only")
def test_a_definition_belongs_to_the_edge_node_and_to_births() -> None:
    with pytest.raises(LocalProtocolError):
        EdgeNodeSession(CONFIG, [], {DEVICE: [_definition()]})
    session = EdgeNodeSession(CONFIG, [_definition()])
    with pytest.raises(LocalProtocolError):
        session.update(None, [MetricUpdate("Motor", Template(is_definition=True))], NOW)


@pytest.mark.tck("topics-nbirth-bdseq-included", "topics-nbirth-rebirth-metric")
@pytest.mark.parametrize("name", [BD_SEQ, REBIRTH, ""])
def test_names_that_sparkplug_needs_itself_cannot_be_defined(name: str) -> None:
    with pytest.raises(LocalProtocolError):
        EdgeNodeSession(CONFIG, [MetricDefinition(name=name, datatype=DataType.Int64, value=0)])


def test_a_name_is_defined_once_and_its_value_fits() -> None:
    """Mistakes in definitions show when the session is made, not at the next birth."""
    double = MetricDefinition(name="a", datatype=DataType.Int8, value=1)
    with pytest.raises(LocalProtocolError):
        EdgeNodeSession(CONFIG, [double, double])
    with pytest.raises(LocalProtocolError):
        EdgeNodeSession(CONFIG, [MetricDefinition(name="a", datatype=DataType.Int8, value=1000)])
    with pytest.raises(TopicError):
        EdgeNodeSession(CONFIG, [], {"a/b": []})
    with pytest.raises(TopicError):
        EdgeNodeConfig(group_id="a+b", edge_node_id="n")


def test_bytes_that_are_no_command_ask_for_nothing() -> None:
    session = _born()
    actions = session.receive("spBv1.0/Acme:Dallas/NCMD/mes-oee", b"\xff\xff", NOW + 60_000)

    assert [type(action) for action in actions] == [CommandRefused]


def test_a_second_request_for_rebirth_within_the_same_moment_is_the_same_request() -> None:
    session = _born()
    request = rebirth_request(CONFIG.edge_node, NOW)
    answers = [session.receive(request.topic, request.payload, NOW + 60_000) for _ in range(2)]

    assert [len(actions) for actions in answers] == [1, 0]


def test_what_is_there_and_what_would_be_sent_can_be_asked_beforehand() -> None:
    session = _born()

    assert [session.has_device(name) for name in (DEVICE, "nobody")] == [True, False]
    session.update("_Site", [MetricUpdate("count", 0)], NOW)
    found = [session.changes("_Site", [MetricUpdate("count", value)], NOW) for value in (0, 3)]
    assert [[update.value for update in updates] for updates in found] == [[], [3]]
    for unknown in (
        MetricUpdate("count", Template(template_ref="unheard of")),
        MetricUpdate("count", 2**40),
    ):
        with pytest.raises(LocalProtocolError):
            session.check("_Site", unknown)


def test_a_template_is_checked_beforehand_by_its_definition() -> None:
    definition = MetricDefinition(name="T", datatype=DataType.Template, value=Template(is_definition=True))
    instance = MetricDefinition(name="one", datatype=DataType.Template, value=Template(template_ref="T"))
    session = EdgeNodeSession(CONFIG, [definition, instance])

    session.check(None, MetricUpdate("one", Template(template_ref="T")))
    with pytest.raises(LocalProtocolError, match="unknown template"):
        session.check(None, MetricUpdate("one", Template(template_ref="U")))


def test_a_value_that_does_not_fit_is_refused_before_the_birth_as_after_it() -> None:
    session = _session()
    with pytest.raises(LocalProtocolError, match="does not fit"):
        session.update("_Site", [MetricUpdate("count", 2**40)], NOW)

    assert [metric.value for metric in session.metrics("_Site")] == [0]


def test_what_is_said_at_each_birth_has_its_time_also_where_it_repeats() -> None:
    session = _session()
    session.values_at_birth = lambda: [MetricUpdate("Node Info/Version", "1")]
    session.connect(0, NOW)
    session.subscribed(NOW)
    again = session.rebirth(NOW + 5_000)[0]

    assert _by_name(_read(again))["Node Info/Version"].timestamp == NOW + 5_000


def test_an_instance_of_what_is_a_metric_and_no_template_is_refused() -> None:
    speed = MetricDefinition(name="Speed", datatype=DataType.Int32, value=5)
    instance = MetricDefinition(name="one", datatype=DataType.Template, value=Template(template_ref="Speed"))
    with pytest.raises(LocalProtocolError, match="unknown template 'Speed'"):
        EdgeNodeSession(CONFIG, [speed, instance])


@pytest.mark.parametrize(("back_ms", "born_at"), [(999, NOW + 1), (1_000, NOW - 1_000)])
def test_a_clock_that_lags_by_less_than_a_second_does_not_take_a_birth_back(back_ms: int, born_at: int) -> None:
    """One that was set back by more is believed: who hears it decides."""
    session = _born()

    assert _read(session.rebirth(NOW - back_ms)[0]).timestamp == born_at


def test_what_happens_and_what_was_is_published_also_where_it_repeats() -> None:
    """A row of events is no state, and history has a time of its own."""
    session = _born()
    table = DataSet(("seq",), (DataType.Int64,), ((1,),))
    session.update("_Site", [MetricUpdate("count", 0)], NOW)
    happens, was, is_so = (
        [session.update(device, [update], NOW) for _ in range(2)]
        for device, update in (
            (None, MetricUpdate("EventLog/Events", table)),
            ("_Site", MetricUpdate("count", 0, NOW - 5, is_historical=True)),
            ("_Site", MetricUpdate("count", 0)),
        )
    )

    assert [[len(messages) for messages in each] for each in (happens, was, is_so)] == [[1, 1], [1, 1], [0, 0]]
