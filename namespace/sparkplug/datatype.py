"""The Sparkplug data types and how a single value of each rides in protobuf.

Signed integers travel in unsigned fields as two's complement. Two habits exist for Int8 and Int16: some peers
extend the sign to 32 bits, some cut to 8 or 16. We send the cut form, which fits the declared width, and read
both: cut to the width, then take the sign. Arrays are in `packed_array.py`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from namespace.sparkplug.errors import LocalProtocolError, Reason, RemoteProtocolError


class DataType(IntEnum):
    """Sparkplug 3.0, 6.4.16; names and numbers as the specification has them."""

    Int8 = 1
    Int16 = 2
    Int32 = 3
    Int64 = 4
    UInt8 = 5
    UInt16 = 6
    UInt32 = 7
    UInt64 = 8
    Float = 9
    Double = 10
    Boolean = 11
    String = 12
    DateTime = 13
    Text = 14
    UUID = 15
    DataSet = 16
    Bytes = 17
    File = 18
    Template = 19
    PropertySet = 20
    PropertySetList = 21
    Int8Array = 22
    Int16Array = 23
    Int32Array = 24
    Int64Array = 25
    UInt8Array = 26
    UInt16Array = 27
    UInt32Array = 28
    UInt64Array = 29
    FloatArray = 30
    DoubleArray = 31
    BooleanArray = 32
    StringArray = 33
    DateTimeArray = 34

    __hash__ = int.__hash__  # tables are looked up by it for every metric; an Enum's own takes ten times as long

    @property
    def is_array(self) -> bool:
        """Whether values are packed into one bytes field."""
        return self >= 22

    @property
    def is_basic(self) -> bool:
        """Whether values may stand in DataSet cells and Template parameters."""
        return self.value <= 14

    @property
    def is_integer(self) -> bool:
        """Whether values are `int` (DateTime among them: ms since the epoch)."""
        return self.value <= 8 or self is DataType.DateTime


PROPERTY_TYPES: Final = frozenset(
    [*(member for member in DataType if member.value <= 15), DataType.PropertySet, DataType.PropertySetList]
)
"""The types a PropertyValue may have: single values and further property sets."""

METRIC_TYPES: Final = frozenset(DataType) - {DataType.PropertySet, DataType.PropertySetList}
"""The types a Metric may have."""

type_of_number: Final = {member.value: member for member in DataType}.get
"""The data type with a number, or None when Sparkplug knows no such number."""

Scalar = bool | int | float | str | bytes


@dataclass(frozen=True, slots=True)
class IntegerForm:
    """Width and sign of an integer type."""

    bits: int
    signed: bool

    @property
    def bounds(self) -> tuple[int, int]:
        """Smallest and largest value, both allowed."""
        if self.signed:
            return -(1 << self.bits - 1), (1 << self.bits - 1) - 1
        return 0, (1 << self.bits) - 1


INTEGER_FORMS: Final = {
    DataType.Int8: IntegerForm(8, signed=True),
    DataType.Int16: IntegerForm(16, signed=True),
    DataType.Int32: IntegerForm(32, signed=True),
    DataType.Int64: IntegerForm(64, signed=True),
    DataType.UInt8: IntegerForm(8, signed=False),
    DataType.UInt16: IntegerForm(16, signed=False),
    DataType.UInt32: IntegerForm(32, signed=False),
    DataType.UInt64: IntegerForm(64, signed=False),
    DataType.DateTime: IntegerForm(64, signed=False),
}

_NUMBERS = frozenset({"int_value", "long_value"})
_REALS = frozenset({"float_value", "double_value"})
_STRINGS = frozenset({"string_value"})
_BYTES = frozenset({"bytes_value"})


def _fields_of(datatype: DataType) -> tuple[str, frozenset[str]]:
    form = INTEGER_FORMS.get(datatype)
    if form is not None:
        return ("int_value" if form.bits <= 32 else "long_value"), _NUMBERS
    if datatype.is_array or datatype in {DataType.Bytes, DataType.File}:
        return "bytes_value", _BYTES
    return {
        DataType.Float: ("float_value", _REALS),
        DataType.Double: ("double_value", _REALS),
        DataType.Boolean: ("boolean_value", frozenset({"boolean_value"})),
        DataType.DataSet: ("dataset_value", frozenset({"dataset_value"})),
        DataType.Template: ("template_value", frozenset({"template_value"})),
        DataType.PropertySet: ("propertyset_value", frozenset({"propertyset_value"})),
        DataType.PropertySetList: ("propertysets_value", frozenset({"propertysets_value"})),
    }.get(datatype, ("string_value", _STRINGS))


WIRE_FIELD: Final = {member: _fields_of(member)[0] for member in DataType}
"""The member of the protobuf oneof in which we send a type, and in which it should arrive."""

ACCEPTED_FIELDS: Final = {member: _fields_of(member)[1] for member in DataType}
"""Every member in which a type is read: peers differ on UInt32, and widen now and then."""


def to_wire(datatype: DataType, value: object) -> Scalar:
    """Turn one value into what its protobuf field holds.

    Args:
        datatype: a single-value type (no array, table, template or property set).
        value: int, float, bool, str or bytes as the type asks; DateTime is ms since the epoch.

    Returns:
        The value for the field `WIRE_FIELD[datatype]`; signed integers as two's complement of the width of that field, as Tahu writes
        them.

    Raises:
        LocalProtocolError: the value has the wrong Python type or is out of range.
    """
    form = INTEGER_FORMS.get(datatype)
    if form is not None:
        return _integer_to_wire(datatype, form, value)
    if datatype is DataType.Float or datatype is DataType.Double:
        return _real_to_wire(datatype, value)
    if datatype is DataType.Boolean:
        if isinstance(value, bool):
            return value
    elif datatype is DataType.Bytes or datatype is DataType.File:
        if isinstance(value, bytes):
            return value
    elif WIRE_FIELD[datatype] == "string_value" and isinstance(value, str):
        return check_text(value)
    raise LocalProtocolError(f"a {datatype.name} cannot hold {value!r}")


_MAX_UINT32 = (1 << 32) - 1
_MAX_UINT64 = (1 << 64) - 1


def _integer_to_wire(datatype: DataType, form: IntegerForm, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise LocalProtocolError(f"{datatype.name} takes an int, not {value!r}")
    low, high = form.bounds
    if not low <= value <= high:
        raise LocalProtocolError(f"{value} does not fit {datatype.name} ({low} to {high})")
    return value & (_MAX_UINT64 if form.bits == 64 else _MAX_UINT32)


def _real_to_wire(datatype: DataType, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LocalProtocolError(f"{datatype.name} takes a float, not {value!r}")
    try:
        number = float(value)
    except OverflowError:
        raise LocalProtocolError(f"{value!r} does not fit {datatype.name}") from None
    if datatype is DataType.Float and math.isfinite(number) and abs(number) >= _FLOAT_LIMIT:
        raise LocalProtocolError(f"{value!r} does not fit Float, which has 32 bits")
    return number


_FLOAT_LIMIT = (2 - 2**-24) * 2.0**127
"""From here on a number would round to infinity in 32 bits."""


def check_text(text: str) -> str:
    """Return a text unchanged when it can be written as UTF-8.

    Raises:
        LocalProtocolError: it holds half a surrogate pair.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise LocalProtocolError(f"{text!r} is not valid Unicode: {error.reason}") from None
    return text


