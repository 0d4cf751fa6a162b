"""The vocabulary of faults, and how they are drawn from a seed. It does nothing itself."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")

SERVERS = ("broker", "database")


class FaultKind(StrEnum):
    """What may go wrong."""

    KILL = "kill"
    """A process ends with SIGKILL."""
    PAUSE = "pause"
    """A process is stopped with SIGSTOP for a while and goes on with SIGCONT: everybody else sees it fall silent."""
    CUT = "cut"
    """A connection ends at once."""
    CUT_MIDWAY = "cut midway"
    """A connection ends after some more bytes, mostly in the middle of a packet or a statement."""
    REFUSE = "refuse"
    """A connection ends, and no new one comes about for a while."""
    HOLD = "hold"
    """Nothing passes for a while, although both ends are connected; then the connection ends."""
    FREEZE = "freeze"
    """Nothing passes for a while; then everything that was held does."""
    DELAY = "delay"
    """What passes comes late for a while."""
    THROTTLE = "throttle"
    """Little passes for a while."""
    DROP = "drop"
    """Some messages of QoS 0 are lost for a while."""
    DUPLICATE = "duplicate"
    """Some messages of QoS 0 come twice for a while."""


_OF_PROCESSES = (FaultKind.KILL, FaultKind.PAUSE)
_OF_MESSAGES = (FaultKind.DROP, FaultKind.DUPLICATE)
_OFTEN = (FaultKind.KILL, FaultKind.KILL)
"""Kinds that come more often: what a process had in memory is gone with it."""

_AT_ONCE = (FaultKind.KILL, FaultKind.CUT)
_MOST_BYTES = 20_000
_MOST_DELAY_S = 0.2
_LEAST_BYTES_PER_S, _MOST_BYTES_PER_S = 2_000, 50_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        kind: What goes wrong.
        target: The service concerned, or `broker` or `database` themselves.
        link: For faults of a connection: the server at its other end.
        lasts_s: For how long, in seconds; 0 for what happens at once.
        amount: Delay in seconds, bytes per second, bytes before a cut, or probability; else 0.
    """

    kind: FaultKind
    target: str
    link: str = ""
    lasts_s: float = 0.0
    amount: float = 0.0

    def __str__(self) -> str:
        where = f"{self.target}-{self.link}" if self.link else self.target
        return f"{self.kind} {where}" + "".join(
            (f" for {self.lasts_s:g} s" if self.lasts_s else "", f" ({self.amount:g})" if self.amount else "")
        )


Round = tuple[Fault, ...]
"""Faults that begin together; the site recovers from all of them before the next round."""


def draw_rounds(
    seed: int,
    services: Sequence[str],
    *,
    clients: Sequence[str] = (),
    together: int = 3,
    longest_s: float = 3.0,
) -> Iterator[Round]:
    """Draw rounds of faults without end: all kinds in turn, and for each kind all places in turn.

    Args:
        seed: The same seed gives the same schedule.
        services: Whom it may concern, beside the two servers.
        clients: Further processes it may concern, which know the broker alone.
        together: Most faults in one round.
        longest_s: Longest duration of a fault, in seconds.
    """
    source = random.Random(seed)
    kinds = _in_turn([*FaultKind, *_OFTEN], source)
    places = {kind: _in_turn(_places(kind, services, clients), source) for kind in FaultKind}
    while True:
        faults: dict[tuple[str, str], Fault] = {}
        for _ in range(source.randint(1, together)):
            kind = next(kinds)
            place = next(places[kind])
            lasts_s = 0.0 if kind in _AT_ONCE else round(source.uniform(0.3, longest_s), 1)
            faults.setdefault(place, Fault(kind, *place, lasts_s, _amount(kind, source)))
        yield tuple(faults.values())


def _places(kind: FaultKind, services: Sequence[str], clients: Sequence[str]) -> list[tuple[str, str]]:
    if kind in _OF_PROCESSES:
        return [(name, "") for name in (*services, *clients, *SERVERS)]
    to_broker = [(name, SERVERS[0]) for name in (*services, *clients)]
    return to_broker if kind in _OF_MESSAGES else [*to_broker, *((name, SERVERS[1]) for name in services)]


def _amount(kind: FaultKind, source: random.Random) -> float:
    match kind:
        case FaultKind.CUT_MIDWAY:
            return float(source.randint(1, _MOST_BYTES))
        case FaultKind.DELAY:
            return round(source.uniform(0.01, _MOST_DELAY_S), 3)
        case FaultKind.THROTTLE:
            return float(source.randint(_LEAST_BYTES_PER_S, _MOST_BYTES_PER_S))
        case FaultKind.DROP | FaultKind.DUPLICATE:
            return round(source.uniform(0.05, 0.5), 2)
        case _:
            return 0.0


def _in_turn(of: Sequence[T], source: random.Random) -> Iterator[T]:
    while True:
        yield from source.sample(of, len(of))
