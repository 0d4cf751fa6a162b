"""Edge nodes that report readings with a number in each, and count them, as a process of their own that may be killed at any time.

What a node has surely kept is written to a file beside its buffer, one number a line: that is the truth. A number is used once,
by however many processes one after the other. What a node has counted stands in another file, as in the memory of a controller: it counts
whether or not anybody keeps or sends it.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from namespace.runtime import (
    EdgeBuffer,
    Health,
    ServiceMetrics,
    Session,
    StoreAndForwardNode,
    SystemClock,
    buffer_path,
    configure_logging,
)
from namespace.sparkplug import DataType, EdgeNodeConfig, MetricDefinition, MetricUpdate
from namespace.transport import BrokerUrl
from namespace.transport.mqtt import MqttTransport

GROUP, DEVICE = "Chaos", "Cell"
STATE, EXECUTE = "Status/StateCurrent", 6
COUNT = "Admin/ProdProcessedCount"
SKIPPED = 1_000_000
"""A restarted process leaves so many numbers out, more than can be under way and not noted."""


def metric_name(index: int) -> str:
    """Return the name of one of a meter's metrics."""
    return f"Process/R{index:02}"


def noted(folder: Path, node: str) -> Path:
    """Return the file in which a node's surely kept numbers stand."""
    return folder / f"{node}.kept"


def kept_numbers(folder: Path, node: str) -> set[int]:
    """Read the numbers that a node has surely kept; a last line that was cut short by a kill is not one."""
    path = noted(folder, node)
    return {int(line) for line in path.read_text().split("\n")[:-1]} if path.exists() else set()


def counting(folder: Path, node: str) -> Path:
    """Return the file in which a node's counter stands, one line a unit."""
    return folder / f"{node}.counted"


def counted_units(folder: Path, node: str) -> int:
    """Read how many units a node has counted."""
    path = counting(folder, node)
    return path.read_bytes().count(b"\n") if path.exists() else 0


class Meter:
    """One edge node with one device.

    Args:
        folder: Buffer and notes.
        url: The broker.
        node: Edge node id.
        host_id: The primary host application, without which nothing is sent.
        metrics: How many metrics each report has.
    """

    def __init__(self, folder: Path, url: BrokerUrl, node: str, host_id: str, metrics: int) -> None:
        health, counts, clock = Health(), ServiceMetrics(), SystemClock()
        self._names = [metric_name(index) for index in range(metrics)]
        self._notes, self._counter = noted(folder, node), counting(folder, node)
        self._next = max(kept_numbers(folder, node), default=-SKIPPED) + SKIPPED
        self._count = counted_units(folder, node)
        counted = MetricDefinition(name=COUNT, datatype=DataType.Int64, value=self._count)
        state = MetricDefinition(name=STATE, datatype=DataType.Int32, value=EXECUTE)
        numbered = [MetricDefinition(name=name, datatype=DataType.Int64) for name in self._names]
        self._node = StoreAndForwardNode(
            Session(MqttTransport(url, client_id=node), name=node, health=health),
            EdgeNodeConfig(group_id=GROUP, edge_node_id=node, primary_host_id=host_id),
            devices={DEVICE: [state, counted, *numbered]},
            buffer=EdgeBuffer(buffer_path(folder, GROUP, node)),
            clock=clock,
            metrics=counts,
            health=health,
        )
        self._born = asyncio.Event()
        self._node.born = self._born.set

    async def run(self, every_s: float, enough: asyncio.Event) -> None:
        """Report until it is enough, and stay connected until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._node.run())
            if not self._count:
                await (
                    self._born.wait()
                )  # what is counted before anybody knows of the machine is history before its first day
            with self._notes.open("a", buffering=1) as notes, self._counter.open("a", buffering=1) as counter:
                while not enough.is_set():
                    number, self._next = self._next, self._next + 1
                    self._count += 1
                    counter.write("1\n")
                    updates = [MetricUpdate(COUNT, self._count), *(MetricUpdate(name, number) for name in self._names)]
                    await self._node.kept(self._node.report(DEVICE, updates))
                    notes.write(f"{number}\n")
                    await asyncio.sleep(every_s)


async def run_meters(told: argparse.Namespace) -> None:
    """Run meters until cancelled; with SIGUSR1, or where it is enough from the start, they take no further readings."""
    enough = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, enough.set)
    if told.enough:
        enough.set()
    url = BrokerUrl.parse(told.url_file.read_text().strip())
    async with asyncio.TaskGroup() as group:
        for node in told.nodes:
            meter = Meter(told.folder, url, node, told.host_id, told.metrics)
            group.create_task(meter.run(told.every_s, enough), name=node)


def main(arguments: Sequence[str]) -> None:
    """Run meters as a process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--url-file", type=Path, required=True)
    parser.add_argument("--host-id", required=True)
    parser.add_argument("--metrics", type=int, required=True)
    parser.add_argument("--every-s", type=float, required=True)
    parser.add_argument("--enough", action="store_true")
    parser.add_argument("nodes", nargs="+")
    told = parser.parse_args(arguments)
    configure_logging(form="text", level="error")
    asyncio.run(run_meters(told))


if __name__ == "__main__":
    main(sys.argv[1:])
