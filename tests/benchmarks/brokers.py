"""Real brokers and databases for benchmarks, and what a process has used."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from namespace.servers import ports, process
from namespace.servers.postgres import Postgres
from namespace.servers.programs import find_program
from namespace.servers.settings import tools_folder
from namespace.testing.servers import scratch_folder

_TICKS = os.sysconf("SC_CLK_TCK")
_START_S = 10.0


class NoBroker(Exception):
    """There is no Mosquitto on this machine."""


@dataclass(frozen=True, slots=True)
class Broker:
    """A Mosquitto as it comes.

    Attributes:
        port: Where it listens.
        pid: Its process id.
    """

    port: int
    pid: int


@contextmanager
def default_broker(*further: str) -> Iterator[Broker]:
    """Run Mosquitto with its own defaults - Nagle's algorithm among them - on a free port.

    Args:
        further: Lines of its configuration.

    Raises:
        NoBroker: There is none.
    """
    tools = tools_folder()
    program = find_program("mosquitto", tools=tools)
    if program is None:
        raise NoBroker("the program mosquitto is not on this machine: make setup")
    environment = dict(os.environ)
    if tools is not None and program.is_relative_to(tools):
        libraries = [*sorted((tools / "usr" / "lib").glob("*-linux-gnu*")), tools / "usr" / "lib"]
        environment["LD_LIBRARY_PATH"] = os.pathsep.join(map(str, libraries))
    port = ports.free_port()
    with tempfile.TemporaryDirectory(prefix="uns-bench-") as folder:
        configuration = Path(folder) / "mosquitto.conf"
        lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", "log_dest none", "user root", *further]
        configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
        running = subprocess.Popen(
            [program, "-c", configuration],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            if not process.wait_for(running, lambda: ports.accepts(port), timeout_s=_START_S):
                raise NoBroker("mosquitto does not start")
            yield Broker(port, running.pid)
        finally:
            running.terminate()
            running.wait(_START_S)


@contextmanager
def durable_postgres() -> Iterator[Postgres]:
    """Run an empty PostgreSQL that keeps what it promises: fsync and synchronous_commit are on."""
    with scratch_folder() as folder:
        server = Postgres(folder, password="bench", log_file=folder / "postgres.log")
        server.start()
        try:
            yield server
        finally:
            server.stop()


def cpu_s(pid: int) -> float:
    """Return the CPU time that a process has used, in seconds, its ended children included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / _TICKS


def tree_cpu_s(pid: int) -> float:
    """Return the CPU time of a process and all that descend from it, in seconds."""
    return sum(cpu_s(each) for each in tree(pid))


def tree(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


@dataclass(frozen=True, slots=True)
class Memory:
    """What a process holds, in MiB.

    Attributes:
        rss: Resident, shared pages counted in full.
        pss: Resident, shared pages counted by share.
    """

    rss: float
    pss: float

    def __add__(self, other: Memory) -> Memory:
        return Memory(self.rss + other.rss, self.pss + other.pss)


def memory(pid: int) -> Memory:
    """Return what a process holds now."""
    found = {"Rss": 0.0, "Pss": 0.0}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in found:
            found[name] = int(rest.split()[0]) / 1024
    return Memory(found["Rss"], found["Pss"])
