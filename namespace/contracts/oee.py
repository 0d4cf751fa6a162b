"""What `oee` publishes: the elements and indices of ISO 22400-2 per work unit and work center, and the intervals behind them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from namespace.contracts.contract import (
    CommandContract,
    EventContract,
    MetricContract,
    Place,
    QueryContract,
    ServiceContract,
)
from namespace.contracts.oee_arguments import (
    ClassifyStop,
    IntervalArgs,
    IntervalsArgs,
    KpiArgs,
    KpiFiguresArgs,
    KpiRevisionsArgs,
    LossArgs,
    MergeStops,
    Restate,
    SetIdealCycle,
    ShiftsArgs,
    SplitStop,
    StateLogArgs,
    TimelineArgs,
    WaterfallArgs,
)
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
        source: Who says so: the machine's state, a rule of counts and orders, the calendar, a person, or nobody.
        reason_code: Code in the site's tree of reasons, if any.
        stop_reason: The controller's own reason or alarm number, if it gave one.
        material: Material definition (work master) of the job order, if known.
        minor_stop: Whether it is a stop below the unit's threshold, counted as production time.
    """

    start: AwareDatetime
    end: AwareDatetime
    element: Element
    reason: str
    job_order: str | None = None
    shift: str | None = None
    revision: Annotated[int, Field(ge=1)] = 1
    source: Literal["machine", "rule", "calendar", "person", "none"] = "machine"
    reason_code: str | None = None
    stop_reason: int | None = None
    material: str | None = None
    minor_stop: bool = False


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


class Loss(_Payload):
    """Where a part of the planned busy time and of the produced units went.

    Attributes:
        loss: One of the six big losses, `no order` or `no data`; None for good production.
        reason: Reason code, else the machine's cause in words; empty where there is none.
        time_ms: Exact time, decimal string; the entries of a window add up to its planned busy time.
        units: Units; the entries of a window add up to its produced quantity.
        stops: How often.
    """

    loss: str | None
    reason: str
    time_ms: str
    units: int
    stops: int


class Difference(_Payload):
    """What a revision changed: the new figure minus the superseded one, in ms, units and ratios (decimal strings)."""

    pbt_ms: int
    apt_ms: int
    aust_ms: int
    adet_ms: int
    adot_ms: int
    produced: int
    good: int
    oee: str | None


class Judgement(_Payload):
    """The settings a window was judged by.

    Attributes:
        state_model: Name of the table of states.
        state_model_version: Its version in the site file.
        reasons_version: Version of the site's tree of reasons.
        microstop_threshold_s: Shorter stops stay production time.
        unknown_time: What time without data counts as.
    """

    state_model: str
    state_model_version: int
    reasons_version: int
    microstop_threshold_s: int
    unknown_time: Literal["delay", "exclude"]


class StopClassified(_Payload):
    """A person said why time was lost.

    Attributes:
        start: First instant of the stretch, UTC.
        end: First instant after it, UTC.
        reason_code: Code in the site's tree of reasons; None takes back what was said before.
        why: In the person's words.
    """

    start: AwareDatetime
    end: AwareDatetime
    reason_code: str | None
    why: str


class IdealCycleSet(_Payload):
    """A person changed the ideal cycle of a work unit from a time on.

    Attributes:
        since: First instant it holds for, UTC.
        material: Material definition (work master); None for all that nothing was said about.
        ideal_cycle_s: Planned run time per unit (PRI) in seconds, decimal string.
        why: In the person's words.
    """

    since: AwareDatetime
    material: str | None
    ideal_cycle_s: str
    why: str


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
        why: What made the revision necessary, in words; None for the first.
        difference: What the revision changed; None for the first.
        date: The local date the shift starts on.
        nee: (AUPT / PBT) x effectiveness x quality ratio, decimal string; None where undefined.
        losses: The loss ledger.
        judged_by: The settings it was judged by.
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
    why: str | None = None
    difference: Difference | None = None
    date: str | None = None
    nee: str | None = None
    losses: tuple[Loss, ...] = ()
    judged_by: Judgement | None = None


