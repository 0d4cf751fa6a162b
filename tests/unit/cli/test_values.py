"""Values for people: short, with unit, age and worth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from namespace.cli.values import age_text, clock_text, payload_text, quality_text, value_text

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "C62", "null"),
        (True, None, "true"),
        (499.80000000001, "MLT", "499.8 ml"),
        (0.8839456, "C62", "0.883946"),
        (3, "XYZ", "3 XYZ"),
        ("a\nb", None, "a b"),
        ("x" * 100, None, "x" * 59 + "…"),
        ({"columns": ["a"], "types": ["Int8"], "rows": [[1]]}, None, "1 row"),
        ([1, 2], None, "[1, 2]"),
    ],
)
def test_a_value_is_short_and_has_its_unit(value: Any, unit: str | None, text: str) -> None:
    assert value_text(value, unit) == text


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(seconds=4.25), "4.2 s"),
        (timedelta(minutes=12), "12 min"),
        (timedelta(hours=30), "30 h"),
        (timedelta(days=9), "9 d"),
        (timedelta(milliseconds=-300), "0.0 s"),
        (timedelta(seconds=-20), "20.0 s ahead"),
    ],
)
def test_an_age_has_one_unit_and_a_clock_that_is_ahead_is_seen(age: timedelta, text: str) -> None:
    assert age_text((NOW - age).isoformat(), NOW) == text


def test_what_is_no_time_is_no_age() -> None:
    assert age_text("yesterday", NOW) == ""
    assert clock_text("yesterday") == "yesterday"


def test_quality_is_said_in_words() -> None:
    assert [quality_text(quality).plain for quality in (192, 500, 0)] == ["good", "stale", "bad"]


def test_a_payload_is_told_in_pairs_without_what_says_nothing() -> None:
    payload = {
        "work_center": "Acme/Dallas/L",
        "good": "2",
        "ordered": {"value": "100", "unit": "H87"},
        "why": None,
        "by": ["W1"],
    }
    assert payload_text(payload, "Acme/Dallas/L") == 'good=2 ordered=100 pieces by=["W1"]'
