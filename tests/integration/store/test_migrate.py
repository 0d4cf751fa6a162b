"""Migrations: once each, in order, never a changed one, never against a newer schema."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from namespace.store import (
    ChecksumMismatch,
    Database,
    MigrationError,
    SchemaMissing,
    SchemaTooNew,
    migrate,
)
from namespace.testing.servers import NewDatabase

WritePackage = Callable[[dict[str, str]], str]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WritePackage:
    """Makes (and, called again, changes) a package with the given files in `migrations/`."""
    name = f"migrations_{tmp_path.name}"
    folder = tmp_path / name
    (folder / "migrations").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(files: dict[str, str]) -> str:
        for old in (folder / "migrations").iterdir():
            old.unlink()
        for file, text in files.items():
            (folder / "migrations" / file).write_text(text)
        return name

    return write


ONE = {"0001_create.sql": "CREATE TABLE thing (n integer); INSERT INTO thing VALUES (1);"}
TWO = ONE | {"0002_more.sql": "INSERT INTO thing VALUES (2);"}


async def things(database: Database) -> list[int]:
    async with database.transaction() as tx:
        return [record["n"] for record in await tx.fetch("SELECT n FROM thing ORDER BY n")]


async def test_each_file_runs_once_after_the_stores_own(database: Database, package: WritePackage) -> None:
    assert [done.name for done in await migrate(database, package(ONE))] == ["0001_create.sql"]
    assert await migrate(database, package(ONE)) == []
    assert [done.name for done in await migrate(database, package(TWO))] == ["0002_more.sql"]
    assert await things(database) == [1, 2]


async def test_an_empty_schema_gets_the_stores_tables_first(new_database: NewDatabase, package: WritePackage) -> None:
    place = await new_database()
    database = await Database.open(place.dsn, schema=place.schema)
    done = await migrate(database, package({"0001_view.sql": "CREATE VIEW waiting AS SELECT * FROM outbox"}))
    assert next(migration.package for migration in done) == "namespace.store"
    assert done[-1].name == "0001_view.sql"
    await database.close()


async def test_instances_that_start_together_take_turns(database: Database, package: WritePackage) -> None:
    name = package(TWO)
    done = await asyncio.gather(*(migrate(database, name) for _ in range(4)))
    assert sorted(len(each) for each in done) == [0, 0, 0, 2]
    assert await things(database) == [1, 2]


async def test_a_changed_file_is_refused_and_a_changed_line_end_is_not(
    database: Database, package: WritePackage
) -> None:
    await migrate(database, package({"0001_create.sql": "CREATE TABLE thing\n(n integer)"}))
    assert await migrate(database, package({"0001_create.sql": "CREATE TABLE thing\r\n(n integer)"})) == []
    with pytest.raises(ChecksumMismatch, match=r"0001_create\.sql .* is not the one .* Put the file back"):
        await migrate(database, package({"0001_create.sql": "CREATE TABLE thing (m integer)"}))


async def test_a_schema_of_a_newer_version_is_left_alone(database: Database, package: WritePackage) -> None:
    await migrate(database, package(TWO))
    with pytest.raises(SchemaTooNew, match=r"0002 \(0002_more\.sql\) .* ends at 0001\. Start the newer version"):
        await migrate(database, package(ONE))
    assert await things(database) == [1, 2]


async def test_a_refused_file_leaves_nothing_and_what_came_before_it_stays(
    database: Database, package: WritePackage
) -> None:
    broken = ONE | {"0002_more.sql": "INSERT INTO thing VALUES (2); SELECT nonsense;"}
    with pytest.raises(MigrationError, match=r"0002_more\.sql.*nonsense"):
        await migrate(database, package(broken))
    assert await things(database) == [1]
    assert [done.number for done in await migrate(database, package(TWO))] == [2]


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"1_create.sql": ""}, "misnamed"),
        ({"0002_create.sql": ""}, "number 0001 is due"),
        ({"0001_a.sql": "", "0001_b.sql": ""}, "number 0002 is due"),
    ],
)
async def test_misnumbered_files_are_refused_before_anything_runs(
    database: Database, package: WritePackage, files: dict[str, str], problem: str
) -> None:
    with pytest.raises(MigrationError, match=problem):
        await migrate(database, package(files))


async def test_a_schema_that_does_not_exist_is_named(new_database: NewDatabase, package: WritePackage) -> None:
    place = await new_database()
    database = await Database.open(place.dsn, schema="nowhere")
    with pytest.raises(SchemaMissing, match=r"nowhere does not exist.*uns up"):
        await migrate(database, package(ONE))
    await database.close()
