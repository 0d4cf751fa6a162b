"""Bytes to payload values: tolerant of habits, closed to hostility.

Whatever the bytes are, the outcome is a value or a `RemoteProtocolError`, within the given limits. Data types
left out in data and commands come from the birth, through `resolve`; nothing is guessed: an integer without a
data type stays the unsigned number that was on the wire.
"""

from collections.abc import Callable, Iterable
from dataclasses import fields
from functools import lru_cache
from itertools import chain
from typing import Any

from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from namespace.sparkplug.datatype import (
    METRIC_TYPES,
    PLAIN_FORMS,
    PROPERTY_TYPES,
    DataType,
    Scalar,
    from_wire,
    type_of_number,
)
from namespace.sparkplug.errors import Reason, RemoteProtocolError
from namespace.sparkplug.frame import parse_payload, seq_of, text_of
from namespace.sparkplug.metric import (
    Cell,
    DataSet,
    MetaData,
    Metric,
    Parameter,
    PropertySet,
    PropertyValue,
    Template,
    Value,
)
from namespace.sparkplug.packed_array import count_array, unpack_array
from namespace.sparkplug.payload import DEFAULT_LIMITS, Limits, Payload

Resolve = Callable[[str | None, int | None], Metric | None]
"""Name and alias as received, to the metric as it was born; None when no birth told of it."""

_SMALL_SET_BYTES, _SMALL_SETS = 200, 1_024
_NESTED = frozenset({"propertyset_value", "propertysets_value"})
_META_FIELDS = tuple(field.name for field in fields(MetaData))
_UNTYPED_PROPERTY = {
    "int_value": DataType.Int32,
    "long_value": DataType.Int64,
    "float_value": DataType.Float,
    "double_value": DataType.Double,
    "boolean_value": DataType.Boolean,
    "string_value": DataType.String,
    "propertyset_value": DataType.PropertySet,
    "propertysets_value": DataType.PropertySetList,
}


def decode_payload(data: bytes, *, limits: Limits = DEFAULT_LIMITS, resolve: Resolve | None = None) -> Payload:
    """Read a payload.

    Args:
        data: the payload of an MQTT message.
        limits: how much we are willing to read.
        resolve: finds the born metric, for its data type (tck-id-payloads-metric-datatype-not-req).

    Raises:
        RemoteProtocolError: the bytes are no Sparkplug B payload, or exceed a limit.
    """
    message = parse_payload(data, limits)
    reader = MetricReader(limits)
    metrics = tuple(reader.metric(metric, resolve) for metric in message.metrics)
    return Payload(
        timestamp=message.timestamp if message.HasField("timestamp") else None,
        metrics=metrics,
        seq=seq_of(message),
        uuid=text_of(message.uuid) if message.HasField("uuid") else None,
        body=message.body if message.HasField("body") else None,
    )


