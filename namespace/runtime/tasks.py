"""The parts of a process as tasks: one that fails says so, and one that is told to end ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from namespace.runtime.logging import get_logger

_CANCEL_AGAIN_S = 1.0

Task = Callable[[], Coroutine[Any, Any, None]]


async def ended(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended: a driver may swallow a cancellation (`asyncio.wait_for` before Python 3.12)."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_CANCEL_AGAIN_S)


async def reported(name: str, task: Task) -> None:
    """Run a part of the process; one that fails ends the process, and not without a word."""
    try:
        await task()
    except Exception:
        get_logger().exception("part_failed", part=name)
        raise
