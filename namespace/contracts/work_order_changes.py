"""What changed around job orders beside their states: what is asked of them, holds, rework, job lists, equipment."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from namespace.contracts.work_order_events import DecimalText, Document, JobOrderFacts, QuantityValue


class QuantityDeclared(JobOrderFacts):
    """An operator said what was made where the counters write the quantities: compared, not added.

    Attributes:
        good: Change of the declared good quantity, may be negative.
        scrap: Change of the declared scrap quantity, may be negative.
        declared_good: Declared good quantity after it.
        declared_scrap: Declared scrap quantity after it.
        total_good: What the counters say.
        total_scrap: What the counters say.
    """

    good: DecimalText
    scrap: DecimalText
    declared_good: DecimalText
    declared_scrap: DecimalText
    total_good: DecimalText
    total_scrap: DecimalText


class JobOrderAmended(JobOrderFacts):
    """The quantity or due date of a job order changed, perhaps while it ran.

    Attributes:
        from_quantity: The quantity ordered before.
        from_due: The due date before.
        cause: What changed it: `Amend`, `Split`, `Merge`.
        other: The job order that quantity went to or came from.
        reason: Why, in the actor's words.
    """

    from_quantity: QuantityValue | None = None
    from_due: AwareDatetime | None = None
    cause: Literal["Amend", "Split", "Merge"]
    other: str | None = None
    reason: str | None = None


class JobOrderHeld(JobOrderFacts):
    """A job order may not run until it is released; `reason` in the actor's words."""

    reason: str


class JobOrderReleased(JobOrderFacts):
    """A held job order may run again; `held_for` is why it could not, `reason` why it can."""

    held_for: str
    reason: str | None = None


class ReworkOrdered(JobOrderFacts):
    """Units that a job order had set aside went to a rework order.

    Attributes:
        rework_order: The job order that reworks them.
        quantity: How many.
        reason: Why, in the actor's words.
    """

    rework_order: str
    quantity: QuantityValue
    reason: str | None = None


class JobListResequenced(Document):
    """The explicit sequence of a work center changed.

    Attributes:
        version: Counts the changes of the work center from 1.
        job_orders: The job orders that come first, in this order; those not named follow by rule: higher priority, earlier
            planned start, stored earlier.
        reason: Why, in the actor's words.
    """

    version: int
    job_orders: tuple[str, ...]
    reason: str | None = None


class EquipmentAvailabilityChanged(Document):
    """Equipment can or cannot be used for job orders any more.

    Attributes:
        version: Counts the changes of the place from 1.
        available: Whether it can.
        reason: Why, in the actor's words.
    """

    version: int
    available: bool
    reason: str | None = None
