from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated

import pytest
from pydantic import BaseModel, Field

from namespace.contracts.contract import QueryContract
from namespace.contracts.query import QueryReply, QueryRequest, SiteTopics
from namespace.isa95 import EquipmentPath
from namespace.runtime import Health, NoAnswer, NotConnected, Page, QueryClient, QueryFailed, ServiceMetrics, Session
from namespace.runtime.queries import QueryDesk, fit_page
from namespace.store import DatabaseUnavailable
from namespace.transport.memory import MemoryBroker
from tests.unit.runtime.support import listening, quick, running, sample, speaking, until

SITE = EquipmentPath.parse("Acme/Dallas")
TOPICS = SiteTopics(SITE)


class Args(BaseModel):
    limit: Annotated[int, Field(ge=1, le=100)] = 10
    cursor: str | None = None


@dataclass
class Library:
    """A service with one list to page through and some ways to go wrong."""

    books: list[str] = field(default_factory=lambda: [f"book {n}" for n in range(25)])
    metrics: ServiceMetrics = field(default_factory=ServiceMetrics)
    asked: list[str | None] = field(default_factory=list)

    async def page(self, arguments: Args) -> Page:
        self.asked.append(arguments.cursor)
        start = int(arguments.cursor or 0)
        end = start + arguments.limit
        return Page(self.books[start:end], str(end) if end < len(self.books) else None)

    async def forever(self, arguments: Args) -> Page:
        await asyncio.Event().wait()
        raise AssertionError

    async def too_large(self, arguments: Args) -> Page:
        return Page("x" * 70_000)

    async def no_json(self, arguments: Args) -> Page:
        return Page(object())

    async def fails(self, arguments: Args) -> Page:
        raise ZeroDivisionError

    async def no_database(self, arguments: Args) -> Page:
        raise DatabaseUnavailable("nobody at localhost:5432", "Start it.")


@asynccontextmanager
async def library(broker: MemoryBroker, it: Library | None = None) -> AsyncIterator[Library]:
    it = it or Library()
    handlers = {
        "books": it.page,
        "forever": it.forever,
        "too_large": it.too_large,
        "no_json": it.no_json,
        "fails": it.fails,
        "no_database": it.no_database,
    }
    session = Session(broker.transport("library"), name="library", health=Health(), backoff=quick())
    contracts = {name: QueryContract(name, Args, "A test.") for name in handlers}
    desk = QueryDesk(session, TOPICS, "library", contracts=contracts, handlers=handlers, metrics=it.metrics)
    async with running(session.run, desk.run):
        await session.up.wait()
        yield it


@asynccontextmanager
async def reader(broker: MemoryBroker, account: str = "reader") -> AsyncIterator[tuple[QueryClient, Session]]:
    session = Session(broker.transport(account), name=account, health=Health(), backoff=quick())
    client = QueryClient(session, TOPICS, account)
    async with running(session.run):
        await session.up.wait()
        yield client, session


async def failure(client: QueryClient, query: str, **args: object) -> QueryFailed:
    with pytest.raises(QueryFailed) as caught:
        await client.ask("library", query, args)
    return caught.value


async def test_pages_join_to_the_whole() -> None:
    broker = MemoryBroker()
    async with library(broker) as it, reader(broker) as (client, _):
        assert await client.ask_all("library", "books", {"limit": 7}) == it.books
        first = await client.ask("library", "books", {"limit": 7})
        assert (first.data, first.next) == (it.books[:7], "7")


async def test_while_a_page_is_used_the_next_one_is_on_its_way_and_none_when_nobody_wants_more() -> None:
    broker = MemoryBroker()
    async with library(broker) as it, reader(broker) as (client, _):
        pages = client.ask_pages("library", "books", {"limit": 10})
        assert await anext(pages) == it.books[:10]
        await until(lambda: it.asked == [None, "10"])
        assert await anext(pages) == it.books[10:20]
        await until(lambda: it.asked == [None, "10", "20"])
        before = asyncio.all_tasks()
        await pages.aclose()
        assert not client._waiting
        assert not {task for task in asyncio.all_tasks() - before if not task.done()}
        assert it.asked == [None, "10", "20"]


async def test_a_page_that_is_refused_is_told_after_the_one_before_it() -> None:
    broker = MemoryBroker()
    async with library(broker) as it, reader(broker) as (client, _):
        it.books[15] = "x" * 70_000
        pages = client.ask_pages("library", "books", {"limit": 10})
        assert await anext(pages) == it.books[:10]
        with pytest.raises(QueryFailed):
            await anext(pages)


