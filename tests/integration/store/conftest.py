"""Schemas of their own with the store's tables, at a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from namespace.store import Database, migrate
from namespace.testing.servers import NewDatabase

OpenDatabase = Callable[..., Awaitable[Database]]


@pytest.fixture
async def open_database(new_database: NewDatabase) -> AsyncIterator[OpenDatabase]:
    """`await open_database("oee")` gives an open, migrated database of its own; keywords go to `Database.open`."""
    async with AsyncExitStack() as stack:

        async def open_one(service: str = "service", **options: Any) -> Database:
            place = await new_database(service)
            database = await Database.open(place.dsn, schema=place.schema, **options)
            stack.push_async_callback(database.close)
            await migrate(database, "namespace.store")
            return database

        yield open_one


@pytest.fixture
async def database(open_database: OpenDatabase) -> Database:
    """One service's database."""
    return await open_database()
