"""Two small services for measuring the event log: one whose transactions append events, one that applies them. All else is the runtime's.

Times are of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import BaseModel

from namespace.contracts.contract import EventContract, ServiceContract
from namespace.contracts.event_log import EventRow, NewEvent
from namespace.contracts.node import HEAD_METRIC
from namespace.runtime import Context, Parts
from namespace.store import Transaction, append

LANES = 12
_LOOK_S = 0.01


class Counted(BaseModel):
    """Something was counted; `at_ns` is when its transaction began."""

    number: int
    at_ns: int
    stage: str


PRODUCER = ServiceContract(
    service="bench_producer",
    summary="Appends events.",
    events=(EventContract("Counted", 1, Counted, "the number", "Something was counted."),),
)
FOLLOWER = ServiceContract(service="bench_follower", summary="Applies events.", follows=("bench_producer",))


class Producer:
    """Appends what `plan.json` in the data folder asks for, as soon as it is there."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._folder = context.settings.data_dir
        self._head = 0
        self._relayed_ns = 0
        hand_over = context.node.hand_over

        async def counted(values: Mapping[str, Any]) -> None:
            await hand_over(values)
            self._head, self._relayed_ns = int(values[HEAD_METRIC]), time.monotonic_ns()

        context.node.hand_over = counted  # type: ignore[method-assign]

    async def start(self) -> None:
        """Make the business table."""
        async with self._context.database.transaction() as tx:
            await tx.execute("CREATE TABLE IF NOT EXISTS counted (number bigint PRIMARY KEY)")

    async def run(self) -> None:
        """Append as fast as it goes, then at a rate, then say that it is done."""
        plan = json.loads(await self._found("plan.json"))
        began = time.monotonic_ns()
        numbers = iter(range(1, plan["burst"] + 1))
        async with asyncio.TaskGroup() as group:
            for _ in range(LANES):
                group.create_task(self._lane(numbers))
        appended = time.monotonic_ns()
        while self._head < plan["burst"]:
            await asyncio.sleep(_LOOK_S)
        relayed = self._relayed_ns
        while not (self._folder / "burst-applied.json").exists():
            await asyncio.sleep(_LOOK_S)
        pause_s = 1 / plan["rate"]
        due = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(plan["burst"] + 1, plan["burst"] + plan["paced"] + 1):
                group.create_task(self._append(number, "paced"))
                due += pause_s
                await asyncio.sleep(max(0.0, due - time.monotonic()))
        await self._append(plan["burst"] + plan["paced"] + 1, "done")
        found = {"began_ns": began, "appended_ns": appended, "relayed_ns": relayed}
        _write(self._folder / "producer.json", found)
        await asyncio.Event().wait()

    async def _lane(self, numbers: Any) -> None:
        for number in numbers:
            await self._append(number, "burst")

    async def _append(self, number: int, stage: str) -> None:
        payload = {"number": number, "at_ns": time.monotonic_ns(), "stage": stage}
        event = NewEvent(
            event_id=uuid4(),
            type="Counted",
            schema="Counted/1",
            occurred_at=datetime.now(UTC),
            scope="Acme/Dallas/Packaging/Line1",
            subject=str(number),
            payload=payload,
        )
        async with self._context.database.transaction() as tx:
            await tx.execute("INSERT INTO counted VALUES ($1)", number)
            await append(tx, [event])

    async def _found(self, name: str) -> str:
        file = self._folder / name
        while not file.exists():
            await asyncio.sleep(_LOOK_S)
        return file.read_text(encoding="utf-8")


class Follower:
    """Applies every event in a transaction and notes when it was committed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._folder = context.settings.data_dir
        self._burst = self._wanted = 0
        self._waited_ms: list[float] = []

    async def start(self) -> None:
        """Make the business table."""
        async with self._context.database.transaction() as tx:
            await tx.execute("CREATE TABLE IF NOT EXISTS applied (number bigint PRIMARY KEY)")

    async def apply(self, tx: Transaction, row: EventRow) -> None:
        """Apply one event."""
        payload = row.payload
        await tx.execute("INSERT INTO applied VALUES ($1)", payload["number"])
        tx.after_commit(lambda: self._committed(payload["stage"], payload["at_ns"]))

    def _committed(self, stage: str, at_ns: int) -> None:
        now = time.monotonic_ns()
        match stage:
            case "burst":
                self._burst += 1
                if not self._wanted:
                    self._wanted = json.loads((self._folder / "plan.json").read_text(encoding="utf-8"))["burst"]
                if self._burst == self._wanted:
                    _write(self._folder / "burst-applied.json", {"applied_ns": now})
            case "paced":
                self._waited_ms.append((now - at_ns) / 1e6)
            case _:
                _write(self._folder / "follower.json", {"waited_ms": self._waited_ms})


def produce(context: Context) -> Parts:
    """Put the producer together."""
    producer = Producer(context)
    return Parts(start=producer.start, tasks={"append": producer.run})


def follow(context: Context) -> Parts:
    """Put the follower together."""
    follower = Follower(context)
    return Parts(start=follower.start, follows={PRODUCER.service: follower.apply})


def _write(file: Path, found: Mapping[str, Any]) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(found), encoding="utf-8")
    fresh.replace(file)
