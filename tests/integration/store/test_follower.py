"""Following a real log from a real database: lost rows are fetched, a forked log stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from namespace.contracts.event_log import EventRow, LogPage
from namespace.store import (
    Database,
    FetchFailed,
    Follower,
    FollowSettings,
    Inbox,
    Retry,
    Transaction,
    open_next_epoch,
    read_log,
)
from tests.integration.store.conftest import OpenDatabase
from tests.integration.store.logs import LIMIT_S, appended, event, log_of, relayed
from tests.unit.store.chains import EPOCH, chain, head, page

QUICK = FollowSettings(grace_s=0.02, page_rows=10, held_rows=20, fetch_timeout_s=2.0, backoff_s=0.01)


class Consumer:
    """Counts what is applied; `fetch` reads the producer's log."""

    def __init__(self, database: Database, producer: Database | None = None) -> None:
        self.numbers: list[int] = []
        self.fetched: list[int] = []
        self.fetch_error: Exception | None = None
        self.retries = 0
        self._producer = producer
        self._news = asyncio.Event()
        self.follower = Follower(Inbox(database, "mes", self.apply), self.fetch, settings=QUICK)

    async def apply(self, tx: Transaction, row: EventRow) -> None:
        if self.retries:
            self.retries -= 1
            raise Retry(0.01)
        tx.after_commit(lambda: self._note(row))

    def _note(self, row: EventRow) -> None:
        self.numbers.append(row.seq)
        self._news.set()

    async def fetch(self, from_seq: int, limit: int) -> LogPage:
        self.fetched.append(from_seq)
        self._news.set()
        if self.fetch_error is not None:
            raise self.fetch_error
        assert self._producer is not None
        return await read_log(self._producer, from_seq, limit)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not condition():
                self._news.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await self._news.wait()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.follower.run())
        try:
            yield
        finally:
            assert not task.done() or task.exception() is None
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
async def producer(open_database: OpenDatabase) -> Database:
    return await open_database("producer")


async def test_a_new_consumer_takes_the_whole_log_by_pages(producer: Database, database: Database) -> None:
    await log_of(producer, 35)
    consumer = Consumer(database, producer)
    async with consumer.running():
        await consumer.until(lambda: len(consumer.numbers) == 35)
    assert consumer.numbers == list(range(1, 36))
    assert consumer.fetched[:4] == [1, 11, 21, 31]


async def test_live_rows_join_the_last_page_and_lost_ones_are_fetched(producer: Database, database: Database) -> None:
    await log_of(producer, 15)
    consumer = Consumer(database, producer)
    async with relayed(producer) as (relay, broker), consumer.running():
        await consumer.until(lambda: len(consumer.numbers) == 15)
        await appended(producer, [event(n) for n in range(15, 60)])
        await broker.until(lambda: len(broker.rows) == 45)
        consumer.follower.rows(broker.rows[::3])
        consumer.follower.announced(relay.log)
        await consumer.until(lambda: len(consumer.numbers) == 60)
        await consumer.until(lambda: consumer.follower.status.behind == 0)
    assert consumer.numbers == list(range(1, 61))


async def test_failing_fetches_delay_and_lose_nothing(producer: Database, database: Database) -> None:
    await log_of(producer, 5)
    consumer = Consumer(database, producer)
    consumer.fetch_error = FetchFailed("the broker is away")
    async with consumer.running():
        await consumer.until(lambda: consumer.follower.status.fetch_failures >= 3)
        consumer.fetch_error = TimeoutError()
        count = len(consumer.fetched)
        await consumer.until(lambda: len(consumer.fetched) > count)
        consumer.fetch_error = None
        await consumer.until(lambda: len(consumer.numbers) == 5)


async def test_a_handler_that_wants_to_wait_is_asked_again(producer: Database, database: Database) -> None:
    await log_of(producer, 5)
    consumer = Consumer(database, producer)
    consumer.retries = 3
    async with consumer.running():
        await consumer.until(lambda: len(consumer.numbers) == 5)
    assert consumer.numbers == [1, 2, 3, 4, 5]


async def test_a_database_that_loses_connections_delays_and_loses_nothing(
    producer: Database, database: Database
) -> None:
    await log_of(producer, 50)
    consumer = Consumer(database, producer)
    async with consumer.running():
        for enough in (10, 30):
            await consumer.until(lambda enough=enough: len(consumer.numbers) >= enough)
            async with database.transaction() as tx:
                await tx.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE usename = current_user AND pid <> pg_backend_pid()"
                )
        await consumer.until(lambda: len(consumer.numbers) == 50)
    assert consumer.numbers == list(range(1, 51))


async def test_a_restarted_consumer_goes_on_behind_its_cursor(producer: Database, database: Database) -> None:
    await log_of(producer, 12)
    first = Consumer(database, producer)
    async with first.running():
        await first.until(lambda: len(first.numbers) == 12)
    await appended(producer, [event(12)])
    async with relayed(producer) as (_, broker):
        await broker.until(lambda: len(broker.rows) >= 1)
    second = Consumer(database, producer)
    async with second.running():
        await second.until(lambda: len(second.numbers) == 1)
    assert second.numbers == [13]


async def test_an_epoch_that_continues_our_history_is_adopted(producer: Database, database: Database) -> None:
    await log_of(producer, 5)
    consumer = Consumer(database, producer)
    async with consumer.running():
        await consumer.until(lambda: len(consumer.numbers) == 5)
        async with producer.transaction() as tx:
            state = await open_next_epoch(tx)
        consumer.follower.announced(state.announced(5, state.hash))
        await appended(producer, [event(5)])
        async with relayed(producer) as (relay, broker):
            await broker.until(lambda: len(broker.rows) >= 1)
            consumer.follower.announced(relay.log)
            await consumer.until(lambda: len(consumer.numbers) == 6)
    assert consumer.follower.status.forked is None
    assert (await consumer.follower.inbox.cursor()).epoch == state.epoch


async def test_a_forked_log_stops_and_is_still_stopped_after_a_restart(database: Database) -> None:
    ours, restored = chain(10), chain(4)

    async def fetch(from_seq: int, limit: int) -> LogPage:
        return page(restored, from_seq, limit)

    consumer = Consumer(database)
    await consumer.follower.inbox.offer(ours)
    await consumer.follower.inbox.adopt(EPOCH)
    for _ in range(2):
        follower = Follower(consumer.follower.inbox, fetch, settings=QUICK)
        task = asyncio.create_task(follower.run())
        follower.announced(head(4))
        await consumer.until(lambda follower=follower: follower.status.forked is not None)
        follower.rows(chain(3, previous=ours[-1]))
        await consumer.until(lambda follower=follower: follower.status.held > 0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert len(consumer.numbers) == 10
