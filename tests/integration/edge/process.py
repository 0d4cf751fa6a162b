"""`uns sparkplug edge`, or another tool that lines of JSON drive, as a process, and what it says."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
LIMIT_S = 30.0


class EdgeProcess:
    """The tool, running.

    Attributes:
        said: Every line it has written, parsed.
        kept: The `id` of every line that it said is kept, over all its lives.
    """

    command = "edge"

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self.said: list[dict[str, Any]] = []
        self.kept: set[int] = set()

    async def start(self) -> None:
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "UNS_DATA_DIR": "/nowhere"}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "namespace.cli",
            "sparkplug",
            self.command,
            *self._arguments,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self._reading = asyncio.create_task(self._read(self._process))

    def say(self, do: str, **details: Any) -> None:
        self.write(json.dumps({"do": do, **details}))

    def write(self, line: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    async def kill(self) -> None:
        """End it with SIGKILL."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._ended()

    async def quit(self) -> int:
        self.say("quit")
        return await self._ended()

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for something that shows in what it says."""
        try:
            async with asyncio.timeout(LIMIT_S):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"not within {LIMIT_S:g} s: {what}; it said last: {self.said[-5:]}") from None

    async def until_said(self, event: str, since: int = 0, **details: Any) -> dict[str, Any]:
        """Wait for a line; `since` is how many lines had been said before."""

        def found() -> list[dict[str, Any]]:
            return [line for line in self.said[since:] if line["event"] == event and details.items() <= line.items()]

        await self.until(found, f"{event} {details}")
        return found()[0]

    async def status(self) -> dict[str, Any]:
        before = len(self.said)
        self.say("status")
        return await self.until_said("status", before)

    async def _ended(self) -> int:
        assert self._process is not None
        assert self._reading is not None
        code = await self._process.wait()
        await self._reading
        return code

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while text := await process.stdout.readline():
            line = json.loads(text)
            self.said.append(line)
            if line["event"] == "kept":
                self.kept.add(line["id"])
            self._news.set()

    async def close(self) -> None:
        """Make sure that it is gone."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._ended()
