"""Array types, with the byte examples of the specification's 3.x branch."""

import pytest

from namespace.sparkplug import DataType, LocalProtocolError, RemoteProtocolError
from namespace.sparkplug.packed_array import ArrayValue, count_array, pack_array, unpack_array

VECTORS: list[tuple[DataType, ArrayValue, str]] = [
    (DataType.Int8Array, (-23, 123), "E97B"),
    (DataType.Int16Array, (-30000, 30000), "D08A3075"),
    (DataType.Int32Array, (-1, 315338746), "FFFFFFFFFAAFCB12"),
    (DataType.Int64Array, (-4270929666821191986, -3601064768563266876), "CE0672AC189CBAC4C4BA9C18AC7206CE"),
    (DataType.UInt8Array, (23, 250), "17FA"),
    (DataType.UInt16Array, (30, 52360), "1E0088CC"),
    (DataType.UInt32Array, (52, 3293969225), "3400000049FB55C4"),
    (DataType.UInt64Array, (52, 16444743074749521625), "3400000000000000D99E02D1B27637E4"),
    (DataType.DoubleArray, (12.354213, 1022.9123213), "D7A205685BB528408E171C6F4CF78F40"),
    (DataType.StringArray, ("ABC", "hello"), "4142430068656c6c6f00"),
    (DataType.DateTimeArray, (1256102875335, 1656107875000), "C7D0907524010000B8BAB89781010000"),
]


@pytest.mark.trap(23)
@pytest.mark.parametrize(("datatype", "values", "packed"), VECTORS)
def test_arrays_pack_as_the_specification_shows(datatype: DataType, values: ArrayValue, packed: str) -> None:
    """Sparkplug 3.x, 6.4.17."""
    assert pack_array(datatype, values) == bytes.fromhex(packed)
    assert unpack_array(datatype, bytes.fromhex(packed)) == values
    assert count_array(datatype, bytes.fromhex(packed)) == len(values)


def test_floats_pack_as_the_specification_shows() -> None:
    """Sparkplug 3.x, 6.4.17, FloatArray."""
    packed = bytes.fromhex("A4709D3F98AEB242")

    assert pack_array(DataType.FloatArray, (1.23, 89.341)) == packed
    assert unpack_array(DataType.FloatArray, packed) == pytest.approx((1.23, 89.341))


@pytest.mark.trap(23)
def test_booleans_pack_as_a_count_and_bits_from_the_highest() -> None:
    """Sparkplug 3.x, 6.4.17, BooleanArray: bits after the last value do not matter."""
    values = (False, False, True, True, False, True, False, False, True, True, False, True)

    assert pack_array(DataType.BooleanArray, values) == bytes.fromhex("0C00000034D0")
    assert unpack_array(DataType.BooleanArray, bytes.fromhex("0C00000034DF")) == values


@pytest.mark.parametrize("datatype", [member for member in DataType if member.is_array])
def test_an_empty_array_is_no_bytes_or_no_elements(datatype: DataType) -> None:
    """Null and empty are two things."""
    assert unpack_array(datatype, pack_array(datatype, ())) == ()
    assert unpack_array(datatype, b"") == ()


@pytest.mark.parametrize(
    ("datatype", "data", "reason"),
    [
        (DataType.Int16Array, b"\1", "array"),
        (DataType.DoubleArray, b"\0" * 9, "array"),
        (DataType.BooleanArray, b"\1\0", "array"),
        (DataType.BooleanArray, b"\xff\xff\xff\xff\1", "array"),
        (DataType.BooleanArray, b"\1\0\0\0", "array"),
        (DataType.BooleanArray, b"\1\0\0\0\x80\x80", "array"),
        (DataType.StringArray, b"abc", "array"),
        (DataType.StringArray, b"\xff\0", "utf8"),
    ],
)
def test_bytes_of_another_shape_are_refused(datatype: DataType, data: bytes, reason: str) -> None:
    """A count that promises more than there is costs nothing."""
    with pytest.raises(RemoteProtocolError) as caught:
        unpack_array(datatype, data)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("datatype", "values"),
    [
        (DataType.Int8Array, (128,)),
        (DataType.Int8Array, (True,)),
        (DataType.UInt8Array, ("1",)),
        (DataType.FloatArray, (1e39,)),
        (DataType.BooleanArray, (1,)),
        (DataType.StringArray, ("a\0b",)),
        (DataType.StringArray, ("\ud800",)),
        (DataType.StringArray, (1,)),
        (DataType.Int32Array, "12"),
        (DataType.Int32Array, 12),
    ],
)
def test_elements_of_another_kind_are_our_mistake(datatype: DataType, values: object) -> None:
    """Strict on the way out."""
    with pytest.raises(LocalProtocolError):
        pack_array(datatype, values)
