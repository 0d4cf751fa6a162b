"""One way to send commands and counts, in memory and on PostgreSQL, so that both pass one suite."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

from namespace.contracts.command import Command
from namespace.contracts.work_order import CONTRACT
from namespace.store import Database
from services.work_order.adapters.desk import ON_JOB_ORDERS, ON_OTHERS
from services.work_order.adapters.postgres import PostgresWorkOrders
from services.work_order.application.carrying_out import Outcome, Refused
from services.work_order.application.machines import take_in
from services.work_order.domain.counters import Counter, Position
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.machine import MachineState
from services.work_order.ports import CounterSample, Sample, StateSample, StoredPosition, WorkOrders
from tests.unit.work_order.memory import FakeShop, MemoryWorkOrders, Tables, next_id
from tests.unit.work_order.orders import EARLY, LINE, at

_ARGS = {command.name: command.args for command in CONTRACT.commands}

Event = tuple[str, dict[str, Any]]
"""Type and payload."""


async def carry_out(
    work_orders: WorkOrders, shop: FakeShop, name: str, subject: str, *, expected: int | None, args: dict[str, Any]
) -> Outcome:
    """Let a command's use case work on `work_orders`, with arguments as they come off the wire; `reason` is the command's own."""
    reason = args.pop("reason", None)
    command = Command(
        command_id=uuid4(),
        name=name,
        subject=subject,
        args=args,
        expected_version=expected,
        actor="W1",
        reason=reason,
        issued_at=EARLY,
    )
    parsed: Any = _ARGS[name].model_validate(json.loads(json.dumps(args)))
    return await {**ON_JOB_ORDERS, **ON_OTHERS}[name](work_orders, shop, command, parsed)


class World(Protocol):
    """A work order service without a network."""

    shop: FakeShop

    async def send(self, name: str, subject: str = "JO-1", *, expected: int | None = None, **args: Any) -> Outcome:
        """Carry out one command in a transaction of its own; a refusal rolls back."""
        ...

    async def count(self, *samples: Sample) -> bool:
        """Apply samples of the line's counters in a transaction of their own."""
        ...

    async def order(self, order_id: str = "JO-1") -> JobOrder:
        """Return a job order as stored."""
        ...

    async def positions(self) -> dict[Counter, StoredPosition]:
        """Return the line's counter positions as stored."""
        ...

    async def events(self) -> list[Event]:
        """Return all events, oldest first."""
        ...


@dataclass
class MemoryWorld:
    """Everything in dictionaries."""

    shop: FakeShop = field(default_factory=FakeShop)
    tables: Tables = field(default_factory=Tables)

    async def send(self, name: str, subject: str = "JO-1", *, expected: int | None = None, **args: Any) -> Outcome:
        copy = self.tables.copy()
        outcome = await carry_out(MemoryWorkOrders(copy), self.shop, name, subject, expected=expected, args=args)
        if not isinstance(outcome, Refused):
            self.tables = copy
        return outcome

    async def count(self, *samples: Sample) -> bool:
        return await take_in(MemoryWorkOrders(self.tables), self.shop, LINE, samples)

    async def order(self, order_id: str = "JO-1") -> JobOrder:
        return self.tables.orders[order_id]

    async def positions(self) -> dict[Counter, StoredPosition]:
        return await MemoryWorkOrders(self.tables).positions(LINE)

    async def events(self) -> list[Event]:
        return [(event.type, json.loads(json.dumps(event.payload))) for event in self.tables.events]


class _RolledBack(Exception):
    """Ends a transaction whose command was refused."""


@dataclass
class PostgresWorld:
    """The real tables."""

    database: Database
    shop: FakeShop = field(default_factory=FakeShop)

    async def send(self, name: str, subject: str = "JO-1", *, expected: int | None = None, **args: Any) -> Outcome:
        outcome: Outcome | None = None
        try:
            async with self.database.transaction() as tx:
                work_orders = PostgresWorkOrders(tx, LINE.site_path, next_id)
                outcome = await carry_out(work_orders, self.shop, name, subject, expected=expected, args=args)
                if isinstance(outcome, Refused):
                    raise _RolledBack
        except _RolledBack:
            pass
        assert outcome is not None
        return outcome

    async def count(self, *samples: Sample) -> bool:
        async with self.database.transaction() as tx:
            work_orders = PostgresWorkOrders(tx, LINE.site_path, next_id)
            return await take_in(work_orders, self.shop, LINE, samples)

    async def order(self, order_id: str = "JO-1") -> JobOrder:
        async with self.database.transaction() as tx:
            order = await PostgresWorkOrders(tx, LINE.site_path, next_id).job_order(order_id)
        assert order is not None
        return order

    async def positions(self) -> dict[Counter, StoredPosition]:
        async with self.database.transaction() as tx:
            return await PostgresWorkOrders(tx, LINE.site_path, next_id).positions(LINE)

    async def events(self) -> list[Event]:
        async with self.database.transaction() as tx:
            rows = await tx.fetch("SELECT type, payload FROM outbox ORDER BY id")
        return [(row["type"], json.loads(row["payload"])) for row in rows]


def processed(value: int, minute: float, *, birth: bool = False) -> CounterSample:
    """Return a sample of the line's counter of processed units."""
    return CounterSample(Counter.PROCESSED, Position(value, at(minute)), birth)


def defective(value: int, minute: float) -> CounterSample:
    """Return a sample of the line's counter of defective units."""
    return CounterSample(Counter.DEFECTIVE, Position(value, at(minute)))


def machine(state: MachineState, minute: float) -> StateSample:
    """Return a sample of the state of the line's output unit."""
    return StateSample(state, at(minute))


def iso(minute: float) -> str:
    """Return an instant of the story as it stands in arguments."""
    return at(minute).isoformat()


async def released(world: World, *ids: str, **args: Any) -> None:
    """Store job orders on the line and permit their start."""
    for order_id in ids or ("JO-1",):
        await world.send("StoreAndStart", order_id, place=str(LINE), **args)


def payloads(events: Sequence[Event], kind: str) -> list[dict[str, Any]]:
    """Return the payloads of the events of one type."""
    return [payload for name, payload in events if name == kind]
