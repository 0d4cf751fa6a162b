"""The demo's planner and crew: keeps a few job orders in front of each simulated line and works them off on the first one.

They act as anybody would, by commands to `work_order`: the planner stores and releases, the crew begins the next released order when its
line is free. The second line is left to whoever tries the site out.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from namespace.isa95 import EquipmentPath
from namespace.runtime.errors import NoAnswer, NotConnected, QueryFailed

_WAITING = 4
_STEP_S = 5.0
_PRODUCTS = (
    ("COLA-500", "Cola 0.5 l"),
    ("WATER-750", "Still water 0.75 l"),
    ("LEMONADE-330", "Lemonade 0.33 l"),
    ("ICETEA-500", "Iced tea 0.5 l"),
)
_QUANTITIES = (240, 600, 900, 1200)

Order = Mapping[str, Any]
Ask = Callable[[EquipmentPath], Awaitable[Sequence[Order]]]
"""Returns the job orders of a line that are not over, in order of dispatch."""
Send = Callable[[str, str, Mapping[str, Any], str], Awaitable[bool]]
"""Sends a command (name, job order, arguments, actor) and tells whether it was done."""


class DemoOrders:
    """Plans for lines, and works on those with a crew.

    Args:
        lines: The work centers of the simulated lines.
        crewed: Those on which the crew begins orders.
        ask: Reads the job orders of a line.
        send: Sends a command.
        unit: Unit of what the lines make, UN/ECE Recommendation 20.
        source: Fixes what is ordered.
    """

    def __init__(
        self,
        lines: Sequence[EquipmentPath],
        crewed: Sequence[EquipmentPath],
        *,
        ask: Ask,
        send: Send,
        unit: str,
        source: random.Random,
    ) -> None:
        self._lines = lines
        self._crewed = frozenset(crewed)
        self._ask = ask
        self._send = send
        self._unit = unit
        self._source = source

    async def run(self) -> None:
        """Plan and work until cancelled."""
        while True:
            for line in self._lines:
                try:
                    await self._tend(line)
                except (NoAnswer, NotConnected, QueryFailed):
                    break  # the site is starting or stopping: look again later
            await asyncio.sleep(_STEP_S)

    async def _tend(self, line: EquipmentPath) -> None:
        orders = await self._ask(line)
        waiting = [order for order in orders if order["state"] in {"NotAllowedToStart", "AllowedToStart"}]
        for _ in range(_WAITING - len(waiting)):
            await self._store(line)
        is_free = not any(order["state"] in {"Running", "Interrupted"} for order in orders)
        permitted = [order for order in waiting if order["state"] == "AllowedToStart"]
        if not permitted and waiting:
            await self._send("Start", str(waiting[0]["id"]), {}, "planner")
        elif permitted and is_free and line in self._crewed:
            await self._send("Begin", str(permitted[0]["id"]), {}, "crew")

    async def _store(self, line: EquipmentPath) -> None:
        product, text = self._source.choice(_PRODUCTS)
        quantity = self._source.choice(_QUANTITIES)
        number = self._source.randrange(10_000, 100_000)
        args = {
            "place": str(line),
            "work_master": product,
            "description": text,
            "quantity": {"value": str(quantity), "unit": self._unit},
            "priority": self._source.choice((0, 0, 0, 5)),
        }
        await self._send("Store", f"WO-{number}", args, "planner")
