"""Queries over plain MQTT: the desk that answers them and the client that asks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from pydantic import BaseModel, ValidationError

from namespace.contracts.contract import QueryContract
from namespace.contracts.query import QueryError, QueryReply, QueryRequest, SiteTopics, encode_reply
from namespace.runtime.errors import NoAnswer, NotConnected, QueryFailed
from namespace.runtime.logging import get_logger
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.session import Session
from namespace.store import DatabaseUnavailable
from namespace.transport import Message

QUERY_LIMIT_S = 10.0
_TURNS_TO_ASK = 2
"""Turns of the event loop until a question has gone out: it is put in the first and written in the second."""
"""Longest time a service works on one question, in seconds."""

PAGE_BYTES = 56 * 1024
"""What the rows of a page may take, in bytes of JSON; the rest of `MAX_PAGE_BYTES` is for what is around them."""

_QUEUE = 200
_WORKERS = 4


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an answer.

    Attributes:
        data: JSON-able content.
        next: Cursor of the following page; None on the last.
    """

    data: Any
    next: str | None = None


QueryHandler = Callable[[Any], Awaitable[Page]]
"""Takes the validated arguments, returns one page; raises `QueryFailed` with a reason."""


class QueryDesk:
    """Answers the questions put to one service, a few at a time, each within `QUERY_LIMIT_S`."""

    def __init__(
        self,
        session: Session,
        topics: SiteTopics,
        service: str,
        *,
        contracts: Mapping[str, QueryContract],
        handlers: Mapping[str, QueryHandler],
        metrics: ServiceMetrics,
    ) -> None:
        self._session = session
        self._topics = topics
        self._contracts = contracts
        self._handlers = handlers
        self._metrics = metrics
        self._queue: asyncio.Queue[tuple[str, QueryRequest]] = asyncio.Queue(_QUEUE)
        self._log = get_logger(part="queries")
        session.route(topics.queries(service), self._receive)

    def _receive(self, message: Message) -> None:
        name = message.topic.rsplit("/", 1)[1]
        try:
            request = QueryRequest.model_validate_json(message.payload)
        except ValidationError:
            self._metrics.rejected.labels("query", "malformed").inc()
            return
        if not self._topics.is_reply(request.reply_to):
            self._metrics.rejected.labels("query", "reply_to").inc()
            return
        try:
            self._queue.put_nowait((name, request))
        except asyncio.QueueFull:
            self._metrics.overflows.labels("queries").inc()

    async def run(self) -> None:
        """Answer until cancelled."""
        async with asyncio.TaskGroup() as group:
            for number in range(_WORKERS):
                group.create_task(self._work(), name=f"query worker {number}")

    async def _work(self) -> None:
        while True:
            name, request = await self._queue.get()
            document = await self._answer(name, request)
            try:
                await self._session.publish(request.reply_to, document)
            except NotConnected:
                continue  # the asker asks again
            except ValueError:  # no topic to publish to, for example because of a NUL
                self._metrics.rejected.labels("query", "reply_to").inc()

    async def _answer(self, name: str, request: QueryRequest) -> bytes:
        def failed(code: str, text: str) -> bytes:
            self._metrics.queries.labels(name if name in self._handlers else "?", code).inc()
            error = QueryError(code=code, message=text)
            return encode_reply(QueryReply(correlation=request.correlation, error=error))

        if name not in self._handlers:
            return failed("UnknownQuery", f"no query {name!r} here; there are {', '.join(sorted(self._handlers))}")
        try:
            arguments: BaseModel = self._contracts[name].args.model_validate(request.args)
            async with asyncio.timeout(QUERY_LIMIT_S):
                page = await self._handlers[name](arguments)
            document = encode_reply(QueryReply(correlation=request.correlation, data=page.data, next=page.next))
        except ValidationError as error:
            problems = "; ".join(f"args.{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            return failed("BadArguments", problems)
        except QueryFailed as error:
            return failed(error.code, error.message)
        except TimeoutError:
            return failed("TookTooLong", f"no answer within {QUERY_LIMIT_S:g} s; ask for less")
        except DatabaseUnavailable as unavailable:
            return failed("DatabaseUnavailable", f"the service's database is not reachable: {unavailable.what}")
        except Exception as error:  # noqa: BLE001 - the supervisor of handlers: one bad answer must not end the desk
            self._log.exception("query_failed", query=name)
            return failed(
                "InternalError", f"the service failed to answer ({type(error).__name__}); its log has the details"
            )
        self._metrics.queries.labels(name, "Done").inc()
        return document


class QueryClient:
    """Asks services. One per session; call the constructor before the session runs.

    Args:
        session: Where questions go out and answers come in.
        topics: The site's topics.
        account: The broker account, the only one that may read the answers.
    """

    def __init__(self, session: Session, topics: SiteTopics, account: str) -> None:
        self._session = session
        self._topics = topics
        self._account = account
        self._waiting: dict[str, asyncio.Future[QueryReply]] = {}
        session.route(topics.replies(account), self._receive)
        session.join(self)

    async def connected(self) -> None:
        """Nothing to say: who was asking when the session ended was told so."""

    def disconnected(self) -> None:
        """No answer can come any more: a session's subscriptions end with it."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(NotConnected("the broker session was lost before the answer came"))

    async def can_ask(self) -> None:
        """Wait until there is a session on which questions can be asked."""
        await self._session.up.wait()

    def _receive(self, message: Message) -> None:
        correlation = message.topic.rsplit("/", 1)[1]
        waiting = self._waiting.get(correlation)
        if waiting is None or waiting.done():
            return
        try:
            reply = QueryReply.model_validate_json(message.payload)
        except ValidationError as error:
            waiting.set_exception(
                QueryFailed("Malformed", f"the answer is not a reply document: {error.error_count()} problems")
            )
        else:
            if reply.correlation == correlation:
                waiting.set_result(reply)

    async def ask(
        self, service: str, query: str, args: Mapping[str, Any] | None = None, *, timeout_s: float = 5.0, tries: int = 2
    ) -> Page:
        """Ask one question and return one page.

        Args:
            service: Whom to ask, for example `work_order`.
            query: What, for example `job_orders`.
            args: By the query's contract.
            timeout_s: Patience for each try, in seconds.
            tries: How often the question is put; a lost answer costs one.

        Raises:
            NoAnswer: Nobody answered.
            NotConnected: There is no broker session, or it was lost before the answer came.
            QueryFailed: The service said why not.
        """
        for _ in range(tries):
            correlation = uuid4().hex
            reply_to = self._topics.reply(self._account, correlation)
            request = QueryRequest(reply_to=reply_to, correlation=correlation, args=args or {})
            answer: asyncio.Future[QueryReply] = asyncio.get_running_loop().create_future()
            self._waiting[correlation] = answer
            try:
                await self._session.publish(self._topics.query(service, query), request.model_dump_json().encode())
                async with asyncio.timeout(timeout_s):
                    reply = await answer
            except TimeoutError:
                continue
            finally:
                del self._waiting[correlation]
            if reply.error is not None:
                raise QueryFailed(reply.error.code, reply.error.message)
            return Page(reply.data, reply.next)
        asked = f"{service} (query {query})"
        raise NoAnswer(asked, timeout_s * tries)

    async def ask_all(
        self, service: str, query: str, args: Mapping[str, Any] | None = None, *, timeout_s: float = 5.0, tries: int = 2
    ) -> list[Any]:
        """Ask for every page of a query whose pages are lists, and return them joined; raises like `ask`."""
        rows: list[Any] = []
        async for page in self.ask_pages(service, query, args, timeout_s=timeout_s, tries=tries):
            rows.extend(page)
        return rows

    async def ask_pages(
        self,
        service: str,
        query: str,
        args: Mapping[str, Any] | None = None,
        *,
        timeout_s: float = 5.0,
        tries: int = 2,
        later_tries: int | None = None,
    ) -> AsyncGenerator[list[Any], None]:
        """Ask for every page of a query whose pages are lists, and yield each as it comes; raises like `ask`.

        While a page is being used, the next one is already asked for.

        Args:
            service: Whom to ask.
            query: What.
            args: By the query's contract.
            timeout_s: Patience for each try, in seconds.
            tries: How often each question is put.
            later_tries: How often those after the first are, where that differs: whoever has answered once is there.
        """

        def asked_for(cursor: str | None, tries: int) -> asyncio.Task[Page]:
            asking = self.ask(service, query, {**(args or {}), "cursor": cursor}, timeout_s=timeout_s, tries=tries)
            return asyncio.create_task(asking, name=f"page of {service} {query}")

        asking = asked_for(None, tries)
        try:
            while True:
                page = await asking
                if page.next is None:
                    yield page.data
                    return
                asking = asked_for(page.next, later_tries or tries)
                for _ in range(_TURNS_TO_ASK):
                    await asyncio.sleep(0)
                yield page.data
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)


def fit_page(rows: list[Any], *, limit_bytes: int = PAGE_BYTES) -> int:
    """Return how many leading rows fit a page of `limit_bytes` as JSON; at least one."""
    total = 0
    for index, row in enumerate(rows):
        total += _row_bytes(row)
        if total > limit_bytes:
            return max(1, index)
    return len(rows)


class Pages:
    """Cuts rows into pages as they are asked for, so that no more are made than that.

    Args:
        rows: Made one by one.
        limit_bytes: Of a page as JSON; a larger row has one to itself.
    """

    def __init__(self, rows: Iterator[Any], *, limit_bytes: int = PAGE_BYTES) -> None:
        self._rows = rows
        self._limit_bytes = limit_bytes
        self._over: list[Any] = []

    def next(self) -> tuple[list[Any], bool]:
        """Return the rows of the next page, and whether it is the last."""
        page = self._over
        total = sum(_row_bytes(row) for row in page)
        for row in self._rows:
            total += _row_bytes(row)
            if page and total > self._limit_bytes:
                self._over = [row]
                return page, False
            page.append(row)
        self._over = []
        return page, True


def _row_bytes(row: Any) -> int:
    return len(json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode()) + 1
