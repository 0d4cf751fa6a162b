"""From a declared service to a running, answering, draining process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from namespace.contracts.command import COMMAND_REQUEST_METRIC, COMMAND_RESPONSE_METRIC, CommandResponse
from namespace.contracts.forks import ACCEPT_FORK_COMMAND, BEYOND_FORK_QUERY, FOLLOWS_QUERY
from namespace.contracts.node import EVENTS_QUERY
from namespace.contracts.parking import PARKED_QUERY, REDRIVE_COMMAND
from namespace.contracts.query import SiteTopics
from namespace.isa95 import SiteModel
from namespace.runtime.accelerated import compiled_packets, compiled_walk
from namespace.runtime.business_time import BusinessTime
from namespace.runtime.catch_up_samples import CatchUp
from namespace.runtime.clock import SystemClock
from namespace.runtime.commands import CommandClient, CommandDesk, Done
from namespace.runtime.edge_node import EdgeNode
from namespace.runtime.errors import NotConnected
from namespace.runtime.event_log import EventLog
from namespace.runtime.follow import Follow
from namespace.runtime.forks import ForkDesk
from namespace.runtime.health import Health, serve_health
from namespace.runtime.log_check import LogCheck
from namespace.runtime.logging import get_logger
from namespace.runtime.machine_feed import MachineFeed
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.parked import ParkedDesk
from namespace.runtime.places import device_definitions, node_definitions
from namespace.runtime.queries import QueryClient, QueryDesk
from namespace.runtime.refresher import Refresher
from namespace.runtime.service import Context, Parts, Service
from namespace.runtime.session import Session
from namespace.runtime.settings import ServiceSettings
from namespace.runtime.tasks import Task, ended, reported
from namespace.sparkplug import EdgeNodeConfig, EdgeNodeSession
from namespace.store import (
    Database,
    DatabaseUnavailable,
    MachineSessions,
    TransactionConflict,
    migrate,
    next_bd_seq,
)
from namespace.transport import BrokerUrl, Transport
from namespace.transport.stream import StreamTransport
from namespace.version import VERSION

_DATABASE_RETRY_S = 1.0
_START = "start"
_OTHER_CONNECTIONS = 5
"""Beside one a command lane: the relay keeps one, the rest is for queries, followed logs, machines and the service's own tasks."""

OpenTransport = Callable[[str], Transport]


def _to_broker(settings: ServiceSettings) -> OpenTransport:
    """Return the everyday way to the broker: MQTT at the address in the settings, by the client that they name."""
    url = BrokerUrl.parse(settings.broker_url)
    if settings.mqtt_client == "aiomqtt":
        from namespace.transport.mqtt import MqttTransport

        return lambda client_id: MqttTransport(url, client_id=client_id, allow_plaintext=settings.allow_plaintext)
    rest_s, walk = settings.mqtt_rest_ms / 1000, compiled_packets()
    return lambda client_id: StreamTransport(
        url, client_id=client_id, rest_s=rest_s, walk=walk, allow_plaintext=settings.allow_plaintext
    )


async def run(
    service: Service,
    settings: ServiceSettings,
    site: SiteModel,
    *,
    open_transport: OpenTransport | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Run `service` until `stop` or until its task is cancelled.

    Args:
        service: What to run.
        settings: Where everything is.
        site: The site file, loaded.
        open_transport: Another way to the broker than `settings.broker_url`, by client id: several services on one event loop.
        stop: Set by whoever wants it to stop in order.

    Raises:
        StoreError: Its database schema is newer, or not the one its migrations made.
        BrokerUrlError: The broker's address is none, or may not be used without encryption.
    """
    stop = stop or asyncio.Event()
    connect = open_transport or _to_broker(settings)
    health, metrics = Health(), ServiceMetrics()
    health.not_ready(_START, "starting")
    log = get_logger()
    async with serve_health(health, metrics.registry, port=settings.health_port) as port:
        log.info("starting", version=VERSION, health_port=port, accelerated=compiled_walk() is not None)
        async with _open_database(service, settings, health, stop) as database:
            if database is not None:
                process = _Process(
                    service, settings, site, health=health, metrics=metrics, database=database, connect=connect
                )
                await process.run(stop)
    log.info("stopped")


@asynccontextmanager
async def _open_database(
    service: Service, settings: ServiceSettings, health: Health, stop: asyncio.Event
) -> AsyncIterator[Database | None]:
    """Open and migrate the service's schema, however long the server takes to appear."""
    database = None
    while database is None and not stop.is_set():
        try:
            database = await Database.open(
                settings.database_url,
                schema=_schema(service, settings),
                max_size=_OTHER_CONNECTIONS + settings.command_lanes,
            )
            await migrate(database, service.migrations)
        except (DatabaseUnavailable, TransactionConflict) as unavailable:
            health.not_ready("database", f"the database is not reachable: {unavailable}")
            get_logger().warning("database_unreachable", error=str(unavailable))
            if database is not None:
                await database.close()
                database = None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _DATABASE_RETRY_S)
    health.ready("database")
    try:
        yield database
    finally:
        if database is not None:
            await database.close()


