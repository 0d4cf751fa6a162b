"""Asking the registry how far our own event log was heard: how a restored service learns that it was restored.

It is asked before the first birth, for a bounded time. Without an answer the service starts nevertheless: it says so in
its health, remembers the row from which on the log is not compared, and asks again until somebody answers. A log without
any row waits for a moment only: that is a first start, and nobody else may be there yet. Until somebody has answered
every consumer still notices a row that does not continue its own history, so nothing is applied twice or in a history that
it does not belong to; only the new epoch comes later.

Source: ARCHITECTURE, event log, point 5.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from pydantic import ValidationError

from namespace.contracts.namespace_state import LogHeard
from namespace.contracts.query import SiteTopics
from namespace.runtime.backoff import Backoff
from namespace.runtime.errors import NoAnswer, NotConnected, QueryFailed
from namespace.runtime.health import Health
from namespace.runtime.logging import get_logger
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.queries import QueryClient
from namespace.runtime.session import Session
from namespace.store import (
    Compared,
    Database,
    DatabaseUnavailable,
    LostRow,
    TransactionConflict,
    compare_log,
    leave_uncompared,
    read_log_state,
)
from namespace.transport import Transport

REGISTRY = "namespace_state"
_PART = "event log history"
_TRY_S = 0.25
_RETRY_S = 1.0
_LONGEST_RETRY_S = 10.0
_FIRST_START_S = 0.5
_UNKNOWN = (NoAnswer, NotConnected, QueryFailed, ValidationError)


class LogCheck:
    """Compares one service's log with what the registry has heard of it, once after each start.

    Args:
        database: The service's schema.
        producer: The log's name, `<group>/<edge node>`.
        queries: Asks over the service's own session, for the time after the first birth.
        open_transport: Makes a connection of the service's account, for the time before it; None where there is nobody to ask,
            because this service is the registry.
        topics: The site's topics.
        account: The service's broker account.
        health: Told while the log is not compared.
        metrics: Shows whether it is.
        wait_s: Longest time in seconds that the first birth waits for the registry, which may be starting beside us.
    """

    def __init__(
        self,
        database: Database,
        producer: str,
        *,
        queries: QueryClient,
        open_transport: Callable[[], Transport] | None,
        topics: SiteTopics,
        account: str,
        health: Health,
        metrics: ServiceMetrics,
        wait_s: float,
    ) -> None:
        self._database = database
        self._producer = producer
        self._queries = queries
        self._open_transport = open_transport
        self._topics = topics
        self._account = account
        self._health = health
        self._metrics = metrics
        self._wait_s = wait_s
        self._log = get_logger(part=_PART)
        self._is_due = open_transport is not None

    async def before_first_birth(self) -> None:
        """Compare the log, or give up for now: returns within a few seconds unless the database is away."""
        if self._open_transport is None:
            return
        async with _asking(self._open_transport(), self._topics, self._account) as queries:
            try:
                async with asyncio.timeout(await self._patience_s()):
                    heard = await self._heard_soon(queries)
            except TimeoutError:
                heard = None
        await self._through_outages(heard)

    async def _patience_s(self) -> float:
        """How long the first birth waits. Of a log without a row a lost database could have taken everything: then whoever has heard more
        of it stops and says so, now or with the new epoch, and nothing is gained by waiting.
        """
        try:
            async with self._database.transaction() as tx:
                log = await read_log_state(tx)
        except (DatabaseUnavailable, TransactionConflict):
            return self._wait_s
        return self._wait_s if log is not None and log.seq else min(self._wait_s, _FIRST_START_S)

    async def later(self) -> bool:
        """Compare the log if that is still due, however long the registry takes; tell whether a new epoch was opened."""
        patience = Backoff(first_s=_RETRY_S, limit_s=_LONGEST_RETRY_S)
        forked = False
        while self._is_due:
            await asyncio.sleep(patience.next_s())
            try:
                heard = await self._ask(self._queries, timeout_s=_RETRY_S)
                forked = self._settled(await compare_log(self._database, heard, by=REGISTRY))
            except (*_UNKNOWN, DatabaseUnavailable, TransactionConflict):
                continue
        return forked

    async def _heard_soon(self, queries: QueryClient) -> list[LostRow]:
        while True:
            try:
                return await self._ask(queries, timeout_s=_TRY_S)
            except _UNKNOWN:
                await asyncio.sleep(_TRY_S / 5)

    async def _ask(self, queries: QueryClient, *, timeout_s: float) -> list[LostRow]:
        page = await queries.ask(REGISTRY, "log_heard", {"producer": self._producer}, timeout_s=timeout_s, tries=1)
        heard = [LogHeard.model_validate(row) for row in page.data]
        return [LostRow(epoch=row.epoch, seq=row.seq, hash=row.hash) for row in heard]

    async def _through_outages(self, heard: list[LostRow] | None) -> None:
        while True:
            try:
                if heard is not None:
                    self._settled(await compare_log(self._database, heard, by=REGISTRY))
                else:
                    await leave_uncompared(self._database)
                    self._health.remark(
                        _PART, f"not compared yet: {REGISTRY} does not answer; it is when {REGISTRY} is there"
                    )
                    self._log.warning("log_not_compared", waited_s=self._wait_s)
            except (DatabaseUnavailable, TransactionConflict) as unavailable:
                self._log.warning("log_check_waits_for_database", error=str(unavailable))
                await asyncio.sleep(_RETRY_S)
            else:
                return

    def _settled(self, compared: Compared) -> bool:
        self._is_due = False
        self._health.remark(_PART, None)
        self._metrics.log_compared.set(1)
        if compared.lost:
            self._log.error(
                "log_was_restored",
                fork_seq=compared.state.fork_seq,
                epoch=str(compared.state.epoch),
                previous_epoch=str(compared.state.previous_epoch),
                heard_through=max(row.seq for row in compared.lost),
            )
        return bool(compared.lost)


@asynccontextmanager
async def _asking(transport: Transport, topics: SiteTopics, account: str) -> AsyncIterator[QueryClient]:
    """Ask over a connection of its own: the service's session begins with its birth."""
    session = Session(transport, name="log check", health=Health())
    queries = QueryClient(session, topics, account)
    running = asyncio.create_task(session.run(), name="log check session")
    try:
        yield queries
    finally:
        await _ended(session.leave())
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _ended(leaving: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(_TRY_S):
            await leaving
    except (TimeoutError, OSError):
        return
