"""A crash at every single exchange with the database, in front of it and right behind it, loses and repeats nothing."""

from __future__ import annotations

import pytest

from namespace.store import Database, Inbox, read_log
from tests.properties.faults import Fuse, fuse
from tests.properties.log_pipeline import Consumer, Databases, Producer, begin, databases, effects_of, in_order

__all__ = ["databases", "fuse"]

SUBJECTS_OF_EVENTS = [0, 1, 2, 1, 0, 1, 2]
MOST_EXCHANGES = 80


async def forget(database: Database) -> None:
    """Make the consumer a new one."""
    async with database.transaction() as tx:
        await tx.execute("DELETE FROM effect; DELETE FROM parked_event; DELETE FROM inbox_cursor")


def a_consumer(databases: Databases, *, rejected: set[int], impatient: set[int]) -> Consumer:
    return Consumer(databases.consumer, databases.producer, set(rejected), set(impatient), set())


@pytest.mark.parametrize("behind", [False, True], ids=["in front of it", "right behind it"])
async def test_of_the_relay(databases: Databases, fuse: Fuse, *, behind: bool) -> None:
    crashes = 0
    await begin(databases)
    producer = Producer(databases.producer)
    for steps in range(MOST_EXCHANGES):
        await producer.produce(SUBJECTS_OF_EVENTS[:2])
        with fuse.burning(steps, behind=behind):
            await producer.relay()
        if fuse.blown == crashes:
            break
        crashes = fuse.blown
        await producer.produce([0])
        await producer.relay()
    rows = (await read_log(databases.producer, 1)).rows
    assert [row.payload["n"] for row in rows] == list(range(producer.count))
    assert {row.seq: row for row in producer.air} == {row.seq: row for row in rows}
    assert 8 < crashes < MOST_EXCHANGES


@pytest.mark.parametrize("behind", [False, True], ids=["in front of it", "right behind it"])
@pytest.mark.parametrize("rejected", [set(), {2}], ids=["plain", "with parking"])
async def test_of_the_inbox(databases: Databases, fuse: Fuse, rejected: set[int], *, behind: bool) -> None:
    crashes = 0
    await begin(databases)
    producer = Producer(databases.producer)
    await producer.produce(SUBJECTS_OF_EVENTS)
    await producer.relay()
    for steps in range(MOST_EXCHANGES):
        await forget(databases.consumer)
        consumer = a_consumer(databases, rejected=rejected, impatient={5})
        with fuse.burning(steps, behind=behind):
            await consumer.settle()
        if fuse.blown == crashes:
            break
        crashes = fuse.blown
        consumer.restart()
        await consumer.settle()
        effects = await effects_of(databases.consumer)
        assert [seq for seq, _ in effects] == [seq for seq in range(1, 8) if not rejected or seq not in {2, 4, 6}]
        assert [each.row.seq for each in await consumer.inbox.parked()] == ([2, 4, 6] if rejected else [])
    assert 12 < crashes < MOST_EXCHANGES


@pytest.mark.parametrize("behind", [False, True], ids=["in front of it", "right behind it"])
async def test_of_a_redrive(databases: Databases, fuse: Fuse, *, behind: bool) -> None:
    crashes = 0
    await begin(databases)
    producer = Producer(databases.producer)
    await producer.produce(SUBJECTS_OF_EVENTS)
    await producer.relay()
    for steps in range(MOST_EXCHANGES):
        await forget(databases.consumer)
        consumer = a_consumer(databases, rejected={2}, impatient=set())
        await consumer.settle()
        consumer.rejected.clear()
        with fuse.burning(steps, behind=behind):
            await consumer.inbox.redrive("S1")
        if fuse.blown == crashes:
            break
        crashes = fuse.blown
        again = Inbox(databases.consumer, "mes", consumer.apply)
        await again.redrive("S1")
        effects = await effects_of(databases.consumer)
        assert sorted(seq for seq, _ in effects) == list(range(1, 8))
        assert in_order(effects)
        assert (await again.cursor()).parked == 0
    assert 12 < crashes < MOST_EXCHANGES
