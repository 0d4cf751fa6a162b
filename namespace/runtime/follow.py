"""Following another service's event log: what arrives on the wire goes to the store's follower, what is missing is asked for."""

from __future__ import annotations

import asyncio

from pydantic import ValidationError

from namespace.contracts.canonical import EventFormatError
from namespace.contracts.contract import edge_node_id
from namespace.contracts.event_log import LogPage
from namespace.contracts.event_metrics import read_log_message
from namespace.contracts.event_wire import page_from_json
from namespace.contracts.node import EVENTS_QUERY
from namespace.isa95 import EquipmentPath
from namespace.runtime.errors import NoAnswer, NotConnected, QueryFailed
from namespace.runtime.health import Health
from namespace.runtime.logging import get_logger
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.queries import QueryClient
from namespace.runtime.session import Session
from namespace.sparkplug import RemoteProtocolError, decode_payload
from namespace.store import (
    Database,
    DatabaseUnavailable,
    FetchFailed,
    Follower,
    Handler,
    Inbox,
    TransactionConflict,
)
from namespace.transport import Message

_RETRY_S = 1.0
_WATCH_S = 1.0
_FETCH_TIMEOUT_S = 2.0


class Follow:
    """Brings one producer's events to one handler, each exactly once and in order.

    Args:
        session: Where the producer is heard. There is no Sparkplug sequence check on it: the log has its own.
        site: The site.
        producer: The service whose log is followed.
        handler: Applies one event in a transaction; raises `Reject` or `Retry`.
        database: The consumer's schema.
        queries: Asks the producer for what was missed.
        health: Told when the log forked or cannot be applied.
        metrics: Shows cursor and parked events.
    """

    def __init__(
        self,
        session: Session,
        site: EquipmentPath,
        producer: str,
        handler: Handler,
        *,
        database: Database,
        queries: QueryClient,
        health: Health,
        metrics: ServiceMetrics,
    ) -> None:
        self._producer = producer
        self._queries = queries
        self._health = health
        self._metrics = metrics
        self._part = f"log of {producer}"
        self._log = get_logger(part=self._part)
        node = edge_node_id(producer)
        self.inbox = Inbox(database, f"{site.group_id}/{node}", handler, reject_on=(ValidationError,))
        self._follower = Follower(self.inbox, self._fetch)
        for kind in ("NBIRTH", "NDATA"):
            session.route(f"spBv1.0/{site.group_id}/{kind}/{node}", self._receive)

    def _receive(self, message: Message) -> None:
        try:
            heard = read_log_message(decode_payload(message.payload))
        except (RemoteProtocolError, EventFormatError) as error:
            self._metrics.rejected.labels("event log", type(error).__name__).inc()
            return
        if heard.rows:
            self._follower.rows(heard.rows)
        if heard.log is not None:
            self._follower.announced(heard.log)

    async def _fetch(self, from_seq: int, limit: int) -> LogPage:
        try:
            page = await self._queries.ask(
                self._producer,
                EVENTS_QUERY.name,
                {"from": from_seq, "limit": limit},
                timeout_s=_FETCH_TIMEOUT_S,
                tries=1,
            )
        except (NoAnswer, NotConnected, QueryFailed) as error:
            raise FetchFailed(str(error) or "there is no broker session") from error
        return page_from_json(page.data)

    async def run(self) -> None:
        """Follow until cancelled, through every outage of broker, producer and database."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._following(), name=f"follow {self._producer}")
            group.create_task(self._watch(), name=f"watch {self._producer}")

    async def _following(self) -> None:
        while True:
            try:
                await self._follower.run()
            except (DatabaseUnavailable, TransactionConflict) as unavailable:
                self._health.not_ready(self._part, f"the database is not reachable: {unavailable}")
                self._log.warning("follower_waits_for_database", error=str(unavailable))
                await asyncio.sleep(_RETRY_S)

    async def _watch(self) -> None:
        """Show how following stands."""
        while True:
            status = self._follower.status
            if status.forked is not None:
                self._health.not_ready(self._part, f"stopped: {status.forked}")
            elif status.cursor is not None:
                self._health.ready(self._part)
                self._metrics.events_applied.labels(self._producer).set(status.cursor)
            await asyncio.sleep(_WATCH_S)
