"""Epochs of a log: which history this database belongs to.

A log's epoch is made when the log first starts and is bound to the cluster that holds it. After a restore
from an older copy, a new epoch names the one before and the last row both share; `seq` goes on from there
and never returns to 1. A log whose cluster is another one than at the opening of its epoch, or which `uns
restore` has marked, goes on in a new epoch by itself; what others have heard of it is compared in
`namespace.store.witness`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from namespace.contracts.event_log import GENESIS_HASH, LogHead
from namespace.store.database import Transaction
from namespace.store.queries import Queries


class _Sql(Queries):
    read_log_state: str
    lock_log: str
    lock_head: str
    open_epoch: str
    first_head: str
    next_head: str
    continue_lost_epoch: str
    doubt: str
    settle_doubt: str
    epochs: str
    hashes: str


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
        handed_over_hash: That row's hash, None for `seq` 0.
        doubt_seq: Last row at the first start since which nobody could be asked whether the log was longer.
        restored_from: Backup that the schema was restored from since, if any.
        system_identifier: Cluster that the epoch was opened in.
        timeline: The cluster's timeline then.
        found_system_identifier: Cluster that holds the log now.
        found_timeline: Its timeline now.
    """

    epoch: UUID
    previous_epoch: UUID | None
    fork_seq: int | None
    seq: int
    hash: str
    handed_over: int
    handed_over_hash: str | None
    doubt_seq: int | None
    restored_from: str | None
    system_identifier: int
    timeline: int
    found_system_identifier: int
    found_timeline: int

    def announced(self, head: int, row_hash: str | None) -> LogHead:
        """Say what births and heartbeats say, with `head` as the highest `seq` and its row's hash."""
        return LogHead(
            epoch=self.epoch,
            head=head,
            previous_epoch=self.previous_epoch,
            fork_seq=self.fork_seq,
            hash=row_hash,
        )

    @property
    def shared_seq(self) -> int:
        """The last row that is certainly part of what others have heard before, should they have heard more."""
        return self.seq if self.doubt_seq is None else min(self.seq, self.doubt_seq)

    @property
    def moved(self) -> str | None:
        """Why this is another copy than the one its epoch was opened in, for people; None where it is the same."""
        if self.restored_from is not None:
            return f"restored from backup {self.restored_from}"
        if self.found_system_identifier != self.system_identifier:
            return f"found in cluster {self.found_system_identifier}, was in {self.system_identifier}"
        if self.found_timeline != self.timeline:
            return f"found on timeline {self.found_timeline} of its cluster, was on {self.timeline}"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class LostRow:
    """A row that others had heard of and this database does not have.

    Attributes:
        epoch: Epoch it was heard in.
        seq: Its place there; everything between the fork and it is lost too.
        hash: Its hash, where it was heard.
    """

    epoch: UUID
    seq: int
    hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One epoch that this database knows.

    Attributes:
        epoch: Its id.
        previous_epoch: The one it continues.
        fork_seq: Last `seq` shared with that one.
        opened_at: When.
        reason: Why, for people.
        lost: What was known to be lost when it was opened.
    """

    epoch: UUID
    previous_epoch: UUID | None
    fork_seq: int | None
    opened_at: datetime
    reason: str
    lost: tuple[LostRow, ...]


async def read_log_state(tx: Transaction) -> LogState | None:
    """Read the log's state; None before its first start."""
    record = await tx.fetchrow(_SQL.read_log_state)
    return None if record is None else LogState(**dict(record.items()))


async def open_log(tx: Transaction) -> LogState:
    """Read the log's state; the first time, open the first epoch; in another copy of the database, the next one."""
    state = await read_log_state(tx)
    if state is not None and state.moved is None:
        return state
    await tx.execute(_SQL.lock_log)
    state = await read_log_state(tx)
    if state is None:
        epoch = await tx.fetchval(_SQL.open_epoch, None, None, "the log began", "[]")
        await tx.execute(_SQL.first_head, epoch, GENESIS_HASH)
    elif state.moved is not None:
        await _open_next(tx, state, state.moved, ())
    return await _state(tx)


async def open_next_epoch(tx: Transaction, reason: str = "asked for", lost: Sequence[LostRow] = ()) -> LogState:
    """Open an epoch that continues the current one after the last row that both are known to share.

    A relay that is at work is fenced off and opens the log anew. What only the lost copy had beyond that row is
    not part of the log any more: a consumer that has applied it will stop.

    Args:
        tx: The transaction; nobody moves the log until it ends.
        reason: Why, for people.
        lost: What others had heard and this log does not have.
    """
    await tx.execute(_SQL.lock_head)
    state = await open_log(tx)
    is_fresh = state.seq == 0 and state.previous_epoch is None and all(row.epoch != state.epoch for row in lost)
    if lost and is_fresh:
        newest = max(lost, key=lambda row: row.seq)
        await tx.execute(_SQL.continue_lost_epoch, state.epoch, newest.epoch, reason, _json(lost))
    else:
        await _open_next(tx, state, reason, lost)
    return await _state(tx)


async def read_epochs(tx: Transaction) -> list[Epoch]:
    """Read every epoch of the log that this database knows, in the order of their opening."""
    return [
        Epoch(
            epoch=record["epoch"],
            previous_epoch=record["previous_epoch"],
            fork_seq=record["fork_seq"],
            opened_at=record["opened_at"],
            reason=record["reason"],
            lost=tuple(
                LostRow(epoch=UUID(row["epoch"]), seq=row["seq"], hash=row["hash"])
                for row in json.loads(record["lost"])
            ),
        )
        for record in await tx.fetch(_SQL.epochs)
    ]


async def read_hashes(tx: Transaction, seqs: Sequence[int]) -> dict[int, str]:
    """Read the hashes of some rows by `seq`; those that are not there are left out."""
    return {record["seq"]: record["hash"] for record in await tx.fetch(_SQL.hashes, list(seqs))}


async def doubt_log(tx: Transaction) -> None:
    """Remember that from the log's last row on nobody was asked whether the log had been longer."""
    await tx.execute(_SQL.doubt)


async def settle_doubt(tx: Transaction) -> None:
    """Note that the log was compared with what others have heard of it."""
    await tx.execute(_SQL.settle_doubt)


async def _open_next(tx: Transaction, state: LogState, reason: str, lost: Sequence[LostRow]) -> None:
    epoch = await tx.fetchval(_SQL.open_epoch, state.epoch, state.shared_seq, reason, _json(lost))
    await tx.execute(_SQL.next_head, epoch)


async def _state(tx: Transaction) -> LogState:
    state = await read_log_state(tx)
    assert state is not None, "a log that was opened is never deleted"
    return state


def _json(lost: Sequence[LostRow]) -> str:
    return json.dumps([{"epoch": str(row.epoch), "seq": row.seq, "hash": row.hash} for row in lost])
