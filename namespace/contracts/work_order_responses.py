"""What came of job orders and work requests: the actuals, complete for an ERP confirmation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from namespace.contracts.work_order_events import DecimalText, Document, JobOrderFacts, QuantityValue, SubState


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
