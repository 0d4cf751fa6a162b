"""The tables of a site's services, read past its proxies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager

from namespace.contracts.contract import edge_node_id
from namespace.contracts.event_log import EventRow
from namespace.store import Database
from namespace.store.event_columns import row_of
from namespace.testing.chaos.wiring import Wiring

PRODUCERS = ("work_order", "oee")
FOLLOWED = {"oee": ("work_order",), "work_order": ("oee",)}
"""Who follows whose log."""
_PAGE = "SELECT * FROM event_log WHERE seq > $1 ORDER BY seq LIMIT 2000"


def followings() -> Iterator[tuple[str, str]]:
    """Return each producer with each of its followers."""
    return ((producer, consumer) for consumer, producers in FOLLOWED.items() for producer in producers)


class Tables:
    """The tables of every service, read past its proxies."""

    def __init__(self, databases: Mapping[str, Database]) -> None:
        self._databases = databases

    @classmethod
    @asynccontextmanager
    async def opened(cls, wiring: Wiring, services: Iterable[str]) -> AsyncIterator[Tables]:
        """Open the schemas of some services."""
        databases = {name: await Database.open(wiring[name].dsn, schema=name, max_size=2) for name in services}
        try:
            yield cls(databases)
        finally:
            for database in databases.values():
                await database.close()

    async def fetch(self, service: str, sql: str, *args: object) -> list[tuple[object, ...]]:
        """Read rows of a service's tables."""
        async with self._databases[service].transaction() as tx:
            return [tuple(record.values()) for record in await tx.fetch(sql, *args)]

    async def log(self, service: str) -> AsyncIterator[Sequence[tuple[EventRow, str]]]:
        """Read a service's event log, page by page; each row with its payload as it is stored."""
        through = 0
        while True:
            async with self._databases[service].transaction() as tx:
                records = await tx.fetch(_PAGE, through)
            if not records:
                return
            yield [(row_of(record), record["payload"]) for record in records]
            through = records[-1]["seq"]

    async def head(self, service: str) -> int:
        """Return the last `seq` of a service's log; 0 where nothing was said yet."""
        rows = await self.fetch(service, "SELECT seq FROM log_head")
        return int(str(rows[0][0])) if rows else 0

    async def cursor(self, consumer: str, producer: str) -> int:
        """Return the last event of `producer`'s log that `consumer` has applied; 0 before the first."""
        sql = "SELECT seq FROM inbox_cursor WHERE producer LIKE '%/' || $1"
        rows = await self.fetch(consumer, sql, edge_node_id(producer))
        return int(str(rows[0][0])) if rows else 0

    async def rests(self) -> bool:
        """Tell whether every event has its place in a log and was applied by every follower, and no follower is about to say more."""
        waiting = [await self.fetch(service, "SELECT FROM outbox LIMIT 1") for service in PRODUCERS]
        waiting.append(await self.fetch("work_order", "SELECT FROM machine_time_due LIMIT 1"))
        heads = {service: await self.head(service) for service in PRODUCERS}
        behind = [
            await self.cursor(consumer, producer) != heads[producer]
            for consumer, producers in FOLLOWED.items()
            for producer in producers
        ]
        return not any((*waiting, *behind))
