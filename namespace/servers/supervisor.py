"""`uns up`: a whole site on one machine, from an empty folder to every service ready, and down again in order.

It starts database and broker (or finds those it was pointed at), gives every service an account, a role and
a health port, keeps all of them running, and writes down what it sees. It shows nothing itself: whoever
calls it hands in a `Display`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from namespace.isa95 import SiteModel
from namespace.servers import ports, readiness
from namespace.servers.broker import CLI_ACCOUNT, SiteBroker, account_of
from namespace.servers.database import SiteDatabase
from namespace.servers.errors import ServerError
from namespace.servers.folder import DataFolder, write_private
from namespace.servers.keeper import Keeper, MakeRunner
from namespace.servers.server import Server, start_async
from namespace.servers.service_process import ServiceProcess
from namespace.servers.services import ServiceInfo, service_environment
from namespace.servers.settings import SiteSettings
from namespace.servers.site import read_site, site_access
from namespace.servers.site_state import Phase, ServiceStatus, SiteState, write_state

_DATABASE_START_S = 120.0
_BROKER_START_S = 20.0
_SERVICE_STOP_S = 15.0
_ASK_EVERY_S = 1.0
_ASK_READY_EVERY_S = 2.0
_READINESS = 'ready"'  # the end of "ready" and of "not_ready", which is what services log as their event
_LOOK_EVERY_S = 0.2
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_RESTART_DELAYS_S = (0.2, 1.0, 5.0, 15.0)


class Display(Protocol):
    """Whoever shows a person what happens."""

    def step(self, text: str) -> None:
        """Something has been done on the way up or down."""
        ...

    def changed(self, state: SiteState) -> None:
        """A process started, became ready or not ready, or ended."""
        ...

    def up(self, state: SiteState) -> None:
        """Every service is ready for the first time, or will not be without a person."""
        ...

    def line(self, source: str, text: str) -> None:
        """A service wrote a line."""
        ...


@dataclass(frozen=True)
class _Site:
    """What a site consists of while it runs."""

    folder: DataFolder
    model: SiteModel
    database: SiteDatabase
    broker: SiteBroker


class Supervisor:
    """Runs one site until told to stop.

    Args:
        settings: Where and with what.
        services: Which services.
        display: Shown what happens.
        runner: How each service runs: as a process of its own by default.
    """

    def __init__(
        self,
        settings: SiteSettings,
        services: Sequence[ServiceInfo],
        display: Display,
        *,
        runner: MakeRunner = ServiceProcess,
    ) -> None:
        self._settings = settings
        self._services = services
        self._display = display
        self._runner = runner
        self._stop = asyncio.Event()
        self._keepers: list[Keeper] = []
        self._news: dict[str, asyncio.Event] = {}
        self._was_up = False

    async def run(self) -> None:
        """Bring the site up, keep it up, and take it down when asked to stop.

        Raises:
            ServerError: It cannot come up; what was started has been stopped again.
        """
        loop = asyncio.get_running_loop()
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, self.stop)
        try:
            await self._run()
        finally:
            for number in _STOP_SIGNALS:
                loop.remove_signal_handler(number)

    async def _run(self) -> None:
        model = read_site(self._settings.site_file)
        folder = DataFolder(self._settings.data_dir)
        with folder.lock():
            self._require_ports()
            broker_port, broker_url = self._settings.broker_port, self._settings.broker_url
            site = _Site(
                folder,
                model,
                SiteDatabase(folder, self._settings.database_url),
                SiteBroker(folder, site_access(model), port=broker_port, url=broker_url),
            )
            try:
                await self._start_servers(site.database, site.broker)
                if not self._stop.is_set():
                    await self._run_services(site)
            finally:
                await self._stop_servers(site.database, site.broker)
                folder.site_state.unlink(missing_ok=True)

    def stop(self) -> None:
        """Ask for the end; asked a second time, services are not waited for."""
        if self._stop.is_set():
            for each in self._keepers:
                each.kill()
        self._stop.set()
        for news in self._news.values():
            news.set()

    def _require_ports(self) -> None:
        wanted = []
        if self._settings.broker_url is None:
            wanted.append(("UNS_BROKER_PORT", self._settings.broker_port))
        if any(service.name == "console" for service in self._services):
            wanted.append(("UNS_CONSOLE_PORT", self._settings.console_port))
        for variable, port in wanted:
            if not ports.is_free(port):
                raise ports.taken(port, variable)

    async def _start_servers(self, database: SiteDatabase, broker: SiteBroker) -> None:
        if database.server is not None:
            self._display.step("starting the database")
            await start_async(database.server, timeout_s=_DATABASE_START_S)
        await database.admit([service.name for service in self._services])
        self._display.step(f"database ready: {database.status.detail}, {database.status.address}")
        broker.write_accounts()
        if broker.server is not None:
            await start_async(broker.server, timeout_s=_BROKER_START_S)
        accounts = [account_of(service.name) for service in self._services]
        await asyncio.to_thread(broker.check_sign_in, [*accounts, CLI_ACCOUNT])
        self._display.step(f"broker ready: {broker.status.detail}, {broker.status.address}")

    async def _stop_servers(self, database: SiteDatabase, broker: SiteBroker) -> None:
        for name, server in (("broker", broker.server), ("database", database.server)):
            if server is not None and server.pid is not None:
                await asyncio.to_thread(server.stop)
                self._display.step(f"{name} stopped")

    async def _run_services(self, site: _Site) -> None:
        state = self._first_state(site)
        self._keepers = [
            self._prepare_service(service, status, state, site)
            for service, status in zip(self._services, state.services, strict=True)
        ]
        write_private(site.folder.run / "cli" / "broker_url", site.broker.url(CLI_ACCOUNT).with_credentials())
        self._note(site, state)

        def note() -> None:
            self._note(site, state)

        async with asyncio.TaskGroup() as group:
            for each in self._keepers:
                group.create_task(each.run(), name=f"keep {each.service.name}")
                group.create_task(self._watch_readiness(each, site, state), name=f"ask {each.service.name}")
            if (broker := site.broker.server) is not None:
                group.create_task(self._keep("broker", broker, _BROKER_START_S, note), name="keep broker")
            if (database := site.database.server) is not None:
                group.create_task(self._keep("database", database, _DATABASE_START_S, note), name="keep database")
            await self._stop.wait()
            self._display.step("stopping the services")
            async with asyncio.TaskGroup() as ending:
                for each in self._keepers:
                    ending.create_task(each.stop(timeout_s=_SERVICE_STOP_S))

    def _first_state(self, site: _Site) -> SiteState:
        health_ports = ports.free_ports(len(self._services), besides={self._settings.console_port})
        return SiteState(
            enterprise=site.model.enterprise,
            site=site.model.site,
            pid=os.getpid(),
            started_at=datetime.now(UTC),
            data_dir=str(site.folder.root),
            site_file=str(self._settings.site_file),
            console_url=f"http://{ports.LOOPBACK}:{self._settings.console_port}",
            broker=site.broker.status,
            database=site.database.status,
            services=[
                ServiceStatus(name=service.name, health_port=port)
                for service, port in zip(self._services, health_ports, strict=True)
            ],
        )

    def _prepare_service(self, service: ServiceInfo, status: ServiceStatus, state: SiteState, site: _Site) -> Keeper:
        private = site.folder.run / service.name
        broker_url, database_url = private / "broker_url", private / "database_url"
        write_private(broker_url, site.broker.url(account_of(service.name)).with_credentials())
        write_private(database_url, site.database.dsn(service.name))
        environment = service_environment(
            UNS_DATA_DIR=str(site.folder.root),
            UNS_SITE_FILE=str(self._settings.site_file),
            UNS_BROKER_URL_FILE=str(broker_url),
            UNS_DATABASE_URL_FILE=str(database_url),
            UNS_CONSOLE_PORT=str(self._settings.console_port),
            UNS_HEALTH_PORT=str(status.health_port),
            UNS_LOG="json",
            PYTHONUNBUFFERED="1",
        )
        news = self._news[service.name] = asyncio.Event()

        def on_line(text: str) -> None:
            self._display.line(service.name, text)
            if _READINESS in text:
                news.set()

        runner = self._runner(service, env=environment, on_line=on_line)
        return Keeper(service, status, runner, on_change=lambda: self._note(site, state))

    async def _watch_readiness(self, keeper: Keeper, site: _Site, state: SiteState) -> None:
        """Ask when a service says that its readiness changed, and now and then: it may have stopped talking."""
        status, news = keeper.status, self._news[keeper.service.name]
        while not self._stop.is_set():
            if status.phase in {Phase.STARTING, Phase.READY, Phase.NOT_READY} and status.pid is not None:
                answer = await asyncio.to_thread(readiness.ask, status.health_port)
                self._judge(status, answer, site, state)
            await _wait(news, _ASK_READY_EVERY_S if status.phase is Phase.READY else _ASK_EVERY_S)
            news.clear()

    def _judge(self, status: ServiceStatus, answer: readiness.Readiness, site: _Site, state: SiteState) -> None:
        if status.pid is None or self._stop.is_set():
            return
        was_ready = status.phase in {Phase.READY, Phase.NOT_READY}
        phase = Phase.READY if answer.ready else Phase.NOT_READY if was_ready else Phase.STARTING
        reasons = () if answer.ready else answer.reasons
        if (phase, reasons) != (status.phase, status.reasons):
            status.phase, status.reasons = phase, reasons
            self._note(site, state)

    async def _keep(self, name: str, server: Server, timeout_s: float, note: Callable[[], None]) -> None:
        """Start a server again whenever it ends by itself; services wait and go on (see their readiness)."""
        failures = 0
        while not self._stop.is_set():
            await _wait(self._stop, _LOOK_EVERY_S)
            if server.pid is not None or self._stop.is_set():
                continue
            trouble = server.failure("ended")
            self._display.step(f"the {name} is gone and is started again: {trouble.what}")
            await _wait(self._stop, _RESTART_DELAYS_S[min(failures, len(_RESTART_DELAYS_S) - 1)])
            try:
                await start_async(server, timeout_s=timeout_s)
                failures = 0
                self._display.step(f"the {name} is back")
                note()
            except ServerError as error:
                failures += 1
                self._display.step(f"the {name} cannot be started: {error}")

    def _note(self, site: _Site, state: SiteState) -> None:
        state.broker, state.database = site.broker.status, site.database.status
        with contextlib.suppress(OSError):  # a full disk must not take a running site down
            write_state(site.folder, state)
        self._display.changed(state)
        settled = all(each.phase in {Phase.READY, Phase.FAILED} for each in state.services)
        if settled and not self._was_up:
            self._was_up = True
            self._display.up(state)


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()
