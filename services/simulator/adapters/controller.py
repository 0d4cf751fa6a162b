"""A controller as a Sparkplug edge node: the way a third party's would speak, under its own names.

Metrics go out by exception with their source time and units of UN/ECE Recommendation 20. What is reported is kept until it has surely
arrived, and held back while the primary host is away. Of all commands it obeys `Node Control/Rebirth` alone, which the session underneath
answers; nothing else is writable. It says goodbye in order when it is stopped.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence

from namespace.runtime.clock import Clock
from namespace.runtime.edge_buffer import BufferSettings, EdgeBuffer
from namespace.runtime.errors import NotConnected
from namespace.runtime.health import Health
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.session import Session
from namespace.runtime.store_and_forward import StoreAndForwardNode
from namespace.sparkplug import (
    DataType,
    EdgeNodeConfig,
    MetricDefinition,
    MetricUpdate,
    PropertySet,
)
from services.simulator.domain.tags import TagValue

CLOCK = "Controller/Clock"
_FAREWELL_S = 2.0
_IN_MEMORY = BufferSettings(limit_bytes=32 << 20)

NextBdSeq = Callable[[], Awaitable[int]]
"""Numbers the next CONNECT."""


def tag(name: str, datatype: DataType, value: TagValue, at_ms: int, unit: str | None = None) -> MetricDefinition:
    """Define one tag of a device.

    Args:
        name: Metric name.
        datatype: Sparkplug data type.
        value: What the first birth says.
        at_ms: When that was measured, milliseconds since the epoch.
        unit: UN/ECE Recommendation 20 code.
    """
    properties = PropertySet.of_strings({"engUnit": unit}) if unit else None
    return MetricDefinition(name=name, datatype=datatype, value=value, timestamp=at_ms, properties=properties)


class SparkplugController:
    """One simulated controller.

    Args:
        session: A broker session of its own.
        group_id: Sparkplug group.
        edge_node_id: Its edge node id.
        devices: Tags of each machine.
        at_ms: What its clock shows at first, milliseconds since the epoch.
        clock: The real clock, for the time of sending.
        metrics: Counts what is refused.
        health: Told while its buffer cannot be written.
        next_bd_seq: Numbers its connections; the buffer does by default.
        buffer: Keeps what is reported; in memory by default, for a controller that does not come back.
        primary_host_id: The host application without which nothing is sent; None sends to whoever is there.
    """

    def __init__(
        self,
        session: Session,
        *,
        group_id: str,
        edge_node_id: str,
        devices: Mapping[str, Sequence[MetricDefinition]],
        at_ms: int,
        clock: Clock,
        metrics: ServiceMetrics,
        health: Health,
        next_bd_seq: NextBdSeq | None = None,
        buffer: EdgeBuffer | None = None,
        primary_host_id: str | None = None,
    ) -> None:
        self._session = session
        self._node = StoreAndForwardNode(
            session,
            EdgeNodeConfig(group_id=group_id, edge_node_id=edge_node_id, primary_host_id=primary_host_id),
            node_metrics=[tag(CLOCK, DataType.DateTime, at_ms, at_ms)],
            devices=devices,
            buffer=buffer or EdgeBuffer(None, _IN_MEMORY),
            clock=clock,
            metrics=metrics,
            health=health,
            next_bd_seq=next_bd_seq,
        )

    def show(self, unit: str, tags: Mapping[str, TagValue], at_ms: int) -> None:
        """Report tags of one unit; they are kept until they have surely arrived."""
        self._node.report(unit, [MetricUpdate(name, value, timestamp=at_ms) for name, value in tags.items()])

    def show_time(self, at_ms: int) -> None:
        """Report the controller's own clock."""
        self._node.report(None, [MetricUpdate(CLOCK, at_ms, timestamp=at_ms)])

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Keep the edge node in the namespace while `work` runs, then say goodbye.

        Args:
            work: What drives the controller; when it ends or is cancelled, so does the edge node.
        """
        async with asyncio.TaskGroup() as group:
            speaking = group.create_task(self._node.run())
            try:
                await work()
            finally:
                with contextlib.suppress(NotConnected, TimeoutError):
                    async with asyncio.timeout(_FAREWELL_S):
                        await self._node.farewell()
                speaking.cancel()

    @property
    def up(self) -> asyncio.Event:
        """Set while there is a broker session."""
        return self._session.up
