"""Codecs of others, fetched from their registries into `.cache/interop` on demand: `python -m tests.interop.peers`, or `make interop`.

None of them is part of the product or needed for its tests; where one cannot be had, its tests say so and are skipped.
"""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.environments import Missing, python_peer

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
CACHE = ROOT / ".cache" / "interop"
LIMIT_S = 600
NPM_PACKAGES = ("sparkplug-payload@1.0.3", "sparkplug-client@3.2.4")
TAHU = "org.eclipse.tahu:tahu-host:1.0.13"

_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>interop</groupId><artifactId>peers</artifactId><version>1</version>
<dependencies><dependency><groupId>{0}</groupId><artifactId>{1}</artifactId><version>{2}</version></dependency></dependencies></project>
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """A program that speaks lines of JSON about payloads.

    Attributes:
        name: Who it is.
        command: How it is started, in `folder`.
        there: What shows that it has been fetched.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    there: Path

    @property
    def missing(self) -> str | None:
        """Why it cannot be asked; None when it can."""
        if shutil.which(self.command[0]) is None:
            return f"{self.name} needs {self.command[0]}, which is not installed here"
        return None if self.there.exists() else f"{self.name} is not in .cache/interop: make interop"


NPM = Peer(
    "npm sparkplug-payload",
    ("node", "peer.cjs"),
    CACHE / "npm",
    CACHE / "npm" / "node_modules" / "sparkplug-payload",
)
_TAHU_JAR = CACHE / "tahu" / "jars" / "tahu-host-1.0.13.jar"
TAHU_JAVA = Peer("Eclipse Tahu", ("java", "-cp", "jars/*", "Peer.java"), CACHE / "tahu", _TAHU_JAR)
NPM_EDGE = Peer("npm sparkplug-client", ("node", "edge.cjs"), CACHE / "npm", NPM.there)
_PYTHON = CACHE / "python" / "venv" / "bin" / "python"
PYSPARKPLUG = Peer("pysparkplug", (str(_PYTHON), "pysparkplug_peer.py"), CACHE / "python", _PYTHON)
TAHU_HOST = Peer("Eclipse Tahu's host", ("java", "-cp", "jars/*", "TahuHost.java"), CACHE / "tahu", _TAHU_JAR)


class Conversation:
    """A peer that runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def decode(self, data: bytes) -> list[dict[str, Any]]:
        """Return what the peer reads: name, type and value of each metric."""
        read: list[dict[str, Any]] = self._ask({"decode": base64.b64encode(data).decode()})
        return read

    def encode(self, payload: dict[str, Any]) -> bytes:
        """Return what the peer writes."""
        return base64.b64decode(self._ask({"encode": payload}))

    def _ask(self, line: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


class Live:
    """A peer that takes part at a broker, told by lines of JSON and saying lines of JSON."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said: list[dict[str, Any]] = []

    def tell(self, **line: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write((json.dumps(line) + "\n").encode())

    def kill(self) -> None:
        self._process.kill()

    async def read(self) -> None:
        assert self._process.stdout is not None
        while text := await self._process.stdout.readline():
            self.said.append(json.loads(text))

    async def end(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def taking_part(peer: Peer, *arguments: str) -> AsyncIterator[Live]:
    """Run a peer with arguments for as long as the block."""
    shutil.copy(HERE / peer.command[-1], peer.folder)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*peer.command, *arguments, cwd=peer.folder, stdin=pipe, stdout=pipe)
    live = Live(process)
    reading = asyncio.create_task(live.read())
    try:
        yield live
    finally:
        await live.end()
        await reading


@contextmanager
def talking_to(peer: Peer) -> Iterator[Conversation]:
    """Run a peer for as long as the block."""
    shutil.copy(HERE / peer.command[-1], peer.folder)
    process = subprocess.Popen(
        peer.command, cwd=peer.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    try:
        yield Conversation(process)
    finally:
        process.kill()
        process.communicate()


def fetch() -> None:
    """Fetch what is missing and can be had; say what cannot."""
    NPM.folder.mkdir(parents=True, exist_ok=True)
    if not NPM.there.exists():
        _run(["npm", "install", "--no-save", "--ignore-scripts", *NPM_PACKAGES], NPM)
    PYSPARKPLUG.folder.mkdir(parents=True, exist_ok=True)
    if not PYSPARKPLUG.there.exists():
        try:
            home = python_peer("pysparkplug").parents[
                1
            ]  # in an environment of its own: it wants another MQTT client than we have
        except Missing as missing:
            sys.stderr.write(f"interop: {PYSPARKPLUG.name} cannot be fetched: {missing}\n")
        else:
            (PYSPARKPLUG.folder / "venv").unlink(missing_ok=True)
            (PYSPARKPLUG.folder / "venv").symlink_to(home)
    TAHU_JAVA.folder.mkdir(parents=True, exist_ok=True)
    if not TAHU_JAVA.there.exists():
        (TAHU_JAVA.folder / "pom.xml").write_text(_POM.format(*TAHU.split(":")), encoding="utf-8")
        _run(["mvn", "--batch-mode", "--quiet", "dependency:copy-dependencies", "-DoutputDirectory=jars"], TAHU_JAVA)


def _run(command: list[str], peer: Peer) -> None:
    if shutil.which(command[0]) is None:
        sys.stderr.write(f"interop: no {command[0]}, so no {peer.name}\n")
        return
    done = subprocess.run(command, cwd=peer.folder, check=False, timeout=LIMIT_S)
    if done.returncode:
        sys.stderr.write(f"interop: {peer.name} cannot be fetched\n")


if __name__ == "__main__":
    fetch()
