"""Amounts of material: an exact decimal with its unit.

Quantities travel as decimal strings, because 0.1 + 0.2 of something must be 0.3 of it in every service and
every database. Arithmetic here is exact or refused; units are never converted, only compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow

MAX_DIGITS = 34
"""Significant digits a quantity may have (those of IEEE 754 decimal128)."""

_UNIT = re.compile(r"[A-Z0-9]{1,3}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,34}(\.[0-9]{1,34})?")
_Operation = Callable[[Decimal, Decimal], Decimal]
_EXACT = Context(prec=MAX_DIGITS, traps=[Inexact, InvalidOperation, Overflow])

UNITS_BY_SYMBOL = {
    "": "C62", "1": "C62", "ea": "EA", "each": "EA", "pc": "H87", "pcs": "H87", "piece": "H87",
    "pieces": "H87",
    "kg": "KGM", "g": "GRM", "t": "TNE", "lb": "LBR", "l": "LTR", "litre": "LTR", "liter": "LTR", "ml": "MLT",
    "hl": "HLT", "m3": "MTQ", "m": "MTR", "mm": "MMT", "m2": "MTK", "s": "SEC", "min": "MIN", "h": "HUR",
    "°c": "CEL", "c": "CEL", "bar": "BAR", "kwh": "KWH", "kw": "KWT", "%": "P1", "rpm": "RPM",
}  # fmt: skip
"""UN/ECE Recommendation 20 codes of symbols people write instead; used to suggest, never to convert."""


class QuantityError(ValueError):
    """A text is no quantity, a result would not be exact, or two units differ."""


def is_unit_code(text: str) -> bool:
    """Whether `text` has the shape of a UN/ECE Recommendation 20 common code: one to three of A-Z and 0-9."""
    return _UNIT.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact amount in a unit.

    Attributes:
        value: finite, at most 34 significant digits.
        unit: UN/ECE Recommendation 20 common code, such as `H87` (piece), `KGM`, `LTR`.

    Raises:
        QuantityError: the value is not finite or too long, or the unit has not the shape of a code.
    """

    value: Decimal
    unit: str

    def __post_init__(self) -> None:
        if not self.value.is_finite():
            raise QuantityError(f"a quantity is a finite number, not {self.value}")
        if len(self.value.as_tuple().digits) > MAX_DIGITS or abs(self.value.adjusted()) > MAX_DIGITS:
            raise QuantityError(f"a quantity has at most {MAX_DIGITS} digits")
        if not is_unit_code(self.unit):
            suggestion = UNITS_BY_SYMBOL.get(self.unit.strip().lower())
            hint = f"; write {suggestion}" if suggestion else ""
            raise QuantityError(f"{self.unit!r} is not a UN/ECE Rec 20 unit code such as H87, KGM or LTR{hint}")

    @classmethod
    def parse(cls, value: str, unit: str) -> Quantity:
        """Read a quantity from a decimal string, as event payloads carry it.

        Args:
            value: digits with an optional sign and point; no exponent, no separators, no white space.
            unit: UN/ECE Recommendation 20 common code.

        Raises:
            QuantityError: `value` is not such a string or `unit` not such a code.
        """
        if _DECIMAL.fullmatch(value) is None:
            raise QuantityError(f"{value!r} is not a decimal number such as 12, -3 or 0.25")
        return cls(Decimal(value), unit)

    @classmethod
    def zero(cls, unit: str) -> Quantity:
        """None of it, in `unit` (UN/ECE Recommendation 20 common code)."""
        return cls(Decimal(0), unit)

    @property
    def decimal_text(self) -> str:
        """The value as a decimal string without exponent, superfluous zeros or negative zero: `12.5`."""
        text = format(self.value, "f")
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        return "0" if text in {"-0", ""} else text

    def __add__(self, other: Quantity) -> Quantity:
        self._require_same_unit(other)
        return Quantity(self._exactly(_EXACT.add, other), self.unit)

    def __sub__(self, other: Quantity) -> Quantity:
        self._require_same_unit(other)
        return Quantity(self._exactly(_EXACT.subtract, other), self.unit)

    def __lt__(self, other: Quantity) -> bool:
        self._require_same_unit(other)
        return self.value < other.value

    def __le__(self, other: Quantity) -> bool:
        self._require_same_unit(other)
        return self.value <= other.value

    def __gt__(self, other: Quantity) -> bool:
        return other < self

    def __ge__(self, other: Quantity) -> bool:
        return other <= self

    def __str__(self) -> str:
        return f"{self.decimal_text} {self.unit}"

    def _require_same_unit(self, other: Quantity) -> None:
        if self.unit != other.unit:
            raise QuantityError(f"{self} and {other} have different units; convert one of them first")

    def _exactly(self, operation: _Operation, other: Quantity) -> Decimal:
        try:
            return operation(self.value, other.value)
        except DecimalException as error:
            raise QuantityError(f"{self} and {other} cannot be combined exactly in {MAX_DIGITS} digits") from error
