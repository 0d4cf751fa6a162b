"""What the schemas of a site hold, read in one snapshot; and how a schema is put aside, marked and put back.

Every schema has the store's tables (`namespace.store`), and only those are read here. Each is read in the name of its
own role, so that an administrator needs no right on the tables of a service.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg

from namespace.servers.backup.manifest import CursorCopy, LogCopy, MigrationCopy, SchemaCopy
from namespace.servers.database_roles import connect
from namespace.store.epochs import Epoch, read_epochs

_LOG = """
SELECT h.epoch, e.previous_epoch, e.fork_seq, h.seq, h.hash
FROM {schema}.log_head h JOIN {schema}.log_epoch e USING (epoch)
"""
_CURSORS = "SELECT producer, epoch, seq, hash, parked FROM {schema}.inbox_cursor ORDER BY producer"
_MIGRATIONS = "SELECT package, number, name FROM {schema}.schema_migration ORDER BY package, number"
_MARK = "UPDATE {schema}.log_head SET restored_from = $1"
_HASH = "SELECT hash FROM {schema}.event_log WHERE seq = $1"
_TABLES = "SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind IN ('r', 'p')"
_BYTES = """
SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'm')
"""


class Snapshot:
    """A view of the database as it was at one instant, which other sessions can share by its name.

    Attributes:
        name: Exported name of the snapshot.
        taken_at: The instant, UTC.
        server_version: Of the server.
    """

    def __init__(self, connection: asyncpg.Connection, name: str, taken_at: datetime, server_version: str) -> None:
        self._connection = connection
        self.name = name
        self.taken_at = taken_at
        self.server_version = server_version

    async def filled(self, services: Iterable[str]) -> list[str]:
        """Return those services whose schema has tables."""
        return [each for each in services if await has_tables(self._connection, each)]

    async def size(self, services: Iterable[str]) -> int:
        """Return the bytes that the schemas take on the disk."""
        size: int = await self._connection.fetchval(_BYTES, list(services))
        return size

    async def schema(self, service: str, file: str) -> SchemaCopy:
        """Describe one service's schema."""
        return await describe(self._connection, service, service, file)


@asynccontextmanager
async def snapshot(admin_dsn: str) -> AsyncIterator[Snapshot]:
    """Hold one instant of the database for as long as the context is open.

    Raises:
        ServerError: The server is not there or refuses us.
    """
    async with (
        await connect(admin_dsn) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        found = await connection.fetchrow("SELECT pg_export_snapshot(), now(), current_setting('server_version')")
        assert found is not None
        name, now, version = found
        yield Snapshot(connection, name, now.astimezone(UTC), version)


async def has_tables(connection: asyncpg.Connection, schema: str) -> bool:
    """Tell whether a schema is there and has tables."""
    return bool(await connection.fetchval(_TABLES, schema))


async def describe(connection: asyncpg.Connection, service: str, schema: str, file: str) -> SchemaCopy:
    """Describe what a schema holds of its log, its cursors and its migrations.

    Args:
        connection: An administrator's.
        service: Whose schema it is; also its role.
        schema: Where it stands now.
        file: Of its copy.
    """
    async with connection.transaction():
        await connection.execute(f"SET LOCAL ROLE {_name(service)}")
        log = await connection.fetchrow(_LOG.format(schema=_name(schema)))
        cursors = await connection.fetch(_CURSORS.format(schema=_name(schema)))
        migrations = await connection.fetch(_MIGRATIONS.format(schema=_name(schema)))
    return SchemaCopy(
        service=service,
        file=file,
        migrations=tuple(MigrationCopy(**dict(row)) for row in migrations),
        log=None if log is None else LogCopy(**dict(log)),
        cursors=tuple(CursorCopy(**dict(row)) for row in cursors),
    )


async def put_aside(connection: asyncpg.Connection, schema: str, aside: str) -> None:
    """Rename a schema, so that it can be put back."""
    await connection.execute(f"ALTER SCHEMA {_name(schema)} RENAME TO {_name(aside)}")


async def drop(connection: asyncpg.Connection, schema: str) -> None:
    """Drop a schema with everything in it."""
    await connection.execute(f"DROP SCHEMA IF EXISTS {_name(schema)} CASCADE")


async def mark_restored(connection: asyncpg.Connection, service: str, backup: str) -> None:
    """Have the service open a new epoch at its next start, because its log was restored."""
    async with connection.transaction():
        await connection.execute(f"SET LOCAL ROLE {_name(service)}")
        await connection.execute(_MARK.format(schema=_name(service)), backup)


async def epochs_of(connection: asyncpg.Connection, service: str) -> list[Epoch]:
    """Read the epochs of a service's log."""
    async with connection.transaction():
        await connection.execute(f"SET LOCAL ROLE {_name(service)}")
        await connection.execute(f"SET LOCAL search_path TO {_name(service)}")
        return await read_epochs(_as_transaction(connection))


async def hash_at(connection: asyncpg.Connection, service: str, seq: int) -> str | None:
    """Read the hash of one row of a service's log; None where the log has no such row."""
    async with connection.transaction():
        await connection.execute(f"SET LOCAL ROLE {_name(service)}")
        found: str | None = await connection.fetchval(_HASH.format(schema=_name(service)), seq)
        return found


def _as_transaction(connection: asyncpg.Connection) -> Any:
    """The store's readers need nothing of a transaction but `fetch`."""
    return connection


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
