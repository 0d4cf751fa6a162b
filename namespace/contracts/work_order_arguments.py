"""What may be asked of `work_order`: the arguments of its commands and queries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from namespace.contracts.work_order_events import (
    AmountText,
    BeginsBy,
    CompletesBy,
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
    due: AwareDatetime | None = None
    work_master: Id | None = None
    quantity: QuantityValue | None = None


class CreateJobOrdersArgs(MethodArgs):
    """Arguments of `CreateJobOrders`: the subject is a work request with a work master and a quantity.

    Attributes:
        places: The work center of each operation: by the operation's id, or by its equipment class.
        version: Which version of the work master; by default the one in force.
        start: Whether the job orders may start at once.
    """

    places: Annotated[Mapping[Id, PlacePath], Field(min_length=1, max_length=120)]
    version: Annotated[int, Field(ge=1)] | None = None
    start: bool = False


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
        due: When it must be done.
        customer_reference: The demand it serves; by default that of the work request.
        begins_by: What begins execution: a command, or the machine that executes.
        completes_by: What completes it: a command, the counter that reaches the quantity, or the machine; by default the
            site file's.
        operator_declares: Whether operators declare quantities beside the counters.
        under_tolerance: How much less than ordered still completes it, as a fraction; None for any.
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
    due: AwareDatetime | None = None
    customer_reference: Id | None = None
    begins_by: BeginsBy = "command"
    completes_by: CompletesBy | None = None
    operator_declares: bool = False
    under_tolerance: PositiveText | None = None


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
    due: AwareDatetime | None = None
    begins_by: BeginsBy = "command"
    completes_by: CompletesBy | None = None
    under_tolerance: PositiveText | None = None


class AmendArgs(MethodArgs):
    """Arguments of `Amend`: only the fields that are present are changed, also while the job order runs.

    Attributes:
        quantity: How much is ordered now; not less than was made.
        due: When it must be done now.
    """

    quantity: QuantityValue | None = None
    due: AwareDatetime | None = None


class SplitArgs(MethodArgs):
    """Arguments of `Split`.

    Attributes:
        into: The id of the new job order.
        quantity: How much of what remains goes to it.
        place: Where it is done; by default the same work center.
    """

    into: Id
    quantity: QuantityValue
    place: PlacePath | None = None


class MergeArgs(MethodArgs):
    """Arguments of `Merge`: the job order whose remaining quantity the subject takes over."""

    remaining_of: Id


class ReworkArgs(MethodArgs):
    """Arguments of `Rework`.

    Attributes:
        into: The id of the rework order.
        quantity: How many of the units set aside for rework it is for.
        place: Where it is done; by default the same work center.
        work_master: How to do it; by default the same way.
    """

    into: Id
    quantity: QuantityValue
    place: PlacePath | None = None
    work_master: Id | None = None


class BeginArgs(MethodArgs):
    """Arguments of `Begin` and `Resume`.

    Attributes:
        place: Where the caller stands; must be the order's work center or lie within it.
        lots: The material lots that will be used; one on hold refuses the command.
    """

    place: PlacePath | None = None
    lots: Annotated[tuple[Id, ...], Field(max_length=50)] = ()


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
        rework: Units set aside for rework likewise; neither good nor scrap.
        rework_reason: Why units must be reworked.
    """

    good: AmountText = "0"
    scrap: AmountText = "0"
    unit: UnitCode
    scrap_reason: Id | None = None
    rework: AmountText = "0"
    rework_reason: Id | None = None


class DeclareQuantityArgs(MethodArgs):
    """Arguments of `DeclareQuantity`: what an operator saw made since the last declaration; negative to correct one."""

    good: AmountText = "0"
    scrap: AmountText = "0"
    unit: UnitCode


class ReconcileArgs(MethodArgs):
    """Arguments of `Reconcile`: which of the two is right, the counters or what was declared."""

    keep: Literal["counted", "declared"]


class ClockArgs(MethodArgs):
    """Arguments of `ClockOn` and `ClockOff`: the person's id."""

    person: Id


class ResequenceArgs(MethodArgs):
    """Arguments of `Resequence`.

    Attributes:
        job_orders: The job orders that come first, in this order; none gives the whole list back to the rule.
    """

    job_orders: Annotated[tuple[Id, ...], Field(max_length=200)] = ()


class SetAvailabilityArgs(MethodArgs):
    """Arguments of `SetAvailability`: whether the place can be used; the command's reason says why not."""

    available: bool


class DispatchListArgs(Document):
    """Arguments of `dispatch_list`.

    Attributes:
        place: The work center.
        as_of: As it was at this instant; by default as it is.
        limit: Job orders per page.
        cursor: From the previous page.
    """

    place: PlacePath
    as_of: AwareDatetime | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Id | None = None


class JobOrdersArgs(Document):
    """Arguments of `job_orders`.

    Attributes:
        place: Only orders of work centers at or below this place.
        state: Only orders in one of these states.
        work_request: Only orders of this work request.
        material: Only orders that make this material, by their work master.
        since: Only orders that ended after this instant or are not over.
        until: Only orders that began, or are planned, or else were stored, before this instant.
        order: In order of dispatch, or those stored last first.
        limit: Orders per page.
        cursor: From the previous page.
    """

    place: PlacePath | None = None
    state: tuple[State, ...] | State | None = None
    work_request: Id | None = None
    material: Id | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    order: Literal["dispatch", "newest"] = "dispatch"
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Id | None = None


class WipArgs(Document):
    """Arguments of `wip`.

    Attributes:
        place: Only work centers at or below this place.
        work_request: Only this work request.
        cursor: From the previous page.
    """

    place: PlacePath | None = None
    work_request: Id | None = None
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
