"""The metrics of one birth as a host keeps them, and the reading of data against them.

This is the hot path. What the birth settles is settled once: which protobuf member holds the value, how to
read it, which slot an alias means. Anything unusual (null, another member, tables, templates) takes the slow
road through `MetricReader`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from namespace.sparkplug.birth_again import born_again
from namespace.sparkplug.datatype import METRIC_TYPES, DataType, Scalar, type_of_number
from namespace.sparkplug.decoder import MetricReader
from namespace.sparkplug.errors import Reason, RemoteProtocolError
from namespace.sparkplug.metric import Metric, PropertySet, Template, Value
from namespace.sparkplug.metric_columns import Columns, MetricValue, Slot
from namespace.sparkplug.payload import Limits

_SELF_DESCRIBING = {
    "float_value": DataType.Float,
    "double_value": DataType.Double,
    "boolean_value": DataType.Boolean,
    "string_value": DataType.String,
    "dataset_value": DataType.DataSet,
    "template_value": DataType.Template,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One metric that could not be used; `is_unknown` when a birth might cure it."""

    reason: Reason
    detail: str
    is_unknown: bool = False


class MetricTable:
    """What one birth told: metrics by name and by alias, with their current values."""

    __slots__ = ("_by_alias", "_names", "_refused", "_slots")

    def __init__(self) -> None:
        self._slots: list[Slot] = []
        self._by_alias: dict[int, Slot] = {}
        self._names: dict[str, Slot] | None = None
        self._refused: set[str | int] = set()

    @classmethod
    def born(
        cls, message: pb.Payload, received_at_ms: int, limits: Limits, before: "MetricTable | None" = None
    ) -> tuple["MetricTable", list[Problem]]:
        """Read a birth; a metric that cannot be read is left out and told of.

        Args:
            message: NBIRTH or DBIRTH.
            received_at_ms: for metrics of a payload without any timestamp, ms since the epoch.
            limits: how much we are willing to read.
            before: what the birth before it told; one that differs in values alone is read quickly.

        Raises:
            RemoteProtocolError: two metrics share an alias, so that data could not be told apart.
        """
        again = None if before is None else before.again(message, received_at_ms, limits)
        if again is not None:
            return again, []
        table = cls()
        reader = MetricReader(limits)
        metrics: list[Metric] = []
        problems: list[Problem] = []
        for entry in message.metrics:
            try:
                metrics.append(reader.metric(entry))
            except RemoteProtocolError as error:
                problems.append(Problem(error.reason, error.detail))
                table._refuse(entry)
        problems.extend(table._fill(metrics, message.timestamp or received_at_ms))
        return table, problems

    def again(self, message: pb.Payload, received_at_ms: int, limits: Limits) -> "MetricTable | None":
        """Read another birth of the same metrics; None for one that is more than that (`born_again`)."""
        slots = born_again(message, self._slots, received_at_ms, limits)
        if slots is None:
            return None
        table = MetricTable()
        table._slots = slots
        table._by_alias = {slot.alias: slot for slot in slots if slot.alias is not None}
        return table

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
        return len(self._slots)

    @property
    def _by_name(self) -> dict[str, Slot]:
        """Made when a name is first looked up: most sources speak by alias, and dictionaries would be a good part of their memory."""
        if self._names is None:
            self._names = {slot.name: slot for slot in self._slots}
        return self._names

    def values(self) -> tuple[MetricValue, ...]:
        """Return every metric with its current value."""
        return tuple([slot.as_value() for slot in self._slots])

    def metrics(self) -> tuple[Metric, ...]:
        """Return every metric as a birth would list it now, aliases included."""
        return tuple(slot.as_metric() for slot in self._slots)

    def value_of(self, name: str) -> Value:
        """Return the current value of a metric; None when it is null or unknown."""
        slot = self._by_name.get(name)
        return None if slot is None else slot.value

    def data(
        self, message: pb.Payload, received_at_ms: int, limits: Limits, *, needs_birth: bool = True
    ) -> tuple[Columns, list[Problem]]:
        """Read a data message and take its values as current, history excepted.

        Args:
            message: NDATA or DDATA.
            received_at_ms: for metrics of a payload without any timestamp, ms since the epoch.
            limits: how much we are willing to read.
            needs_birth: False reads metrics that describe themselves (name with data type, or text, table,
                ...) even if no birth told of them.
        """
        columns = Columns()
        problems: list[Problem] = []
        slots, values, timestamps = columns.slots, columns.values, columns.timestamps
        by_alias = self._by_alias
        sent_at = message.timestamp or received_at_ms
        for entry in message.metrics:
            slot = by_alias.get(entry.alias)
            if slot is not None and slot.quick is not None:
                datatypes, field, _, read = slot.quick
                raw = getattr(entry, field)
                if (
                    (raw or entry.HasField(field))
                    and entry.datatype in datatypes
                    and not (entry.is_null or entry.is_historical or entry.is_transient)
                    and not entry.HasField("properties")
                ):
                    try:
                        value = raw if read is None else read(raw)
                    except RemoteProtocolError as error:
                        problems.append(Problem(error.reason, f"{slot.name}: {error.detail}"))
                        continue
                    at_ms = entry.timestamp or sent_at
                    slot.value, slot.timestamp = value, at_ms
                    slots.append(slot)
                    values.append(value)
                    timestamps.append(at_ms)
                    continue
            problems += self._unusual_data(entry, sent_at, columns, limits, needs_birth)
        return columns, problems

    def _unusual_data(
        self, entry: pb.Payload.Metric, sent_at: int, columns: Columns, limits: Limits, needs_birth: bool
    ) -> list[Problem]:
        """Read an entry that has no alias, or is anything but a plain current value: the slow road."""
        slot = self._slot_of(entry) or (None if needs_birth else _described(entry))
        if slot is None:
            return self._unknown(entry)
        reader = MetricReader(limits)
        try:
            value = _read(slot, entry, reader)
            properties = slot.properties
            if entry.HasField("properties"):
                properties = _merged(properties, reader.properties(entry.properties))
        except RemoteProtocolError as error:
            return [Problem(error.reason, f"{slot.name}: {error.detail}")]
        timestamp, is_historical = entry.timestamp or sent_at, entry.is_historical
        if not is_historical:
            if properties is not None and properties != slot.properties:
                slot = self._replaced(slot, properties)
            slot.value, slot.timestamp = value, timestamp
        is_transient = slot.is_transient or entry.is_transient
        columns.add(
            slot,
            MetricValue(slot.name, slot.datatype, value, timestamp, is_historical, is_transient, properties),
        )
        return []

    def _replaced(self, slot: Slot, properties: PropertySet) -> Slot:
        """Put a slot with other properties in the place of one; what was read into that one keeps it."""
        new = slot.with_properties(properties)
        by_name = self._by_name
        if by_name.get(slot.name) is slot:
            by_name[slot.name] = new
            self._slots = list(by_name.values())
        if slot.alias is not None and self._by_alias.get(slot.alias) is slot:
            self._by_alias[slot.alias] = new
        return new

    def _slot_of(self, entry: pb.Payload.Metric) -> Slot | None:
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
        by_name: dict[str, Slot] = {}
        for metric in metrics:
            if metric.name is None or metric.datatype is None:
                problems.append(Problem(Reason.DATATYPE, f"{metric.name or metric.alias} is born without type"))
                self._refused.update(key for key in (metric.name, metric.alias) if key is not None)
                continue
            taken_at = metric.timestamp or timestamp
            if taken_at == timestamp:
                taken_at = timestamp  # one object for all, as a birth's values mostly are of one moment
            slot = Slot(metric.name, metric.datatype, metric, taken_at)
            by_name[slot.name] = slot
            if slot.alias is None:
                continue
            other = self._by_alias.setdefault(slot.alias, slot)
            if other.name != slot.name:
                raise RemoteProtocolError(
                    Reason.ALIAS_CONFLICT, f"{other.name} and {slot.name} are both alias {slot.alias}"
                )
            self._by_alias[slot.alias] = slot
        self._slots = list(by_name.values())
        return problems


