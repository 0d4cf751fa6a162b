"""What is known about a work unit: samples, each with the source time it is true from.

A sample is a fact with a time; in which order samples arrive is not part of it. Everything the service
computes is a function of the set of samples, so that a late one changes the result to what it would have been
had it come in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import TypeAlias


class Channel(Enum):
    """What a signal is about."""

    __hash__ = object.__hash__  # members are single; Enum's own hash, in Python, is most of a look-up

    ONLINE = "online"
    """1: a birth made the unit's values trustworthy; 0: a death or silence made them stale."""
    STATE = "state"
    MODE = "mode"
    STOP_REASON = "stop_reason"
    BLOCKED = "blocked"
    STARVED = "starved"


class CounterName(Enum):
    """Which accumulating counter a reading is of."""

    __hash__ = object.__hash__  # members are single; Enum's own hash, in Python, is most of a look-up

    PROCESSED = "processed"
    DEFECTIVE = "defective"


@dataclass(frozen=True, slots=True)
class Signal:
    """A value that holds from a time on.

    Attributes:
        at_ms: source time, ms since the epoch, UTC.
        channel: what it is about.
        value: the number, 0 or 1 for a Boolean; None: the source says that it has no value.
        ordinal: order among signals of one channel with one source time.
    """

    at_ms: int
    channel: Channel
    value: int | None
    ordinal: int = 0


BEFORE_BIRTH = -1
"""The ordinal of a reading that came as history: it was measured in an earlier session, so it comes before a birth that repeats it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A counter as it stood at a time.

    Attributes:
        at_ms: source time, ms since the epoch, UTC.
        counter: which one.
        value: what it showed, not negative.
        baseline: the first reading of a new session of the machine: nobody knows whether the counter went on up to it or was set anew.
        ordinal: order among readings with one source time.
    """

    at_ms: int
    counter: CounterName
    value: int
    baseline: bool = False
    ordinal: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.value < 2**64:
            raise ValueError(f"a counter shows 0 to 2**64 - 1, not {self.value}; see CounterRule.unsigned")


@dataclass(frozen=True, slots=True)
class JobMark:
    """A job order began to run, or ceased to.

    Attributes:
        at_ms: business time, ms since the epoch, UTC.
        job_order: its id.
        running: whether it runs from here on.
        setup: whether it sets the unit up rather than producing.
        material: material definition id, or None.
        ideal_cycle_ms: planned run time per unit in ms for this job order; None: that of the material or the
            unit.
        ordinal: order among marks with one time.
    """

    at_ms: int
    job_order: str
    running: bool
    setup: bool = False
    material: str | None = None
    ideal_cycle_ms: Fraction | None = None
    ordinal: int = 0


@dataclass(frozen=True, slots=True)
class CycleMark:
    """From a time on, a product's ideal cycle is another one, whatever the site file says.

    Attributes:
        at_ms: ms since the epoch, UTC.
        material: material definition id; None: every product that nothing was said about itself.
        ideal_cycle_ms: planned run time per unit (PRI) in ms.
        ordinal: order among marks with one time: when it was said, ms since the epoch.
    """

    at_ms: int
    material: str | None
    ideal_cycle_ms: Fraction
    ordinal: int = 0


@dataclass(frozen=True, slots=True)
class Classification:
    """A person's word on why time was lost: it paints a stretch of time, over what was painted before.

    Splitting a stop is painting its parts, merging stops is painting over them.

    Attributes:
        at_ms: begin of the stretch, ms since the epoch, UTC.
        end_ms: its end, exclusive.
        reason: code in the reason tree; None takes back what was said before.
        actor: id of the person.
        said_ms: when it was said; of two words on the same time the later holds.
        id: of the command.
    """

    at_ms: int
    end_ms: int
    reason: str | None
    actor: str
    said_ms: int
    id: str


Sample: TypeAlias = Signal | Reading | JobMark | CycleMark | Classification
