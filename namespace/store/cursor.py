"""The cursor of one followed log: which row was applied last, and what its hash was.

The hash is what makes the cursor more than a number: a row continues the log that was applied, or it does
not. Applying rows is the inbox's work (`namespace.store.inbox`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from namespace.contracts.event_log import GENESIS_HASH, EventRow, chain_hash
from namespace.store.database import Transaction
from namespace.store.errors import LogForked
from namespace.store.queries import Queries


class _Sql(Queries):
    create_cursor: str
    read_cursor: str
    lock_cursor: str
    move_cursor: str
    forget_trail: str
    adopt_epoch: str


_SQL = _Sql.load("namespace.store", "cursor.sql")


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a log was applied.

    Attributes:
        producer: Whose log.
        seq: Last row applied or parked, 0 before the first.
        hash: Its hash.
        epoch: Epoch in which it was last known to stand, None before any was heard of.
        parked: Events parked at present.
    """

    producer: str
    seq: int
    hash: str
    epoch: UUID | None
    parked: int

    def not_applied(self, rows: Sequence[EventRow], hashes: Mapping[int, str]) -> list[EventRow]:
        """Leave out the rows that were applied.

        Args:
            rows: Rows in ascending order.
            hashes: Hashes of rows applied lately.

        Raises:
            LogForked: One of them is not the row that was applied under its `seq`.
        """
        fresh = []
        for row in rows:
            if row.seq > self.seq:
                fresh.append(row)
                continue
            known = self.hash if row.seq == self.seq else hashes.get(row.seq, row.hash)
            if row.hash != known:
                raise LogForked(self.producer, row.seq, expected=f"hash {known}", found=f"hash {row.hash}")
        return fresh

    def continued_by(self, rows: Sequence[EventRow]) -> tuple[list[EventRow], LogForked | None]:
        """Take the rows that follow without gap and in one chain; and what broke the chain, if it did."""
        seq, previous = self.seq, self.hash
        run: list[EventRow] = []
        for row in rows:
            if row.seq != seq + 1:
                break
            expected = chain_hash(row, previous)
            if row.hash != expected:
                fork = LogForked(self.producer, row.seq, expected=f"hash {expected}", found=f"hash {row.hash}")
                return run, fork
            run.append(row)
            seq, previous = row.seq, row.hash
        return run, None


async def read_cursor(tx: Transaction, producer: str) -> Cursor:
    """Read the cursor of a log, or begin the log at its beginning."""
    record = await tx.fetchrow(_SQL.read_cursor, producer)
    if record is not None:
        return _cursor(producer, record)
    await tx.execute(_SQL.create_cursor, producer, GENESIS_HASH)
    return await lock_cursor(tx, producer)


async def lock_cursor(tx: Transaction, producer: str) -> Cursor:
    """Read the cursor of a log that was begun; nobody else moves it until the transaction ends."""
    record = await tx.fetchrow(_SQL.lock_cursor, producer)
    assert record is not None, "the cursor was read before, and is never deleted"
    return _cursor(producer, record)


async def move_cursor(tx: Transaction, cursor: Cursor, taken: Sequence[EventRow], parked: Collection[int]) -> None:
    """Write a cursor that this transaction has locked.

    Args:
        tx: The transaction.
        cursor: Where it stands now.
        taken: The rows that moved it.
        parked: `seq` of those that were parked.
    """
    trail = [
        (row.seq, row.hash, row.event_id, row.type, row.subject, row.occurred_at, row.seq in parked) for row in taken
    ]
    columns = list(map(list, zip(*trail, strict=True))) if trail else [[] for _ in range(7)]
    await tx.execute(_SQL.move_cursor, cursor.producer, cursor.seq, cursor.hash, cursor.parked, *columns)


async def forget_trail(tx: Transaction, producer: str, through: int) -> None:
    """Forget the trail up to a `seq`."""
    await tx.execute(_SQL.forget_trail, producer, through)


async def adopt_epoch(tx: Transaction, producer: str, epoch: UUID) -> None:
    """Note that the history applied belongs to `epoch`."""
    await tx.execute(_SQL.adopt_epoch, producer, epoch)


def _cursor(producer: str, record: asyncpg.Record) -> Cursor:
    return Cursor(producer, record["seq"], record["hash"], record["epoch"], record["parked"])
