"""What a run of the suite showed: faults, recoveries, totals, and where the tables differ from the truth."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from namespace.testing.chaos.fault import FaultKind, Round


@dataclass
class Outcome:
    """What a run showed.

    Attributes:
        seed: Of work and faults.
        rounds: Each round with the seconds from the end of its last fault to full recovery.
        commands: How many commands were answered.
        events: How many events they must have left.
        logged: How many events the logs of all services have.
        readings: How many readings surely reached a buffer.
        units: How many units the meters counted.
        passed: What the proxies did to messages and connections.
        problems: Where the tables differ from the truth.
        took_s: Seconds from the first command to the end of the work.
        rested_s: Seconds from then until everything had come to rest.
        waited: What recovery from the latest round waited for, in seconds, and who was not ready last.
    """

    seed: int
    rounds: list[tuple[Round, float]] = field(default_factory=list)
    commands: int = 0
    events: int = 0
    logged: int = 0
    readings: int = 0
    units: int = 0
    passed: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    took_s: float = 0.0
    rested_s: float = 0.0
    waited: str = ""

    @property
    def faults(self) -> Counter[FaultKind]:
        """How many faults of each kind."""
        return Counter(fault.kind for faults, _ in self.rounds for fault in faults)

    def recoveries(self, kind: FaultKind | None = None) -> list[float]:
        """Return the seconds that recovery took, the shortest first; of rounds with a kind of fault in them, or of all."""
        found = [
            after_s for faults, after_s in self.rounds if kind is None or any(each.kind is kind for each in faults)
        ]
        return sorted(found)

    def told(self) -> str:
        """Tell what happened, for the message of a failure."""
        history = (f"  {said(faults)}; whole again after {after_s:.1f} s" for faults, after_s in self.rounds)
        head = f"seed {self.seed}: {self.events} events, {self.readings} readings, {len(self.problems)} problems"
        return "\n".join((head, *history, *self.problems[:20]))


def share_of(values: list[float], share: float) -> float:
    """Return the value below which a share of sorted values lies."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def said(faults: Round) -> str:
    """Name the faults of a round, for people."""
    return " and ".join(map(str, faults)) or "no fault"
