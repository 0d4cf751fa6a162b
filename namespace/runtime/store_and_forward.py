"""An edge node that loses nothing: what is reported is kept on disk, sent at once if there is a session, and sent again as history until
it has surely arrived.

For machines, gateways and the command line. The nodes of MES services are `namespace.runtime.edge_node` alone: their events have a log of
their own, and nobody gates them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from namespace.runtime.backlog import Backlog
from namespace.runtime.buffer_metrics import buffer_definitions, buffer_values
from namespace.runtime.clock import Clock
from namespace.runtime.edge_buffer import EdgeBuffer
from namespace.runtime.edge_node import EdgeNode, Write
from namespace.runtime.errors import NotConnected
from namespace.runtime.health import Health
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.session import Session
from namespace.sparkplug import (
    EdgeNodeConfig,
    EdgeNodeSession,
    Forwarding,
    ForwardingSettings,
    MetricDefinition,
    MetricUpdate,
    Span,
    encode_report,
)

_RELEASE_S = 1.0


def _nothing() -> None:
    return


class StoreAndForwardNode:
    """One edge node with a buffer.

    Args:
        session: A broker session of its own.
        config: Who it is, and which primary host application it waits for.
        node_metrics: Its own metrics; those of the buffer (`Edge/Buffer/...`) are added.
        devices: Metrics by device.
        buffer: Where reports are kept; the node runs it.
        clock: For timestamps.
        metrics: Counts what is refused.
        health: Told while the buffer cannot be written.
        forwarding: Resend window and rate.
        next_bd_seq: Numbers the connections; the buffer does by default.
        walk_after_s: Seconds after which a session in which the primary host is not online is given up for the next server; None stays.
        report_s: Seconds between two reports of the node on its buffer. They are said even where nothing has changed, so that a host
        notices
            within the resend window that it has missed something.

    Attributes:
        node: The edge node underneath.
        born: Called when births have gone out.
        lost: Called when a session is over.
    """

    def __init__(
        self,
        session: Session,
        config: EdgeNodeConfig,
        *,
        node_metrics: Iterable[MetricDefinition] = (),
        devices: Mapping[str, Iterable[MetricDefinition]] | None = None,
        buffer: EdgeBuffer,
        clock: Clock,
        metrics: ServiceMetrics,
        health: Health,
        forwarding: ForwardingSettings | None = None,
        next_bd_seq: Callable[[], Awaitable[int]] | None = None,
        walk_after_s: float | None = None,
        report_s: float = 5.0,
    ) -> None:
        self._session = session
        self._buffer = buffer
        self._health = health
        self._walk_after_s = walk_after_s
        self._report_s = report_s
        self._is_wanted = asyncio.Event()
        self._is_wanted.set()
        self._core = EdgeNodeSession(config, [*node_metrics, *buffer_definitions()], devices)
        self._forwarding = Forwarding(forwarding)
        self.node = EdgeNode(
            session, self._core, next_bd_seq=next_bd_seq or buffer.next_bd_seq, clock=clock, metrics=metrics
        )
        self._backlog = Backlog(self._core, self.node, buffer, self._forwarding)
        self._backlog.emptied = self._show_buffer
        self.node.born = self._born
        self.node.lost = self._lost
        self._core.values_at_birth = lambda: self._buffer_says(sent=0)
        buffer.changed = self._buffer_changed
        self.born: Callable[[], None] = _nothing
        self.lost: Callable[[], None] = _nothing

    @property
    def core(self) -> EdgeNodeSession:
        """The protocol, to look at."""
        return self._core

    # -- what the application says

    def report(self, device_id: str | None, updates: Sequence[MetricUpdate]) -> int | None:
        """Report new values: they are kept soon, and sent at once where that is possible.

        Args:
            device_id: The device; None for the node itself.
            updates: New values; those that repeat the last ones are left out.

        Returns:
            A number to wait for with `kept`; None when there was nothing to keep.

        Raises:
            LocalProtocolError: Unknown device or metric, or a value that does not fit; nothing is sent or kept.
        """
        changes = self._core.changes(device_id, updates, self.node.now_ms())
        if not changes:
            return None
        payload, readings = encode_report(self._core, device_id, changes)
        number = self._buffer.end
        is_live = self.node.update(
            device_id, changes, force=True, handed=lambda is_handed: self._handed(number, readings, is_handed=is_handed)
        )
        if not readings:
            return None
        self._buffer.put(device_id, readings, payload)
        if self._forwarding.is_open and not is_live:
            self._forwarding.hold_new(device_id, number)
        return number

    async def kept(self, number: int | None) -> None:
        """Return when what `report` numbered is on disk.

        Raises:
            NotKept: It had to be dropped, because the disk cannot be written.
        """
        if number is not None:
            await self._buffer.kept(number)

    def on_write(self, metric: str, write: Write, *, device_id: str | None = None) -> None:
        """Call `write` with every value that a command gives a writable metric."""
        self.node.on_write(metric, write, device_id=device_id)

    def device_born(self, device_id: str, definitions: Iterable[MetricDefinition] | None = None) -> None:
        """Bring a device to life, or give it other metrics; what was held back of it follows.

        Raises:
            LocalProtocolError: Unknown device without definitions, or a definition that breaks a rule.
        """
        self.node.device_born(device_id, definitions)
        self._forwarding.revived(device_id)
        self._backlog.wake()

    def device_died(self, device_id: str) -> None:
        """Say that a device is out of reach; what it still reports is held back until it is born again.

        Raises:
            LocalProtocolError: No such device.
        """
        self.node.device_died(device_id)

    def rebirth(self) -> None:
        """Say everything again; what was sent within the resend window follows."""
        if self.node.publish(self._core.rebirth(self.node.now_ms())):
            self._born()

    @property
    def waiting(self) -> int:
        """How many of the readings that are kept were not sent in the present session."""
        return max(0, self._buffer.contents.readings - self._forwarding.sent_readings)

    async def farewell(self) -> None:
        """Say goodbye in order, disconnect and stay away; needs `run`.

        Raises:
            NotConnected: There is no session, or it was lost: the Will says it. It stays away all the same.
        """
        self._is_wanted.clear()
        try:
            await self.node.farewell()
        finally:
            self._forwarding.closed()
            await self._session.leave()

    def come_back(self) -> None:
        """Connect again after a farewell."""
        self._session.come_back()
        self._is_wanted.set()

    # -- tasks

    async def run(self) -> None:
        """Keep the node in the namespace until cancelled; what was reported until then is on disk at the end."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._buffer.run(), name="edge buffer")
                group.create_task(self._keep_session(), name="edge session")
                group.create_task(self.node.run(), name="edge node")
                group.create_task(self._backlog.run(), name="edge backlog")
                group.create_task(self._release(), name="edge release")
                group.create_task(self._tell(), name="edge buffer metrics")
                if self._walk_after_s is not None:
                    group.create_task(self._walk(self._walk_after_s), name="edge servers")
        finally:
            self._buffer.close()

    async def _keep_session(self) -> None:
        while True:
            await self._is_wanted.wait()
            await self._session.run()

    async def _release(self) -> None:
        while True:
            await asyncio.sleep(_RELEASE_S)
            self._buffer.release(self._forwarding.release(self._buffer.now_ms()))

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(self._report_s)
            self._show_buffer(force=True)

    async def _walk(self, patience_s: float) -> None:
        """Leave a server at which the primary host does not show (Sparkplug 3.0, tck-id-...-multiple-servers-walk)."""
        while True:
            await self._session.up.wait()
            connects = self._session.connects
            await asyncio.sleep(patience_s)
            if self._session.connects == connects and self._session.is_up and not self._core.is_born:
                with contextlib.suppress(NotConnected):
                    await self._session.renew()

    # -- what happens

    def _born(self) -> None:
        self._forwarding.opened(self._buffer.first, self._buffer.end, self._buffer.now_ms())
        self._backlog.wake()
        self.born()

    def _lost(self) -> None:
        self._forwarding.closed()
        self.lost()

    def _handed(self, number: int, readings: int, *, is_handed: bool) -> None:
        if is_handed and readings:
            self._forwarding.sent(Span(number, number + 1), readings, self._buffer.now_ms())

    def _buffer_changed(self) -> None:
        part = f"edge buffer {self._core.config.edge_node}"
        if self._buffer.problem:
            self._health.not_ready(part, self._buffer.problem)
        else:
            self._health.ready(part)
        self._backlog.wake()

    def _show_buffer(self, *, force: bool = False) -> None:
        self.node.update(None, self._buffer_says(sent=self._forwarding.sent_readings), force=force)

    def _buffer_says(self, *, sent: int) -> list[MetricUpdate]:
        return [MetricUpdate(name, value) for name, value in buffer_values(self._buffer, sent).items()]
