"""A whole site for one test: `uns up` in a process of its own, in a folder of its own, on free ports."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from namespace.isa95 import SiteModel, load_site
from namespace.servers import ports
from namespace.transport import BrokerUrl
from namespace.transport.mqtt import MqttTransport

_UNS = (sys.executable, "-m", "namespace.cli")
_READY_S = 60.0
_STOP_S = 30.0
_LOOK_EVERY_S = 0.1


@dataclass(frozen=True)
class RunningSite:
    """A site that is up.

    Attributes:
        folder: Its data folder.
        model: Its site file.
        output: What `uns up` writes, for the message of a failing test.
    """

    folder: Path
    model: SiteModel
    output: Path
    environment: dict[str, str]

    def broker_url(self, account: str) -> BrokerUrl:
        """The address with which `cli` or a service signs in."""
        return BrokerUrl.parse((self.folder / "run" / account / "broker_url").read_text(encoding="utf-8").strip())

    def transport(self, account: str, client_id: str) -> MqttTransport:
        """A way in with the account of `cli` or a service."""
        return MqttTransport(self.broker_url(account), client_id=client_id)

    def state(self) -> dict[str, Any]:
        """What the running site says about itself."""
        state: dict[str, Any] = json.loads((self.folder / "run" / "site.json").read_text(encoding="utf-8"))
        return state

    def pid(self, name: str) -> int | None:
        """The process of a service, or of `broker`."""
        state = self.state()
        if name == "broker":
            return state["broker"]["pid"]
        return next(service["pid"] for service in state["services"] if service["name"] == name)

    def kill(self, name: str) -> int:
        """Cut a service or the broker off (SIGKILL); return the process that was killed."""
        pid = self.pid(name)
        assert pid is not None, f"{name} is not running"
        os.kill(pid, signal.SIGKILL)
        return pid

    async def run(self, *arguments: str) -> tuple[int, str]:
        """Run a `uns` command against the site; return its exit code and what it wrote."""
        process = await asyncio.create_subprocess_exec(
            *_UNS,
            *arguments,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        written, _ = await process.communicate()
        return process.returncode or 0, written.decode()


@asynccontextmanager
async def running_site(
    folder: Path, site_file: Path, services: tuple[str, ...], **settings: str
) -> AsyncIterator[RunningSite]:
    """Start a site, wait until every service is ready, and stop it at the end.

    Args:
        folder: An empty folder that the servers' unprivileged user can enter.
        site_file: Its site file.
        services: The services to run.
        settings: Further environment variables.
    """
    environment = {
        **os.environ,
        **settings,
        "UNS_DATA_DIR": str(folder / "data"),
        "UNS_SITE_FILE": str(site_file),
        "UNS_BROKER_PORT": str(ports.free_port()),
        "UNS_CONSOLE_PORT": str(ports.free_port()),
    }
    output = folder / "up.log"
    model = load_site(site_file.read_text(encoding="utf-8"), str(site_file))
    with output.open("wb") as stream:
        only = [word for service in services for word in ("--only", service)]
        process = await asyncio.create_subprocess_exec(
            *_UNS, "up", *only, env=environment, stdout=stream, stderr=stream
        )
    site = RunningSite(folder / "data", model, output, environment)
    try:
        await _until_ready(site, process)
        yield site
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(_STOP_S):
                await process.wait()


async def _until_ready(site: RunningSite, process: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(_READY_S):
            while (await site.run("status"))[0] != 0:
                assert process.returncode is None, "uns up has ended"
                await asyncio.sleep(_LOOK_EVERY_S)
    except (TimeoutError, AssertionError) as error:
        written = site.output.read_text(encoding="utf-8")
        raise AssertionError(f"the site is not ready: {error}\n{written}") from error
