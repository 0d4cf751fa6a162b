"""A service as a process of its own: everything the operating system can keep apart is kept apart."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Mapping

from namespace.servers.keeper import Ending
from namespace.servers.process import follow_parent
from namespace.servers.services import ServiceInfo

_LINE_LIMIT = 2**20
_CANNOT_START = 2  # what a service exits with when starting it again would not help


class ServiceProcess:
    """Runs one service as `python -m <package>` and reads what it writes.

    Args:
        service: Which.
        env: Its whole environment.
        on_line: Called with every line it writes.
    """

    def __init__(self, service: ServiceInfo, *, env: Mapping[str, str], on_line: Callable[[str], None]) -> None:
        self._service = service
        self._env = env
        self._on_line = on_line
        self._process: asyncio.subprocess.Process | None = None
        self._last_problem = ""

    async def run(self, started: Callable[[int], None]) -> Ending:
        """Start the process and return when it has ended."""
        process = self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self._service.package,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._env,
            limit=_LINE_LIMIT,
            start_new_session=True,
            preexec_fn=follow_parent(signal.SIGTERM),
        )
        started(process.pid)
        try:
            assert process.stdout is not None
            await self._read_lines(process.stdout)
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
        if code == _CANNOT_START:
            return Ending(f"exit code {code}", self._last_problem or "it cannot start; its log says why")
        return Ending(f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}")

    async def stop(self, *, timeout_s: float) -> None:
        """Ask it to end; SIGKILL when it has not after `timeout_s`."""
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
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

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


def _problem(line: str) -> str:
    try:
        said = json.loads(line)
    except ValueError:
        return ""
    return str(said.get("problem", "")) if isinstance(said, dict) else ""
