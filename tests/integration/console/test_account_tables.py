"""Users and sessions on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from namespace.store import Database, migrate
from namespace.testing.servers import NewDatabase
from services.console.adapters.account_tables import SessionTable, UserTable
from services.console.domain.accounts import Session, User
from services.console.domain.roles import Role

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
ANN = User("ann", "Ann Alder", Role.OPERATOR, "scrypt$2$1$1$aa$bb")


@pytest.fixture
async def database(new_database: NewDatabase) -> AsyncIterator[Database]:
    """A migrated schema of the console."""
    made = await new_database("console")
    opened = await Database.open(made.dsn, schema=made.schema)
    try:
        await migrate(opened, "services.console.adapters")
        yield opened
    finally:
        await opened.close()


def session(token_hash: str, *, started: datetime = START) -> Session:
    return Session(token_hash, "ann", "csrf", started, started)


async def test_a_user_is_stored_changed_and_listed(database: Database) -> None:
    users = UserTable(database)
    await users.put(ANN)
    assert await users.find("ann") == ANN
    changed = replace(ANN, role=Role.SUPERVISOR, disabled=True)
    await users.put(changed)
    await users.put(replace(ANN, user_id="abe"))
    assert list(await users.list()) == [replace(ANN, user_id="abe"), changed]
    assert await users.find("nobody") is None


async def test_sessions_are_kept_touched_and_ended(database: Database) -> None:
    await UserTable(database).put(ANN)
    sessions = SessionTable(database)
    await sessions.put(session("one"))
    touched = replace(session("one"), last_seen_at=START + timedelta(minutes=5))
    await sessions.put(touched)
    assert await sessions.find("one") == touched
    await sessions.remove("one")
    assert await sessions.find("one") is None


async def test_all_sessions_of_a_user_end_together(database: Database) -> None:
    await UserTable(database).put(ANN)
    await UserTable(database).put(replace(ANN, user_id="abe"))
    sessions = SessionTable(database)
    await sessions.put(session("one"))
    await sessions.put(session("two"))
    await sessions.put(replace(session("three"), user_id="abe"))
    await sessions.remove_of("ann")
    assert [await sessions.find(name) is None for name in ("one", "two", "three")] == [True, True, False]


async def test_old_sessions_are_removed(database: Database) -> None:
    await UserTable(database).put(ANN)
    sessions = SessionTable(database)
    await sessions.put(session("old", started=START - timedelta(hours=13)))
    await sessions.put(session("fresh"))
    await sessions.remove_before(START - timedelta(hours=12), START - timedelta(days=7))
    assert await sessions.find("old") is None
    assert await sessions.find("fresh") is not None
