"""What `namespace_state` says and answers: the snapshot for late joiners, the JSON projection, the liveness of every edge node."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from namespace.contracts.contract import MetricContract, Place, QueryContract, ServiceContract
from namespace.contracts.snapshot import SNAPSHOT_QUERY
from namespace.sparkplug import DataType

_SITE = frozenset({Place.SITE})
_ONE = "C62"  # UN/ECE Rec 20: one

GOOD = 192
BAD = 0
STALE = 500


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ProjectedValue(_Document):
    """The current value of one metric, retained as JSON for everyone.

    Attributes:
        value: The value; None is null.
        unit: UN/ECE Recommendation 20 code, if known.
        quality: 192 good, 0 bad, 500 stale (Sparkplug 3.0, property Quality).
        timestamp: The source's time, ISO 8601, UTC, milliseconds.
        source: `<group>/<edge node>[/<device>]`.
        place: ISA-95 path; None for an unplaced node.
        metric: The metric path.
    """

    value: Any
    unit: str | None
    quality: Literal[192, 0, 500]
    timestamp: str
    source: str
    place: str | None
    metric: str


class NodesArgs(_Document):
    """Arguments of `nodes`.

    Attributes:
        limit: Edge nodes per page.
        cursor: From the previous page.
    """

    limit: Annotated[int, Field(ge=1, le=500)] = 100
    cursor: str | None = None


class LogHeardArgs(_Document):
    """Arguments of `log_heard`.

    Attributes:
        producer: `<group>/<edge node>` of the log's producer.
    """

    producer: Annotated[str, StringConstraints(min_length=1, max_length=400)]


class LogHeard(_Document):
    """A row of an event log that was heard, or without a hash a head that was announced: the memory of it outlives its database.

    Attributes:
        producer: `<group>/<edge node>` of the log's producer.
        epoch: The epoch in which it was heard.
        seq: Its place in the log.
        hash: The row's hash.
        heard_at: When, ISO 8601, UTC, milliseconds.
    """

    producer: str
    epoch: UUID
    seq: Annotated[int, Field(ge=0)]
    hash: str | None
    heard_at: str


class RebirthArgs(_Document):
    """Arguments of `rebirth`.

    Attributes:
        group_id: Group of the edge node.
        edge_node_id: The edge node.
        reason: Why the asker needs it, a short code.
    """

    group_id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    edge_node_id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    reason: Annotated[str, StringConstraints(max_length=100)] = ""


CONTRACT = ServiceContract(
    service="namespace_state",
    summary="Knows the current state of everything, lets others join late without storms and projects it as JSON.",
    metrics=(
        MetricContract("Namespace/Nodes", DataType.Int32, _SITE, "Edge nodes known.", unit=_ONE),
        MetricContract("Namespace/NodesOnline", DataType.Int32, _SITE, "Edge nodes online.", unit=_ONE),
        MetricContract("Namespace/Devices", DataType.Int32, _SITE, "Devices known.", unit=_ONE),
        MetricContract("Namespace/Metrics", DataType.Int32, _SITE, "Metrics known.", unit=_ONE),
        MetricContract("Namespace/Stale", DataType.Int32, _SITE, "Metrics that are stale.", unit=_ONE),
        MetricContract("Namespace/Unplaced", DataType.Int32, _SITE, "Edge nodes without a place.", unit=_ONE),
        MetricContract("Namespace/Conflicts", DataType.Int32, _SITE, "Metrics claimed by two producers.", unit=_ONE),
        MetricContract("Namespace/Rejected", DataType.Int64, _SITE, "Payloads rejected since the start.", unit=_ONE),
    ),
    queries=(
        SNAPSHOT_QUERY,
        QueryContract(
            "nodes",
            NodesArgs,
            "Every edge node: online or stale, since when, last seen, births, rejections, devices.",
        ),
        QueryContract(
            "log_heard",
            LogHeardArgs,
            "How far an event log was heard, in each of its epochs: how a restored producer learns that it was restored.",
        ),
        QueryContract("rebirth", RebirthArgs, "Asks for the rebirth of one edge node; requests are coalesced."),
    ),
    asks=("historian",),
    observes_everything=True,
)
