"""What a network may do to messages, decided by a seed so that a failing run can be repeated.

For the in-memory broker in tests. It decides and does nothing itself, and it knows no clock: a delayed
message is overtaken by later ones instead of waiting.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

from namespace.transport.topic_filter import topic_matches

if TYPE_CHECKING:
    from namespace.transport.port import Message


class Fault(Enum):
    """What happens to one message on its way to one client."""

    NONE = auto()
    DROP = auto()
    DUPLICATE = auto()
    DELAY = auto()  # held back until the client was sent some more, see `Verdict.overtaken_by`
    CUT = auto()  # the client's connection breaks before the message


@dataclass(frozen=True, slots=True)
class Verdict:
    """A fault and, for a delay, how many later messages overtake this one."""

    fault: Fault
    overtaken_by: int = 0


INTACT = Verdict(Fault.NONE)


class FaultPolicy(Protocol):
    """Decides, message by message, what goes wrong."""

    def decide(self, client_id: str, message: Message) -> Verdict:
        """Return what happens to `message` on its way to the client."""
        ...


class SeededFaults:
    """Faults with given probabilities, the same ones for the same seed and the same traffic."""

    def __init__(
        self,
        seed: int,
        *,
        drop: float = 0.0,
        duplicate: float = 0.0,
        delay: float = 0.0,
        cut: float = 0.0,
        longest_delay: int = 5,
        topic_filter: str = "#",
    ) -> None:
        """Set the odds.

        Args:
            seed: Of the random numbers.
            drop: Probability that a message is lost.
            duplicate: Probability that it arrives twice.
            delay: Probability that later ones overtake it.
            cut: Probability that the receiver's connection breaks before it.
            longest_delay: Most messages that overtake a delayed one.
            topic_filter: The messages at risk; others are left alone.

        Raises:
            ValueError: The probabilities are negative or sum to more than 1.
        """
        odds = (drop, duplicate, delay, cut)
        if min(odds) < 0 or sum(odds) > 1:
            raise ValueError(f"the odds {odds} are not probabilities of exclusive faults")
        self._random = random.Random(seed)  # noqa: S311 - reproducible faults, no secrets
        self._weights = (*odds, 1 - sum(odds))
        self._longest_delay = longest_delay
        self._topic_filter = topic_filter

    def decide(self, client_id: str, message: Message) -> Verdict:  # noqa: ARG002
        """Draw a fault."""
        if not topic_matches(self._topic_filter, message.topic):
            return INTACT
        faults = (Fault.DROP, Fault.DUPLICATE, Fault.DELAY, Fault.CUT, Fault.NONE)
        fault = self._random.choices(faults, self._weights)[0]
        if fault is Fault.DELAY:
            return Verdict(fault, self._random.randint(1, self._longest_delay))
        return Verdict(fault)
