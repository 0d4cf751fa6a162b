"""Pages of a log: by count, by bytes, by type."""

from __future__ import annotations

from namespace.contracts.canonical import canonical_json
from namespace.contracts.event_wire import page_to_json
from namespace.store import Database, read_log
from tests.integration.store.logs import appended, event, log_of, relayed


async def test_pages_follow_each_other_to_the_end(database: Database) -> None:
    rows = await log_of(database, 25)
    seen, from_seq = [], 1
    while True:
        page = await read_log(database, from_seq, 10)
        seen += page.rows
        from_seq = page.through + 1
        if page.is_last:
            break
    assert seen == rows
    assert page.log.head == 25


async def test_a_page_beyond_the_end_is_empty_and_the_last(database: Database) -> None:
    await log_of(database, 3)
    page = await read_log(database, 9)
    assert (page.rows, page.is_last, page.log.head) == ((), True, 3)
    assert (await read_log(database, -5, 0)).rows[0].seq == 1


async def test_a_page_of_large_rows_is_cut_by_bytes_and_always_has_one(database: Database) -> None:
    large = {"text": "é" * 15_000}
    await appended(database, [event(n, payload=large) for n in range(5)])
    async with relayed(database) as (_, broker):
        await broker.until(lambda: len(broker.rows) == 5)
    page = await read_log(database, 1)
    assert [row.seq for row in page.rows] == [1, 2]
    assert page.through == 2
    assert len(canonical_json(page_to_json(page)).encode()) <= 64 * 1024
    assert [row.seq for row in (await read_log(database, 3, max_bytes=10)).rows] == [3]


async def test_a_filter_gives_the_wanted_types_and_says_how_far_it_looked(database: Database) -> None:
    await appended(database, [event(n, type="Odd" if n % 2 else "Even") for n in range(1, 31)])
    async with relayed(database) as (_, broker):
        await broker.until(lambda: len(broker.rows) == 30)
    page = await read_log(database, 1, 5, ["Odd"])
    assert [row.seq for row in page.rows] == [1, 3, 5, 7, 9]
    assert page.through == 9
    rest = await read_log(database, 10, 100, ["Odd", "None"])
    assert [row.seq for row in rest.rows] == list(range(11, 31, 2))
    assert rest.through == 30
    assert rest.is_last
    nothing = await read_log(database, 1, 5, ["None"])
    assert (nothing.rows, nothing.through, nothing.is_last) == ((), 30, True)
