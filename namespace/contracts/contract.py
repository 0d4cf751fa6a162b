"""The forms in which a service declares what it publishes, accepts and answers.

`registry` collects the declarations; JSON Schema, AsyncAPI, reference pages and broker permissions are all derived from them. A contract
only grows; a breaking change is a new version beside the old one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pydantic import BaseModel

from namespace.sparkplug import DataType

Model = type[BaseModel]
"""A pydantic model: what a payload or a set of arguments must look like."""


class Place(Enum):
    """Where in the equipment hierarchy a metric appears."""

    NODE = "the producer's own node"
    SITE = "the site (`_Site`)"
    WORK_CENTER = "each work center"
    WORK_UNIT = "each work unit"


@dataclass(frozen=True, slots=True)
class MetricContract:
    """One Sparkplug metric that a service keeps current.

    Attributes:
        name: The metric's name, a `/`-separated path.
        datatype: Its Sparkplug data type.
        places: Where it appears.
        description: What the value means, one sentence.
        unit: UN/ECE Recommendation 20 code, published as property `engUnit`; None for a value without a unit.
        in_site_unit: Whether a work center's `unit` in the site file stands above `unit` there and in its work units.
        writable: Whether an NCMD may write it.
        by_name: Whether data messages carry it by name even where aliases are in use, so that no birth is needed to decode it.
        momentary: Whether a value is said once and not repeated in births: messages in the form of a metric.
    """

    name: str
    datatype: DataType
    places: frozenset[Place]
    description: str
    unit: str | None = None
    writable: bool = False
    by_name: bool = False
    momentary: bool = False
    in_site_unit: bool = False


@dataclass(frozen=True, slots=True)
class EventContract:
    """One kind of event in a service's log.

    Attributes:
        type: Past tense, for example `JobOrderStored`.
        version: Grows only with a breaking change.
        payload: The model of the event's payload.
        subject: What the event's `subject` identifies.
        description: What has happened, one sentence.
    """

    type: str
    version: int
    payload: Model
    subject: str
    description: str

    @property
    def schema(self) -> str:
        """`<type>/<version>`, as the event row carries it."""
        return f"{self.type}/{self.version}"


@dataclass(frozen=True, slots=True)
class CommandContract:
    """One command that a service accepts.

    Attributes:
        name: Imperative, for example `Start`.
        args: The model of the command's arguments.
        subject: What the command's `subject` identifies.
        description: What it does, one sentence.
    """

    name: str
    args: Model
    subject: str
    description: str


@dataclass(frozen=True, slots=True)
class QueryContract:
    """One question that a service answers.

    Attributes:
        name: The last level of the query's topic.
        args: The model of its arguments.
        description: What the answer holds, one sentence.
    """

    name: str
    args: Model
    description: str


@dataclass(frozen=True, slots=True)
class ServiceContract:
    """Everything one service says, hears, accepts and answers: the source of its documentation and of its broker permissions.

    Attributes:
        service: The service's name, for example `work_order`.
        summary: What it is for, one sentence.
        metrics: State it publishes beside the metrics every MES node has.
        events: What its log holds.
        commands: What it accepts.
        queries: What it answers beside `events`.
        follows: The services whose event logs it consumes.
        commands_to: The services it may command.
        asks: The services it asks queries, beside those whose logs it follows.
        reads_machines: Whether it reads the foreign edge nodes of the site.
        observes_everything: Whether it reads every Sparkplug message, publishes the projection, and may ask machines for a rebirth. True
            for one service alone (ARCHITECTURE: the safety rule).
        is_primary_host: Whether it is the site's primary host application: reads every Sparkplug message and publishes STATE. True for
            one service alone.
        reads_projection: Whether it reads the JSON projection.
        acts_as_edge_nodes: Whether it publishes as foreign edge nodes: the simulator.
    """

    service: str
    summary: str
    metrics: tuple[MetricContract, ...] = ()
    events: tuple[EventContract, ...] = ()
    commands: tuple[CommandContract, ...] = ()
    queries: tuple[QueryContract, ...] = ()
    follows: tuple[str, ...] = ()
    commands_to: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    reads_machines: bool = False
    observes_everything: bool = False
    is_primary_host: bool = False
    reads_projection: bool = False
    acts_as_edge_nodes: bool = False

    @property
    def edge_node_id(self) -> str:
        """The service's Sparkplug edge node id, for example `mes-work-order`; also its broker account."""
        return edge_node_id(self.service)


def edge_node_id(service: str) -> str:
    """Return the Sparkplug edge node id (and broker account) of `service`, for example `mes-work-order`."""
    return f"mes-{service.replace('_', '-')}"
