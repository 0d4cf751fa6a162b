"""Job orders, asked of `work_order` by query and commanded by NCMD."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from namespace.contracts.command import Command
from namespace.runtime import Clock, CommandClient, NoAnswer, NotConnected, Page, QueryClient, QueryFailed
from services.console.adapters.documents import history_entry, job_order_view
from services.console.application.history import condense
from services.console.ports import (
    CommandAnswer,
    CommandRequest,
    JobOrderDetail,
    JobOrderPage,
    NotAnswered,
    NotFound,
    Order,
)

_SERVICE = "work_order"
_ASK_S = 3.0
_MORE_PAGES = 20


class JobOrderQueries:
    """Job orders by query (port `JobOrders`).

    Args:
        queries: Asks over the console's session.
    """

    def __init__(self, queries: QueryClient) -> None:
        self._queries = queries

    async def page(
        self, *, place: str, states: Sequence[str], order: Order, limit: int, cursor: str | None
    ) -> JobOrderPage:
        """Return up to `limit` job orders at or below the place, however many pages that takes."""
        found: list[Any] = []
        while True:
            args = {"place": place, "order": order, "limit": limit - len(found), "cursor": cursor}
            answer = await self._ask("job_orders", {**args, "state": list(states) or None})
            found += answer.data
            cursor = answer.next
            if cursor is None or len(found) >= limit:
                return JobOrderPage(tuple(job_order_view(document) for document in found), cursor)

    async def detail(self, job_order_id: str) -> JobOrderDetail:
        """Return one job order with its history, runs of counts drawn together."""
        answer = await self._ask("job_order", {"id": job_order_id, "cursor": None})
        history: list[Any] = list(answer.data["history"])
        for _ in range(_MORE_PAGES):
            if answer.next is None:
                break
            answer = await self._ask("job_order", {"id": job_order_id, "cursor": answer.next})
            history += answer.data["history"]
        entries = [entry for document in history if (entry := history_entry(document)) is not None]
        return JobOrderDetail(job_order_view(answer.data), condense(entries))

    async def _ask(self, query: str, args: Mapping[str, Any]) -> Page:
        try:
            return await self._queries.ask(_SERVICE, query, args, timeout_s=_ASK_S)
        except QueryFailed as failed:
            if failed.code == "UnknownJobOrder":
                raise NotFound(failed.message) from None
            raise NotAnswered(_SERVICE, failed.message) from None
        except (NoAnswer, NotConnected) as silent:
            raise NotAnswered(_SERVICE, str(silent)) from None


class ServiceCommands:
    """Commands over Sparkplug (port `Commands`).

    Args:
        commands: Sends over the console's session and repeats until answered.
        clock: For when the person decided.
        patience_s: How long to wait for the answer, in seconds.
        valid_s: After this many seconds the command must not take effect any more.
    """

    def __init__(
        self, commands: CommandClient, clock: Clock, *, patience_s: float = 8.0, valid_s: float = 60.0
    ) -> None:
        self._commands = commands
        self._clock = clock
        self._patience_s = patience_s
        self._valid_s = valid_s

    async def send(self, request: CommandRequest) -> CommandAnswer:
        """Send and repeat under the same command id until answered; raises NotAnswered at the time limit."""
        now = self._clock.now()
        command = Command(
            command_id=request.command_id,
            name=request.name,
            subject=request.subject,
            args=request.args,
            expected_version=request.expected_version,
            actor=request.actor,
            reason=request.reason,
            issued_at=now,
            expires_at=now + timedelta(seconds=self._valid_s),
        )
        try:
            response = await self._commands.send(request.service, command, timeout_s=self._patience_s)
        except NoAnswer as silent:
            raise NotAnswered(request.service, str(silent)) from None
        return CommandAnswer(
            command_id=response.command_id,
            status=response.status.value,
            code=response.code,
            message=response.message,
            version=response.version,
            result=dict(response.result),
        )
