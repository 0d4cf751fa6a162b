"""Which time element a stretch of time counts as: the table.

ISO 22400-2 defines the elements, PackML the states; nothing normative joins them. This table is the joint, in
one place, so that it can be read, printed and tested cell by cell. The work calendar stands above it: what is
not scheduled or planned down is that, whatever the machine does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from namespace.isa95 import ModeGroup, StateGroup, StateModel, TimeElement, Work

TABLE_VERSION: Final = 2
"""Rises with every change of the table; published beside the results it gave."""

Element = TimeElement
"""What a stretch of time counts as."""


class Cause(Enum):
    """Why time was lost, as far as state, mode and interlocks tell."""

    __hash__ = object.__hash__  # members are single; Enum's own hash, in Python, is most of a look-up

    HELD = "held"
    BLOCKED = "blocked"
    STARVED = "starved"
    SUSPENDED = "suspended"
    FAILURE = "failure"
    STOPPED = "stopped"
    SETUP = "setup"
    CHANGEOVER = "changeover"
    NO_COUNT = "running without counting"
    SERVICE = "service"
    NO_ORDER = "no order"
    NO_DATA = "no data"
    NOT_OBSERVED = "not yet observed"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one condition counts as.

    Attributes:
        element: the time element.
        cause: why, or None in production.
        can_be_minor: whether a stop of this kind, if short enough, is a minor stop and stays production time.
    """

    element: Element
    cause: Cause | None = None
    can_be_minor: bool = False


_RUNNING = Verdict(Element.APT)
_SETTING_UP = Verdict(Element.AUST, Cause.SETUP)
_HELD = Verdict(Element.ADET, Cause.HELD, can_be_minor=True)
_SUSPENDED = Verdict(Element.ADET, Cause.SUSPENDED, can_be_minor=True)
_BLOCKED = Verdict(Element.ADET, Cause.BLOCKED, can_be_minor=True)
_STARVED = Verdict(Element.ADET, Cause.STARVED, can_be_minor=True)
_FAILED = Verdict(Element.ADET, Cause.FAILURE)
_STOPPED = Verdict(Element.ADET, Cause.STOPPED, can_be_minor=True)
_IDLE = Verdict(Element.ADOT, Cause.NO_ORDER)
_SERVICED = Verdict(Element.ADET, Cause.SERVICE)
_SERVICED_IDLE = Verdict(Element.ADOT, Cause.SERVICE)
_UNKNOWN = Verdict(Element.UNKNOWN, Cause.NO_DATA)

_PRODUCTION, _SERVICE = ModeGroup.PRODUCTION, ModeGroup.SERVICE

