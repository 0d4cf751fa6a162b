"""A site from an empty folder to every service ready, through crashes, and down again; and what stops it early."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import stat
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import asyncpg
import pytest

from namespace.servers import ports, process
from namespace.servers.errors import ServerError
from namespace.servers.folder import DataFolder
from namespace.servers.postgres import Postgres
from namespace.servers.probe import SignIn, sign_in
from namespace.servers.services import ServiceInfo
from namespace.servers.settings import SiteSettings
from namespace.servers.site_state import Phase, ServiceStatus, SiteState, read_state
from namespace.servers.supervisor import Supervisor
from namespace.testing.servers import TestBroker, scratch_folder

SITE_FILE = Path(__file__).parents[3] / "deploy" / "site" / "acme-dallas.yaml"

SERVICE = """
import http.server, json, os, pathlib
pathlib.Path(os.environ["UNS_DATA_DIR"], "seen.json").write_text(json.dumps(dict(os.environ)))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"ready": true, "reasons": {}}')
    def log_message(self, *_):
        pass
print(json.dumps({"event": "starting", "level": "info"}), flush=True)
http.server.HTTPServer(("127.0.0.1", int(os.environ["UNS_HEALTH_PORT"])), Handler).serve_forever()
"""
HOPELESS = """
import json, sys
print(json.dumps({"event": "cannot_start", "problem": "the schema is newer than this program"}), flush=True)
sys.exit(2)
"""


@dataclass
class Recorder:
    """A display that remembers, and wakes who waits for a state."""

    steps: list[str] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)
    state: SiteState | None = None
    is_up: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def step(self, text: str) -> None:
        self.steps.append(text)

    def changed(self, state: SiteState) -> None:
        self.state = state.model_copy(deep=True)

    def up(self, state: SiteState) -> None:
        self.is_up.set()

    def line(self, source: str, text: str) -> None:
        self.lines.append((source, text))

    def service(self, name: str) -> ServiceStatus:
        assert self.state is not None
        return next(each for each in self.state.services if each.name == name)


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch_folder() as made:
        yield made


@pytest.fixture
def services(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[ServiceInfo]]:
    """Writes stand-in service packages and returns their announcement."""
    monkeypatch.setenv("PYTHONPATH", str(folder / "packages"))

    def make(**sources: str) -> list[ServiceInfo]:
        for name, source in sources.items():
            package = folder / "packages" / f"stand_in_{name}"
            package.mkdir(parents=True)
            (package / "__main__.py").write_text(source)
        return [ServiceInfo(name, f"stand_in_{name}") for name in sources]

    return make


@pytest.fixture
def settings(folder: Path) -> SiteSettings:
    return SiteSettings(
        data_dir=folder / "data",
        site_file=SITE_FILE,
        broker_port=ports.free_port(),
        console_port=ports.free_port(),
        broker_url=None,
        database_url=None,
    )


@asynccontextmanager
async def running(settings: SiteSettings, services: list[ServiceInfo]) -> AsyncIterator[Recorder]:
    recorder = Recorder()
    supervisor = Supervisor(settings, services, recorder)
    task = asyncio.create_task(supervisor.run())
    try:
        async with asyncio.timeout(60):
            waiting = asyncio.create_task(recorder.is_up.wait())
            await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
        if task.done():
            await task
        yield recorder
    finally:
        supervisor.stop()
        async with asyncio.timeout(60):
            await asyncio.wait({task})


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


async def refusal(settings: SiteSettings, services: list[ServiceInfo]) -> ServerError:
    with pytest.raises(ServerError) as caught:
        async with asyncio.timeout(60):
            await Supervisor(settings, services, Recorder()).run()
    return caught.value


async def test_a_site_comes_up_says_where_everything_is_and_leaves_nothing_running(
    settings: SiteSettings, services: Callable[..., list[ServiceInfo]]
) -> None:
    async with running(settings, services(oee=SERVICE)) as site:
        assert site.service("oee").phase is Phase.READY
        state = read_state(DataFolder(settings.data_dir))
        assert state is not None
        assert state.ready
        assert state.broker.address == f"mqtt://127.0.0.1:{settings.broker_port}"
        pids = [state.broker.pid, state.database.pid, *(each.pid for each in state.services)]
        assert ("oee", '{"event": "starting", "level": "info"}') in site.lines
    assert all(pid is not None and process.command_line(pid) is None for pid in pids)
    assert read_state(DataFolder(settings.data_dir)) is None


async def test_a_service_gets_its_credentials_in_private_files_and_nowhere_else(
    settings: SiteSettings, services: Callable[..., list[ServiceInfo]]
) -> None:
    async with running(settings, services(oee=SERVICE)):
        seen = json.loads((settings.data_dir / "seen.json").read_text())
        broker_file, database_file = Path(seen["UNS_BROKER_URL_FILE"]), Path(seen["UNS_DATABASE_URL_FILE"])
        for each in (broker_file, database_file):
            assert stat.S_IMODE(each.stat().st_mode) == 0o600
        assert broker_file.read_text().startswith("mqtt://mes-oee:")
        connection = await asyncpg.connect(database_file.read_text())
        assert await connection.fetchval("SELECT current_user || '/' || current_schema") == "oee/oee"
        await connection.close()
        password = broker_file.read_text().split(":")[2].split("@")[0]
        assert not any(password in value for value in seen.values())
        assert seen["UNS_LOG"] == "json"


async def test_a_killed_service_and_a_killed_broker_come_back(
    settings: SiteSettings, services: Callable[..., list[ServiceInfo]]
) -> None:
    async with running(settings, services(oee=SERVICE)) as site:
        assert site.state is not None
        first, broker_pid = site.service("oee").pid, site.state.broker.pid
        assert first is not None
        assert broker_pid is not None
        os.kill(first, signal.SIGKILL)
        os.kill(broker_pid, signal.SIGKILL)
        await until(lambda: site.service("oee").pid not in {first, None})
        await until(lambda: site.service("oee").phase is Phase.READY)
        assert site.service("oee").restarts == 1
        await until(lambda: "the broker is back" in site.steps)
        assert ports.accepts(settings.broker_port)


async def test_a_service_that_cannot_start_is_not_tried_again_and_says_why(
    settings: SiteSettings, services: Callable[..., list[ServiceInfo]]
) -> None:
    async with running(settings, services(oee=HOPELESS)) as site:
        assert site.service("oee").phase is Phase.FAILED
        assert site.service("oee").reasons == ("the schema is newer than this program",)
        assert site.service("oee").restarts == 0


async def test_a_second_site_on_the_same_folder_is_refused_and_the_first_is_undisturbed(
    settings: SiteSettings, services: Callable[..., list[ServiceInfo]]
) -> None:
    async with running(settings, services(oee=SERVICE)) as site:
        second = replace(settings, broker_port=ports.free_port(), console_port=ports.free_port())
        error = await refusal(second, [])
        assert "already runs on this data folder" in error.what
        assert str(os.getpid()) in error.what
        assert error.where == str(settings.data_dir)
        assert site.service("oee").phase is Phase.READY
        assert read_state(DataFolder(settings.data_dir)) is not None


@pytest.mark.parametrize("variable", ["UNS_BROKER_PORT", "UNS_CONSOLE_PORT"])
async def test_a_port_in_use_names_its_owner_and_the_setting(
    settings: SiteSettings, services: Callable[..., list[ServiceInfo]], variable: str
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        field_name = variable.removeprefix("UNS_").lower()
        error = await refusal(replace(settings, **{field_name: port}), services(console=SERVICE))
    assert f"port {port} is in use" in error.what
    assert f"process {os.getpid()}" in error.what
    assert f"{variable}={port + 1}" in error.remedy


async def test_a_data_folder_that_cannot_be_written_is_named(settings: SiteSettings, folder: Path) -> None:
    (folder / "file").write_text("")
    error = await refusal(replace(settings, data_dir=folder / "file" / "data"), [])
    assert "cannot write to the data folder" in error.what
    assert "UNS_DATA_DIR" in error.remedy


async def test_a_broken_site_file_stops_the_start_with_its_lines(settings: SiteSettings, folder: Path) -> None:
    broken = folder / "site.yaml"
    broken.write_text("site: [\n")
    error = await refusal(replace(settings, site_file=broken), [])
    assert "site file has mistakes" in error.what
    assert f"{broken}:" in error.what
    assert not settings.data_dir.exists()


async def test_servers_that_run_already_are_used_instead(
    settings: SiteSettings,
    services: Callable[..., list[ServiceInfo]],
    start_postgres: Callable[[], Postgres],
    broker: TestBroker,
) -> None:
    foreign = replace(settings, database_url=start_postgres().dsn("postgres"), broker_url=broker.url("test"))
    async with running(foreign, services(oee=SERVICE)) as site:
        assert site.state is not None
        assert not site.state.broker.embedded
        assert not site.state.database.embedded
        assert "only-for-tests" not in site.state.model_dump_json()
        seen = json.loads((settings.data_dir / "seen.json").read_text())
        assert Path(seen["UNS_BROKER_URL_FILE"]).read_text() == broker.url("test")
        assert not (settings.data_dir / "servers").exists()


async def test_a_wrong_broker_password_is_told_before_any_service_starts(
    settings: SiteSettings, services: Callable[..., list[ServiceInfo]], broker: TestBroker
) -> None:
    wrong = replace(settings, broker_url=broker.url("test", password="guess"))
    error = await refusal(wrong, services(oee=SERVICE))
    assert "refuses account test: wrong name or password" in error.what
    assert "UNS_BROKER_URL" in error.remedy
    assert "guess" not in str(error)
    assert not (settings.data_dir / "seen.json").exists()


async def test_a_foreign_broker_without_our_accounts_gets_them_as_files(
    settings: SiteSettings, services: Callable[..., list[ServiceInfo]], broker: TestBroker
) -> None:
    error = await refusal(replace(settings, broker_url=f"mqtt://127.0.0.1:{broker.port}"), services(oee=SERVICE))
    exported = settings.data_dir / "broker-accounts"
    assert str(exported) in error.remedy
    assert "user mes-oee\n" in (exported / "acl").read_text()
    assert "mes-oee:$7$" in (exported / "passwords").read_text()


async def test_a_wrong_database_password_and_a_missing_database_are_told_apart(
    settings: SiteSettings, postgres: Postgres
) -> None:
    wrong = postgres.dsn("postgres").replace("only-for-tests", "guess")
    refused = await refusal(replace(settings, database_url=wrong), [])
    assert "refuses us" in refused.what
    assert "guess" not in str(refused)
    missing = await refusal(replace(settings, database_url=f"postgresql://a@127.0.0.1:{ports.free_port()}/b"), [])
    assert "does not answer" in missing.what


async def uns(settings: SiteSettings, *arguments: str) -> tuple[int, str]:
    """Run the command as a person would; returns exit code and everything it printed."""
    running_command = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "namespace.cli",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "UNS_DATA_DIR": str(settings.data_dir), "COLUMNS": "200"},
    )
    output, _ = await running_command.communicate()
    assert running_command.returncode is not None
    return running_command.returncode, output.decode()


async def test_an_account_works_the_moment_it_is_made_and_no_longer_once_removed(settings: SiteSettings) -> None:
    async with running(settings, []):
        code, said = await uns(
            settings, "account", "add", "press", "--role", "edge-node", "--group", "Line", "--node", "press"
        )
        assert code == 0, said
        password = said.split("password: ")[1].strip()

        def answer() -> SignIn:
            return sign_in("127.0.0.1", settings.broker_port, "press", password)

        await until(lambda: answer() is SignIn.ACCEPTED)
        assert (await uns(settings, "account", "list"))[1].count("Line/press") == 1
        code, said = await uns(settings, "account", "remove", "press")
        assert code == 0, said
        await until(lambda: answer() is SignIn.REFUSED)
        assert password not in (settings.data_dir / "accounts.json").read_text()


async def test_status_tells_readiness_with_reasons_and_addresses(
    settings: SiteSettings, services: Callable[..., list[ServiceInfo]]
) -> None:
    async with running(settings, services(oee=SERVICE, simulator=HOPELESS)):
        code, said = await uns(settings, "status", "--json")
        report = json.loads(said)
        oee, simulator = report["services"]
        assert code == 1
        assert report["ready"] is False
        assert (oee["name"], oee["ready"], oee["address"]) == (
            "oee",
            True,
            f"http://127.0.0.1:{oee['health_port']}",
        )
        assert simulator["reasons"] == ["the schema is newer than this program"]
        code, said = await uns(settings, "status")
        assert "the schema is newer than this program" in said
        assert str(settings.broker_port) in said
    code, said = await uns(settings, "status")
    assert code == 1
    assert said.startswith("uns: no site runs on this data folder")
