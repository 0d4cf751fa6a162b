"""One schema to a file and back, by PostgreSQL's own tools from the wheel that brings the server.

The tools work in the name of the schema's own role and through a pipe, so that they need no right to our files and we
see every byte: progress, checksum and a full disk are ours to notice.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from namespace.servers.backup.manifest import FileCopy, chunks
from namespace.servers.database_roles import without_password
from namespace.servers.errors import ServerError
from namespace.servers.folder import open_private
from namespace.servers.postgres import program
from namespace.servers.process import RunAs

Progress = Callable[[int], None]
"""Told how many bytes were moved so far."""

_CHUNK_BYTES = 1 << 18
_COMPRESSION = "gzip:1"  # a quarter of the time of the default for a tenth more bytes


async def dump_schema(dsn: str, schema: str, snapshot: str, path: Path, progress: Progress) -> FileCopy:
    """Write one schema as it is in a snapshot.

    Args:
        dsn: Address with which the schema's role signs in.
        schema: The schema.
        snapshot: Name of the snapshot, which must stay open.
        path: The new file.
        progress: Told the bytes written.

    Raises:
        ServerError: The server, the tool or the disk refuses.
    """
    command = ["--format=custom", f"--compress={_COMPRESSION}", f"--schema={schema}", f"--snapshot={snapshot}"]
    tool = await _start("pg_dump", dsn, [*command, "--no-owner", "--no-privileges"])
    assert tool.stdout is not None
    digest, size = hashlib.sha256(), 0
    said = asyncio.create_task(_said(tool))
    try:
        with open_private(path) as stream:
            while chunk := await tool.stdout.read(_CHUNK_BYTES):
                stream.write(chunk)
                digest.update(chunk)
                size += len(chunk)
                progress(size)
            os.fsync(stream.fileno())
    except OSError as error:
        tool.kill()
        raise no_room(error, path) from error
    finally:
        complaint = await said
        await tool.wait()
    if tool.returncode:
        raise _refused("pg_dump", complaint, dsn)
    return FileCopy(path=path.name, size=size, sha256=digest.hexdigest())


async def load_schema(dsn: str, schema: str, path: Path, progress: Progress) -> None:
    """Fill an empty schema from a file.

    Args:
        dsn: Address with which the schema's role signs in.
        schema: The schema, which is there and empty.
        path: The file.
        progress: Told the bytes read.

    Raises:
        ServerError: The server or the tool refuses; what was loaded until then stays in the schema.
    """
    command = ["--format=custom", f"--schema={schema}", "--exit-on-error", "--no-owner", "--no-privileges"]
    database = urlsplit(dsn).path.lstrip("/")
    tool = await _start("pg_restore", dsn, [*command, f"--dbname={database}"])
    assert tool.stdin is not None
    said = asyncio.create_task(_said(tool))
    done = 0
    try:
        for chunk in chunks(path):
            tool.stdin.write(chunk)
            await tool.stdin.drain()
            done += len(chunk)
            progress(done)
        tool.stdin.close()
        await tool.stdin.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        pass  # it has said why
    complaint = await said
    await tool.wait()
    if tool.returncode:
        raise _refused("pg_restore", complaint, dsn)


def no_room(error: OSError, path: Path) -> ServerError:
    """Explain why a file could not be written."""
    return ServerError(
        f"cannot write the backup: {error.strerror}",
        where=str(path),
        remedy="Make room there, or choose another place; nothing of this attempt is a backup.",
    )


async def _start(name: str, dsn: str, arguments: list[str]) -> asyncio.subprocess.Process:
    parts = urlsplit(dsn)
    run_as = RunAs.unprivileged()
    # Everything by environment: a password on the command line could be read by everybody.
    environment = {
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": parts.path.lstrip("/"),
        "PGCONNECT_TIMEOUT": "10",
        "LC_ALL": "C",
        "PATH": os.defpath,
    }
    return await asyncio.create_subprocess_exec(
        str(program(name, run_as)),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        cwd="/",
        user=run_as.uid,
        group=run_as.gid,
        extra_groups=None if run_as.uid is None else [],
    )


async def _said(tool: asyncio.subprocess.Process) -> str:
    assert tool.stderr is not None
    return (await tool.stderr.read()).decode(errors="replace").strip()


def _refused(name: str, complaint: str, dsn: str) -> ServerError:
    first = next((line for line in complaint.splitlines() if "error" in line), complaint or "it said nothing")
    text = first.partition("error: ")[2] or first
    if "No space left on device" in complaint or "could not extend file" in complaint:
        remedy = "Make room on the disk of the database, and start again."
    elif "server version" in complaint or "unsupported version" in complaint:
        remedy = "The server is newer than our tools; use its own pg_dump and pg_restore, or a newer uns-mes."
    else:
        remedy = "Correct that, and start again; nothing has changed."
    return ServerError(f"{name}: {text}", where=without_password(dsn), remedy=remedy)
