"""Values of one data message as columns, and what a birth settles about each metric so that reading them needs no object apiece.

`MetricValue` is what a person reads; it is made when somebody looks. Which slot an entry of a message belongs to, and how it is read, is
`metric_table`'s.
"""

from collections.abc import Callable
from dataclasses import replace
from sys import intern
from typing import Any, NamedTuple

from namespace.sparkplug.datatype import PLAIN_FORMS, WIRE_FIELD, DataType, Scalar
from namespace.sparkplug.metric import Metric, PropertySet, Value


class MetricValue(NamedTuple):
    """One metric, resolved by its birth.

    Attributes:
        value: None is null; DateTime is int ms since the epoch, arrays are tuples. A template instance is
            complete: members that a message left out are those known before.
        timestamp: when the value was taken, ms since the epoch, UTC; the time of the message where the metric
            has none of its own.
        is_historical: an old value that does not replace the current one.
        is_transient: not meant for history.
        properties: those of the birth with what came since.
    """

    name: str
    datatype: DataType
    value: Value
    timestamp: int
    is_historical: bool = False
    is_transient: bool = False
    properties: PropertySet | None = None


_new_value: Callable[..., MetricValue] = tuple.__new__
"""Makes a `MetricValue` without the detour over keyword arguments: half of what a sample costs."""


class Slot:
    """One metric: what the birth settled (how to read it), and what is current.

    Only `value`, `timestamp` and `memo` ever change; a metric that gets other properties gets another slot, so that what refers to
    the old one still says what was true then.

    Attributes:
        quick: `form`, where that says it all and there is an alias that cannot be taken for none; else None.
        memo: for whoever keeps the values: what the metric is to him, found once. It goes with the birth.
    """

    __slots__ = (
        "alias",
        "datatype",
        "is_transient",
        "memo",
        "metadata",
        "name",
        "properties",
        "quick",
        "timestamp",
        "value",
    )

    def __init__(self, name: str, datatype: DataType, metric: Metric, timestamp: int) -> None:
        """Settle what can be settled.

        Args:
            name: of the metric.
            datatype: of its birth.
            metric: as born.
            timestamp: of its value, ms since the epoch.
        """
        self.name = intern(name)  # a thousand machines of a kind say the same names
        self.alias = metric.alias
        self.datatype = datatype
        form = _FORMS[datatype]
        self.quick: Form | None = form if metric.alias and form[2] else None
        self.is_transient = metric.is_transient
        self.metadata = metric.metadata
        self.value = metric.value
        self.timestamp = timestamp
        self.properties = metric.properties
        self.memo: Any = None

    @property
    def form(self) -> "Form":
        """How its values are read: what an entry's data type may say, the member of the protobuf, whether that alone is the value, and by
        what it is read (None: as it is).
        """
        return _FORMS[self.datatype]

    def as_metric(self) -> Metric:
        """Return it as a birth would list it now."""
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
        """Return its current value."""
        return _new_value(
            MetricValue,
            (self.name, self.datatype, self.value, self.timestamp, False, self.is_transient, self.properties),
        )

    def renewed(self, value: Value, timestamp: int) -> "Slot":
        """Return a slot of the same metric for another birth.

        Args:
            value: as born.
            timestamp: of the value, ms since the epoch.
        """
        new = Slot.__new__(Slot)
        new.name, new.alias, new.datatype, new.quick = self.name, self.alias, self.datatype, self.quick
        new.is_transient, new.metadata, new.properties = self.is_transient, self.metadata, self.properties
        new.value, new.timestamp, new.memo = value, timestamp, None
        return new

    def with_properties(self, properties: PropertySet) -> "Slot":
        """Return a slot of the same metric with other properties."""
        return Slot(self.name, self.datatype, replace(self.as_metric(), properties=properties), self.timestamp)


class Columns:
    """The values of one message, one list for each attribute; not to be changed.

    Attributes:
        slots: whose they are.
        values: as in `MetricValue`.
        timestamps: as in `MetricValue`.
        unusual: values of which their slot does not say all, because they are historical or transient by themselves, by their row.
    """

    __slots__ = ("slots", "timestamps", "unusual", "values")

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.values: list[Value] = []
        self.timestamps: list[int] = []
        self.unusual: dict[int, MetricValue] | None = None

    def __len__(self) -> int:
        return len(self.slots)

    def add(self, slot: Slot, value: MetricValue) -> None:
        """Append a value of any kind."""
        if value.is_historical or value.is_transient != slot.is_transient or value.properties is not slot.properties:
            if self.unusual is None:
                self.unusual = {}
            self.unusual[len(self.slots)] = value
        self.slots.append(slot)
        self.values.append(value.value)
        self.timestamps.append(value.timestamp)

    def metrics(self) -> tuple[MetricValue, ...]:
        """Return the values one by one."""
        values = [
            _new_value(
                MetricValue,
                (slot.name, slot.datatype, value, timestamp, False, slot.is_transient, slot.properties),
            )
            for slot, value, timestamp in zip(self.slots, self.values, self.timestamps, strict=True)
        ]
        if self.unusual is not None:
            for row, value in self.unusual.items():
                values[row] = value
        return tuple(values)


Form = tuple[tuple[int, int], str, bool, Callable[[object], Scalar] | None]

_FORMS: dict[DataType, Form] = {
    datatype: ((int(datatype), 0), field, int(datatype) in PLAIN_FORMS, PLAIN_FORMS.get(int(datatype), (0, 0, None))[2])
    for datatype, field in WIRE_FIELD.items()
}
"""How entries of each data type are read; what is the same for all slots of a type is kept once."""