class MetricReader:
    """Reads the metrics of one payload, counting every value against the limits.

    Make one for each payload: the count runs on from metric to metric.
    """

    def __init__(self, limits: Limits) -> None:
        self._max_depth = limits.depth
        self._max_values = limits.values
        self._remaining = limits.values

    def spend(self, count: int) -> None:
        """Count values that are read.

        Raises:
            RemoteProtocolError: they are too many.
        """
        self._remaining -= count
        if self._remaining < 0:
            raise RemoteProtocolError(Reason.VALUE_COUNT, f"more than {self._max_values} values in one payload")

    def metric(self, message: pb.Payload.Metric, resolve: Resolve | None = None, depth: int = 0) -> Metric:
        """Read one metric.

        Args:
            message: the parsed metric.
            resolve: finds the born metric.
            depth: how many templates it is nested in.

        Raises:
            RemoteProtocolError: it breaks a rule or a limit.
        """
        self.spend(1)
        name: str | None = text_of(message.name)
        if not name and not message.HasField("name"):
            name = None
        alias: int | None = message.alias
        if not alias and not message.HasField("alias"):
            alias = None
        if not name and alias is None:
            raise RemoteProtocolError(Reason.METRIC_NAME, "a metric has neither name nor alias")
        born = resolve(name, alias) if resolve is not None else None
        plain = PLAIN_FORMS.get(message.datatype) if born is None else None
        datatype: DataType | None
        if plain is not None and not message.is_null and message.HasField(plain[1]):  # nearly all there is
            datatype, field, read = plain
            raw = getattr(message, field)
            value: Value = raw if read is None else read(raw)
        else:
            datatype = self._datatype(message, born)
            value = self.value(message, datatype, born, depth)
        return Metric(
            name=name,
            alias=alias,
            timestamp=message.timestamp or (0 if message.HasField("timestamp") else None),
            datatype=datatype,
            value=value,
            is_historical=message.is_historical,
            is_transient=message.is_transient,
            properties=self.properties(message.properties) if message.HasField("properties") else None,
            metadata=_read_metadata(message.metadata) if message.HasField("metadata") else None,
        )

    def value(
        self,
        message: pb.Payload.Metric,
        datatype: DataType | None,
        born: Metric | None = None,
        depth: int = 0,
    ) -> Value:
        """Read the value of a metric whose data type is known, or None when nobody knows it.

        Raises:
            RemoteProtocolError: the value does not go with the data type, or breaks a limit.
        """
        field = message.WhichOneof("value")
        if message.is_null or field is None:
            return None
        if field == "dataset_value" and datatype in {DataType.DataSet, None}:
            return self._dataset(message.dataset_value)
        if field == "template_value" and datatype in {DataType.Template, None}:
            shape = born.value if born is not None and isinstance(born.value, Template) else None
            return self._template(message.template_value, shape, depth + 1)
        raw = getattr(message, field)
        if datatype is None:
            return text_of(raw) if field == "string_value" else raw
        if datatype is DataType.DataSet or datatype is DataType.Template:
            raise RemoteProtocolError(Reason.VALUE, f"a {datatype.name} came as {field}")
        value = from_wire(datatype, field, raw)
        if datatype.is_array:
            assert isinstance(value, bytes)
            self.spend(count_array(datatype, value))
            return unpack_array(datatype, value)
        return value

    def properties(self, message: pb.Payload.PropertySet, depth: int = 1) -> PropertySet:
        """Read a property set.

        Raises:
            RemoteProtocolError: it breaks a rule or a limit.
        """
        self._check_depth(depth)
        known = _known_properties(message)
        if known is None:
            return self.read_properties(message, depth)
        self.spend(len(known) + 1)
        return known

    def read_properties(self, message: pb.Payload.PropertySet, depth: int = 1) -> PropertySet:
        """Read a property set anew.

        Raises:
            RemoteProtocolError: it breaks a rule or a limit.
        """
        if len(message.keys) != len(message.values):
            raise RemoteProtocolError(Reason.PROPERTY_SET, f"{len(message.keys)} keys and {len(message.values)} values")
        self.spend(len(message.keys) + 1)
        return PropertySet(
            tuple(
                [
                    (text_of(key), self._property(value, depth))
                    for key, value in zip(message.keys, message.values, strict=True)
                ]
            )
        )

    def _property(self, message: pb.Payload.PropertyValue, depth: int) -> PropertyValue:
        field = message.WhichOneof("value")
        untyped = _UNTYPED_PROPERTY.get(field or "string_value")
        datatype = type_of_number(message.type) if message.HasField("type") else untyped
        if datatype is None or datatype not in PROPERTY_TYPES:
            raise RemoteProtocolError(Reason.DATATYPE, f"a property of type {message.type}")
        if message.is_null or field is None:
            return PropertyValue(datatype, None)
        if datatype is DataType.PropertySet and field == "propertyset_value":
            return PropertyValue(datatype, self.properties(message.propertyset_value, depth + 1))
        if datatype is DataType.PropertySetList and field == "propertysets_value":
            parts = message.propertysets_value.propertyset
            return PropertyValue(datatype, tuple(self.properties(part, depth + 1) for part in parts))
        if datatype is DataType.PropertySet or datatype is DataType.PropertySetList:
            raise RemoteProtocolError(Reason.VALUE, f"a {datatype.name} came as {field}")
        return PropertyValue(datatype, _cell(from_wire(datatype, field, getattr(message, field))))

    def _dataset(self, message: pb.Payload.DataSet) -> DataSet:
        width = len(message.columns)
        stated = message.num_of_columns if message.HasField("num_of_columns") else width
        if not width == len(message.types) == stated:
            raise RemoteProtocolError(
                Reason.DATASET, f"{stated} columns stated, {width} named, {len(message.types)} types"
            )
        types = tuple(_basic_type(number, Reason.DATASET) for number in message.types)
        columns = tuple(text_of(column) for column in message.columns)
        self.spend(width + len(message.rows) * (width + 1))
        return DataSet(columns, types, tuple(_row(row, types) for row in message.rows))

    def _template(self, message: pb.Payload.Template, shape: Template | None, depth: int) -> Template:
        self._check_depth(depth)
        self.spend(1 + len(message.parameters))
        members = {} if shape is None else {member.name: member for member in shape.metrics}

        def resolve(name: str | None, _alias: int | None) -> Metric | None:
            return members.get(name)

        return Template(
            metrics=tuple(self.metric(metric, resolve, depth) for metric in message.metrics),
            parameters=tuple(_read_parameter(parameter, shape) for parameter in message.parameters),
            template_ref=text_of(message.template_ref) if message.template_ref else None,
            version=text_of(message.version) if message.HasField("version") else None,
            is_definition=message.is_definition,
        )

    def _datatype(self, message: pb.Payload.Metric, born: Metric | None) -> DataType | None:
        if not message.HasField("datatype"):
            return None if born is None else born.datatype
        datatype = type_of_number(message.datatype)
        if datatype is None or datatype not in METRIC_TYPES:
            raise RemoteProtocolError(Reason.DATATYPE, f"{message.datatype} is no data type of a metric")
        if born is not None and datatype is not born.datatype:
            raise RemoteProtocolError(Reason.DATATYPE_CHANGED, f"{born.name} was born with another type")
        return datatype

    def _check_depth(self, depth: int) -> None:
        if depth > self._max_depth:
            raise RemoteProtocolError(Reason.NESTING, f"nested more than {self._max_depth} deep")


