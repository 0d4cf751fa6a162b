"""What our edge node writes into a payload, looked at as protobuf: presence counts, and numbers of fields and types.

One edge node has everything that a payload can hold; a test looks at one part of its births and data.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from namespace.sparkplug import (
    DataSet,
    DataType,
    EdgeNodeConfig,
    EdgeNodeSession,
    LocalProtocolError,
    Metric,
    MetricDefinition,
    MetricUpdate,
    OutgoingMessage,
    Parameter,
    Payload,
    PropertySet,
    PropertyValue,
    Quality,
    Template,
    encode_payload,
)
from namespace.sparkplug._pb import sparkplug_b_pb2 as pb

NOW = 1_700_000_000_000
CONFIG = EdgeNodeConfig(group_id="g", edge_node_id="n")
BASIC = range(1, 15)
"""Int8 to Text: the basic types of Sparkplug 3.0, 6.4.16."""
SCALARS = {"int_value", "long_value", "float_value", "double_value", "boolean_value", "string_value"}
MOTOR = Template(
    is_definition=True,
    version="1.2 µ",
    metrics=(Metric(name="speed", datatype=DataType.Double), Metric(name="mode", datatype=DataType.Int8)),
    parameters=(Parameter("pole pairs", DataType.UInt8, 2), Parameter("maker", DataType.String)),
)
PUMP = Template(
    template_ref="Motor",
    metrics=(Metric(name="speed", datatype=DataType.Double, value=1.5), Metric(name="mode", datatype=DataType.Int8)),
    parameters=(Parameter("pole pairs", DataType.UInt8, 4),),
)
TABLE = DataSet(
    ("code", "text", "at", "share", "on"),
    (DataType.UInt16, DataType.String, DataType.DateTime, DataType.Float, DataType.Boolean),
    ((7, "jam", NOW, 0.5, True), (None, None, None, None, None)),
)
NESTED = PropertySet.of(
    {
        "engUnit": PropertyValue(DataType.String, "KGM"),
        "range": PropertyValue(DataType.PropertySet, PropertySet.of({"low": PropertyValue(DataType.Int64, -1)})),
        "more": PropertyValue(DataType.PropertySetList, (PropertySet.of_strings({"a": "b"}),)),
    }
).with_quality(Quality.GOOD)


def session(config: EdgeNodeConfig = CONFIG) -> EdgeNodeSession:
    return EdgeNodeSession(
        config,
        [
            MetricDefinition(name="Motor", datatype=DataType.Template, value=MOTOR),
            MetricDefinition(name="weight", datatype=DataType.Int32, value=-3, properties=NESTED),
        ],
        {
            "d": [
                MetricDefinition(name="pump", datatype=DataType.Template, value=PUMP),
                MetricDefinition(name="alarms", datatype=DataType.DataSet, value=TABLE),
            ]
        },
    )


def parsed(messages: Iterable[OutgoingMessage]) -> list[pb.Payload]:
    return [pb.Payload.FromString(message.payload) for message in messages]


def born(edge: EdgeNodeSession) -> list[pb.Payload]:
    edge.connect(0, NOW)
    return parsed(edge.subscribed(NOW))


def metric(payload: pb.Payload, name: str) -> pb.Payload.Metric:
    (found,) = [each for each in payload.metrics if each.name == name]
    return found


@pytest.mark.tck(
    "payloads-name-requirement",
    "payloads-alias-birth-requirement",
    "payloads-alias-uniqueness",
    "payloads-alias-data-cmd-requirement",
    "payloads-metric-datatype-not-req",
    "payloads-metric-datatype-req",
    "payloads-metric-datatype-value-type",
    "payloads-metric-datatype-value",
)
@pytest.mark.trap(16, 17)
def test_births_say_name_alias_and_type_and_data_the_alias_alone() -> None:
    edge = session()
    births = born(edge)
    told = [each for birth in births for each in birth.metrics if each.name not in {"bdSeq", "Node Control/Rebirth"}]
    (data,) = parsed(edge.update(None, [MetricUpdate("weight", -4)], NOW + 1))

    assert all(each.HasField("name") and each.HasField("alias") and each.datatype in range(1, 35) for each in told)
    assert len({each.alias for each in told}) == len(told) == 4
    (changed,) = data.metrics
    assert not changed.HasField("name")
    assert not changed.HasField("datatype")
    assert changed.alias == metric(births[0], "weight").alias
    (by_name,) = parsed(named(edge := session(EdgeNodeConfig(group_id="g", edge_node_id="n", use_aliases=False))))
    assert by_name.metrics[0].name == "weight"
    assert not by_name.metrics[0].HasField("alias")


def named(edge: EdgeNodeSession) -> list[OutgoingMessage]:
    born(edge)
    return edge.update(None, [MetricUpdate("weight", -4)], NOW + 1)


@pytest.mark.tck(
    "payloads-propertyset-keys-array-size",
    "payloads-propertyset-values-array-size",
    "payloads-metric-propertyvalue-type-type",
    "payloads-metric-propertyvalue-type-value",
    "payloads-metric-propertyvalue-type-req",
)
@pytest.mark.trap(22)
def test_properties_pair_and_have_their_types_at_every_depth() -> None:
    properties = metric(born(session())[0], "weight").properties

    def check(given: pb.Payload.PropertySet) -> list[int]:
        assert len(given.keys) == len(given.values) > 0
        types: list[int] = []
        for value in given.values:
            assert value.HasField("type")
            types.append(value.type)
            for inner in (value.propertyset_value, *value.propertysets_value.propertyset):
                types += check(inner) if inner.keys else []
        return types

    assert sorted(check(properties)) == [3, 4, 12, 12, 20, 21]
    with pytest.raises(LocalProtocolError):
        encode_payload(
            Payload(
                metrics=(
                    Metric(
                        name="a",
                        datatype=DataType.Int8,
                        value=1,
                        properties=PropertySet.of({"p": PropertyValue(DataType.Bytes, None)}),
                    ),
                )
            )
        )


@pytest.mark.tck("payloads-propertyset-quality-value-type", "payloads-propertyset-quality-value-value")
@pytest.mark.trap(22)
def test_quality_is_an_int32_of_0_192_or_500_and_nothing_else_leaves() -> None:
    properties = metric(born(session())[0], "weight").properties
    quality = dict(zip(properties.keys, properties.values, strict=True))["Quality"]
    assert (quality.type, quality.WhichOneof("value"), quality.int_value) == (3, "int_value", 192)
    edge = session()
    for wrong in (
        PropertyValue(DataType.Int32, 64),
        PropertyValue(DataType.Int64, 192),
        PropertyValue(DataType.Int32, None),
    ):
        properties_of_mine = PropertySet.of({"Quality": wrong})
        with pytest.raises(LocalProtocolError, match="Quality"):
            edge.update(None, [MetricUpdate("weight", 1, properties=properties_of_mine)], NOW)
        with pytest.raises(LocalProtocolError, match="Quality"):
            EdgeNodeSession(CONFIG, [MetricDefinition(name="a", datatype=DataType.Int8, properties=properties_of_mine)])


@pytest.mark.tck(
    "payloads-dataset-column-size",
    "payloads-dataset-column-num-headers",
    "payloads-dataset-types-def",
    "payloads-dataset-types-num",
    "payloads-dataset-types-type",
    "payloads-dataset-types-value",
    "payloads-dataset-parameter-type-req",
    "payloads-template-dataset-value",
)
@pytest.mark.trap(19, 22)
def test_a_data_set_says_its_columns_types_and_cells_also_in_data() -> None:
    edge = session()
    births = born(edge)
    narrow = DataSet(("only",), (DataType.Int8,))
    (data,) = parsed(edge.update("d", [MetricUpdate("alarms", narrow)], NOW))
    table = metric(births[1], "alarms").dataset_value

    assert (table.num_of_columns, list(table.columns)) == (5, list(TABLE.columns))
    assert list(table.types) == [6, 12, 13, 9, 11]
    assert set(table.types) <= set(BASIC)
    fields = [[cell.WhichOneof("value") for cell in row.elements] for row in table.rows]
    assert fields == [["int_value", "string_value", "long_value", "float_value", "boolean_value"], [None] * 5]
    changed = data.metrics[0].dataset_value
    assert (changed.num_of_columns, list(changed.columns), list(changed.types)) == (1, ["only"], [1])
    for wrong in (
        DataSet(("a", "b"), (DataType.Int8,)),
        DataSet(("a",), (DataType.Bytes,)),
        DataSet(("a",), (DataType.Int8Array,)),
        DataSet(("a",), (DataType.Int8,), ((b"x",),)),  # type: ignore[arg-type]
        DataSet(("a",), (DataType.Int8,), ((1, 2),)),
    ):
        with pytest.raises(LocalProtocolError):
            edge.update("d", [MetricUpdate("alarms", wrong)], NOW)


@pytest.mark.tck(
    "topics-nbirth-templates",
    "payloads-template-definition-nbirth-only",
    "payloads-template-definition-is-definition",
    "payloads-template-definition-ref",
    "payloads-template-ref-definition",
    "payloads-template-is-definition",
    "payloads-template-is-definition-definition",
    "payloads-template-version",
)
@pytest.mark.trap(21)
def test_a_definition_stands_in_nbirth_says_so_and_names_no_other() -> None:
    nbirth, dbirth = born(session())
    definition = metric(nbirth, "Motor").template_value

    assert definition.HasField("is_definition")
    assert definition.is_definition
    assert not definition.HasField("template_ref")
    assert definition.version == "1.2 µ"
    assert [member.name for member in definition.metrics] == ["speed", "mode"]
    assert not any(each.template_value.is_definition for each in dbirth.metrics)
    of_motor = MetricDefinition(name="Motor", datatype=DataType.Template, value=MOTOR)
    with pytest.raises(LocalProtocolError, match="belongs to the edge node"):
        EdgeNodeSession(CONFIG, [], {"d": [of_motor]})
    with pytest.raises(LocalProtocolError, match="NBIRTH only"):
        session().update(None, [MetricUpdate("Motor", MOTOR)], NOW)
    for wrong in (Template(is_definition=True, template_ref="Motor"), Template(is_definition=True, version="\ud800")):
        with pytest.raises(LocalProtocolError):
            EdgeNodeSession(CONFIG, [MetricDefinition(name="T", datatype=DataType.Template, value=wrong)])


@pytest.mark.tck(
    "payloads-template-instance-is-definition",
    "payloads-template-instance-ref",
    "payloads-template-ref-instance",
    "payloads-template-is-definition-instance",
    "payloads-template-instance-members-birth",
    "payloads-template-instance-members-data",
    "payloads-template-instance-parameters",
)
@pytest.mark.trap(21)
def test_an_instance_names_its_definition_and_is_whole_in_births_and_partial_in_data() -> None:
    edge = session()
    _, dbirth = born(edge)
    part = Template(template_ref="Motor", metrics=(Metric(name="mode", datatype=DataType.Int8, value=-1),))
    (data,) = parsed(edge.update("d", [MetricUpdate("pump", part)], NOW))
    whole, partial = metric(dbirth, "pump").template_value, data.metrics[0].template_value

    for instance in (whole, partial):
        assert instance.HasField("is_definition")
        assert not instance.is_definition
        assert instance.template_ref == "Motor"
    assert [member.name for member in whole.metrics] == ["speed", "mode"]
    assert [(parameter.name, parameter.int_value) for parameter in whole.parameters] == [("pole pairs", 4)]
    assert [member.name for member in partial.metrics] == ["mode"]


def instance(*members: Metric, ref: str = "Motor", parameters: tuple[Parameter, ...] = ()) -> Template:
    return Template(template_ref=ref, metrics=members, parameters=parameters)


SPEED, MODE = PUMP.metrics


@pytest.mark.tck(
    "payloads-template-definition-nbirth",
    "payloads-template-definition-members",
    "payloads-template-definition-parameters",
    "payloads-template-instance-members",
    "payloads-template-instance-members-birth",
)
@pytest.mark.parametrize(
    "wrong",
    [
        instance(SPEED),
        instance(SPEED, MODE, Metric(name="colour", datatype=DataType.Int8)),
        instance(SPEED, Metric(name="mode", datatype=DataType.Int64)),
        instance(SPEED, MODE, ref="Compressor"),
        instance(SPEED, MODE, parameters=(Parameter("colour", DataType.String, "red"),)),
        instance(SPEED, MODE, parameters=(Parameter("pole pairs", DataType.Double, 4.0),)),
    ],
    ids=["member missing", "member unknown", "member of another type", "no definition", "parameter", "parameter type"],
)
def test_an_instance_that_its_definition_does_not_cover_is_never_born(wrong: Template) -> None:
    motor = MetricDefinition(name="Motor", datatype=DataType.Template, value=MOTOR)
    of_pump = MetricDefinition(name="pump", datatype=DataType.Template, value=wrong)
    with pytest.raises(LocalProtocolError, match="pump"):
        EdgeNodeSession(CONFIG, [motor], {"d": [of_pump]})
    with pytest.raises(LocalProtocolError, match="pump"):
        EdgeNodeSession(CONFIG, [motor, of_pump])


@pytest.mark.tck(
    "payloads-template-definition-parameters-default",
    "payloads-template-parameter-name-required",
    "payloads-template-parameter-name-type",
    "payloads-template-parameter-value-type",
    "payloads-template-parameter-type-value",
    "payloads-template-parameter-type-req",
    "payloads-template-parameter-value",
)
def test_parameters_have_a_name_a_basic_type_and_perhaps_a_value() -> None:
    poles, maker = metric(born(session())[0], "Motor").template_value.parameters

    assert (poles.name, poles.type, poles.WhichOneof("value"), poles.int_value) == ("pole pairs", 5, "int_value", 2)
    assert (maker.name, maker.type, maker.WhichOneof("value")) == ("maker", 12, None)
    for wrong in (
        Parameter("p", DataType.Bytes),
        Parameter("\ud800", DataType.Int8),
        Parameter("p", DataType.Int8, 500),
    ):
        definition = Template(is_definition=True, parameters=(wrong,))
        with pytest.raises(LocalProtocolError):
            EdgeNodeSession(CONFIG, [MetricDefinition(name="T", datatype=DataType.Template, value=definition)])


@pytest.mark.tck("payloads-template-parameter-value", "payloads-template-dataset-value")
@pytest.mark.parametrize("datatype", [each for each in DataType if each.value in BASIC], ids=lambda each: each.name)
def test_every_basic_type_of_cell_and_parameter_rides_in_a_scalar_field(datatype: DataType) -> None:
    samples: dict[str, bool | int | float | str] = {"boolean_value": True, "string_value": "x", "float_value": 1.5}
    value = samples["boolean_value"] if datatype is DataType.Boolean else 1
    if datatype in {DataType.String, DataType.Text}:
        value = "x"
    template = Template(is_definition=True, parameters=(Parameter("p", datatype, value),))
    table = DataSet(("c",), (datatype,), ((value,),))
    data = encode_payload(
        Payload(
            metrics=(
                Metric(name="t", datatype=DataType.Template, value=template),
                Metric(name="d", datatype=DataType.DataSet, value=table),
            )
        )
    )
    written = pb.Payload.FromString(data)
    assert written.metrics[0].template_value.parameters[0].WhichOneof("value") in SCALARS
    assert written.metrics[1].dataset_value.rows[0].elements[0].WhichOneof("value") in SCALARS


@pytest.mark.tck("case-sensitivity-metric-names", "case-sensitivity-sparkplug-ids")
def test_names_that_differ_in_case_alone_are_refused() -> None:
    count, other = (MetricDefinition(name=name, datatype=DataType.Int8, value=0) for name in ("Count", "count"))
    with pytest.raises(LocalProtocolError, match="case alone"):
        EdgeNodeSession(CONFIG, [count, other])
    with pytest.raises(LocalProtocolError, match="case alone"):
        EdgeNodeSession(CONFIG, [], {"Press": [count], "PRESS": [count]})
    edge = EdgeNodeSession(CONFIG, [count], {"Press": [other]})
    with pytest.raises(LocalProtocolError, match="case alone"):
        edge.device_birth("press", [count], NOW)
    edge.device_birth("Press", [count], NOW)


@pytest.mark.tck(
    "topic-structure-namespace-unique-device-id", "topic-structure-namespace-duplicate-device-id-across-edge-node"
)
def test_a_device_id_is_used_once_at_an_edge_node_and_again_at_another() -> None:
    level = MetricDefinition(name="level", datatype=DataType.Int8, value=0)
    first = EdgeNodeSession(CONFIG, [], {"d": [level]})
    second = EdgeNodeSession(EdgeNodeConfig(group_id="g", edge_node_id="m"), [], {"d": [level]})
    topics = []
    for edge in (first, second):
        edge.connect(0, NOW)
        edge.subscribed(NOW)
        topics += [message.topic for message in edge.device_birth("d", [level], NOW)]  # the same device, born anew

    assert topics == ["spBv1.0/g/DBIRTH/n/d", "spBv1.0/g/DBIRTH/m/d"]
    assert [message.topic for message in first.rebirth(NOW)] == ["spBv1.0/g/NBIRTH/n", "spBv1.0/g/DBIRTH/n/d"]


@pytest.mark.tck(
    "topics-nbirth-metric-reqs",
    "topics-dbirth-metric-reqs",
    "operational-behavior-data-publish-nbirth",
    "operational-behavior-data-publish-dbirth",
)
def test_data_speaks_only_of_metrics_that_were_born() -> None:
    edge = session()
    births = born(edge)
    told = [{each.alias for each in birth.metrics if each.HasField("alias")} for birth in births]
    node = parsed(edge.update(None, [MetricUpdate("weight", 9)], NOW))
    device = parsed(edge.update("d", [MetricUpdate("alarms", DataSet(("c",), (DataType.Int8,)))], NOW))

    assert {each.alias for message in node for each in message.metrics} <= told[0]
    assert {each.alias for message in device for each in message.metrics} <= told[1]
    for device_id in (None, "d"):
        with pytest.raises(LocalProtocolError, match="not defined"):
            edge.update(device_id, [MetricUpdate("news", 1)], NOW)
