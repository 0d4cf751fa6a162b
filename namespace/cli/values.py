"""How a value of the namespace is written for a person: short, with its unit, its age and what it is worth.

Programs take `--json`, where nothing is rounded or cut.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.text import Text

from namespace.contracts.namespace_state import GOOD, STALE

_UNITS = {
    "C62": "",
    "P1": "%",
    "C26": "ms",
    "SEC": "s",
    "MIN": "min",
    "HUR": "h",
    "CEL": "°C",
    "BAR": "bar",
    "KPA": "kPa",
    "RPM": "1/min",
    "E93": "kg/h",
    "MLT": "ml",
    "LTR": "l",
    "GRM": "g",
    "KGM": "kg",
    "MTR": "m",
    "MMT": "mm",
    "NU": "N·m",
    "KWT": "kW",
    "KWH": "kWh",
    "H87": "pieces",
    "EA": "each",
    "C94": "1/min",
}
"""Symbols of the UN/ECE Recommendation 20 codes seen most; any other is shown as its code."""

_WIDTH = 60


def value_text(value: Any, unit: str | None = None) -> str:
    """Return a JSON value in a few characters, with the symbol of its unit."""
    match value:
        case None:
            return "null"
        case bool():
            text = "true" if value else "false"
        case float():
            text = f"{value:.6g}"
        case {"columns": list(), "rows": list() as rows}:
            text = f"{len(rows)} row{'' if len(rows) == 1 else 's'}"
        case _:
            text = str(value)
    symbol = "" if unit is None else _UNITS.get(unit, unit)
    text = text.replace("\n", " ")
    short = text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
    return f"{short} {symbol}".rstrip()


def payload_text(payload: Mapping[str, Any], scope: str) -> str:
    """Return an event's payload as `name=value` pairs, without what is empty or only repeats where it happened."""
    return " ".join(
        f"{name}={_member_text(value)}" for name, value in payload.items() if value not in (None, "", {}, scope)
    )


def _member_text(value: Any) -> str:
    match value:
        case {"value": amount, "unit": unit}:
            return value_text(amount, str(unit))
        case dict() | list():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return value_text(value)


def age_text(timestamp: str, now: datetime) -> str:
    """Return how long ago an ISO 8601 time was, in one unit: `4.2 s`, `12 min`; empty for no time."""
    try:
        age_s = (now - datetime.fromisoformat(timestamp)).total_seconds()
    except (ValueError, TypeError):
        return ""
    if age_s < 0:
        return f"{-age_s:.1f} s ahead" if age_s < -1 else "0.0 s"
    for limit_s, size_s, name in ((60, 1, "s"), (3600, 60, "min"), (172_800, 3600, "h")):
        if age_s < limit_s:
            return f"{age_s / size_s:.1f} {name}" if size_s == 1 else f"{age_s / size_s:.0f} {name}"
    return f"{age_s / 86_400:.0f} d"


def quality_text(quality: int) -> Text:
    """Return what a quality code means, in its colour (Sparkplug 3.0, property Quality)."""
    if quality == GOOD:
        return Text("good", style="green")
    return Text("stale", style="yellow") if quality == STALE else Text("bad", style="red")


def clock_text(timestamp: str) -> str:
    """Return the local time of day of an ISO 8601 time, with milliseconds; the text itself where it is none."""
    try:
        return datetime.fromisoformat(timestamp).astimezone().strftime("%H:%M:%S.%f")[:-3]
    except ValueError:
        return timestamp
