"""A guest at a site: asks, commands and listens, but is no edge node. The command line and tests use it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from namespace.contracts.query import SiteTopics
from namespace.isa95 import EquipmentPath
from namespace.runtime.clock import Clock, SystemClock
from namespace.runtime.commands import CommandClient
from namespace.runtime.errors import NoAnswer
from namespace.runtime.health import Health
from namespace.runtime.queries import QueryClient
from namespace.runtime.session import Session
from namespace.transport import Message, Transport


class SiteClient:
    """One guest session at a site.

    Args:
        transport: With the guest's account.
        site: The site.
        account: The guest's broker account; its answers go to it alone.
        commands: Services it may command.
        clock: For timestamps on the wire.
    """

    def __init__(
        self,
        transport: Transport,
        site: EquipmentPath,
        account: str,
        *,
        commands: frozenset[str] = frozenset(),
        clock: Clock | None = None,
    ) -> None:
        self.site = site
        self.topics = SiteTopics(site)
        self.health = Health()
        self.session = Session(transport, name=account, health=self.health)
        self.queries = QueryClient(self.session, self.topics, account)
        self.commands = CommandClient(self.session, site, commands, clock or SystemClock())

    def listen(self, topic_filter: str, handler: Callable[[Message], None]) -> None:
        """Hand every message that matches to `handler`; call before `connected`."""
        self.session.route(topic_filter, handler)

    @asynccontextmanager
    async def connected(self, *, timeout_s: float = 10.0) -> AsyncIterator[None]:
        """Keep the session up while the context is open.

        Raises:
            NoAnswer: There was no session within `timeout_s` seconds; the text says why.
        """
        running = asyncio.create_task(self.session.run(), name="guest session")
        try:
            try:
                async with asyncio.timeout(timeout_s):
                    await self.session.up.wait()
            except TimeoutError:
                reasons = "; ".join(self.health.reasons.values()) or "the broker"
                raise NoAnswer(reasons, timeout_s) from None
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
