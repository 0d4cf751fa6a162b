"""What one asks of `oee`: the arguments of its commands and queries."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

ReasonCode = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
Material = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
CycleText = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})?$")]


class _Arguments(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ClassifyStop(_Arguments):
    """Arguments of `ClassifyStop`; the command's `reason` says why.

    Attributes:
        start: First instant of the stretch, UTC; only lost time in it gets the reason.
        end: First instant after it, UTC.
        reason_code: Code in the site's tree of reasons; null takes back what was said before.
    """

    start: AwareDatetime
    end: AwareDatetime
    reason_code: ReasonCode | None


class StopPart(_Arguments):
    """One part of a stop that is split: from the end of the part before up to `end`."""

    end: AwareDatetime
    reason_code: ReasonCode


class SplitStop(_Arguments):
    """Arguments of `SplitStop`; the command's `reason` says why.

    Attributes:
        start: First instant of the stop, UTC.
        parts: In order of time.
    """

    start: AwareDatetime
    parts: Annotated[tuple[StopPart, ...], Field(min_length=2, max_length=20)]


class MergeStops(_Arguments):
    """Arguments of `MergeStops`; the command's `reason` says why.

    Attributes:
        start: First instant of the first stop, UTC.
        end: First instant after the last, UTC.
        reason_code: Of all of them.
    """

    start: AwareDatetime
    end: AwareDatetime
    reason_code: ReasonCode


class SetIdealCycle(_Arguments):
    """Arguments of `SetIdealCycle`; the command's `reason` says why.

    Attributes:
        since: First instant it holds for, UTC; earlier ones restate the windows since.
        ideal_cycle_s: Planned run time per unit (PRI) in seconds, above zero.
        material: Material definition (work master); null for all that nothing was said about.
    """

    since: AwareDatetime
    ideal_cycle_s: CycleText
    material: Material | None = None


class Restate(_Arguments):
    """Arguments of `Restate`; the command's `reason` says why.

    Attributes:
        since: Windows that end after this instant, UTC.
        until: And begin before this one, UTC.
    """

    since: AwareDatetime
    until: AwareDatetime


class StateLogArgs(_Arguments):
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


class KpiArgs(_Arguments):
    """Arguments of `kpi_windows`.

    Attributes:
        place: A work unit, or a place above it for all units below.
        limit: Windows per page, newest first.
        cursor: From the previous page.
    """

    place: str
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: str | None = None


class KpiRevisionsArgs(KpiArgs):
    """Arguments of `kpi_revisions`.

    Attributes:
        place: A work unit, or a place above it for all units below.
        limit: Revisions per page, newest first.
        cursor: From the previous page.
        since: Only of windows that begin at or after this instant.
        until: Only of windows that begin before this instant.
        restated: Only revisions that replaced another one.
    """

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    restated: bool = False


class KpiFiguresArgs(_Arguments):
    """Arguments of `kpis`.

    Attributes:
        place: A work unit, work center, area, or the site.
        by: What one row of the answer stands for.
        since: Only windows that end after this instant; null for a week back.
        until: Only windows that begin before this instant; null for all.
        minutes: For `rolling`: how far back from business time.
        figures: Only these figures; null for all.
        limit: Rows per page, the newest first.
        cursor: From the previous page.
    """

    place: str
    by: Literal["shift", "day", "job_order", "material", "rolling", "total"] = "shift"
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    minutes: Annotated[int, Field(ge=1, le=180)] = 60
    figures: Annotated[tuple[str, ...], Field(max_length=40)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 20
    cursor: str | None = None


class LossArgs(_Arguments):
    """Arguments of `losses`.

    Attributes:
        place: A work unit, or a place above it for all units below.
        since: Only windows that end after this instant; null for a week back.
        until: Only windows that begin before this instant; null for all.
        by: What comes first: the greatest time, or the greatest number of stops.
        include_open: Also the shift that is not over yet.
    """

    place: str
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    by: Literal["time", "count"] = "time"
    include_open: bool = False


class WaterfallArgs(_Arguments):
    """Arguments of `waterfall`.

    Attributes:
        place: A work unit, or a place above it for all units below.
        since: The windows that end after this instant.
        until: And begin before this one.
    """

    place: str
    since: AwareDatetime
    until: AwareDatetime


class ShiftsArgs(_Arguments):
    """Arguments of `shifts`.

    Attributes:
        place: Whose work calendar.
        since: Shifts that end after this instant.
        until: And begin before this one, at most 35 days later.
    """

    place: str
    since: AwareDatetime
    until: AwareDatetime


class TimelineArgs(_Arguments):
    """Arguments of `timeline`.

    Attributes:
        place: A work unit, or a place above it for all units below.
        units: Only these work units; null for all.
        since: Intervals that end after this instant.
        until: And begin before this one.
        resolution_ms: Intervals shorter than this are drawn together where they follow one another; 0 for none.
        limit: Rows per page.
        cursor: From the previous page.
    """

    place: str
    units: Annotated[tuple[str, ...], Field(max_length=500)] | None = None
    since: AwareDatetime
    until: AwareDatetime
    resolution_ms: Annotated[int, Field(ge=0, le=86_400_000)] = 0
    limit: Annotated[int, Field(ge=1, le=2000)] = 1000
    cursor: str | None = None


class IntervalsArgs(_Arguments):
    """Arguments of `intervals`.

    Attributes:
        place: A work unit, or a place above it for all units below.
        since: Intervals that end after this instant.
        until: And begin before this one.
        loss: Only those of this loss of the ledger; `production` for production time without minor stops.
        reason: Only those with this reason, or one below it; empty for those without a reason.
        element: Only those of this time element.
        cause: Only those of this cause in the machine's words, such as `blocked`.
        order: What comes first.
        limit: Rows per page.
        cursor: From the previous page.
    """

    place: str
    since: AwareDatetime
    until: AwareDatetime
    loss: str | None = None
    reason: str | None = None
    element: str | None = None
    cause: str | None = None
    order: Literal["newest", "longest"] = "newest"
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: str | None = None


class IntervalArgs(_Arguments):
    """Arguments of `interval`.

    Attributes:
        place: The work unit.
        at: An instant in the interval.
    """

    place: str
    at: AwareDatetime
