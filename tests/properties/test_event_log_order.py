"""The order of a log: gapless, and never against causality, however transactions interleave with the relay."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from namespace.contracts.event_log import GENESIS_HASH, EventRow, chain_hash
from namespace.store import Database, Relay, Transaction, append, migrate
from namespace.store.database import Session
from namespace.testing.servers import NewDatabase
from tests.integration.store.logs import event
from tests.properties.faults import Crash, Fuse, emptied, fuse

__all__ = ["fuse"]

PRODUCERS = 4


@pytest.fixture
async def database(new_database: NewDatabase) -> AsyncIterator[Database]:
    place = await new_database("order")
    opened = await Database.open(place.dsn, schema=place.schema, max_size=PRODUCERS + 4)
    await migrate(opened, "namespace.store")
    async with opened.transaction() as tx:
        await tx.execute("CREATE TABLE fact (n integer PRIMARY KEY)")
    yield opened
    await opened.close()


class Producers:
    """Open transactions side by side; every event says what its transaction could see when it was appended."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open: dict[int, tuple[AsyncExitStack, Transaction, list[int]]] = {}
        self._count = 0
        self.committed: list[int] = []
        self.saw: dict[int, set[int]] = {}

    async def append(self, producer: int) -> None:
        if producer not in self._open:
            stack = AsyncExitStack()
            tx = await stack.enter_async_context(self._database.transaction())
            self._open[producer] = (stack, tx, [])
        _, tx, mine = self._open[producer]
        self._count += 1
        number = self._count
        self.saw[number] = {record["n"] for record in await tx.fetch("SELECT n FROM fact")}
        await tx.execute("INSERT INTO fact VALUES ($1)", number)
        await append(tx, [event(number)])
        mine.append(number)

    async def commit(self, producer: int) -> None:
        if producer in self._open:
            stack, _, mine = self._open.pop(producer)
            await stack.aclose()
            self.committed += mine

    async def roll_back(self, producer: int) -> None:
        if producer in self._open:
            stack, _, mine = self._open.pop(producer)
            with suppress(Crash):
                async with stack:
                    raise Crash
            for number in mine:
                del self.saw[number]

    async def finish(self) -> None:
        for producer in list(self._open):
            await self.roll_back(producer)


class StepwiseRelay:
    """A relay driven by hand, one move or hand-over at a time, which may die in between."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.handed_over: list[EventRow] = []
        self._stack = AsyncExitStack()
        self._at_work: tuple[Relay, Session] | None = None

    async def step(self) -> None:
        if self._at_work is None:
            relay = Relay(self._database, "mes", self._publish)
            session = await self._stack.enter_async_context(self._database.session())
            self._at_work = relay, session
            await relay._own(session)
        relay, session = self._at_work
        await relay._move(session)
        await relay._hand_over(session)
        await relay._save_handed_over(session)

    async def die(self) -> None:
        self._at_work = None
        await self._stack.aclose()
        self._stack = AsyncExitStack()

    async def _publish(self, rows: Sequence[EventRow]) -> None:
        self.handed_over += rows


producer = st.integers(0, PRODUCERS - 1)
operations = st.lists(
    st.one_of(
        st.tuples(st.just("append"), producer),
        st.tuples(st.just("append"), producer),
        st.tuples(st.just("commit"), producer),
        st.tuples(st.just("roll back"), producer),
        st.tuples(st.just("relay"), st.none() | st.integers(0, 12)),
    ),
    max_size=40,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(operations=operations, behind=st.booleans())
async def test_the_log_is_gapless_and_follows_causality(
    database: Database, fuse: Fuse, operations: list[tuple[str, int]], behind: bool
) -> None:
    await emptied(database)
    async with database.transaction() as tx:
        await tx.execute("TRUNCATE fact")
    producers, relay = Producers(database), StepwiseRelay(database)
    for operation, argument in operations:
        if operation == "append":
            await producers.append(argument)
        elif operation == "commit":
            await producers.commit(argument)
        elif operation == "roll back":
            await producers.roll_back(argument)
        else:
            blown = fuse.blown
            with fuse.burning(argument, behind=behind):
                await relay.step()
            if fuse.blown > blown:
                await relay.die()
    await producers.finish()
    await relay.step()
    await relay.step()
    await relay.die()

    log: dict[int, EventRow] = {}
    for row in relay.handed_over:  # again after a crash, but never another row
        assert log.setdefault(row.seq, row) == row
    rows = [log[seq] for seq in sorted(log)]
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    previous = GENESIS_HASH
    for row in rows:
        assert row.hash == chain_hash(row, previous)
        previous = row.hash
    order = [row.payload["n"] for row in rows]
    assert sorted(order) == sorted(producers.committed)
    position = {number: place for place, number in enumerate(order)}
    for number in order:
        assert all(position[cause] < position[number] for cause in producers.saw[number])
