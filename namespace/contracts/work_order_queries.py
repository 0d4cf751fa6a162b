"""What may be asked of `work_order`: the arguments of its queries, those on work masters aside."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from namespace.contracts.work_order_events import Document, Id, PlacePath, State


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


class DispatchBoardArgs(Document):
    """Arguments of `dispatch_board`.

    Attributes:
        places: The work centers.
        limit: At most so many job orders of each that have not begun.
        cursor: From the previous page.
    """

    places: Annotated[tuple[PlacePath, ...], Field(min_length=1, max_length=20)]
    limit: Annotated[int, Field(ge=1, le=200)] = 20
    cursor: Id | None = None


class JobOrdersArgs(Document):
    """Arguments of `job_orders`.

    Attributes:
        place: Only orders of work centers at or below this place.
        state: Only orders in one of these states.
        work_request: Only orders of this work request.
        material: Only orders that make this material, by their work master.
        work_master: Only orders made by any version of this work master.
        since: Only orders that ended after this instant or are not over.
        until: Only orders that began, or are planned, or else were stored, before this instant.
        with_removed: Also those that were cancelled or cleared.
        order: In order of dispatch, or those stored last first.
        limit: Orders per page.
        cursor: From the previous page.
    """

    place: PlacePath | None = None
    state: tuple[State, ...] | State | None = None
    work_request: Id | None = None
    material: Id | None = None
    work_master: Id | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    with_removed: bool = False
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
        types: Only events of these types.
        without: No events of these types.
        since: Only events that occurred at this instant or later.
        until: Only events that occurred before this instant.
        cursor: From the previous page of its history.
    """

    id: Id
    types: Annotated[tuple[Id, ...], Field(max_length=20)] | None = None
    without: Annotated[tuple[Id, ...], Field(max_length=20)] = ()
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    cursor: Id | None = None


class JobOrderCountsArgs(Document):
    """Arguments of `job_order_counts`.

    Attributes:
        id: The job order.
        buckets: Into at most how many stretches of equal length its time is divided.
        cursor: From the previous page.
    """

    id: Id
    buckets: Annotated[int, Field(ge=1, le=200)] = 60
    cursor: Id | None = None


class WorkRequestsArgs(Document):
    """Arguments of `work_requests`; `limit` per page, `cursor` from the previous one."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Id | None = None


class WorkRequestArgs(Document):
    """Arguments of `work_request`: its id."""

    id: Id


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