def from_wire(datatype: DataType, field: str, raw: object) -> Scalar:
    """Turn what a protobuf field held into the value it stands for.

    Args:
        datatype: a single-value type.
        field: the member of the oneof that was set.
        raw: its content. Text that is not UTF-8 comes out of the parser as bytes.

    Raises:
        RemoteProtocolError: the field does not go with the type, the value is out of range, or a text
            is not UTF-8.
    """
    if field not in ACCEPTED_FIELDS[datatype]:
        raise RemoteProtocolError(Reason.VALUE, f"a {datatype.name} came as {field}")
    return READERS[datatype](raw)


_SCALARS: Final = (bool, int, float, str, bytes)


def _identity(raw: object) -> Scalar:
    assert isinstance(raw, _SCALARS)
    return raw


def _text(raw: object) -> str:
    if isinstance(raw, str):
        return raw
    raise RemoteProtocolError(Reason.UTF8, "a text is not valid UTF-8")


def _signed(bits: int) -> Callable[[object], int]:
    mask, sign = (1 << bits) - 1, 1 << bits - 1

    def read(raw: object) -> int:
        assert isinstance(raw, int)
        return ((raw & mask) ^ sign) - sign

    return read


def _unsigned(datatype: DataType, bits: int) -> Callable[[object], int]:
    high = (1 << bits) - 1

    def read(raw: object) -> int:
        assert isinstance(raw, int)
        if raw > high:
            raise RemoteProtocolError(Reason.VALUE, f"{raw} is no {datatype.name}")
        return raw

    return read


def _reader_of(datatype: DataType) -> Callable[[object], Scalar]:
    form = INTEGER_FORMS.get(datatype)
    if form is not None:
        return _signed(form.bits) if form.signed else _unsigned(datatype, form.bits)
    return _text if WIRE_FIELD[datatype] == "string_value" else _identity


READERS: Final = {
    member: _reader_of(member) for member in DataType if member.value <= 15 or WIRE_FIELD[member] == "bytes_value"
}
"""Raw field content to value, for single-value types; arrays come out as the bytes they arrived in."""

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

PLAIN_FORMS: Final = {
    int(member): (member, WIRE_FIELD[member], None if member in _READ_AS_IS else READERS[member])
    for member in READERS
    if not member.is_array
}
"""By the number of a type: the type, the member that holds a value, and how it is read there, None for as it is. Single values only."""
