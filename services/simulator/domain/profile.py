"""What a line is made of, as data: machines, belts, what goes wrong and how often.

Frozen, without behaviour; `bottling` holds the line that is shipped. Durations are simulated milliseconds,
frequencies are counted in machine cycles, so that a machine at rest does not age.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from types import MappingProxyType

from services.simulator.domain.packml import State
from services.simulator.domain.process_value import ProcessValueProfile

NO_REASON = 0
STARVED_REASON = 901
BLOCKED_REASON = 902
OFF_DUTY_REASON = 903


class Response(StrEnum):
    """What a fault does to its machine."""

    STALL = "stall"
    """The machine stays in `EXECUTE` and makes nothing: only the missing counts show it."""
    HOLD = "hold"
    """The machine goes to `HELD` until it is repaired."""
    ABORT = "abort"
    """The machine aborts; it is repaired in maintenance mode, cleared and started anew."""


@dataclass(frozen=True, slots=True)
class Span:
    """A duration drawn at random, more often short than long.

    Attributes:
        shortest_ms: Least.
        longest_ms: Most.
    """

    shortest_ms: int
    longest_ms: int

    def draw(self, random: Random) -> int:
        """Draw one duration in milliseconds."""
        likely = self.shortest_ms + (self.longest_ms - self.shortest_ms) / 5
        return max(1, round(random.triangular(self.shortest_ms, self.longest_ms, likely)))


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultProfile:
    """One thing that goes wrong with a machine.

    Attributes:
        reason: Code shown in `Admin/StopReason` while the machine is down.
        text: What the operator calls it.
        response: What it does to the machine.
        mean_cycles: Cycles between two of them, on average.
        repair: How long it lasts.
        minor: Whether the plant counts it as a micro-stop.
    """

    reason: int
    text: str
    response: Response
    mean_cycles: int
    repair: Span
    minor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowProfile:
    """Spells in which a machine runs slower than it could.

    Attributes:
        mean_cycles: Cycles between two spells, on average.
        length_cycles: Cycles a spell lasts, on average.
        factor: How much longer a cycle takes, above 1.
    """

    mean_cycles: int
    length_cycles: int
    factor: float


ACTING_MS: Mapping[State, int] = MappingProxyType(
    {
        State.CLEARING: 4_000,
        State.RESETTING: 3_000,
        State.STARTING: 5_000,
        State.STOPPING: 3_000,
        State.ABORTING: 800,
        State.HOLDING: 1_200,
        State.UNHOLDING: 1_500,
        State.SUSPENDING: 900,
        State.UNSUSPENDING: 1_100,
        State.COMPLETING: 2_000,
    }
)
"""How long the acting states take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineProfile:
    """One machine of a line.

    Attributes:
        name: Device id and level name of the work unit.
        cycle_ms: Shortest time per unit.
        scrap_share: Share of units rejected, 0 .. 1.
        start_up_cycles: Units after a start that are rejected more often.
        start_up_scrap_share: Share rejected of those.
        counter_bits: Width of the accumulating counters, 16 or 32.
        first_count: What the counters showed when the controller was put in.
        patience_ms: How long the machine waits for material or room before it suspends.
        restart_level: Units before the machine at which it resumes after starving.
        restart_room: Free places behind it at which it resumes after being blocked.
        faults: What goes wrong.
        slow: Spells of reduced speed, if any.
        process_values: What is measured.
        acting_ms: How long the acting states take.
    """

    name: str
    cycle_ms: int
    scrap_share: float
    start_up_cycles: int
    start_up_scrap_share: float
    counter_bits: int
    first_count: int
    patience_ms: int
    restart_level: int
    restart_room: int
    faults: tuple[FaultProfile, ...] = ()
    slow: SlowProfile | None = None
    process_values: tuple[ProcessValueProfile, ...] = ()
    acting_ms: Mapping[State, int] = field(default_factory=lambda: ACTING_MS)


@dataclass(frozen=True, slots=True)
class ConveyorProfile:
    """A belt between two machines: how many units it holds, how many milliseconds it takes."""

    capacity: int
    transit_ms: int


@dataclass(frozen=True, slots=True)
class InterruptionProfile:
    """How often and how long the world before or behind the line lets it down.

    Attributes:
        mean_between_ms: Time between two interruptions, on average.
        length: How long one lasts.
    """

    mean_between_ms: int
    length: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProfile:
    """A line: machines in the order of the material flow, a conveyor between each two.

    Attributes:
        name: Level name of the work center.
        machines: In the order of the material flow.
        conveyors: One fewer than machines.
        infeed: Interruptions of the supply.
        outfeed: Interruptions of the removal.
        reaction: How long the operator takes to react.
        scan_ms: Cycle in which the controller looks at counters and sensors.
        relieved: Whether a second crew runs the line during breaks.
    """

    name: str
    machines: tuple[MachineProfile, ...]
    conveyors: tuple[ConveyorProfile, ...]
    infeed: InterruptionProfile | None
    outfeed: InterruptionProfile | None
    reaction: Span
    scan_ms: int = 1_000
    relieved: bool = False

    def __post_init__(self) -> None:
        if not self.machines or len(self.conveyors) != len(self.machines) - 1:
            raise ValueError("a line has machines, and one conveyor between each two")
        for machine, belt in zip(self.machines[1:], self.conveyors, strict=True):
            if not 1 <= machine.restart_level <= belt.capacity:
                raise ValueError(f"{machine.name} would starve for ever: restart_level beyond its conveyor")
        for machine, belt in zip(self.machines, self.conveyors, strict=False):
            if not 1 <= machine.restart_room <= belt.capacity:
                raise ValueError(f"{machine.name} would be blocked for ever: restart_room beyond its conveyor")
