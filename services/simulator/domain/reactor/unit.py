"""A batch reactor at work: procedure, vessel, jacket, alarms, mishaps and its operator, in simulated time.

Deterministic: profile, seed and start fix the history to the second, however time is advanced. `advance` returns what the control system
would report by exception; `truth` and `batches` hold what really happened. No Sparkplug, no wall clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from services.simulator.domain.agenda import Agenda
from services.simulator.domain.line import Report
from services.simulator.domain.packml import Mode, State, Trigger, allows, next_state
from services.simulator.domain.reactor import conduct, face
from services.simulator.domain.reactor.alarms import Alarms
from services.simulator.domain.reactor.batch import BatchRecord, MaterialBalance
from services.simulator.domain.reactor.control import JacketController
from services.simulator.domain.reactor.instruments import Panel
from services.simulator.domain.reactor.ledger import Ledger
from services.simulator.domain.reactor.mishaps import Fate, Mishap, Trouble, draw_fate
from services.simulator.domain.reactor.procedure import Procedure
from services.simulator.domain.reactor.profile import ReactorProfile
from services.simulator.domain.reactor.recipe import Outcome, Phase
from services.simulator.domain.reactor.tags import MEASURED
from services.simulator.domain.reactor.vessel import Flows, Vessel
from services.simulator.domain.tags import TagValue
from services.simulator.domain.truth import Cause, UnitTruth

_STIRRER_S = 5.0
_UNPRIMED = 0.3
_NO_WATER = -4.0
_INTERLOCK_K = 8.0


class BatchReactor:
    """A simulated reactor.

    Args:
        profile: What it is made of.
        seed: Fixes every random draw.
        start_ms: Simulated time at which it stands empty, milliseconds since the epoch.
    """

    def __init__(self, profile: ReactorProfile, *, seed: int, start_ms: int) -> None:
        key = f"{seed}/{profile.cell}/{profile.name}"
        self.profile = profile
        self.state = State.IDLE
        self.mode = Mode.PRODUCTION
        self.state_s = 0
        """Seconds since the state changed."""
        self.held_for: Mishap | None = None
        """Why the batch is held, or was lost."""
        self.intervention = ""
        """What the operator did last."""
        self.rpm = 0.0
        self.dosed_kg = 0.0
        """What flowed in of B in the last second."""
        self.procedure = Procedure(profile.recipes[0])
        self.vessel = Vessel(profile)
        self.jacket = JacketController(profile)
        self.alarms = Alarms()
        self.panel = Panel(Random(f"{key}/instruments"))
        self._agenda = Agenda(start_ms)
        self._truth = UnitTruth(start_ms, self.state, self.mode, Cause.WAITING)
        self.ledger = Ledger(profile, Random(f"{key}/numbers"), self._truth)
        self._random = Random(f"{key}/fate")
        self.fate: Fate = draw_fate(self._random, len(profile.recipes))
        self._mended: set[Trouble] = set()
        self._reports: list[Report] = []
        self.panel.read(face.quantities(self))
        self._shown = face.tags(self)
        self._agenda.after(profile.scan_ms, self._scan)

    @property
    def now_ms(self) -> int:
        """Simulated time, milliseconds since the epoch."""
        return self._agenda.now_ms

    @property
    def scan_ms(self) -> int:
        """How often the control system looks, milliseconds."""
        return self.profile.scan_ms

    @property
    def units(self) -> tuple[str, ...]:
        """The one unit."""
        return (self.profile.name,)

    @property
    def batches(self) -> Sequence[BatchRecord]:
        """The latest batches, the one under way among them."""
        return self.ledger.batches

    def advance(self, until_ms: int) -> list[Report]:
        """Let simulated time pass.

        Args:
            until_ms: Simulated time to stop at, milliseconds since the epoch.

        Returns:
            What the control system reports by exception, in order of time.
        """
        self._agenda.advance(until_ms)
        reports, self._reports = self._reports, []
        return reports

    def shown(self, unit: str) -> dict[str, TagValue]:
        """The tags of the unit as last reported: what a birth has to say.

        Raises:
            KeyError: There is no such unit.
        """
        self._check(unit)
        return dict(self._shown)

    def truth(self, unit: str) -> UnitTruth:
        """What really happened to the unit; each good or scrap piece is a whole kilogram in or off spec.

        Raises:
            KeyError: There is no such unit.
        """
        self._check(unit)
        return self._truth

    def _check(self, unit: str) -> None:
        if unit != self.profile.name:
            raise KeyError(unit)

    def is_measured(self, tag: str) -> bool:
        """Tell whether a tag moves by itself and tells no change of state."""
        return tag in MEASURED

    def balance(self) -> MaterialBalance:
        """Where the material is that was charged."""
        return self.ledger.balance(self.vessel.mass_kg)

    # --- one second

    @property
    def works(self) -> bool:
        """Whether the phase is being worked on: cleaning is part of resetting, dumping of clearing."""
        if self.procedure.phase is Phase.CLEAN:
            return self.state is State.RESETTING
        if self.procedure.phase is Phase.DUMP:
            return self.state is State.CLEARING
        return self.state is State.EXECUTE

    def troubled_by(self, mishap: Mishap) -> Trouble | None:
        """Return the trouble of a kind that is going on."""
        for trouble in self.fate.troubles:
            holds = trouble.holds(self.procedure.phase, self.procedure.since_s)
            if trouble.mishap is mishap and holds and trouble not in self._mended:
                return trouble
        return None

    def mend(self, trouble: Trouble) -> None:
        """Put an end to a trouble."""
        self._mended.add(trouble)

    def _scan(self) -> None:
        pump = _UNPRIMED if self.troubled_by(Mishap.PUMP) else 1.0
        flows = self.procedure.flows(self.vessel, works=self.works, pump=pump)
        self._drive(flows)
        vapour_kg = self.vessel.vapour_kg
        self.ledger.charge(flows.a, flows.b)
        left_kg = self.vessel.second(flows)
        self._book(left_kg, self.vessel.vapour_kg - vapour_kg)
        self.dosed_kg = flows.b
        self.state_s += 1
        for alarm in self.alarms.second(self.procedure, self.vessel.temperature_c, flows.b):
            self.ledger.note(self.now_ms, alarm)
        if self.works and self.procedure.is_done(self.vessel):
            self._phase_done()
        conduct.attend(self)
        self._report()
        self._agenda.after(self.profile.scan_ms, self._scan)

    def _drive(self, flows: Flows) -> None:
        wanted_rpm = 0.0 if self.troubled_by(Mishap.AGITATOR) else self.procedure.stir_rpm(self.vessel)
        self.rpm += (wanted_rpm - self.rpm) / _STIRRER_S
        if self.rpm < 1.0 > wanted_rpm:
            self.rpm = 0.0
        back = _INTERLOCK_K if self.held_for is Mishap.COOLING else 0.0
        coolest = _NO_WATER if self.troubled_by(Mishap.COOLING) else -100.0
        flows.rpm = self.rpm
        flows.supply_c = self.jacket.supply_c(
            self.procedure.set_point_c(back=back), self.vessel.temperature_c, coolest=coolest
        )

    def _book(self, left_kg: float, vapour_kg: float) -> None:
        self.ledger.lose(vapour_kg)
        if self.procedure.phase is Phase.DISCHARGE:
            self.ledger.discharge(left_kg, self.now_ms)
        else:
            self.ledger.lose(left_kg)
        self.ledger.hot_s += self.alarms.temperature_high

    def _phase_done(self) -> None:
        phase = self.procedure.phase
        if phase is Phase.HOLD:
            conversion = 1 - self.vessel.b_kg / self.procedure.recipe.dose_kg
            self.ledger.examine(conversion, self.fate.assay)
        if phase is Phase.CLEAN:
            self.ledger.close("aborted" if self.held_for else "complete", self.now_ms)
            self.held_for = None
            self.fate = draw_fate(self._random, len(self.profile.recipes))
            self._mended.clear()
        self.procedure.end(Outcome.DONE)
        if phase is Phase.DISCHARGE:
            self.command(Trigger.TO_COMPLETE)
        elif phase in (Phase.DUMP, Phase.CLEAN):
            self.command(Trigger.STATE_COMPLETE)

    # --- what the operator and the control system may do

    def command(self, trigger: Trigger) -> bool:
        """Give the unit a command, or tell it that an acting state is over; one that its state does not know is ignored.

        Returns:
            Whether it was obeyed.
        """
        if not allows(self.state, trigger):
            return False
        self.state = next_state(self.state, trigger)
        self.state_s = 0
        return True

    def begin_batch(self) -> None:
        """Take the next batch in hand."""
        if self.command(Trigger.START):
            recipe = self.profile.recipes[self.fate.recipe]
            self.ledger.open(recipe.name, self.now_ms)
            self.procedure.start(recipe, self.fate.weighing)

    def hold(self, mishap: Mishap) -> None:
        """Hold the batch."""
        if self.command(Trigger.HOLD):
            self.held_for = mishap
            self.ledger.note(self.now_ms, f"held: {mishap}")

    def abort(self) -> None:
        """Give the batch up."""
        if self.command(Trigger.ABORT):
            self.procedure.end(Outcome.ABORTED)
            self.intervene("batch aborted")

    def intervene(self, what: str) -> None:
        """Note what the operator did."""
        self.intervention = what
        self.ledger.note(self.now_ms, f"operator: {what}")

    def _report(self) -> None:
        now_ms = self.now_ms
        self._truth.mark(now_ms, self.state, self.mode, conduct.cause(self), conduct.reason(self))
        self.panel.read(face.quantities(self))
        changed = {tag: value for tag, value in face.tags(self).items() if self._shown[tag] != value}
        if changed:
            self._shown.update(changed)
            self._reports.append(Report(now_ms, self.profile.name, changed))
