"""What `work_order` says, accepts and answers: job orders as ISA-95 part 4 and OPC 10031-4 know them.

Quantities are decimal strings with a unit, durations decimal strings of seconds, times aware and UTC. The
events are written so that a follower needs nothing else: every one names the order's work center, work master
and quantity ordered, and the response at the end carries all actuals. What the state machine permits is the
service's business (`services.work_order.domain.state_machine`); this module only names things.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from namespace.contracts.contract import (
    CommandContract,
    EventContract,
    MetricContract,
    Place,
    QueryContract,
    ServiceContract,
)
from namespace.sparkplug import DataType

State = Literal["NotAllowedToStart", "AllowedToStart", "Running", "Interrupted", "Ended", "Aborted"]
SubState = Literal["Waiting", "Ready", "Loaded", "Held", "Suspended", "Completed", "Closed"]
QuantitySource = Literal["counter", "operator"]

DecimalText = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,20}(\.[0-9]{1,9})?$")]
AmountText = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,9})?$")]
"""A decimal that is asked for: shorter than what may be published, so that sums fit."""
PositiveText = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}(\.[0-9]{1,9})?$")]
UnitCode = Annotated[str, StringConstraints(min_length=1, max_length=3, pattern=r"^[A-Z0-9]+$")]
Id = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
PlacePath = Annotated[str, StringConstraints(min_length=1, max_length=205, pattern=r"^[^\x00]+$")]
Text = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
Priority = Annotated[int, Field(ge=-32768, le=32767)]
ShortText = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
Parameters = Annotated[Mapping[Id, ShortText], Field(max_length=20)]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class QuantityValue(_Document):
    """A quantity: decimal string and UN/ECE Recommendation 20 unit code."""

    value: AmountText
    unit: UnitCode


# -- events ------------------------------------------------------------------------------------------------


class WorkRequestStored(_Document):
    """A work request exists now, or says something else than before.

    Attributes:
        version: Counts its changes from 1.
        description: For people.
        customer_reference: The demand it serves.
        priority: A higher number comes first.
        planned_start: When work should begin.
        planned_end: When it should be done.
    """

    version: int
    description: str = ""
    customer_reference: str | None = None
    priority: Priority = 0
    planned_start: AwareDatetime | None = None
    planned_end: AwareDatetime | None = None


class JobOrderFacts(_Document):
    """What every event of a job order repeats, so that a follower can begin anywhere.

    Attributes:
        version: The order's version after the event.
        work_center: ISA-95 path of the work center it belongs to.
        work_request: The work request it serves.
        work_master: How to do it.
        quantity_ordered: How much; None where only the work counts.
        unit: Unit of all quantities of the order (UN/ECE Recommendation 20).
        ideal_cycle_s: Ideal seconds per unit, if known.
    """

    version: int
    work_center: PlacePath
    work_request: str | None = None
    work_master: str | None = None
    quantity_ordered: QuantityValue | None = None
    unit: UnitCode
    ideal_cycle_s: PositiveText | None = None


class JobOrderStored(JobOrderFacts):
    """A job order exists now.

    Attributes:
        state: `AllowedToStart` when stored and started in one, else `NotAllowedToStart`.
        sub_state: Within the state.
        description: For people.
        priority: A higher number comes first.
        planned_start: When it should begin.
        planned_end: When it should be done.
        quantity_source: Who counts: the work center's counters or its operators.
        parameters: Free job order parameters.
    """

    state: State
    sub_state: SubState | None = None
    description: str = ""
    priority: Priority = 0
    planned_start: AwareDatetime | None = None
    planned_end: AwareDatetime | None = None
    quantity_source: QuantitySource
    parameters: Mapping[str, str] = Field(default_factory=dict)


class JobOrderUpdated(JobOrderStored):
    """A job order that has not begun says something else than before.

    Attributes:
        changed: The names of the changed fields.
    """

    changed: tuple[str, ...]


class JobOrderStateChanged(JobOrderFacts):
    """A job order went through one transition.

    Attributes:
        from_state: `from` on the wire.
        from_sub_state: Sub-state before.
        to_state: `to` on the wire.
        sub_state: Sub-state after.
        cause: The method, or the internal cause `Begin`, `Complete`, `ChangeSubState`.
        transition: Number of the transition in OPC 10031-4; None where only the sub-state changed.
        good: Good quantity so far.
        scrap: Scrap quantity so far.
        reason: Why, in the actor's words.
    """

    from_state: Annotated[State, Field(alias="from")]
    from_sub_state: SubState | None = None
    to_state: Annotated[State, Field(alias="to")]
    sub_state: SubState | None = None
    cause: str
    transition: int | None = None
    good: DecimalText
    scrap: DecimalText
    reason: str | None = None


class QuantityReported(JobOrderFacts):
    """Units were made, or an earlier count was corrected.

    Attributes:
        good: Change of the good quantity, may be negative.
        scrap: Change of the scrap quantity, may be negative.
        total_good: Good quantity after it.
        total_scrap: Scrap quantity after it.
        source: The one writer of this order's quantities.
        scrap_reason: Why units were scrapped.
        counted_since: Source time of the counter sample before, for counters.
    """

    good: DecimalText
    scrap: DecimalText
    total_good: DecimalText
    total_scrap: DecimalText
    source: QuantitySource
    scrap_reason: str | None = None
    counted_since: AwareDatetime | None = None


class LaborReported(JobOrderFacts):
    """A person clocked on to a job order or off from it.

    Attributes:
        person: The person's id.
        clock: Which of the two.
        labor_s: Seconds since the clock-on, at a clock-off.
        automatic: Whether the end of the order clocked the person off.
    """

    person: str
    clock: Literal["on", "off"]
    labor_s: DecimalText | None = None
    automatic: bool = False


class LaborActual(_Document):
    """The time one person worked on one job order, in seconds."""

    person: str
    labor_s: DecimalText


class JobResponse(JobOrderFacts):
    """The actuals of an ended or aborted job order (parameter names of OPC 40001-3).

    Attributes:
        revision: 1, or higher when late counts restate an earlier response.
        state: `Ended` or `Aborted`.
        sub_state: Within `Ended`.
        start_time: When execution began; None if it never did.
        end_time: When it ended.
        good: Good quantity.
        scrap: Scrap quantity.
        running_s: Time in state Running.
        interrupted_s: Time in state Interrupted.
        labor: Per person.
        actual_unit_busy_time_s: ActualUnitBusyTime, where the machine's states are known.
        actual_unit_setup_time_s: ActualUnitSetupTime, likewise.
        actual_unit_delay_time_s: ActualUnitDelayTime, likewise.
        actual_production_time_s: ActualProductionTime, likewise.
    """

    revision: Annotated[int, Field(ge=1)] = 1
    state: Literal["Ended", "Aborted"]
    sub_state: SubState | None = None
    start_time: AwareDatetime | None = None
    end_time: AwareDatetime
    good: DecimalText
    scrap: DecimalText
    running_s: DecimalText
    interrupted_s: DecimalText
    labor: tuple[LaborActual, ...] = ()
    actual_unit_busy_time_s: DecimalText | None = None
    actual_unit_setup_time_s: DecimalText | None = None
    actual_unit_delay_time_s: DecimalText | None = None
    actual_production_time_s: DecimalText | None = None


class JobOrderCancelled(JobOrderFacts):
    """A job order that had not begun was taken out of the schedule; `reason` in the actor's words."""

    reason: str | None = None


