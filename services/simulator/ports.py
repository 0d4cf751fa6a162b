"""What the simulator needs from outside, in the fewest words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.simulator.domain.replay import CommandStep
from services.simulator.domain.tags import TagValue


class Controller(Protocol):
    """A controller as the namespace sees it: one Sparkplug edge node, one device a machine."""

    def show(self, unit: str, tags: Mapping[str, TagValue], at_ms: int) -> None:
        """Report tags of one unit.

        Args:
            unit: The device.
            tags: Metric name -> new value.
            at_ms: When it was measured, milliseconds since the epoch.
        """
        ...

    def show_time(self, at_ms: int) -> None:
        """Report the controller's own clock (milliseconds since the epoch)."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended.

    Attributes:
        done: Whether it took effect.
        code: A stable short word.
        message: One sentence for people.
    """

    done: bool
    code: str
    message: str


class CommandSender(Protocol):
    """Sends commands of a replay."""

    async def send(self, step: CommandStep) -> Answer:
        """Send one command, again and again until it is answered.

        Raises:
            Unanswered: Nobody answered for longer than is sensible.
        """
        ...


class Unanswered(Exception):
    """Nobody answers; sending the same command again later does no harm."""


class Pace(Protocol):
    """How fast recorded time passes."""

    async def until(self, at: datetime) -> None:
        """Return when it is time for what was recorded at `at`."""
        ...
