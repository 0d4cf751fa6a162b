"""Taking a backup: one instant of every schema, and the files of the data folder, while the site runs.

Files are copied before the instant of the database: what a service moves from a file into its tables meanwhile is then in
both, which every reader of spools bears, and never in neither.
"""

from __future__ import annotations

import hashlib
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from namespace.isa95 import SiteModel
from namespace.servers.backup.access import database_of
from namespace.servers.backup.dump import dump_schema, no_room
from namespace.servers.backup.files import copy_files
from namespace.servers.backup.manifest import FileCopy, Manifest, SchemaCopy, read_manifest, write_manifest
from namespace.servers.backup.schemas import snapshot
from namespace.servers.database import SiteDatabase
from namespace.servers.errors import ServerError
from namespace.servers.folder import DataFolder, open_private
from namespace.version import VERSION

SITE_FILE = "site.yaml"
_SMALLEST_SHARE = 8
"""A dump takes a fraction of what its tables take; with less than one part in so many free it is not begun."""

Say = Callable[[str], None]
"""Shows a person one line of progress."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up.

    Attributes:
        folder: The data folder.
        model: The site.
        site_file: The site file, copied as well.
        services: Whose schemas belong to the site.
        database_url: Administrator's address of a foreign database.
    """

    folder: DataFolder
    model: SiteModel
    site_file: Path
    services: tuple[str, ...]
    database_url: str | None


async def take_backup(source: Source, destination: Path, say: Say) -> Manifest:
    """Write a backup.

    Args:
        source: Of what.
        destination: A folder that is not there yet or empty; or a file that ends in `.tar`.
        say: Shows progress.

    Raises:
        ServerError: It cannot be written, or the database refuses; nothing is left at `destination`.
    """
    _require_free(destination)
    partial = destination.with_name(f".{destination.name}.partial")
    try:
        _make_anew(partial)
        manifest = await _write(source, partial, say)
        _put_in_place(partial, destination, say)
    except OSError as error:
        raise no_room(error, destination) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return manifest


async def _write(source: Source, target: Path, say: Say) -> Manifest:
    async with database_of(source.folder, source.database_url, exclusive=False) as database:
        files = copy_files(source.folder, target, lambda done: say(f"files: {_size(done)}"))
        files.append(_copy_site_file(source.site_file, target))
        async with snapshot(database.admin_dsn) as instant:
            present = await instant.filled(source.services)
            size = await instant.size(present)
            _require_room(target, size)
            schemas: list[SchemaCopy] = []
            for service in present:
                schemas.append(await instant.schema(service, f"{service}.dump"))
                files.append(await _dump(database, service, instant.name, target, say))
            manifest = Manifest(
                backup=f"{instant.taken_at:%Y%m%dT%H%M%SZ}-{uuid4().hex[:8]}",
                version=VERSION,
                server_version=instant.server_version,
                enterprise=source.model.enterprise,
                site=source.model.site,
                taken_at=instant.taken_at,
                database_bytes=size,
                schemas=tuple(schemas),
                files=tuple(files),
            )
    write_manifest(target, manifest)
    return read_manifest(target)


async def _dump(database: SiteDatabase, service: str, snapshot_name: str, target: Path, say: Say) -> FileCopy:
    return await dump_schema(
        database.dsn(service),
        service,
        snapshot_name,
        target / f"{service}.dump",
        lambda done: say(f"database: {service} {_size(done)}"),
    )


def _copy_site_file(site_file: Path, target: Path) -> FileCopy:
    text = site_file.read_bytes()
    (target / SITE_FILE).write_bytes(text)
    return FileCopy(path=SITE_FILE, size=len(text), sha256=hashlib.sha256(text).hexdigest())


def _make_anew(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)


def _put_in_place(partial: Path, destination: Path, say: Say) -> None:
    if destination.suffix == ".tar":
        say(f"packing {destination.name}")
        _pack(partial, destination)
        return
    if destination.exists():
        destination.rmdir()
    partial.rename(destination)


def _pack(source: Path, destination: Path) -> None:
    fresh = destination.with_name(f".{destination.name}.new")
    try:
        with open_private(fresh) as stream, tarfile.open(fileobj=stream, mode="w") as archive:
            archive.add(source, arcname=".")
        fresh.replace(destination)
    finally:
        fresh.unlink(missing_ok=True)


def _require_free(destination: Path) -> None:
    if destination.exists() and (destination.is_file() or any(destination.iterdir())):
        raise ServerError(
            "there is something already",
            where=str(destination),
            remedy="Name a folder that is empty or not there yet, or a new file that ends in .tar.",
        )


def _require_room(target: Path, database_bytes: int) -> None:
    free = shutil.disk_usage(target).free
    if free < database_bytes // _SMALLEST_SHARE:
        raise ServerError(
            f"no room for a backup: {_size(free)} free, the database has {_size(database_bytes)}",
            where=str(target.parent),
            remedy="Make room there, or choose another place.",
        )


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
