"""What `oee` publishes: the elements and indices of ISO 22400-2 per work unit and work center, and the intervals behind them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from namespace.contracts.contract import EventContract, MetricContract, Place, QueryContract, ServiceContract
from namespace.sparkplug import DataType

_UNITS = frozenset({Place.WORK_UNIT, Place.WORK_CENTER})
_WORK_UNIT = frozenset({Place.WORK_UNIT})
_MS = "C26"  # UN/ECE Rec 20: millisecond
_ONE = "C62"  # UN/ECE Rec 20: one
_EACH = "EA"  # UN/ECE Rec 20: each

Element = Literal["APT", "AUST", "ADET", "ADOT", "PDOT", "NOT_SCHEDULED", "UNKNOWN"]
"""Time elements of ISO 22400-2 that partition calendar time, and UNKNOWN for time nobody observed."""


class _Payload(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class StateIntervalClosed(_Payload):
    """One closed, half-open interval of a work unit's state log.

    Attributes:
        start: First instant of the interval, UTC.
        end: First instant after it, UTC.
        element: Its ISO 22400-2 time element.
        reason: Why, for example a PackML state or a stop reason.
        job_order: The job order that was running, if any.
        shift: The shift it belongs to, if any.
        revision: 1, or higher when the interval restates an earlier one.
    """

    start: AwareDatetime
    end: AwareDatetime
    element: Element
    reason: str
    job_order: str | None = None
    shift: str | None = None
    revision: Annotated[int, Field(ge=1)] = 1


class Elements(_Payload):
    """Elements of one window: integer milliseconds and exact counts, to be summed before any division.

    Attributes:
        pbt_ms: Planned busy time.
        apt_ms: Actual production time.
        aust_ms: Actual unit setup time.
        adet_ms: Actual unit delay time.
        adot_ms: Actual unit down time.
        unknown_ms: Time within PBT nobody observed; also counted in `adet_ms`.
        produced: Produced quantity PQ.
        good: Good quantity GQ.
        scrap: Scrap quantity SQ.
        pri_pq_ms: Planned run time per item times produced quantity, summed over products, in ms.
        pri_gq_ms: The same for the good quantity.
    """

    pbt_ms: int
    apt_ms: int
    aust_ms: int
    adet_ms: int
    adot_ms: int
    unknown_ms: int
    produced: int
    good: int
    scrap: int
    pri_pq_ms: str
    pri_gq_ms: str


class KpiWindowClosed(_Payload):
    """The result of one shift of one work unit.

    Attributes:
        shift: The shift's name.
        start: First instant of the window, UTC.
        end: First instant after it, UTC.
        elements: What the indices are computed from.
        availability: APT / PBT, decimal string; None where undefined.
        effectiveness: PRI x PQ / APT, decimal string; None where undefined.
        quality_ratio: GQ / PQ, decimal string; None where undefined.
        oee: The product, decimal string; None where undefined.
        undefined_because: Why an index is None.
        data_completeness: Observed part of the planned busy time, 0..1, decimal string; None where undefined.
        status: `provisional` while late data may still revise it, then `final`.
        revision: 1, or higher when the window restates an earlier result.
        supersedes: The event id of the result this one replaces.
    """

    shift: str
    start: AwareDatetime
    end: AwareDatetime
    elements: Elements
    availability: str | None
    effectiveness: str | None
    quality_ratio: str | None
    oee: str | None
    undefined_because: str | None = None
    data_completeness: str | None
    status: Literal["provisional", "final"]
    revision: Annotated[int, Field(ge=1)] = 1
    supersedes: str | None = None


class StateLogArgs(_Payload):
    """Arguments of `state_log`.

    Attributes:
        place: The work unit, ISA-95 path.
        since: Only intervals that end after this instant.
        until: Only intervals that begin before this instant.
        limit: Rows per page.
        cursor: From the previous page.
    """

    place: str
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 200
    cursor: str | None = None


class KpiArgs(_Payload):
    """Arguments of `kpi_windows`.

    Attributes:
        place: A work unit, or a place above it for all units below.
        limit: Windows per page, newest first.
        cursor: From the previous page.
    """

    place: str
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: str | None = None


def _ratio(name: str, description: str) -> MetricContract:
    return MetricContract(f"OEE/{name}", DataType.Double, _UNITS, description, unit=_ONE)


def _time(name: str, description: str) -> MetricContract:
    return MetricContract(f"OEE/{name}", DataType.Int64, _UNITS, description, unit=_MS)


def _count(name: str, description: str) -> MetricContract:
    return MetricContract(f"OEE/{name}", DataType.Int64, _UNITS, description, unit=_EACH)


METRICS = (
    _ratio("Availability", "APT / PBT of the current shift; null with a reason where undefined (ISO 22400-2)."),
    _ratio("Effectiveness", "PRI x PQ / APT of the current shift, uncapped (ISO 22400-2)."),
    _ratio("QualityRatio", "GQ / PQ of the current shift (ISO 22400-2)."),
    _ratio("OEE", "Availability x effectiveness x quality ratio of the current shift (ISO 22400-2, OEE index)."),
    _ratio("Completeness", "The observed part of the planned busy time."),
    MetricContract(
        "OEE/Reason", DataType.String, _UNITS, "Why an index is undefined or incomplete; empty when neither."
    ),
    MetricContract("OEE/State", DataType.String, _WORK_UNIT, "The current time element (ISO 22400-2)."),
    MetricContract("OEE/StateReason", DataType.String, _WORK_UNIT, "Why the unit is in it."),
    MetricContract("OEE/StateSince", DataType.DateTime, _WORK_UNIT, "When the current interval began."),
    MetricContract("OEE/Shift", DataType.String, _UNITS, "The shift the figures belong to."),
    MetricContract("OEE/WindowStart", DataType.DateTime, _UNITS, "When the window began."),
    MetricContract("OEE/Revision", DataType.Int64, _UNITS, "Rises when late data restates the window."),
    _time("PBT", "Planned busy time so far."),
    _time("APT", "Actual production time so far."),
    _time("AUST", "Actual unit setup time so far."),
    _time("ADET", "Actual unit delay time so far."),
    _time("ADOT", "Actual unit down time so far: available, no order running."),
    _count("PQ", "Produced quantity so far."),
    _count("GQ", "Good quantity so far."),
    _count("SQ", "Scrap quantity so far."),
)

CONTRACT = ServiceContract(
    service="oee",
    summary="Keeps the state log of every work unit and computes the indices of ISO 22400-2 from it.",
    metrics=METRICS,
    events=(
        EventContract(
            "StateIntervalClosed", 1, StateIntervalClosed, "the work unit's path", "A work unit left a state."
        ),
        EventContract(
            "KpiWindowClosed",
            1,
            KpiWindowClosed,
            "the work unit's path",
            "A shift of a work unit was summed up.",
        ),
    ),
    queries=(
        QueryContract("state_log", StateLogArgs, "Intervals of one work unit, oldest first."),
        QueryContract("kpi_windows", KpiArgs, "Closed windows with their elements and revisions, newest first."),
    ),
    follows=("work_order",),
    reads_machines=True,
)
