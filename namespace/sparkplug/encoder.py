"""Payload values to bytes: strict, so that nothing leaves that Sparkplug forbids.

Everything refused here is our own mistake and raises `LocalProtocolError`. Which metrics a message must
carry (births, deaths) is the sessions' knowledge, not this module's.
"""

from collections.abc import Callable
from dataclasses import fields

from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from namespace.sparkplug.datatype import (
    METRIC_TYPES,
    PROPERTY_TYPES,
    WIRE_FIELD,
    DataType,
    check_text,
    to_wire,
)
from namespace.sparkplug.errors import LocalProtocolError
from namespace.sparkplug.metric import DataSet, MetaData, Metric, PropertySet, PropertyValue, Template
from namespace.sparkplug.packed_array import pack_array
from namespace.sparkplug.payload import Payload

_META_FIELDS = tuple(field.name for field in fields(MetaData))
_MAX_UINT64 = (1 << 64) - 1


def _every_metric(_metric: Metric) -> bool:
    return True


def encode_payload(payload: Payload, *, says_datatype: Callable[[Metric], bool] = _every_metric) -> bytes:
    """Write a payload.

    Args:
        payload: what to send; every metric knows its data type.
        says_datatype: whether a metric's data type goes on the wire. Births say it; data and commands should
            not (tck-id-payloads-metric-datatype-req, -not-req).

    Returns:
        The protobuf bytes.

    Raises:
        LocalProtocolError: a value does not fit its type, or a structure breaks a rule of Sparkplug.
    """
    message = pb.Payload()
    if payload.timestamp is not None:
        message.timestamp = _uint64("timestamp", payload.timestamp)
    if payload.seq is not None:
        if not 0 <= payload.seq <= 255:
            raise LocalProtocolError(f"seq is 0 to 255, not {payload.seq}")
        message.seq = payload.seq
    if payload.uuid is not None:
        message.uuid = check_text(payload.uuid)
    if payload.body is not None:
        message.body = payload.body
    written: _Written = {}
    for metric in payload.metrics:
        _write_metric(message.metrics.add(), metric, written, says_datatype=says_datatype(metric))
    return message.SerializeToString()


_Written = dict[int, pb.Payload.PropertySet]
"""Property sets of this payload by the identity of what they say: metrics often share one."""


def _write_metric(message: pb.Payload.Metric, metric: Metric, written: _Written, *, says_datatype: bool = True) -> None:
    datatype = _checked_datatype(metric)
    if metric.name is not None:
        message.name = check_text(metric.name)
    if metric.alias is not None:
        message.alias = _uint64("alias", metric.alias)
    if metric.timestamp is not None:
        message.timestamp = _uint64("timestamp", metric.timestamp)
    if says_datatype:
        message.datatype = datatype
    if metric.is_historical:
        message.is_historical = True
    if metric.is_transient:
        message.is_transient = True
    if metric.metadata is not None:
        _write_metadata(message.metadata, metric.metadata)
    if metric.properties is not None:
        known = written.get(id(metric.properties))
        if known is None:
            message.properties.SetInParent()
            _write_properties(message.properties, metric.properties)
            written[id(metric.properties)] = message.properties
        else:
            message.properties.CopyFrom(known)
    _write_value(message, metric, datatype, written)


def _checked_datatype(metric: Metric) -> DataType:
    if metric.name is None and metric.alias is None:
        raise LocalProtocolError("a metric needs a name or an alias")
    if metric.datatype is None or metric.datatype not in METRIC_TYPES:
        raise LocalProtocolError(f"metric {metric.name!r} needs a data type for metrics, not {metric.datatype}")
    return metric.datatype


def _write_value(message: pb.Payload.Metric, metric: Metric, datatype: DataType, written: _Written) -> None:
    value = metric.value
    if value is None:
        message.is_null = True
    elif datatype is DataType.DataSet:
        if not isinstance(value, DataSet):
            raise LocalProtocolError(f"metric {metric.name!r} takes a DataSet, not {type(value).__name__}")
        message.dataset_value.SetInParent()
        _write_dataset(message.dataset_value, value)
    elif datatype is DataType.Template:
        if not isinstance(value, Template):
            raise LocalProtocolError(f"metric {metric.name!r} takes a Template, not {type(value).__name__}")
        _write_template(message.template_value, value, written)
    elif datatype.is_array:
        message.bytes_value = pack_array(datatype, value)
    else:
        setattr(message, WIRE_FIELD[datatype], to_wire(datatype, value))