class _Process:
    """One running service: every part, wired."""

    def __init__(
        self,
        service: Service,
        settings: ServiceSettings,
        site: SiteModel,
        *,
        health: Health,
        metrics: ServiceMetrics,
        database: Database,
        connect: OpenTransport,
    ) -> None:
        self._service = service
        self._contract = service.contract
        self._settings = settings
        self._site = site
        self._health = health
        self._metrics = metrics
        self._database = database
        self._connect = connect
        self._clock = SystemClock()
        self._topics = SiteTopics(site.path)
        self._tasks: dict[str, Task] = {}
        account = self._contract.edge_node_id
        self._session = Session(self._transport(""), name=account, health=health, metrics=metrics)
        self._node = EdgeNode(
            self._session,
            EdgeNodeSession(
                EdgeNodeConfig(group_id=site.group_id, edge_node_id=account),
                node_definitions(self._contract),
                device_definitions(self._contract, site),
            ),
            next_bd_seq=self._next_bd_seq,
            clock=self._clock,
            metrics=metrics,
        )
        self._business_time = BusinessTime(site.clock)
        self._refresher: Refresher | None = None
        self._event_log: EventLog | None = None
        self._parked = ParkedDesk(self._contract.service)
        self._forks = ForkDesk(self._contract.service, database)
        self._context = Context(
            contract=self._contract,
            settings=settings,
            site=site,
            clock=self._clock,
            business_time=self._business_time,
            node=self._node,
            queries=QueryClient(self._session, self._topics, account),
            commands=CommandClient(self._session, site.path, frozenset(self._contract.commands_to), self._clock),
            health=health,
            metrics=metrics,
            mark=lambda places: self._refresher.mark(places) if self._refresher else None,
            open_transport=self._transport,
            database=database,
        )
        self._parts: Parts = service.compose(self._context)
        self._parts.check_against(self._contract)
        self._wire()

    def _transport(self, suffix: str) -> Transport:
        return self._connect(f"{self._site.site}-{self._contract.edge_node_id}{suffix}")

    async def _next_bd_seq(self) -> int:
        """Number the next CONNECT; without the database there is no number, and so no connection."""
        try:
            return await next_bd_seq(self._database, f"{self._site.group_id}/{self._contract.edge_node_id}")
        except (DatabaseUnavailable, TransactionConflict) as unavailable:
            msg = f"the database is not reachable: {unavailable}"
            raise NotConnected(msg) from unavailable

    def _wire(self) -> None:
        """Connect contract, handlers and session; adds a task for each part that works on its own."""
        parts, contract = self._parts, self._contract
        self._tasks["node"] = self._node.run
        queries = {query.name: query for query in contract.queries}
        query_handlers = dict(parts.queries)
        if contract.events:
            producer = f"{self._site.group_id}/{contract.edge_node_id}"
            self._event_log = EventLog(
                self._database,
                self._node,
                self._health,
                self._metrics,
                producer=producer,
                heartbeat_s=self._settings.heartbeat_s,
                check=LogCheck(
                    self._database,
                    producer,
                    queries=self._context.queries,
                    open_transport=None if contract.observes_everything else lambda: self._transport("-check"),
                    topics=self._topics,
                    account=contract.edge_node_id,
                    health=self._health,
                    metrics=self._metrics,
                    wait_s=self._settings.registry_wait_s,
                ),
            )
            self._tasks["event log"] = self._event_log.run
            queries[EVENTS_QUERY.name] = EVENTS_QUERY
            query_handlers[EVENTS_QUERY.name] = self._event_log.answer
        commands = {command.name: command for command in contract.commands}
        command_handlers = dict(parts.commands)
        if parts.follows:
            commands[REDRIVE_COMMAND.name] = REDRIVE_COMMAND
            command_handlers[REDRIVE_COMMAND.name] = self._parked.redrive
            commands[ACCEPT_FORK_COMMAND.name] = ACCEPT_FORK_COMMAND
            command_handlers[ACCEPT_FORK_COMMAND.name] = self._forks.accept
        if commands:
            desk = CommandDesk(
                self._database,
                contracts=commands,
                handlers=command_handlers,
                answer=self._answer,
                committed=self._committed,
                clock=self._clock,
                lanes=self._settings.command_lanes,
                metrics=self._metrics,
            )
            self._node.on_write(COMMAND_REQUEST_METRIC, desk.receive)
            self._tasks["commands"] = desk.run
        if parts.follows:
            queries[PARKED_QUERY.name] = PARKED_QUERY
            query_handlers[PARKED_QUERY.name] = self._parked.answer
            queries |= {query.name: query for query in (FOLLOWS_QUERY, BEYOND_FORK_QUERY)}
            query_handlers[FOLLOWS_QUERY.name] = self._forks.follows
            query_handlers[BEYOND_FORK_QUERY.name] = self._forks.beyond
        query_desk = QueryDesk(
            self._session,
            self._topics,
            self._service.name,
            contracts=queries,
            handlers=query_handlers,
            metrics=self._metrics,
        )
        self._tasks["queries"] = query_desk.run
        if parts.refresh is not None:
            self._refresher = Refresher(parts.refresh, self._health)
            self._tasks["refresher"] = self._refresher.run
        for producer, handler in parts.follows.items():
            follow = Follow(
                self._session,
                self._site.path,
                producer,
                handler,
                database=self._database,
                queries=self._context.queries,
                health=self._health,
                metrics=self._metrics,
            )
            self._parked.add(producer, follow.inbox)
            self._forks.add(producer, follow)
            self._tasks[f"follow {producer}"] = follow.run
        if parts.machines is not None:
            feed = MachineFeed(
                self._session,
                self._site,
                parts.machines,
                sessions=MachineSessions(self._database),
                queries=self._context.queries,
                catch_up=CatchUp(
                    self._database,
                    self._context.queries,
                    metrics=parts.machine_metrics,
                    settled=parts.machines_settled,
                    every_s=self._settings.heartbeat_s,
                    health=self._health,
                ),
                business_time=self._business_time,
                clock=self._clock,
                health=self._health,
                metrics=self._metrics,
                wanted=parts.machine_metrics,
            )
            self._tasks["machines"] = feed.run
        self._tasks["health state"] = self._tell_health
        self._tasks.update(parts.tasks)

    def _answer(self, response: CommandResponse) -> None:
        self._node.say({COMMAND_RESPONSE_METRIC: response.model_dump_json()})

    def _committed(self, done: Done) -> None:
        if self._event_log is not None:
            self._event_log.wake()
        if done.touched and self._refresher is not None:
            self._refresher.mark(done.touched)

    async def _tell_health(self) -> None:
        was_ready = False
        while True:
            self._health.changed.clear()
            if self._health.is_ready != was_ready:
                was_ready = self._health.is_ready
                get_logger().info(
                    "ready" if was_ready else "not_ready", **({} if was_ready else {"reasons": self._health.reasons})
                )
            reasons = "; ".join(f"{part}: {reason}" for part, reason in sorted(self._health.reasons.items()))
            self._node.say({"Health/Ready": self._health.is_ready, "Health/Reasons": reasons})
            with contextlib.suppress(TimeoutError):  # said again now and then: whoever missed the birth notices
                async with asyncio.timeout(self._settings.heartbeat_s):
                    await self._health.changed.wait()

    async def run(self, stop: asyncio.Event) -> None:
        """Run every part until `stop`, then hand out what was promised and leave the namespace in order.

        A part that fails ends the process: whoever supervises it starts it again, and nothing that was promised is lost by that.
        """
        self._node.set(None, {"Node Info/Service": self._service.name, "Node Info/Version": VERSION})
        await self._start(stop)
        async with asyncio.TaskGroup() as group:
            tasks = {**self._tasks, "session": self._be_there}
            running = [group.create_task(reported(name, task), name=name) for name, task in tasks.items()]
            await stop.wait()
            get_logger().info("stopping")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.drain_s):
                    await reported("stopping", self._drain)
            await ended(running)

    async def _start(self, stop: asyncio.Event) -> None:
        """Let the parts start, however long the database takes to come back."""
        while self._parts.start is not None and not stop.is_set():
            try:
                await self._parts.start()
            except (DatabaseUnavailable, TransactionConflict) as unavailable:
                self._health.not_ready(_START, f"the database is not reachable: {unavailable}")
                get_logger().warning("start_waits_for_database", error=str(unavailable))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_DATABASE_RETRY_S):
                        await stop.wait()
            else:
                break
        self._health.ready(_START)

    async def _be_there(self) -> None:
        """Keep the session up; a service with an event log first learns whether its database is the newest of its kind."""
        if self._event_log is not None:
            await self._event_log.may_be_born.wait()
        await self._session.run()

    async def _drain(self) -> None:
        if self._parts.stop is not None:
            with contextlib.suppress(NotConnected):
                await self._parts.stop()
        if not self._session.is_up:
            await self._session.leave()
            return
        if self._event_log is not None:
            await self._event_log.drained()
        with contextlib.suppress(NotConnected):  # then the Will has said it
            await self._node.farewell()
        await self._session.leave()


def _schema(service: Service, settings: ServiceSettings) -> str:
    """The schema has the name of the role that owns it."""
    return urlsplit(settings.database_url).username or service.name
