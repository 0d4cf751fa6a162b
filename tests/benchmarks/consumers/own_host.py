"""The way of a message through what we ship: transport, session, host session, recorder; what was recorded is counted and let go.

The one place of the benchmarks that knows how the historian puts these together (services/historian/service.py), so that the figures are
of the product. Only the writer, which would bring the columns to the database, is a counter here; the chain's benchmark has the real one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from namespace.contracts.query import SiteTopics
from namespace.isa95 import load_site
from namespace.runtime import EdgeNodeListener, Health, QueryClient, ServiceMetrics, Session, SystemClock, to_ms
from namespace.runtime.accelerated import compiled_packets
from namespace.runtime.placing import Device
from namespace.sparkplug import BD_SEQ, REBIRTH, HostEvent, HostSession, NodeState
from namespace.transport import BrokerUrl, Message
from namespace.transport.stream import StreamTransport
from services.historian.adapters.compiled import compiled_take
from services.historian.application.recorder import Recorder
from services.historian.application.writer import FLUSH_ROWS
from services.historian.domain.tag import Tags
from tests.benchmarks.consumers.measure import canonical, state_checksum

SITE_FILE = Path(__file__).parents[3] / "deploy" / "site" / "acme-dallas.yaml"


class _NobodyElse(QueryClient):
    """There is no `namespace_state` here: its snapshot is empty."""

    async def ask_all(self, *_: object, **__: object) -> list[object]:
        """Return what a registry says that has heard nobody yet."""
        return []


class OwnHost:
    """A host that journals into nothing.

    Args:
        port: Of the broker.
        recorded: Called with how many samples and notes are recorded by now, as often as the historian is told of something.
        marked: Called when the marker `bench/<word>` came, with the word.

    Attributes:
        core: The protocol's state.
    """

    def __init__(self, port: int, *, recorded: Callable[[int], None], marked: Callable[[str], None]) -> None:
        clock, metrics = SystemClock(), ServiceMetrics()
        site = load_site(SITE_FILE.read_text(encoding="utf-8"), str(SITE_FILE))
        self._recorder = Recorder(site, Tags(), lambda: to_ms(clock.now()), compiled_take())
        self._recorded = recorded
        self._taken = 0
        self._marked = marked
        self.core = HostSession()
        transport = StreamTransport(
            BrokerUrl.parse(f"mqtt://127.0.0.1:{port}"), client_id="bench-own", walk=compiled_packets()
        )
        self._session = Session(transport, name="journal", health=Health(), metrics=metrics)
        self._listener = EdgeNodeListener(
            self._session,
            ["spBv1.0/#"],
            groups=[],
            told=self._told,
            queries=_NobodyElse(self._session, SiteTopics(site.path), "bench"),
            clock=clock,
            metrics=metrics,
            core=self.core,
        )
        self._session.route("bench/+", self._marker)

    def _told(self, events: Iterable[HostEvent], gone: Collection[Device] = frozenset()) -> None:
        recorder = self._recorder
        recorder.told(events, gone)
        size = recorder.batch.size
        self._recorded(self._taken + size)
        if size >= FLUSH_ROWS:
            recorder.take()
            self._taken += size

    def _marker(self, message: Message) -> None:
        self._marked(message.topic.partition("/")[2])

    async def run(self) -> None:
        """Listen until cancelled; ask for the traffic once everything is in place."""
        ready = asyncio.Event()
        self._listener.joined = ready.set
        async with asyncio.TaskGroup() as group:
            group.create_task(self._session.run())
            group.create_task(self._listener.run())
            await ready.wait()
            await self._session.publish("bench/go", b"")

    def online(self) -> int:
        """Return how many edge nodes are known to be current."""
        return sum(self.core.state(node) is NodeState.ONLINE for node in self.core.edge_nodes())

    def checksum(self) -> str:
        """Return the checksum of the state of all nodes and devices, without the nodes' own protocol metrics."""
        state: list[tuple[str, str, str]] = []
        for node in self.core.edge_nodes():
            for device in (None, *self.core.devices(node)):
                name = f"{node.group_id}/{node.edge_node_id}" + (f"/{device}" if device else "")
                state += (
                    (name, metric.name, canonical(metric.value, metric.timestamp))
                    for metric in self.core.metrics(node, device)
                    if metric.name not in (BD_SEQ, REBIRTH)
                )
        return state_checksum(state)


async def until(done: asyncio.Event, host: OwnHost) -> None:
    """Run `host` until `done` is set."""
    running = asyncio.create_task(host.run())
    waiting = asyncio.create_task(done.wait())
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        await running
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
