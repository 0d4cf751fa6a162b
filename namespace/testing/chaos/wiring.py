"""Puts a fault proxy into every connection of a running site: between each service and the broker, and between it and the database.

A service reads its addresses from two files of the site's folder each time it starts. So nothing in the site knows of the proxies: the
files are written anew as soon as they are there, and a service that was quicker is killed once and comes back through its proxies.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from namespace.servers.folder import write_private
from namespace.servers.site_state import SiteState
from namespace.testing.chaos.proxy import FaultProxy
from namespace.testing.site import RunningSite, eventually
from namespace.transport import BrokerUrl


@dataclass(frozen=True)
class Wires:
    """The connections of a service, each through a proxy.

    Attributes:
        broker: To the broker.
        database: To the database; None for who has none.
        dsn: The database's own address, past the proxy, with the service's role.
    """

    broker: FaultProxy
    database: FaultProxy | None = None
    dsn: str = ""

    def both(self) -> Iterator[FaultProxy]:
        """Return the one and the other."""
        yield self.broker
        if self.database is not None:
            yield self.database


Wiring = dict[str, Wires]
"""By service."""


@asynccontextmanager
async def wired(site: RunningSite) -> AsyncIterator[Wiring]:
    """Wait until `site` is up, with every service behind proxies of its own; they go away with the context."""
    state = await eventually(lambda: _services_known(site), within_s=60, what=lambda: f"services\n{site.tail()}")
    async with AsyncExitStack() as stack:
        wiring = {}
        for service in state.services:
            wiring[service.name] = await _wire(site.folder / "run" / service.name, stack)
        await site.ready()
        quick = {
            name: site.pid_of(name)
            for name, wires in wiring.items()
            if not all(proxy.connected for proxy in wires.both())
        }
        for name in quick:
            site.kill(name)
        await asyncio.gather(*(site.back(name, pid) for name, pid in quick.items()))
        yield wiring


async def _wire(private: Path, stack: AsyncExitStack) -> Wires:
    broker, database = private / "broker_url", private / "database_url"
    url, dsn = BrokerUrl.parse(broker.read_text().strip()), urlsplit(database.read_text().strip())
    assert dsn.port is not None
    to_broker = await stack.enter_async_context(FaultProxy(url.port, is_mqtt=True).running())
    to_database = await stack.enter_async_context(FaultProxy(dsn.port, is_mqtt=False).running())
    write_private(broker, replace(url, port=to_broker.port).with_credentials())
    credentials = dsn.netloc.rpartition("@")[0]
    write_private(database, dsn._replace(netloc=f"{credentials}@{dsn.hostname}:{to_database.port}").geturl())
    return Wires(to_broker, to_database, dsn.geturl())


async def _services_known(site: RunningSite) -> SiteState | None:
    try:
        state = site.state()
    except OSError:
        return None
    return state if state.services else None
