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
from itertools import cycle, islice
from pathlib import Path

from namespace.runtime import (
    BufferSettings,
    EdgeBuffer,
    Health,
    ServiceMetrics,
    Session,
    StoreAndForwardNode,
    SystemClock,
    buffer_path,
    configure_logging,
)
from namespace.runtime.loop import runner
from namespace.sparkplug import DataType, EdgeNodeConfig, ForwardingSettings, MetricDefinition, MetricUpdate
from namespace.transport import BrokerUrl
from namespace.transport.stream import StreamTransport

GROUP = "Chaos"
CELL, MACHINES = "Cell", ("Feeder", "Press", "Oven", "Tester", "Packer")
"""The devices of each node: one that counts and has many numbers to report, and some that change their state with every report."""
DEVICES = (CELL, *MACHINES)
STATE, COUNT = "Status/StateCurrent", "Admin/ProdProcessedCount"
STATES = (6, 11, 5, 9)
"""What a machine goes through (PackML): executes, held, suspended, aborted; each counts as one thing, whatever order runs."""
MACHINES_A_TURN = 3
"""Reports of machines to one of the cell."""
SKIPPED = 1_000_000
"""A restarted process leaves so many numbers out, more than can be under way and not noted."""
_RESEND_WINDOW_S = 60.0
"""Enough for the keep-alive of 30 s that everyone here has; twice as much would double what is sent again after each connection."""
_COMMIT_S = 0.5
"""How long a report waits to be written with others; a kill takes with it what was not, and that counts for nothing."""
_MOST_LATE_S = 1.0
"""A process that was held up makes up for so much of its reports, in seconds."""


def metric_name(index: int) -> str:
    """Return the name of one of a device's numbered metrics."""
    return f"Process/R{index:02}"


def numbers_of(device: str, metrics: int) -> int:
    """Return how many numbered metrics a device has where the cell has `metrics`."""
    return metrics if device == CELL else 1


def state_at(device: str, number: int) -> int:
    """Return the state of a device with a number."""
    return STATES[0] if device == CELL else STATES[number % len(STATES)]


def noted(folder: Path, node: str, device: str) -> Path:
    """Return the file in which a device's surely kept numbers stand."""
    return folder / f"{node}.{device}.kept"


def kept_numbers(folder: Path, node: str, device: str) -> list[range]:
    """Read the numbers that were surely kept, as runs without a hole; a last line that was cut short by a kill is none."""
    runs: list[range] = []
    path = noted(folder, node, device)
    for line in path.read_bytes().split(b"\n")[:-1] if path.exists() else ():
        number = int(line)
        if runs and number == runs[-1].stop:
            runs[-1] = range(runs[-1].start, number + 1)
        else:
            runs.append(range(number, number + 1))
    return runs


def counting(folder: Path, node: str) -> Path:
    """Return the file in which a node's counter stands, one line a unit."""
    return folder / f"{node}.counted"


def counted_units(folder: Path, node: str) -> int:
    """Read how many units a node has counted."""
    path = counting(folder, node)
    return path.read_bytes().count(b"\n") if path.exists() else 0


class Device:
    """One device: its numbers, and the note of those that are surely kept.

    Args:
        folder: For the notes.
        node: Its edge node.
        name: Of the device.
        metrics: How many numbered metrics it has.
    """

    def __init__(self, folder: Path, node: str, name: str, metrics: int) -> None:
        self.name = name
        self._metrics = [metric_name(index) for index in range(metrics)]
        self._notes = noted(folder, node, name)
        self._reported: asyncio.Queue[tuple[int, int | None]] = asyncio.Queue()
        kept = kept_numbers(folder, node, name)
        self._next = kept[-1].stop - 1 + SKIPPED if kept else 0

    def definitions(self) -> list[MetricDefinition]:
        """Return its state and its numbered metrics as they are at birth."""
        state = MetricDefinition(name=STATE, datatype=DataType.Int32, value=state_at(self.name, self._next))
        return [state, *(MetricDefinition(name=name, datatype=DataType.Int64) for name in self._metrics)]

    def report(self, node: StoreAndForwardNode, *more: MetricUpdate) -> None:
        """Report the next number in every metric."""
        number, self._next = self._next, self._next + 1
        numbered = (MetricUpdate(name, number) for name in self._metrics)
        told = node.report(self.name, [*more, MetricUpdate(STATE, state_at(self.name, number)), *numbered])
        self._reported.put_nowait((number, told))

    async def note(self, node: StoreAndForwardNode) -> None:
        """Note what is kept once it is: many reports share a commit of the buffer, so none is waited for before the next."""
        with self._notes.open("a", buffering=1) as notes:
            while True:
                number, told = await self._reported.get()
                await node.kept(told)
                notes.write(f"{number}\n")
                self._reported.task_done()

    async def noted(self) -> None:
        """Return when everything that was reported is noted."""
        await self._reported.join()


class Meter:
    """One edge node with its devices.

    Args:
        folder: Buffer and notes.
        url: The broker.
        node: Edge node id.
        host_id: The primary host application, without which nothing is sent.
        metrics: How many numbered metrics the cell has.
    """

    def __init__(self, folder: Path, url: BrokerUrl, node: str, host_id: str, metrics: int) -> None:
        health, counts, clock = Health(), ServiceMetrics(), SystemClock()
        self._cell, *self._machines = (Device(folder, node, name, numbers_of(name, metrics)) for name in DEVICES)
        self._devices = [self._cell, *self._machines]
        self._counter = counting(folder, node)
        self._count = counted_units(folder, node)
        definitions = {device.name: device.definitions() for device in self._devices}
        definitions[CELL].append(MetricDefinition(name=COUNT, datatype=DataType.Int64, value=self._count))
        self._node = StoreAndForwardNode(
            Session(StreamTransport(url, client_id=node), name=node, health=health),
            EdgeNodeConfig(group_id=GROUP, edge_node_id=node, primary_host_id=host_id),
            devices=definitions,
            buffer=EdgeBuffer(buffer_path(folder, GROUP, node), BufferSettings(commit_s=_COMMIT_S)),
            clock=clock,
            metrics=counts,
            health=health,
            forwarding=ForwardingSettings(resend_window_s=_RESEND_WINDOW_S),
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
            noting = [group.create_task(device.note(self._node)) for device in self._devices]
            await self._report(every_s, enough)
            for device, task in zip(self._devices, noting, strict=True):
                await device.noted()
                task.cancel()

    async def _report(self, every_s: float, enough: asyncio.Event) -> None:
        now_s = asyncio.get_running_loop().time
        due_s, machines = now_s(), cycle(self._machines)
        with self._counter.open("a", buffering=1) as counter:
            while not enough.is_set():
                self._count += 1
                counter.write("1\n")
                self._cell.report(self._node, MetricUpdate(COUNT, self._count))
                for machine in islice(machines, MACHINES_A_TURN):
                    machine.report(self._node)
                due_s = max(due_s + every_s, now_s() - _MOST_LATE_S)
                await asyncio.sleep(max(0.0, due_s - now_s()))


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
    with runner() as running:
        running.run(run_meters(told))


if __name__ == "__main__":
    main(sys.argv[1:])