def _read(slot: Slot, entry: pb.Payload.Metric, reader: MetricReader) -> Value:
    """Read the value of any entry."""
    datatype = slot.datatype
    datatypes, field, is_plain, read = slot.form
    if entry.datatype not in datatypes:
        raise RemoteProtocolError(
            Reason.DATATYPE_CHANGED, f"born as {datatype.name}, came as data type {entry.datatype}"
        )
    if is_plain and entry.HasField(field) and not entry.is_null:
        raw: Scalar = getattr(entry, field)
        return raw if read is None else read(raw)
    if datatype is not DataType.Template:
        return reader.value(entry, datatype)
    value = reader.value(entry, datatype, slot.as_metric())
    return value if entry.is_historical else _whole(slot.value, value)


def _described(entry: pb.Payload.Metric) -> Slot | None:
    """Return a slot for a metric that says all about itself, None for one that does not."""
    datatype = type_of_number(entry.datatype) or _SELF_DESCRIBING.get(entry.WhichOneof("value") or "")
    if datatype not in METRIC_TYPES or not entry.name or not isinstance(entry.name, str):
        return None
    assert datatype is not None
    return Slot(entry.name, datatype, Metric(name=entry.name), 0)


def _whole(current: Value, new: Value) -> Value:
    if isinstance(current, Template) and isinstance(new, Template):
        return current.merged(new)
    return new


def _merged(current: PropertySet | None, new: PropertySet) -> PropertySet:
    return new if current is None else current.merged(new)
