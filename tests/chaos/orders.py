"""Work for `work_order`: job orders that go through their lives by commands, each repeated until it is answered. And what must come
of it.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from namespace.contracts.command import Command, CommandResponse
from namespace.runtime import NoAnswer, SiteClient

LANES = 8
_QUANTITY = {"quantity": {"value": "100", "unit": "H87"}, "quantity_source": "operator"}
_GOOD = {"good": "3", "scrap": "1", "unit": "H87"}
_CHANGED, _STORED = "JobOrderStateChanged", "JobOrderStored"
_REPEATED = 0.1

Step = tuple[str, Mapping[str, Any], tuple[str, ...]]
"""A command, its arguments, and the types of the events that it must leave."""

LIVES: tuple[tuple[Step, ...], ...] = (
    (
        ("StoreAndStart", _QUANTITY, (_STORED,)),
        ("RevokeStart", {}, (_CHANGED,)),
        ("Update", {"priority": 3}, ("JobOrderUpdated",)),
        ("Cancel", {}, ("JobOrderCancelled",)),
    ),
    (
        ("Store", _QUANTITY, (_STORED,)),
        ("Start", {}, (_CHANGED,)),
        ("Begin", {}, (_CHANGED,)),
        ("ReportQuantity", _GOOD, ("QuantityReported",)),
        ("Pause", {"sub_state": "Held"}, (_CHANGED,)),
        ("Resume", {}, (_CHANGED,)),
        ("ReportQuantity", _GOOD, ("QuantityReported",)),
        ("Complete", {}, (_CHANGED, "JobResponse")),
        ("Clear", {}, ("JobOrderCleared",)),
    ),
    (
        ("StoreAndStart", _QUANTITY, (_STORED,)),
        ("Begin", {}, (_CHANGED,)),
        ("ClockOn", {"person": "P1"}, ("LaborReported",)),
        ("Abort", {}, (_CHANGED, "LaborReported", "JobResponse")),
        ("Clear", {}, ("JobOrderCleared",)),
    ),
    (
        ("StoreAndStart", _QUANTITY, (_STORED,)),
        ("Begin", {}, (_CHANGED,)),
        *(
            ("Pause", {"sub_state": "Suspended"}, (_CHANGED,)),
            ("Resume", {}, (_CHANGED,)),
        )
        * 4,
        ("Complete", {}, (_CHANGED, "JobResponse")),
        ("Clear", {}, ("JobOrderCleared",)),
    ),
)


@dataclass
class Orders:
    """Job orders in lanes, one work center each.

    Args:
        seed: Decides which life an order has, and which commands are sent again although they were answered.
        name: Begins the ids of the orders.
        pause_s: Seconds that a lane rests after each command.

    Attributes:
        may_go_on: Cleared while lanes are to wait before their next command.
        events: By job order, the types of the events that it must have left, in order.
        commands: Ids of all commands that were answered.
    """

    seed: int
    name: str
    pause_s: float = 0.0
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    events: dict[str, list[str]] = field(default_factory=dict)
    commands: set[UUID] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.may_go_on.set()

    async def lane(self, client: SiteClient, number: int, enough: asyncio.Event) -> None:
        """Lead the orders of one work center through their lives, one after the other, until it is enough."""
        source = random.Random(f"{self.seed} {number}")
        for order in itertools.count():
            if enough.is_set():
                return
            life = source.choice(LIVES)
            await self._lead(client, f"{self.name}-{number:02}-{order:06}", life, f"C{number + 1:02}", source)

    async def one(self, client: SiteClient) -> None:
        """Store an order beside all others; return when that was answered."""
        number = next(self._numbers)
        await self._lead(client, f"{self.name}-probe-{number:06}", LIVES[0][:1], "C01", random.Random(number))

    async def _lead(
        self, client: SiteClient, subject: str, life: Sequence[Step], center: str, source: random.Random
    ) -> None:
        for name, args, events in life:
            place = {"place": f"Acme/Chaos/Cells/{center}"} if name.startswith("Store") else {}
            command = command_of(name, subject, {**args, **place})
            answer = await answered(client, command)
            assert answer.status == "DONE", f"{name} {subject}: {answer}"
            self.commands.add(command.command_id)
            self.events.setdefault(subject, []).extend(events)
            if source.random() < _REPEATED:
                again = await answered(client, command)
                assert again == answer, f"{name} {subject} was answered {answer}, and when repeated {again}"
            if subject.startswith(self.name + "-probe"):
                continue
            await asyncio.sleep(self.pause_s)
            await self.may_go_on.wait()

    @property
    def total(self) -> int:
        """How many events there must be."""
        return sum(map(len, self.events.values()))


def command_of(name: str, subject: str, args: Mapping[str, Any]) -> Command:
    """Make a command that is good for an hour."""
    now = datetime.now(UTC)
    return Command(
        command_id=uuid4(),
        name=name,
        subject=subject,
        args=args,
        actor="chaos",
        issued_at=now,
        expires_at=now + timedelta(hours=1),
    )


async def answered(client: SiteClient, command: Command) -> CommandResponse:
    """Send a command until it is answered, however long that takes; the test has a limit of its own."""
    while True:
        try:
            return await client.commands.send("work_order", command, timeout_s=60)
        except NoAnswer:
            continue
