"""A log from outbox to effect, driven step by step: a producer with its relay, a consumer with its cursor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest

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
from tests.properties.faults import emptied

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


async def begin(databases: Databases) -> None:
    """Empty both databases."""
    await emptied(databases.producer, databases.consumer)
    async with databases.consumer.transaction() as tx:
        await tx.execute("TRUNCATE effect RESTART IDENTITY")


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
