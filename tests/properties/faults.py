"""A process that dies: in front of, or right behind, any single exchange with its database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from namespace.store import Database, database
from namespace.store.driver_errors import guarded


class Crash(Exception):
    """The process is dead; what it had not committed is gone."""


class Fuse:
    """Lets `steps` exchanges with the database happen, then cuts the connection.

    With `behind` the last exchange still reaches the database and only its answer is lost, a COMMIT above all.
    """

    def __init__(self) -> None:
        self._left: int | None = None
        self._behind = False
        self.blown = 0

    @contextmanager
    def burning(self, steps: int | None, *, behind: bool) -> Iterator[None]:
        """Burn while the block runs; swallow the crash at its end."""
        self._left, self._behind = steps, behind
        try:
            yield
        except Crash:
            self.blown += 1
        finally:
            self._left = None

    async def exchange(
        self, connection: Any, address: str, operation: Callable[..., Awaitable[Any]], *args: object
    ) -> Any:
        if self._left is None:
            return await guarded(connection, address, operation, *args)
        self._left -= 1
        if self._left >= 0:
            return await guarded(connection, address, operation, *args)
        self._left = None
        if self._behind:
            await guarded(connection, address, operation, *args)
        connection.terminate()
        raise Crash


@pytest.fixture
def fuse(monkeypatch: pytest.MonkeyPatch) -> Fuse:
    made = Fuse()
    monkeypatch.setattr(database, "guarded", made.exchange)
    return made


async def emptied(*databases: Database) -> None:
    """Begin again with empty tables: an example must not see the one before."""
    for each in databases:
        async with each.transaction() as tx:
            await tx.execute(
                """
                ALTER TABLE event_log DISABLE TRIGGER event_log_is_never_emptied;
                TRUNCATE outbox, event_log, log_head, log_epoch, inbox_cursor, parked_event, inbox_trail, accepted_fork RESTART IDENTITY;
                ALTER TABLE event_log ENABLE TRIGGER event_log_is_never_emptied;
                """
            )
