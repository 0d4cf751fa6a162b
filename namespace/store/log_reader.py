"""Reading a log back in pages: what answers the query `events`.

Rows are read as they were committed, whether or not the broker has had them. This module changes nothing.
"""

from collections.abc import Sequence
from typing import Final

from namespace.contracts.event_log import BATCH_OVERHEAD_BYTES, MAX_BATCH_BYTES, MAX_BATCH_ROWS, LogPage
from namespace.store.database import Database
from namespace.store.epochs import open_log
from namespace.store.event_columns import row_of
from namespace.store.queries import Queries

SCANNED_ROWS: Final = 10_000
"""Most rows that one page with a filter looks through."""


class _Sql(Queries):
    page: str


_SQL = _Sql.load("namespace.store", "log_reader.sql")


async def read_log(
    database: Database,
    from_seq: int,
    limit: int = MAX_BATCH_ROWS,
    types: Sequence[str] | None = None,
    *,
    max_bytes: int = MAX_BATCH_BYTES - BATCH_OVERHEAD_BYTES,
) -> LogPage:
    """Read one page of this schema's log.

    Args:
        database: The producer's database.
        from_seq: First `seq` wanted, from 1.
        limit: Most rows, cut to `MAX_BATCH_ROWS`.
        types: Only events of these types; a consumer that keeps a cursor asks for all.
        max_bytes: Most bytes of rows; the first row is given whatever its size.

    Returns:
        The page. With a filter it may be empty and still not the last one: go on at `through + 1`.

    Raises:
        DatabaseUnavailable: No connection.
    """
    first = max(from_seq, 1)
    limit = min(max(limit, 1), MAX_BATCH_ROWS)
    async with database.transaction() as tx:
        # The head before the rows: rows committed in between are left for the next page.
        state = await open_log(tx)
        last = max(state.seq, first - 1) if types is None else min(state.seq, first + SCANNED_ROWS - 1)
        wanted = None if types is None else list(types)
        records = await tx.fetch(_SQL.page, first, last, wanted, limit, max_bytes)
    rows = tuple(row_of(record) for record in records)
    cut = bool(records) and records[-1]["found"] > len(records)
    through = rows[-1].seq if cut else max(last, first - 1)
    return LogPage(log=state.announced(state.seq, state.hash if state.seq else None), rows=rows, through=through)
