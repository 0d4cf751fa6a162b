"""Which time element a stretch of time counts as: the table.

ISO 22400-2 defines the elements, PackML the states; nothing normative joins them. This table is the joint, in
one place, so that it can be read, printed and tested cell by cell. The work calendar stands above it: what is
not scheduled or planned down is that, whatever the machine does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from services.oee.domain.packml import ModeGroup, StateGroup

TABLE_VERSION: Final = 1
"""Rises with every change of the table; published beside the results it gave."""


class Element(Enum):
    """What a stretch of time counts as (ISO 22400-2 time model, and what lies outside it)."""

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


class Work(Enum):
    """What the running job order asks of the unit."""

    NONE = "none"
    PRODUCTION = "production"
    SETUP = "setup"


class Cause(Enum):
    """Why time was lost, as far as state, mode and interlocks tell."""

    HELD = "held"
    BLOCKED = "blocked"
    STARVED = "starved"
    SUSPENDED = "suspended"
    FAILURE = "failure"
    STOPPED = "stopped"
    SETUP = "setup"
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
    (StateGroup.ABORTED, _PRODUCTION, Work.NONE): _FAILED,
    (StateGroup.ABORTED, _PRODUCTION, Work.PRODUCTION): _FAILED,
    (StateGroup.ABORTED, _PRODUCTION, Work.SETUP): _FAILED,
    (StateGroup.STOPPED, _PRODUCTION, Work.NONE): _IDLE,
    (StateGroup.STOPPED, _PRODUCTION, Work.PRODUCTION): _STOPPED,
    (StateGroup.STOPPED, _PRODUCTION, Work.SETUP): _SETTING_UP,
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
    (StateGroup.ABORTED, _SERVICE, Work.NONE): _SERVICED_IDLE,
    (StateGroup.ABORTED, _SERVICE, Work.PRODUCTION): _SERVICED,
    (StateGroup.ABORTED, _SERVICE, Work.SETUP): _SERVICED,
    (StateGroup.STOPPED, _SERVICE, Work.NONE): _SERVICED_IDLE,
    (StateGroup.STOPPED, _SERVICE, Work.PRODUCTION): _SERVICED,
    (StateGroup.STOPPED, _SERVICE, Work.SETUP): _SERVICED,
    (StateGroup.UNDEFINED, _SERVICE, Work.NONE): _UNKNOWN,
    (StateGroup.UNDEFINED, _SERVICE, Work.PRODUCTION): _UNKNOWN,
    (StateGroup.UNDEFINED, _SERVICE, Work.SETUP): _UNKNOWN,
}
"""State group, mode group and work to verdict, every combination once."""
