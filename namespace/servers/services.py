"""The services of a site as processes: found by entry point, started, restarted, their output read.

It knows a service by its name and package alone and imports none of them.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from namespace.servers.process import follow_parent
from namespace.servers.site_state import Phase, ServiceStatus

ENTRY_POINTS = "uns_mes.services"
_LINE_LIMIT = 2**20
_CANNOT_START = 2  # what a service exits with when starting it again would not help
_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 30.0
_SETTLED_S = 60.0


@dataclass(frozen=True, slots=True)
class ServiceInfo:
    """A service as the distribution announces it."""

    name: str
    """`work_order`: also its database role and schema."""
    package: str
    """`services.work_order`: started with `python -m`."""


def installed_services() -> tuple[list[ServiceInfo], list[ServiceInfo]]:
    """Return the services that can be started, and those announced whose package is missing."""
    announced = [ServiceInfo(entry.name, entry.value) for entry in importlib.metadata.entry_points(group=ENTRY_POINTS)]
    announced.sort(key=lambda service: service.name)
    there = [service for service in announced if _is_there(service.package)]
    return there, [service for service in announced if service not in there]


def _is_there(package: str) -> bool:
    try:
        return importlib.util.find_spec(f"{package}.__main__") is not None
    except ModuleNotFoundError:
        return False


class ServiceProcess:
    """Keeps one service running until told to stop.

    Args:
        service: Which.
        status: Kept up to date: phase, process id, number of restarts.
        env: Its whole environment.
        on_line: Called with every line it writes.
        on_change: Called whenever `status` changed.
    """

    def __init__(
        self,
        service: ServiceInfo,
        status: ServiceStatus,
        *,
        env: Mapping[str, str],
        on_line: Callable[[str], None],
        on_change: Callable[[], None],
    ) -> None:
        self.service = service
        self.status = status
        self._env = env
        self._on_line = on_line
        self._on_change = on_change
        self._stopping = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._last_problem = ""

    async def run(self) -> None:
        """Start the service and start it again, after a growing pause, whenever it ends by itself."""
        delay_s = _FIRST_DELAY_S
        while not self._stopping.is_set():
            began = asyncio.get_running_loop().time()
            code = await self._run_once()
            if self._stopping.is_set():
                break
            if code == _CANNOT_START:
                self._change(Phase.FAILED, (self._last_problem or "it cannot start; its log says why",))
                return
            if asyncio.get_running_loop().time() - began > _SETTLED_S:
                delay_s = _FIRST_DELAY_S
            self._change(Phase.RESTARTING, (f"it ended with {_ending(code)}; starting again in {delay_s:g} s",))
            await _wait(self._stopping, delay_s)
            delay_s = min(delay_s * 2, _LONGEST_DELAY_S)
            self.status.restarts += 1
        self._change(Phase.STOPPED, ())

    async def stop(self, *, timeout_s: float) -> None:
        """Ask it to end; SIGKILL when it has not after `timeout_s`."""
        self._stopping.set()
        running = self._process
        if running is None or running.returncode is not None:
            return
        running.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(timeout_s):
                await running.wait()
        except TimeoutError:
            running.kill()

    def kill(self) -> None:
        """End it at once."""
        self._stopping.set()
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _run_once(self) -> int:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self.service.package,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._env,
            limit=_LINE_LIMIT,
            start_new_session=True,
            preexec_fn=follow_parent(signal.SIGTERM),
        )
        self.status.pid = self._process.pid
        self._change(Phase.STARTING, ())
        try:
            assert self._process.stdout is not None
            await self._read_lines(self._process.stdout)
            return await self._process.wait()
        finally:
            if self._process.returncode is None:
                self._process.kill()
            self.status.pid = None

    async def _read_lines(self, stream: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # longer than the limit: asyncio has dropped what it held of it
                self._on_line(f"(a line longer than {_LINE_LIMIT} bytes was left out)")
                continue
            if not line:
                return
            text = line.decode(errors="replace").rstrip("\r\n")
            if '"problem"' in text:
                self._last_problem = _problem(text) or self._last_problem
            self._on_line(text)

    def _change(self, phase: Phase, reasons: tuple[str, ...]) -> None:
        self.status.phase = phase
        self.status.reasons = reasons
        self._on_change()


def _problem(line: str) -> str:
    try:
        said = json.loads(line)
    except ValueError:
        return ""
    return str(said.get("problem", "")) if isinstance(said, dict) else ""


def service_environment(**settings: str) -> dict[str, str]:
    """Return our environment without what only the supervisor may know, and with `settings`."""
    private = {"UNS_DATABASE_URL", "UNS_BROKER_URL"}
    return {name: value for name, value in os.environ.items() if name not in private} | settings


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
