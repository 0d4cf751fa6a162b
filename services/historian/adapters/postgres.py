"""Batches into PostgreSQL: fresh samples by COPY straight into the partition of their day, the others by an INSERT that skips repetitions.

A unique index on (tag, source time, occurrence) is what makes a sample count once; that fresh ones can take the fast way is this
process's knowledge alone, and where it is wrong - after a restart, or a commit whose outcome is unknown - the index says so and the whole
batch takes the other way (decision record 10).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import cast
from uuid import UUID

import asyncpg

from namespace.runtime import Logger
from namespace.store import Database, DatabaseUnavailable, Queries, Transaction, TransactionConflict
from services.historian.domain.batch import Batch, Cell, Columns, Mark, Note, occurrences
from services.historian.domain.tag import Tag
from services.historian.ports import Written

_DAY_MS = 86_400_000
_COLUMNS = (
    "position",
    "at_ms",
    "received_ms",
    "whole",
    "real",
    "text",
    "data",
    "tag",
    "occurrence",
    "quality",
    "marks",
)
_KEPT_DAYS = 400
_AHEAD_DAYS = 2
_SUMMARIZE_ROWS = 50_000
"""So many rows of a partition are written before its index by position is told of them."""
_UNWRITABLE = (asyncpg.DataError, asyncpg.exceptions.ProgramLimitExceededError, ValueError, OverflowError)
"""What the driver or the server says of a value it cannot take."""

_Row = tuple[object, ...]

Encode = Callable[
    [list[int], list[int], list[int], list[Cell], list[Tag], list[int], list[int], int],
    bytes | None,
]
"""The optional compiled step, `_fast/rows.c`: writes rows as binary COPY takes them; None where one of them has no plain form.

