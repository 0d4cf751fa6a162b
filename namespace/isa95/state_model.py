"""What a machine's state numbers mean: the joint between what controllers say and the time elements of ISO 22400-2.

PackML machines say 17 states and a few modes, plain ones no more than running or stopped. A state model translates
either into the same few groups, and may say where a combination counts otherwise than the built-in table of OEE has
it. Models stand in the site file, because whoever knows the controller writes that file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final


class StateGroup(Enum):
    """States that classify alike."""

    __hash__ = object.__hash__  # there is one of each member; Enum's own hash, in Python, is most of what a look-up costs

    EXECUTE = "execute"
    HELD = "held"
    """Interrupted by a cause inside the machine."""
    SUSPENDED = "suspended"
    """Interrupted by a cause outside the machine; blocked or starved where the interlocks tell."""
    BLOCKED = "blocked"
    """Waiting for the machine behind it."""
    STARVED = "starved"
    """Waiting for the machine before it, or for material."""
    ABORTED = "aborted"
    """Failed."""
    STOPPED = "stopped"
    """Not producing and not interrupted: stopped, idle, on the way in or out."""
    SETUP = "setup"
    """Being set up, where a controller tells."""
    UNDEFINED = "undefined"
    """A number the model does not have: no trustworthy data."""


class ModeGroup(Enum):
    """Modes that classify alike."""

    __hash__ = object.__hash__  # there is one of each member; Enum's own hash, in Python, is most of what a look-up costs

    PRODUCTION = "production"
    """Production, any user mode, and a controller that names no mode."""
    SERVICE = "service"
    """Maintenance or manual."""


class Work(Enum):
    """What the running job order asks of the unit."""

    __hash__ = object.__hash__  # there is one of each member; Enum's own hash, in Python, is most of what a look-up costs

    NONE = "none"
    PRODUCTION = "production"
    SETUP = "setup"


class TimeElement(Enum):
    """What a stretch of time counts as (ISO 22400-2 time model, and what lies outside it)."""

    __hash__ = object.__hash__  # there is one of each member; Enum's own hash, in Python, is most of what a look-up costs

    APT = "APT"
    """Actual production time: adding value."""
    AUST = "AUST"
    """Actual unit setup time."""
    ADET = "ADET"
    """Actual unit delay time: an order runs, the unit does not."""
    ADOT = "ADOT"
    """Actual unit down time: available, and no order runs."""
    PDOT = "PDOT"
    """Planned down time."""
    NOT_SCHEDULED = "NOT_SCHEDULED"
    """Outside the planned operation time."""
    UNKNOWN = "UNKNOWN"
    """No trustworthy data."""


@dataclass(frozen=True, slots=True)
class CountsAs:
    """A combination that counts otherwise than the built-in table has it.

    Attributes:
        state: the group it holds for; None: any but undefined.
        mode: the mode it holds for; None: any.
        work: what runs; None: whatever.
        element: what it counts as; never `UNKNOWN` or `NOT_SCHEDULED`.
        can_be_minor: whether such a stop, if short enough, is a minor stop.
    """

    state: StateGroup | None
    mode: ModeGroup | None
    work: Work | None
    element: TimeElement
    can_be_minor: bool = False

    def fits(self, state: StateGroup, mode: ModeGroup, work: Work) -> bool:
        """Whether it holds for a combination."""
        return (
            state is not StateGroup.UNDEFINED
            and self.state in (None, state)
            and self.mode in (None, mode)
            and self.work in (None, work)
        )


@dataclass(frozen=True, slots=True)
class StateModel:
    """What the numbers of a controller mean.

    Attributes:
        name: in the site file.
        version: rises with every change of the table; stands beside the results it gave.
        states: state number to group; a Boolean is 1 or 0; others are undefined.
        modes: mode number to group; others are production.
        counts_as: what differs from the built-in table; the first that fits decides.
    """

    name: str
    states: Mapping[int, StateGroup]
    modes: Mapping[int, ModeGroup] = field(default_factory=lambda: MappingProxyType({}))
    counts_as: tuple[CountsAs, ...] = ()
    version: int = 1

    def state_group(self, state: int | None) -> StateGroup:
        """The group of a state number; None and numbers the model does not have are undefined."""
        return StateGroup.UNDEFINED if state is None else self.states.get(state, StateGroup.UNDEFINED)

    def mode_group(self, mode: int | None) -> ModeGroup:
        """The group of a mode number; None and numbers the model does not have are production."""
        return ModeGroup.PRODUCTION if mode is None else self.modes.get(mode, ModeGroup.PRODUCTION)


PACKML: Final = StateModel(
    "packml",
    MappingProxyType(
        {
            1: StateGroup.ABORTED,  # Clearing
            2: StateGroup.STOPPED,  # Stopped
            3: StateGroup.STOPPED,  # Starting
            4: StateGroup.STOPPED,  # Idle
            5: StateGroup.SUSPENDED,  # Suspended
            6: StateGroup.EXECUTE,  # Execute
            7: StateGroup.STOPPED,  # Stopping
            8: StateGroup.ABORTED,  # Aborting
            9: StateGroup.ABORTED,  # Aborted
            10: StateGroup.HELD,  # Holding
            11: StateGroup.HELD,  # Held
            12: StateGroup.HELD,  # Unholding
            13: StateGroup.SUSPENDED,  # Suspending
            14: StateGroup.SUSPENDED,  # Unsuspending
            15: StateGroup.STOPPED,  # Resetting
            16: StateGroup.STOPPED,  # Completing
            17: StateGroup.STOPPED,  # Complete
        }
    ),
    MappingProxyType({2: ModeGroup.SERVICE, 3: ModeGroup.SERVICE}),
)
"""ISA-TR88.00.02, `Status/StateCurrent` and `Status/UnitModeCurrent` (1 production, 2 maintenance, 3 manual, 4 and up
user modes), with the numbers that the OPC UA companion specification lists."""

RUNNING_STOPPED: Final = StateModel("running-stopped", MappingProxyType({0: StateGroup.STOPPED, 1: StateGroup.EXECUTE}))
"""A machine that tells running (1, true) from stopped (0, false) and nothing else."""

BUILT_IN: Final = MappingProxyType({model.name: model for model in (PACKML, RUNNING_STOPPED)})
"""The models every site has without writing them."""