def _known_properties(message: pb.Payload.PropertySet) -> PropertySet | None:
    """Return the one object for property sets of this content; None for a large or nested one, or one that breaks a rule.

    Machines of a kind say the same of thousands of metrics: it is read once and kept once.
    """
    if message.ByteSize() > _SMALL_SET_BYTES:
        return None
    return _small_set(message.SerializeToString())


@lru_cache(_SMALL_SETS)
def _small_set(data: bytes) -> PropertySet | None:
    message = pb.Payload.PropertySet.FromString(data)
    if any(value.WhichOneof("value") in _NESTED for value in message.values):
        return None
    try:
        return MetricReader(DEFAULT_LIMITS).read_properties(message)
    except RemoteProtocolError:
        return None


def _row(message: pb.Payload.DataSet.Row, types: tuple[DataType, ...]) -> tuple[Cell, ...]:
    if len(message.elements) != len(types):
        raise RemoteProtocolError(Reason.DATASET, f"a row of {len(message.elements)} cells, {len(types)} columns")
    return tuple(_single(element, datatype) for element, datatype in zip(message.elements, types, strict=True))


def _single(message: pb.Payload.DataSet.DataSetValue | pb.Payload.Template.Parameter, datatype: DataType) -> Cell:
    field = message.WhichOneof("value")
    return None if field is None else _cell(from_wire(datatype, field, getattr(message, field)))


def _cell(value: Scalar) -> bool | int | float | str:
    assert not isinstance(value, bytes)
    return value


def _read_parameter(message: pb.Payload.Template.Parameter, shape: Template | None) -> Parameter:
    name = text_of(message.name)
    if not name:
        raise RemoteProtocolError(Reason.METRIC_NAME, "a template parameter has no name")
    known: Iterable[Parameter] = () if shape is None else shape.parameters
    stated = [message.type] if message.HasField("type") else []
    born = (int(parameter.datatype) for parameter in known if parameter.name == name)
    datatype = _basic_type(next(chain(stated, born), 0), Reason.DATATYPE)
    return Parameter(name, datatype, _single(message, datatype))


def _basic_type(number: int, reason: Reason) -> DataType:
    datatype = type_of_number(number)
    if datatype is None or not datatype.is_basic:
        raise RemoteProtocolError(reason, f"{number} is no basic data type")
    return datatype


def _read_metadata(message: pb.Payload.MetaData) -> MetaData:
    found: dict[str, Any] = {name: getattr(message, name) for name in _META_FIELDS if message.HasField(name)}
    if any(isinstance(raw, bytes) for raw in found.values()):
        raise RemoteProtocolError(Reason.UTF8, "a text of the metadata is not valid UTF-8")
    return MetaData(**found)
