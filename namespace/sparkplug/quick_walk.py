"""What an optional compiled step may do for a host: take in plain data messages from their bytes, many in a row.

The step is `_fast/walk.c`, built by `make accelerate` alone. Who loads it and hands it to `HostSession.accelerate` is somebody else's
business (`namespace.runtime.accelerated`); without it everything works the same.
"""

from collections.abc import Callable, Sequence

from namespace.sparkplug.host_event import Data, HostEvent, NodeState
from namespace.sparkplug.host_node import HostDevice, HostNode, Route
from namespace.sparkplug.host_settings import Heard
from namespace.sparkplug.metric_columns import Columns, Slot
from namespace.sparkplug.metric_table import MetricTable
from namespace.sparkplug.sequence import SequenceWindow
from namespace.sparkplug.topic import Topic

Walk = Callable[[Sequence[Heard], int, dict[str, Route], list[HostEvent], int, int, int], int]
"""Takes messages in for as long as everything about them is as it nearly always is.

Its arguments are the messages, where to begin, what each topic means, where events go, our clock (ms since the epoch), and how many bytes
and metrics a payload may have. It returns where the first message stands that is anything else, of which nothing has been done: its edge
node is not online or has a hole, its seq is not next, it was sent before the birth, or one of its metrics is unusual.
"""

REACHED_INTO = (
    Slot,
    Route,
    Topic,
    HostNode,
    HostDevice,
    MetricTable,
    SequenceWindow,
    Data,
    Columns,
    NodeState.ONLINE,
)
"""The classes whose members the step reads and writes, by the offsets that they tell; for its `prepare`. They keep `__slots__` for it."""
