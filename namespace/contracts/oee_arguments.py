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


class KpiFiguresArgs(_Arguments):
    """Arguments of `kpis`.

    Attributes:
        place: A work unit, work center, area, or the site.
        by: What one row of the answer stands for.
        since: Only windows that end after this instant; null for a week back.
        until: Only windows that begin before this instant; null for all.
        minutes: For `rolling`: how far back from business time.
        limit: Rows per page, the newest first.
        cursor: From the previous page.
    """

    place: str
    by: Literal["shift", "day", "job_order", "material", "rolling", "total"] = "shift"
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    minutes: Annotated[int, Field(ge=1, le=180)] = 60
    limit: Annotated[int, Field(ge=1, le=200)] = 20
    cursor: str | None = None


class LossArgs(_Arguments):
    """Arguments of `losses`.

    Attributes:
        place: A work unit, or a place above it for all units below.
        since: Only windows that end after this instant; null for a week back.
        until: Only windows that begin before this instant; null for all.
        by: What comes first: the greatest time, or the greatest number of stops.
    """

    place: str
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    by: Literal["time", "count"] = "time"
