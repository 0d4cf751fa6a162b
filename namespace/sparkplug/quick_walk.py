"""What an optional compiled step may do for a host: take in one plain data message from its bytes.

The step is `_fast/walk.c`, built by `make accelerate` alone. Who loads it and hands it to `HostSession.accelerate` is somebody else's
business (`namespace.runtime.accelerated`); without it everything works the same.
"""

from typing import Protocol

from namespace.sparkplug.metric_columns import Slot
from namespace.sparkplug.metric import Value

Walked = tuple[int, list[Slot], list[Value], list[int]]
"""Timestamp of the payload (0 when it has none), then slots, values and their timestamps, row by row."""


class Walk(Protocol):
    """Takes in a message in which everything is as it nearly always is."""

    def __call__(
        self, payload: bytes, by_alias: dict[int, Slot], expected: int, born_at: int, now_ms: int, most: int, /
    ) -> Walked | None:
        """Make the values of a message current.

        Args:
            payload: Of an NDATA or DDATA.
            by_alias: The metrics its birth told of.
            expected: The seq that is next.
            born_at: Timestamp of the birth, ms since the epoch; what was sent before it is not for this step.
            now_ms: For metrics of a payload without any timestamp, ms since the epoch.
            most: Metrics that a payload may hold.

        Returns:
            What was read; None, and nothing is changed, where the message has anything unusual.
        """
        ...
