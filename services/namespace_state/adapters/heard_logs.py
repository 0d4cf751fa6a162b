"""Where the memory of event logs is kept: in PostgreSQL, and retained in the broker, which survives the loss of the database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import uuid4

from pydantic import ValidationError

from namespace.contracts.json_value import iso_ms
from namespace.contracts.namespace_state import LogHeard
from namespace.contracts.query import SiteTopics
from namespace.runtime import Health, Session, to_ms
from namespace.store import Database, Queries
from namespace.transport import Message, Transport
from services.namespace_state.domain.heard_log import Point

_LONGEST_S = 2.0
_QUIET_S = 0.1


class _Sql(Queries):
    all_heard: str
    forget: str
    remember: str


_SQL = _Sql.load("services.namespace_state.adapters", "heard_logs.sql")


class HeardLogs:
    """The memory in the database.

    Args:
        database: The service's schema.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> dict[str, list[Point]]:
        """Read what is remembered, by producer."""
        async with self._database.transaction() as tx:
            records = await tx.fetch(_SQL.all_heard)
        found: dict[str, list[Point]] = {}
        for record in records:
            point = Point(record["epoch"], record["seq"], record["hash"], record["heard_at"])
            found.setdefault(record["producer"], []).append(point)
        return found

    async def write(self, logs: Mapping[str, Iterable[Point]]) -> None:
        """Replace what is remembered of some logs.

        Raises:
            DatabaseUnavailable, TransactionConflict: Write it again later.
        """
        rows = [(producer, p.epoch, p.seq, p.hash, p.heard_at) for producer, points in logs.items() for p in points]
        async with self._database.transaction() as tx:
            await tx.execute(_SQL.forget, list(logs))
            await tx.execute(_SQL.remember, *(list(column) for column in zip(*rows, strict=True)))


async def read_retained_logs(transport: Transport, topics: SiteTopics, account: str) -> dict[str, list[Point]] | None:
    """Read what the broker retains of the memory, by producer; None where it could not be asked.

    Args:
        transport: A connection of its own, closed afterwards.
        topics: The site's topics.
        account: Its account, to hear an echo behind what is retained.
    """
    found: dict[str, list[Point]] = {}
    heard = asyncio.Event()
    echo = topics.reply(account, f"echo-{uuid4().hex}")

    def take(message: Message) -> None:
        heard.set()
        for row in _rows(message.payload):
            found.setdefault(row.producer, []).append(_point(row))

    session = Session(transport, name="retained logs", health=Health())
    session.route(topics.heard_log("+"), take)
    session.route(echo, lambda _: heard.set())
    running = asyncio.create_task(session.run(), name="read retained logs")
    try:
        async with asyncio.timeout(_LONGEST_S):
            await session.up.wait()
            await session.publish(echo, b"?")
            await heard.wait()
            while await _is_set_within(heard, _QUIET_S):
                heard.clear()
    except TimeoutError:
        return None
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return found


def document(producer: str, points: Iterable[Point]) -> bytes:
    """Return the retained document of one log."""
    return json.dumps([row(producer, point) for point in points], separators=(",", ":")).encode()


def row(producer: str, point: Point) -> dict[str, object]:
    """Return what `log_heard` answers about one point."""
    said = LogHeard(
        producer=producer,
        epoch=point.epoch,
        seq=point.seq,
        hash=point.hash,
        heard_at=iso_ms(to_ms(point.heard_at)),
    )
    return said.model_dump(mode="json")


def _rows(payload: bytes) -> list[LogHeard]:
    try:
        return [LogHeard.model_validate(each) for each in json.loads(payload)]
    except (ValueError, TypeError, ValidationError):
        return []  # nobody else may write there


def _point(said: LogHeard) -> Point:
    heard_at = datetime.fromisoformat(said.heard_at).astimezone(UTC)
    return Point(said.epoch, said.seq, said.hash, heard_at)


async def _is_set_within(event: asyncio.Event, limit_s: float) -> bool:
    event.clear()
    try:
        async with asyncio.timeout(limit_s):
            await event.wait()
    except TimeoutError:
        return False
    return True
