"""What `historian` says and answers: what every edge node ever reported, by place and time, and what of it is missing.

It journals; it computes nothing. A row's *position* is its number in the journal: it only ever grows, in the order in which rows were
committed, so "everything after P" is one paged question. That is how a service that was down catches up.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from namespace.contracts.contract import MetricContract, Place, QueryContract, ServiceContract
from namespace.contracts.snapshot import SNAPSHOT_QUERY
from namespace.sparkplug import DataType

_NODE = frozenset({Place.NODE})
_ONE = "C62"  # UN/ECE Rec 20: one
_BYTE = "AD"  # UN/ECE Rec 20: byte
_SECOND = "SEC"  # UN/ECE Rec 20: second
_PER_SECOND = "C97"  # UN/ECE Rec 20: reciprocal second

Text = Annotated[str, StringConstraints(min_length=1, max_length=400)]
Position = Annotated[int, Field(ge=0, lt=2**62)]
Milliseconds = Annotated[int, Field(ge=-(2**62), lt=2**62)]


class _Arguments(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class SamplesArgs(_Arguments):
    """Arguments of `samples`: what was reported, in order of source time.

    Attributes:
        place: ISA-95 path; what is below it is included. Without it, everywhere.
        edge_node: `<group>/<edge node>` that reported it.
        device_id: Device of that edge node.
        metrics: Canonical metric names (at a place) or the edge node's own; all when empty.
        since_ms: Source time, ms since the epoch, inclusive.
        until_ms: Source time, ms since the epoch, exclusive.
        limit: Samples per page; a page holds at most 64 KiB.
        cursor: From the previous page.
    """

    place: Text | None = None
    edge_node: Text | None = None
    device_id: Text | None = None
    metrics: Annotated[tuple[Text, ...], Field(max_length=100)] = ()
    since_ms: Milliseconds | None = None
    until_ms: Milliseconds | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 500
    cursor: Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,20}:[0-9]{1,12}:-?[0-9]{1,12}$")] | None = None


class TagsArgs(_Arguments):
    """Arguments of `tags`: which metrics were ever reported.

    Attributes:
        place: ISA-95 path; what is below it is included.
        edge_node: `<group>/<edge node>`.
        limit: Tags per page.
        cursor: From the previous page.
    """

    place: Text | None = None
    edge_node: Text | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    cursor: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}$")] | None = None


class GapsArgs(_Arguments):
    """Arguments of `gaps`: times for which the journal may be incomplete, the newest first.

    Attributes:
        edge_node: Only gaps of this `<group>/<edge node>`, and those of everything.
        since_ms: Gaps that ended after this, ms since the epoch.
        until_ms: Gaps that began before this, ms since the epoch.
        limit: Gaps per page.
        cursor: From the previous page.
    """

    edge_node: Text | None = None
    since_ms: Milliseconds | None = None
    until_ms: Milliseconds | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    cursor: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")] | None = None


class HeadArgs(_Arguments):
    """Arguments of `head`: none. The answer names the journal and the position of its last row."""


class MissedArgs(_Arguments):
    """Arguments of `missed`: everything that was journaled after a position, in that order.

    Attributes:
        journal: The journal that the position belongs to; another one has other positions and is refused.
        after: The last position that is known already.
        metrics: Canonical metric names; all placed ones when empty. Births and deaths always come.
        limit: Rows per page; a page holds at most 64 KiB.
        cursor: From the previous page.
    """

    journal: Text
    after: Position
    metrics: Annotated[tuple[Text, ...], Field(max_length=1000)] = ()
    limit: Annotated[int, Field(ge=1, le=2000)] = 1000
    cursor: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,19}:[0-9]{1,19}$")] | None = None


def _metric(name: str, datatype: DataType, description: str, unit: str) -> MetricContract:
    return MetricContract(f"History/{name}", datatype, _NODE, description, unit=unit)


CONTRACT = ServiceContract(
    service="historian",
    summary="The site's primary host application: journals what every edge node reports, and tells it again.",
    metrics=(
        _metric("Rate", DataType.Double, "Samples journaled a second, over the last report.", _PER_SECOND),
        _metric("Lag", DataType.Double, "Age of the oldest sample that is not in the database yet.", _SECOND),
        _metric("Position", DataType.Int64, "Position of the last row of the journal.", _ONE),
        _metric("SpoolBytes", DataType.Int64, "What waits on disk for the database.", _BYTE),
        _metric("Repeated", DataType.Int64, "Samples that were journaled before, since the start.", _ONE),
        _metric("Dropped", DataType.Int64, "Samples that could not be kept, since the start.", _ONE),
        _metric("Gaps", DataType.Int64, "Gaps recorded since the start.", _ONE),
        MetricContract(
            "History/PrimaryHostOnline", DataType.Boolean, _NODE, "Whether edge nodes are told to send (STATE)."
        ),
    ),
    queries=(
        QueryContract("samples", SamplesArgs, "What was reported, by place or edge node, metric and source time."),
        QueryContract("tags", TagsArgs, "Which metrics were ever reported, with place, type and unit."),
        QueryContract("gaps", GapsArgs, "Times for which the journal may be incomplete, and why."),
        QueryContract("head", HeadArgs, "The journal's id and the position of its last row."),
        SNAPSHOT_QUERY,
        QueryContract("missed", MissedArgs, "What was journaled at placed metrics after a position: to catch up."),
    ),
    asks=("namespace_state",),
    is_primary_host=True,
)
