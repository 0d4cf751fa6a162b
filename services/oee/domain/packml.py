"""PackML state and mode numbers, and the groups of states that mean the same to OEE.

The numbers are those of ISA-TR88.00.02 as the OPC UA companion specification lists them. Transitions are the
machine's
business: OEE judges only where a machine is.
"""

from __future__ import annotations

from enum import Enum, IntEnum


class PackmlState(IntEnum):
    """Values of `Status/StateCurrent` (ISA-TR88.00.02)."""

    CLEARING = 1
    STOPPED = 2
    STARTING = 3
    IDLE = 4
    SUSPENDED = 5
    EXECUTE = 6
    STOPPING = 7
    ABORTING = 8
    ABORTED = 9
    HOLDING = 10
    HELD = 11
    UNHOLDING = 12
    SUSPENDING = 13
    UNSUSPENDING = 14
    RESETTING = 15
    COMPLETING = 16
    COMPLETE = 17


class StateGroup(Enum):
    """States that classify alike."""

    EXECUTE = "execute"
    HELD = "held"
    """Interrupted by a cause inside the machine."""
    SUSPENDED = "suspended"
    """Interrupted by a cause outside the machine: blocked or starved."""
    ABORTED = "aborted"
    STOPPED = "stopped"
    """Not producing and not interrupted: stopped, idle, on the way in or out."""
    UNDEFINED = "undefined"
    """No state of PackML."""


class ModeGroup(Enum):
    """Modes that classify alike."""

    PRODUCTION = "production"
    """Production, any user mode, and a controller that names no mode (0 or none)."""
    SERVICE = "service"
    """Maintenance or manual."""


_GROUPS: dict[int, StateGroup] = {
    PackmlState.EXECUTE: StateGroup.EXECUTE,
    PackmlState.HOLDING: StateGroup.HELD,
    PackmlState.HELD: StateGroup.HELD,
    PackmlState.UNHOLDING: StateGroup.HELD,
    PackmlState.SUSPENDING: StateGroup.SUSPENDED,
    PackmlState.SUSPENDED: StateGroup.SUSPENDED,
    PackmlState.UNSUSPENDING: StateGroup.SUSPENDED,
    PackmlState.ABORTING: StateGroup.ABORTED,
    PackmlState.ABORTED: StateGroup.ABORTED,
    PackmlState.CLEARING: StateGroup.ABORTED,
    PackmlState.STOPPING: StateGroup.STOPPED,
    PackmlState.STOPPED: StateGroup.STOPPED,
    PackmlState.RESETTING: StateGroup.STOPPED,
    PackmlState.IDLE: StateGroup.STOPPED,
    PackmlState.STARTING: StateGroup.STOPPED,
    PackmlState.COMPLETING: StateGroup.STOPPED,
    PackmlState.COMPLETE: StateGroup.STOPPED,
}
_SERVICE_MODES = frozenset({2, 3})


def state_group(state: int | None) -> StateGroup:
    """The group of a `Status/StateCurrent` value; None and numbers PackML does not define are undefined."""
    return StateGroup.UNDEFINED if state is None else _GROUPS.get(state, StateGroup.UNDEFINED)


def mode_group(mode: int | None) -> ModeGroup:
    """The group of a `Status/UnitModeCurrent` value (1 production, 2 maintenance, 3 manual, 4 and up user
    modes).
    """
    return ModeGroup.SERVICE if mode in _SERVICE_MODES else ModeGroup.PRODUCTION
