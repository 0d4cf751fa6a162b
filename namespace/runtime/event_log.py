"""A service's own event log on the wire: batches as they are relayed, a heartbeat of the head, and the `events` query."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace

from namespace.contracts.event_log import EventRow
from namespace.contracts.event_metrics import events_value, head_values
from namespace.contracts.event_wire import page_to_json
from namespace.contracts.node import EVENTS_METRIC, EventsArgs
from namespace.runtime.edge_node import EdgeNode
from namespace.runtime.errors import NotConnected
from namespace.runtime.health import Health
from namespace.runtime.log_check import LogCheck
from namespace.runtime.logging import get_logger
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.queries import Page
from namespace.store import Database, DatabaseUnavailable, HandOverFailed, Relay, TransactionConflict, read_log

_RETRY_S = 1.0


class EventLog:
    """Relays one service's outbox to its edge node.

    Args:
        database: The service's schema.
        node: Its edge node.
        health: Told while the log cannot be relayed.
        metrics: Shows the head.
        producer: The log's name in messages.
        heartbeat_s: Seconds between two announcements of the head.
        check: Compares the log with what others have heard of it.

    Attributes:
        may_be_born: Set when the log was compared, or nobody answered: nothing is said of it before.
    """

    def __init__(
        self,
        database: Database,
        node: EdgeNode,
        health: Health,
        metrics: ServiceMetrics,
        *,
        producer: str,
        heartbeat_s: float,
        check: LogCheck,
    ) -> None:
        self._database = database
        self._node = node
        self._health = health
        self._metrics = metrics
        self._heartbeat_s = heartbeat_s
        self._relay = Relay(database, producer, self._publish)
        self._log = get_logger(part="event log")
        self._check = check
        self._announce = asyncio.Event()
        self.may_be_born = asyncio.Event()
        self._is_open = False
        node.before_birth = self._announce_in_birth

    async def run(self) -> None:
        """Relay until cancelled, through every outage of database and broker."""
        await self._check.before_first_birth()
        self.may_be_born.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._checking(), name="event log check")
            group.create_task(self._relaying(), name="relay")
            group.create_task(self._heartbeat(), name="event log heartbeat")

    def wake(self) -> None:
        """Something was committed."""
        self._relay.wake()

    async def drained(self) -> None:
        """Wait until every event that was committed has been handed to the broker, unless the database is away."""
        if self._is_open:
            await self._relay.settled()

    async def answer(self, arguments: EventsArgs) -> Page:
        """Answer the `events` query."""
        page = await read_log(self._database, arguments.from_seq, arguments.limit, arguments.types)
        return Page(page_to_json(page), None if page.is_last else str(page.through + 1))

    async def _checking(self) -> None:
        if await self._check.later():
            self._relay.reopen()
            self._announce.set()

    async def _relaying(self) -> None:
        while True:
            try:
                await self._relay.run()
            except (DatabaseUnavailable, TransactionConflict) as unavailable:
                self._is_open = False
                self._health.not_ready("event log", str(unavailable))
                self._log.warning("relay_waits_for_database", error=str(unavailable))
                await asyncio.sleep(_RETRY_S)

    async def _heartbeat(self) -> None:
        await self._relay.opened()
        self._opened()
        while True:
            with contextlib.suppress(NotConnected):  # the next birth tells
                await self._node.hand_over(head_values(self._relay.log))
            self._metrics.log_head.set(self._relay.log.head)
            self._announce.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._heartbeat_s):
                    await self._announce.wait()
            await self._relay.opened()
            self._opened()

    def _opened(self) -> None:
        self._is_open = True
        self._health.ready("event log")

    def _announce_in_birth(self) -> None:
        if self._is_open:
            self._node.set(None, head_values(self._relay.log))
            self._relay.connected()

    async def _publish(self, rows: Sequence[EventRow]) -> None:
        announced = replace(self._relay.log, head=rows[-1].seq, hash=rows[-1].hash)
        try:
            await self._node.hand_over({EVENTS_METRIC: events_value(rows), **head_values(announced)})
        except NotConnected as error:
            raise HandOverFailed("there is no broker session") from error
