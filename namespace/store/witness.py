"""Comparing a log with what others have heard of it: how a database learns that it was restored.

A restored copy is consistent in itself; only somebody else's memory shows that the log had been longer, or
different. This module judges such memories; where they come from is not known here.

Source: ARCHITECTURE, event log, point 5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from namespace.store.database import Database
from namespace.store.epochs import (
    Epoch,
    LogState,
    LostRow,
    doubt_log,
    open_log,
    open_next_epoch,
    read_epochs,
    read_hashes,
    settle_doubt,
)

Heard = LostRow
"""A row (or, without a hash, only a head) that somebody remembers of this log."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison came to.

    Attributes:
        state: The log, in a new epoch where it had to be opened.
        lost: What others have heard and this log does not have, because of which the epoch was opened.
    """

    state: LogState
    lost: tuple[LostRow, ...]


async def compare_log(database: Database, heard: Sequence[Heard], *, by: str) -> Compared:
    """Compare the log with what somebody has heard of it; on a contradiction open a new epoch at the fork.

    Args:
        database: The producer's database.
        heard: All that the witness remembers.
        by: Who the witness is, for people.

    Raises:
        DatabaseUnavailable, TransactionConflict: Compare again later.
    """
    async with database.transaction() as tx:
        state = await open_log(tx)
        epochs = await read_epochs(tx)
        lost = contradictions(state, epochs, heard, await read_hashes(tx, [row.seq for row in heard]))
        if lost:
            highest = max(row.seq for row in lost)
            state = await open_next_epoch(tx, f"{by} had heard the log up to seq {highest}", lost)
        await settle_doubt(tx)
    return Compared(state, lost)


async def leave_uncompared(database: Database) -> LogState:
    """Open the log although nobody could be asked, and remember that.

    Raises:
        DatabaseUnavailable, TransactionConflict: Try again later.
    """
    async with database.transaction() as tx:
        state = await open_log(tx)
        await doubt_log(tx)
    return state


def contradictions(
    state: LogState, epochs: Sequence[Epoch], heard: Sequence[Heard], hashes: Mapping[int, str]
) -> tuple[LostRow, ...]:
    """Return what was heard that this log does not have and has not accounted for.

    What was heard of an earlier epoch beyond the row where it ended is known to be lost, and so is what made
    this database open an epoch before.

    Args:
        state: The log.
        epochs: Every epoch that its database knows.
        heard: What somebody remembers.
        hashes: This log's hashes at those places.
    """
    ends = _ends(state.epoch, epochs)
    known_lost = {row.epoch for epoch in epochs for row in epoch.lost} - ends.keys()
    found = []
    for row in heard:
        end = ends.get(row.epoch)
        if row.epoch in known_lost or row.seq == 0 or (end is not None and row.seq > end):
            continue
        if row.seq > state.seq or (row.hash is not None and row.hash != hashes.get(row.seq)):
            found.append(row)
    return tuple(found)


def _ends(current: UUID, epochs: Sequence[Epoch]) -> dict[UUID, int | None]:
    """Return how far each epoch is part of the log: None for the current one, which has no end."""
    by_id = {epoch.epoch: epoch for epoch in epochs}
    ends: dict[UUID, int | None] = {current: None}
    epoch, end = by_id.get(current), None
    while epoch is not None and epoch.previous_epoch is not None and epoch.fork_seq is not None:
        end = epoch.fork_seq if end is None else min(end, epoch.fork_seq)
        if epoch.previous_epoch in ends:
            break
        ends[epoch.previous_epoch] = end
        epoch = by_id.get(epoch.previous_epoch)
    return ends
