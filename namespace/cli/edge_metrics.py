"""What the edge node of `uns sparkplug edge` has: a few metrics of everyday types, and with `--complex` one of every kind there is."""

from __future__ import annotations

from namespace.sparkplug import (
    DataSet,
    DataType,
    Metric,
    MetricDefinition,
    Parameter,
    PropertySet,
    PropertyValue,
    Template,
    Value,
)

_MOTOR = "Types/Motor"
_MOTOR_MEMBERS = (
    Metric(name="Speed", datatype=DataType.Double),
    Metric(name="Running", datatype=DataType.Boolean),
    Metric(name="Hours", datatype=DataType.UInt32),
)
_ARRAYS: dict[DataType, Value] = {
    DataType.Int8Array: (-1, 0, 127),
    DataType.Int16Array: (-300, 300),
    DataType.Int32Array: (-1, 2_147_483_647),
    DataType.Int64Array: (-1, 2**53),
    DataType.UInt8Array: (0, 255),
    DataType.UInt16Array: (0, 65_535),
    DataType.UInt32Array: (0, 2**32 - 1),
    DataType.UInt64Array: (0, 2**63),
    DataType.FloatArray: (0.5, -1.25),
    DataType.DoubleArray: (0.1, -2.5e300),
    DataType.BooleanArray: (True, False, True),
    DataType.StringArray: ("one", "two"),
    DataType.DateTimeArray: (1_000, 2_000),
}


def node_metrics(*, is_complex: bool) -> list[MetricDefinition]:
    """Return the metrics of the edge node itself.

    Args:
        is_complex: Also the definition of the template.
    """
    metrics = [
        MetricDefinition(name="Inputs/Number", datatype=DataType.Int64, value=0),
        MetricDefinition(name="Outputs/Mode", datatype=DataType.Int32, value=0, writable=True),
        MetricDefinition(name="Outputs/Note", datatype=DataType.String, value="", writable=True),
        MetricDefinition(name="Outputs/On", datatype=DataType.Boolean, value=False, writable=True),
    ]
    if is_complex:
        definition = Template(
            is_definition=True,
            version="1",
            metrics=_MOTOR_MEMBERS,
            parameters=(Parameter("RatedPower", DataType.Double, 5.5),),
        )
        metrics.append(MetricDefinition(name=_MOTOR, datatype=DataType.Template, value=definition, by_name=True))
    return metrics


def device_metrics(*, is_complex: bool) -> list[MetricDefinition]:
    """Return the metrics of each device.

    Args:
        is_complex: Also an instance of the template, a data set, properties, arrays and nulls.
    """
    metrics = [
        MetricDefinition(name="Inputs/Number", datatype=DataType.Int64, value=0),
        MetricDefinition(name="Inputs/Level", datatype=DataType.Double, value=0.0),
        MetricDefinition(name="Outputs/Mode", datatype=DataType.Int32, value=0, writable=True),
        MetricDefinition(name="Outputs/Setpoint", datatype=DataType.Double, value=0.0, writable=True),
        MetricDefinition(name="Outputs/On", datatype=DataType.Boolean, value=False, writable=True),
    ]
    return [*metrics, *_complex()] if is_complex else metrics


def _complex() -> list[MetricDefinition]:
    members = tuple(
        Metric(name=m.name, datatype=m.datatype, value=0 if m.name != "Running" else False) for m in _MOTOR_MEMBERS
    )
    table = DataSet(("Step", "Target"), (DataType.Int32, DataType.Double), ((1, 20.5), (2, 21.0)))
    nested = PropertySet.of(
        {"Source": PropertyValue(DataType.String, "sensor 7"), "Digits": PropertyValue(DataType.Int32, 2)}
    )
    properties = PropertySet.of(
        {
            "engUnit": PropertyValue(DataType.String, "CEL"),
            "Low": PropertyValue(DataType.Double, -20.0),
            "ReadOnly": PropertyValue(DataType.Boolean, value=True),
            "Checked": PropertyValue(DataType.DateTime, None),
            "Origin": PropertyValue(DataType.PropertySet, nested),
        }
    )
    return [
        MetricDefinition(
            name="Complex/Motor",
            datatype=DataType.Template,
            value=Template(template_ref=_MOTOR, version="1", metrics=members),
        ),
        MetricDefinition(name="Complex/Table", datatype=DataType.DataSet, value=table),
        MetricDefinition(name="Complex/Temperature", datatype=DataType.Float, value=21.5, properties=properties),
        MetricDefinition(name="Complex/Nothing", datatype=DataType.Int32),
        MetricDefinition(name="Complex/When", datatype=DataType.DateTime, value=0),
        MetricDefinition(name="Complex/Id", datatype=DataType.UUID, value="00000000-0000-4000-8000-000000000000"),
        MetricDefinition(name="Complex/Bytes", datatype=DataType.Bytes, value=b"\x00\x01"),
        *(MetricDefinition(name=f"Complex/{kind.name}", datatype=kind, value=value) for kind, value in _ARRAYS.items()),
    ]
