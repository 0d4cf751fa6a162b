"""Holds and withdrawn equipment, from the logs of those who know of them.

They are kept whether or not a job order that they concern is known yet, and looked at when one is to run.
"""

from __future__ import annotations

import os

from namespace.contracts.event_log import EventRow
from namespace.contracts.holds import EquipmentReturned, EquipmentWithdrawn, HoldPlaced, HoldReleased
from namespace.contracts.ids import RANDOM_BYTES, uuid7
from namespace.store import Transaction
from services.work_order.adapters.surroundings import PostgresSurroundings

PRODUCERS = ("quality", "maintenance")
"""The services whose logs tell of them, where the site has them."""


async def apply_restriction(tx: Transaction, row: EventRow) -> None:
    """Apply one event; what is no hold and no withdrawal is none of our business."""
    around = PostgresSurroundings(tx, lambda: uuid7(row.recorded_at, os.urandom(RANDOM_BYTES)))
    equipment = f"equipment {row.subject}"
    match row.type:
        case HoldPlaced.__name__:
            placed = HoldPlaced.model_validate(row.payload)
            await around.place_hold(row.subject, placed.targets, placed.reason, row.occurred_at)
        case HoldReleased.__name__:
            await around.release_hold(row.subject, row.occurred_at)
        case EquipmentWithdrawn.__name__:
            withdrawn = EquipmentWithdrawn.model_validate(row.payload)
            await around.place_hold(equipment, [row.subject], withdrawn.reason, row.occurred_at)
        case EquipmentReturned.__name__:
            await around.release_hold(equipment, row.occurred_at)
        case _:
            return
