"""What every MES edge node says about itself: who it is, whether it is well, and its event log."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from namespace.contracts.command import COMMAND_REQUEST_METRIC, COMMAND_RESPONSE_METRIC
from namespace.contracts.contract import MetricContract, Place, QueryContract
from namespace.sparkplug import DataType

EVENTS_METRIC = "EventLog/Events"
HEAD_METRIC = "EventLog/Head"
EPOCH_METRIC = "EventLog/Epoch"
PREVIOUS_EPOCH_METRIC = "EventLog/PreviousEpoch"
FORK_SEQ_METRIC = "EventLog/ForkSeq"
HEAD_HASH_METRIC = "EventLog/HeadHash"

_NODE = frozenset({Place.NODE})


class EventsArgs(BaseModel):
    """Arguments of the `events` query that every service with a log answers."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    from_seq: Annotated[int, Field(ge=1, alias="from")] = 1
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    types: tuple[str, ...] | None = None


EVENTS_QUERY = QueryContract(
    name="events",
    args=EventsArgs,
    description="A page of the service's event log from a sequence number on; how a consumer catches up.",
)

NODE_METRICS: tuple[MetricContract, ...] = (
    MetricContract("Node Info/Service", DataType.String, _NODE, "The service's name."),
    MetricContract("Node Info/Version", DataType.String, _NODE, "The version of the software that runs."),
    MetricContract("Health/Ready", DataType.Boolean, _NODE, "Whether the service does its work."),
    MetricContract("Health/Reasons", DataType.String, _NODE, "Why it is not ready; empty when it is."),
    MetricContract(
        EVENTS_METRIC,
        DataType.DataSet,
        _NODE,
        "A contiguous batch of rows of the event log; empty in births.",
        by_name=True,
        momentary=True,
    ),
    MetricContract(
        HEAD_METRIC, DataType.UInt64, _NODE, "The highest sequence number handed to the broker.", by_name=True
    ),
    MetricContract(
        HEAD_HASH_METRIC,
        DataType.String,
        _NODE,
        "The hash of the row at the head; another one there is another history.",
        by_name=True,
    ),
    MetricContract(EPOCH_METRIC, DataType.String, _NODE, "The epoch of the event log (UUID).", by_name=True),
    MetricContract(
        PREVIOUS_EPOCH_METRIC, DataType.String, _NODE, "The epoch before, where there was one.", by_name=True
    ),
    MetricContract(
        FORK_SEQ_METRIC,
        DataType.UInt64,
        _NODE,
        "The last sequence number shared with the previous epoch.",
        by_name=True,
    ),
    MetricContract(
        COMMAND_REQUEST_METRIC,
        DataType.String,
        _NODE,
        "Write a command document here (NCMD).",
        writable=True,
        by_name=True,
    ),
    MetricContract(COMMAND_RESPONSE_METRIC, DataType.String, _NODE, "The answer to a command.", by_name=True),
)
