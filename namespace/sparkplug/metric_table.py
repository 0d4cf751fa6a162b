"""The metrics of one birth as a host keeps them, and the reading of data against them.

This is the hot path. What the birth settles is settled once: which protobuf member holds the value, how to
read it, which slot an alias means. Anything unusual (null, another member, tables, templates) takes the slow
road through `MetricReader`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from namespace.sparkplug.datatype import METRIC_TYPES, READERS, WIRE_FIELD, DataType, Scalar, type_of_number
from namespace.sparkplug.decoder import MetricReader
from namespace.sparkplug.errors import Reason, RemoteProtocolError
from namespace.sparkplug.host_event import MetricValue
from namespace.sparkplug.metric import MetaData, Metric, PropertySet, Template, Value
from namespace.sparkplug.payload import Limits

_SELF_DESCRIBING = {
    "float_value": DataType.Float,
    "double_value": DataType.Double,
    "boolean_value": DataType.Boolean,
    "string_value": DataType.String,
    "dataset_value": DataType.DataSet,
    "template_value": DataType.Template,
}


_READ_AS_IS = frozenset(
    {
        DataType.Float,
        DataType.Double,
        DataType.Boolean,
        DataType.UInt64,
        DataType.DateTime,
        DataType.Bytes,
        DataType.File,
    }
)


@dataclass(slots=True, eq=False)
class _Slot:
    """One metric: what the birth settled (how to read it), and what is current."""

    name: str
    alias: int | None
    datatype: DataType
    datatypes: tuple[int, int]
    is_plain: bool
    field: str
    read: Callable[[object], Scalar] | None
    is_transient: bool
    metadata: MetaData | None
    value: Value
    timestamp: int
    properties: PropertySet | None

    @classmethod
    def of(cls, name: str, datatype: DataType, metric: Metric, timestamp: int) -> "_Slot":
        return cls(
            name=name,
            alias=metric.alias,
            datatype=datatype,
            datatypes=(0, int(datatype)),
            is_plain=datatype in READERS and not datatype.is_array,
            field=WIRE_FIELD[datatype],
            read=None if datatype in _READ_AS_IS else READERS.get(datatype),
            is_transient=metric.is_transient,
            metadata=metric.metadata,
            value=metric.value,
            timestamp=timestamp,
            properties=metric.properties,
        )

    def as_metric(self) -> Metric:
        return Metric(
            name=self.name,
            alias=self.alias,
            timestamp=self.timestamp,
            datatype=self.datatype,
            value=self.value,
            is_transient=self.is_transient,
            properties=self.properties,
            metadata=self.metadata,
        )

    def as_value(self) -> MetricValue:
        return MetricValue(
            self.name, self.datatype, self.value, self.timestamp, False, self.is_transient, self.properties
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """One metric that could not be used; `is_unknown` when a birth might cure it."""

    reason: Reason
    detail: str
    is_unknown: bool = False


_new_value: Callable[..., MetricValue] = tuple.__new__
"""Makes a `MetricValue` without the detour over keyword arguments: half of what a sample costs."""


class MetricTable:
    """What one birth told: metrics by name and by alias, with their current values."""

    def __init__(self) -> None:
        self._by_name: dict[str, _Slot] = {}
        self._by_alias: dict[int, _Slot] = {}
        self._refused: set[str | int] = set()

    @classmethod
    def born(cls, message: pb.Payload, received_at_ms: int, limits: Limits) -> tuple["MetricTable", list[Problem]]:
        """Read a birth; a metric that cannot be read is left out and told of.

        Args:
            message: NBIRTH or DBIRTH.
            received_at_ms: for metrics of a payload without any timestamp, ms since the epoch.
            limits: how much we are willing to read.

        Raises:
            RemoteProtocolError: two metrics share an alias, so that data could not be told apart.
        """
        reader = MetricReader(limits)
        metrics: list[Metric] = []
        problems: list[Problem] = []
        table = cls()
        for entry in message.metrics:
            try:
                metrics.append(reader.metric(entry))
            except RemoteProtocolError as error:
                problems.append(Problem(error.reason, error.detail))
                table._refuse(entry)
        problems.extend(table._fill(metrics, message.timestamp or received_at_ms))
        return table, problems

    @classmethod
    def restored(cls, metrics: Iterable[Metric], timestamp: int) -> "MetricTable":
        """Make a table from a snapshot.

        Raises:
            RemoteProtocolError: two metrics share an alias.
        """
        table = cls()
        table._fill(metrics, timestamp)
        return table

    def __len__(self) -> int:
        return len(self._by_name)

    def values(self) -> tuple[MetricValue, ...]:
        """Return every metric with its current value."""
        return tuple(slot.as_value() for slot in self._by_name.values())

    def metrics(self) -> tuple[Metric, ...]:
        """Return every metric as a birth would list it now, aliases included."""
        return tuple(slot.as_metric() for slot in self._by_name.values())

    def value_of(self, name: str) -> Value:
        """Return the current value of a metric; None when it is null or unknown."""
        slot = self._by_name.get(name)
        return None if slot is None else slot.value

    def data(
        self, message: pb.Payload, received_at_ms: int, limits: Limits, *, needs_birth: bool = True
    ) -> tuple[tuple[MetricValue, ...], list[Problem]]:
        """Read a data message and take its values as current, history excepted.

        Args:
            message: NDATA or DDATA.
            received_at_ms: for metrics of a payload without any timestamp, ms since the epoch.
            limits: how much we are willing to read.
            needs_birth: False reads metrics that describe themselves (name with data type, or text, table,
                ...) even if no birth told of them.
        """
        values: list[MetricValue] = []
        problems: list[Problem] = []
        by_alias = self._by_alias
        sent_at = message.timestamp or received_at_ms
        reader = MetricReader(limits)
        for entry in message.metrics:
            slot = by_alias.get(entry.alias)
            if slot is None or not slot.alias:
                slot = self._slot_of(entry) or (None if needs_birth else _described(entry))
                if slot is None:
                    problems.extend(self._unknown(entry))
                    continue
            try:
                raw = getattr(entry, slot.field) if slot.is_plain else None
                if raw and entry.datatype in slot.datatypes and not entry.is_null:
                    value: Value = raw if slot.read is None else slot.read(raw)
                else:
                    value = _unusual(slot, entry, reader)
                properties = slot.properties
                if entry.HasField("properties"):
                    properties = _merged(properties, reader.properties(entry.properties))
            except RemoteProtocolError as error:
                problems.append(Problem(error.reason, f"{slot.name}: {error.detail}"))
                continue
            timestamp = entry.timestamp or sent_at
            is_historical = entry.is_historical
            if not is_historical:
                slot.value, slot.timestamp, slot.properties = value, timestamp, properties
            is_transient = slot.is_transient or entry.is_transient
            fields = (slot.name, slot.datatype, value, timestamp, is_historical, is_transient, properties)
            values.append(_new_value(MetricValue, fields))
        return tuple(values), problems

    def _slot_of(self, entry: pb.Payload.Metric) -> _Slot | None:
        slot = self._by_alias.get(entry.alias)
        if slot is not None and (slot.alias or entry.HasField("alias")):
            return slot
        return self._by_name.get(entry.name)

    def _unknown(self, entry: pb.Payload.Metric) -> list[Problem]:
        has_alias = entry.HasField("alias")
        if entry.name in self._refused or (has_alias and entry.alias in self._refused):
            return []
        if has_alias:
            return [Problem(Reason.UNKNOWN_ALIAS, f"no birth told of alias {entry.alias}", is_unknown=True)]
        return [Problem(Reason.UNKNOWN_METRIC, f"no birth told of {entry.name!r}", is_unknown=True)]

    def _refuse(self, entry: pb.Payload.Metric) -> None:
        """Remember a metric whose birth could not be read: another birth would not help."""
        if entry.name:
            self._refused.add(entry.name)
        if entry.HasField("alias"):
            self._refused.add(entry.alias)

    def _fill(self, metrics: Iterable[Metric], timestamp: int) -> list[Problem]:
        problems: list[Problem] = []
        for metric in metrics:
            if metric.name is None or metric.datatype is None:
                problems.append(Problem(Reason.DATATYPE, f"{metric.name or metric.alias} is born without type"))
                self._refused.update(key for key in (metric.name, metric.alias) if key is not None)
                continue
            slot = _Slot.of(metric.name, metric.datatype, metric, metric.timestamp or timestamp)
            self._by_name[slot.name] = slot
            if slot.alias is None:
                continue
            other = self._by_alias.setdefault(slot.alias, slot)
            if other.name != slot.name:
                raise RemoteProtocolError(
                    Reason.ALIAS_CONFLICT, f"{other.name} and {slot.name} are both alias {slot.alias}"
                )
            self._by_alias[slot.alias] = slot
        return problems


def _unusual(slot: _Slot, entry: pb.Payload.Metric, reader: MetricReader) -> Value:
    """Read what is not a plain value that says yes, more than nothing, or something: the slow road."""
    datatype = slot.datatype
    if entry.datatype not in slot.datatypes:
        raise RemoteProtocolError(
            Reason.DATATYPE_CHANGED, f"born as {datatype.name}, came as data type {entry.datatype}"
        )
    if slot.is_plain and entry.HasField(slot.field) and not entry.is_null:
        raw: Scalar = getattr(entry, slot.field)
        return raw if slot.read is None else slot.read(raw)
    if datatype is not DataType.Template:
        return reader.value(entry, datatype)
    value = reader.value(entry, datatype, slot.as_metric())
    return value if entry.is_historical else _whole(slot.value, value)


def _described(entry: pb.Payload.Metric) -> _Slot | None:
    """Return a slot for a metric that says all about itself, None for one that does not."""
    datatype = type_of_number(entry.datatype) or _SELF_DESCRIBING.get(entry.WhichOneof("value") or "")
    if datatype not in METRIC_TYPES or not entry.name or not isinstance(entry.name, str):
        return None
    assert datatype is not None
    return _Slot.of(entry.name, datatype, Metric(name=entry.name), 0)


def _whole(current: Value, new: Value) -> Value:
    if isinstance(current, Template) and isinstance(new, Template):
        return current.merged(new)
    return new


def _merged(current: PropertySet | None, new: PropertySet) -> PropertySet:
    return new if current is None else current.merged(new)