TABLE: Final[dict[tuple[StateGroup, ModeGroup, Work], Verdict]] = {
    (StateGroup.EXECUTE, _PRODUCTION, Work.NONE): _RUNNING,
    (StateGroup.EXECUTE, _PRODUCTION, Work.PRODUCTION): _RUNNING,
    (StateGroup.EXECUTE, _PRODUCTION, Work.SETUP): _SETTING_UP,
    (StateGroup.HELD, _PRODUCTION, Work.NONE): _HELD,
    (StateGroup.HELD, _PRODUCTION, Work.PRODUCTION): _HELD,
    (StateGroup.HELD, _PRODUCTION, Work.SETUP): _HELD,
    (StateGroup.SUSPENDED, _PRODUCTION, Work.NONE): _SUSPENDED,
    (StateGroup.SUSPENDED, _PRODUCTION, Work.PRODUCTION): _SUSPENDED,
    (StateGroup.SUSPENDED, _PRODUCTION, Work.SETUP): _SUSPENDED,
    (StateGroup.BLOCKED, _PRODUCTION, Work.NONE): _BLOCKED,
    (StateGroup.BLOCKED, _PRODUCTION, Work.PRODUCTION): _BLOCKED,
    (StateGroup.BLOCKED, _PRODUCTION, Work.SETUP): _BLOCKED,
    (StateGroup.STARVED, _PRODUCTION, Work.NONE): _STARVED,
    (StateGroup.STARVED, _PRODUCTION, Work.PRODUCTION): _STARVED,
    (StateGroup.STARVED, _PRODUCTION, Work.SETUP): _STARVED,
    (StateGroup.ABORTED, _PRODUCTION, Work.NONE): _FAILED,
    (StateGroup.ABORTED, _PRODUCTION, Work.PRODUCTION): _FAILED,
    (StateGroup.ABORTED, _PRODUCTION, Work.SETUP): _FAILED,
    (StateGroup.STOPPED, _PRODUCTION, Work.NONE): _IDLE,
    (StateGroup.STOPPED, _PRODUCTION, Work.PRODUCTION): _STOPPED,
    (StateGroup.STOPPED, _PRODUCTION, Work.SETUP): _SETTING_UP,
    (StateGroup.SETUP, _PRODUCTION, Work.NONE): _SETTING_UP,
    (StateGroup.SETUP, _PRODUCTION, Work.PRODUCTION): _SETTING_UP,
    (StateGroup.SETUP, _PRODUCTION, Work.SETUP): _SETTING_UP,
    (StateGroup.UNDEFINED, _PRODUCTION, Work.NONE): _UNKNOWN,
    (StateGroup.UNDEFINED, _PRODUCTION, Work.PRODUCTION): _UNKNOWN,
    (StateGroup.UNDEFINED, _PRODUCTION, Work.SETUP): _UNKNOWN,
    (StateGroup.EXECUTE, _SERVICE, Work.NONE): _SERVICED_IDLE,
    (StateGroup.EXECUTE, _SERVICE, Work.PRODUCTION): _SERVICED,
    (StateGroup.EXECUTE, _SERVICE, Work.SETUP): _SERVICED,
    (StateGroup.HELD, _SERVICE, Work.NONE): _SERVICED_IDLE,
    (StateGroup.HELD, _SERVICE, Work.PRODUCTION): _SERVICED,
    (StateGroup.HELD, _SERVICE, Work.SETUP): _SERVICED,
    (StateGroup.SUSPENDED, _SERVICE, Work.NONE): _SERVICED_IDLE,
    (StateGroup.SUSPENDED, _SERVICE, Work.PRODUCTION): _SERVICED,
    (StateGroup.SUSPENDED, _SERVICE, Work.SETUP): _SERVICED,
    (StateGroup.BLOCKED, _SERVICE, Work.NONE): _SERVICED_IDLE,
    (StateGroup.BLOCKED, _SERVICE, Work.PRODUCTION): _SERVICED,
    (StateGroup.BLOCKED, _SERVICE, Work.SETUP): _SERVICED,
    (StateGroup.STARVED, _SERVICE, Work.NONE): _SERVICED_IDLE,
    (StateGroup.STARVED, _SERVICE, Work.PRODUCTION): _SERVICED,
    (StateGroup.STARVED, _SERVICE, Work.SETUP): _SERVICED,
    (StateGroup.ABORTED, _SERVICE, Work.NONE): _SERVICED_IDLE,
    (StateGroup.ABORTED, _SERVICE, Work.PRODUCTION): _SERVICED,
    (StateGroup.ABORTED, _SERVICE, Work.SETUP): _SERVICED,
    (StateGroup.STOPPED, _SERVICE, Work.NONE): _SERVICED_IDLE,
    (StateGroup.STOPPED, _SERVICE, Work.PRODUCTION): _SERVICED,
    (StateGroup.STOPPED, _SERVICE, Work.SETUP): _SERVICED,
    (StateGroup.SETUP, _SERVICE, Work.NONE): _SETTING_UP,
    (StateGroup.SETUP, _SERVICE, Work.PRODUCTION): _SETTING_UP,
    (StateGroup.SETUP, _SERVICE, Work.SETUP): _SETTING_UP,
    (StateGroup.UNDEFINED, _SERVICE, Work.NONE): _UNKNOWN,
    (StateGroup.UNDEFINED, _SERVICE, Work.PRODUCTION): _UNKNOWN,
    (StateGroup.UNDEFINED, _SERVICE, Work.SETUP): _UNKNOWN,
}
"""State group, mode group and work to verdict, every combination once."""


def verdict(model: StateModel, state: int | None, mode: int | None, work: Work) -> Verdict:
    """What a unit's state, mode and work count as: by the site's own rules, else by the table.

    Args:
        model: what the numbers mean.
        state: the controller's state number, or None.
        mode: the controller's mode number, or None.
        work: what the running job order asks of the unit.
    """
    group, mode_group = model.state_group(state), model.mode_group(mode)
    found = TABLE[group, mode_group, work]
    for rule in model.counts_as:
        if rule.fits(group, mode_group, work):
            cause = None if rule.element is Element.APT else found.cause or _CAUSES[rule.element]
            return Verdict(rule.element, cause, rule.can_be_minor)
    return found


_CAUSES = {
    Element.AUST: Cause.SETUP,
    Element.ADET: Cause.STOPPED,
    Element.ADOT: Cause.NO_ORDER,
    Element.PDOT: Cause.PLANNED,
}
"""Why, where the site file makes a loss of what the table has as production."""
