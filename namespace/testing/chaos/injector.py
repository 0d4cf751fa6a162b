"""Does to a running site what a schedule says, and undoes what does not pass by itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from namespace.testing.chaos.fault import SERVERS, Fault, FaultKind, Round
from namespace.testing.chaos.proxy import FaultProxy, Loss
from namespace.testing.chaos.wiring import Wiring
from namespace.testing.site import RunningSite, eventually


class Injector:
    """Carries out faults.

    Args:
        site: The site.
        wiring: Its connections, and those of whoever else may be a target.
        seed: Decides which messages are lost.
        processes: Process ids of targets that are not the site's own, by name; raise `LookupError` while there is none.
    """

    def __init__(
        self, site: RunningSite, wiring: Wiring, seed: int, *, processes: Mapping[str, Callable[[], int]] | None = None
    ) -> None:
        self._site = site
        self._wiring = wiring
        self._processes = processes or {}
        self._source = random.Random(seed)

    async def round(self, faults: Round) -> None:
        """Begin all faults together; return when the last is over."""
        async with asyncio.TaskGroup() as group:
            for fault in faults:
                group.create_task(self.one(fault), name=str(fault))

    async def one(self, fault: Fault) -> None:
        """Carry out one fault; return when it is over."""
        if fault.kind is FaultKind.KILL:
            os.kill(await self._process(fault.target), signal.SIGKILL)
        elif fault.kind is FaultKind.PAUSE:
            await self._paused(fault)
        else:
            wires = self._wiring[fault.target]
            proxy = wires.broker if fault.link == SERVERS[0] else wires.database
            assert proxy is not None
            with disturbed(proxy, fault, self._source):
                await asyncio.sleep(fault.lasts_s)

    async def _paused(self, fault: Fault) -> None:
        stopped = _with_children(await self._process(fault.target))
        try:
            for pid in stopped:
                _signal(pid, signal.SIGSTOP)
            await asyncio.sleep(fault.lasts_s)
        finally:
            for pid in stopped:
                _signal(pid, signal.SIGCONT)

    async def _process(self, name: str) -> int:
        async def pid() -> int | None:
            with contextlib.suppress(LookupError, OSError):
                return self._processes[name]() if name in self._processes else self._site.pid_of(name)
            return None

        return await eventually(pid, within_s=60, what=lambda: f"{name} has a process\n{self._site.standing()}")


@contextmanager
def disturbed(proxy: FaultProxy, fault: Fault, source: random.Random) -> Iterator[None]:
    """Let a fault of a connection happen while the context is open.

    Args:
        proxy: The connection's.
        fault: What goes wrong.
        source: Decides which messages are lost.
    """
    match fault.kind:
        case FaultKind.CUT_MIDWAY:
            proxy.cut_after(int(fault.amount))
        case FaultKind.REFUSE:
            proxy.close()
        case FaultKind.HOLD | FaultKind.FREEZE:
            proxy.hold()
        case FaultKind.DELAY:
            proxy.delay_s = fault.amount
        case FaultKind.THROTTLE:
            proxy.bytes_per_s = fault.amount
        case FaultKind.DROP:
            proxy.loss = Loss(fault.amount, 0.0, source)
        case FaultKind.DUPLICATE:
            proxy.loss = Loss(0.0, fault.amount, source)
    try:
        yield
    finally:
        if fault.kind in (FaultKind.CUT, FaultKind.CUT_MIDWAY, FaultKind.HOLD):
            proxy.cut()
        proxy.calm()


def _with_children(pid: int) -> list[int]:
    """Return a process and those it started: a database's sessions are processes of their own."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return [pid, *map(int, children.read_text().split())] if children.exists() else [pid]


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it was killed meanwhile
        os.kill(pid, number)
