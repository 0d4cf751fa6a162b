"""Bring a schema to the version that this software needs: numbered .sql files, forward only.

Each file runs once, in a transaction of its own, under an advisory lock, so that instances that start
together take turns. What was applied is remembered with a checksum: a file that changed afterwards is
refused, and so is a schema that a newer version has migrated. There is no way back; a restored backup is the
way back.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import asyncpg

from namespace.store.database import Database, Session
from namespace.store.errors import ChecksumMismatch, MigrationError, SchemaMissing, SchemaTooNew
from namespace.store.queries import Queries

STORE_PACKAGE: Final = "namespace.store"
_FILE = re.compile(r"(?P<number>\d{4})_[a-z0-9_]+\.sql")


class _Sql(Queries):
    lock_migrations: str
    current_schema: str
    create_schema_migration: str
    applied_migrations: str
    record_migration: str


_SQL = _Sql.load(STORE_PACKAGE, "migrate.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file.

    Attributes:
        package: Package it belongs to; every package counts from 1.
        number: Its number.
        name: Its file name.
        sql: Its text.
    """

    package: str
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, the same with either kind of line end."""
        return hashlib.sha256(self.sql.replace("\r\n", "\n").encode()).hexdigest()


def migrations(package: str) -> list[Migration]:
    """List the files of `<package>/migrations`, in order.

    Raises:
        MigrationError: A file is misnamed, or the numbers have a gap or a repetition.
    """
    folder = files(package) / "migrations"
    found = []
    for entry in folder.iterdir() if folder.is_dir() else ():
        if not entry.name.endswith(".sql"):
            continue
        match = _FILE.fullmatch(entry.name)
        if match is None:
            raise MigrationError(f"{package}/migrations/{entry.name} is misnamed", "Name it like 0001_create.sql.")
        found.append(Migration(package, int(match["number"]), entry.name, entry.read_text(encoding="utf-8")))
    found.sort(key=lambda migration: migration.number)
    for expected, migration in enumerate(found, start=1):
        if migration.number != expected:
            raise MigrationError(
                f"{package}/migrations: {migration.name} comes where number {expected:04} is due",
                "Number the files from 0001 without gap or repetition.",
            )
    return found


async def migrate(database: Database, package: str | None) -> list[Migration]:
    """Apply what is missing: the store's own migrations first, then those of `package`.

    Args:
        database: The service's database.
        package: Package with a folder `migrations`, for example `services.work_order.adapters`; None where the
            tables every service has are enough.

    Returns:
        What was applied now, in order.

    Raises:
        SchemaMissing: The schema does not exist or the role may not create tables in it.
        SchemaTooNew: A newer version of the software has migrated it.
        ChecksumMismatch: An applied file has changed since.
        MigrationError: A file is misnumbered, or the database refused it (nothing of that file is applied).
        DatabaseUnavailable: No connection.
    """
    own = [] if package is None or package == STORE_PACKAGE else migrations(package)
    wanted = migrations(STORE_PACKAGE) + own
    done: list[Migration] = []
    async with database.session() as session:
        if await session.fetchval(_SQL.current_schema) is None:
            raise SchemaMissing(
                f"the schema {database.schema} does not exist in {database.address}",
                "Create it with its role (`uns up` does), or correct UNS_DATABASE_URL.",
            )
        await session.fetchval(_SQL.lock_migrations, database.schema)
        async with session.transaction() as tx:
            await tx.execute(_SQL.create_schema_migration)
        applied = {
            (row["package"], row["number"]): (row["name"], row["checksum"])
            for row in await session.fetch(_SQL.applied_migrations)
        }
        _check(database, wanted, applied)
        for migration in wanted:
            if (migration.package, migration.number) not in applied:
                await _apply(session, migration)
                done.append(migration)
    return done


def _check(database: Database, wanted: list[Migration], applied: Mapping[tuple[str, int], tuple[str, str]]) -> None:
    known = {(migration.package, migration.number): migration for migration in wanted}
    packages = {migration.package for migration in wanted}
    for key, (name, checksum) in sorted(applied.items()):
        package, number = key
        if package not in packages:
            continue
        if key not in known:
            newest = max((known_number for owner, known_number in known if owner == package), default=0)
            raise SchemaTooNew(
                f"the schema {database.schema} has migration {number:04} ({name}) of {package}, "
                f"this software ends at {newest:04}",
                "Start the newer version, or restore the backup that was made before it was installed.",
            )
        if known[key].checksum != checksum:
            raise ChecksumMismatch(
                f"migration {known[key].name} of {package} is not the one that was applied to the schema "
                f"{database.schema}",
                "Put the file back as it was and make the change a new migration.",
            )


async def _apply(session: Session, migration: Migration) -> None:
    try:
        async with session.transaction() as tx:
            await tx.execute(migration.sql)
            await tx.execute(
                _SQL.record_migration, migration.package, migration.number, migration.name, migration.checksum
            )
    except asyncpg.PostgresError as error:
        raise MigrationError(
            f"the database refused {migration.package}/migrations/{migration.name}: {error}",
            "Nothing of it was applied; correct the file or the role's rights and start again.",
        ) from error
