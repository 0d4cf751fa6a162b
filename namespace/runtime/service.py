"""What a service declares: its contract, its parts, and the context they are put together in.

What stands in a `Parts` is the whole of what a service consumes, publishes and answers, so its composition root reads like a table of
contents. Running it - the order of starting and stopping, reconnects, births, the event log - is `namespace.runtime.process`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from namespace.contracts.contract import ServiceContract
from namespace.contracts.query import SiteTopics
from namespace.isa95 import EquipmentPath, SiteModel
from namespace.runtime.business_time import BusinessTime
from namespace.runtime.clock import Clock
from namespace.runtime.commands import CommandClient, CommandHandler
from namespace.runtime.edge_node import EdgeNode
from namespace.runtime.health import Health
from namespace.runtime.machine_feed import MachineHandler
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.queries import QueryClient, QueryHandler
from namespace.runtime.refresher import Refresh
from namespace.runtime.settings import ServiceSettings
from namespace.store import Database, Handler
from namespace.transport import Transport


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service consumes, publishes and answers.

    Attributes:
        commands: Handler by command name; exactly the contract's.
        queries: Handler by query name; exactly the contract's.
        follows: Handler by producer whose event log is followed; exactly the contract's.
        machines: Takes what the machines of the site say.
        machine_metrics: Canonical names of what `machines` uses: nothing else is handed to it, live or after the service was down; all when
            empty.
        machines_settled: Returns when what was given to `machines` before is in the database; None where that is so when it returns.
        refresh: Recomputes the published state of places after a change.
        start: Runs once, with the database ready, before anything is said or heard.
        stop: Runs once when the service is told to stop, before its session ends.
        tasks: What else runs, by name, until the service stops.
    """

    commands: Mapping[str, CommandHandler] = field(default_factory=dict)
    queries: Mapping[str, QueryHandler] = field(default_factory=dict)
    follows: Mapping[str, Handler] = field(default_factory=dict)
    machines: MachineHandler | None = None
    machine_metrics: Collection[str] = ()
    machines_settled: Callable[[], Awaitable[None]] | None = None
    refresh: Refresh | None = None
    start: Callable[[], Awaitable[None]] | None = None
    stop: Callable[[], Awaitable[None]] | None = None
    tasks: Mapping[str, Callable[[], Coroutine[Any, Any, None]]] = field(default_factory=dict)

    def check_against(self, contract: ServiceContract) -> None:
        """Make sure that what is declared is handled and nothing else.

        Raises:
            ValueError: Contract and handlers differ; the text names what.
        """
        pairs = (
            ("commands", {command.name for command in contract.commands}, set(self.commands)),
            ("queries", {query.name for query in contract.queries}, set(self.queries)),
            ("followed logs", set(contract.follows), set(self.follows)),
        )
        for kind, declared, handled in pairs:
            if declared != handled:
                odd = ", ".join(sorted(declared ^ handled))
                msg = f"{contract.service}: the contract's {kind} and the service's handlers differ in {odd}"
                raise ValueError(msg)


@dataclass(slots=True)
class Context:
    """What a service is given to put its parts together. It holds no way to command a machine.

    Attributes:
        contract: The service's contract.
        settings: Its settings.
        site: The site file, loaded.
        clock: The wall clock.
        business_time: What time it is at a place.
        node: The service's edge node, to set state on.
        queries: Asks other services, for people and for catching up alone.
        commands: Commands the services named in the contract.
        database: The service's own schema.
        health: Where parts say that they do not work.
        metrics: Prometheus metrics.
        mark: Has the published state of places recomputed soon.
        open_transport: Makes a further connection of the service's account; the argument is appended to its client id.
    """

    contract: ServiceContract
    settings: ServiceSettings
    site: SiteModel
    clock: Clock
    business_time: BusinessTime
    node: EdgeNode
    queries: QueryClient
    commands: CommandClient
    database: Database
    health: Health
    metrics: ServiceMetrics
    mark: Callable[[Iterable[EquipmentPath]], None]
    open_transport: Callable[[str], Transport]

    @property
    def topics(self) -> SiteTopics:
        """The site's plain topics."""
        return SiteTopics(self.site.path)

    @property
    def host_id(self) -> str:
        """The id of the site's primary host application."""
        return self.settings.host_id or f"{self.site.site}-mes"

    def now(self, place: EquipmentPath) -> datetime:
        """Return the business time of `place`."""
        return self.business_time.now(place, self.clock.now())


@dataclass(frozen=True, slots=True)
class Service:
    """One service: declared, not yet running.

    Attributes:
        contract: What it says, hears, accepts and answers.
        compose: Puts its parts together.
        migrations: The package that holds `migrations/*.sql`; None where the tables every service has are enough.
    """

    contract: ServiceContract
    compose: Callable[[Context], Parts]
    migrations: str | None = None

    @property
    def name(self) -> str:
        """The service's name, for example `work_order`."""
        return self.contract.service
