"""Restores at random: no history diverges in silence, at a real PostgreSQL.

A producer's database is copied and put back to any earlier copy, again and again, without telling anybody; the registry hears
some of what is said, is down at some starts, and loses some of what it knew; a consumer follows as far as it comes, or not. In
the end whoever has applied a row that the producer does not have has stopped, and nobody else has; the registry's memory has
led to a new epoch wherever it shows a row that is gone; and behind the exact fork everybody can go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from namespace.contracts.event_log import EventRow, LogPage
from namespace.store import Database, LostRow, Transaction, compare_log, find_fork, leave_uncompared, read_log
from namespace.store.epochs import open_log, read_log_state
from services.namespace_state.domain.heard_log import HeardLog, Point
from tests.integration.store.logs import NOW
from tests.properties.log_pipeline import Consumer, Databases, Producer, begin, databases

__all__ = ["databases"]

_TABLES = ("event_log", "log_epoch", "log_head")

operations = st.lists(
    st.one_of(
        st.tuples(st.just("produce"), st.integers(1, 4)),
        st.tuples(st.just("produce"), st.integers(1, 4)),
        st.tuples(st.just("deliver"), st.integers(1, 6)),
        st.tuples(st.just("follow"), st.integers(1, 12)),
        st.tuples(st.just("follow"), st.integers(6, 12)),
        st.tuples(st.just("heartbeat"), st.booleans()),
        st.tuples(st.just("copy"), st.none()),
        st.tuples(st.just("restore"), st.tuples(st.integers(0, 20), st.booleans())),
        st.tuples(st.just("restore"), st.tuples(st.integers(0, 20), st.booleans())),
        st.tuples(st.just("registry is deaf"), st.booleans()),
        st.tuples(st.just("registry forgets"), st.integers(0, 20)),
        st.tuples(st.just("consumer restarts"), st.none()),
    ),
    min_size=1,
    max_size=16,
)
beginning = st.tuples(st.integers(0, 5), st.integers(1, 5), st.integers(0, 12))
"""Rows before a first copy, rows behind it, and how far the consumer comes until the random history begins."""


@dataclass
class Registry:
    """Hears what goes over the air unless it is deaf, and may be put back to what it once knew."""

    log: HeardLog = field(default_factory=HeardLog)
    copies: list[list[Point]] = field(default_factory=lambda: [[]])
    is_deaf: bool = False

    def hears(self, page: LogPage, rows: Sequence[EventRow]) -> None:
        if not self.is_deaf:
            self.log.heard(page.log, rows, NOW)
            self.copies.append(list(self.log))

    def forgets(self, number: int) -> None:
        self.log = HeardLog()
        self.log.remember(self.copies[number % len(self.copies)])

    def heard(self) -> list[LostRow]:
        return [LostRow(epoch=point.epoch, seq=point.seq, hash=point.hash) for point in self.log]


@dataclass
class Plant:
    """One producer with copies of its database, the registry, and one consumer."""

    producer: Producer
    consumer: Consumer
    registry: Registry = field(default_factory=Registry)
    copies: list[dict[str, list[Any]]] = field(default_factory=list)

    @property
    def database(self) -> Database:
        return self.producer.database

    async def starts(self, *, registry_answers: bool) -> None:
        if registry_answers:
            await compare_log(self.database, self.registry.heard(), by="the registry")
        else:
            await leave_uncompared(self.database)

    async def produces(self, count: int) -> None:
        before = len(self.producer.air)
        await self.producer.produce([0] * count)
        await self.producer.relay()
        self.registry.hears(await read_log(self.database, 1, 1), self.producer.air[before:])

    async def says_where_it_is(self, *, to_consumer: bool) -> None:
        page = await read_log(self.database, 1, 1)
        self.registry.hears(page, ())
        if to_consumer and self.consumer.state is not None:
            self.consumer.state.announced(page.log, self.consumer.now_s)

    async def copy(self) -> None:
        async with self.database.transaction() as tx:
            self.copies.append({table: await tx.fetch(f"SELECT * FROM {table}") for table in _TABLES})

    async def restore(self, number: int) -> None:
        """Put the database back, outbox and all, as a copy of its files does: nothing in it tells."""
        if not self.copies:
            return
        copy = self.copies[number % len(self.copies)]
        async with self.database.transaction() as tx:
            await tx.execute("ALTER TABLE event_log DISABLE TRIGGER USER")
            await tx.execute("TRUNCATE outbox, event_log, log_head, log_epoch")
            for table in ("log_epoch", "log_head", "event_log"):
                await insert(tx, table, copy[table])
            await tx.execute("ALTER TABLE event_log ENABLE TRIGGER USER")

    async def hashes(self) -> dict[int, str]:
        async with self.database.transaction() as tx:
            return {row["seq"]: row["hash"] for row in await tx.fetch("SELECT seq, hash FROM event_log")}


async def insert(tx: Transaction, table: str, rows: list[Any]) -> None:
    for row in rows:
        places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
        await tx.execute(f"INSERT INTO {table} ({', '.join(row.keys())}) VALUES ({places})", *row.values())


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=beginning, operations=operations)
async def test_no_history_diverges_in_silence(
    databases: Databases, first: tuple[int, int, int], operations: list[tuple[str, Any]]
) -> None:
    await begin(databases)
    plant = Plant(Producer(databases.producer), Consumer(databases.consumer, databases.producer, set(), set(), set()))
    async with plant.database.transaction() as tx:
        await open_log(tx)
    await plant.copy()
    before, behind, steps = first
    history = [("produce", before), ("copy", None), ("produce", behind), ("follow", steps), *operations]
    for operation, argument in history:
        await act(plant, operation, argument)

    # Everybody is there again: the producer starts once more, says where it is, and the consumer follows as far as it can.
    await plant.starts(registry_answers=True)
    await plant.says_where_it_is(to_consumer=False)
    consumer = plant.consumer
    consumer.restart()
    await consumer.step()
    await plant.says_where_it_is(to_consumer=True)
    await consumer.settle()
    assert consumer.state is not None
    cursor = await consumer.inbox.cursor()
    log = await plant.hashes()
    is_ours = cursor.seq == 0 or log.get(cursor.seq) == cursor.hash
    event("goes on" if is_ours else "has stopped")
    assert (consumer.state.forked is None) == is_ours, "who holds a row that is gone has stopped, and nobody else"
    assert not is_ours or cursor.seq == len(log), "who has not stopped has the whole log"
    await assert_registry_was_heeded(plant, log)
    if not is_ours:
        await go_on(plant, log)


async def assert_registry_was_heeded(plant: Plant, log: dict[int, str]) -> None:
    async with plant.database.transaction() as tx:
        state = await read_log_state(tx)
    assert state is not None
    for row in plant.registry.heard():
        is_there = row.seq <= len(log) and row.hash in {None, log.get(row.seq)}
        assert is_there or row.epoch != state.epoch, "a row that is gone was heard in an epoch that is over"


async def go_on(plant: Plant, log: dict[int, str]) -> None:
    """The fork is found exactly, and behind it the consumer goes on to the end of the log."""
    consumer = plant.consumer

    async def fetch(from_seq: int, limit: int) -> LogPage:
        return await read_log(plant.database, from_seq, limit)

    async with consumer.database.transaction() as tx:
        trail = {row["seq"]: row["hash"] for row in await tx.fetch("SELECT seq, hash FROM inbox_trail")}
    cursor = await consumer.inbox.cursor()
    fork = await find_fork(consumer.database, "mes", cursor, fetch)
    assert fork is not None
    assert fork.seq == max((seq for seq in trail if log.get(seq) == trail[seq]), default=0)
    beyond = await consumer.inbox.accept_fork(left=(cursor.seq, cursor.hash), fork=fork, actor="maria", reason="drawn")
    assert beyond == cursor.seq - fork.seq
    consumer.restart()
    await consumer.settle()
    assert consumer.state is not None
    assert consumer.state.forked is None
    assert (await consumer.inbox.cursor()).seq == len(log)


async def act(plant: Plant, operation: str, argument: Any) -> None:
    consumer = plant.consumer
    match operation, argument:
        case "produce", int(count):
            await plant.produces(count)
        case "deliver", int(count) if consumer.state is not None:
            consumer.state.received(plant.producer.air[-count:])
        case "follow", int(steps):
            for _ in range(steps):
                await consumer.step()
        case "heartbeat", bool(to_consumer):
            await plant.says_where_it_is(to_consumer=to_consumer)
        case "copy", _:
            await plant.copy()
        case "restore", (int(number), bool(registry_answers)):
            await plant.restore(number)
            await plant.starts(registry_answers=registry_answers)
        case "registry is deaf", bool(deaf):
            plant.registry.is_deaf = deaf
        case "registry forgets", int(number):
            plant.registry.forgets(number)
        case "consumer restarts", _:
            consumer.restart()
        case _:
            pass
