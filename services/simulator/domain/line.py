"""A line at work: machines, belts, operator and the world around them, in simulated time.

Deterministic: profile, seed, start and duty fix the history to the millisecond, however time is advanced.
`advance` returns what the controller would report by exception; `truth` holds what really happened. No
Sparkplug, no wall clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from services.simulator.domain.agenda import Agenda
from services.simulator.domain.conveyor import Conveyor, Drain, Infeed, Outfeed, Source
from services.simulator.domain.duty import AroundTheClock, Duty
from services.simulator.domain.machine import Machine
from services.simulator.domain.operator import Operator
from services.simulator.domain.profile import InterruptionProfile, LineProfile
from services.simulator.domain.tags import DEFECTIVE, PROCESS_FOLDER, PROCESSED, TagValue
from services.simulator.domain.truth import UnitTruth


@dataclass(frozen=True, slots=True)
class Report:
    """Tags of one unit that changed.

    Attributes:
        at_ms: Simulated time of the change, milliseconds since the epoch.
        unit: Name of the machine.
        tags: Metric name -> new value.
    """

    at_ms: int
    unit: str
    tags: Mapping[str, TagValue]


@dataclass(frozen=True, slots=True)
class MaterialBalance:
    """Where the units are that entered the line: `entered == packed + scrapped + on_belts + in_machines`."""

    entered: int
    packed: int
    scrapped: int
    on_belts: int
    in_machines: int


class BottlingLine:
    """A simulated line.

    Args:
        profile: What it is made of.
        seed: Fixes every random draw; another line of the same seed and name has the same history.
        start_ms: Simulated time at which everything stands still, milliseconds since the epoch.
        duty: When the line is manned; around the clock unless told.
    """

    def __init__(self, profile: LineProfile, *, seed: int, start_ms: int, duty: Duty | None = None) -> None:
        self.profile = profile
        self._agenda = Agenda(start_ms)
        self._infeed = Infeed()
        self._outfeed = Outfeed()
        self._belts = [Conveyor(belt.capacity, belt.transit_ms) for belt in profile.conveyors]
        key = f"{seed}/{profile.name}"
        sources: list[Source] = [self._infeed, *self._belts]
        drains: list[Drain] = [*self._belts, self._outfeed]
        self._machines = [
            Machine(machine, self._agenda, source, drain, f"{key}/{machine.name}")
            for machine, source, drain in zip(profile.machines, sources, drains, strict=True)
        ]
        for upstream, downstream in zip(self._machines, self._machines[1:], strict=False):
            upstream.wake_downstream = downstream.wake
            downstream.wake_upstream = upstream.wake
        self._shown: dict[str, dict[str, TagValue]] = {}
        self._reports: list[Report] = []
        for machine in self._machines:
            self._shown[machine.profile.name] = machine.tags()
            machine.on_change = self._report
        self._interrupt(self._infeed, profile.infeed, self._machines[0], Random(f"{key}/infeed"))
        self._interrupt(self._outfeed, profile.outfeed, self._machines[-1], Random(f"{key}/outfeed"))
        Operator(self._machines, self._agenda, duty or AroundTheClock(), profile.reaction, key)
        self._agenda.after(profile.scan_ms, self._scan)

    @property
    def now_ms(self) -> int:
        """Simulated time, milliseconds since the epoch."""
        return self._agenda.now_ms

    @property
    def scan_ms(self) -> int:
        """How often the controller looks at sensors and counters, milliseconds."""
        return self.profile.scan_ms

    @property
    def next_event_ms(self) -> int:
        """When something happens next."""
        next_ms = self._agenda.next_ms
        return self.now_ms if next_ms is None else next_ms

    @property
    def units(self) -> tuple[str, ...]:
        """Names of the machines in the order of the material flow."""
        return tuple(machine.profile.name for machine in self._machines)

    def advance(self, until_ms: int) -> list[Report]:
        """Let simulated time pass.

        Args:
            until_ms: Simulated time to stop at, milliseconds since the epoch.

        Returns:
            What the controller reports by exception, in order of time and of cause.
        """
        self._agenda.advance(until_ms)
        reports, self._reports = self._reports, []
        return reports

    def shown(self, unit: str) -> dict[str, TagValue]:
        """The tags of a unit as last reported: what a birth has to say.

        Args:
            unit: Name of the machine.

        Raises:
            KeyError: The line has no such machine.
        """
        return dict(self._shown[unit])

    def truth(self, unit: str) -> UnitTruth:
        """What really happened to a unit.

        Args:
            unit: Name of the machine.

        Raises:
            KeyError: The line has no such machine.
        """
        for machine in self._machines:
            if machine.profile.name == unit:
                return machine.truth
        raise KeyError(unit)

    def is_measured(self, tag: str) -> bool:
        """Tell whether a tag is a counter or a sensor."""
        return tag in (PROCESSED, DEFECTIVE) or tag.startswith(PROCESS_FOLDER)

    def balance(self) -> MaterialBalance:
        """Where the units are that entered the line."""
        return MaterialBalance(
            entered=self._infeed.passed,
            packed=self._outfeed.passed,
            scrapped=sum(machine.truth.counts().scrap for machine in self._machines),
            on_belts=sum(belt.level for belt in self._belts),
            in_machines=sum(machine.working for machine in self._machines),
        )

    def _report(self, machine: Machine) -> None:
        name = machine.profile.name
        shown = self._shown[name]
        changed = {tag: value for tag, value in machine.tags().items() if shown[tag] != value}
        if changed:
            shown.update(changed)
            self._reports.append(Report(self._agenda.now_ms, name, changed))

    def _scan(self) -> None:
        for machine in self._machines:
            machine.sample()
            self._report(machine)
        self._agenda.after(self.profile.scan_ms, self._scan)

    def _interrupt(
        self,
        world: Infeed | Outfeed,
        profile: InterruptionProfile | None,
        neighbour: Machine,
        random: Random,
    ) -> None:
        if profile is None:
            return

        def close() -> None:
            world.open = False
            self._agenda.after(profile.length.draw(random), reopen)

        def reopen() -> None:
            world.open = True
            schedule()
            neighbour.wake()

        def schedule() -> None:
            self._agenda.after(1 + round(random.expovariate(1.0 / profile.mean_between_ms)), close)

        schedule()
