"""The file in which an edge node keeps its reports: an SQLite database in WAL mode, held by one process alone.

Every call is one transaction and blocks; `namespace.runtime.edge_buffer` keeps it off the event loop. The numbers of what was dropped
live in the same file and change with what they count, so a kill at any instruction leaves them exact.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from namespace.sparkplug import Span, StoredReport, Undeliverable

ENTRY_BYTES = 40
"""What a report takes beside its payload, on average."""

_BUSY_S = 5.0
_SLICE = 256
_SCHEMA = """
CREATE TABLE IF NOT EXISTS report (
    number INTEGER PRIMARY KEY, stamp_ms INTEGER NOT NULL, source TEXT, readings INTEGER NOT NULL, payload BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
_COUNT = "INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"


class BufferInUse(Exception):
    """Another process holds the file: two edge nodes of one name, or the old one still runs. Stop it, or give this one its own folder."""


@dataclass(slots=True)
class Change:
    """What is written in one go.

    Attributes:
        reports: New ones.
        released: Those that may be forgotten.
        undeliverable: Those that cannot be sent any more.
        lost: Readings that never got here, to be counted as dropped.
    """

    reports: Sequence[StoredReport] = ()
    released: Sequence[Span] = ()
    undeliverable: Sequence[Undeliverable] = ()
    lost: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.reports or self.released or self.undeliverable or self.lost)


@dataclass(slots=True)
class Contents:
    """What the file holds.

    Attributes:
        first: Number of the oldest report; `end` when there is none.
        end: Number after the newest report.
        readings: In all reports.
        size_bytes: Payloads and what they take beside.
        dropped: Readings given up since the file was made, because of size, age or a disk that could not be written.
        undeliverable: Readings that could not be sent any more since the file was made.
        oldest_ms: Stamp of the oldest report; None when there is none.
    """

    first: int = 1
    end: int = 1
    readings: int = 0
    size_bytes: int = 0
    dropped: int = 0
    undeliverable: int = 0
    oldest_ms: int | None = None


