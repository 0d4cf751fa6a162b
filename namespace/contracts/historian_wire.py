"""The rows of the `missed` query: what a service that was down would have heard, in the order in which it was journaled."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from namespace.sparkplug import DataType, Value

_LONGEST_TEXT = 16_384


@dataclass(frozen=True, slots=True)
class MissedSample:
    """One sample of a placed metric.

    Attributes:
        place: ISA-95 path.
        metric: Canonical name.
        datatype: Its Sparkplug type.
        value: None is null; tables and other values that are not single are null here.
        at_ms: Source time, ms since the epoch.
        received_ms: When the historian heard it, ms since the epoch.
        is_birth: It stands in the first birth of a new session of its source.
        is_historical: An old value that did not replace the current one.
    """

    place: str
    metric: str
    datatype: DataType
    value: Value
    at_ms: int
    received_ms: int
    is_birth: bool
    is_historical: bool


@dataclass(frozen=True, slots=True)
class MissedNote:
    """A source was born, or died, or something of it was lost.

    Attributes:
        edge_node: `<group>/<edge node>`.
        device_id: None for the edge node itself.
        bd_seq: Of a birth's session, where known.
        places: For which it speaks.
        is_online: Whether it was born.
        at_ms: Since when, ms since the epoch.
        received_ms: When the historian learned of it, ms since the epoch.
        reason: Why it fell silent, a short code.
    """

    edge_node: str
    device_id: str | None
    bd_seq: int | None
    places: tuple[str, ...]
    is_online: bool
    at_ms: int
    received_ms: int
    reason: str


MissedRow = MissedSample | MissedNote


def row_to_json(row: MissedRow) -> list[Any]:
    """Return a row as JSON: a list, because there are many."""
    match row:
        case MissedSample():
            flags = row.is_birth + 2 * row.is_historical
            return [row.place, row.metric, int(row.datatype), _to_json(row.value), row.at_ms, row.received_ms, flags]
        case MissedNote():
            source = [row.edge_node, row.device_id, row.bd_seq]
            return [source, list(row.places), row.is_online, row.at_ms, row.received_ms, row.reason]


def row_from_json(row: list[Any]) -> MissedRow:
    """Read a row.

    Raises:
        ValueError: It is none.
    """
    try:
        if isinstance(row[0], list):
            (node, device, bd_seq), places, is_online, at_ms, received_ms, reason = row
            return MissedNote(
                str(node),
                None if device is None else str(device),
                None if bd_seq is None else int(bd_seq),
                tuple(map(str, places)),
                bool(is_online),
                int(at_ms),
                int(received_ms),
                str(reason),
            )
        place, metric, number, value, at_ms, received_ms, flags = row
        datatype = DataType(number)
        return MissedSample(
            str(place),
            str(metric),
            datatype,
            _from_json(value, datatype),
            int(at_ms),
            int(received_ms),
            bool(flags & 1),
            bool(flags & 2),
        )
    except (TypeError, IndexError, KeyError) as error:
        msg = f"no row of a missed sample: {error!r}"
        raise ValueError(msg) from error


def _to_json(value: Value) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return {"float": str(value)}
        case None | bool() | int() | float():
            return value
        case str() if len(value) <= _LONGEST_TEXT:
            return value
    return None


def _from_json(value: Any, datatype: DataType) -> Value:
    match value:
        case Mapping():
            return float(value["float"])
        case int() if datatype in {DataType.Float, DataType.Double} and not isinstance(value, bool):
            return float(value)
        case None | bool() | int() | float() | str():
            return value
    msg = f"no single value: {value!r}"
    raise ValueError(msg)
