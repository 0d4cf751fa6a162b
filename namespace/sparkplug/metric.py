"""What a payload says, as plain values: metrics and the structures a metric may hold.

Immutable and comparable, without any protobuf in sight. Checking what may be written is the encoder's work;
meaning (current, stale, historical) belongs to the sessions.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from namespace.sparkplug.datatype import DataType
from namespace.sparkplug.packed_array import ArrayValue


class Quality(IntEnum):
    """The three values of the property `Quality` (Sparkplug 3.0, 6.4.9.1)."""

    BAD = 0
    GOOD = 192
    STALE = 500


@dataclass(frozen=True, slots=True)
class PropertyValue:
    """One property: its type, and its value or None for null.

    A PropertySetList is a tuple of `PropertySet`.
    """

    datatype: DataType
    value: "bool | int | float | str | PropertySet | tuple[PropertySet, ...] | None"


@dataclass(frozen=True, slots=True)
class PropertySet:
    """Named properties in the order they travel."""

    entries: tuple[tuple[str, PropertyValue], ...] = ()

    @classmethod
    def of(cls, properties: Mapping[str, PropertyValue]) -> "PropertySet":
        """Make a set from a mapping."""
        return cls(tuple(properties.items()))

    @classmethod
    def of_strings(cls, properties: Mapping[str, str]) -> "PropertySet":
        """Make a set of String properties, the usual `engUnit` and the like."""
        return cls(tuple((key, PropertyValue(DataType.String, value)) for key, value in properties.items()))

    def __iter__(self) -> Iterator[tuple[str, PropertyValue]]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def get(self, key: str) -> PropertyValue | None:
        """Return the property with a name, the last one if a peer repeats it."""
        for name, value in reversed(self.entries):
            if name == key:
                return value
        return None

    def value(self, key: str) -> object:
        """Return the value of a property; None when it is null or absent."""
        found = self.get(key)
        return None if found is None else found.value

    @property
    def quality(self) -> int | None:
        """The property `Quality`, or None when there is none of integer type."""
        value = self.value("Quality")
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def merged(self, newer: "PropertySet") -> "PropertySet":
        """Return these properties with those of a newer set changed or added."""
        return PropertySet(tuple({**dict(self.entries), **dict(newer.entries)}.items()))

    def with_quality(self, quality: Quality) -> "PropertySet":
        """Return the set with its `Quality` set (Int32, tck-id-payloads-propertyset-quality-value-type)."""
        return self.merged(PropertySet((("Quality", PropertyValue(DataType.Int32, int(quality))),)))


Cell = bool | int | float | str | None
"""A DataSet cell or Template parameter value; None is null."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """A table: a name and a basic type for each column, rows of as many cells."""

    columns: tuple[str, ...]
    types: tuple[DataType, ...]
    rows: tuple[tuple[Cell, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named constant of a template; None is no value."""

    name: str
    datatype: DataType
    value: Cell = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A definition of a structured value, or an instance of one.

    A definition travels in NBIRTH only and names no other; an instance names its definition in `template_ref`
    (tck-id-payloads-template-definition-ref, -instance-ref).
    """

    metrics: "tuple[Metric, ...]" = ()
    parameters: tuple[Parameter, ...] = ()
    template_ref: str | None = None
    version: str | None = None
    is_definition: bool = False

    def merged(self, newer: "Template") -> "Template":
        """Return this instance with the members that a newer, perhaps partial, instance carries.

        Members keep the order of this one (tck-id-payloads-template-instance-members-data).
        """
        changed = {member.name: member for member in newer.metrics}
        metrics = tuple(changed.pop(member.name, member) for member in self.metrics)
        given = {parameter.name: parameter for parameter in newer.parameters}
        parameters = tuple(given.pop(parameter.name, parameter) for parameter in self.parameters)
        return replace(
            newer,
            metrics=metrics + tuple(changed.values()),
            parameters=parameters + tuple(given.values()),
            version=newer.version if newer.version is not None else self.version,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaData:
    """Facts about a value that is a part, a file or a long text (Sparkplug 3.0, 6.4.7)."""

    is_multi_part: bool | None = None
    content_type: str | None = None
    size: int | None = None
    seq: int | None = None
    file_name: str | None = None
    file_type: str | None = None
    md5: str | None = None
    description: str | None = None


Value = bool | int | float | str | bytes | ArrayValue | DataSet | Template | None
"""What a metric may hold; DateTime is int ms since the epoch, an array is a tuple, None is null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric of a payload, with what the sender said about it and nothing more.

    Attributes:
        name: absent where an alias stands for it.
        alias: absent where none is used; 0 is an alias like any other.
        timestamp: ms since the epoch, UTC.
        datatype: absent where the birth told it (data, commands).
        value: None is null.
    """

    name: str | None = None
    alias: int | None = None
    timestamp: int | None = None
    datatype: DataType | None = None
    value: Value = None
    is_historical: bool = False
    is_transient: bool = False
    properties: PropertySet | None = None
    metadata: MetaData | None = None
