"""A Mosquitto of our own on loopback: password and topic rights for every account, no anonymous client.

The program comes from the machine or from Debian's package extracted without root. Who the accounts are and
what they may do is handed in; a change takes effect in the running broker at once. It restarts nothing by
itself.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path

from namespace.servers import ports, process, server
from namespace.servers.acl import BrokerAccount, render_acl, render_passwords
from namespace.servers.errors import ServerError
from namespace.servers.logfile import LogFile
from namespace.servers.process import RunAs
from namespace.servers.programs import find_program, reachable

SETTINGS = """\
# Written at every start; changes here are lost.
per_listener_settings false
listener {port} 127.0.0.1
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl
set_tcp_nodelay true
max_inflight_messages 100
# Beyond it messages are dropped silently. It has to hold every retained topic, which go to a subscriber in one piece.
max_queued_messages 250000
# What one client that never reads may cost; half a kilobyte for each of the messages above.
max_queued_bytes 134217728
# Of the whole packet: a larger one ends its connection before the broker takes any of it in.
max_packet_size 8454144
persistence true
persistence_location {folder}/state/
# Persistence is a snapshot; the default interval is half an hour.
autosave_interval 5
log_dest stderr
log_type error
log_type warning
log_type notice
connection_messages {connection_messages}
log_timestamp_format %Y-%m-%dT%H:%M:%SZ
"""

_OPEN_FILES = 65_536
"""One for each connection: a thousand edge nodes are more than the usual limit."""


class Mosquitto:
    """One Mosquitto broker on 127.0.0.1.

    Args:
        folder: Holds configuration, accounts and persistent state; `RunAs.unprivileged()` must be able to
            enter it.
        port: The TCP port to listen on.
        log_file: Receives the broker's log.
        tools: Root of a tree that Debian packages were extracted into, looked at when the machine has no
            Mosquitto.
        log_connections: Log every client that comes and goes.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        log_file: Path,
        tools: Path | None = None,
        log_connections: bool = True,
    ) -> None:
        self.folder = folder
        self.port = port
        self._tools = tools
        self._log = LogFile(log_file)
        self._log_connections = log_connections
        self._run_as = RunAs.unprivileged()
        self._process: subprocess.Popen[bytes] | None = None
        self._accounts: tuple[BrokerAccount, ...] = ()

    @property
    def pid(self) -> int | None:
        """The broker's process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def set_accounts(self, accounts: Iterable[BrokerAccount]) -> None:
        """Replace all accounts; a running broker reads them at once and cuts off who is gone."""
        write_accounts(self.folder, accounts, run_as=self._run_as)
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGHUP)

    def start(self, *, timeout_s: float = 15) -> None:
        """Start the broker and wait until it accepts connections; call it from the main thread.

        Raises:
            ServerError: The port is taken, the program is missing, or it refuses its configuration.
        """
        server.start(self, timeout_s=timeout_s)

    def prepare(self) -> None:
        """Write the configuration and make sure that nobody else has the port."""
        self._end_orphan()
        if not ports.is_free(self.port):
            raise ports.taken(self.port, "UNS_BROKER_PORT")
        try:
            self._write_configuration()
        except OSError as error:
            raise _explain("cannot write its files", str(error), self.folder, str(self.folder)) from error

    def spawn(self) -> None:
        """Start the broker process without waiting for it; call it from the main thread."""
        program, libraries = self._program()
        environment = {"TZ": "UTC", "PATH": os.defpath}
        if libraries:
            environment["LD_LIBRARY_PATH"] = os.pathsep.join(map(str, libraries))
        with self._log.open() as output:
            self._process = process.spawn(
                [program, "-c", self.folder / "mosquitto.conf"],
                run_as=self._run_as,
                output=output,
                env=environment,
                cwd=self.folder,
                open_files=_OPEN_FILES,
            )

    def is_ready_within(self, timeout_s: float) -> bool:
        """Wait until the broker accepts connections; False when it ended or the time is up."""
        running = self._process
        return running is not None and process.wait_for(running, lambda: ports.accepts(self.port), timeout_s=timeout_s)

    def stop(self, *, timeout_s: float = 10) -> None:
        """Stop the broker; it saves its state first."""
        if self._process is not None:
            process.stop(self._process, signal.SIGTERM, timeout_s=timeout_s)
            self._process = None

    def kill(self) -> None:
        """End the broker at once, as a power cut would; for tests of recovery."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def may_try_again(self) -> bool:
        """Nothing that stops a broker passes by itself."""
        return False

    def failure(self, what: str) -> ServerError:
        """Explain from the broker's log why it `what` (such as "did not start")."""
        said = self._log.since_start()
        if "Address already in use" in said:
            return ports.taken(self.port, "UNS_BROKER_PORT")
        return _explain(what, said, self.folder, str(self._log.path))

    def _write_configuration(self) -> None:
        state = self.folder / "state"
        state.mkdir(parents=True, exist_ok=True)
        state.chmod(0o700)
        self._run_as.own(state)
        text = SETTINGS.format(
            port=self.port, folder=self.folder, connection_messages=str(self._log_connections).lower()
        )
        _write_private(self.folder / "mosquitto.conf", text, self._run_as)
        for name in ("passwords", "acl"):
            if not (self.folder / name).exists():
                _write_private(self.folder / name, "", self._run_as)

    def _program(self) -> tuple[Path, list[Path]]:
        program = find_program("mosquitto", tools=self._tools)
        if program is None:
            raise ServerError(
                "no MQTT broker: the program mosquitto is not on this machine",
                where=f"PATH, /usr/sbin{'' if self._tools is None else f', {self._tools}'}",
                remedy="Run `make setup` (fetches it without root), install the package mosquitto, or point "
                "UNS_BROKER_URL at a broker.",
            )
        if self._tools is None or not program.is_relative_to(self._tools):
            return program, []
        stamp = hashlib.sha256(f"{program}:{program.stat().st_mtime_ns}".encode()).hexdigest()[:12]
        tree = reachable([self._tools], name=f"packages-{stamp}", run_as=self._run_as) / self._tools.name
        libraries = tree / "usr" / "lib"
        return tree / program.relative_to(self._tools), [*sorted(libraries.glob("*-linux-gnu*")), libraries]

    def _end_orphan(self) -> None:
        """End a broker on this folder that survived its supervisor (only where the system can tell us)."""
        configuration = str(self.folder / "mosquitto.conf")
        for pid in ports.process_ids():
            arguments = process.command_line(pid)
            if arguments and Path(arguments[0]).name == "mosquitto" and configuration in arguments:
                process.end_foreign(pid, signal.SIGTERM, timeout_s=10)


def write_accounts(folder: Path, accounts: Iterable[BrokerAccount], *, run_as: RunAs) -> None:
    """Write `passwords` and `acl` into `folder`, each in one step, readable by the broker's user alone."""
    known = tuple(sorted(accounts, key=lambda account: account.name))
    folder.mkdir(parents=True, exist_ok=True)
    _write_private(folder / "passwords", render_passwords(known), run_as)
    _write_private(folder / "acl", render_acl(known), run_as)


def _write_private(path: Path, text: str, run_as: RunAs) -> None:
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    run_as.own(fresh)
    fresh.replace(path)


def _explain(what: str, said: str, folder: Path, where: str) -> ServerError:
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return ServerError(
            f"the broker {what}: no space left on the disk",
            where=str(folder),
            remedy="Free some space, or move the site with UNS_DATA_DIR=/another/folder.",
        )
    errors = [line.strip() for line in said.splitlines() if "rror" in line] or said.strip().splitlines()
    complaint = errors[-1] if errors else "it said nothing"
    return ServerError(f"the broker {what}: {complaint}", where=where, remedy=f"The whole log is in {where}.")
