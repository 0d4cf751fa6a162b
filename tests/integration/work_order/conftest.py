"""The worlds in which the use cases are tried: one in memory, one on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from namespace.store import Database, migrate
from namespace.testing.servers import NewDatabase
from tests.integration.work_order.worlds import MemoryWorld, PostgresWorld, World


@pytest.fixture
async def database(new_database: NewDatabase) -> AsyncIterator[Database]:
    """A migrated schema of the service."""
    made = await new_database("work_order")
    opened = await Database.open(made.dsn, schema=made.schema)
    try:
        await migrate(opened, "services.work_order.adapters")
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def real(database: Database) -> PostgresWorld:
    """The service on PostgreSQL, for what only a database shows."""
    return PostgresWorld(database)


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> World:
    """The same service twice; PostgreSQL is started only for the second."""
    if request.param == "memory":
        return MemoryWorld()
    return PostgresWorld(request.getfixturevalue("database"))
