"""Who is measured at taking in Sparkplug traffic, and how each is started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from namespace.runtime.accelerated import compiled_packets, compiled_walk
from services.historian.adapters.compiled import compiled_encode, compiled_take
from tests.benchmarks import environments
from tests.benchmarks.environments import CONSUMERS, ROOT
from tests.benchmarks.stand_in import serving

_PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class Contestant:
    """A consumer of the stream.

    Attributes:
        name: Short.
        what: For people.
        messages: How many data messages it is given: about a second's worth.
        command: Makes the command; port and count are appended. Raises `Missing`.
        keeps_state: Whether it decodes, so that its state is compared.
        named: It knows no alias and is given names.
        marked: It tells begin and end by markers and asks for the traffic itself.
    """

    name: str
    what: str
    messages: int
    command: Callable[[], Sequence[str | Path]]
    keeps_state: bool = True
    named: bool = False
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run of a consumer gave.

    Attributes:
        messages: Data messages taken in.
        wall_s: From first to last.
        user_s: CPU time in user mode.
        system_s: CPU time in the kernel.
        rss_kb: Highest resident size.
        checksum: Of the state; empty where none is kept.
        more: What else it reported.
    """

    messages: int
    wall_s: float
    user_s: float
    system_s: float
    rss_kb: int
    checksum: str
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cpu_us(self) -> float:
        """CPU time of one message in us."""
        return (self.user_s + self.system_s) / self.messages * 1e6


class Broken(Exception):
    """A consumer failed; the text says how."""


def measure(
    command: Sequence[str | Path], stages: Sequence[bytes | memoryview], *arguments: object, marked: bool
) -> Measured:
    """Start a consumer on a stand-in broker and return what it reports.

    Args:
        command: Starts it.
        stages: What the stand-in pours.
        arguments: Appended after the port.
        marked: It asks for the traffic itself.

    Raises:
        Broken: It failed or took too long.
    """
    with serving(stages, waits_for_go=marked) as stand_in:
        return report_of([*map(str, command), str(stand_in.port), *map(str, arguments)])


def report_of(command: Sequence[str]) -> Measured:
    """Run a consumer to its end and read its report.

    Raises:
        Broken: It failed or took too long.
    """
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise Broken(f"no result within {_PATIENCE_S} s") from None
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Broken(said[-1] if said else f"exit code {done.returncode}")
    found = json.loads(lines[-1])
    known = {name: found.pop(name) for name in ("messages", "wall_s", "user_s", "system_s", "rss_kb", "checksum")}
    return Measured(**known, more=found)


def environment() -> dict[str, str]:
    """Return the environment of every process that is measured: ours without settings of a site, so the product as it is installed."""
    return {name: value for name, value in os.environ.items() if not name.startswith("UNS_")}


def ours(script: str) -> tuple[str, ...]:
    """Return the command of a consumer that runs in our own environment."""
    return (sys.executable, "-m", f"tests.benchmarks.consumers.{script}")


def _plain(script: str) -> Callable[[], Sequence[str | Path]]:
    return lambda: (sys.executable, CONSUMERS / f"{script}.py")


def _python(peer: str, script: str) -> Callable[[], Sequence[str | Path]]:
    return lambda: (environments.python_peer(peer), CONSUMERS / f"{script}.py")


def is_compiled() -> bool:
    """Whether the optional compiled steps are built here, so that what is measured uses them."""
    return all(step is not None for step in (compiled_packets(), compiled_walk(), compiled_take(), compiled_encode()))


def _in_plain_python() -> Sequence[str | Path]:
    if not is_compiled():
        raise environments.Missing("the compiled steps are not built (make accelerate), so ingest-own is plain Python")
    return ("env", "UNS_ACCELERATE=0", *ours("own"))


CALIBRATOR = Contestant(
    "frame-walk", "asyncio protocol, count only (calibrator)", 200_000, _plain("frame_walk"), keeps_state=False
)
OWN = Contestant("own", "uns-mes: transport, host session, recorder", 60_000, lambda: ours("own"), marked=True)
PLAIN = Contestant("plain", "the same without compiled steps", 30_000, _in_plain_python, marked=True)
COUNTER = Contestant(
    "c-counter", "C libmosquitto, count only", 100_000, lambda: (environments.c_counter(),), keeps_state=False
)
PAHO = Contestant("paho", "paho-mqtt + usual recipe", 20_000, _python("paho-mqtt", "paho_recipe"))
NODE = Contestant("node", "node mqtt + sparkplug-payload", 30_000, environments.node_peer)
PEERS = (
    COUNTER,
    PAHO,
    Contestant("aiomqtt", "aiomqtt + usual recipe", 10_000, _python("aiomqtt", "aiomqtt_recipe")),
    Contestant("gmqtt", "gmqtt + usual recipe", 30_000, _python("gmqtt", "gmqtt_recipe")),
    NODE,
    Contestant("pysparkplug", "pysparkplug client", 5_000, _python("pysparkplug", "pysparkplug_client")),
    Contestant(
        "mqtt-spb-wrapper",
        "mqtt-spb-wrapper SCADA entity, given names",
        1_000,
        _python("mqtt-spb-wrapper", "spb_wrapper_scada"),
        named=True,
    ),
)