def _ratio(name: str, description: str) -> MetricContract:
    return MetricContract(f"OEE/{name}", DataType.Double, _UNITS, description, unit=_ONE)


def _time(name: str, description: str) -> MetricContract:
    return MetricContract(f"OEE/{name}", DataType.Int64, _UNITS, description, unit=_MS)


def _count(name: str, description: str) -> MetricContract:
    return MetricContract(f"OEE/{name}", DataType.Int64, _UNITS, description, unit=_EACH, in_site_unit=True)


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
    _ratio("NEE", "(AUPT / PBT) x effectiveness x quality ratio of the current shift (ISO 22400-2, NEE index)."),
    _ratio("TEEP", "OEE x PBT / calendar time; not in ISO 22400-2."),
    _ratio("OOE", "(APT / POT) x effectiveness x quality ratio; not in ISO 22400-2."),
    MetricContract("OEE/ReasonCode", DataType.String, _WORK_UNIT, "The reason code of the current interval, if any."),
    MetricContract("OEE/Restated/WindowStart", DataType.DateTime, _WORK_UNIT, "The window that was restated last."),
    MetricContract("OEE/Restated/Revision", DataType.Int64, _WORK_UNIT, "Its revision now."),
    MetricContract("OEE/Restated/OEE", DataType.Double, _WORK_UNIT, "Its OEE index now.", unit=_ONE),
    MetricContract("OEE/Restated/OEEBefore", DataType.Double, _WORK_UNIT, "The OEE index it superseded.", unit=_ONE),
    MetricContract("OEE/Restated/Why", DataType.String, _WORK_UNIT, "What made the revision necessary."),
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
        EventContract("StopClassified", 1, StopClassified, "the work unit's path", "A person said why time was lost."),
        EventContract(
            "IdealCycleSet", 1, IdealCycleSet, "the work unit's path", "A person changed an ideal cycle from a time on."
        ),
    ),
    commands=(
        CommandContract(
            "ClassifyStop",
            ClassifyStop,
            "the work unit's path",
            "Says why time in a stretch was lost, or takes that back.",
        ),
        CommandContract(
            "SplitStop", SplitStop, "the work unit's path", "Gives the parts of a stop reasons of their own."
        ),
        CommandContract(
            "MergeStops", MergeStops, "the work unit's path", "Gives stops that follow one another one reason."
        ),
        CommandContract(
            "SetIdealCycle", SetIdealCycle, "the work unit's path", "Changes an ideal cycle from a time on."
        ),
        CommandContract(
            "Restate",
            Restate,
            "the work unit's path",
            "Judges final windows again by the site file as it is now: calendar, tables, ideal cycles, reasons.",
        ),
    ),
    queries=(
        QueryContract("state_log", StateLogArgs, "Intervals of one work unit, oldest first."),
        QueryContract("kpi_windows", KpiArgs, "Closed windows with their elements and revisions, newest first."),
        QueryContract(
            "kpi_revisions", KpiRevisionsArgs, "Everything that was said about the windows of a place, newest first."
        ),
        QueryContract(
            "kpis",
            KpiFiguresArgs,
            "The key figures of ISO 22400-2 of a place by shift, day, job order, material or the last minutes, exact.",
        ),
        QueryContract("losses", LossArgs, "The loss ledger of a place over a time, the greatest loss first."),
        QueryContract(
            "waterfall",
            WaterfallArgs,
            "From calendar time to good production: every part of the time of a place once, adding up to all of it.",
        ),
        QueryContract("shifts", ShiftsArgs, "Shifts and planned down times of a place, by its work calendar."),
        QueryContract(
            "timeline",
            TimelineArgs,
            "What the units of a place were in, as judged now, drawn together to a resolution without losing a stop.",
        ),
        QueryContract(
            "intervals", IntervalsArgs, "Intervals of a place by loss, reason or element, as judged now: whole rows."
        ),
        QueryContract(
            "interval",
            IntervalArgs,
            "One interval with what stands behind it: its shift, words of persons, events, and the metrics to look up.",
        ),
    ),
    follows=("work_order",),
    reads_machines=True,
)
