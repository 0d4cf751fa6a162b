"""Backups of a data folder with a real PostgreSQL: what is in them, what is refused, and that a failed restore changes nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from namespace.servers.backup.access import database_of
from namespace.servers.backup.manifest import CHECKSUM, MANIFEST, Manifest, read_manifest
from namespace.servers.backup.record import last_record
from namespace.servers.backup.restore import Restore, Wanted, checked, opened
from namespace.servers.backup.take import Source, take_backup
from namespace.servers.errors import ServerError
from namespace.servers.folder import DataFolder, write_private
from namespace.servers.postgres import Postgres
from namespace.servers.site import read_site
from namespace.store import Database, LogState, migrate, open_log, read_log
from namespace.testing.servers import scratch_folder
from tests.integration.store.logs import log_of, rolled_back

pytestmark = pytest.mark.timeout(180)

SITE_FILE = Path(__file__).parents[3] / "deploy" / "site" / "acme-dallas.yaml"
SERVICES = ("alpha", "beta")


def hush(_: str) -> None:
    """Nobody watches the progress."""


@dataclass
class Place:
    """A data folder with two services' schemas, whose site does not run."""

    folder: DataFolder
    url: str | None = None
    """The administrator's address of a server of somebody else; None for the folder's own."""

    @asynccontextmanager
    async def schema(self, service: str) -> AsyncIterator[Database]:
        async with database_of(self.folder, self.url, exclusive=True) as server:
            await server.admit(SERVICES)
            database = await Database.open(server.dsn(service), schema=service)
            try:
                await migrate(database, "namespace.store")
                yield database
            finally:
                await database.close()

    async def log_grows(self, service: str, count: int) -> None:
        async with self.schema(service) as database:
            await log_of(database, count)

    async def log(self, service: str) -> LogState:
        async with self.schema(service) as database, database.transaction() as tx:
            return await open_log(tx)

    async def backup(self, destination: Path) -> Manifest:
        source = Source(self.folder, read_site(SITE_FILE), SITE_FILE, SERVICES, self.url)
        return await take_backup(source, destination, hush)

    async def restore(self, backup: Path, wanted: Wanted | None = None) -> Restore:
        with opened(backup, beside=self.folder.root) as source:
            chosen = wanted or Wanted()
            job = Restore(source, checked(source, hush), self.folder, chosen, database_url=self.url, say=hush)
            await job.run()
        return job


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    with scratch_folder() as scratch:
        made = Place(DataFolder(scratch / "site"))
        await made.log_grows("alpha", 7)
        await made.log_grows("beta", 2)
        write_private(made.folder.root / "alpha" / "spool" / "1.spool", "readings")
        yield made


async def test_a_backup_goes_into_an_empty_folder_and_every_log_into_a_new_epoch(place: Place) -> None:
    before = await place.log("alpha")
    archive = place.folder.root.parent / "monday.tar"
    manifest = await place.backup(archive)
    copied = manifest.copy_of("alpha")
    assert copied is not None
    assert copied.log is not None
    assert (copied.log.epoch, copied.log.seq, copied.log.hash) == (before.epoch, 7, before.hash)
    assert archive.stat().st_mode & 0o077 == 0, "whoever reads it has the site's passwords"

    other = Place(DataFolder(place.folder.root.parent / "other"))
    await other.restore(archive)
    log = await other.log("alpha")
    assert (log.previous_epoch, log.fork_seq, log.seq, log.hash) == (before.epoch, 7, 7, before.hash)
    assert (other.folder.root / "alpha" / "spool" / "1.spool").read_text() == "readings"
    assert (await other.log("alpha")).epoch == log.epoch, "and only one"
    async with other.schema("alpha") as database:
        assert [row.seq for row in (await read_log(database, 1)).rows] == list(range(1, 8))
    record = last_record(other.folder)
    assert record is not None
    assert record.backup == manifest.backup


async def test_what_is_there_is_replaced_only_when_asked_for_and_then_kept_aside(place: Place) -> None:
    backup = place.folder.root.parent / "backup"
    await place.backup(backup)
    await place.log_grows("alpha", 0)
    write_private(place.folder.root / "alpha" / "spool" / "1.spool", "readings and more")
    write_private(place.folder.root / "accounts.json", "{}")
    with pytest.raises(ServerError, match="put aside, not deleted") as refused:
        await place.restore(backup)
    assert "alpha (log to seq 7)" in str(refused.value)
    job = await place.restore(backup, Wanted(only=("alpha",), force=True))
    record = last_record(place.folder)
    assert record is not None
    assert [each.service for each in record.replaced] == ["alpha"]
    assert (place.folder.root / "alpha" / "spool" / "1.spool").read_text() == "readings and more", "it has only grown"
    assert job.told == []
    assert (await place.log("alpha")).fork_seq == 7
    assert (await place.log("beta")).previous_epoch is None, "beta keeps what it has"
    async with database_of(place.folder, None, exclusive=True) as server:
        kept = await Database.open(server.dsn("alpha"), schema=record.kept[0])
        async with kept.transaction() as tx:
            assert await tx.fetchval("SELECT count(*) FROM event_log") == 7
        await kept.close()


