"""One machine: takes a unit, works on it, passes it on; breaks down, waits, slows, counts.

Its state follows the PackML table and nothing else. A command, a fault or a stop takes effect between two
units, never within one, so every unit is counted in `EXECUTE` and none is lost. It knows its belts and
neighbours only as places to take from and put to; who starts and stops it is its operator (`operator`).
"""

from collections.abc import Callable
from random import Random

from services.simulator.domain.agenda import Agenda, Appointment
from services.simulator.domain.conveyor import Drain, Source
from services.simulator.domain.counter import AccumulatingCounter
from services.simulator.domain.packml import ACTING_STATES, Mode, State, Trigger, allows, next_state
from services.simulator.domain.process_value import ProcessValue
from services.simulator.domain.profile import (
    BLOCKED_REASON,
    NO_REASON,
    OFF_DUTY_REASON,
    STARVED_REASON,
    FaultProfile,
    MachineProfile,
    Response,
    Span,
)
from services.simulator.domain.tags import (
    BLOCKED,
    DEFECTIVE,
    MODE,
    PROCESS_FOLDER,
    PROCESSED,
    SPEED,
    STARVED,
    STATE,
    STOP_REASON,
    TagValue,
)
from services.simulator.domain.truth import Cause, UnitTruth
from services.simulator.domain.wear import Wear

_CALL_MAINTENANCE = Span(20_000, 120_000)
_LOOK_AGAIN_MS = 200
_WAIT_REASONS = {Cause.STARVED: STARVED_REASON, Cause.BLOCKED: BLOCKED_REASON}


def _nothing() -> None:
    """Stand in for a neighbour at the ends of the line."""


