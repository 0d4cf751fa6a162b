"""Every event is applied exactly once and in order: from outbox to effect, at a real PostgreSQL.

Relay and consumer die between any two exchanges with their databases; the network loses, repeats and reorders;
pages fail; handlers reject, ask for patience, or have their backend killed. In the end every event has had its
effect once, in the order of the log within each subject, and events that were parked follow when driven again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from namespace.contracts.event_log import EventRow
from namespace.store import (
    Database,
    DatabaseUnavailable,
    FollowSettings,
    HandOverFailed,
    Inbox,
    LogForked,
    Reject,
    Relay,
    Retry,
    Transaction,
    append,
    migrate,
    read_log,
)
from namespace.store.catch_up import Apply, CatchUp, Fetch, Wait
from namespace.testing.servers import NewDatabase
from tests.integration.store.logs import event
from tests.properties.faults import Fuse, emptied, fuse

__all__ = ["fuse"]

SETTINGS = FollowSettings(grace_s=1.0, page_rows=4, held_rows=6, backoff_s=0.5, backoff_limit_s=2.0)
SUBJECTS = 3


@dataclass
class Databases:
    producer: Database
    consumer: Database


@pytest.fixture
async def databases(new_database: NewDatabase) -> AsyncIterator[Databases]:
    opened = []
    for service in ("producer", "consumer"):
        place = await new_database(service)
        opened.append(await Database.open(place.dsn, schema=place.schema))
        await migrate(opened[-1], "namespace.store")
    async with opened[1].transaction() as tx:
        await tx.execute(
            "CREATE TABLE effect (position integer GENERATED ALWAYS AS IDENTITY, seq bigint, subject text)"
        )
    yield Databases(*opened)
    for each in opened:
        await each.close()


@dataclass
class Producer:
    """Appends events and relays them step by step onto the air."""

    database: Database
    air: list[EventRow] = field(default_factory=list)
    count: int = 0
    refuse_batches: int = 0

    async def produce(self, subjects: Sequence[int]) -> None:
        async with self.database.transaction() as tx:
            await append(tx, [event(self.count + n, subject=f"S{subject}") for n, subject in enumerate(subjects)])
        self.count += len(subjects)

    async def relay(self) -> None:
        """One relay's life: take the lock, move and hand over what there is, and leave."""
        relay = Relay(self.database, "mes", self._publish)
        async with self.database.session() as session:
            await relay._own(session)
            while await relay._move(session):
                pass
            await relay._hand_over(session)
            await relay._save_handed_over(session)

    async def _publish(self, rows: Sequence[EventRow]) -> None:
        if self.refuse_batches:
            self.refuse_batches -= 1
            raise HandOverFailed("the broker is away")
        self.air += rows


@dataclass
class Consumer:
    """Follows the log with a clock of its own; a restart forgets everything but its database."""

    database: Database
    producer: Database
    rejected: set[int]
    impatient: set[int]
    killing: set[int]
    now_s: float = 0.0
    failing_fetches: int = 0
    state: CatchUp | None = None

    def __post_init__(self) -> None:
        self.inbox = Inbox(self.database, "mes", self.apply)

    def restart(self) -> None:
        self.inbox = Inbox(self.database, "mes", self.apply)
        self.state = None

    async def apply(self, tx: Transaction, row: EventRow) -> None:
        await tx.execute("INSERT INTO effect (seq, subject) VALUES ($1, $2)", row.seq, row.subject)
        if row.seq in self.rejected:
            raise Reject("as drawn")
        if row.seq in self.impatient:
            self.impatient.discard(row.seq)
            raise Retry(1.0)
        if row.seq in self.killing:
            self.killing.discard(row.seq)
            pid = await tx.fetchval("SELECT pg_backend_pid()")
            async with self.database.transaction() as other:
                await other.fetchval("SELECT pg_terminate_backend($1)", pid)

    async def step(self) -> bool:
        """Do what is next; False if that is to wait for news."""
        if self.state is None:
            cursor = await self.inbox.cursor()
            self.state = CatchUp("mes", cursor.seq, cursor.hash, cursor.epoch, SETTINGS)
        match self.state.next(self.now_s):
            case Apply(rows):
                await self._offer(self.state, rows)
            case Fetch(from_seq, limit):
                if self.failing_fetches:
                    self.failing_fetches -= 1
                    self.state.fetch_failed(self.now_s, 0.5)
                else:
                    self.state.fetched(await read_log(self.producer, from_seq, limit), self.now_s, 0.5)
            case Wait(None):
                return False
            case Wait(until_s):
                assert until_s is not None
                self.now_s = max(self.now_s, until_s)
        return True

    async def _offer(self, state: CatchUp, rows: Sequence[EventRow]) -> None:
        try:
            outcome = await self.inbox.offer(rows)
        except LogForked as fork:
            state.refused(fork)
        except DatabaseUnavailable:
            state.postpone(self.now_s, 0.5)
        else:
            state.offered(outcome.seq, outcome.hash)
            if outcome.retry_after_s is not None:
                state.postpone(self.now_s, outcome.retry_after_s)

    async def settle(self) -> None:
        for _ in range(1000):
            if not await self.step():
                return
        raise AssertionError("following does not come to rest")


