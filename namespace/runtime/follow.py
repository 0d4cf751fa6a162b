"""Following another service's event log: what arrives on the wire goes to the store's follower, what is missing is asked for."""

from __future__ import annotations

import asyncio
import contextlib

from pydantic import ValidationError

from namespace.contracts.canonical import EventFormatError
from namespace.contracts.contract import edge_node_id
from namespace.contracts.event_log import LogPage
from namespace.contracts.event_metrics import read_log_message
from namespace.contracts.event_wire import page_from_json
from namespace.contracts.node import EVENTS_QUERY
from namespace.isa95 import EquipmentPath
from namespace.runtime.backoff import Backoff
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
    ForkPoint,
    Handler,
    Inbox,
    LogForked,
    TransactionConflict,
    find_fork,
)
from namespace.transport import Message

_RETRY_S = 1.0
_LONGEST_RETRY_S = 60.0
_WATCH_S = 1.0
_MOST_COUNTED = 10_000
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
        self._database = database
        self._queries = queries
        self._health = health
        self._metrics = metrics
        self._part = f"log of {producer}"
        self._log = get_logger(part=self._part)
        node = edge_node_id(producer)
        self.inbox = Inbox(database, f"{site.group_id}/{node}", handler, reject_on=(ValidationError,))
        self._follower = Follower(self.inbox, self._fetch)
        self._trouble = ""
        self._failed_at = -1
        self._patience = Backoff(first_s=_RETRY_S, limit_s=_LONGEST_RETRY_S)
        self._parked_change: int | None = None
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
        if not isinstance(page.data, dict):
            msg = f"{self._producer} answered with something that is no page"
            raise FetchFailed(msg)
        return page_from_json(page.data)

    @property
    def forked(self) -> LogForked | None:
        """Why following has stopped, or None."""
        return self._follower.status.forked

    async def find_fork(self) -> ForkPoint | None:
        """Find the last row shared with the producer; None where it lies before everything remembered.

        Raises:
            FetchFailed: The producer does not answer.
            DatabaseUnavailable: No connection.
        """
        return await find_fork(self._database, self.inbox.producer, await self.inbox.cursor(), self._fetch)

    def begin_again(self) -> None:
        """Go on from where the cursor was put."""
        self._follower.begin_again()

    async def run(self) -> None:
        """Run until cancelled, through every outage of broker, producer and database."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._following(), name=f"follow {self._producer}")
            group.create_task(self._watch(), name=f"watch {self._producer}")

    async def _following(self) -> None:
        """Follow; a handler that fails otherwise than by `Reject` or `Retry` has a bug: its event is tried again, ever less often.

        Nothing of it was applied and no later event may overtake it, so this log waits; the rest of the service goes on.
        """
        while True:
            try:
                await self._follower.run()
            except (DatabaseUnavailable, TransactionConflict) as unavailable:
                self._log.warning("follower_waits_for_database", error=str(unavailable))
                self._trouble = str(unavailable)
                await asyncio.sleep(_RETRY_S)
            except Exception as error:  # noqa: BLE001 - the supervisor of the event handler
                at = self._follower.status.cursor or 0
                self._log.exception("event_handler_failed", after_seq=at)
                kind = type(error).__name__
                self._trouble = f"the event after seq {at} makes the handler fail ({kind}); the log has the details"
                self._show()
                if at != self._failed_at:
                    self._failed_at = at
                    self._patience.reset()
                await asyncio.sleep(self._patience.next_s())

    async def _watch(self) -> None:
        """Show how following stands."""
        while True:
            self._show()
            await self._count_parked()
            await asyncio.sleep(_WATCH_S)

    def _show(self) -> None:
        status = self._follower.status
        if self._trouble and (status.cursor or 0) > self._failed_at:
            self._trouble = ""
        self._metrics.forked.labels(self._producer).set(status.forked is not None)
        if status.cursor is not None:
            self._metrics.events_applied.labels(self._producer).set(status.cursor)
        if status.forked is not None:
            self._health.not_ready(self._part, f"stopped: {status.forked}")
        elif self._trouble:
            self._health.not_ready(self._part, self._trouble)
        elif status.cursor is not None:
            self._health.ready(self._part)

    async def _count_parked(self) -> None:
        counters = self.inbox.counters
        if counters.parked - counters.redriven == self._parked_change:
            return
        with contextlib.suppress(DatabaseUnavailable, TransactionConflict):
            parked = await self.inbox.parked(_MOST_COUNTED)
            self._parked_change = counters.parked - counters.redriven
            self._metrics.parked.labels(self._producer).set(len(parked))
