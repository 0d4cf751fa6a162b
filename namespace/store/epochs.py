"""Epochs of a log: which history this database belongs to.

A log's epoch is made when the log first starts and is bound to the cluster that holds it. After a restore
from an older copy, a new epoch names the one before and the last row both share; `seq` goes on from there
and never returns to 1. Noticing that a database was restored is not done here.
"""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from namespace.contracts.event_log import GENESIS_HASH, LogHead
from namespace.store.database import Transaction
from namespace.store.queries import Queries


class _Sql(Queries):
    read_log_state: str
    lock_log: str
    open_epoch: str
    first_head: str
    next_head: str


_SQL = _Sql.load("namespace.store", "epochs.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """A log as its database has it.

    Attributes:
        epoch: Current epoch.
        previous_epoch: The one that it continues, if any.
        fork_seq: Last `seq` shared with that one.
        seq: Last row's `seq`, 0 for an empty log.
        hash: Last row's hash.
        handed_over: Highest `seq` known to have gone to the broker.
        system_identifier: Cluster that the epoch was opened in.
        timeline: The cluster's timeline then.
    """

    epoch: UUID
    previous_epoch: UUID | None
    fork_seq: int | None
    seq: int
    hash: str
    handed_over: int
    system_identifier: int
    timeline: int

    def announced(self, head: int) -> LogHead:
        """Say what births and heartbeats say, with `head` as the highest `seq`."""
        return LogHead(epoch=self.epoch, head=head, previous_epoch=self.previous_epoch, fork_seq=self.fork_seq)


async def read_log_state(tx: Transaction) -> LogState | None:
    """Read the log's state; None before its first start."""
    record = await tx.fetchrow(_SQL.read_log_state)
    return None if record is None else _state(record)


async def open_log(tx: Transaction) -> LogState:
    """Read the log's state; the first time, open the first epoch with the cluster's identity."""
    state = await read_log_state(tx)
    if state is None:
        await tx.execute(_SQL.lock_log)
        state = await read_log_state(tx)
    if state is None:
        epoch = await tx.fetchval(_SQL.open_epoch, None, None)
        await tx.execute(_SQL.first_head, epoch, GENESIS_HASH)
        state = await read_log_state(tx)
        assert state is not None
    return state


async def open_next_epoch(tx: Transaction) -> LogState:
    """Open an epoch that continues the current one after its last row.

    Call it before the relay starts. What only the lost copy had beyond that row is not part of the log any
    more: a consumer that has applied it will stop.
    """
    state = await open_log(tx)
    epoch = await tx.fetchval(_SQL.open_epoch, state.epoch, state.seq)
    await tx.execute(_SQL.next_head, epoch)
    following = await read_log_state(tx)
    assert following is not None
    return following


def _state(record: asyncpg.Record) -> LogState:
    return LogState(**dict(record.items()))
