"""The columns that an event has in every table of the log, and how a record becomes a row.

Outbox, log and parked events share them; this module is where their order and types are written down once.
"""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from namespace.contracts.event_log import EventRow, NewEvent
from namespace.contracts.event_wire import payload_from_json

EVENT_COLUMNS: Final = (
    "event_id",
    "type",
    "schema",
    "occurred_at",
    "scope",
    "subject",
    "job_order",
    "lot",
    "actor",
    "correlation",
    "causation",
    "payload",
)


def event_values(event: NewEvent, payload_json: str) -> tuple[object, ...]:
    """Lay an event out in the order of `EVENT_COLUMNS`."""
    return (
        event.event_id,
        event.type,
        event.schema,
        event.occurred_at,
        event.scope,
        event.subject,
        event.job_order,
        event.lot,
        event.actor,
        event.correlation,
        event.causation,
        payload_json,
    )


def event_arrays(rows: Sequence[tuple[object, ...]]) -> list[list[Any]]:
    """Turn rows of values into one list for each column, as `unnest` wants them."""
    return [list(column) for column in zip(*rows, strict=True)]


def row_of(record: asyncpg.Record, *, seq: int | None = None, row_hash: str | None = None) -> EventRow:
    """Read an event out of a record that has `EVENT_COLUMNS` and `recorded_at`.

    Args:
        record: The record.
        seq: The row's `seq` where the record has none yet.
        row_hash: The row's hash where the record has none yet.
    """
    return EventRow(
        event_id=record["event_id"],
        type=record["type"],
        schema=record["schema"],
        occurred_at=record["occurred_at"],
        scope=record["scope"],
        subject=record["subject"],
        job_order=record["job_order"],
        lot=record["lot"],
        actor=record["actor"],
        correlation=record["correlation"],
        causation=record["causation"],
        payload=payload_from_json(record["payload"]),
        seq=record["seq"] if seq is None else seq,
        recorded_at=record["recorded_at"],
        hash=record["hash"] if row_hash is None else row_hash,
    )
