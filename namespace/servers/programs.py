"""Where the programs we start lie, and how an unprivileged user gets at them.

Root's own folders are closed to others: a server that runs as `nobody` cannot read a virtual environment
under /root. Then, and only then, its program files are copied once per version to a folder of the system.
Nothing is downloaded.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from namespace.servers.errors import ServerError
from namespace.servers.process import RunAs

SYSTEM_FOLDER = Path("/var/lib/uns-mes")
"""Root's place for what servers must reach when the data folder or the environment is closed to them."""

_NOT_NEEDED = shutil.ignore_patterns("include", "*.a", "doc", "man", "locale", "pkgconfig")


def system_folder(*parts: str) -> Path:
    """Return (and make) a folder below `SYSTEM_FOLDER` that every user may enter."""
    folder = SYSTEM_FOLDER.joinpath(*parts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for each in (SYSTEM_FOLDER, *[SYSTEM_FOLDER.joinpath(*parts[: n + 1]) for n in range(len(parts))]):
            each.chmod(0o755)
    except OSError as error:
        raise ServerError(
            f"no place for server files that user nobody can reach: {error.strerror}",
            where=str(folder),
            remedy="Run as an ordinary user, or keep environment and data where others may enter (/srv).",
        ) from error
    return folder


def reachable(trees: Sequence[Path], *, name: str, run_as: RunAs) -> Path:
    """Return the folder that holds `trees` side by side where `run_as` can reach them: theirs, or a copy.

    Args:
        trees: Sibling folders of program files that are only ever read. Programs find their libraries by
            relative paths, so what belongs together is handed in together.
        name: Of the copy; it carries the version, so that an upgrade makes a new one.
        run_as: The user that must be able to enter them.
    """
    if run_as.can_enter(trees[0]):
        return trees[0].parent
    copy = system_folder("programs") / name
    if not copy.exists():
        fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=copy.parent))
        for tree in trees:
            shutil.copytree(tree, fresh / tree.name, symlinks=True, ignore=_NOT_NEEDED)
        fresh.chmod(0o755)
        try:
            fresh.rename(copy)
        except OSError:  # another process made it meanwhile
            shutil.rmtree(fresh, ignore_errors=True)
            if not copy.exists():
                raise
    return copy


def find_program(name: str, *, tools: Path | None = None) -> Path | None:
    """Find a server's program: in PATH, in the system's folders for servers, then among extracted packages.

    Args:
        name: The program, such as `mosquitto`.
        tools: Root of a tree that Debian packages were extracted into.
    """
    system = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which(name, path=system)
    if found is None and tools is not None:
        found = shutil.which(name, path=os.pathsep.join(str(tools / part) for part in ("usr/sbin", "usr/bin")))
    return Path(found) if found else None
