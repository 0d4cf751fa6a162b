"""What has happened to a job order, as decisions say it; adapters turn facts into events of the contract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from namespace.isa95 import Quantity
from services.work_order.domain.job_order import JobOrder, QuantitySource
from services.work_order.domain.state_machine import State, SubState


@dataclass(frozen=True, slots=True)
class Stored:
    """It exists now."""


@dataclass(frozen=True, slots=True)
class Updated:
    """It says something else now; `changed` names the fields."""

    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StateChanged:
    """It went through `transition` (None: only the sub-state changed) for `cause`."""

    from_state: State
    from_sub_state: SubState | None
    cause: str
    transition: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class QuantityReported:
    """Its quantities changed by `good`, `scrap` and `rework`."""

    good: Decimal
    scrap: Decimal
    source: QuantitySource
    scrap_reason: str | None = None
    counted_since: datetime | None = None
    rework: Decimal = Decimal(0)
    rework_reason: str | None = None


@dataclass(frozen=True, slots=True)
class QuantityDeclared:
    """What operators declare beside the counters changed by `good` and `scrap`."""

    good: Decimal
    scrap: Decimal


@dataclass(frozen=True, slots=True)
class Amended:
    """Its quantity or due date was another before; `other` is the order that quantity went to or came from."""

    quantity: Quantity | None
    due: datetime | None
    cause: Literal["Amend", "Split", "Merge"]
    reason: str | None
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """It may not run."""

    reason: str


@dataclass(frozen=True, slots=True)
class Released:
    """It may run again; it could not for `held_for`."""

    held_for: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class ReworkOrdered:
    """`quantity` of the units set aside went to `rework_order`."""

    rework_order: str
    quantity: Quantity
    reason: str | None


@dataclass(frozen=True, slots=True)
class LaborReported:
    """`person` clocked on (`worked` is None) or off after `worked`."""

    person: str
    worked: timedelta | None
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Responded:
    """Its actuals are given, for the `revision`-th time."""

    revision: int


@dataclass(frozen=True, slots=True)
class Cancelled:
    """It was taken out of the schedule."""

    reason: str | None


@dataclass(frozen=True, slots=True)
class Cleared:
    """It was taken off the lists."""


Fact = (
    Stored
    | Updated
    | Amended
    | Held
    | Released
    | StateChanged
    | QuantityReported
    | QuantityDeclared
    | ReworkOrdered
    | LaborReported
    | Responded
    | Cancelled
    | Cleared
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided.

    Attributes:
        order: The job order afterwards, its version one higher.
        facts: What happened, in order; all of them carry the order as it is afterwards.
        at: When it happened, UTC.
    """

    order: JobOrder
    facts: tuple[Fact, ...]
    at: datetime
