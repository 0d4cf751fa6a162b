"""Restoring a backup: all of a site into an empty data folder, or in place, or the schemas of some services alone.

Nothing that is there is destroyed before everything that is to come is in: schemas are put aside by renaming and renamed
back when loading fails, files are moved aside. What a restored log no longer knows is found out at the next start
(`namespace.store.witness`) and told by `namespace.servers.backup.report`.
"""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from namespace.contracts.registry import SERVICES
from namespace.servers.backup import schemas
from namespace.servers.backup.access import database_of
from namespace.servers.backup.dump import Progress, load_schema
from namespace.servers.backup.files import ASIDE, FILES, files_of, put_back
from namespace.servers.backup.manifest import Manifest, SchemaCopy, read_manifest, verify
from namespace.servers.backup.record import RestoreRecord, write_record
from namespace.servers.backup.take import Say
from namespace.servers.database import SiteDatabase
from namespace.servers.database_roles import connect
from namespace.servers.errors import ServerError
from namespace.servers.folder import DataFolder
from namespace.store import MigrationError
from namespace.store.migrate import migrations


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a backup is to be restored.

    Attributes:
        only: Services whose schemas alone are restored; empty for the whole site.
        force: Replace what is there.
        discard: Drop the schemas that were put aside, once everything is in.
    """

    only: tuple[str, ...] = ()
    force: bool = False
    discard: bool = False


@contextmanager
def opened(backup: Path, *, beside: Path) -> Iterator[Path]:
    """Give a backup as a folder, unpacked where it is a file.

    Args:
        backup: A folder, or a file that ends in `.tar`.
        beside: A file is unpacked into a folder next to this one, which is removed afterwards.

    Raises:
        ServerError: It is neither, or the file is damaged.
    """
    if backup.is_dir() or not backup.exists():
        yield backup
        return
    with tempfile.TemporaryDirectory(dir=beside.parent, prefix=f".{beside.name}.unpacked-") as scratch:
        try:
            with tarfile.open(backup) as archive:
                archive.extractall(scratch, filter="data")
        except (tarfile.TarError, EOFError) as error:
            raise ServerError(
                f"the backup is damaged: {error}",
                where=str(backup),
                remedy="Nothing was restored. Use another backup, or another copy of this one.",
            ) from error
        except OSError as error:
            raise ServerError(
                f"the backup cannot be unpacked: {error.strerror}",
                where=scratch,
                remedy="Make room there; nothing was restored.",
            ) from error
        yield Path(scratch)


def checked(backup: Path, say: Say) -> Manifest:
    """Read and verify a backup.

    Raises:
        ServerError: It is damaged, or of a newer version.
    """
    manifest = read_manifest(backup)
    verify(backup, manifest, lambda done, total: say(f"checking: {done / 1e6:.1f} of {total / 1e6:.1f} MB"))
    for schema in manifest.schemas:
        _require_known(schema, manifest)
    return manifest


class Restore:
    """One restore of a verified backup into a data folder whose site does not run.

    Args:
        backup: The backup, as a folder.
        manifest: Its description.
        folder: The data folder.
        wanted: What of it.
        database_url: Administrator's address of a foreign database.
        say: Shows progress.

    Attributes:
        told: What a person should know afterwards.
    """

    def __init__(
        self,
        backup: Path,
        manifest: Manifest,
        folder: DataFolder,
        wanted: Wanted,
        *,
        database_url: str | None,
        say: Say,
    ) -> None:
        self._backup = backup
        self._manifest = manifest
        self._folder = folder
        self._wanted = wanted
        self._database_url = database_url
        self._say = say
        self._now = datetime.now(UTC)
        self._chosen = [each for each in manifest.schemas if not wanted.only or each.service in wanted.only]
        self.told: list[str] = []

    async def run(self) -> RestoreRecord:
        """Restore.

        Raises:
            ServerError: It was not restored; everything is as it was before.
        """
        _require_present(self._wanted.only, self._manifest)
        _require_together(self._wanted.only, self._manifest)
        _require_room(self._folder, self._manifest)
        if any(files_of(self._folder.root)) or (self._folder.root / "servers" / "postgres").exists():
            replaced, kept = await self._load(in_place=True)
            self._put_files()
        else:
            self._put_files()  # first, so that a new cluster is made with the passwords of the old one
            try:
                replaced, kept = await self._load(in_place=False)
            except BaseException:
                _empty(self._folder)
                raise
        record = RestoreRecord(
            backup=self._manifest.backup,
            taken_at=self._manifest.taken_at,
            restored_at=self._now,
            schemas=tuple(self._chosen),
            replaced=tuple(replaced),
            kept=tuple(kept),
        )
        write_record(self._folder, record)
        return record

    def _put_files(self) -> None:
        wanted = [each for each in self._manifest.files if each.path.startswith(f"{FILES}/")]
        if self._wanted.only:  # a service's own folder has its name
            wanted = [each for each in wanted if Path(each.path).parts[1] in self._wanted.only]
        aside = self._folder.root / f"{ASIDE}-{self._now:%Y%m%dT%H%M%S}"
        self.told += put_back(self._backup, wanted, self._folder, aside)

    async def _load(self, *, in_place: bool) -> tuple[list[SchemaCopy], list[str]]:
        async with database_of(self._folder, self._database_url, exclusive=True) as database:
            await database.admit([each.service for each in self._manifest.schemas])
            async with await connect(database.admin_dsn) as connection:
                replaced = await _present(connection, self._chosen)
                if (replaced or in_place) and not self._wanted.force:
                    raise _occupied(self._folder, replaced)
                kept = await self._exchange(connection, database, {each.service for each in replaced})
                if self._wanted.discard:
                    for each in kept:
                        await schemas.drop(connection, each)
                    kept = []
        return replaced, kept

    async def _exchange(
        self, connection: asyncpg.Connection, database: SiteDatabase, present: Collection[str]
    ) -> list[str]:
        """Put what is there aside and load what is to come; on any failure everything is as before."""
        begun: list[tuple[str, str | None]] = []
        try:
            for schema in self._chosen:
                service = schema.service
                kept = f"{service}_before_{self._now:%Y%m%dt%H%M%S}" if service in present else None
                if kept is not None:
                    await schemas.put_aside(connection, service, kept)
                begun.append((service, kept))
                await database.admit([service])
                await load_schema(database.dsn(service), service, self._backup / schema.file, self._progress(service))
                if schema.log is not None:
                    await schemas.mark_restored(connection, service, self._manifest.backup)
        except BaseException:
            for service, kept in begun:
                await schemas.drop(connection, service)
                if kept is not None:
                    await schemas.put_aside(connection, kept, service)
            raise
        return [kept for _, kept in begun if kept is not None]

    def _progress(self, service: str) -> Progress:
        return lambda done: self._say(f"loading: {service} {done / 1e6:.1f} MB")


def _empty(folder: DataFolder) -> None:
    """Leave a folder as empty as it was before the restore."""
    for path in list(files_of(folder.root)):
        path.unlink()
    shutil.rmtree(folder.server("postgres"), ignore_errors=True)


async def _present(connection: asyncpg.Connection, chosen: Sequence[SchemaCopy]) -> list[SchemaCopy]:
    return [
        await schemas.describe(connection, each.service, each.service, "")
        for each in chosen
        if await schemas.has_tables(connection, each.service)
    ]


def _require_known(schema: SchemaCopy, manifest: Manifest) -> None:
    for package in {each.package for each in schema.migrations}:
        newest = max(each.number for each in schema.migrations if each.package == package)
        try:
            known = len(migrations(package))
        except (ModuleNotFoundError, MigrationError):
            continue  # a service that is not installed here: its own version will judge
        if newest > known:
            raise ServerError(
                f"the backup was made by a newer version ({manifest.version}): {package} has migration {newest:04} in "
                f"{schema.service}, this software ends at {known:04}",
                where=manifest.backup,
                remedy="Install that version or a newer one, then restore.",
            )


def _require_present(only: Sequence[str], manifest: Manifest) -> None:
    for service in only:
        if manifest.copy_of(service) is None:
            known = ", ".join(each.service for each in manifest.schemas)
            raise ServerError(
                f"the backup holds nothing of {service}", where=manifest.backup, remedy=f"It holds {known}."
            )


def _require_together(only: Sequence[str], manifest: Manifest) -> None:
    """Positions in the journal have no epochs: it goes back together with everybody who holds one, or not at all."""
    journals = {contract.service for contract in SERVICES if contract.is_primary_host}
    readers = {contract.service for contract in SERVICES if contract.reads_machines}
    missing = readers & {each.service for each in manifest.schemas} - set(only)
    if journals & set(only) and missing:
        raise ServerError(
            f"{', '.join(sorted(journals))} cannot be restored without {', '.join(sorted(missing))}, who catch up from its journal",
            where="--only",
            remedy="Name them as well: " + " ".join(f"--only {each}" for each in sorted(missing)) + ".",
        )


def _require_room(folder: DataFolder, manifest: Manifest) -> None:
    free = shutil.disk_usage(folder.root).free
    if free < manifest.database_bytes:
        raise ServerError(
            f"no room: {free / 1e6:.0f} MB free, the database had {manifest.database_bytes / 1e6:.0f} MB",
            where=str(folder.root),
            remedy="Make room, or restore into another data folder (UNS_DATA_DIR).",
        )


def _occupied(folder: DataFolder, replaced: Sequence[SchemaCopy]) -> ServerError:
    held = ", ".join(
        f"{each.service} (log to seq {each.log.seq})" if each.log is not None else each.service for each in replaced
    )
    return ServerError(
        f"there is a site already{': ' + held if held else ''}",
        where=str(folder.root),
        remedy="Restore into an empty folder (UNS_DATA_DIR), or replace it with --force: what is there is put aside, not deleted.",
    )
