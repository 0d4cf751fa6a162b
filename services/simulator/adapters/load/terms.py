"""What all edge nodes of a load have in common, and what is counted of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass
from enum import Enum, auto
from typing import Protocol

from namespace.transport import BrokerUrl
from services.simulator.adapters.load.templates import LoadForms
from services.simulator.domain.load import LoadTruth


class Phase(Enum):
    """Where an edge node stands."""

    AWAY = auto()
    CONNECTING = auto()
    WAITING = auto()  # for its primary host
    BORN = auto()


class Owner(Protocol):
    """Who looks after edge nodes."""

    def gone(self, index: int) -> None:
        """Take note that the connection of an edge node is over."""
        ...

    def refused(self, code: int) -> None:
        """Take note that the broker refused a CONNECT (reason code in MQTT 5 numbering)."""
        ...


@dataclass(frozen=True)
class Terms:
    """What all edge nodes of a load have in common.

    Attributes:
        url: The broker and the account there.
        forms: How payloads look.
        truth: What was said.
        now_ms: The clock, milliseconds since the epoch.
        keepalive_s: MQTT keep-alive.
        primary_host_id: Whom births wait for; None for nobody.
        resend_ms: How far back things are said again after a connection was lost; None for not at all.
        owner: Who looks after them.
    """

    url: BrokerUrl
    forms: LoadForms
    truth: LoadTruth
    now_ms: Callable[[], int]
    keepalive_s: int
    primary_host_id: str | None
    resend_ms: int | None
    owner: Owner


@dataclass
class NodeCounts:
    """What an edge node did, over all its connections."""

    connects: int = 0
    births: int = 0  # NBIRTH, the first and those that were asked for
    live: int = 0  # data messages of the present
    historical: int = 0  # data messages of the past
    commands: int = 0
    refused_commands: int = 0

    @classmethod
    def total(cls, counts: Iterable[NodeCounts]) -> NodeCounts:
        """Return the sum of several."""
        each = [astuple(one) for one in counts]
        return cls(*(sum(column) for column in zip(*each, strict=True)))
