"""How the reactor's operator and interlocks conduct it: who starts, holds, releases, gives up, and why it stands as it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from services.simulator.domain.packml import State, Trigger
from services.simulator.domain.reactor.mishaps import Mishap
from services.simulator.domain.reactor.recipe import Phase
from services.simulator.domain.truth import Cause

if TYPE_CHECKING:
    from services.simulator.domain.reactor.unit import BatchReactor

REASONS = {Mishap.COOLING: 410, Mishap.AGITATOR: 420, Mishap.SAMPLE: 430}
"""Why a batch is held -> `UNIT/REASON`; 0 is none."""

_TIMED: Mapping[State, tuple[int, Trigger]] = {
    State.STARTING: (10, Trigger.STATE_COMPLETE),
    State.HOLDING: (5, Trigger.STATE_COMPLETE),
    State.UNHOLDING: (5, Trigger.STATE_COMPLETE),
    State.COMPLETING: (10, Trigger.STATE_COMPLETE),
    State.ABORTING: (5, Trigger.STATE_COMPLETE),
    State.COMPLETE: (30, Trigger.RESET),
    State.STOPPED: (20, Trigger.RESET),
}
"""States that are left after so many seconds, and how."""

_COOLED_K = 1.0
_DISTURBED = frozenset(
    {State.HOLDING, State.HELD, State.UNHOLDING, State.ABORTING, State.ABORTED, State.CLEARING, State.STOPPED}
)
_CAUSES = {State.IDLE: Cause.WAITING, State.STARTING: Cause.START_UP}


def attend(unit: BatchReactor) -> None:
    """Do what is to be done in this second."""
    timed = _TIMED.get(unit.state)
    if timed is not None:
        if unit.state_s >= timed[0]:
            unit.command(timed[1])
    elif unit.state is State.IDLE:
        if unit.state_s >= unit.fate.wait_s:
            unit.begin_batch()
    elif unit.state is State.ABORTED:
        if unit.state_s >= unit.fate.reaction_s:
            unit.command(Trigger.CLEAR)
    elif unit.state is State.HELD:
        _release(unit)
    elif unit.state is State.EXECUTE:
        _watch(unit)


def _watch(unit: BatchReactor) -> None:
    if unit.alarms.temperature_high and unit.procedure.phase is not Phase.COOL:
        unit.hold(Mishap.COOLING)
    elif unit.troubled_by(Mishap.AGITATOR):
        unit.hold(Mishap.AGITATOR)
    elif unit.troubled_by(Mishap.SAMPLE):
        unit.hold(Mishap.SAMPLE)
    elif unit.alarms.flow_low and unit.alarms.low_s >= unit.fate.reaction_s:
        trouble = unit.troubled_by(Mishap.PUMP)
        if trouble is not None:
            unit.mend(trouble)
            unit.intervene("dosing pump primed")


def _release(unit: BatchReactor) -> None:
    """Let a held batch go on once what held it is over, or give it up."""
    held_for = unit.held_for
    if held_for is None or unit.troubled_by(held_for):
        return
    if held_for is Mishap.COOLING:
        is_cool = unit.vessel.temperature_c < unit.procedure.recipe.react_c + _COOLED_K
        if not is_cool or unit.state_s < unit.fate.reaction_s:
            return
    if held_for is Mishap.AGITATOR and not unit.fate.restarts:
        unit.abort()
        return
    unit.intervene("released after sample" if held_for is Mishap.SAMPLE else "restarted")
    unit.command(Trigger.UNHOLD)
    unit.held_for = None


def cause(unit: BatchReactor) -> Cause:
    """Return why the unit is in its state, for the truth."""
    if unit.state is State.EXECUTE:
        return Cause.REDUCED_SPEED if unit.alarms.flow_low else Cause.PRODUCING
    if unit.state in _DISTURBED:
        return Cause.INTERVENTION if unit.held_for in (Mishap.SAMPLE, None) else Cause.FAULT
    return _CAUSES.get(unit.state, Cause.CLEANING)


def reason(unit: BatchReactor) -> int:
    """Return the reason code that the control system shows."""
    return REASONS.get(unit.held_for, 0) if unit.held_for is not None and unit.state in _DISTURBED else 0
