"""The files of a data folder that belong into a backup, and their way back.

Everything does, unless it is the business of a server of its own (the database is dumped, the broker's retained state is
made anew), a log, true only while the site runs, kept of an earlier restore, or an edge node's buffer: that is held by its
process alone, is of the moment, and the one that is there is newer than any copy. What is put back never costs what is
there: a file that has grown since stays, another one is moved aside.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from namespace.servers.backup.dump import no_room
from namespace.servers.backup.manifest import FileCopy, chunks
from namespace.servers.folder import DataFolder, open_private

FILES = "files"
RECOVERY = "recovery"
ASIDE = "before-restore"
_NOT_OURS = frozenset({"servers", "log", "run", "edge", RECOVERY})
_SECRETS_OF_SERVERS = Path("credentials/database")


def copy_files(folder: DataFolder, backup: Path, progress: Callable[[int], None]) -> list[FileCopy]:
    """Copy the data folder's files into the backup.

    Args:
        folder: The data folder.
        backup: Where the backup is made; left out where it lies inside.
        progress: Told the bytes copied.

    Raises:
        ServerError: The disk is full.
    """
    copies, done = [], 0
    for path in files_of(folder.root, leave_out=backup):
        relative = Path(FILES) / path.relative_to(folder.root)
        target = backup / relative
        digest, size = hashlib.sha256(), 0
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            source = chunks(path)
            with open_private(target) as stream:
                for chunk in source:
                    stream.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
        except FileNotFoundError:
            target.unlink(missing_ok=True)
            continue  # used up since it was listed: what was in it is in the database, which is copied later
        except OSError as error:
            raise no_room(error, target) from error
        done += size
        progress(done)
        copies.append(FileCopy(path=str(relative), size=size, sha256=digest.hexdigest()))
    return copies


def files_of(root: Path, *, leave_out: Path | None = None) -> Iterator[Path]:
    """Yield the files of a data folder that belong into a backup, in order."""
    for entry in sorted(root.iterdir()) if root.is_dir() else ():
        if entry.name in _NOT_OURS or entry.name.startswith((ASIDE, ".")) or entry.is_symlink():
            continue
        if entry.is_file():
            yield entry
            continue
        for folder, names, found in os.walk(entry):
            names[:] = sorted(name for name in names if Path(folder, name) != leave_out)
            if leave_out is not None and leave_out in {Path(folder), *Path(folder).parents}:
                continue
            yield from (Path(folder, name) for name in sorted(found) if not Path(folder, name).is_symlink())


def put_back(backup: Path, copies: Collection[FileCopy], folder: DataFolder, aside: Path) -> list[str]:
    """Put files of a backup into a data folder.

    Args:
        backup: The backup.
        copies: The files wanted.
        folder: The data folder.
        aside: Where files go that are replaced.

    Returns:
        What became of each file that was not simply put there, for people.

    Raises:
        OSError: The disk is full, or a right is missing.
    """
    told = []
    for copy in copies:
        relative = Path(copy.path).relative_to(FILES)
        source, target = backup / copy.path, folder.root / relative
        if target.exists():
            if relative.is_relative_to(_SECRETS_OF_SERVERS):
                continue  # the server that is there knows its own passwords, and nobody else's
            if _begins_with(target, source):
                continue
            (aside / relative).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            target.replace(aside / relative)
            told.append(f"{relative} was replaced; the one that was there is in {aside.name}")
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open_private(target) as stream:
            for chunk in chunks(source):
                stream.write(chunk)
    return told


def _begins_with(target: Path, source: Path) -> bool:
    """Tell whether a file is the other one, or has only grown since: a spool is appended to."""
    if target.stat().st_size < source.stat().st_size:
        return False
    with target.open("rb") as stream:
        return all(stream.read(len(chunk)) == chunk for chunk in chunks(source))