Its arguments are the columns order, at_ms, received_ms, cells, tags, quality and marks of a batch, and the position of order 0.
"""


class _Sql(Queries):
    make_partition: str
    wait_briefly: str
    summarize: str
    put_tags: str
    take_positions: str
    add_doubtful: str
    tell_again: str
    add_notes: str
    put_gap: str
    close_gaps: str
    journal: str
    alive: str


_SQL = _Sql.load("services.historian.adapters", "writing.sql")


@dataclass(frozen=True, slots=True)
class Head:
    """Where the journal stands.

    Attributes:
        journal: Its id.
        position: Of its last row.
        alive_ms: When the historian last heard the site, ms since the epoch; None before the first time.
    """

    journal: str
    position: int
    alive_ms: int | None


async def read_head(database: Database) -> Head:
    """Read where the journal stands."""
    async with database.transaction() as tx:
        row = await tx.fetchrow(_SQL.journal)
    assert row is not None
    return Head(str(row["id"]), row["position"], row["alive_ms"])


class PostgresJournal:
    """The journal's tables.

    Args:
        database: The service's schema.
        log: Told of samples that cannot be written.
        encode: The compiled step for rows, where there is one.
    """

    def __init__(self, database: Database, log: Logger, encode: Encode | None = None) -> None:
        self._database = database
        self._log = log
        self._encode = encode
        self._days: set[date] = set()
        self._stored: set[Tag] = set()
        self._unsummarized: Counter[str] = (
            Counter()
        )  # rows by table, about: what comes late counts for the day of the last of it

    async def write(self, batch: Batch) -> Written:
        """Write a batch, all or nothing; writing it again changes nothing.

        Raises:
            DatabaseUnavailable: It is not written, or nobody knows.
            TransactionConflict: It is not written.
        """
        try:
            written = await self._write_as_far_as_possible(batch)
        except asyncpg.UndefinedTableError:
            self._forget()
            written = await self._write_as_far_as_possible(batch)
        except BaseException:
            self._forget()
            raise
        await self._summarize()
        return written

    async def _summarize(self) -> None:
        """Tell the index by position of pages that were filled; the database does so by itself as well, but late."""
        for table in [table for table, rows in self._unsummarized.items() if rows >= _SUMMARIZE_ROWS]:
            del self._unsummarized[table]
            try:
                async with self._database.transaction() as tx:
                    await tx.execute(_SQL.wait_briefly)
                    await tx.execute(_SQL.summarize, "sample_elsewhen" if table == "sample" else table)
            except (DatabaseUnavailable, TransactionConflict, asyncpg.LockNotAvailableError):
                pass  # it is told with what comes next
            except asyncpg.PostgresError as error:  # the batch is written all the same
                self._log.warning("index_not_summarized", table=table, error=str(error))

    def _forget(self) -> None:
        """Take nothing for granted: a database that was away may come back without what it had last committed."""
        self._days.clear()
        for tag in self._stored:
            tag.is_stored = False
        self._stored.clear()

    async def _write_as_far_as_possible(self, batch: Batch) -> Written:
        await self._make_partitions(batch)
        try:
            return await self._write(batch)
        except asyncpg.UniqueViolationError:
            return await self._write_anew(batch)
        except _UNWRITABLE as error:
            return await self._write_halves(batch, error)

    async def alive(self, now_ms: int) -> None:
        """Note that the historian hears the site."""
        async with self._database.transaction() as tx:
            await tx.execute(_SQL.alive, now_ms)

    async def close_gaps(self, now_ms: int) -> None:
        """End the gaps that an earlier process left open."""
        async with self._database.transaction() as tx:
            await tx.execute(_SQL.close_gaps, now_ms)

    async def make_partitions_ahead(self, now_ms: int) -> None:
        """Make the partitions of today and the next days."""
        today = _day(now_ms)
        await self._make([today + timedelta(days=ahead) for ahead in range(_AHEAD_DAYS + 1)])

    async def _write_anew(self, batch: Batch) -> Written:
        """Something of it is there already: let the database skip it."""
        fresh, doubtful = batch.fresh, batch.doubtful
        merged = Columns(
            fresh.order + doubtful.order,
            fresh.tags + doubtful.tags,
            fresh.at_ms + doubtful.at_ms,
            fresh.received_ms + doubtful.received_ms,
            fresh.cells + doubtful.cells,
            fresh.quality + doubtful.quality,
            fresh.marks + doubtful.marks,
        )
        whole = Batch(doubtful=merged, notes=batch.notes, gaps=batch.gaps, size=batch.size)
        try:
            return await self._write(whole)
        except _UNWRITABLE as error:
            return await self._write_halves(whole, error)

    async def _write_halves(self, batch: Batch, error: Exception) -> Written:
        """Narrow down to the one sample that the database does not take, and go on without it."""
        if batch.samples == 1:
            (columns,) = (columns for columns in (batch.fresh, batch.doubtful) if columns)
            self._log.warning("sample_unwritable", tag=str(columns.tags[0].key)[:300], error=str(error))
            rest = await self._write(Batch(notes=batch.notes, gaps=batch.gaps, size=batch.size))
            return Written(0, 0, 1, rest.position)
        if batch.samples == 0:
            self._log.warning("notes_unwritable", notes=len(batch.notes), error=str(error))
            return await self._write(Batch(size=batch.size))
        parts = [await self._write_as_far_as_possible(half) for half in batch.halves()]
        return Written(
            sum(part.samples for part in parts),
            sum(part.repeated for part in parts),
            sum(part.refused for part in parts),
            parts[-1].position,
        )

    async def _write(self, batch: Batch) -> Written:
        newest_ms = max((columns.received_ms[-1] for columns in (batch.fresh, batch.doubtful) if columns), default=None)
        new = {
            tag.key.digest: tag
            for columns in (batch.fresh, batch.doubtful)
            for tag in columns.tags
            if not tag.is_stored
        }
        added = 0
        try:
            async with self._database.transaction() as tx:
                await _put_tags(tx, new)
                before = await tx.fetchval(_SQL.take_positions, batch.size, newest_ms)
                for table, columns in self._by_partition(batch.fresh):
                    await self._copy(tx, table, columns, before + 1)
                    self._unsummarized[table] += len(columns)
                if batch.doubtful:
                    self._unsummarized[self._table(batch.doubtful.at_ms[-1] // _DAY_MS)] += len(batch.doubtful)
                    added = await _put_doubtful(tx, batch.doubtful, before + 1)
                if batch.notes:
                    await tx.executemany(_SQL.add_notes, [_note_row(note, before + 1) for note in batch.notes])
                for gap in batch.gaps:
                    await tx.execute(
                        _SQL.put_gap, gap.reason, gap.since_ms, gap.until_ms, gap.group_id, gap.edge_node_id, gap.lost
                    )
        except BaseException:
            for tag in new.values():
                tag.is_stored = False
            raise
        self._stored.update(new.values())
        return Written(len(batch.fresh) + added, len(batch.doubtful) - added, 0, before + batch.size)

    async def _copy(self, tx: Transaction, table: str, columns: Columns, first: int) -> None:
        if self._encode is not None:
            rows = self._encode(
                columns.order,
                columns.at_ms,
                columns.received_ms,
                columns.cells,
                columns.tags,
                columns.quality,
                columns.marks,
                first,
            )
            if rows is not None:
                await tx.copy_encoded(table, _COLUMNS, rows)
                return
        await tx.copy(table, _COLUMNS, _rows(columns, first))

    def _by_partition(self, columns: Columns) -> Iterable[tuple[str, Columns]]:
        """Yield table and rows; all of one day, which is nearly always the case, without another look at them."""
        if not columns:
            return
        low, high = min(columns.at_ms) // _DAY_MS, max(columns.at_ms) // _DAY_MS
        if low == high:
            yield self._table(low), columns
            return
        days: dict[int, list[int]] = {}
        for row, at_ms in enumerate(columns.at_ms):
            days.setdefault(at_ms // _DAY_MS, []).append(row)
        tables: dict[str, list[int]] = {}
        for day, rows in days.items():
            tables.setdefault(self._table(day), []).extend(rows)
        for table, rows in tables.items():
            yield table, columns.rows(rows)

    def _table(self, day_number: int) -> str:
        day = _day_of(day_number)
        return f"sample_{day:%Y%m%d}" if day in self._days else "sample"

    async def _make_partitions(self, batch: Batch) -> None:
        days: set[date] = set()
        for columns in (batch.fresh, batch.doubtful):
            if columns:
                low, high = min(columns.at_ms) // _DAY_MS, max(columns.at_ms) // _DAY_MS
                numbers = {low} if low == high else {at_ms // _DAY_MS for at_ms in columns.at_ms}
                days |= {day for day in map(_day_of, numbers) if day is not None}
        await self._make(days - self._days)

    async def _make(self, days: Iterable[date]) -> None:
        for day in sorted(set(days) - self._days):
            async with self._database.transaction() as tx:
                await tx.fetchval(_SQL.make_partition, day)
            self._days.add(day)


def _day(at_ms: int) -> date:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date()


def _day_of(number: int) -> date | None:
    """Return the day with a number since the epoch, if it is near enough to the present for a partition of its own."""
    today = datetime.now(UTC).date()
    first = (today - timedelta(days=_KEPT_DAYS)).toordinal()
    ordinal = date(1970, 1, 1).toordinal() + number
    last = (today + timedelta(days=_AHEAD_DAYS)).toordinal()
    return date.fromordinal(ordinal) if first <= ordinal <= last else None


async def _put_tags(tx: Transaction, new: Mapping[UUID, Tag]) -> None:
    """Number tags that are new or have moved."""
    if not new:
        return
    rows = [(digest, *tag.key, tag.place, tag.canonical, tag.unit, tag.is_machine) for digest, tag in new.items()]
    for tag in new.values():
        tag.is_stored = True  # as it stands in `rows`; whoever describes it anew takes that back
    for record in await tx.fetch(_SQL.put_tags, *(list(column) for column in zip(*rows, strict=True))):
        new[record["digest"]].database_id = record["id"]


async def _put_doubtful(tx: Transaction, doubtful: Columns, first: int) -> int:
    """Insert what is not there yet; return how much that was. History sets right what a birth had said of it before."""
    rows = list(_rows(doubtful, first))
    added = await tx.execute(_SQL.add_doubtful, *map(list, zip(*rows, strict=True)))
    history = [
        (position, at_ms, tag, occurrence)
        for position, at_ms, _, _, _, _, _, tag, occurrence, _, marks in rows
        if cast(int, marks) & Mark.HISTORICAL
    ]
    if history and added < len(rows):
        times = [cast(int, at_ms) for _, at_ms, _, _ in history]
        columns = map(list, zip(*history, strict=True))
        await tx.execute(_SQL.tell_again, *columns, min(times), max(times))
    return added


def _rows(columns: Columns, first: int) -> Iterable[_Row]:
    """Turn columns into rows of `_COLUMNS`; a value stands in the column of its kind, the others are null."""
    count = len(columns)
    whole: list[object] = [None] * count
    real: list[object] = [None] * count
    text: list[object] = [None] * count
    data: list[object] = [None] * count
    for row, cell in enumerate(columns.cells):
        kind = cell.__class__
        if kind is float:
            real[row] = cell
        elif kind is int:
            whole[row] = cell
        elif kind is bool:
            whole[row] = 1 if cell else 0
        elif kind is str:
            text[row] = cell
        elif kind is bytes:
            data[row] = cell
    return zip(
        [first + order for order in columns.order],
        columns.at_ms,
        columns.received_ms,
        whole,
        real,
        text,
        data,
        [tag.database_id for tag in columns.tags],
        occurrences(columns.cells),
        columns.quality,
        columns.marks,
        strict=True,
    )


def _note_row(note: Note, first: int) -> Sequence[object]:
    return (
        first + note.order,
        note.kind.value,
        note.group_id,
        note.edge_node_id,
        note.device_id,
        note.at_ms,
        note.received_ms,
        note.bd_seq,
        note.reason,
        list(note.places),
        note.is_machine,
    )
