"""Keeps one service running, however it is run: started, started again after a growing pause, stopped in order.

How a service runs - as a process, or inside this one - is a `Runner`'s business; what is shown of it, the supervisor's.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from namespace.servers.services import ServiceInfo
from namespace.servers.site_state import Phase, ServiceStatus

_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 30.0
_SETTLED_S = 60.0


@dataclass(frozen=True, slots=True)
class Ending:
    """How a service ended.

    Attributes:
        how: In words for people, such as `exit code 1`.
        cannot_start: Why it cannot run at all, so that starting it again would not help; empty when it might.
    """

    how: str
    cannot_start: str = ""


class Runner(Protocol):
    """One way to run one service; used for one run after another."""

    async def run(self, started: Callable[[int], None]) -> Ending:
        """Start the service and return when it has ended.

        Args:
            started: Told the process id it runs in.
        """
        ...

    async def stop(self, *, timeout_s: float) -> None:
        """Ask it to end; end it by force when it has not after `timeout_s`."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...


class MakeRunner(Protocol):
    """Makes the runner of one service: told which, its environment, and who reads what it logs."""

    def __call__(self, service: ServiceInfo, *, env: Mapping[str, str], on_line: Callable[[str], None]) -> Runner:
        """Make it."""
        ...


class Keeper:
    """Keeps one service running until told to stop.

    Args:
        service: Which.
        status: Kept up to date: phase, process id, number of restarts.
        runner: How it runs.
        on_change: Called whenever `status` changed.
    """

    def __init__(
        self, service: ServiceInfo, status: ServiceStatus, runner: Runner, *, on_change: Callable[[], None]
    ) -> None:
        self.service = service
        self.status = status
        self._runner = runner
        self._on_change = on_change
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Start the service and start it again, after a growing pause, whenever it ends by itself."""
        delay_s = _FIRST_DELAY_S
        while not self._stopping.is_set():
            began = asyncio.get_running_loop().time()
            ending = await self._run_once()
            if self._stopping.is_set():
                break
            if ending.cannot_start:
                self._change(Phase.FAILED, (ending.cannot_start,))
                return
            if asyncio.get_running_loop().time() - began > _SETTLED_S:
                delay_s = _FIRST_DELAY_S
            self._change(Phase.RESTARTING, (f"it ended with {ending.how}; starting again in {delay_s:g} s",))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._stopping.wait()
            delay_s = min(delay_s * 2, _LONGEST_DELAY_S)
            self.status.restarts += 1
        self._change(Phase.STOPPED, ())

    async def stop(self, *, timeout_s: float) -> None:
        """Ask it to end, and see to it that it does after `timeout_s`."""
        self._stopping.set()
        await self._runner.stop(timeout_s=timeout_s)

    def kill(self) -> None:
        """End it at once."""
        self._stopping.set()
        self._runner.kill()

    async def _run_once(self) -> Ending:
        def started(pid: int) -> None:
            self.status.pid = pid
            self._change(Phase.STARTING, ())

        try:
            return await self._runner.run(started)
        finally:
            self.status.pid = None

    def _change(self, phase: Phase, reasons: tuple[str, ...]) -> None:
        self.status.phase = phase
        self.status.reasons = reasons
        self._on_change()
