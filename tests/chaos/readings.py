"""Keeps the meters' process running through kills, and compares the historian's journal with what the meters have surely kept."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from namespace.servers.folder import DataFolder, write_private
from namespace.testing.chaos.proxy import FaultProxy
from namespace.testing.site import RunningSite
from tests.chaos.comparison import Tables
from tests.chaos.meters import counted_units, kept_numbers, metric_name, noted


@dataclass
class Meters:
    """The meters of a site.

    Args:
        site: The site; they sign in with the account of its simulator.
        nodes: Their edge node ids.
        metrics: Metrics in each report.
        every_s: Seconds between two reports of one.

    Attributes:
        proxy: Through which they reach the broker.
        starts: How often the process was started.
    """

    site: RunningSite
    nodes: tuple[str, ...]
    metrics: int
    every_s: float
    proxy: FaultProxy = field(init=False)
    starts: int = 0
    _process: asyncio.subprocess.Process | None = None
    _is_enough: bool = False

    def __post_init__(self) -> None:
        self.folder = self.site.folder / "meters"
        self.proxy = FaultProxy(self.site.broker_url("cli").port, is_mqtt=True)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Meters]:
        """Keep the process running, again and again, while the context is open."""
        self.folder.mkdir()
        async with self.proxy.running():
            keeper = asyncio.create_task(self._keep())
            try:
                yield self
            finally:
                keeper.cancel()
                await asyncio.gather(keeper, return_exceptions=True)

    @property
    def pid(self) -> int:
        """The process.

        Raises:
            LookupError: There is none now.
        """
        if self._process is None or self._process.returncode is not None:
            raise LookupError("the meters have no process now")
        return self._process.pid

    def enough(self) -> None:
        """Take no further readings; those that are kept are still sent."""
        self._is_enough = True
        with contextlib.suppress(LookupError, ProcessLookupError):
            os.kill(self.pid, signal.SIGUSR1)

    def kept(self) -> dict[str, set[int]]:
        """Return the numbers of the reports that surely reached a buffer, by edge node."""
        return {node: kept_numbers(self.folder, node) for node in self.nodes}

    def counted(self) -> dict[str, int]:
        """Return how many units each edge node has counted."""
        return {node: counted_units(self.folder, node) for node in self.nodes}

    def count(self) -> int:
        """Return how many readings surely reached a buffer."""
        lines = (
            noted(self.folder, node).read_bytes().count(b"\n")
            for node in self.nodes
            if noted(self.folder, node).exists()
        )
        return sum(lines) * self.metrics

    async def _keep(self) -> None:
        account = "mes-simulator"
        password = DataFolder(self.site.folder).password("broker", account)
        url_file = self.folder / "broker_url"
        write_private(url_file, f"mqtt://{account}:{password}@127.0.0.1:{self.proxy.port}")
        command = [
            sys.executable,
            "-m",
            "tests.chaos.meters",
            "--folder",
            str(self.folder),
            "--url-file",
            str(url_file),
        ]
        command += ["--host-id", f"{self.site.model.site}-mes", "--metrics", str(self.metrics)]
        command += ["--every-s", str(self.every_s)]
        try:
            while True:
                enough = ["--enough"] if self._is_enough else []
                self._process = await asyncio.create_subprocess_exec(
                    *command, *enough, *self.nodes, cwd=Path(__file__).parents[2]
                )
                self.starts += 1
                await self._process.wait()
        finally:
            if self._process is not None and self._process.returncode is None:
                self._process.kill()
                await self._process.wait()


async def arrived(tables: Tables) -> int:
    """Return how many readings of meters the journal holds."""
    sql = "SELECT count(*) FROM sample s JOIN tag t ON t.id = s.tag WHERE t.metric LIKE 'Process/R%' AND s.whole IS NOT NULL"
    [(count,)] = await tables.fetch("historian", sql)
    return int(str(count))


async def compare_readings(tables: Tables, meters: Meters) -> list[str]:
    """Compare the journal with what was kept: each exactly once, and of what may not have been kept, nothing twice."""
    problems: list[str] = []
    for node, numbers in meters.kept().items():
        for index in range(meters.metrics):
            name = metric_name(index)
            sql = "SELECT s.whole FROM sample s JOIN tag t ON t.id = s.tag WHERE t.edge_node_id = $1 AND t.metric = $2"
            rows = [row[0] for row in await tables.fetch("historian", sql + " AND s.whole IS NOT NULL", node, name)]
            found = {int(str(row)) for row in rows}
            if len(found) != len(rows):
                problems.append(f"{node} {name}: {len(rows) - len(found)} readings twice")
            if lost := sorted(numbers - found):
                problems.append(
                    f"{node} {name}: {len(lost)} of {len(numbers)} readings lost, from {lost[0]} to {lost[-1]}"
                )
    return problems