def _write_metadata(message: pb.Payload.MetaData, metadata: MetaData) -> None:
    message.SetInParent()
    for name in _META_FIELDS:
        value = getattr(metadata, name)
        if isinstance(value, str):
            setattr(message, name, check_text(value))
        elif isinstance(value, bool):
            setattr(message, name, value)
        elif value is not None:
            setattr(message, name, _uint64(name, value))


def _write_properties(message: pb.Payload.PropertySet, properties: PropertySet) -> None:
    for key, value in properties:
        message.keys.append(check_text(key))
        _write_property(message.values.add(), key, value)


def _write_property(message: pb.Payload.PropertyValue, key: str, entry: PropertyValue) -> None:
    if entry.datatype not in PROPERTY_TYPES:
        raise LocalProtocolError(f"property {key!r} cannot be a {entry.datatype.name}")
    message.type = entry.datatype
    value = entry.value
    if value is None:
        message.is_null = True
    elif entry.datatype is DataType.PropertySet:
        if not isinstance(value, PropertySet):
            raise LocalProtocolError(f"property {key!r} takes a PropertySet, not {type(value).__name__}")
        message.propertyset_value.SetInParent()
        _write_properties(message.propertyset_value, value)
    elif entry.datatype is DataType.PropertySetList:
        if not isinstance(value, tuple):
            raise LocalProtocolError(f"property {key!r} takes a tuple of PropertySet, not {type(value).__name__}")
        message.propertysets_value.SetInParent()
        for part in value:
            _write_properties(message.propertysets_value.propertyset.add(), part)
    else:
        setattr(message, WIRE_FIELD[entry.datatype], to_wire(entry.datatype, value))


def _write_dataset(message: pb.Payload.DataSet, dataset: DataSet) -> None:
    width = len(dataset.columns)
    if width != len(dataset.types):
        raise LocalProtocolError(f"a DataSet of {width} columns needs as many types, not {len(dataset.types)}")
    if not all(datatype.is_basic for datatype in dataset.types):
        raise LocalProtocolError("DataSet columns take basic types only")
    message.num_of_columns = width
    message.columns.extend(check_text(column) for column in dataset.columns)
    message.types.extend(int(datatype) for datatype in dataset.types)
    columns = [(datatype, WIRE_FIELD[datatype]) for datatype in dataset.types]
    for row in dataset.rows:
        if len(row) != width:
            raise LocalProtocolError(f"a DataSet row of {len(row)} cells in a table of {width} columns")
        elements = message.rows.add().elements
        for (datatype, field), cell in zip(columns, row, strict=True):
            element = elements.add()
            if cell is not None:
                setattr(element, field, to_wire(datatype, cell))


def _write_template(message: pb.Payload.Template, template: Template, written: _Written) -> None:
    if template.is_definition != (template.template_ref is None):
        raise LocalProtocolError("a Template is a definition without template_ref, or an instance with one")
    message.is_definition = template.is_definition
    if template.template_ref is not None:
        message.template_ref = check_text(template.template_ref)
    if template.version is not None:
        message.version = check_text(template.version)
    for metric in template.metrics:
        if metric.name is None:
            raise LocalProtocolError("a member of a Template needs a name")
        _write_metric(message.metrics.add(), metric, written)
    for parameter in template.parameters:
        if not parameter.datatype.is_basic:
            raise LocalProtocolError(f"parameter {parameter.name!r} takes a basic type")
        entry = message.parameters.add()
        entry.name = check_text(parameter.name)
        entry.type = parameter.datatype
        if parameter.value is not None:
            setattr(entry, WIRE_FIELD[parameter.datatype], to_wire(parameter.datatype, parameter.value))


def _uint64(what: str, value: int) -> int:
    if isinstance(value, bool) or not 0 <= value <= _MAX_UINT64:
        raise LocalProtocolError(f"{what} is an unsigned 64-bit integer, not {value}")
    return value
