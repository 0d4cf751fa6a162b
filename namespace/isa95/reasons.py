"""Reasons for lost time: a tree of at most four levels, and which of them a machine's own words mean.

Codes never change their meaning and never go away: one that is no longer used is retired, because results of last year
still name it. What a node does not say it has from the node above it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final

from namespace.isa95.state_model import TimeElement

MAX_LEVELS: Final = 4
"""Category, equipment module, mode, cause."""


class LossClass(Enum):
    """What kind of loss it is: the six big losses (Nakajima), and what else planned busy time goes to."""

    FAILURE = "equipment failure"
    SETUP = "setup and adjustment"
    IDLING = "idling and minor stops"
    SPEED = "reduced speed"
    DEFECTS = "process defects"
    START_UP = "start-up losses"
    NO_ORDER = "no order"
    """The unit was available and nothing was asked of it; none of the six."""
    UNKNOWN = "no data"
    """Nobody knows; none of the six."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One node of the tree.

    Attributes:
        code: never changes its meaning.
        name: for people.
        parents: codes of the nodes above it, the category first.
        loss: what kind of loss it is; None: that of the machine's own cause.
        element: what time with this reason counts as; None: what it counted as without. `PDOT` takes it out of the
            planned busy time.
        planned: whether such a stop was planned.
        owner: who is to do something about it; may be empty.
        retired: no longer offered; results that name it stay as they are.
    """

    code: str
    name: str
    parents: tuple[str, ...] = ()
    loss: LossClass | None = None
    element: TimeElement | None = None
    planned: bool = False
    owner: str = ""
    retired: bool = False


@dataclass(frozen=True, slots=True)
class AutomaticReason:
    """When a reason is given without a person.

    Attributes:
        reason: its code.
        stop_reason: the controller's own reason or alarm number; None: any.
        cause: the cause that state, mode and interlocks tell, such as `blocked`; None: any.
    """

    reason: str
    stop_reason: int | None = None
    cause: str | None = None

    def fits(self, stop_reason: int | None, cause: str) -> bool:
        """Whether it holds for a stop."""
        return self.stop_reason in (None, stop_reason) and self.cause in (None, cause)


@dataclass(frozen=True, slots=True)
class ReasonTree:
    """All reasons of a site.

    Attributes:
        version: rises with every change; stands beside the results it gave.
        reasons: by code, parents before children.
        automatic: the first that fits a stop gives its reason.
    """

    version: int = 1
    reasons: Mapping[str, Reason] = field(default_factory=lambda: MappingProxyType({}))
    automatic: tuple[AutomaticReason, ...] = ()

    def automatic_for(self, stop_reason: int | None, cause: str) -> str | None:
        """The code that a stop gets without a person, or None.

        Args:
            stop_reason: the controller's own reason or alarm number, or None.
            cause: what state, mode and interlocks tell.
        """
        return next((rule.reason for rule in self.automatic if rule.fits(stop_reason, cause)), None)

    def path(self, code: str) -> tuple[str, ...]:
        """The codes from the category down to `code`; that alone where the tree does not have it."""
        reason = self.reasons.get(code)
        return (code,) if reason is None else (*reason.parents, code)

    def offered(self) -> Iterator[Reason]:
        """The reasons a person may choose."""
        return (reason for reason in self.reasons.values() if not reason.retired)


NO_REASONS: Final = ReasonTree()
"""Of a site that has written none."""
