"""A Sparkplug value as plain JSON, for the projection, queries and people."""

from __future__ import annotations

import base64
import math
from datetime import UTC, datetime
from typing import Any

from namespace.sparkplug import DataSet, DataType, Template, Value

_SAFE = 2**53 - 1


def json_value(value: Value, datatype: DataType | None) -> Any:
    """Return `value` as JSON-able Python.

    DateTime becomes ISO 8601 in UTC, bytes Base64, a DataSet `{columns, types, rows}`, a Template a mapping of its members, integers beyond
    2^53 and numbers that are not finite strings, since JSON readers would round or refuse them.

    Args:
        value: As the codec gives it; None is null.
        datatype: Its Sparkplug type, if known; needed to tell a DateTime from a number.
    """
    match value:
        case None | bool() | str():
            return value
        case int() if datatype is DataType.DateTime:
            return iso_ms(value)
        case int():
            return value if -_SAFE <= value <= _SAFE else str(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case bytes():
            return base64.b64encode(value).decode()
        case DataSet():
            rows = [[json_value(c, t) for c, t in zip(row, value.types, strict=True)] for row in value.rows]
            return {"columns": list(value.columns), "types": [t.name for t in value.types], "rows": rows}
        case Template():
            return {metric.name or "": json_value(metric.value, metric.datatype) for metric in value.metrics}
        case tuple():
            element = DataType.DateTime if datatype is DataType.DateTimeArray else None
            return [json_value(item, element) for item in value]


def iso_ms(milliseconds: int) -> str:
    """Return a Sparkplug timestamp (ms since the epoch) as ISO 8601, UTC, milliseconds, `Z`; out of range as the bare number."""
    try:
        return (
            datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        )
    except (OverflowError, ValueError, OSError):
        return str(milliseconds)
