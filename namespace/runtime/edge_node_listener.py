"""Hearing edge nodes as a late joiner: subscribe, hold back, take a snapshot, go on from there.

A restart asks no machine for a rebirth: somebody who has heard everything hands over births and current values. That is `namespace_state`
for all, and the historian for `namespace_state`, which alone may ask machines; what is missed here is asked of it. Neither the snapshot of
a large site nor what was held back meanwhile keeps the process from its other work. What the events mean is the caller's business.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Protocol

from namespace.contracts.snapshot import SnapshotReader
from namespace.runtime.accelerated import compiled_walk
from namespace.runtime.clock import Clock, to_ms
from namespace.runtime.errors import NoAnswer, NotConnected, QueryFailed
from namespace.runtime.logging import get_logger
from namespace.runtime.meanwhile import Meanwhile
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.placing import Device, Quarantined
from namespace.runtime.queries import QueryClient
from namespace.runtime.session import Session, turns
from namespace.runtime.telling import Teller
from namespace.sparkplug import (
    EdgeNodeDescriptor,
    HostEvent,
    HostSession,
    NodeSnapshot,
    NodeState,
    RebirthWanted,
    Rejected,
    RemoteProtocolError,
)
from namespace.transport import Message

_HELD = 50_000
_TICK_S = 0.25
_RETRY_S = 1.0
_SNAPSHOT_S = 3.0
_PAGE_TRIES = 3
"""How often a further page of a snapshot is asked for: who told the first is there, if busy."""
_REGISTRY = "namespace_state"


class Told(Protocol):
    """Who is told what was heard; must not block."""

    def __call__(self, events: Iterable[HostEvent], gone: Collection[Device] = frozenset()) -> None:
        """Take events in order.

        Args:
            events: From the host session.
            gone: Nodes and devices whose death is part of the snapshot that the events are from: they do not come back by it.
        """
        ...


async def _at_once() -> None:
    return


def _nothing() -> None:
    return


def _unheeded(_quarantined: Collection[Quarantined]) -> None:
    return


class EdgeNodeListener:
    """Hears edge nodes on a session that others may live on too.

    Args:
        session: Where they are heard.
        filters: Topic filters of what is heard.
        groups: Groups of which a snapshot is taken; all when empty.
        told: Takes what is heard.
        queries: Asks for the snapshot, and `namespace_state` for rebirths.
        clock: For receive times.
        metrics: Counts what is refused.
        core: The protocol; a new one by default.
        snapshot_from: The service whose snapshot is taken.
        snapshot_s: Longest wait for a page of it, in seconds.
        insists: Whether a snapshot that did not come is asked for again while what comes is used already.
        asks_for_rebirths: Whether `namespace_state` is asked for the rebirths that are wanted; else that is up to who is told.

    Attributes:
        before_first: Awaited once, before anything is handed on.
        before_snapshot: Awaited after each connect, while what arrives is held back.
        has_room: Awaited between two parts of what was held back, so that all of it is not handed on at once.
        joined: Called when what was held back has been handed on.
        handed: Called before the births of a snapshot are told, with those of their metrics that are not taken for their place's.
    """

    def __init__(
        self,
        session: Session,
        filters: Iterable[str],
        *,
        groups: Sequence[str],
        told: Told,
        queries: QueryClient,
        clock: Clock,
        metrics: ServiceMetrics,
        core: HostSession | None = None,
        snapshot_from: str = _REGISTRY,
        snapshot_s: float = _SNAPSHOT_S,
        insists: bool = True,
        asks_for_rebirths: bool = True,
    ) -> None:
        self._session = session
        self._snapshot_from = snapshot_from
        self._snapshot_s = snapshot_s
        self._insists = insists
        self._asks_for_rebirths = asks_for_rebirths
        self._groups = groups
        self._told = told
        self._queries = queries
        self._clock = clock
        self._metrics = metrics
        self._core = core or HostSession()
        self._core.accelerate(compiled_walk())
        self._held: list[Message] | None = None
        self._meanwhile: Meanwhile | None = None
        self._is_overflown = False
        self._has_snapshot = False
        self._has_held_back = False
        self._joining = asyncio.Event()
        self._wanted: asyncio.Queue[RebirthWanted] = asyncio.Queue(1_000)
        self._log = get_logger(part="edge nodes")
        self._teller = Teller(self._log, metrics, is_over=lambda: self._is_overflown)
        self.before_first: Callable[[], Awaitable[None]] = _at_once
        self.before_snapshot: Callable[[], Awaitable[None]] = _at_once
        self.has_room: Callable[[], Awaitable[object]] = _at_once
        self.joined: Callable[[], None] = _nothing
        self.handed: Callable[[Collection[Quarantined]], None] = _unheeded
        for topic_filter in filters:
            session.route_batches(topic_filter, self._receive)
        session.join(self)

    # -- what is known, for others

    @property
    def is_joined(self) -> bool:
        """Whether what is known is up to date: there is a session, and nothing is held back."""
        return self._session.is_up and self._held is None

    @property
    def has_held_back(self) -> bool:
        """Whether anything came while this session joined; what of it a snapshot includes was not told, only the values it left behind."""
        return self._has_held_back

    @property
    def core(self) -> HostSession:
        """What was heard."""
        return self._core

    # -- the session's side

    async def connected(self) -> None:
        """Hold back what arrives until there is a snapshot."""
        self._held, self._is_overflown, self._has_snapshot, self._has_held_back = [], False, False, False
        self._take(self._core.disconnected(self._now_ms()))  # until what is held back has been handed on
        self._joining.set()

    def disconnected(self) -> None:
        """What is known may be old from now on."""
        self._held = None
        self._take(self._core.disconnected(self._now_ms()))

    def _receive(self, messages: Sequence[Message]) -> None:
        if self._is_overflown:
            return  # the session is about to end, and the next one begins with a snapshot
        if self._held is None:
            self._take(self._core.receive_batch(messages, self._now_ms()))
            if self._meanwhile is not None:
                self._meanwhile.take(messages)
        elif len(self._held) + len(messages) <= _HELD:
            self._held.extend(messages)
        else:
            self.overflow("held back")

    def overflow(self, queue: str) -> None:
        """Too much to keep: begin again from a snapshot instead of losing something in the middle."""
        self._metrics.overflows.labels(queue).inc()
        self._log.warning("edge_node_messages_overflow", queue=queue)
        self._is_overflown = True
        self._session.abort()

    async def _release(self) -> None:
        """Hand on what was held back as there is room, and behind it what comes meanwhile, until both have met."""
        while held := self._held:
            later: list[Message] = []
            self._held, self._has_held_back = later, True
            for part in turns(held):
                self._take(self._core.receive_batch(part, self._now_ms()))
                await asyncio.sleep(0)
                await self.has_room()
                if self._held is not later or self._is_overflown:
                    return  # the session has ended, or is about to
        self._held = None
        self._core.connected(self._now_ms())
        self.joined()

    def _take(self, events: Sequence[HostEvent], gone: Collection[Device] = frozenset()) -> None:
        for event in events:
            match event:
                case RebirthWanted() if self._may_ask:  # else it is wanted again while it is needed
                    self._wanted.put_nowait(event)
                case Rejected(reason=reason):
                    self._metrics.rejected.labels("machine payload", reason).inc()
        if events:
            self._teller.tell(events, lambda rest: self._told(rest, gone))

    @property
    def _may_ask(self) -> bool:
        """Whether a rebirth may be asked for: not before there is a snapshot, which spares the machines."""
        return self._asks_for_rebirths and self._has_snapshot and not self._wanted.full()

    # -- tasks

    async def run(self) -> None:
        """Listen until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._join(), name="snapshot")
            group.create_task(self._tick(), name="host timer")
            group.create_task(self._ask_for_rebirths(), name="rebirths")

    async def _join(self) -> None:
        """After each connect: a snapshot; until it comes, live births are all there is."""
        await self.before_first()
        while True:
            await self._joining.wait()
            self._joining.clear()
            await self.before_snapshot()
            while self._is_joining:
                try:
                    await self._restore()
                except (NoAnswer, NotConnected, QueryFailed, RemoteProtocolError) as error:
                    self._log.info("no_snapshot_yet", error=str(error))
                    if self._is_joining:
                        await self._release()
                    if not self._insists:
                        break
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_RETRY_S):
                            await self._joining.wait()
                else:
                    break

    @property
    def _is_joining(self) -> bool:
        """Whether the session for which a snapshot is asked is still the present one."""
        return self._session.is_up and not self._joining.is_set()

    async def _restore(self) -> None:
        with contextlib.suppress(TimeoutError):  # then asking says that there is no session
            async with asyncio.timeout(self._snapshot_s):
                await self._queries.can_ask()
        pages = self._queries.ask_pages(
            self._snapshot_from,
            "snapshot",
            {"groups": self._groups},
            timeout_s=self._snapshot_s,
            tries=1,
            later_tries=_PAGE_TRIES,
        )
        reader = SnapshotReader(self._is_online)  # after a restart of the broker most were born while it was asked for
        self._meanwhile = Meanwhile(_HELD) if self._held is None else None
        try:
            async with contextlib.aclosing(pages):
                async for rows in pages:
                    self._take_over(reader.take(rows), reader.quarantined)
            self._take_over(reader.rest(), reader.quarantined)
        finally:
            self._meanwhile = None
        self._has_snapshot = True
        await self._release()

    def _is_online(self, edge_node: EdgeNodeDescriptor) -> bool:
        return self._core.state(edge_node) is NodeState.ONLINE

    def _take_over(self, snapshots: Sequence[NodeSnapshot], quarantined: Collection[Quarantined]) -> None:
        if not self._is_joining:
            raise NotConnected("the broker session was lost before the snapshot was taken")
        if self._meanwhile is not None and self._meanwhile.is_overflown:
            raise QueryFailed("TooLate", "more came while the snapshot was on its way than can be kept")
        meanwhile = self._meanwhile.by_node if self._meanwhile is not None else None
        self.handed(quarantined)
        self._take(self._core.restore(snapshots, self._now_ms(), meanwhile=meanwhile), _gone(snapshots))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            self._take(self._core.tick(self._now_ms()))

    async def _ask_for_rebirths(self) -> None:
        while True:
            wanted = await self._wanted.get()
            node = wanted.edge_node
            args = {"group_id": node.group_id, "edge_node_id": node.edge_node_id, "reason": wanted.reason}
            try:
                await self._queries.ask(_REGISTRY, "rebirth", args, timeout_s=_SNAPSHOT_S, tries=1)
            except (NoAnswer, NotConnected, QueryFailed) as error:
                self._log.info("rebirth_not_asked", node=str(node), error=str(error))
                self._core.not_asked(node, self._now_ms())

    def _now_ms(self) -> int:
        return to_ms(self._clock.now())


def _gone(snapshots: Iterable[NodeSnapshot]) -> frozenset[Device]:
    """Return the nodes and devices that a snapshot knows not to be there."""
    gone: set[Device] = set()
    for snapshot in snapshots:
        if not snapshot.online:
            gone.add((snapshot.edge_node, None))
        gone.update((snapshot.edge_node, d.device_id) for d in snapshot.devices if not (d.alive and snapshot.online))
    return frozenset(gone)
