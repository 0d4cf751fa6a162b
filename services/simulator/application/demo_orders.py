"""The demo's planner and crew: keeps a few job orders in front of each simulated work center and works them off on some.

They act as anybody would, by commands to `work_order`: the planner stores work masters once, stores and releases orders, the crew begins
the next released order when its work center is free. The second line is left to whoever tries the site out. A reactor's order is for
what one good batch surely yields, so it ends while that batch is discharged.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from namespace.isa95 import EquipmentPath
from namespace.runtime.errors import NoAnswer, NotConnected, QueryFailed

_WAITING = 4
_STEP_S = 5.0


@dataclass(frozen=True, slots=True)
class Range:
    """What is ordered of a kind of work center.

    Attributes:
        products: Work master and text for people.
        quantities: How much at a time.
        unit: UN/ECE Recommendation 20.
        due_within_min: When it is due at the earliest and at the latest, minutes after it was ordered.
        operation: How it is made: the one operation of its work masters.
    """

    products: tuple[tuple[str, str], ...]
    quantities: tuple[int, ...]
    unit: str
    due_within_min: tuple[int, int]
    operation: Mapping[str, Any]


BOTTLES = Range(
    (
        ("COLA-500", "Cola 0.5 l"),
        ("WATER-750", "Still water 0.75 l"),
        ("LEMONADE-330", "Lemonade 0.33 l"),
        ("ICETEA-500", "Iced tea 0.5 l"),
    ),
    (240, 600, 900, 1200),
    "H87",
    (15, 70),
    {
        "id": "BOTTLE",
        "description": "Fill, cap, label and pack",
        "equipment_class": "Bottling line",
        "personnel_class": "Line operator",
        "setup_s": "600",
        "materials": [
            {"material": "PREFORM", "quantity": "1", "unit": "H87", "over_tolerance": "0.02"},
            {"material": "CAP-28", "quantity": "1", "unit": "H87", "over_tolerance": "0.02"},
            {"material": "LABEL", "quantity": "1", "unit": "H87", "over_tolerance": "0.03"},
            {"material": "PET-SCRAP", "use": "By-product Produced", "quantity": "0.0003", "unit": "KGM"},
        ],
    },
)
RESIN = Range(
    (("RESIN-20", "Resin, low viscosity"), ("RESIN-35", "Resin, high viscosity")),
    (3900,),
    "KGM",
    (90, 480),
    {
        "id": "BATCH",
        "description": "Charge, react, cool, discharge",
        "equipment_class": "Reactor",
        "personnel_class": "Reactor operator",
        "setup_s": "1200",
        "run_s": "2.1",
        "materials": [
            {
                "material": "MONOMER",
                "quantity": "0.62",
                "unit": "KGM",
                "under_tolerance": "0.01",
                "over_tolerance": "0.01",
            },
            {
                "material": "SOLVENT",
                "quantity": "0.41",
                "unit": "KGM",
                "under_tolerance": "0.02",
                "over_tolerance": "0.02",
            },
            {"material": "DISTILLATE", "use": "By-product Produced", "quantity": "0.03", "unit": "KGM"},
        ],
    },
)


@dataclass(frozen=True, slots=True)
class Demand:
    """One work center that orders are made for.

    Attributes:
        place: The work center.
        range: What it can make.
        is_crewed: Whether somebody begins the orders.
    """

    place: EquipmentPath
    range: Range
    is_crewed: bool


Order = Mapping[str, Any]
Ask = Callable[[EquipmentPath], Awaitable[Sequence[Order]]]
"""Returns the job orders of a line that are not over, in order of dispatch."""
Send = Callable[[str, str, Mapping[str, Any], str], Awaitable[bool]]
"""Sends a command (name, job order, arguments, actor) and tells whether it was done."""


class DemoOrders:
    """Plans for work centers, and works on those with a crew.

    Args:
        demands: The work centers.
        ask: Reads the job orders of one.
        send: Sends a command.
        source: Fixes what is ordered.
        now: The time of the simulated places, UTC.
    """

    def __init__(
        self,
        demands: Sequence[Demand],
        *,
        ask: Ask,
        send: Send,
        source: random.Random,
        now: Callable[[], datetime],
    ) -> None:
        self._demands = demands
        self._now = now
        self._ask = ask
        self._send = send
        self._source = source

    async def run(self) -> None:
        """Plan and work until cancelled."""
        wanted = {
            product: work_master for demand in self._demands for product, work_master in _masters_of(demand.range)
        }
        while True:
            await self._define(wanted)
            for demand in self._demands:
                try:
                    await self._tend(demand)
                except (NoAnswer, NotConnected, QueryFailed):
                    break  # the site is starting or stopping: look again later
            await asyncio.sleep(_STEP_S)

    async def _define(self, wanted: dict[str, Mapping[str, Any]]) -> None:
        """Store the work masters that are still wanted; one that is stored already stays as it is."""
        for product, work_master in list(wanted.items()):
            try:
                await self._send("StoreWorkMaster", product, work_master, "planner")
            except (NoAnswer, NotConnected):
                return
            del wanted[product]

    async def _tend(self, demand: Demand) -> None:
        orders = await self._ask(demand.place)
        waiting = [order for order in orders if order["state"] in {"NotAllowedToStart", "AllowedToStart"}]
        for _ in range(_WAITING - len(waiting)):
            await self._store(demand)
        is_free = not any(order["state"] in {"Running", "Interrupted"} for order in orders)
        permitted = [order for order in waiting if order["state"] == "AllowedToStart"]
        if not permitted and waiting:
            await self._send("Start", str(waiting[0]["id"]), {}, "planner")
        elif permitted and is_free and demand.is_crewed:
            await self._send("Begin", str(permitted[0]["id"]), {}, "crew")

    async def _store(self, demand: Demand) -> None:
        product, text = self._source.choice(demand.range.products)
        quantity = self._source.choice(demand.range.quantities)
        number = self._source.randrange(10_000, 100_000)
        due = self._now() + timedelta(minutes=self._source.randint(*demand.range.due_within_min))
        args = {
            "place": str(demand.place),
            "work_master": product,
            "description": text,
            "quantity": {"value": str(quantity), "unit": demand.range.unit},
            "priority": self._source.choice((0, 0, 0, 5)),
            "due": due.isoformat(timespec="seconds"),
        }
        await self._send("Store", f"WO-{number}", args, "planner")


def _masters_of(made: Range) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the work master of each product: one operation, with what one unit of it takes and yields."""
    for product, text in made.products:
        yield (
            product,
            {
                "description": text,
                "material": product,
                "unit": made.unit,
                "operations": [made.operation],
                "activate": True,
            },
        )
