"""A whole site for a test: `uns up` as a child process on free ports in a folder of its own, and a guest client beside it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from namespace.contracts.command import Command, CommandResponse
from namespace.contracts.registry import SERVICES
from namespace.isa95 import SiteModel, load_site
from namespace.runtime import SiteClient
from namespace.servers import ports
from namespace.servers.site_state import SiteState
from namespace.testing.servers import scratch_folder
from namespace.transport import BrokerUrl
from namespace.transport.stream import StreamTransport

T = TypeVar("T")

_UNS = (sys.executable, "-m", "namespace.cli")
_READY_S = 60.0
_STOP_S = 30.0


async def eventually(
    probe: Callable[[], Awaitable[T | None]], *, within_s: float, what: str | Callable[[], str], every_s: float = 0.05
) -> T:
    """Return the first result of `probe` that is not None or False.

    Args:
        probe: Looks at the world.
        within_s: Patience, in seconds.
        what: What is waited for, for the failure's message; a function is asked at the moment of failure.
        every_s: Seconds between two looks.

    Raises:
        AssertionError: It did not come about in time.
    """
    last: object = None
    try:
        async with asyncio.timeout(within_s):
            while True:
                last = await probe()
                if last is not None and last is not False:
                    return last
                await asyncio.sleep(every_s)
    except TimeoutError:
        msg = f"not within {within_s:g} s: {what if isinstance(what, str) else what()}"
        raise AssertionError(msg) from None


@dataclass
class RunningSite:
    """A site that runs.

    Attributes:
        folder: Its data folder.
        model: Its site file.
        process: `uns up`.
        log: What it prints.
        environment: That of `uns up`, with which other `uns` commands find the site.
    """

    folder: Path
    model: SiteModel
    process: subprocess.Popen[bytes]
    log: Path
    environment: Mapping[str, str]

    def state(self) -> SiteState:
        """Return what the site says about itself now."""
        return SiteState.model_validate_json((self.folder / "run" / "site.json").read_text(encoding="utf-8"))

    def pid_of(self, name: str) -> int:
        """Return the process id of a service, or of `broker` or `database`."""
        state = self.state()
        servers = {"broker": state.broker.pid, "database": state.database.pid}
        pid = servers.get(name) or next((s.pid for s in state.services if s.name == name), None)
        if pid is None:
            msg = f"{name} has no process now"
            raise LookupError(msg)
        return pid

    def kill(self, name: str) -> int:
        """End a service, `broker` or `database` with SIGKILL; return its process id."""
        pid = self.pid_of(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    async def ready(self, *, within_s: float = _READY_S) -> SiteState:
        """Wait until every service is ready."""

        async def probe() -> SiteState | None:
            if self.process.poll() is not None:
                msg = f"uns up ended with {self.process.returncode}:\n{self.tail()}"
                raise AssertionError(msg)
            try:
                state = self.state()
            except OSError:
                return None
            return state if state.ready and state.services else None

        return await eventually(probe, within_s=within_s, what=lambda: f"every service ready\n{self.standing()}")

    async def back(self, name: str, dead_pid: int, *, within_s: float = _READY_S) -> None:
        """Wait until a service or server that was killed has a new process, and everything is ready again."""

        async def probe() -> bool:
            try:
                return self.pid_of(name) != dead_pid and self.state().ready
            except (LookupError, OSError):
                return False

        await eventually(probe, within_s=within_s, what=lambda: f"{name} back\n{self.standing()}")

    def log_cursor(self, consumer: str, producer: str) -> int:
        """Return the last event of `producer`'s log that `consumer` has applied, as its metrics tell; 0 before the first."""
        port = next(service.health_port for service in self.state().services if service.name == consumer)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            found = re.search(rf'uns_log_cursor\{{log="{producer}"\}} (\S+)', answer.read().decode())
        return int(float(found.group(1))) if found else 0

    def standing(self) -> str:
        """Return how every service stands and the end of what the site printed, for the message of a failure."""
        try:
            services = self.state().services
        except OSError:
            services = []
        lines = [f"{each.name} ({each.pid}) {each.phase} {'; '.join(each.reasons)}" for each in services]
        return "\n".join((*lines, self.tail()))

    def tail(self, lines: int = 40) -> str:
        """Return the end of what the site printed."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    def broker_url(self, account: str = "cli") -> BrokerUrl:
        """Return the address with which a service (or `cli`) signs in at the broker."""
        return BrokerUrl.parse((self.folder / "run" / account / "broker_url").read_text(encoding="utf-8").strip())

    def transport(self, account: str = "cli", client_id: str | None = None) -> StreamTransport:
        """Return a way to the broker with an account of the site."""
        return StreamTransport(self.broker_url(account), client_id=client_id or f"test-{uuid4().hex[:12]}")

    async def run(self, *arguments: str) -> tuple[int, str]:
        """Run a `uns` command against the site; return its exit code and what it wrote."""
        return await run_uns(self.environment, *arguments)

    def client(self) -> SiteClient:
        """Return a guest that may ask everything and command every service."""
        commanded = frozenset(contract.service for contract in SERVICES)
        return SiteClient(self.transport(), self.model.path, "mes-cli", commands=commanded)

    @asynccontextmanager
    async def guest(self) -> AsyncIterator[SiteClient]:
        """Keep a guest connected while the context is open."""
        client = self.client()
        async with client.connected():
            yield client


async def send(
    client: SiteClient,
    name: str,
    subject: str,
    args: Mapping[str, Any] | None = None,
    *,
    service: str = "work_order",
    expected_version: int | None = None,
    timeout_s: float = 30.0,
) -> CommandResponse:
    """Send one command as the person `tester` and return its answer."""
    now = datetime.now(UTC)
    command = Command(
        command_id=uuid4(),
        name=name,
        subject=subject,
        args=args or {},
        expected_version=expected_version,
        actor="tester",
        issued_at=now,
        expires_at=now + timedelta(minutes=5),
    )
    return await client.commands.send(service, command, timeout_s=timeout_s)


async def run_uns(environment: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """Run a `uns` command; return its exit code and what it wrote."""
    process = await asyncio.create_subprocess_exec(
        *_UNS, *arguments, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    written, _ = await process.communicate()
    return process.returncode or 0, written.decode()


@contextmanager
def running_site(
    site_file: Path,
    *,
    without: Sequence[str] = (),
    options: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    scratch: Path | None = None,
) -> Iterator[RunningSite]:
    """Run a site in a folder of its own; it is stopped, in order, at the end.

    Args:
        site_file: The site file.
        without: Services to leave out.
        options: Further options of `uns up`, such as `--all-in-one`.
        environment: Further `UNS_*` settings.
        scratch: Where its folder is, to run it there again; one that is removed at the end by default.
    """
    with scratch_folder() if scratch is None else nullcontext(scratch) as place:
        folder, log = place / "site", place / "uns.log"
        settings = {
            "UNS_SITE_FILE": str(site_file),
            "UNS_DATA_DIR": str(folder),
            "UNS_BROKER_PORT": str(ports.free_port()),
            "UNS_CONSOLE_PORT": str(ports.free_port()),
            **(environment or {}),
        }
        left_out = [word for name in without for word in ("--without", name)]
        whole = {**os.environ, **settings}
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*_UNS, "up", *left_out, *options],
                env=whole,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            model = load_site(site_file.read_text(encoding="utf-8"), str(site_file))
            try:
                yield RunningSite(folder, model, process, log, whole)
            finally:
                _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_STOP_S)
