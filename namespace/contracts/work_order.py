"""What `work_order` says, accepts and answers: job orders as ISA-95 part 4 and OPC 10031-4 know them.

The events are `work_order_events`, the arguments of commands and queries `work_order_arguments`; this module declares who says what
where, and is the one to import from. What the state machine permits is the service's business.
"""

from __future__ import annotations

from pydantic import BaseModel

from namespace.contracts.contract import (
    CommandContract,
    EventContract,
    MetricContract,
    Place,
    QueryContract,
    ServiceContract,
)
from namespace.contracts.work_order_arguments import (
    AmendArgs,
    BeginArgs,
    ClockArgs,
    CreateJobOrdersArgs,
    DeclareQuantityArgs,
    MergeArgs,
    MethodArgs,
    PauseArgs,
    ReconcileArgs,
    ReportQuantityArgs,
    ResequenceArgs,
    ReworkArgs,
    SetAvailabilityArgs,
    SplitArgs,
    StoreArgs,
    StoreWorkRequestArgs,
    SubStateArgs,
    UpdateArgs,
)
from namespace.contracts.work_order_changes import (
    EquipmentAvailabilityChanged,
    JobListResequenced,
    JobOrderAmended,
    JobOrderHeld,
    JobOrderReleased,
    QuantityDeclared,
    ReworkOrdered,
)
from namespace.contracts.work_order_events import (
    JobOrderCancelled,
    JobOrderCleared,
    JobOrderFacts,
    JobOrderStateChanged,
    JobOrderStored,
    JobOrderUpdated,
    LaborReported,
    Predecessor,
    QuantityReported,
    QuantityValue,
    WorkRequestStored,
)
from namespace.contracts.work_order_masters import (
    StoreWorkMasterArgs,
    WorkMasterActivated,
    WorkMasterArgs,
    WorkMasterRetired,
    WorkMastersArgs,
    WorkMasterStored,
    WorkMasterVersionArgs,
)
from namespace.contracts.work_order_queries import (
    DispatchBoardArgs,
    DispatchListArgs,
    JobOrderArgs,
    JobOrderCountsArgs,
    JobOrdersArgs,
    LaborArgs,
    WipArgs,
    WorkRequestArgs,
    WorkRequestsArgs,
)
from namespace.contracts.work_order_responses import JobResponse, LaborActual, OperationResponse, WorkResponse
from namespace.sparkplug import DataType

__all__ = [
    "CONTRACT",
    "METRICS",
    "AmendArgs",
    "BeginArgs",
    "ClockArgs",
    "CreateJobOrdersArgs",
    "DeclareQuantityArgs",
    "DispatchBoardArgs",
    "DispatchListArgs",
    "EquipmentAvailabilityChanged",
    "JobListResequenced",
    "JobOrderAmended",
    "JobOrderArgs",
    "JobOrderCancelled",
    "JobOrderCleared",
    "JobOrderCountsArgs",
    "JobOrderFacts",
    "JobOrderHeld",
    "JobOrderReleased",
    "JobOrderStateChanged",
    "JobOrderStored",
    "JobOrderUpdated",
    "JobOrdersArgs",
    "JobResponse",
    "LaborActual",
    "LaborArgs",
    "LaborReported",
    "MergeArgs",
    "MethodArgs",
    "OperationResponse",
    "PauseArgs",
    "Predecessor",
    "QuantityDeclared",
    "QuantityReported",
    "QuantityValue",
    "ReconcileArgs",
    "ReportQuantityArgs",
    "ResequenceArgs",
    "ReworkArgs",
    "ReworkOrdered",
    "SetAvailabilityArgs",
    "SplitArgs",
    "StoreArgs",
    "StoreWorkMasterArgs",
    "StoreWorkRequestArgs",
    "SubStateArgs",
    "UpdateArgs",
    "WipArgs",
    "WorkMasterActivated",
    "WorkMasterArgs",
    "WorkMasterRetired",
    "WorkMasterStored",
    "WorkMasterVersionArgs",
    "WorkMastersArgs",
    "WorkRequestArgs",
    "WorkRequestStored",
    "WorkRequestsArgs",
    "WorkResponse",
]