class BufferFile:
    """The file, open.

    Args:
        path: Where; its folder is made if need be. None keeps everything in memory, for a node that has nothing to lose.
        limit_bytes: What the reports may take; beyond it the oldest are dropped.
        age_ms: How old a report may become; older ones are dropped.
        survives_power_cut: Wait for the disk at every commit (fsync). Without, a kill of the process loses nothing either, but a power
            cut may lose the last seconds.

    Attributes:
        contents: What it holds.
        newest_ms: Stamp of the newest report, ms; 0 before the first.
        damaged: Where a file that could not be read was put aside; None when it could.

    Raises:
        BufferInUse: Another process holds it.
        OSError: The folder cannot be made.
        sqlite3.Error: It cannot be opened.
    """

    def __init__(self, path: Path | None, *, limit_bytes: int, age_ms: int, survives_power_cut: bool = True) -> None:
        self._path = path
        self._limit_bytes = limit_bytes
        self._age_ms = age_ms
        self._synchronous = "FULL" if survives_power_cut else "NORMAL"
        self.contents = Contents()
        self.newest_ms = 0
        self.damaged: Path | None = None
        if path is not None:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._database = self._open()
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise BufferInUse(f"{path} is held by another process") from error
            raise
        except sqlite3.DatabaseError:
            if path is None:
                raise
            self.damaged = _put_aside(path)
            self._database = self._open()

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(
            self._path or ":memory:", timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        try:
            database.execute("PRAGMA locking_mode=EXCLUSIVE")
            database.execute("PRAGMA journal_mode=WAL")
            database.execute(f"PRAGMA synchronous={self._synchronous}")
            database.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
            self._look(database)
        except BaseException:
            database.close()
            raise
        return database

    def _look(self, database: sqlite3.Connection) -> None:
        found = database.execute(
            "SELECT min(number), max(number), sum(readings), sum(length(payload)), count(*), min(stamp_ms), max(stamp_ms) FROM report"
        ).fetchone()
        first, last, readings, payload, count, oldest_ms, newest_ms = found
        counted = dict(database.execute("SELECT name, value FROM counter"))
        end = (last or 0) + 1
        self.contents = Contents(
            first=first or end,
            end=end,
            readings=readings or 0,
            size_bytes=(payload or 0) + count * ENTRY_BYTES,
            dropped=counted.get("dropped", 0),
            undeliverable=counted.get("undeliverable", 0),
            oldest_ms=oldest_ms,
        )
        self.newest_ms = newest_ms or 0

    # -- one transaction each

    def write(self, change: Change, now_ms: int) -> None:
        """Write a change; when this returns it is kept, and the bounds of size and age hold.

        Args:
            change: What to write.
            now_ms: The buffer's steady clock.

        Raises:
            sqlite3.Error: Nothing of it has been written; the disk may be full.
        """
        contents = Contents(**{name: getattr(self.contents, name) for name in Contents.__slots__})
        database = self._database
        database.execute("BEGIN IMMEDIATE")
        try:
            database.executemany("INSERT INTO report VALUES (?, ?, ?, ?, ?)", change.reports)
            for report in change.reports:
                contents.readings += report.readings
                contents.size_bytes += len(report.payload) + ENTRY_BYTES
                contents.end = report.number + 1
            for span in change.released:
                _forget(database, contents, *_where(span))
            for each in change.undeliverable:
                self._amend(each, contents)
            self._bound(contents, now_ms)
            self._count("dropped", change.lost)
            contents.dropped += change.lost
            oldest = database.execute("SELECT number, stamp_ms FROM report ORDER BY number LIMIT 1").fetchone()
            contents.first, contents.oldest_ms = oldest or (contents.end, None)
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise
        self.contents = contents
        if change.reports:
            self.newest_ms = change.reports[-1].stamp_ms

    def page(self, span: Span, readings: int) -> tuple[list[StoredReport], int]:
        """Read the first reports of a span.

        Args:
            span: Which.
            readings: How many readings at most; at least one report.

        Returns:
            The reports, and the number from which the rest of the span goes on.
        """
        where, arguments = _where(span)
        query = f"SELECT number, stamp_ms, source, readings, payload FROM report WHERE {where} ORDER BY number LIMIT ?"  # noqa: S608
        found: list[StoredReport] = []
        for row in self._database.execute(query, (*arguments, readings)):
            report = StoredReport(*row)
            if found and readings < report.readings:
                return found, report.number
            found.append(report)
            readings -= report.readings
        return found, (found[-1].number + 1 if found and readings <= 0 else span.end)

    def next_bd_seq(self) -> int:
        """Number the next CONNECT, 0 to 255; it is kept before it is used (Sparkplug 3.0, tck-id-topics-nbirth-bdseq-increment).

        Raises:
            sqlite3.Error: It cannot be written.
        """
        query = """
            INSERT INTO counter VALUES ('bd_seq', 0) ON CONFLICT (name) DO UPDATE SET value = (value + 1) % 256 RETURNING value
        """
        number: int = self._database.execute(query).fetchall()[0][0]
        return number

    # -- inside a transaction

    def _amend(self, each: Undeliverable, contents: Contents) -> None:
        if each.payload is None:
            is_there = _forget(self._database, contents, "number = ?", (each.number,)) > 0
        else:
            query = "SELECT length(payload) FROM report WHERE number = ?"
            before = self._database.execute(query, (each.number,)).fetchone()
            is_there = before is not None
            if is_there:
                query = "UPDATE report SET payload = ?, readings = readings - ? WHERE number = ?"
                self._database.execute(query, (each.payload, each.readings, each.number))
                contents.size_bytes += len(each.payload) - before[0]
                contents.readings -= each.readings
        if is_there:  # else it was dropped, and counted, in the meantime
            self._count("undeliverable", each.readings)
            contents.undeliverable += each.readings

    def _bound(self, contents: Contents, now_ms: int) -> None:
        """Drop the oldest reports until size and age are within bounds."""
        while True:
            query = "SELECT number, stamp_ms, readings, length(payload) FROM report ORDER BY number LIMIT ?"
            last = dropped = 0
            excess = contents.size_bytes - self._limit_bytes
            for number, stamp_ms, readings, size in self._database.execute(query, (_SLICE,)):
                if excess <= 0 and now_ms - stamp_ms <= self._age_ms:
                    break
                excess -= size + ENTRY_BYTES
                last, dropped = number, dropped + readings
            if not last:
                return
            _forget(self._database, contents, "number <= ?", (last,))
            self._count("dropped", dropped)
            contents.dropped += dropped

    def _count(self, name: str, more: int) -> None:
        if more:
            self._database.execute(_COUNT, (name, more))


def _where(span: Span) -> tuple[str, tuple[object, ...]]:
    if span.of_one:
        return "number >= ? AND number < ? AND source IS ?", (span.first, span.end, span.source)
    return "number >= ? AND number < ?", (span.first, span.end)


def _forget(database: sqlite3.Connection, contents: Contents, where: str, arguments: Iterable[object]) -> int:
    """Delete reports; return how many there were."""
    query = f"SELECT count(*), coalesce(sum(readings), 0), coalesce(sum(length(payload)), 0) FROM report WHERE {where}"  # noqa: S608
    count, readings, payload = database.execute(query, tuple(arguments)).fetchone()
    if count:
        database.execute(f"DELETE FROM report WHERE {where}", tuple(arguments))  # noqa: S608
        contents.readings -= readings
        contents.size_bytes -= payload + count * ENTRY_BYTES
    return int(count)


def _put_aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return aside
