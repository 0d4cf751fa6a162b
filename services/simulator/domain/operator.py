"""The operator: the only one who starts and stops the machines.

Starts the line when duty begins, from the last machine to the first, stops it when duty ends, and starts
again a machine that was cleared after an abort; each time after a moment's reaction. Repairs are the
machines' own business.
"""

from collections.abc import Sequence
from functools import partial
from random import Random

from services.simulator.domain.agenda import Agenda
from services.simulator.domain.duty import Duty
from services.simulator.domain.machine import Machine
from services.simulator.domain.packml import State, Trigger
from services.simulator.domain.profile import Span

_TOWARDS_EXECUTE = {State.STOPPED: Trigger.RESET, State.COMPLETE: Trigger.RESET, State.IDLE: Trigger.START}


class Operator:
    """Runs the machines of one line while on duty."""

    def __init__(self, machines: Sequence[Machine], agenda: Agenda, duty: Duty, reaction: Span, seed: str) -> None:
        self._machines = tuple(reversed(machines))
        self._agenda = agenda
        self._duty = duty
        self._reaction = reaction
        self._random = Random(f"{seed}/operator")
        for machine in self._machines:
            machine.on_settled = self._attend
        self._duty_changed()

    def _duty_changed(self) -> None:
        now_ms = self._agenda.now_ms
        for machine in self._machines:
            if self._duty.on_duty(now_ms):
                self._attend(machine)
            else:
                self._later(machine, Trigger.STOP)
        change_ms = self._duty.next_change_ms(now_ms)
        if change_ms is not None:
            self._agenda.after(change_ms - now_ms, self._duty_changed)

    def _attend(self, machine: Machine) -> None:
        trigger = _TOWARDS_EXECUTE.get(machine.state)
        if trigger is not None and self._duty.on_duty(self._agenda.now_ms):
            self._later(machine, trigger)

    def _later(self, machine: Machine, trigger: Trigger) -> None:
        delay_ms = self._reaction.draw(self._random)
        self._agenda.after(delay_ms, partial(self._press, machine, trigger))

    def _press(self, machine: Machine, trigger: Trigger) -> None:
        if self._duty.on_duty(self._agenda.now_ms) is (trigger is not Trigger.STOP):
            machine.command(trigger)
