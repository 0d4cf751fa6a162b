"""Transactions, and what a service sees of trouble with its database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from namespace.servers.postgres import Postgres
from namespace.store import Database, DatabaseUnavailable, Transaction, TransactionConflict
from namespace.testing.servers import NewDatabase, database_maker
from tests.integration.store.conftest import OpenDatabase

LIMIT_S = 10.0


@pytest.fixture
async def table(database: Database) -> Database:
    async with database.transaction() as tx:
        await tx.execute("CREATE TABLE thing (n integer PRIMARY KEY)")
    return database


async def count(database: Database) -> int:
    async with database.transaction() as tx:
        number: int = await tx.fetchval("SELECT count(*) FROM thing")
    return number


async def test_a_transaction_is_committed_whole_or_not_at_all(table: Database) -> None:
    async with table.transaction() as tx:
        assert await tx.execute("INSERT INTO thing SELECT generate_series(1, 3)") == 3
    with pytest.raises(ZeroDivisionError):
        async with table.transaction() as tx:
            await tx.execute("INSERT INTO thing VALUES (4)")
            _ = 1 // 0
    assert await count(table) == 3


async def test_many_rows_go_in_by_copy_and_by_executemany(table: Database) -> None:
    async with table.transaction() as tx:
        await tx.copy("thing", ["n"], [(1,), (2,)])
        await tx.executemany("INSERT INTO thing VALUES ($1)", [(3,), (4,)])
        record = await tx.fetchrow("SELECT max(n) AS top FROM thing")
    assert record is not None
    assert record["top"] == 4


async def test_what_is_left_for_after_the_commit_is_done_only_after_it(table: Database) -> None:
    done: list[str] = []
    async with table.transaction() as tx:
        tx.after_commit(lambda: done.append("kept"))
        with pytest.raises(ZeroDivisionError):
            async with tx.savepoint():
                tx.after_commit(lambda: done.append("undone with the savepoint"))
                _ = 1 // 0
        async with tx.savepoint():
            tx.after_commit(lambda: done.append("kept too"))
        assert done == []
    assert done == ["kept", "kept too"]
    with pytest.raises(ZeroDivisionError):
        async with table.transaction() as tx:
            tx.after_commit(lambda: done.append("never"))
            _ = 1 // 0
    assert done == ["kept", "kept too"]


async def test_a_savepoint_undoes_its_block_after_a_refused_statement(table: Database) -> None:
    async with table.transaction() as tx:
        await tx.execute("INSERT INTO thing VALUES (1)")
        with pytest.raises(Exception, match="duplicate key"):
            async with tx.savepoint():
                await tx.execute("INSERT INTO thing VALUES (2)")
                await tx.execute("INSERT INTO thing VALUES (1)")
        await tx.execute("INSERT INTO thing VALUES (3)")
    assert await count(table) == 2


async def backend(tx: Transaction) -> int:
    pid: int = await tx.fetchval("SELECT pg_backend_pid()")
    return pid


async def test_a_cut_connection_is_reported_and_the_next_transaction_gets_a_new_one(table: Database) -> None:
    with pytest.raises(DatabaseUnavailable, match="goes on by itself"):
        async with table.transaction() as tx:
            await tx.execute("INSERT INTO thing VALUES (1)")
            async with table.transaction() as other:
                await other.fetchval("SELECT pg_terminate_backend($1)", await backend(tx))
            await tx.execute("INSERT INTO thing VALUES (2)")
    assert await count(table) == 0


async def test_a_connection_cut_while_committing_leaves_the_outcome_open(table: Database) -> None:
    async with table.transaction() as tx:
        await tx.execute(
            """
            CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON thing DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION cut();
            """
        )
    done: list[str] = []
    with pytest.raises(DatabaseUnavailable) as lost:
        async with table.transaction() as tx:
            await tx.execute("INSERT INTO thing VALUES (1)")
            tx.after_commit(lambda: done.append("no"))
    assert lost.value.outcome_unknown
    assert done == []


async def test_a_server_that_is_away_is_said_to_be_away_and_used_again_when_it_is_back(
    start_postgres: Callable[[], Postgres],
) -> None:
    server = start_postgres()
    place = await database_maker(server)("service")
    database = await Database.open(place.dsn, schema=place.schema, connect_s=2.0)
    server.stop()
    with pytest.raises(DatabaseUnavailable, match="UNS_DATABASE_URL"):
        async with database.transaction() as tx:
            await tx.execute("SELECT 1")
    with pytest.raises(DatabaseUnavailable):
        await Database.open(place.dsn, schema=place.schema, connect_s=2.0)
    server.start()
    async with database.transaction() as tx:
        assert await tx.fetchval("SELECT current_schema()") == place.schema
    await database.close()


async def test_a_wrong_password_and_an_unknown_database_name_the_way_out(new_database: NewDatabase) -> None:
    place = await new_database("service")
    wrong = place.dsn.replace(":", ";", 1).replace(":", ":wrong", 1).replace(";", ":", 1)
    with pytest.raises(DatabaseUnavailable, match="refused the sign-in") as refused:
        await Database.open(wrong, schema=place.schema)
    assert "UNS_DATABASE_URL" in refused.value.remedy
    assert "wrong" not in str(refused.value)
    with pytest.raises(DatabaseUnavailable, match="refused the sign-in"):
        await Database.open(place.dsn.rpartition("/")[0] + "/nowhere", schema=place.schema)


async def test_a_row_lock_that_is_not_had_in_time_is_a_conflict(open_database: OpenDatabase) -> None:
    database = await open_database(statement_s=0.6)
    async with database.transaction() as tx:
        await tx.execute("CREATE TABLE thing (n integer PRIMARY KEY)")
        await tx.execute("INSERT INTO thing VALUES (1)")
    async with database.transaction() as holder:
        await holder.execute("SELECT FROM thing FOR UPDATE")
        with pytest.raises(TransactionConflict, match="lost against another"):
            async with database.transaction() as waiter:
                await waiter.execute("SELECT FROM thing FOR UPDATE")


async def test_of_two_transactions_that_wait_for_each_other_one_is_a_conflict(table: Database) -> None:
    async with table.transaction() as tx:
        await tx.execute("INSERT INTO thing VALUES (1), (2)")
    both = asyncio.Barrier(2)

    async def lock(first: int, second: int) -> bool:
        try:
            async with table.transaction() as tx:
                await tx.execute("SELECT FROM thing WHERE n = $1 FOR UPDATE", first)
                await both.wait()
                await tx.execute("SELECT FROM thing WHERE n = $1 FOR UPDATE", second)
        except TransactionConflict:
            return False
        return True

    async with asyncio.timeout(LIMIT_S):
        assert sorted(await asyncio.gather(lock(1, 2), lock(2, 1))) == [False, True]


async def test_a_cancelled_transaction_leaves_a_clean_connection(open_database: OpenDatabase) -> None:
    database = await open_database(max_size=1)
    started = asyncio.Event()

    async def long_one() -> None:
        async with database.transaction() as tx:
            await tx.execute("CREATE TABLE never (n integer)")
            started.set()
            await tx.execute("SELECT pg_sleep(30)")

    task = asyncio.create_task(long_one())
    async with asyncio.timeout(LIMIT_S):
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with database.transaction() as tx:
            assert await tx.fetchval("SELECT to_regclass('never')") is None
