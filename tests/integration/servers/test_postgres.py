"""The embedded PostgreSQL: first start, restart, crash, and what a person reads when it cannot start."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from namespace.servers import process
from namespace.servers.errors import ServerError
from namespace.servers.postgres import Postgres
from namespace.servers.process import RunAs
from namespace.testing.servers import NewDatabase, scratch_folder
from namespace.testing.site import eventually

StartPostgres = Callable[[], Postgres]


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch_folder() as made:
        yield made


def server_at(folder: Path, **options: bool) -> Postgres:
    return Postgres(folder, password="p@ss/word", log_file=folder / "postgres.log", **options)


async def test_it_listens_on_loopback_only_and_never_runs_as_root(start_postgres: StartPostgres) -> None:
    server = start_postgres()
    connection = await asyncpg.connect(server.dsn("postgres"))
    assert await connection.fetchval("SHOW listen_addresses") == "127.0.0.1"
    assert await connection.fetchval("SHOW unix_socket_directories") == ""
    await connection.close()
    assert server.pid is not None
    assert Path(f"/proc/{server.pid}").stat().st_uid == (RunAs.unprivileged().uid or os.getuid())
    assert Path(f"/proc/{server.pid}").stat().st_uid != 0


async def test_a_wrong_password_is_refused(start_postgres: StartPostgres) -> None:
    server = start_postgres()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(server.dsn("postgres").replace("only-for-tests", "guess"))


async def test_committed_rows_survive_a_kill_and_the_port_is_remembered(folder: Path) -> None:
    server = server_at(folder)
    server.start()
    try:
        port = server.port
        connection = await asyncpg.connect(server.dsn("postgres"))
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        server.kill()

        async def is_gone() -> bool:
            """Its children notice a moment later that the postmaster is dead."""
            try:
                await connection.execute("SELECT 1")
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                return True
            return False

        await eventually(is_gone, within_s=20, what="the connection lost with its server")
        connection.terminate()
        server.start()
        again = await asyncpg.connect(server.dsn("postgres"))
        assert await again.fetchval("SELECT answer FROM kept") == 42
        await again.close()
        assert server.port == port
    finally:
        server.stop()


async def test_a_taken_port_is_left_to_its_owner_and_another_is_chosen(folder: Path) -> None:
    server = server_at(folder, durable=False)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        (folder / "port").write_text(f"{taken}\n")
        server.start()
        server.stop()
        assert server.port != taken


def test_a_stale_lock_file_that_names_a_living_stranger_does_not_stop_it(folder: Path) -> None:
    server = server_at(folder, durable=False)
    server.start()
    server.kill()
    lock = folder / "data" / "postmaster.pid"
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    server.start()
    server.stop()


def test_a_server_that_survived_its_owner_is_ended_first(folder: Path) -> None:
    first, second = server_at(folder, durable=False), server_at(folder, durable=False)
    first.start()
    second.prepare()
    assert first.pid is None
    second.start()
    second.stop()


def test_it_dies_with_the_process_that_started_it(folder: Path) -> None:
    starter = (
        "import pathlib, sys, signal; from namespace.servers.postgres import Postgres;"
        "folder = pathlib.Path(sys.argv[1]);"
        "server = Postgres(folder, password='x', log_file=folder / 'log', durable=False);"
        "server.start(); print(server.pid, flush=True); signal.pause()"
    )
    with subprocess.Popen([sys.executable, "-c", starter, str(folder)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert process.command_line(pid) is not None
        parent.kill()
    for _ in range(400):
        if process.command_line(pid) is None:
            break
        process.pause(0.05)
    assert process.command_line(pid) is None


def test_a_full_disk_is_named_with_the_way_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in says and does what initdb said and did on a tmpfs of 8 MB."""
    initdb = folder / "initdb"
    message = 'FATAL:  could not write to file "pg_wal/xlogtemp.7": No space left on device'
    initdb.write_text(f"#!/bin/sh\necho '2026-11-21 21:28:18.191 UTC [7] {message}' >&2\nexit 1\n")
    initdb.chmod(0o755)
    server = server_at(folder)
    monkeypatch.setattr(server, "_program", lambda _name: initdb)
    with pytest.raises(ServerError) as caught:
        server.start()
    assert "no space left" in caught.value.what
    assert str(folder) in caught.value.where
    assert "UNS_DATA_DIR" in caught.value.remedy
    assert not list(folder.glob("data*"))


def test_data_of_another_major_version_is_refused_before_anything_is_touched(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "PG_VERSION").write_text("15\n")
    with pytest.raises(ServerError, match="written by PostgreSQL 15"):
        server_at(folder).start()
    assert [each.name for each in (folder / "data").iterdir()] == ["PG_VERSION"]


async def test_a_service_role_has_its_schema_and_nothing_else(new_database: NewDatabase) -> None:
    mine, theirs = await new_database("oee"), await new_database("work_order")
    connection = await asyncpg.connect(mine.dsn)
    try:
        await connection.execute("CREATE TABLE state (id int)")
        for refused in (
            f"CREATE TABLE {theirs.schema}.intruder (id int)",
            "CREATE TABLE public.intruder (id int)",
            f"SET ROLE {theirs.schema}",
            "CREATE ROLE intruder",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(refused)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(mine.dsn.rpartition("/")[0] + "/postgres")
    finally:
        await connection.close()
