"""Events to append, and a relay that runs for as long as a block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from namespace.contracts.event_log import GENESIS_HASH, EventRow, NewEvent, chain_hash
from namespace.contracts.ids import derived_id
from namespace.store import Database, Relay, append

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMIT_S = 10.0


def event(number: int, *, subject: str = "JO-1", **changes: Any) -> NewEvent:
    fields: dict[str, Any] = {
        "event_id": derived_id("test", UUID(int=0), number),
        "type": "Happened",
        "schema": "Happened/1",
        "occurred_at": NOW,
        "scope": "Acme/Dallas/Packaging/Line1",
        "subject": subject,
        "payload": {"n": number},
    }
    return NewEvent(**(fields | changes))


async def appended(database: Database, events: Sequence[NewEvent]) -> None:
    async with database.transaction() as tx:
        await append(tx, events)


class Broker:
    """Takes batches, or refuses them while it is `down`."""

    def __init__(self) -> None:
        self.batches: list[list[EventRow]] = []
        self.refused = 0
        self.down: Exception | None = None
        self._news = asyncio.Event()

    async def publish(self, rows: Sequence[EventRow]) -> None:
        self._news.set()
        if self.down is not None:
            self.refused += 1
            raise self.down
        self.batches.append(list(rows))

    @property
    def rows(self) -> list[EventRow]:
        return [row for batch in self.batches for row in batch]

    @property
    def numbers(self) -> list[int]:
        return [row.payload["n"] for row in self.rows]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not condition():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(relay.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def relayed(database: Database, **options: Any) -> AsyncIterator[tuple[Relay, Broker]]:
    """A relay at work, opened, and the broker that it hands rows to."""
    broker = Broker()
    relay = Relay(database, "mes", broker.publish, **options)
    async with running(relay):
        async with asyncio.timeout(LIMIT_S):
            await relay.opened()
        yield relay, broker


async def log_of(database: Database, count: int, *, subjects: int = 1) -> list[EventRow]:
    """Append and relay `count` events; return their rows."""
    await appended(database, [event(n, subject=f"JO-{n % subjects}") for n in range(count)])
    async with relayed(database) as (_, broker):
        await broker.until(lambda: len(broker.rows) == count)
    return broker.rows


def assert_one_chain(rows: Sequence[EventRow]) -> None:
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    previous = GENESIS_HASH
    for row in rows:
        assert row.hash == chain_hash(row, previous)
        previous = row.hash


async def rolled_back(database: Database, seq: int) -> None:
    """Put a producer's schema back to where it was when its log ended at `seq`, as a restore from an older copy does."""
    async with database.transaction() as tx:
        await tx.execute("ALTER TABLE event_log DISABLE TRIGGER USER")
        await tx.execute("DELETE FROM event_log WHERE seq > $1", seq)
        await tx.execute("ALTER TABLE event_log ENABLE TRIGGER USER")
        await tx.execute(
            "UPDATE log_head SET seq = $1, handed_over = least(handed_over, $1), "
            "hash = coalesce((SELECT hash FROM event_log WHERE seq = $1), $2)",
            seq,
            GENESIS_HASH,
        )
        if await tx.fetchval("SELECT to_regclass('taken')") is not None:
            await tx.execute(
                "DELETE FROM taken WHERE ctid NOT IN (SELECT t.ctid FROM taken t ORDER BY t.ctid LIMIT $1)", seq
            )
