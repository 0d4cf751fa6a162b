"""What keeps others from using material or equipment: the words that `work_order` reads in the logs of quality and maintenance.

Whoever publishes such events uses these models, under the subject named here. They may arrive before or after the job orders they
concern, and a release before its hold: only the newer of the two counts.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from namespace.contracts.work_order_events import Document, Id

Reason = Annotated[str, Field(max_length=500)]


class HoldPlaced(Document):
    """Something must not be used (event of quality; the subject is the hold's id).

    Attributes:
        targets: Ids of material definitions, material lots or job orders, or ISA-95 paths of places.
        reason: Why, in the actor's words.
    """

    targets: Annotated[tuple[Id, ...], Field(min_length=1, max_length=200)]
    reason: Reason


class HoldReleased(Document):
    """What a hold kept from use may be used again (event of quality; the subject is the hold's id)."""

    reason: Reason | None = None


class EquipmentWithdrawn(Document):
    """Equipment cannot be used (event of maintenance; the subject is its ISA-95 path); `reason` in the actor's words."""

    reason: Reason


class EquipmentReturned(Document):
    """Withdrawn equipment can be used again (event of maintenance; the subject is its ISA-95 path)."""

    reason: Reason | None = None
