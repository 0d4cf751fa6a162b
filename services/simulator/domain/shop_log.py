"""A recorded shop-floor log: who did what on which case, from when to when.

Reads the CSV export of a process-mining event log (columns `case:concept:name`, `concept:name`,
`org:resource`, `start_timestamp`, `time:timestamp`). Rows that only mark the start or the end of a case are
dropped; rows of no length and rows that repeat another one count like any other, because the people who wrote
them down worked. Offsets are taken as written, row by row.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO

CASE, ACTIVITY, WORKER, START, END = (
    "case:concept:name",
    "concept:name",
    "org:resource",
    "start_timestamp",
    "time:timestamp",
)
MARKERS = frozenset({"Start", "End"})


class ShopLogError(ValueError):
    """A log that cannot be read.

    Attributes:
        source: Name of the file.
        line: Line in it, from 1.
        problem: What is wrong there.
        remedy: What to do.
    """

    def __init__(self, source: str, line: int, problem: str, remedy: str) -> None:
        super().__init__(f"{source}, line {line}: {problem}; {remedy}")
        self.source = source
        self.line = line
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One activity of one case.

    Attributes:
        row: Line in the file, from 1 (the heading is line 1).
        case: The case it belongs to.
        activity: What was done.
        worker: Id of the person.
        start: When it began, UTC.
        end: When it ended, UTC.
    """

    row: int
    case: str
    activity: str
    worker: str
    start: datetime
    end: datetime

    @property
    def duration_s(self) -> int:
        """How long it lasted, in whole seconds."""
        return round((self.end - self.start).total_seconds())


def read_shop_log(text: str, source: str) -> tuple[LogEntry, ...]:
    """Read the activities of a log, in the order of the file.

    Args:
        text: The CSV document.
        source: Name of the file, for error messages.

    Returns:
        One entry for each activity, markers of case start and end left out.

    Raises:
        ShopLogError: A column is missing, a row is incomplete, a time is not a time or ends before it begins.
    """
    reader = csv.DictReader(StringIO(text, newline=""), strict=True)
    columns = reader.fieldnames or ()
    missing = [name for name in (CASE, ACTIVITY, WORKER, START, END) if name not in columns]
    if missing:
        raise ShopLogError(
            source, 1, f"there is no column {', '.join(missing)}", "export the log as CSV with its heading"
        )
    try:
        entries = [_entry(row, reader.line_num, source) for row in reader if row[ACTIVITY] not in MARKERS]
    except csv.Error as error:
        raise ShopLogError(source, reader.line_num + 1, str(error), "repair the quoting of this line") from error
    if not entries:
        raise ShopLogError(source, reader.line_num, "there is no activity in it", "choose another file")
    return tuple(entries)


def _entry(row: dict[str, str | None], line: int, source: str) -> LogEntry:
    case, activity, worker = (row[name] or "" for name in (CASE, ACTIVITY, WORKER))
    if not (case and activity and worker):
        raise ShopLogError(source, line, "case, activity or worker is empty", "complete or remove the row")
    start, end = (_instant(row[name] or "", name, line, source) for name in (START, END))
    if end < start:
        raise ShopLogError(source, line, f"it ends at {end} before it begins at {start}", "correct the times")
    return LogEntry(line, case, activity, worker, start, end)


def _instant(text: str, column: str, line: int, source: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ShopLogError(
            source,
            line,
            f"{text!r} in column {column} is not a time with an offset",
            "write it like 2012-01-30 06:24:00+02:00",
        )
    return instant.astimezone(UTC)


def union_s(intervals: Iterable[tuple[datetime, datetime]]) -> int:
    """Measure the time covered by at least one of the intervals.

    Args:
        intervals: Begin and end of each, in any order.

    Returns:
        Whole seconds.
    """
    covered = 0.0
    reached: datetime | None = None
    for start, end in sorted(intervals):
        begin = start if reached is None or start > reached else reached
        if end > begin:
            covered += (end - begin).total_seconds()
        reached = end if reached is None or end > reached else reached
    return round(covered)
