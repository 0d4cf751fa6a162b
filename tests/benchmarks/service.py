"""One service as a process of its own on given servers: started, awaited, asked, profiled, ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from namespace.servers import ports
from tests.benchmarks.consumers.own_host import SITE_FILE
from tests.benchmarks.contestants import Broken, environment
from tests.benchmarks.environments import ROOT

_LOOK_S = 0.005
_STOP_S = 15.0


@dataclass(slots=True)
class Running:
    """A service process.

    Attributes:
        pid: Its process id.
        health_port: Where it tells how it is.
        ready_s: From its start until it said that it is ready, in seconds.
    """

    pid: int
    health_port: int
    ready_s: float


@asynccontextmanager
async def running(
    module: str,
    *,
    broker_url: str,
    database_url: str,
    data_dir: Path,
    site_file: Path = SITE_FILE,
    within_s: float = 60.0,
    profile: Path | None = None,
    further: Mapping[str, str] | None = None,
) -> AsyncIterator[Running]:
    """Run `python -m module` while the context is open; it is there once it says that it is ready.

    Args:
        module: For example `services.historian`.
        broker_url: Its account.
        database_url: Its role.
        data_dir: The site's folder.
        site_file: The site.
        within_s: Patience, in seconds.
        profile: Where a profile of the process is written when it ends.
        further: Settings beside these.

    Raises:
        Broken: It did not become ready.
    """
    port = ports.free_port()
    settings = {
        "UNS_SITE_FILE": str(site_file),
        "UNS_BROKER_URL": broker_url,
        "UNS_DATABASE_URL": database_url,
        "UNS_HEALTH_PORT": str(port),
        "UNS_DATA_DIR": str(data_dir),
        "UNS_LOG": "json",
        "UNS_LOG_LEVEL": "warning",
        **(further or {}),
    }
    wrapper = ["tests.benchmarks.consumers.profiled", str(profile)] if profile else []
    log = data_dir / f"{module}.log"
    data_dir.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *wrapper, module],
            cwd=ROOT,
            env=environment() | settings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        while not is_ready(port):
            if process.poll() is not None or time.monotonic() - began > within_s:
                raise Broken(f"{module} is not ready: {log.read_text(errors='replace')[-300:]}")
            await asyncio.sleep(_LOOK_S)
        yield Running(process.pid, port, time.monotonic() - began)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(process.wait, _STOP_S)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()


def is_ready(port: int) -> bool:
    """Tell whether the process behind a health port says that it is ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2) as answer:
            json.load(answer)
            return True
    except (OSError, urllib.error.URLError, ValueError):
        return False