async def test_every_refusal_has_a_code_and_a_reason() -> None:
    broker = MemoryBroker()
    async with library(broker) as it, reader(broker) as (client, _):
        unknown = await failure(client, "magazines")
        assert unknown.code == "UnknownQuery"
        assert "books" in unknown.message
        bad = await failure(client, "books", limit=1_000)
        assert bad.code == "BadArguments"
        assert "args.limit" in bad.message
        assert (await failure(client, "too_large")).code == "PageTooLarge"
        assert (await failure(client, "no_json")).code == "InternalError"
        assert (await failure(client, "fails")).code == "InternalError"
        assert (await failure(client, "no_database")).code == "DatabaseUnavailable"
        assert (await client.ask("library", "books")).data == it.books[:10]

    assert sample(it.metrics, "uns_queries_total", name="?", status="UnknownQuery") == 1
    assert sample(it.metrics, "uns_queries_total", name="books", status="Done") == 1


async def test_a_question_is_worked_on_for_a_limited_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("namespace.runtime.queries.QUERY_LIMIT_S", 0.05)
    broker = MemoryBroker()
    async with library(broker), reader(broker) as (client, _):
        assert (await failure(client, "forever")).code == "TookTooLong"


@pytest.mark.parametrize(
    "reply_to",
    [
        "spBv1.0/Acme:Dallas/NCMD/mes-oee",
        "uns/v1/Acme/Dallas/_query/library/books",
        "uns/v1/Acme/Dallas/_reply/reader",
        "uns/v1/Acme/Dallas/_reply/+/x",
        "uns/v1/Acme/Dallas/_reply/reader/\x00",
    ],
)
async def test_an_answer_goes_to_a_reply_topic_or_nowhere(reply_to: str) -> None:
    broker = MemoryBroker()
    async with library(broker) as it, reader(broker) as (client, _), listening(broker) as heard:
        async with speaking(broker) as speaker:
            request = QueryRequest(reply_to=reply_to, correlation="c")
            await speaker.publish(TOPICS.query("library", "books"), request.model_dump_json().encode())
            await speaker.publish(TOPICS.query("library", "books"), b'{"correlation": 5')
        assert (await client.ask("library", "books")).data == it.books[:10]
        await until(lambda: sample(it.metrics, "uns_rejected_total", kind="query", reason="reply_to") == 1)

    answers = [topic for topic in heard.topics() if "/_reply/" in topic or topic == reply_to]
    assert len([topic for topic in answers if topic.startswith(TOPICS.reply("reader", ""))]) == 1
    assert sample(it.metrics, "uns_rejected_total", kind="query", reason="malformed") == 1


async def test_foreign_late_and_broken_answers_are_not_ours() -> None:
    broker = MemoryBroker()
    async with (
        reader(broker) as (client, _),
        speaking(broker) as speaker,
        listening(broker, TOPICS.queries("x")) as asked,
    ):
        waiting = asyncio.create_task(client.ask("x", "y", timeout_s=5))
        await until(lambda: asked.messages)
        request = QueryRequest.model_validate_json(asked.messages[0].payload)
        foreign = QueryReply(correlation="another", data="foreign").model_dump_json().encode()
        await speaker.publish(TOPICS.reply("reader", "another"), foreign)
        await speaker.publish(request.reply_to, foreign)
        await speaker.publish(
            request.reply_to, QueryReply(correlation=request.correlation, data="ours").model_dump_json().encode()
        )
        assert (await waiting).data == "ours"
        await speaker.publish(request.reply_to, b"too late and broken")


async def test_nobody_there_is_no_answer_and_a_lost_session_is_told_at_once() -> None:
    broker = MemoryBroker()
    async with reader(broker) as (client, session):
        with pytest.raises(NoAnswer, match=r"nobody \(query y\) within 0.06 s"):
            await client.ask("nobody", "y", timeout_s=0.03)
        waiting = asyncio.create_task(client.ask("nobody", "y", timeout_s=3_600))
        await until(lambda: client._waiting)
        broker.cut("reader")
        with pytest.raises(NotConnected):
            await waiting
        await until(lambda: session.is_up)


def test_a_page_holds_what_fits_and_at_least_one_row() -> None:
    rows = ["x" * 100] * 10
    assert fit_page(rows, limit_bytes=1_030) == 10
    assert fit_page(rows, limit_bytes=1_029) == 9
    assert fit_page(rows, limit_bytes=10) == 1
    assert fit_page([]) == 0