_WORK_CENTER = frozenset({Place.WORK_CENTER})
_ORDER = "the job order's id"
_REQUEST = "the work request's id"
_MASTER = "the work master's id"
_PLACE = "ISA-95 path of the place"


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
        _event(WorkMasterStored, "A version of a work master was stored.", _MASTER),
        _event(WorkMasterActivated, "A version of a work master may be used.", _MASTER),
        _event(WorkMasterRetired, "A version of a work master may not be used any more.", _MASTER),
        _event(WorkRequestStored, "A work request was stored or changed.", _REQUEST),
        _event(JobOrderStored, "A job order was stored."),
        _event(JobOrderUpdated, "A job order that has not begun was changed."),
        _event(JobOrderAmended, "The quantity or due date of a job order changed, perhaps while it ran."),
        _event(JobOrderHeld, "A job order may not run until it is released."),
        _event(JobOrderReleased, "A held job order may run again."),
        _event(ReworkOrdered, "Units set aside went to a rework order."),
        _event(JobOrderStateChanged, "A job order changed its state or sub-state."),
        _event(QuantityReported, "Units were made or corrected."),
        _event(QuantityDeclared, "An operator declared a quantity that counters write."),
        _event(LaborReported, "A person clocked on or off."),
        _event(JobResponse, "The actuals of an ended or aborted job order."),
        _event(WorkResponse, "The actuals of a work request whose job orders are all over.", _REQUEST),
        _event(JobListResequenced, "The explicit sequence of a work center changed.", _PLACE),
        _event(EquipmentAvailabilityChanged, "Equipment can or cannot be used for job orders.", _PLACE),
        _event(JobOrderCancelled, "A job order that had not begun was cancelled."),
        _event(JobOrderCleared, "An ended or aborted job order was taken off the lists."),
    ),
    commands=(
        _command("StoreWorkMaster", StoreWorkMasterArgs, "Store a new version of a work master.", _MASTER),
        _command("ActivateWorkMaster", WorkMasterVersionArgs, "Let a version be used for new job orders.", _MASTER),
        _command("RetireWorkMaster", WorkMasterVersionArgs, "Take a version out of use.", _MASTER),
        _command("StoreWorkRequest", StoreWorkRequestArgs, "Store or change a work request.", _REQUEST),
        _command(
            "CreateJobOrders", CreateJobOrdersArgs, "Make a job order of each operation of its work master.", _REQUEST
        ),
        _command("Resequence", ResequenceArgs, "Set which job orders of a work center come first.", _PLACE),
        _command("SetAvailability", SetAvailabilityArgs, "Say whether equipment can be used.", _PLACE),
        _command("Store", StoreArgs, "Store a job order; it may not start yet."),
        _command("StoreAndStart", StoreArgs, "Store a job order and permit its start."),
        _command("Start", MethodArgs, "Permit the start (release); execution begins with `Begin`."),
        _command("RevokeStart", MethodArgs, "Withdraw the permission."),
        _command("Update", UpdateArgs, "Change a job order that has not begun."),
        _command("Amend", AmendArgs, "Change quantity or due date, also of a job order that runs."),
        _command("Split", SplitArgs, "Give a part of what remains to a new job order."),
        _command("Merge", MergeArgs, "Take over what remains of another job order of the same operation."),
        _command("Hold", MethodArgs, "Keep a job order from running, or interrupt it; needs a reason."),
        _command("Release", MethodArgs, "Let a held job order run again."),
        _command("Rework", ReworkArgs, "Make a rework order of units that were set aside."),
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
        _command("DeclareQuantity", DeclareQuantityArgs, "Declare what was made, beside the counters."),
        _command(
            "Reconcile", ReconcileArgs, "Decide between counted and declared quantities of an order that is over."
        ),
        _command("ClockOn", ClockArgs, "A person begins to work on the order."),
        _command("ClockOff", ClockArgs, "A person stops working on the order."),
    ),
    queries=(
        QueryContract("wip", WipArgs, "Where the units of open work requests are, by work center and operation."),
        QueryContract("dispatch_list", DispatchListArgs, "The job list of a work center, now or at any past moment."),
        QueryContract(
            "dispatch_board", DispatchBoardArgs, "What work centers have in hand, with forecasts and what keeps orders."
        ),
        QueryContract("work_masters", WorkMastersArgs, "Versions of work masters by material and state."),
        QueryContract("work_master", WorkMasterArgs, "One version of a work master."),
        QueryContract("job_orders", JobOrdersArgs, "Job orders by place, state, work request."),
        QueryContract("job_order", JobOrderArgs, "One job order with its history from the event log."),
        QueryContract(
            "job_order_counts", JobOrderCountsArgs, "What was made of a job order over time, and why not good."
        ),
        QueryContract("work_requests", WorkRequestsArgs, "Work requests and how far their job orders are."),
        QueryContract("work_request", WorkRequestArgs, "One work request with the responses it was answered by."),
        QueryContract("labor", LaborArgs, "Who worked on what, from when to when."),
    ),
    follows=("oee",),
    reads_machines=True,
)
