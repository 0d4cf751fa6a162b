"""The relay: a gapless, chained log in an order that never contradicts causality, handed over in order."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from namespace.contracts.canonical import EventFormatError
from namespace.contracts.event_log import MAX_BATCH_BYTES, MAX_BATCH_ROWS, encoded_size
from namespace.store import (
    Database,
    DatabaseUnavailable,
    EventTooLarge,
    HandOverFailed,
    Relay,
    append,
    open_next_epoch,
    read_log,
    read_log_state,
)
from tests.integration.store.conftest import OpenDatabase
from tests.integration.store.logs import (
    LIMIT_S,
    Broker,
    appended,
    assert_one_chain,
    event,
    log_of,
    relayed,
    running,
)


async def test_events_become_one_chain_in_the_order_they_were_appended(database: Database) -> None:
    async with relayed(database) as (relay, broker):
        for start in range(0, 30, 3):
            await appended(database, [event(n) for n in range(start, start + 3)])
        await broker.until(lambda: len(broker.rows) == 30)
        assert relay.log.head == relay.last_seq == 30
    assert broker.numbers == list(range(30))
    assert_one_chain(broker.rows)
    assert (await read_log(database, 1)).rows == tuple(broker.rows)


async def test_rolled_back_events_leave_no_gap(database: Database) -> None:
    await appended(database, [event(1)])
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as tx:
            await append(tx, [event(2)])
            _ = 1 // 0
    await appended(database, [event(3)])
    async with relayed(database) as (_, broker):
        await broker.until(lambda: len(broker.rows) == 2)
    assert broker.numbers == [1, 3]
    assert_one_chain(broker.rows)


async def test_an_event_that_is_committed_late_comes_late_and_nobody_waits_for_it(database: Database) -> None:
    async with relayed(database) as (_, broker):
        async with database.transaction() as slow:
            await append(slow, [event(1)])
            await appended(database, [event(2)])
            await broker.until(lambda: broker.numbers == [2])
        await broker.until(lambda: broker.numbers == [2, 1])
    assert_one_chain(broker.rows)


async def test_batches_keep_to_their_limits(database: Database) -> None:
    big = {"text": "x" * 30_000}
    await appended(database, [event(n) for n in range(450)] + [event(n, payload=big | {"n": n}) for n in range(5)])
    async with relayed(database) as (_, broker):
        await broker.until(lambda: len(broker.rows) == 455)
    assert max(len(batch) for batch in broker.batches) <= MAX_BATCH_ROWS
    assert len(broker.batches) < 12
    assert max(sum(encoded_size(row) for row in batch) for batch in broker.batches) <= MAX_BATCH_BYTES
    assert_one_chain(broker.rows)


async def test_an_event_that_is_too_large_or_has_floats_is_refused_and_the_transaction_with_it(
    database: Database,
) -> None:
    with pytest.raises(EventTooLarge, match=r"may take 32768\. Say it in several events"):
        await appended(database, [event(1), event(2, payload={"text": "x" * 33_000})])
    with pytest.raises(EventFormatError, match="decimal string"):
        await appended(database, [event(1), event(2, payload={"quantity": 1.5})])
    async with database.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM outbox") == 0


@pytest.mark.parametrize("failure", [HandOverFailed("no session"), ConnectionResetError("cut")])
async def test_a_batch_that_was_not_taken_is_offered_again_before_any_later_one(
    database: Database, failure: Exception
) -> None:
    async with relayed(database, publish_retry_s=60.0) as (relay, broker):
        broker.down = failure
        await appended(database, [event(1), event(2)])
        await broker.until(lambda: broker.refused == 1)
        await appended(database, [event(3)])
        async with asyncio.timeout(LIMIT_S):
            while (await read_log(database, 1)).through < 3:
                await asyncio.sleep(0)
        assert relay.log.head == 0
        assert broker.refused == 1
        broker.down = None
        relay.connected()
        await broker.until(lambda: len(broker.rows) == 3)
        assert relay.log.head == 3
    assert broker.numbers == [1, 2, 3]
    assert relay.counters.failures == 1


async def test_a_backlog_is_handed_over_from_the_log_in_order(database: Database) -> None:
    async with relayed(database, publish_retry_s=60.0) as (relay, broker):
        broker.down = HandOverFailed("away")
        for start in range(0, 3000, 500):
            await appended(database, [event(n) for n in range(start, start + 500)])
        async with asyncio.timeout(LIMIT_S):
            while relay.last_seq < 3000:
                await asyncio.sleep(0)
        broker.down = None
        relay.connected()
        await broker.until(lambda: len(broker.rows) == 3000)
    assert broker.numbers == list(range(3000))


async def test_a_relay_that_is_stopped_goes_on_where_it_was(database: Database) -> None:
    await log_of(database, 5)
    async with relayed(database) as (relay, broker):
        assert relay.log.head == 5
        await appended(database, [event(5)])
        await broker.until(lambda: len(broker.rows) == 1)
        assert broker.rows[0].seq == 6
    async with database.transaction() as tx:
        state = await read_log_state(tx)
    assert state is not None
    assert state.handed_over == 6


async def test_only_one_relay_works_and_the_other_takes_over(open_database: OpenDatabase) -> None:
    database = await open_database()
    second = Broker()
    standby = Relay(database, "mes", second.publish, poll_s=0.02)
    async with relayed(database) as (_, first):
        async with running(standby):
            await appended(database, [event(1)])
            await first.until(lambda: len(first.rows) == 1)
            with pytest.raises(RuntimeError, match="not open yet"):
                _ = standby.log
            first.down = AssertionError("the standby must not wait for us")
        assert second.rows == []
    async with running(standby):
        await appended(database, [event(2)])
        await second.until(lambda: len(second.rows) == 1)
    assert [row.seq for row in first.rows + second.rows] == [1, 2]


async def test_a_relay_whose_connection_is_cut_says_so_and_goes_on_when_run_again(database: Database) -> None:
    broker = Broker()
    relay = Relay(database, "mes", broker.publish, poll_s=0.05)
    async with asyncio.timeout(LIMIT_S):
        task = asyncio.create_task(relay.run())
        await relay.opened()
        await appended(database, [event(1)])
        await broker.until(lambda: len(broker.rows) == 1)
        async with database.transaction() as tx:
            await tx.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE usename = current_user AND pid <> pg_backend_pid()"
            )
        with pytest.raises(DatabaseUnavailable):
            await task
    async with running(relay):
        await appended(database, [event(2)])
        await broker.until(lambda: broker.numbers[-1] == 2)
    assert sorted({row.seq for row in broker.rows}) == [1, 2]


async def test_an_append_of_another_process_wakes_the_relay_by_notify(
    open_database: OpenDatabase,
) -> None:
    database = await open_database()
    dsn_of_another_process = await Database.open(_dsn(database), schema=database.schema)
    async with relayed(database, poll_s=300.0) as (_, broker):
        await broker.until(lambda: True)
        await appended(dsn_of_another_process, [event(1)])
        await broker.until(lambda: len(broker.rows) == 1)
    await dsn_of_another_process.close()


def _dsn(database: Database) -> str:
    # The pool knows it; nobody else needs to.
    dsn: str = database._pool._connect_args[0]  # type: ignore[attr-defined]
    return dsn


@pytest.mark.parametrize(
    "statement",
    ["UPDATE event_log SET subject = 'x'", "DELETE FROM event_log WHERE seq = 1", "TRUNCATE event_log"],
)
async def test_the_log_refuses_every_change(database: Database, statement: str) -> None:
    await log_of(database, 2)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        async with database.transaction() as tx:
            await tx.execute(statement)


async def test_the_first_start_binds_the_log_to_its_cluster(database: Database) -> None:
    async with relayed(database) as (relay, _):
        epoch = relay.log.epoch
    async with database.transaction() as tx:
        state = await read_log_state(tx)
        identity = await tx.fetchval("SELECT system_identifier FROM pg_control_system()")
    assert state is not None
    assert (state.epoch, state.system_identifier, state.timeline) == (epoch, identity, 1)


async def test_a_next_epoch_names_the_one_before_and_goes_on_counting(database: Database) -> None:
    rows = await log_of(database, 3)
    async with database.transaction() as tx:
        before = await read_log_state(tx)
        after = await open_next_epoch(tx)
    assert before is not None
    assert (after.previous_epoch, after.fork_seq, after.seq) == (before.epoch, 3, 3)
    async with relayed(database) as (relay, broker):
        await appended(database, [event(3)])
        await broker.until(lambda: len(broker.rows) == 1)
        assert relay.log.previous_epoch == before.epoch
        assert relay.log.fork_seq == 3
    assert_one_chain(rows + broker.rows)


async def test_a_log_can_be_opened_from_many_sides_at_once(database: Database) -> None:
    pages = await asyncio.gather(*(read_log(database, 1) for _ in range(8)))
    assert len({page.log.epoch for page in pages}) == 1
    assert pages[0].rows == ()
    assert pages[0].is_last


async def test_events_that_come_thick_gather_to_batches(database: Database) -> None:
    async with relayed(database, gather_s=0.5) as (relay, broker):
        for n in range(20):
            await appended(database, [event(n)])
        await broker.until(lambda: len(broker.rows) == 20)
        assert len(broker.batches) < 10
        assert relay.counters.moved == 20
    assert broker.numbers == list(range(20))
