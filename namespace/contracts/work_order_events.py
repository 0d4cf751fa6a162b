"""What has happened to work requests and job orders: the events of `work_order`, and the words all its documents use.

Quantities are decimal strings with a unit, durations decimal strings of seconds, times aware and UTC. The
events are written so that a follower needs nothing else: every one names the order's work center, work master
and quantity ordered, and the response at the end carries all actuals. What the state machine permits is the
service's business; this module only names things.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

State = Literal["NotAllowedToStart", "AllowedToStart", "Running", "Interrupted", "Ended", "Aborted"]
SubState = Literal["Waiting", "Ready", "Loaded", "Held", "Suspended", "Completed", "Closed"]
QuantitySource = Literal["counter", "operator"]
BeginsBy = Literal["command", "machine"]
CompletesBy = Literal["command", "target", "machine"]

DecimalText = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,20}(\.[0-9]{1,9})?$")]
AmountText = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,9})?$")]
"""A decimal that is asked for: shorter than what may be published, so that sums fit."""
PositiveText = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}(\.[0-9]{1,9})?$")]
UnitCode = Annotated[str, StringConstraints(min_length=1, max_length=3, pattern=r"^[A-Z0-9]+$")]
Id = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
PlacePath = Annotated[str, StringConstraints(min_length=1, max_length=205, pattern=r"^[^\x00]+$")]
Priority = Annotated[int, Field(ge=-32768, le=32767)]


class Document(BaseModel):
    """What everything of this contract has in common: unchangeable, and tolerant of fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class QuantityValue(Document):
    """A quantity: decimal string and UN/ECE Recommendation 20 unit code."""

    value: AmountText
    unit: UnitCode


class WorkRequestStored(Document):
    """A work request exists now, or says something else than before.

    Attributes:
        version: Counts its changes from 1.
        description: For people.
        customer_reference: The demand it serves.
        priority: A higher number comes first.
        planned_start: When work should begin.
        planned_end: When it should be done.
        due: When its customer wants it.
        work_master: How it is made.
        quantity: How much.
    """

    version: int
    description: str = ""
    customer_reference: str | None = None
    priority: Priority = 0
    planned_start: AwareDatetime | None = None
    planned_end: AwareDatetime | None = None
    due: AwareDatetime | None = None
    work_master: str | None = None
    quantity: QuantityValue | None = None


class Predecessor(Document):
    """What must be before a job order may begin.

    Attributes:
        operation: The operation of the same work request that comes before.
        rule: `FinishStart`: all its job orders have ended; `Overlap`: they have yielded `quantity` good units, or have ended.
        quantity: Good units after which an overlapping job order may begin.
    """

    operation: str
    rule: Literal["FinishStart", "Overlap"]
    quantity: DecimalText | None = None


