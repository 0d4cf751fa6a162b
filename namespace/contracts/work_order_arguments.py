"""What may be asked of `work_order`: the arguments of its commands and queries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from namespace.contracts.work_order_events import (
    AmountText,
    Document,
    Id,
    PlacePath,
    PositiveText,
    Priority,
    QuantitySource,
    QuantityValue,
    State,
    SubState,
    UnitCode,
)

Text = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
ShortText = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
Parameters = Annotated[Mapping[Id, ShortText], Field(max_length=20)]


class MethodArgs(Document):
    """Arguments of a method without any of its own.

    Attributes:
        occurred_at: When it happened, where that is not now: recorded or simulated work.
    """

    occurred_at: AwareDatetime | None = None


class StoreWorkRequestArgs(MethodArgs):
    """Arguments of `StoreWorkRequest`; the attributes are those of the event."""

    description: Text = ""
    customer_reference: Id | None = None
    priority: Priority = 0
    planned_start: AwareDatetime | None = None
    planned_end: AwareDatetime | None = None


class StoreArgs(MethodArgs):
    """Arguments of `Store` and `StoreAndStart`.

    Attributes:
        place: The work center, ISA-95 path.
        work_request: The work request it serves; must be stored already.
        work_master: How to do it.
        description: For people.
        quantity: How much; None where only the work counts.
        priority: A higher number comes first.
        planned_start: When it should begin.
        planned_end: When it should be done.
        quantity_source: Who counts; by default the counters where the work center has them.
        over_tolerance: How much more than ordered an operator may report, as a fraction.
        ideal_cycle_s: Ideal seconds per unit; by default the site file's.
        parameters: Free job order parameters.
    """

    place: PlacePath
    work_request: Id | None = None
    work_master: Id | None = None
    description: Text = ""
    quantity: QuantityValue | None = None
    priority: Priority = 0
    planned_start: AwareDatetime | None = None
    planned_end: AwareDatetime | None = None
    quantity_source: QuantitySource | None = None
    over_tolerance: PositiveText = "0.1"
    ideal_cycle_s: PositiveText | None = None
    parameters: Parameters = Field(default_factory=dict)


class UpdateArgs(MethodArgs):
    """Arguments of `Update`: only the fields that are present are changed."""

    work_master: Id | None = None
    description: Text = ""
    quantity: QuantityValue | None = None
    priority: Priority = 0
    planned_start: AwareDatetime | None = None
    planned_end: AwareDatetime | None = None
    over_tolerance: PositiveText = "0.1"
    ideal_cycle_s: PositiveText | None = None
    parameters: Parameters = Field(default_factory=dict)


class BeginArgs(MethodArgs):
    """Arguments of `Begin` and `Resume`.

    Attributes:
        place: Where the caller stands; must be the order's work center or lie within it.
    """

    place: PlacePath | None = None


class PauseArgs(MethodArgs):
    """Arguments of `Pause`.

    Attributes:
        sub_state: `Held` for a constraint, `Suspended` for a decision.
    """

    sub_state: Literal["Held", "Suspended"] = "Suspended"


class SubStateArgs(MethodArgs):
    """Arguments of `ChangeSubState`: the sub-state to go to."""

    sub_state: SubState


class ReportQuantityArgs(MethodArgs):
    """Arguments of `ReportQuantity`.

    Attributes:
        good: Good units made since the last report; negative to correct one.
        scrap: Scrapped units likewise.
        unit: Must be the order's unit.
        scrap_reason: Why units were scrapped.
    """

    good: AmountText = "0"
    scrap: AmountText = "0"
    unit: UnitCode
    scrap_reason: Id | None = None


class ClockArgs(MethodArgs):
    """Arguments of `ClockOn` and `ClockOff`: the person's id."""

    person: Id


class JobOrdersArgs(Document):
    """Arguments of `job_orders`.

    Attributes:
        place: Only orders of work centers at or below this place.
        state: Only orders in one of these states.
        work_request: Only orders of this work request.
        order: In order of dispatch, or those stored last first.
        limit: Orders per page.
        cursor: From the previous page.
    """

    place: PlacePath | None = None
    state: tuple[State, ...] | State | None = None
    work_request: Id | None = None
    order: Literal["dispatch", "newest"] = "dispatch"
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Id | None = None


class JobOrderArgs(Document):
    """Arguments of `job_order`.

    Attributes:
        id: The job order.
        cursor: From the previous page of its history.
    """

    id: Id
    cursor: Id | None = None


class WorkRequestsArgs(Document):
    """Arguments of `work_requests`; `limit` per page, `cursor` from the previous one."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Id | None = None


class LaborArgs(Document):
    """Arguments of `labor`.

    Attributes:
        person: Only this person.
        place: Only work at or below this place.
        job_order: Only work on this order.
        since: Only work that ended after this instant or goes on.
        until: Only work that began before this instant.
        limit: Intervals per page.
        cursor: From the previous page.
    """

    person: Id | None = None
    place: PlacePath | None = None
    job_order: Id | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 200
    cursor: Id | None = None
