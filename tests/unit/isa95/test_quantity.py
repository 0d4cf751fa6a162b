"""Quantities: exact, in one unit, as decimal strings."""

from __future__ import annotations

from decimal import Decimal

import pytest

from namespace.isa95 import Quantity, QuantityError


def test_a_tenth_and_two_tenths_are_three_tenths() -> None:
    assert Quantity.parse("0.1", "KGM") + Quantity.parse("0.2", "KGM") == Quantity.parse("0.3", "KGM")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("12", "12"),
        ("12.50", "12.5"),
        ("-3", "-3"),
        ("0.0", "0"),
        ("-0", "0"),
        ("100", "100"),
        ("+7.000", "7"),
    ],
)
def test_a_quantity_is_written_without_superfluous_digits(text: str, written: str) -> None:
    assert Quantity.parse(text, "H87").decimal_text == written


def test_a_large_exponent_is_written_out() -> None:
    assert str(Quantity(Decimal("1E+3"), "H87")) == "1000 H87"


@pytest.mark.parametrize("text", ["", "1e3", "NaN", "Infinity", "1,5", " 1", "1_000", "0x10", "1" * 35, "٣"])
def test_what_is_not_a_decimal_string_is_refused(text: str) -> None:
    with pytest.raises(QuantityError):
        Quantity.parse(text, "H87")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1E+50", "1E-50"])
def test_a_value_without_a_plain_decimal_form_is_refused(value: str) -> None:
    with pytest.raises(QuantityError):
        Quantity(Decimal(value), "H87")


def test_different_units_are_neither_added_nor_compared() -> None:
    mass, volume = Quantity.parse("1", "KGM"), Quantity.parse("1", "LTR")
    with pytest.raises(QuantityError, match="different units"):
        _ = mass + volume
    with pytest.raises(QuantityError, match="different units"):
        _ = mass < volume
    assert mass != volume


def test_a_symbol_in_place_of_a_code_is_refused_with_the_code() -> None:
    with pytest.raises(QuantityError, match="write KGM"):
        Quantity.parse("1", "kg")


def test_a_sum_that_would_have_to_be_rounded_is_refused() -> None:
    with pytest.raises(QuantityError, match="exactly"):
        _ = Quantity(Decimal(10) ** 33, "H87") + Quantity.parse("0.01", "H87")


def test_subtraction_and_order() -> None:
    five, three = Quantity.parse("5", "H87"), Quantity.parse("3", "H87")
    assert five - three == Quantity.parse("2", "H87")
    assert three < five <= five
    assert five > three >= three
    assert Quantity.zero("H87").decimal_text == "0"
