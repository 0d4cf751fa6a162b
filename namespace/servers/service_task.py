"""A service inside this process: a task beside others on one event loop, with its own accounts, health port and logs.

What one process cannot keep apart, it does not: a part that blocks the loop holds everybody up, and memory is everybody's. All else
is as with processes: a part that fails ends its own service, which alone is started again.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import io
import os
from collections.abc import Callable, Mapping
from contextvars import ContextVar

from namespace.runtime.entry import CannotStart, attempt
from namespace.runtime.logging import get_logger
from namespace.runtime.settings import settings_from
from namespace.runtime.tasks import ended
from namespace.servers.keeper import Ending
from namespace.servers.services import ServiceInfo

OnLine = Callable[[str], None]

_on_line: ContextVar[OnLine] = ContextVar("on_line", default=print)


class _LogLines(io.StringIO):
    """Where this process logs to: hands each line on to whoever reads the lines of the service that wrote it."""

    def write(self, text: str, /) -> int:
        if line := text.rstrip("\r\n"):
            _on_line.get()(line)
        return len(text)


_LINES = _LogLines()


class ServiceTask:
    """Runs the `SERVICE` that `<package>.service` declares; the package is imported at the first run.

    Args:
        service: Which.
        env: The environment it reads its settings from.
        on_line: Called with every line it logs.
    """

    def __init__(self, service: ServiceInfo, *, env: Mapping[str, str], on_line: OnLine) -> None:
        self._service = service
        self._env = env
        self._on_line = on_line
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def run(self, started: Callable[[int], None]) -> Ending:
        """Run it until it is told to stop or fails."""
        started(os.getpid())
        task = self._task = asyncio.create_task(self._attempt(), name=self._service.name)
        try:
            await asyncio.wait({task})
        finally:
            await ended([task])
        ending, self._task = _ending(task), None
        del task
        if not self._stop.is_set():
            gc.collect()  # what a failed run still held, such as files and ports, is wanted by the next
        return ending

    async def stop(self, *, timeout_s: float) -> None:
        """Ask it to end; cancel it when it has not after `timeout_s`."""
        self._stop.set()
        if (task := self._task) is not None:
            await asyncio.wait({task}, timeout=timeout_s)
            await ended([task])

    def kill(self) -> None:
        """Cancel it."""
        self._stop.set()
        if self._task is not None:
            self._task.cancel()

    async def _attempt(self) -> None:
        _on_line.set(self._on_line)
        with settings_from(self._env):
            try:
                module = await asyncio.to_thread(importlib.import_module, f"{self._service.package}.service")
                await attempt(module.SERVICE, self._stop, output=_LINES)
            except (CannotStart, BaseExceptionGroup):
                raise  # logged where it happened
            except Exception:
                get_logger().exception("service_failed")
                raise


def _ending(task: asyncio.Task[None]) -> Ending:
    problem = None if task.cancelled() else task.exception()
    if isinstance(problem, CannotStart):
        return Ending("a problem", str(problem))
    return Ending("nothing more to do" if problem is None else _first(problem))


def _first(problem: BaseException) -> str:
    """Say the first of the failures that ended a service."""
    while isinstance(problem, BaseExceptionGroup):
        problem = problem.exceptions[0]
    return f"{type(problem).__name__}: {problem}"
