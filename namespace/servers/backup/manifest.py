"""What a backup says about itself: whose it is, how far every log and consumer was, and a checksum of every file.

The manifest is written last, so a folder without one is no backup. It knows nothing of how the copies are made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from namespace.servers.errors import ServerError

MANIFEST = "manifest.json"
CHECKSUM = "manifest.sha256"
FORMAT = 1
_CHUNK_BYTES = 1 << 20


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class LogCopy(_Model):
    """How far a service's own event log was: its epoch, last row and that row's hash."""

    epoch: UUID
    previous_epoch: UUID | None
    fork_seq: int | None
    seq: int
    hash: str


class CursorCopy(_Model):
    """How far a consumer had applied a producer's log."""

    producer: str
    epoch: UUID | None
    seq: int
    hash: str
    parked: int


class MigrationCopy(_Model):
    """One migration that a schema had."""

    package: str
    number: int
    name: str


class SchemaCopy(_Model):
    """One service's schema."""

    service: str
    file: str
    migrations: tuple[MigrationCopy, ...]
    log: LogCopy | None
    cursors: tuple[CursorCopy, ...]


class FileCopy(_Model):
    """One file of the backup."""

    path: str
    size: int
    sha256: str


class Manifest(_Model):
    """A whole backup.

    Attributes:
        format: Version of this description.
        backup: The backup's id.
        version: Of the software that made it.
        server_version: Of the PostgreSQL that it was taken from.
        enterprise: The site's enterprise.
        site: The site.
        taken_at: The one instant that every schema is a copy of, UTC.
        database_bytes: What the schemas took on the disk.
        schemas: Every service's schema.
        files: Every file of the backup but the manifest.
    """

    format: Literal[1] = 1
    backup: str
    version: str
    server_version: str
    enterprise: str
    site: str
    taken_at: datetime
    database_bytes: int
    schemas: tuple[SchemaCopy, ...]
    files: tuple[FileCopy, ...]

    def copy_of(self, service: str) -> SchemaCopy | None:
        """Return the copy of one service's schema."""
        return next((each for each in self.schemas if each.service == service), None)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest with its own checksum."""
    text = manifest.model_dump_json(indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    (folder / CHECKSUM).write_text(hashlib.sha256(text.encode()).hexdigest() + "\n", encoding="ascii")


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a backup.

    Raises:
        ServerError: There is none, it is damaged, or a newer version wrote it.
    """
    try:
        text = (folder / MANIFEST).read_bytes()
        expected = (folder / CHECKSUM).read_text(encoding="ascii").strip()
    except OSError as error:
        raise ServerError(
            f"this is no complete backup: {error.strerror}",
            where=str(error.filename or folder),
            remedy="Name the folder or file that `uns backup` has written; one that was cut short has no manifest.",
        ) from error
    if hashlib.sha256(text).hexdigest() != expected:
        raise _damaged(folder / MANIFEST)
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        raise ServerError(
            f"this version cannot read the backup's description ({error.error_count()} problems)",
            where=str(folder / MANIFEST),
            remedy=f"It reads format {FORMAT}; restore with the version that made the backup, or a newer one.",
        ) from error


def verify(folder: Path, manifest: Manifest, progress: Callable[[int, int], None]) -> None:
    """Compare every file with its checksum.

    Args:
        folder: The backup.
        manifest: Its description.
        progress: Told the bytes done and the bytes in all.

    Raises:
        ServerError: A file is missing or damaged; the message names the first.
    """
    total, done = sum(each.size for each in manifest.files), 0
    for each in manifest.files:
        path = folder / each.path
        digest = hashlib.sha256()
        try:
            for chunk in chunks(path):
                digest.update(chunk)
                done += len(chunk)
                progress(done, total)
        except OSError as error:
            raise _damaged(path, error.strerror or "cannot be read") from error
        if digest.hexdigest() != each.sha256:
            raise _damaged(path)


def chunks(path: Path) -> Iterator[bytes]:
    """Read a file in pieces."""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk


def _damaged(path: Path, how: str = "its checksum is another one") -> ServerError:
    return ServerError(
        f"the backup is damaged: {how}",
        where=str(path),
        remedy="Nothing was restored. Use another backup, or another copy of this one.",
    )