async def test_a_restore_that_fails_leaves_everything_as_it_was(place: Place) -> None:
    backup = place.folder.root.parent / "backup"
    await place.backup(backup)
    async with place.schema("alpha") as database:
        await rolled_back(database, 3)
    spoilt = backup / "beta.dump"
    spoilt.write_bytes(spoilt.read_bytes()[:-200])
    signed_again(backup)
    with pytest.raises(ServerError, match="pg_restore"):
        await place.restore(backup, Wanted(force=True))
    log = await place.log("alpha")
    assert (log.seq, log.previous_epoch) == (3, None), "alpha was loaded, and is back"
    assert (await place.log("beta")).seq == 2
    fresh = Place(DataFolder(place.folder.root.parent / "fresh"))
    with pytest.raises(ServerError, match="pg_restore"):
        await fresh.restore(backup)
    assert last_record(fresh.folder) is None
    assert {each.name for each in fresh.folder.root.iterdir()} <= {"log", "run", "servers", "credentials", "alpha"}
    assert not list(fresh.folder.root.rglob("*.spool"))


async def test_a_server_of_somebody_else_whose_administrator_may_make_roles_and_no_more_is_enough(
    start_postgres: Callable[[], Postgres],
) -> None:
    first, second = await administered(start_postgres(), "first", "second")
    with scratch_folder() as scratch:
        place, backup = Place(DataFolder(scratch / "site"), first), scratch / "backup.tar"
        await place.log_grows("alpha", 7)
        before = await place.log("alpha")
        await place.backup(backup)
        await place.log_grows("alpha", 3)
        other = Place(DataFolder(scratch / "new machine"), first)
        with pytest.raises(ServerError, match=r"alpha \(log to seq 10\).*put aside, not deleted"):
            await other.restore(backup)
        assert (await place.log("alpha")).seq == 10, "the folder was empty, the database was not"

        await place.restore(backup, Wanted(force=True))
        log = await place.log("alpha")
        assert (log.previous_epoch, log.fork_seq, log.seq) == (before.epoch, 7, 7)
        record = last_record(place.folder)
        assert record is not None
        assert [(each.service, each.log and each.log.seq) for each in record.replaced] == [("alpha", 10)]
        assert len(record.kept) == 1

        moved = Place(DataFolder(scratch / "moved"), second)
        await moved.restore(backup)
        log = await moved.log("alpha")
        assert (log.previous_epoch, log.fork_seq, log.seq) == (before.epoch, 7, 7)
        assert not (moved.folder.root / "servers" / "postgres").exists(), "no server of its own was made"


async def administered(server: Postgres, *names: str) -> list[str]:
    """Make databases whose administrator is no superuser; return his addresses."""
    connection = await asyncpg.connect(server.dsn("postgres"))
    await connection.execute("CREATE ROLE keeper LOGIN CREATEROLE PASSWORD 'secret'")
    for name in names:
        await connection.execute(f"CREATE DATABASE {name} OWNER keeper")
    await connection.close()
    parts = [urlsplit(server.dsn(name)) for name in names]
    return [each._replace(netloc=f"keeper:secret@{each.netloc.rpartition('@')[2]}").geturl() for each in parts]


async def test_a_damaged_incomplete_or_newer_backup_is_refused_by_name(place: Place) -> None:
    parent = place.folder.root.parent
    backup = parent / "backup"
    await place.backup(backup)
    with pytest.raises(ServerError, match="there is something already"):
        await place.backup(backup)
    dump = backup / "alpha.dump"
    good = dump.read_bytes()
    dump.write_bytes(good[:100] + bytes([good[100] ^ 1]) + good[101:])
    with pytest.raises(ServerError, match="checksum is another one") as damaged:
        await place.restore(backup)
    assert str(dump) in str(damaged.value)
    dump.unlink()
    with pytest.raises(ServerError, match="damaged: No such file"):
        await place.restore(backup)
    dump.write_bytes(good)
    document = json.loads((backup / MANIFEST).read_text())
    document["schemas"][0]["migrations"].append({"package": "namespace.store", "number": 9999, "name": "9999_x.sql"})
    (backup / MANIFEST).write_text(json.dumps(document))
    with pytest.raises(ServerError, match=f"{MANIFEST}"):
        await place.restore(backup)
    signed_again(backup)
    with pytest.raises(ServerError, match="newer version"):
        await place.restore(backup)
    (backup / MANIFEST).unlink()
    with pytest.raises(ServerError, match="no complete backup"):
        await place.restore(backup)
    archive = parent / "cut.tar"
    archive.write_bytes(b"not a tar")
    with pytest.raises(ServerError, match="damaged"):
        await place.restore(archive)


def signed_again(backup: Path) -> None:
    """Give a backup that was altered the checksums of a good one."""
    document = json.loads((backup / MANIFEST).read_text())
    for each in document["files"]:
        content = (backup / each["path"]).read_bytes()
        each |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    text = json.dumps(document)
    (backup / MANIFEST).write_text(text)
    (backup / CHECKSUM).write_text(hashlib.sha256(text.encode()).hexdigest())
    assert read_manifest(backup)
