"""The packed array types: thirteen ways to write a tuple of values into one bytes field.

Little-endian without gaps; booleans as a count and then bits, first value in the highest bit; strings each
ended by a NUL (Sparkplug 3.0, 6.4.17, with the byte examples as the 3.x branch corrects them).
"""

import struct
from collections.abc import Sequence
from typing import Final

from namespace.sparkplug.datatype import DataType, check_text
from namespace.sparkplug.errors import LocalProtocolError, Reason, RemoteProtocolError

ArrayValue = tuple[int, ...] | tuple[float, ...] | tuple[bool, ...] | tuple[str, ...]

_FORMATS: Final = {
    DataType.Int8Array: "b",
    DataType.Int16Array: "h",
    DataType.Int32Array: "i",
    DataType.Int64Array: "q",
    DataType.UInt8Array: "B",
    DataType.UInt16Array: "H",
    DataType.UInt32Array: "I",
    DataType.UInt64Array: "Q",
    DataType.FloatArray: "f",
    DataType.DoubleArray: "d",
    DataType.DateTimeArray: "Q",
}
_COUNT = struct.Struct("<I")


def pack_array(datatype: DataType, values: object) -> bytes:
    """Write values the way an array type travels.

    Args:
        datatype: one of the array types.
        values: a tuple or list of int, float, bool or str, as the type asks; DateTime is ms since the epoch.

    Raises:
        LocalProtocolError: no sequence, an element of the wrong type or out of range, or a NUL in a string.
    """
    if not isinstance(values, tuple | list):
        raise LocalProtocolError(f"{datatype.name} takes a tuple, not {type(values).__name__}")
    if datatype is DataType.BooleanArray:
        return _pack_booleans(values)
    if datatype is DataType.StringArray:
        return _pack_strings(values)
    if any(isinstance(value, bool) for value in values):
        raise LocalProtocolError(f"{datatype.name} takes numbers, not bool")
    try:
        return struct.pack(f"<{len(values)}{_FORMATS[datatype]}", *values)
    except (struct.error, OverflowError) as error:
        raise LocalProtocolError(f"{datatype.name}: {error}") from None


def count_array(datatype: DataType, data: bytes) -> int:
    """Say how many elements an array has, without making them.

    Raises:
        RemoteProtocolError: the bytes do not have the shape of the type.
    """
    if datatype is DataType.BooleanArray:
        return _count_booleans(data)
    if datatype is DataType.StringArray:
        if data and data[-1] != 0:
            raise RemoteProtocolError(Reason.ARRAY, "the last string of a StringArray has no NUL at its end")
        return data.count(0)
    width = struct.calcsize(f"<{_FORMATS[datatype]}")
    if len(data) % width:
        raise RemoteProtocolError(Reason.ARRAY, f"{len(data)} bytes are no {datatype.name}: {width} bytes an element")
    return len(data) // width


def unpack_array(datatype: DataType, data: bytes) -> ArrayValue:
    """Read what `pack_array` writes.

    Args:
        datatype: one of the array types.
        data: the bytes of the metric. Check `count_array` first when they come from outside: a bit becomes
            an object.

    Raises:
        RemoteProtocolError: the bytes do not have the shape of the type.
    """
    count = count_array(datatype, data)
    if datatype is DataType.BooleanArray:
        return tuple(bool(data[4 + (index >> 3)] & (0x80 >> (index & 7))) for index in range(count))
    if datatype is DataType.StringArray:
        try:
            return tuple(part.decode() for part in data.split(b"\0")[:-1])
        except UnicodeDecodeError:
            raise RemoteProtocolError(Reason.UTF8, "a StringArray holds bytes that are not UTF-8") from None
    return struct.unpack(f"<{count}{_FORMATS[datatype]}", data)


def _pack_booleans(values: Sequence[object]) -> bytes:
    packed = bytearray(_COUNT.pack(len(values)) + bytes((len(values) + 7) // 8))
    for index, value in enumerate(values):
        if not isinstance(value, bool):
            raise LocalProtocolError(f"BooleanArray takes bool, not {value!r}")
        if value:
            packed[4 + (index >> 3)] |= 0x80 >> (index & 7)
    return bytes(packed)


def _pack_strings(values: Sequence[object]) -> bytes:
    packed = bytearray()
    for value in values:
        if not isinstance(value, str) or "\0" in value:
            raise LocalProtocolError(f"StringArray takes str without NUL, not {value!r}")
        packed += check_text(value).encode() + b"\0"
    return bytes(packed)


def _count_booleans(data: bytes) -> int:
    if not data:
        return 0
    if len(data) < _COUNT.size:
        raise RemoteProtocolError(Reason.ARRAY, "a BooleanArray ends within its count")
    count: int = _COUNT.unpack_from(data)[0]
    if (count + 7) // 8 != len(data) - _COUNT.size:
        raise RemoteProtocolError(
            Reason.ARRAY,
            f"a BooleanArray says {count} values and has {len(data) - _COUNT.size} bytes of them",
        )
    return count
