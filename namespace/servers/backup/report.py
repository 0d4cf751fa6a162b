"""What a site knows it is missing: per log the rows beyond a fork, per consumer where it stands, and who told.

It is put together from the databases as they are now, from the record of the last restore, and from what the registry
remembers of each log, if it can be asked. It guesses nothing: a row that nobody heard of is not known to be missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from pydantic import BaseModel, ConfigDict

from namespace.contracts.contract import edge_node_id
from namespace.contracts.namespace_state import LogHeard
from namespace.servers.backup import schemas
from namespace.servers.backup.manifest import SchemaCopy
from namespace.servers.backup.record import RestoreRecord
from namespace.servers.database_roles import connect
from namespace.store.epochs import Epoch

REGISTRY = "namespace_state"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Fork(_Model):
    """A place where a log went on in a new epoch.

    Attributes:
        fork_seq: Last row that the new epoch shares with the one before.
        previous_epoch: The one before.
        epoch: The new one.
        opened_at: When it was opened, UTC.
        reason: Why.
        lost_from: First row known to be missing; None where none is known.
        lost_through: Last one.
        known_from: Who had heard or applied them, with the highest row each.
    """

    fork_seq: int
    previous_epoch: UUID
    epoch: UUID
    opened_at: datetime
    reason: str
    lost_from: int | None
    lost_through: int | None
    known_from: dict[str, int]


class LogReport(_Model):
    """One service's event log."""

    service: str
    epoch: UUID
    head: int
    backup_seq: int | None
    forks: tuple[Fork, ...]


class ConsumerReport(_Model):
    """One consumer of one log.

    Attributes:
        service: The consumer.
        producer: Whose log.
        cursor: Last row taken.
        backup_cursor: The same in the backup; None where the consumer was not restored.
        behind: Rows of the log that it has not taken yet; None where it stands in another history.
        beyond_fork: Rows taken that the producer does not know; 0 for a consumer that goes on.
        shares_seq: Last row certainly shared, for one that stands in another history.
    """

    service: str
    producer: str
    cursor: int
    backup_cursor: int | None
    behind: int | None
    beyond_fork: int
    shares_seq: int | None