class Machine:
    """A simulated machine.

    Attributes:
        profile: What it is made of.
        state: PackML state.
        mode: PackML mode.
        working: Whether a unit is in it.
        truth: What really happened to it.
        on_change: Called with the machine after every change of state, mode or cause.
        on_settled: Called with the machine when it waits for its operator.
        wake_upstream: Called when the machine has taken a unit.
        wake_downstream: Called when the machine has put a unit.
    """

    def __init__(self, profile: MachineProfile, agenda: Agenda, source: Source, drain: Drain, seed: str) -> None:
        self.profile = profile
        self.state = State.STOPPED
        self.mode = Mode.PRODUCTION
        self.working = False
        self.truth = UnitTruth(agenda.now_ms, self.state, self.mode, Cause.OFF_DUTY)
        self.on_change: Callable[[Machine], None] = lambda _machine: None
        self.on_settled: Callable[[Machine], None] = lambda _machine: None
        self.wake_upstream: Callable[[], None] = _nothing
        self.wake_downstream: Callable[[], None] = _nothing
        self._agenda = agenda
        self._source = source
        self._drain = drain
        self._random = Random(f"{seed}/cycles")
        self._processed = AccumulatingCounter(profile.counter_bits, profile.first_count)
        self._defective = AccumulatingCounter(profile.counter_bits, profile.first_count // 60)
        sensors = ((value, Random(f"{seed}/{value.tag}")) for value in profile.process_values)
        self._sensors = [ProcessValue(value, random) for value, random in sensors]
        self._cause = Cause.OFF_DUTY
        self._reason = NO_REASON
        self._stalled = False
        self._waiting_for: Cause | None = None
        self._pending: Trigger | None = None
        self._task: Appointment | None = None
        self._retry: Appointment | None = None
        self._patience: Appointment | None = None
        self._repair_ms = 0
        self._wear = Wear(profile, self._random)

    def command(self, trigger: Trigger) -> None:
        """Obey the operator, at the end of the unit in the machine if there is one.

        Args:
            trigger: A PackML command; one that the state does not know is ignored, as a controller does.
        """
        if not allows(self.state, trigger):
            return
        if self.working:
            self._pending = trigger
            return
        if trigger is Trigger.STOP:
            self._take(trigger, Cause.OFF_DUTY, OFF_DUTY_REASON)
        elif self._cause is Cause.OFF_DUTY:
            self._take(trigger, Cause.START_UP)
        else:
            self._take(trigger, self._cause, self._reason)

    def wake(self) -> None:
        """Look again: a neighbour has brought a unit or made room."""
        if self.state is State.EXECUTE and not self.working and not self._stalled:
            self._next_unit()
        elif self.state is State.SUSPENDED and self._retry is None:
            self._retry = self._agenda.after(_LOOK_AGAIN_MS, self._resume_if_possible)

    def sample(self) -> None:
        """Read the sensors once."""
        running = self.state is State.EXECUTE and not self._stalled
        for sensor in self._sensors:
            sensor.sample(running=running)

    def tags(self) -> dict[str, TagValue]:
        """What the controller shows now, by metric name."""
        moving = self.state is State.EXECUTE and not self._stalled
        suspended = self.state in (State.SUSPENDING, State.SUSPENDED)
        tags: dict[str, TagValue] = {
            STATE: int(self.state),
            MODE: int(self.mode),
            SPEED: round(60_000 / self._wear.cycle_ms, 1) if moving else 0.0,
            PROCESSED: self._processed.value,
            DEFECTIVE: self._defective.value,
            STOP_REASON: NO_REASON if self.state is State.EXECUTE else self._reason,
            BLOCKED: suspended and self._cause is Cause.BLOCKED,
            STARVED: suspended and self._cause is Cause.STARVED,
        }
        for sensor in self._sensors:
            tags[PROCESS_FOLDER + sensor.profile.tag] = sensor.reported
        return tags

    # State machine

    def _take(self, trigger: Trigger, cause: Cause, reason: int = NO_REASON) -> None:
        came_from, self.state = self.state, next_state(self.state, trigger)
        for appointment in (self._task, self._retry, self._patience):
            if appointment is not None:
                appointment.cancel()
        self._task = self._retry = self._patience = None
        self._stalled, self._waiting_for, self._pending = False, None, None
        self._cause, self._reason = cause, reason
        if self.state is State.EXECUTE:
            self._cause, self._reason = self._producing, NO_REASON
            if came_from is State.STARTING:
                self._wear.started()
        elif self.state is State.STOPPED:
            self.mode = Mode.PRODUCTION
        self._changed()
        self._act()

    def _act(self) -> None:
        """Do what the state that has just been entered is for."""
        if self.state in ACTING_STATES:
            self._task = self._agenda.after(self.profile.acting_ms[self.state], self._state_complete)
        elif self.state is State.EXECUTE:
            self._next_unit()
        elif self.state is State.SUSPENDED:
            self.wake()
        elif self.state is State.HELD:
            self._task = self._agenda.after(self._repair_ms, self._repaired)
        elif self.state is State.ABORTED:
            self._task = self._agenda.after(_CALL_MAINTENANCE.draw(self._random), self._maintain)
        else:
            self.on_settled(self)

    def _state_complete(self) -> None:
        self._take(Trigger.STATE_COMPLETE, self._cause, self._reason)

    def _repaired(self) -> None:
        trigger = Trigger.UNHOLD if self.state is State.HELD else Trigger.CLEAR
        self._take(trigger, self._cause, self._reason)

    def _maintain(self) -> None:
        self.mode = Mode.MAINTENANCE
        self._changed()
        self._task = self._agenda.after(self._repair_ms, self._repaired)

    def _resume_if_possible(self) -> None:
        self._retry = None
        enough = self._source.level >= self.profile.restart_level
        if enough and self._drain.room >= self.profile.restart_room:
            self._take(Trigger.UNSUSPEND, self._cause, self._reason)

    def _changed(self) -> None:
        self.truth.mark(self._agenda.now_ms, self.state, self.mode, self._cause, self._reason)
        self.on_change(self)

    # Material

    def _next_unit(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
        now_ms = self._agenda.now_ms
        ready_ms = self._source.ready_ms(now_ms)
        if self._drain.room < 1:
            self._wait(Cause.BLOCKED)
        elif ready_ms is None:
            self._wait(Cause.STARVED)
        elif ready_ms > now_ms:
            self._retry = self._agenda.after(ready_ms - now_ms, self._next_unit)
        else:
            self._waiting_for = None
            if self._patience is not None:
                self._patience.cancel()
            self._source.take()
            self.working = True
            self._task = self._agenda.after(self._wear.cycle_ms, self._unit_done)
            self.wake_upstream()

    def _wait(self, cause: Cause) -> None:
        if self._waiting_for is cause:
            return
        self._waiting_for = cause
        if self._patience is not None:
            self._patience.cancel()
        self._patience = self._agenda.after(
            self.profile.patience_ms, lambda: self._take(Trigger.SUSPEND, cause, _WAIT_REASONS[cause])
        )

    def _unit_done(self) -> None:
        now_ms = self._agenda.now_ms
        self.working = False
        self._processed.add()
        scrap = self._wear.unit_is_scrap()
        self.truth.count(now_ms, good=not scrap)
        if scrap:
            self._defective.add()
        else:
            self._drain.put(now_ms)
        self._between_units()
        if not scrap:
            self.wake_downstream()

    def _between_units(self) -> None:
        self._wear.pass_cycle()
        if self._cause is not self._producing:
            self._cause = self._producing
            self._changed()
        pending, self._pending = self._pending, None
        fault = self._wear.due_fault()
        if pending is not None:
            self.command(pending)
        elif fault is not None:
            self._break_down(fault)
        else:
            self._next_unit()

    # Trouble

    def _break_down(self, fault: FaultProfile) -> None:
        self._repair_ms = fault.repair.draw(self._random)
        cause = Cause.MICRO_STOP if fault.minor else Cause.FAULT
        if fault.response is Response.STALL:
            self._stalled, self._cause, self._reason = True, cause, fault.reason
            self._task = self._agenda.after(self._repair_ms, self._stall_over)
            self._changed()
        else:
            trigger = Trigger.HOLD if fault.response is Response.HOLD else Trigger.ABORT
            self._take(trigger, cause, fault.reason)

    def _stall_over(self) -> None:
        self._stalled, self._cause, self._reason = False, self._producing, NO_REASON
        self._changed()
        self._next_unit()

    @property
    def _producing(self) -> Cause:
        return Cause.REDUCED_SPEED if self._wear.slow else Cause.PRODUCING
