"""Parked events: what could not be applied, kept in order by subject until someone drives it again.

Only the inbox writes here, in transactions that hold its cursor's lock. Whether an event is rejected is not
decided here.
"""

from dataclasses import dataclass
from datetime import datetime

from namespace.contracts.canonical import canonical_json
from namespace.contracts.event_log import EventRow
from namespace.store.database import Transaction
from namespace.store.event_columns import event_values, row_of
from namespace.store.queries import Queries


class _Sql(Queries):
    park: str
    parked_subjects: str
    parked_events: str
    first_parked: str
    reject_again: str
    release: str


_SQL = _Sql.load("namespace.store", "parking.sql")


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that waits for a decision.

    Attributes:
        row: The event.
        reason: Why it is parked.
        attempts: How often its handler rejected it; 0 if it only waits behind another one of its subject.
        parked_at: Since when.
    """

    row: EventRow
    reason: str
    attempts: int
    parked_at: datetime


class Parking:
    """The parked events of one log."""

    def __init__(self, producer: str) -> None:
        self._producer = producer

    async def subjects(self, tx: Transaction) -> set[str]:
        """Read which subjects have parked events."""
        return {record["subject"] for record in await tx.fetch(_SQL.parked_subjects, self._producer)}

    async def park(self, tx: Transaction, row: EventRow, reason: str) -> None:
        """Park an event that its handler rejected."""
        await self._park(tx, row, reason, attempts=1)

    async def park_behind(self, tx: Transaction, row: EventRow) -> None:
        """Park an event because an earlier one of its subject is parked."""
        await self._park(tx, row, f"an earlier event about {row.subject} is parked", attempts=0)

    async def listing(self, tx: Transaction, limit: int) -> list[ParkedEvent]:
        """Read parked events in order of `seq`."""
        return [
            ParkedEvent(row_of(record), record["reason"], record["attempts"], record["parked_at"])
            for record in await tx.fetch(_SQL.parked_events, self._producer, limit)
        ]

    async def first(self, tx: Transaction, subject: str) -> EventRow | None:
        """Read the first parked event of a subject."""
        record = await tx.fetchrow(_SQL.first_parked, self._producer, subject)
        return None if record is None else row_of(record)

    async def reject_again(self, tx: Transaction, seq: int, reason: str) -> None:
        """Note that an event was driven again in vain."""
        await tx.execute(_SQL.reject_again, self._producer, seq, _readable(reason))

    async def release(self, tx: Transaction, seq: int) -> None:
        """Take an event out that was applied after all."""
        await tx.execute(_SQL.release, self._producer, seq)

    async def _park(self, tx: Transaction, row: EventRow, reason: str, attempts: int) -> None:
        await tx.execute(
            _SQL.park,
            self._producer,
            row.seq,
            *event_values(row, canonical_json(row.payload)),
            row.recorded_at,
            row.hash,
            _readable(reason),
            attempts,
        )


def _readable(reason: str) -> str:
    return (reason or "no reason given").replace("\0", "")[:2000]
