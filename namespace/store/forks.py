"""A fork as its consumer sees it: where the two histories part, what was taken beyond that, and how to go on.

A consumer that stopped keeps what it has applied. Where its history and the producer's part is found by comparing
the trail of rows taken with the producer's log; whether to go on from there is a person's decision, and it is
recorded with what stays in effect although the producer does not know it any more.

Source: ARCHITECTURE, event log, point 5.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from namespace.contracts.event_log import GENESIS_HASH, LogPage, iso
from namespace.store.cursor import Cursor, lock_cursor
from namespace.store.database import Database, Transaction
from namespace.store.errors import ForkNotAcceptable
from namespace.store.queries import Queries

FetchPage = Callable[[int, int], Awaitable[LogPage]]

KEPT_TRAIL: Final = 10_000
"""Rows of each followed log that a consumer remembers; a fork further back is not bridged but rebuilt."""


class _Sql(Queries):
    trail: str
    trail_at: str
    trail_begin: str
    return_to: str
    drop_trail: str
    drop_parked: str
    count_parked: str
    record: str
    accepted: str


_SQL = _Sql.load("namespace.store", "forks.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenRow:
    """A row that a consumer took from a log.

    Attributes:
        seq: Its place in the log.
        hash: Its hash.
        event_id: The event.
        type: Its type.
        subject: What it is about.
        occurred_at: Business time.
        parked: It was parked, and had no effect then.
        applied_at: When it was taken.
    """

    seq: int
    hash: str
    event_id: UUID
    type: str
    subject: str
    occurred_at: datetime
    parked: bool
    applied_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkPoint:
    """Where a consumer's history and the producer's part.

    Attributes:
        seq: Last row that both share; 0 where they share none.
        hash: Its hash.
        epoch: The producer's epoch now.
        head: The producer's last row now.
    """

    seq: int
    hash: str
    epoch: UUID
    head: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedFork:
    """A fork that a person accepted.

    Attributes:
        producer: Whose log.
        accepted_at: When.
        actor: Who.
        reason: Why.
        left_seq: Where the consumer had stood.
        fork_seq: Where it went on.
        epoch: In which epoch of the producer.
        beyond: Rows taken from the history that was left.
    """

    producer: str
    accepted_at: datetime
    actor: str
    reason: str
    left_seq: int
    fork_seq: int
    epoch: UUID
    beyond: int


async def find_fork(database: Database, producer: str, cursor: Cursor, fetch: FetchPage) -> ForkPoint | None:
    """Find the last row that a consumer's history shares with the producer's log.

    Args:
        database: The consumer's database.
        producer: Name of the log.
        cursor: Where the consumer stands.
        fetch: Gets a page of the producer's log; raises `FetchFailed`.

    Returns:
        The place; None where it lies before everything that the consumer remembers.

    Raises:
        FetchFailed: The producer does not answer.
        DatabaseUnavailable: No connection.
    """
    page = await fetch(max(cursor.seq, 1), 1)
    log = page.log
    async with database.transaction() as tx:
        begin = await tx.fetchval(_SQL.trail_begin, producer)
    if begin is None:
        return None
    # Chained hashes: whoever shares a row shares all before it, so the last shared one is found by halving.
    shared, shared_hash, parted = begin - 1, GENESIS_HASH, min(cursor.seq, log.head) + 1
    while parted - shared > 1:
        middle = (shared + parted) // 2
        async with database.transaction() as tx:
            ours = await tx.fetchrow(_SQL.trail_at, producer, middle)
        assert ours is not None, "the trail has no holes"
        rows = (await fetch(middle, 1)).rows
        if rows and rows[0].seq == ours["seq"] == middle and rows[0].hash == ours["hash"]:
            shared, shared_hash = middle, ours["hash"]
        else:
            parted = middle
    if shared == begin - 1 and begin > 1:
        return None
    return ForkPoint(seq=shared, hash=shared_hash, epoch=log.epoch, head=log.head)


async def taken_beyond(tx: Transaction, producer: str, seq: int, limit: int = KEPT_TRAIL) -> list[TakenRow]:
    """Read what was taken from a log beyond `seq`, in order."""
    return [TakenRow(**dict(record.items())) for record in await tx.fetch(_SQL.trail, producer, seq, limit)]


async def accept_fork(
    tx: Transaction, producer: str, *, left: tuple[int, str], fork: ForkPoint, actor: str, reason: str
) -> int:
    """Let the consumer go on from the fork in the producer's history, and record who wanted it and what stays.

    What was applied beyond the fork stays applied. What was only parked there is taken out: it belongs to the
    history that was left.

    Args:
        tx: The transaction.
        producer: Name of the log.
        left: `seq` and hash of the cursor that the person had seen.
        fork: Where to go on.
        actor: Who decided.
        reason: Why.

    Returns:
        How many rows had been taken beyond the fork.

    Raises:
        ForkNotAcceptable: The cursor is not where the person saw it.
    """
    cursor = await lock_cursor(tx, producer)
    if (cursor.seq, cursor.hash) != left:
        raise ForkNotAcceptable(f"the cursor on {producer} stands at seq {cursor.seq} by now, not at {left[0]}")
    beyond = await taken_beyond(tx, producer, fork.seq)
    await tx.execute(
        _SQL.record,
        producer,
        actor,
        reason,
        cursor.seq,
        cursor.hash,
        cursor.epoch,
        fork.seq,
        fork.hash,
        fork.epoch,
        _json(beyond),
    )
    await tx.execute(_SQL.drop_parked, producer, fork.seq)
    await tx.execute(_SQL.drop_trail, producer, fork.seq)
    parked = await tx.fetchval(_SQL.count_parked, producer)
    await tx.execute(_SQL.return_to, producer, fork.seq, fork.hash, fork.epoch, parked)
    return len(beyond)


async def accepted_forks(tx: Transaction, limit: int = 100) -> list[AcceptedFork]:
    """Read the forks that were accepted, the newest first."""
    return [_accepted(record) for record in await tx.fetch(_SQL.accepted, limit)]


def _accepted(record: asyncpg.Record) -> AcceptedFork:
    return AcceptedFork(
        producer=record["producer"],
        accepted_at=record["accepted_at"],
        actor=record["actor"],
        reason=record["reason"],
        left_seq=record["left_seq"],
        fork_seq=record["fork_seq"],
        epoch=record["epoch"],
        beyond=len(json.loads(record["beyond"])),
    )


def _json(rows: Sequence[TakenRow]) -> str:
    return json.dumps(
        [
            {
                "seq": row.seq,
                "event_id": str(row.event_id),
                "type": row.type,
                "subject": row.subject,
                "occurred_at": iso(row.occurred_at),
                "parked": row.parked,
                "hash": row.hash,
            }
            for row in rows
        ],
        ensure_ascii=False,
    )
