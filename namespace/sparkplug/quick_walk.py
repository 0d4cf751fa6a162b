"""What an optional compiled step may do for a host: take in one plain data message from its bytes.

The step is `_fast/walk.c`, built by `make accelerate` alone. Who loads it and hands it to `HostSession.accelerate` is somebody else's
business (`namespace.runtime.accelerated`); without it everything works the same.
"""

from collections.abc import Callable

from namespace.sparkplug.metric import Value
from namespace.sparkplug.metric_columns import Slot

Walked = tuple[int, list[Slot], list[Value], list[int]]
"""Timestamp of the payload (0 when it has none), then slots, values and their timestamps, row by row."""

Walk = Callable[[bytes, dict[int, Slot], int, int, int, int], Walked | None]
"""Makes the values of a message current in which everything is as it nearly always is.

Its arguments are the payload, the metrics by alias as the birth told of them, the seq that is next, the timestamp of the birth (what was
sent before it is refused), our clock for metrics of a payload without any timestamp (both ms since the epoch), and how many metrics a
payload may hold. It returns what was read; None, and nothing is changed, where the message has anything unusual.
"""