subjects = st.lists(st.integers(0, SUBJECTS - 1), min_size=1, max_size=6)
steps_to_live = st.none() | st.integers(0, 30)
operations = st.lists(
    st.one_of(
        st.tuples(st.just("produce"), subjects),
        st.tuples(st.just("relay"), steps_to_live),
        st.tuples(st.just("broker refuses"), st.integers(1, 2)),
        st.tuples(st.just("deliver"), st.lists(st.integers(0, 1000), max_size=8)),
        st.tuples(st.just("deliver newest"), st.integers(1, 6)),
        st.tuples(st.just("follow"), steps_to_live),
        st.tuples(st.just("follow"), steps_to_live),
        st.tuples(st.just("fetches fail"), st.integers(1, 3)),
        st.tuples(st.just("restart"), st.none()),
        st.tuples(st.just("redrive"), st.integers(0, SUBJECTS - 1)),
    ),
    min_size=4,
    max_size=25,
)
some_rows = st.sets(st.integers(1, 25), max_size=4)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(operations=operations, behind=st.booleans(), rejected=some_rows, impatient=some_rows, killing=some_rows)
async def test_every_event_has_its_effect_once_and_in_order(
    databases: Databases,
    fuse: Fuse,
    operations: list[tuple[str, object]],
    behind: bool,
    rejected: set[int],
    impatient: set[int],
    killing: set[int],
) -> None:
    await emptied(databases.producer, databases.consumer)
    async with databases.consumer.transaction() as tx:
        await tx.execute("TRUNCATE effect RESTART IDENTITY")
    producer = Producer(databases.producer)
    consumer = Consumer(databases.consumer, databases.producer, set(rejected), set(impatient), set(killing))

    for operation, argument in operations:
        await act(operation, argument, producer, consumer, fuse, behind=behind)

    # The faults end: what was appended comes through, but for what is parked.
    producer.refuse_batches = consumer.failing_fetches = 0
    await producer.relay()
    page = await read_log(databases.producer, 1)
    await consumer.settle()
    assert consumer.state is not None
    consumer.state.announced(page.log, consumer.now_s)
    await consumer.settle()
    assert consumer.state.forked is None
    assert page.log.head == producer.count
    parked = [each.row.seq for each in await consumer.inbox.parked()]
    effects = await effects_of(databases.consumer)
    assert sorted([seq for seq, _ in effects] + parked) == list(range(1, producer.count + 1))
    assert in_order(effects)

    # What was parked follows when it is driven again.
    consumer.rejected.clear()
    for subject in range(SUBJECTS):
        while True:
            try:
                await consumer.inbox.redrive(f"S{subject}")
                break
            except (Retry, DatabaseUnavailable):
                continue
    effects = await effects_of(databases.consumer)
    assert sorted(seq for seq, _ in effects) == list(range(1, producer.count + 1))
    assert in_order(effects)
    assert (await consumer.inbox.cursor()).parked == 0


async def act(
    operation: str, argument: object, producer: Producer, consumer: Consumer, fuse: Fuse, *, behind: bool
) -> None:
    blown = fuse.blown
    steps = argument if isinstance(argument, int) else None
    match operation, argument:
        case "produce", list(subjects):
            await producer.produce(subjects)
        case "relay", _:
            with fuse.burning(steps, behind=behind):
                await producer.relay()
        case "broker refuses", int(batches):
            producer.refuse_batches = batches
        case "deliver", list(picks) if consumer.state is not None and producer.air:
            consumer.state.received([producer.air[pick % len(producer.air)] for pick in picks])
        case "deliver newest", int(count) if consumer.state is not None:
            consumer.state.received(producer.air[-count:])
        case "follow", _:
            with fuse.burning(steps, behind=behind):
                for _ in range(6):
                    await consumer.step()
            if fuse.blown > blown:
                consumer.restart()
        case "fetches fail", int(count):
            consumer.failing_fetches = count
        case "restart", _:
            consumer.restart()
        case "redrive", int(subject):
            with suppress(Retry, DatabaseUnavailable):
                await consumer.inbox.redrive(f"S{subject}")
        case _:
            pass


async def effects_of(database: Database) -> list[tuple[int, str]]:
    async with database.transaction() as tx:
        records = await tx.fetch("SELECT seq, subject FROM effect ORDER BY position")
    return [(record["seq"], record["subject"]) for record in records]


def in_order(effects: list[tuple[int, str]]) -> bool:
    """Within each subject, effects stand in the order of the log."""
    by_subject: dict[str, list[int]] = {}
    for seq, subject in effects:
        by_subject.setdefault(subject, []).append(seq)
    return all(seqs == sorted(seqs) for seqs in by_subject.values())