class JobOrderCleared(JobOrderFacts):
    """An ended or aborted job order was taken off the lists; its events stay."""


# -- arguments of commands ---------------------------------------------------------------------------------


class MethodArgs(_Document):
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


# -- arguments of queries ----------------------------------------------------------------------------------


class JobOrdersArgs(_Document):
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


class JobOrderArgs(_Document):
    """Arguments of `job_order`.

    Attributes:
        id: The job order.
        cursor: From the previous page of its history.
    """

    id: Id
    cursor: Id | None = None


class WorkRequestsArgs(_Document):
    """Arguments of `work_requests`; `limit` per page, `cursor` from the previous one."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Id | None = None


class LaborArgs(_Document):
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


# -- the declaration ---------------------------------------------------------------------------------------

_WORK_CENTER = frozenset({Place.WORK_CENTER})
_ORDER = "the job order's id"
_REQUEST = "the work request's id"


def _metric(name: str, datatype: DataType, description: str) -> MetricContract:
    return MetricContract(f"JobOrder/{name}", datatype, _WORK_CENTER, description)


METRICS = (
    _metric("Active/ID", DataType.String, "The job order running or interrupted here, else null."),
    _metric("Active/State", DataType.String, "Its state (OPC 10031-4)."),
    _metric("Active/SubState", DataType.String, "Its sub-state (OPC 10031-4)."),
    _metric("Active/WorkRequest", DataType.String, "The work request it serves."),
    _metric("Active/WorkMaster", DataType.String, "How it is done."),
    _metric("Active/QuantityOrdered", DataType.Double, "How much is ordered."),
    _metric("Active/Good", DataType.Double, "Good quantity so far."),
    _metric("Active/Scrap", DataType.Double, "Scrap quantity so far."),
    _metric("Active/Unit", DataType.String, "Unit of the quantities (UN/ECE Recommendation 20)."),
    _metric(
        "Active/Progress",
        DataType.Double,
        "Good quantity over quantity ordered; null without one.",
    ),
    _metric("Active/StartTime", DataType.DateTime, "When execution began."),
    _metric("RunningCount", DataType.Int32, "Job orders running here."),
    _metric("QueueLength", DataType.Int32, "Job orders that have not begun."),
    _metric(
        "Queue",
        DataType.DataSet,
        "The next 20 in order of dispatch: id, priority, state, work_master, quantity, unit, start, end.",
    ),
)


def _event(payload: type[BaseModel], description: str, subject: str = _ORDER) -> EventContract:
    return EventContract(payload.__name__, 1, payload, subject, description)


def _command(name: str, args: type[BaseModel], description: str, subject: str = _ORDER) -> CommandContract:
    return CommandContract(name, args, subject, description)


CONTRACT = ServiceContract(
    service="work_order",
    summary="Dispatches job orders to work centers and follows their execution.",
    metrics=METRICS,
    events=(
        _event(WorkRequestStored, "A work request was stored or changed.", _REQUEST),
        _event(JobOrderStored, "A job order was stored."),
        _event(JobOrderUpdated, "A job order that has not begun was changed."),
        _event(JobOrderStateChanged, "A job order changed its state or sub-state."),
        _event(QuantityReported, "Units were made or corrected."),
        _event(LaborReported, "A person clocked on or off."),
        _event(JobResponse, "The actuals of an ended or aborted job order."),
        _event(JobOrderCancelled, "A job order that had not begun was cancelled."),
        _event(JobOrderCleared, "An ended or aborted job order was taken off the lists."),
    ),
    commands=(
        _command("StoreWorkRequest", StoreWorkRequestArgs, "Store or change a work request.", _REQUEST),
        _command("Store", StoreArgs, "Store a job order; it may not start yet."),
        _command("StoreAndStart", StoreArgs, "Store a job order and permit its start."),
        _command("Start", MethodArgs, "Permit the start (release); execution begins with `Begin`."),
        _command("RevokeStart", MethodArgs, "Withdraw the permission."),
        _command("Update", UpdateArgs, "Change a job order that has not begun."),
        _command("ChangeSubState", SubStateArgs, "Move within a state, for example from Waiting to Ready."),
        _command("Begin", BeginArgs, "Execution begins."),
        _command("Pause", PauseArgs, "Interrupt execution."),
        _command("Resume", BeginArgs, "Go on with an interrupted order."),
        _command("Stop", MethodArgs, "End execution before its natural end."),
        _command("Complete", MethodArgs, "Execution is finished."),
        _command("Abort", MethodArgs, "Give the order up."),
        _command("Cancel", MethodArgs, "Take an order that has not begun out of the schedule."),
        _command("Clear", MethodArgs, "Take an ended or aborted order off the lists."),
        _command("ReportQuantity", ReportQuantityArgs, "Report good and scrap units, where operators count."),
        _command("ClockOn", ClockArgs, "A person begins to work on the order."),
        _command("ClockOff", ClockArgs, "A person stops working on the order."),
    ),
    queries=(
        QueryContract("job_orders", JobOrdersArgs, "Job orders by place, state, work request."),
        QueryContract("job_order", JobOrderArgs, "One job order with its history from the event log."),
        QueryContract("work_requests", WorkRequestsArgs, "Work requests and how far their job orders are."),
        QueryContract("labor", LaborArgs, "Who worked on what, from when to when."),
    ),
    reads_machines=True,
)
