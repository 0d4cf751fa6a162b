"""A service as a process of its own, with nothing importable beside what is meant to be."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from namespace.servers import ports, readiness
from namespace.servers.database_roles import ensure_service_roles, service_dsn
from namespace.servers.postgres import DATABASE, Postgres
from tests.architecture.trees import ROOT

SITE_FILE = ROOT / "deploy" / "site" / "acme-dallas.yaml"
READY_S = 60
STOP_S = 20


@dataclass
class Outcome:
    """How a process ended.

    Attributes:
        code: Its exit code; None while it runs.
        text: What it wrote.
    """

    code: int | None = None
    text: str = field(default="")


async def settings_of(name: str, postgres: Postgres, broker_url: str, data_dir: Path) -> dict[str, str]:
    """Make a database role for a service and return its environment."""
    await ensure_service_roles(postgres.dsn("postgres"), {name: "pw"}, exclusive=True, database=DATABASE)
    return {
        "UNS_SITE_FILE": str(SITE_FILE),
        "UNS_BROKER_URL": broker_url,
        "UNS_DATABASE_URL": service_dsn(postgres.dsn(), name, "pw"),
        "UNS_DATA_DIR": str(data_dir),
        "UNS_HEALTH_PORT": str(ports.free_port()),
        "UNS_CONSOLE_PORT": str(ports.free_port()),
    }


@asynccontextmanager
async def running_alone(
    package: str, folder: Path, libraries: Path, settings: Mapping[str, str]
) -> AsyncIterator[Outcome]:
    """Run `python -m package` in `folder` from when it is ready until the block ends, then ask it to stop.

    Raises:
        AssertionError: It was not ready, or did not stop, in time.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-S",  # without it the environment's own packages come back, the distribution among them
        "-m",
        package,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(libraries), **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    said = asyncio.create_task(process.stdout.read())
    outcome = Outcome()
    try:
        why = await _until_ready(process, int(settings["UNS_HEALTH_PORT"]))
        if not why:
            yield outcome
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(STOP_S):
                outcome.code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
        outcome.text = (await said).decode()
    assert not why, f"{why}\n{outcome.text}"


async def _until_ready(process: asyncio.subprocess.Process, health_port: int) -> str:
    """Wait until the service is ready; return why it is not, empty when it is."""
    why: object = "it never answered"
    try:
        async with asyncio.timeout(READY_S):
            while process.returncode is None:
                answer = await asyncio.to_thread(readiness.ask, health_port)
                if answer.ready:
                    return ""
                why = answer.reasons
                await asyncio.sleep(0.05)
    except TimeoutError:
        return f"not ready after {READY_S} s: {why}"
    return f"ended with {process.returncode}"
