"""Two tiny services on one event loop: a till that takes money by command, and a ledger that follows its log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from pydantic import BaseModel

from namespace.contracts.command import Command, CommandResponse, Refused
from namespace.contracts.contract import CommandContract, EventContract, QueryContract, ServiceContract
from namespace.contracts.event_log import EventRow, NewEvent
from namespace.isa95 import SiteModel
from namespace.runtime import Context, Done, Page, Parts, Service, ServiceSettings, SiteClient, run
from namespace.store import Database, Reject, Transaction, append
from namespace.testing.servers import ServiceDatabase
from namespace.transport import Transport
from tests.unit.runtime.support import small_site

LIMIT_S = 20.0


class Amount(BaseModel):
    amount: int = 1
    then: str = ""


class Added(BaseModel):
    amount: int


class Nothing(BaseModel):
    pass


TILL = ServiceContract(
    service="till",
    summary="Takes money.",
    events=(EventContract("Added", 1, Added, "the account", "Money was taken."),),
    commands=(CommandContract("Add", Amount, "the account", "Takes money."),),
    queries=(QueryContract("total", Nothing, "What was taken, by account."),),
)
LEDGER = ServiceContract(
    service="ledger",
    summary="Writes down what the till took.",
    queries=(QueryContract("written", Nothing, "What was written down, in order."),),
    follows=("till",),
)


@dataclass
class Till:
    """The till's insides, for tests to look at and to meddle with."""

    began: list[str] = field(default_factory=list)
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    context: Context | None = None

    def __post_init__(self) -> None:
        self.hold.set()

    def compose(self, context: Context) -> Parts:
        self.context = context

        async def start() -> None:
            async with context.database.transaction() as tx:
                await tx.execute("CREATE TABLE IF NOT EXISTS taken (account text, amount int)")

        async def total(_: Nothing) -> Page:
            async with context.database.transaction() as tx:
                rows = await tx.fetch("SELECT account, sum(amount)::int AS total FROM taken GROUP BY account")
            return Page({row["account"]: row["total"] for row in rows})

        return Parts(commands={"Add": self.add}, queries={"total": total}, start=start)

    async def add(self, tx: Transaction, command: Command, arguments: Amount) -> Done:
        self.began.append(f"{command.subject}:{arguments.amount}")
        await self.hold.wait()
        await tx.execute("INSERT INTO taken VALUES ($1, $2)", command.subject, arguments.amount)
        await append(tx, [_added(command.subject, arguments.amount)])
        if arguments.then == "refuse":
            raise Refused("Enough", "the till is full", version=3)
        if arguments.then == "fail":
            raise ZeroDivisionError
        return Done("taken", version=1, result={"amount": arguments.amount})


def _added(account: str, amount: int) -> NewEvent:
    return NewEvent(
        event_id=uuid4(),
        type="Added",
        schema="Added/1",
        occurred_at=datetime.now(UTC),
        scope="Acme/Dallas/Packaging/Line1",
        subject=account,
        payload={"amount": amount},
    )


@dataclass
class Ledger:
    """The ledger's insides."""

    refuse: set[str] = field(default_factory=set)
    fail_on: set[int] = field(default_factory=set)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    context: Context | None = None

    def compose(self, context: Context) -> Parts:
        self.context = context

        async def start() -> None:
            async with context.database.transaction() as tx:
                await tx.execute("CREATE TABLE IF NOT EXISTS written (id serial, seq bigint, account text, amount int)")
            self.started.set()

        async def written(_: Nothing) -> Page:
            return Page(await self.written())

        return Parts(follows={"till": self.write}, queries={"written": written}, start=start)

    async def write(self, tx: Transaction, row: EventRow) -> None:
        if row.subject in self.refuse:
            raise Reject(f"nobody knows {row.subject}")
        if row.seq in self.fail_on:
            raise ZeroDivisionError
        await tx.execute(
            "INSERT INTO written (seq, account, amount) VALUES ($1, $2, $3)",
            row.seq,
            row.subject,
            row.payload["amount"],
        )

    async def written(self) -> list[tuple[int, str, int]]:
        assert self.context is not None
        async with self.context.database.transaction() as tx:
            rows = await tx.fetch("SELECT seq, account, amount FROM written ORDER BY id")
        return [(row["seq"], row["account"], row["amount"]) for row in rows]


def settings(place: ServiceDatabase) -> ServiceSettings:
    """Return settings for a service with the given schema."""
    return ServiceSettings(
        site_file=Path("small.yaml"),
        broker_url="mqtt://unused@127.0.0.1:1",
        database_url=place.dsn,
        heartbeat_s=0.2,
        log_level="error",
        registry_wait_s=0.2,
    )


@asynccontextmanager
async def serving(
    service: Service,
    place: ServiceDatabase,
    connect: Callable[[str], Transport],
    *,
    stop: asyncio.Event | None = None,
    **changes: Any,
) -> AsyncIterator[None]:
    """Run a service for as long as the block; at its end it is killed, or, where `stop` is given and set, let go.

    Further arguments change its settings.
    """
    chosen = settings(place).model_copy(update=changes)
    task = asyncio.create_task(run(service, chosen, small_site(), open_transport=connect, stop=stop))
    try:
        yield
    finally:
        if stop is None or not stop.is_set():
            task.cancel()
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
    if isinstance(outcome, Exception):
        raise outcome


def till_service(till: Till) -> Service:
    return Service(contract=TILL, compose=till.compose)


def ledger_service(ledger: Ledger) -> Service:
    return Service(contract=LEDGER, compose=ledger.compose)


@asynccontextmanager
async def guest(connect: Callable[[str], Transport], account: str = "guest") -> AsyncIterator[SiteClient]:
    """Connect somebody who may ask everybody and command both services."""
    client = SiteClient(connect(account), SITE.path, account, commands=frozenset({"till", "ledger"}))
    async with client.connected():
        yield client


SITE: SiteModel = small_site()


async def send(
    client: SiteClient,
    subject: str = "cash",
    *,
    name: str = "Add",
    target: str = "till",
    command_id: UUID | None = None,
    expires_at: datetime | None = None,
    **args: Any,
) -> CommandResponse:
    """Send one command and return its answer."""
    command = Command(
        command_id=command_id or uuid4(),
        name=name,
        subject=subject,
        args=args,
        actor="tester",
        issued_at=datetime.now(UTC),
        expires_at=expires_at,
    )
    return await client.commands.send(target, command, timeout_s=LIMIT_S)


async def total(client: SiteClient) -> dict[str, int]:
    """Ask the till what was taken."""
    taken: dict[str, int] = (await client.queries.ask("till", "total", timeout_s=LIMIT_S)).data
    return taken


async def store(database: Database, amounts: list[tuple[str, int]]) -> None:
    """Write events into a schema's outbox, as its service would."""
    async with database.transaction() as tx:
        await append(tx, [_added(account, amount) for account, amount in amounts])