class RecoveryReport(_Model):
    """The whole.

    Attributes:
        backup: The backup last restored here; None where there was none.
        taken_at: Its instant, UTC.
        restored_at: When it was restored, UTC.
        registry_was_asked: Whether the registry answered; without it what only it had heard is not in here.
        logs: Every event log.
        consumers: Every consumer of every log.
        gaps: Times since the backup's instant for which the historian says that readings may be missing.
    """

    backup: str | None
    taken_at: datetime | None
    restored_at: datetime | None
    registry_was_asked: bool
    logs: tuple[LogReport, ...]
    consumers: tuple[ConsumerReport, ...]
    gaps: tuple[dict[str, Any], ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is known to be missing, and nobody stands in another history."""
        lost = any(fork.lost_through for log in self.logs for fork in log.forks)
        return not lost and all(consumer.beyond_fork == 0 for consumer in self.consumers)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the running site remembers.

    Attributes:
        heard: What the registry has heard, by service; None where it was not asked.
        gaps: What the historian says.
    """

    heard: Mapping[str, Sequence[LogHeard]] | None
    gaps: Sequence[dict[str, Any]] = ()


async def recovery_report(
    admin_dsn: str, services: Iterable[str], group_id: str, record: RestoreRecord | None, remembered: Remembered
) -> RecoveryReport:
    """Put the report together.

    Args:
        admin_dsn: The administrator's address of the database.
        services: Whose schemas belong to the site.
        group_id: The site's Sparkplug group id, which begins the names of its logs.
        record: The last restore.
        remembered: What the running site remembers.

    Raises:
        ServerError: The database is not there.
    """
    async with await connect(admin_dsn) as connection:
        present = [each for each in services if await schemas.has_tables(connection, each)]
        copies = {each: await schemas.describe(connection, each, each, "") for each in present}
        epochs = {each: await schemas.epochs_of(connection, each) for each in present}
        names = {f"{group_id}/{edge_node_id(each)}": each for each in present}
        standings = [
            await _standing(connection, copy, cursor.producer, names, copies, epochs, record)
            for copy in copies.values()
            for cursor in copy.cursors
            if cursor.producer in names
        ]
    logs = [
        _log_report(copy, epochs[service], record, remembered.heard, [s for s in standings if s.producer == service])
        for service, copy in copies.items()
        if copy.log is not None and (copy.log.seq > 0 or copy.log.previous_epoch is not None)
    ]
    return RecoveryReport(
        backup=None if record is None else record.backup,
        taken_at=None if record is None else record.taken_at,
        restored_at=None if record is None else record.restored_at,
        registry_was_asked=remembered.heard is not None,
        logs=tuple(logs),
        consumers=tuple(standings),
        gaps=tuple(remembered.gaps),
    )


async def _standing(  # noqa: PLR0917 - one row of the report from everything that was read
    connection: asyncpg.Connection,
    copy: SchemaCopy,
    name: str,
    names: Mapping[str, str],
    copies: Mapping[str, SchemaCopy],
    epochs: Mapping[str, Sequence[Epoch]],
    record: RestoreRecord | None,
) -> ConsumerReport:
    producer = names[name]
    cursor = next(each for each in copy.cursors if each.producer == name)
    log = copies[producer].log
    head = 0 if log is None else log.seq
    is_shared = cursor.seq == 0 or await schemas.hash_at(connection, producer, cursor.seq) == cursor.hash
    shares = None if is_shared else _shared(cursor.epoch, cursor.seq, head, epochs[producer])
    restored = None if record is None else record.restored(copy.service)
    before = None if restored is None else next((c.seq for c in restored.cursors if c.producer == name), 0)
    return ConsumerReport(
        service=copy.service,
        producer=producer,
        cursor=cursor.seq,
        backup_cursor=before,
        behind=head - cursor.seq if is_shared else None,
        beyond_fork=0 if shares is None else cursor.seq - shares,
        shares_seq=shares,
    )


def _shared(epoch: UUID | None, cursor: int, head: int, epochs: Sequence[Epoch]) -> int:
    """Return the last row certainly shared by a consumer that stands in another history: where its epoch ended."""
    forks = {each.previous_epoch: each.fork_seq for each in epochs if each.fork_seq is not None}
    later = [each.fork_seq for each in epochs if each.fork_seq is not None]
    end = forks.get(epoch)
    if end is None:
        end = min(later, default=head)
    return min(end, cursor, head)


def _log_report(
    copy: SchemaCopy,
    epochs: Sequence[Epoch],
    record: RestoreRecord | None,
    heard: Mapping[str, Sequence[LogHeard]] | None,
    consumers: Sequence[ConsumerReport],
) -> LogReport:
    assert copy.log is not None
    restored = None if record is None else record.restored(copy.service)
    replaced = None if record is None else next((r for r in record.replaced if r.service == copy.service), None)
    known = {each.epoch for each in epochs}
    forks = []
    for each in epochs:
        if each.previous_epoch is None or each.fork_seq is None:
            continue
        witnesses = {row.epoch: "when the epoch was opened" for row in each.lost}
        told = _told(each, heard or {}, copy.service, witnesses.keys() - known)
        if replaced is not None and replaced.log is not None and replaced.log.epoch == each.previous_epoch:
            told["the database that was replaced"] = replaced.log.seq
        if each.epoch == copy.log.epoch:
            told |= {each_.service: each_.cursor for each_ in consumers if each_.beyond_fork}
        told = {who: seq for who, seq in told.items() if seq > each.fork_seq}
        through = max(told.values(), default=None)
        forks.append(
            Fork(
                fork_seq=each.fork_seq,
                previous_epoch=each.previous_epoch,
                epoch=each.epoch,
                opened_at=each.opened_at,
                reason=each.reason,
                lost_from=None if through is None else each.fork_seq + 1,
                lost_through=through,
                known_from=told,
            )
        )
    return LogReport(
        service=copy.service,
        epoch=copy.log.epoch,
        head=copy.log.seq,
        backup_seq=None if restored is None or restored.log is None else restored.log.seq,
        forks=tuple(forks),
    )


def _told(
    epoch: Epoch, heard: Mapping[str, Sequence[LogHeard]], service: str, foreign: Iterable[UUID]
) -> dict[str, int]:
    """Return who had heard rows of the history that this epoch left, with the highest row each."""
    left = {epoch.previous_epoch, *foreign}
    seqs = [row.seq for row in epoch.lost] + [row.seq for row in heard.get(service, ()) if row.epoch in left]
    return {REGISTRY: max(seqs)} if seqs else {}
