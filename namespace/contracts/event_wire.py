"""The event log on the wire: rows as columns of a Sparkplug DataSet and as JSON of a query page.

Live rows travel as DataSet rows of the metric `EventLog/Events`; the query `events` answers in JSON. Both say
the same. Reading is strict about what a row needs and passes over what it does not know.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from namespace.contracts.canonical import MAX_SAFE_INTEGER, EventFormatError, canonical_json
from namespace.contracts.event_log import EventRow, LogHead, LogPage, iso

COLUMNS: Final[tuple[tuple[str, str], ...]] = (
    ("seq", "UInt64"),
    ("event_id", "String"),
    ("type", "String"),
    ("schema", "String"),
    ("occurred_at", "DateTime"),
    ("recorded_at", "DateTime"),
    ("scope", "String"),
    ("subject", "String"),
    ("job_order", "String"),
    ("lot", "String"),
    ("actor", "String"),
    ("correlation", "String"),
    ("causation", "String"),
    ("payload", "String"),
    ("hash", "String"),
)
"""Columns of the DataSet `EventLog/Events`: name and Sparkplug data type; absent text is an empty string."""

_COLUMN_NAMES: Final = tuple(name for name, _ in COLUMNS)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def row_to_columns(row: EventRow) -> tuple[int | str, ...]:
    """Lay a row out as the values of `COLUMNS`; DateTime values are ms since the epoch of Unix."""
    return (
        row.seq,
        str(row.event_id),
        row.type,
        row.schema,
        _to_ms(row.occurred_at),
        _to_ms(row.recorded_at),
        row.scope,
        row.subject,
        row.job_order or "",
        row.lot or "",
        row.actor or "",
        row.correlation or "",
        row.causation or "",
        canonical_json(row.payload),
        row.hash,
    )


def row_from_columns(values: Sequence[object], names: Sequence[str] = _COLUMN_NAMES) -> EventRow:
    """Read a row out of the cells of a DataSet.

    Args:
        values: The cells.
        names: Name of each cell's column; unknown ones are passed over.

    Returns:
        The row. Its hash is not checked here: that takes the row before it.

    Raises:
        EventFormatError: A column is missing or a cell does not fit its column.
    """
    cells = dict(zip(names, values, strict=False))
    return EventRow(
        seq=_integer(cells, "seq"),
        event_id=_uuid(cells, "event_id"),
        type=_text(cells, "type"),
        schema=_text(cells, "schema"),
        occurred_at=_from_ms("occurred_at", _integer(cells, "occurred_at")),
        recorded_at=_from_ms("recorded_at", _integer(cells, "recorded_at")),
        scope=_text(cells, "scope"),
        subject=_text(cells, "subject"),
        job_order=_optional(cells, "job_order"),
        lot=_optional(cells, "lot"),
        actor=_optional(cells, "actor"),
        correlation=_optional(cells, "correlation"),
        causation=_optional(cells, "causation"),
        payload=payload_from_json(_text(cells, "payload")),
        hash=_text(cells, "hash"),
    )


def row_to_json(row: EventRow) -> dict[str, Any]:
    """Lay a row out as a JSON object: the names of `COLUMNS`, times in ISO 8601, null for what is absent."""
    return {
        "seq": row.seq,
        "event_id": str(row.event_id),
        "type": row.type,
        "schema": row.schema,
        "occurred_at": iso(row.occurred_at),
        "recorded_at": iso(row.recorded_at),
        "scope": row.scope,
        "subject": row.subject,
        "job_order": row.job_order,
        "lot": row.lot,
        "actor": row.actor,
        "correlation": row.correlation,
        "causation": row.causation,
        "payload": dict(row.payload),
        "hash": row.hash,
    }


def row_from_json(document: Mapping[str, object]) -> EventRow:
    """Read a row out of a query page; unknown members are passed over.

    Raises:
        EventFormatError: A member is missing or does not fit.
    """
    payload = document.get("payload")
    if not isinstance(payload, dict):
        raise EventFormatError("payload", "expected a JSON object")
    return EventRow(
        seq=_integer(document, "seq"),
        event_id=_uuid(document, "event_id"),
        type=_text(document, "type"),
        schema=_text(document, "schema"),
        occurred_at=_instant(document, "occurred_at"),
        recorded_at=_instant(document, "recorded_at"),
        scope=_text(document, "scope"),
        subject=_text(document, "subject"),
        job_order=_optional(document, "job_order"),
        lot=_optional(document, "lot"),
        actor=_optional(document, "actor"),
        correlation=_optional(document, "correlation"),
        causation=_optional(document, "causation"),
        payload=payload,
        hash=_text(document, "hash"),
    )


def head_to_json(log: LogHead) -> dict[str, Any]:
    """Lay the announcement of a log out as JSON members."""
    return {
        "epoch": str(log.epoch),
        "head": log.head,
        "previous_epoch": None if log.previous_epoch is None else str(log.previous_epoch),
        "fork_seq": log.fork_seq,
        "hash": log.hash,
    }


def head_from_json(document: Mapping[str, object]) -> LogHead:
    """Read the announcement of a log.

    Raises:
        EventFormatError: A member is missing or does not fit.
    """
    return LogHead(
        epoch=_uuid(document, "epoch"),
        head=_integer(document, "head"),
        previous_epoch=None if document.get("previous_epoch") is None else _uuid(document, "previous_epoch"),
        fork_seq=None if document.get("fork_seq") is None else _integer(document, "fork_seq"),
        hash=None if document.get("hash") is None else _text(document, "hash"),
    )


def page_to_json(page: LogPage) -> dict[str, Any]:
    """Lay a page out as the JSON answer to the query `events`."""
    return {
        **head_to_json(page.log),
        "rows": [row_to_json(row) for row in page.rows],
        "through": page.through,
    }


def page_from_json(document: Mapping[str, object]) -> LogPage:
    """Read the JSON answer to the query `events`.

    Raises:
        EventFormatError: It is no such page.
    """
    rows = document.get("rows")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise EventFormatError("rows", "expected a list of JSON objects")
    return LogPage(
        log=head_from_json(document),
        rows=tuple(row_from_json(row) for row in rows),
        through=_integer(document, "through"),
    )


def payload_from_json(text: str) -> dict[str, Any]:
    """Parse a payload as it travels.

    Raises:
        EventFormatError: It is no JSON object, or nested beyond reason.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EventFormatError("payload", f"is no JSON document: {error}") from error
    if not isinstance(value, dict):
        raise EventFormatError("payload", "expected a JSON object")
    return value


