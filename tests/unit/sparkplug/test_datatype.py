"""Single values on the wire: sign, range, text."""

import math

import pytest

from namespace.sparkplug import DataType, LocalProtocolError, RemoteProtocolError
from namespace.sparkplug.datatype import INTEGER_FORMS, WIRE_FIELD, from_wire, to_wire


@pytest.mark.tck("payloads-metric-datatype-value")
@pytest.mark.trap(18)
@pytest.mark.parametrize(
    ("datatype", "value", "wire"),
    [
        (DataType.Int8, -3, 0xFFFF_FFFD),
        (DataType.Int16, -30_000, 0xFFFF_8AD0),
        (DataType.Int32, -12, 4_294_967_284),
        (DataType.Int64, -1, 2**64 - 1),
        (DataType.UInt8, 255, 255),
        (DataType.UInt64, 2**64 - 1, 2**64 - 1),
        (DataType.DateTime, 1_486_144_502_122, 1_486_144_502_122),
        (DataType.Float, 1.5, 1.5),
        (DataType.Double, 2, 2.0),
        (DataType.Boolean, False, False),
        (DataType.String, "", ""),
        (DataType.UUID, "9f1c", "9f1c"),
        (DataType.Bytes, b"\0", b"\0"),
    ],
)
def test_values_ride_in_their_field(datatype: DataType, value: object, wire: object) -> None:
    """Two's complement of the field's width: what Tahu sends, and the npm package reads."""
    assert to_wire(datatype, value) == wire
    assert from_wire(datatype, WIRE_FIELD[datatype], wire) == value


@pytest.mark.trap(18)
@pytest.mark.parametrize(
    ("datatype", "field", "wire", "value"),
    [
        (DataType.Int8, "int_value", 0xFD, -3),
        (DataType.Int16, "int_value", 0x8AD0, -30_000),
        (DataType.Int32, "long_value", 0xFFFF_FFFF_FFFF_FFF4, -12),
        (DataType.UInt32, "long_value", 3_293_969_225, 3_293_969_225),
        (DataType.Int64, "int_value", 7, 7),
        (DataType.Double, "float_value", 0.5, 0.5),
        (DataType.Float, "double_value", 0.5, 0.5),
    ],
)
def test_other_habits_are_read_too(datatype: DataType, field: str, wire: object, value: object) -> None:
    """Cut to the declared width, UInt32 in long_value, widened reals."""
    assert from_wire(datatype, field, wire) == value


@pytest.mark.parametrize("datatype", INTEGER_FORMS)
def test_the_ends_of_every_integer_range_fit_and_no_more(datatype: DataType) -> None:
    """Nothing is cut silently on the way out."""
    low, high = INTEGER_FORMS[datatype].bounds
    for value in (low, high):
        assert from_wire(datatype, WIRE_FIELD[datatype], to_wire(datatype, value)) == value
    for value in (low - 1, high + 1):
        with pytest.raises(LocalProtocolError, match="does not fit"):
            to_wire(datatype, value)


@pytest.mark.parametrize(
    ("datatype", "low", "high"),
    [
        (DataType.Int8, -128, 127),
        (DataType.Int16, -32_768, 32_767),
        (DataType.Int32, -2_147_483_648, 2_147_483_647),
        (DataType.Int64, -9_223_372_036_854_775_808, 9_223_372_036_854_775_807),
        (DataType.UInt8, 0, 255),
        (DataType.UInt16, 0, 65_535),
        (DataType.UInt32, 0, 4_294_967_295),
        (DataType.UInt64, 0, 18_446_744_073_709_551_615),
        (DataType.DateTime, 0, 18_446_744_073_709_551_615),
    ],
)
def test_integer_ranges_are_those_of_their_width(datatype: DataType, low: int, high: int) -> None:
    """Sparkplug 3.0, 6.4.16, written out, so that a mistake in the arithmetic shows."""
    assert INTEGER_FORMS[datatype].bounds == (low, high)


@pytest.mark.parametrize(
    ("datatype", "value"),
    [
        (DataType.Int32, True),
        (DataType.Int32, 1.0),
        (DataType.Double, "1"),
        (DataType.Double, True),
        (DataType.Double, 10**400),
        (DataType.Float, 1e39),
        (DataType.Boolean, 1),
        (DataType.String, b"x"),
        (DataType.String, "\ud800"),
        (DataType.Bytes, "x"),
    ],
)
def test_a_value_of_another_kind_is_our_mistake(datatype: DataType, value: object) -> None:
    """Strict on the way out."""
    with pytest.raises(LocalProtocolError):
        to_wire(datatype, value)


@pytest.mark.tck("payloads-metric-datatype-value")
@pytest.mark.parametrize(
    ("datatype", "field", "raw", "reason"),
    [
        (DataType.Int32, "string_value", "1", "value"),
        (DataType.String, "int_value", 1, "value"),
        (DataType.Boolean, "int_value", 1, "value"),
        (DataType.UInt8, "int_value", 256, "value"),
        (DataType.UInt32, "long_value", 2**32, "value"),
        (DataType.String, "string_value", b"\xff", "utf8"),
    ],
)
def test_what_does_not_go_with_the_type_is_refused(datatype: DataType, field: str, raw: object, reason: str) -> None:
    """Text that is no UTF-8 comes from the parser as bytes."""
    with pytest.raises(RemoteProtocolError) as caught:
        from_wire(datatype, field, raw)
    assert caught.value.reason == reason


def test_float_keeps_infinity_and_the_largest_number_of_32_bits() -> None:
    """Only numbers that would turn into infinity are refused."""
    largest = 3.4028234663852886e38
    assert to_wire(DataType.Float, largest) == largest
    assert to_wire(DataType.Float, float("inf")) == float("inf")

    limit = (2 - 2**-24) * 2.0**127  # halfway to what would be the next one: IEEE 754 rounds it up, to infinity
    assert to_wire(DataType.Float, math.nextafter(limit, 0)) == math.nextafter(limit, 0)
    for beyond in (limit, -limit):
        with pytest.raises(LocalProtocolError, match="32 bits"):
            to_wire(DataType.Float, beyond)


def test_which_types_are_integers() -> None:
    """Sparkplug 3.0, 6.4.16: DateTime among them, its values are ms since the epoch."""
    assert {datatype for datatype in DataType if datatype.is_integer} == INTEGER_FORMS.keys()
