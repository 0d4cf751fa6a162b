"""The inbox: exactly once and in order, whatever rows are offered and whatever the handler does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from namespace.contracts.event_log import EventRow
from namespace.store import (
    Database,
    DatabaseUnavailable,
    Inbox,
    LogForked,
    Reject,
    Retry,
    Transaction,
)
from tests.integration.store.conftest import OpenDatabase
from tests.unit.store.chains import NEXT_EPOCH, chain, row_with

Answer = Callable[[EventRow], Exception | None]


class Consumer:
    """Writes every event into a table, after which `answer` may still refuse it."""

    def __init__(self, database: Database, answer: Answer = lambda _: None) -> None:
        self.database = database
        self.answer = answer
        self.calls: list[int] = []
        self.inbox = Inbox(database, "mes", self.apply, reject_on=(KeyError,))

    async def apply(self, tx: Transaction, row: EventRow) -> None:
        self.calls.append(row.seq)
        await tx.execute("INSERT INTO effect (seq, subject) VALUES ($1, $2)", row.seq, row.subject)
        if (answer := self.answer(row)) is not None:
            raise answer

    async def effects(self) -> list[int]:
        """Seqs in the order in which they took effect."""
        async with self.database.transaction() as tx:
            return [record["seq"] for record in await tx.fetch("SELECT seq FROM effect ORDER BY position")]


@pytest.fixture
async def consumer(open_database: OpenDatabase) -> Consumer:
    database = await open_database()
    async with database.transaction() as tx:
        await tx.execute(
            "CREATE TABLE effect (position integer GENERATED ALWAYS AS IDENTITY, seq bigint UNIQUE, subject text)"
        )
    return Consumer(database)


def restarted(consumer: Consumer, answer: Answer = lambda _: None) -> Consumer:
    return Consumer(consumer.database, answer)


async def test_rows_are_applied_in_order_and_once(consumer: Consumer) -> None:
    log = chain(10)
    first = await consumer.inbox.offer(log[:4])
    assert (first.seq, first.applied, first.missing_from) == (4, 4, None)
    again = await consumer.inbox.offer(log[:6])
    assert (again.seq, again.applied, again.skipped) == (6, 2, 4)
    assert (await restarted(consumer).inbox.offer(log)).applied == 4
    assert await consumer.effects() == list(range(1, 11))
    assert (consumer.inbox.counters.applied, consumer.inbox.counters.skipped) == (6, 4)


async def test_a_gap_is_named_and_what_is_before_it_is_applied(consumer: Consumer) -> None:
    log = chain(10)
    outcome = await consumer.inbox.offer(log[:3] + log[5:])
    assert (outcome.seq, outcome.missing_from) == (3, 4)
    assert (await consumer.inbox.offer(log[7:])).missing_from == 4
    assert await consumer.effects() == [1, 2, 3]


async def test_more_rows_than_one_transaction_takes_are_applied_in_several(consumer: Consumer) -> None:
    outcome = await consumer.inbox.offer(chain(250))
    assert (outcome.seq, outcome.applied) == (250, 250)
    assert await consumer.effects() == list(range(1, 251))


async def test_a_rejected_event_is_parked_with_its_subject_and_the_rest_goes_on(consumer: Consumer) -> None:
    log = chain(12, subjects=3)  # seq 2, 5, 8 and 11 are about S2
    consumer.answer = lambda row: Reject("unknown lot") if row.seq == 5 else None
    outcome = await consumer.inbox.offer(log)
    assert (outcome.seq, outcome.applied, outcome.parked) == (12, 9, 3)
    assert await consumer.effects() == [1, 2, 3, 4, 6, 7, 9, 10, 12]
    parked = await consumer.inbox.parked()
    assert [(each.row, each.attempts) for each in parked] == [(log[4], 1), (log[7], 0), (log[10], 0)]
    assert parked[0].reason == "unknown lot"
    assert "S2 is parked" in parked[1].reason
    assert (await consumer.inbox.cursor()).parked == 3


async def test_the_effects_of_a_rejected_attempt_are_undone(consumer: Consumer) -> None:
    after: list[int] = []

    async def apply(tx: Transaction, row: EventRow) -> None:
        await consumer.apply(tx, row)
        tx.after_commit(lambda: after.append(row.seq))
        if row.seq == 2:
            raise Reject("no")

    inbox = Inbox(consumer.database, "mes", apply)
    await inbox.offer(chain(3))
    assert await consumer.effects() == [1, 3]
    assert after == [1, 3]


@pytest.mark.parametrize("broken", ["handler", "value", "relation"])
async def test_declared_exceptions_and_refused_values_park_as_well(consumer: Consumer, broken: str) -> None:
    async def apply(tx: Transaction, row: EventRow) -> None:
        if row.seq != 2:
            await consumer.apply(tx, row)
        elif broken == "handler":
            raise KeyError("quantity")
        elif broken == "value":
            await tx.execute("SELECT 'x'::text::integer")
        else:
            await tx.execute("INSERT INTO effect (seq, subject) VALUES (1, 'again')")

    inbox = Inbox(consumer.database, "mes", apply, reject_on=(KeyError,))
    assert (await inbox.offer(chain(4, subjects=4))).parked == 1
    assert await consumer.effects() == [1, 3, 4]


async def test_redriving_applies_a_subjects_events_in_order(consumer: Consumer) -> None:
    log = chain(12, subjects=3)
    consumer.answer = lambda row: Reject("not yet") if row.seq == 2 else None
    await consumer.inbox.offer(log)
    assert await consumer.inbox.redrive("S2") == 0
    first = (await consumer.inbox.parked(1))[0]
    assert (first.row.seq, first.attempts) == (2, 2)
    consumer.answer = lambda row: Reject("still wrong") if row.seq == 8 else None
    assert await consumer.inbox.redrive("S2") == 2
    assert [each.row.seq for each in await consumer.inbox.parked()] == [8, 11]
    more = chain(3, previous=log[-1], subjects=3)  # seq 14 is about S2 and must wait for 8 and 11
    await consumer.inbox.offer(more)
    assert [each.row.seq for each in await consumer.inbox.parked()] == [8, 11, 14]
    consumer.answer = lambda _: None
    assert await consumer.inbox.redrive("S2") == 3
    assert await consumer.inbox.parked() == []
    assert (await consumer.inbox.cursor()).parked == 0
    order = await consumer.effects()
    assert sorted(order) == list(range(1, 16))
    assert [seq for seq in order if seq % 3 == 2] == [2, 5, 8, 11, 14]
    assert consumer.inbox.counters.redriven == 5


async def test_an_event_that_is_wanted_later_holds_back_everything_behind_it(consumer: Consumer) -> None:
    log = chain(6)
    consumer.answer = lambda row: Retry(2.5) if row.seq == 4 else None
    outcome = await consumer.inbox.offer(log)
    assert (outcome.seq, outcome.applied, outcome.retry_after_s) == (3, 3, 2.5)
    consumer.answer = lambda _: None
    assert (await consumer.inbox.offer(log)).applied == 3
    assert await consumer.effects() == [1, 2, 3, 4, 5, 6]


async def test_a_rejection_and_a_retry_in_one_run_both_count(consumer: Consumer) -> None:
    answers: dict[int, Exception] = {2: Reject("no"), 5: Retry(1.0)}
    consumer.answer = lambda row: answers.get(row.seq)
    outcome = await consumer.inbox.offer(chain(6, subjects=6))
    assert (outcome.seq, outcome.applied, outcome.parked, outcome.retry_after_s) == (4, 3, 1, 1.0)
    assert await consumer.effects() == [1, 3, 4]


async def test_an_unforeseen_exception_applies_nothing_and_is_seen(consumer: Consumer) -> None:
    log = chain(4)
    consumer.answer = lambda row: ZeroDivisionError() if row.seq == 3 else None
    with pytest.raises(ZeroDivisionError):
        await consumer.inbox.offer(log)
    assert await consumer.effects() == []
    consumer.answer = lambda _: None
    assert (await consumer.inbox.offer(log)).applied == 4


async def test_a_row_that_does_not_continue_the_chain_stops_after_those_that_do(consumer: Consumer) -> None:
    log = chain(6)
    forged = replace(log[3], payload={"n": 4, "text": "forged"})
    with pytest.raises(LogForked) as forked:
        await consumer.inbox.offer([*log[:3], forged, *log[4:]])
    assert forked.value.seq == 4
    assert await consumer.effects() == [1, 2, 3]


async def test_a_known_row_with_another_hash_is_a_fork(consumer: Consumer) -> None:
    await consumer.inbox.offer(chain(6))
    for seq in (6, 2):
        with pytest.raises(LogForked) as forked:
            await consumer.inbox.offer([chain(6, text="other")[seq - 1]])
        assert forked.value.seq == seq
    with pytest.raises(LogForked):
        await restarted(consumer).inbox.offer([row_with(6)])


async def test_two_instances_of_a_consumer_never_apply_an_event_twice(consumer: Consumer) -> None:
    log = chain(300)
    instances = [restarted(consumer) for _ in range(3)]

    async def work(instance: Consumer) -> None:
        for start in range(0, 300, 20):
            await instance.inbox.offer(log[: start + 20])

    await asyncio.gather(*(work(instance) for instance in instances))
    assert await consumer.effects() == list(range(1, 301))
    assert sum(instance.inbox.counters.applied for instance in instances) == 300


async def test_redriving_in_one_instance_is_seen_by_the_other(consumer: Consumer) -> None:
    log = chain(6, subjects=1)
    consumer.answer = lambda row: Reject("no") if row.seq == 2 else None
    await consumer.inbox.offer(log[:4])
    other = restarted(consumer)
    assert await other.inbox.redrive("S0") == 3
    consumer.answer = lambda _: None
    assert (await consumer.inbox.offer(log)).applied == 2
    assert await consumer.effects() == [1, 2, 3, 4, 5, 6]


async def test_a_backend_that_is_killed_in_the_middle_of_a_run_leaves_nothing_of_it(consumer: Consumer) -> None:
    log = chain(20)
    killed: list[int] = []

    async def apply(tx: Transaction, row: EventRow) -> None:
        await consumer.apply(tx, row)
        if row.seq == 7 and not killed:
            pid = await tx.fetchval("SELECT pg_backend_pid()")
            killed.append(pid)
            async with consumer.database.transaction() as other:
                await other.fetchval("SELECT pg_terminate_backend($1)", pid)

    inbox = Inbox(consumer.database, "mes", apply)
    with pytest.raises(DatabaseUnavailable):
        await inbox.offer(log)
    assert await consumer.effects() == []
    assert (await inbox.offer(log)).applied == 20
    assert await consumer.effects() == list(range(1, 21))


async def test_logs_of_different_producers_have_cursors_of_their_own(consumer: Consumer) -> None:
    seen: list[str] = []

    async def note(_: Transaction, row: EventRow) -> None:
        seen.append(str(row.payload["text"]))

    for name in ("a", "b"):
        await Inbox(consumer.database, name, note).offer(chain(2, text=name))
    assert seen == ["a", "a", "b", "b"]


async def test_the_epoch_is_kept_with_the_cursor(consumer: Consumer) -> None:
    await consumer.inbox.offer(chain(2))
    await consumer.inbox.adopt(NEXT_EPOCH)
    cursor = await restarted(consumer).inbox.cursor()
    assert (cursor.seq, cursor.epoch) == (2, NEXT_EPOCH)
    await consumer.inbox.offer(chain(4))
    assert (await consumer.inbox.cursor()).epoch == NEXT_EPOCH
