"""How a host session behaves, and what it takes in."""

from dataclasses import dataclass
from typing import Final, Protocol

from namespace.sparkplug.payload import DEFAULT_LIMITS, Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """How a host session behaves.

    Attributes:
        check_sequence: hold every edge node to its order. False for a reader of some of its topics only, who
            sees holes in every sequence: births and values are taken as they come, rebirths are never wanted,
            and metrics that describe themselves are read without a birth.
        reorder_timeout_ms: how long to wait for a message that is missing
            (tck-id-operational-behavior-host-reordering-param).
        rebirth_interval_ms: between the first request for rebirth and the second; it doubles from then on.
        rebirth_attempts: requests to one edge node without fresh evidence that it is there.
        rebirth_spread_ms: first requests after a connection are spread over this time, node by node.
        rebirth_quiet_ms: after our own connection was gone, who was there before is asked once nobody has come back with a new session
            for so long: where the broker was gone, all of them do.
        rebirths_per_s: requests in a second, to all edge nodes together; what is over waits its turn. 0 sets no limit.
        max_nodes: edge nodes; messages of further ones are rejected.
        max_devices: devices of one edge node.
        max_metrics: metrics of one edge node and its devices together, twice what one birth may hold: each payload has limits of its own,
            and without this one births of ever more devices would fill the memory.
        max_held_bytes: messages of one edge node that wait for a missing one.
        limits: how large one payload may be.
    """

    check_sequence: bool = True
    reorder_timeout_ms: int = 2_000
    rebirth_interval_ms: int = 5_000
    rebirth_attempts: int = 8
    rebirth_spread_ms: int = 0
    rebirth_quiet_ms: int = 3_000
    rebirths_per_s: int = 200
    max_nodes: int = 20_000
    max_devices: int = 10_000
    max_metrics: int = 200_000
    max_held_bytes: int = 1 << 20
    limits: Limits = DEFAULT_LIMITS


DEFAULT_SETTINGS: Final = HostSettings()


class Heard(Protocol):
    """A message as a transport hands it over."""

    @property
    def topic(self) -> str:
        """Where it was published."""
        ...

    @property
    def payload(self) -> bytes:
        """What was."""
        ...