class JobOrderFacts(Document):
    """What every event of a job order repeats, so that a follower can begin anywhere.

    Attributes:
        version: The order's version after the event.
        work_center: ISA-95 path of the work center it belongs to.
        work_request: The work request it serves.
        work_master: How to do it.
        quantity_ordered: How much; None where only the work counts.
        unit: Unit of all quantities of the order (UN/ECE Recommendation 20).
        ideal_cycle_s: Ideal seconds per unit, if known.
        work_master_version: Which version of the work master; it stays.
        operation: Which operation of the work master.
        due: When it must be done.
        customer_reference: The demand it serves.
    """

    version: int
    work_center: PlacePath
    work_request: str | None = None
    work_master: str | None = None
    work_master_version: int | None = None
    operation: str | None = None
    due: AwareDatetime | None = None
    customer_reference: str | None = None
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
        operator_declares: Whether operators declare quantities beside the counters.
        begins_by: What begins execution.
        completes_by: What completes it; None for what the site file says.
        over_tolerance: How much more than ordered may be reported, as a fraction.
        under_tolerance: How much less than ordered still completes it, as a fraction; None for any.
        setup_s: Standard setup time in seconds.
        predecessors: What must be before it.
        split_from: The job order it was split from.
        rework_of: The job order whose units it reworks.
    """

    state: State
    sub_state: SubState | None = None
    description: str = ""
    priority: Priority = 0
    planned_start: AwareDatetime | None = None
    planned_end: AwareDatetime | None = None
    quantity_source: QuantitySource
    parameters: Mapping[str, str] = Field(default_factory=dict)
    operator_declares: bool = False
    begins_by: BeginsBy = "command"
    completes_by: CompletesBy | None = None
    over_tolerance: PositiveText | None = None
    under_tolerance: PositiveText | None = None
    setup_s: PositiveText | None = None
    predecessors: tuple[Predecessor, ...] = ()
    split_from: str | None = None
    rework_of: str | None = None


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
        rework: Change of the quantity set aside for rework, may be negative; neither good nor scrap.
        total_rework: Quantity set aside for rework after it.
        rework_reason: Why units must be reworked.
    """

    good: DecimalText
    scrap: DecimalText
    total_good: DecimalText
    total_scrap: DecimalText
    source: QuantitySource
    scrap_reason: str | None = None
    counted_since: AwareDatetime | None = None
    rework: DecimalText = "0"
    total_rework: DecimalText = "0"
    rework_reason: str | None = None


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


class LaborActual(Document):
    """The time one person worked on one job order, in seconds."""

    person: str
    labor_s: DecimalText


class JobResponse(JobOrderFacts):
    """The actuals of an ended or aborted job order, complete for an ERP confirmation (parameter names of OPC 40001-3).

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
        rework: Quantity set aside for rework.
        scrap_reasons: Scrap quantity by reason code, where one was given.
        declared_good: What operators declared beside the counters.
        declared_scrap: What operators declared beside the counters.
        rework_of: The job order whose units it reworked.
        split_from: The job order it was split from.
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
    rework: DecimalText = "0"
    scrap_reasons: Mapping[str, DecimalText] = Field(default_factory=dict)
    declared_good: DecimalText | None = None
    declared_scrap: DecimalText | None = None
    rework_of: str | None = None
    split_from: str | None = None


class OperationResponse(Document):
    """The actuals of one operation of a work request, all its job orders together.

    Attributes:
        operation: The operation; None for job orders of none.
        job_orders: How many, rework orders included, cancelled ones left out.
        good: Good quantity.
        scrap: Scrap quantity.
        start_time: When the first began.
        end_time: When the last ended.
        queue_s: How long it waited after all its predecessors had ended, in seconds; None without predecessors.
    """

    operation: str | None = None
    job_orders: int
    good: DecimalText
    scrap: DecimalText
    start_time: AwareDatetime | None = None
    end_time: AwareDatetime | None = None
    queue_s: DecimalText | None = None


class WorkResponse(Document):
    """All job orders of a work request are over: the work performance, complete for an ERP confirmation.

    Attributes:
        revision: 1, or higher when a job order was restated or one was added later.
        version: The work request's version.
        customer_reference: The demand it served.
        work_master: How it was made.
        quantity: How much was asked for.
        due: When its customer wants it.
        good: Good quantity of the last operations.
        scrap: Scrap quantity of all operations.
        start_time: When work began.
        end_time: When it ended.
        lead_time_s: The time between the two, in seconds.
        operations: How each of them went.
    """

    revision: Annotated[int, Field(ge=1)]
    version: int
    customer_reference: str | None = None
    work_master: str | None = None
    quantity: QuantityValue | None = None
    due: AwareDatetime | None = None
    good: DecimalText
    scrap: DecimalText
    start_time: AwareDatetime | None = None
    end_time: AwareDatetime | None = None
    lead_time_s: DecimalText | None = None
    operations: tuple[OperationResponse, ...]


class JobOrderCancelled(JobOrderFacts):
    """A job order that had not begun was taken out of the schedule; `reason` in the actor's words."""

    reason: str | None = None


class JobOrderCleared(JobOrderFacts):
    """An ended or aborted job order was taken off the lists; its events stay."""
