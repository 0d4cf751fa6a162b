"""Logs made by hand for tests of what follows one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from namespace.contracts.event_log import GENESIS_HASH, EventRow, LogHead, LogPage, chain_hash

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EPOCH = UUID(int=0xE1)
NEXT_EPOCH = UUID(int=0xE2)


def chain(length: int, *, previous: EventRow | None = None, text: str = "a", subjects: int = 3) -> list[EventRow]:
    """Rows that continue `previous` (or begin a log), hashed as a relay does it."""
    rows: list[EventRow] = []
    seq, last_hash = (previous.seq, previous.hash) if previous else (0, GENESIS_HASH)
    for number in range(seq + 1, seq + 1 + length):
        row = row_with(number, text=text, subject=f"S{number % subjects}", hash="")
        last_hash = chain_hash(row, last_hash)
        rows.append(row_with(number, text=text, subject=row.subject, hash=last_hash))
    return rows


def row_with(seq: int, *, text: str = "a", **fields: Any) -> EventRow:
    values: dict[str, Any] = {
        "event_id": UUID(int=seq),
        "type": "Happened",
        "schema": "Happened/1",
        "occurred_at": NOW,
        "recorded_at": NOW,
        "scope": "Acme/Dallas",
        "subject": "S",
        "payload": {"n": seq, "text": text},
        "seq": seq,
        "hash": "0" * 64,
    }
    return EventRow(**(values | fields))


def head(seq: int, epoch: UUID = EPOCH, previous: UUID | None = None, fork_seq: int | None = None) -> LogHead:
    return LogHead(epoch=epoch, head=seq, previous_epoch=previous, fork_seq=fork_seq)


def page(log: list[EventRow], from_seq: int, limit: int = 200, *, epoch: UUID = EPOCH) -> LogPage:
    """What the query `events` answers from `log`."""
    rows = tuple(row for row in log if row.seq >= from_seq)[:limit]
    through = rows[-1].seq if rows else max(len(log), from_seq - 1)
    return LogPage(log=head(len(log), epoch), rows=rows, through=through)
