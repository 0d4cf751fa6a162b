"""Keeps the meters' process running through kills, and compares the historian's journal with what the meters have surely kept."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from namespace.servers.folder import DataFolder, write_private
from namespace.testing.chaos.proxy import FaultProxy
from namespace.testing.site import RunningSite
from tests.chaos.meters import DEVICES, counted_units, kept_numbers, metric_name, noted, numbers_of
from tests.chaos.tables import Tables


@dataclass
class Meters:
    """The meters of a site.

    Args:
        site: The site; they sign in with the account of its simulator.
        nodes: Their edge node ids.
        metrics: Numbered metrics in each report of a cell.
        every_s: Seconds between two reports of a cell.

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

    def kept(self) -> dict[tuple[str, str], list[range]]:
        """Return the numbers of the reports that surely reached a buffer, by edge node and device, as runs without a hole."""
        return {(node, device): kept_numbers(self.folder, node, device) for node in self.nodes for device in DEVICES}

    def counted(self) -> dict[str, int]:
        """Return how many units each edge node has counted."""
        return {node: counted_units(self.folder, node) for node in self.nodes}

    def count(self) -> int:
        """Return how many readings surely reached a buffer."""
        counts = (
            path.read_bytes().count(b"\n") * numbers_of(device, self.metrics)
            for node in self.nodes
            for device in DEVICES
            if (path := noted(self.folder, node, device)).exists()
        )
        return sum(counts)

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


_RUNS = """
    SELECT min(number), max(number) + 1, sum(times)::bigint - count(*)
    FROM (
        SELECT s.whole AS number, count(*) AS times, s.whole - row_number() OVER (ORDER BY s.whole) AS run
        FROM sample s JOIN tag t ON t.id = s.tag
        WHERE t.edge_node_id = $1 AND t.device_id = $2 AND t.metric = $3 AND s.whole IS NOT NULL
        GROUP BY s.whole
    ) AS numbered
    GROUP BY run ORDER BY run
"""
"""The numbers in the journal of one metric as runs without a hole, and how many are there once more: told by the database, so that
ten million readings are compared one by one without one of them coming here."""


async def compare_readings(tables: Tables, meters: Meters) -> list[str]:
    """Compare the journal with what was kept: each exactly once, and of what may not have been kept, nothing twice."""
    problems: list[str] = []
    for (node, device), kept in meters.kept().items():
        for index in range(numbers_of(device, meters.metrics)):
            name = metric_name(index)
            rows = [
                tuple(map(int, map(str, row))) for row in await tables.fetch("historian", _RUNS, node, device, name)
            ]
            found = [range(first, end) for first, end, _ in rows]
            if twice := sum(more for _, _, more in rows):
                problems.append(f"{node} {device} {name}: {twice} readings twice")
            if lost := without(kept, found):
                count, of = sum(map(len, lost)), sum(map(len, kept))
                problems.append(
                    f"{node} {device} {name}: {count} of {of} readings lost, from {lost[0].start} to {lost[-1].stop - 1}"
                )
    return problems


def without(kept: Sequence[range], found: Sequence[range]) -> list[range]:
    """Return what of some runs of numbers is in none of others; both in ascending order."""
    left = []
    rest = iter(found)
    there = next(rest, None)
    for run in kept:
        at = run.start
        while there is not None and there.start < run.stop:
            if there.start > at:
                left.append(range(at, there.start))
            at = max(at, there.stop)
            if there.stop >= run.stop:
                break
            there = next(rest, None)
        if at < run.stop:
            left.append(range(at, run.stop))
    return left