def _to_ms(instant: datetime) -> int:
    return (instant - _EPOCH) // _MILLISECOND


def _from_ms(field: str, value_ms: int) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=value_ms)
    except OverflowError as error:
        raise EventFormatError(field, f"{value_ms} ms is no time") from error


def _instant(cells: Mapping[str, object], field: str) -> datetime:
    text = _text(cells, field)
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise EventFormatError(field, f"{text!r} is no time in ISO 8601") from error


def _integer(cells: Mapping[str, object], field: str) -> int:
    value = cells.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_SAFE_INTEGER:
        raise EventFormatError(field, f"expected an integer from 0 to 2^53-1, got {value!r:.80}")
    return value


def _uuid(cells: Mapping[str, object], field: str) -> UUID:
    text = _text(cells, field)
    try:
        return UUID(text)
    except ValueError as error:
        raise EventFormatError(field, f"{text!r:.80} is no UUID") from error


def _text(cells: Mapping[str, object], field: str) -> str:
    value = cells.get(field)
    if not isinstance(value, str):
        raise EventFormatError(field, f"expected a text, got {value!r:.80}")
    return value


def _optional(cells: Mapping[str, object], field: str) -> str | None:
    value = cells.get(field)
    return None if value is None or value == "" else _text(cells, field)
