"""The load generator: every edge node of a plan in one event loop, paced, cut and reconnected as told.

It has a handful of tasks whatever the number of edge nodes: some that open connections, one that looks after them. What was said can be
read at any time in `truth`, exactly.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from namespace.transport import BrokerUrl, ConnectRefused
from namespace.transport.broker_url import refuse_plaintext_beyond_loopback
from services.simulator.adapters.load.node import LoadNode
from services.simulator.adapters.load.templates import LoadForms
from services.simulator.adapters.load.terms import NodeCounts, Phase, Terms
from services.simulator.domain.load import LoadPlan, LoadTruth

_CONNECTORS = 32
_TICK_S = 0.001
_CARE_S = 0.02
_MOST_IN_A_TURN = 500
_RECONNECT_S = (0.05, 0.5)
_LEAVE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """How the edge nodes of a load behave.

    Attributes:
        keepalive_s: MQTT keep-alive, seconds.
        primary_host_id: Births wait until this host application is online, and nodes leave when it goes; None for nobody.
        resend_window_s: Store and forward: readings go on being taken while a node is away; after each reconnect they, and what was sent
            in the window before the loss, are said again as history. None: a node that is away takes no readings.
        resend_rate: Messages of the past per second, all nodes together.
        verify: TLS: whom to trust, for `mqtts`.
    """

    keepalive_s: int = 30
    primary_host_id: str | None = None
    resend_window_s: float | None = None
    resend_rate: float = 5000.0
    verify: ssl.SSLContext | None = None


class LoadGenerator:
    """A load of edge nodes at one broker.

    Args:
        plan: How many, and what they say.
        url: The broker, with an account that may act as every edge node of the group.
        options: How they behave.
        now_ms: The clock of the readings, milliseconds since the epoch.

    Raises:
        BrokerUrlError: The broker is on another machine and the way there not encrypted.
    """

    def __init__(
        self,
        plan: LoadPlan,
        url: BrokerUrl,
        options: LoadOptions | None = None,
        *,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        refuse_plaintext_beyond_loopback(url)
        options = options or LoadOptions()
        self.plan = plan
        self.truth = LoadTruth(plan)
        self.skipped = 0
        """Messages that fell out because their node was away or the broker did not keep up (without store and forward)."""
        self._options = options
        self._url = url
        self._now_ms = now_ms
        window_s = options.resend_window_s
        terms = Terms(
            url=url,
            forms=LoadForms(plan),
            truth=self.truth,
            now_ms=now_ms,
            keepalive_s=options.keepalive_s,
            primary_host_id=options.primary_host_id,
            resend_ms=None if window_s is None else int(window_s * 1000),
            owner=self,
        )
        bd_seq = now_ms() // 1000 % 256
        self.nodes = tuple(LoadNode(terms, index, bd_seq) for index in range(plan.nodes))
        self._order = plan.order()
        self._random = random.Random(plan.seed)
        self._to_connect: asyncio.Queue[LoadNode] = asyncio.Queue()
        self._refusal: ConnectRefused | None = None
        self._problem = "none was tried"
        self._tls = (options.verify or ssl.create_default_context()) if url.tls else None
        self._is_running = False

    # --- the owner of the nodes

    def gone(self, index: int) -> None:
        """Connect a node again after a moment, if it is wanted."""
        node = self.nodes[index]
        if node.wanted and self._is_running:
            delay_s = self._random.uniform(*_RECONNECT_S)
            asyncio.get_running_loop().call_later(delay_s, self._queue, node)

    def _queue(self, node: LoadNode) -> None:
        if node.wanted and self._is_running and node.phase is Phase.AWAY:
            self._to_connect.put_nowait(node)

    def refused(self, code: int) -> None:
        """Remember why the broker does not let us in."""
        error = ConnectRefused(str(self._url), self._url.username, code)
        self._problem = str(error)
        if not error.transient:
            self._refusal = error

    # --- the run

    @asynccontextmanager
    async def running(self, *, timeout_s: float = 60.0) -> AsyncIterator[LoadGenerator]:
        """Bring all edge nodes to life; at the end each says goodbye in order.

        Args:
            timeout_s: Longest wait for the births.

        Raises:
            ConnectRefused: The broker does not let us in.
            TimeoutError: Not all were born in time.
        """
        self._is_running = True
        self.truth.begin(self._now_ms())
        tasks = [asyncio.create_task(self._connect(), name=f"load connector {n}") for n in range(_CONNECTORS)]
        tasks.append(asyncio.create_task(self._care(), name="load care"))
        try:
            for node in self.nodes:
                self._queue(node)
            await self.born(timeout_s=timeout_s)
            yield self
            await self._leave()
        finally:
            self._is_running = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for node in self.nodes:
                node.cut()

    async def speak(self, rate: float | None, *, duration_s: float, messages: int | None = None) -> None:
        """Publish data, evenly over the edge nodes, until time or number are used up.

        Args:
            rate: Data messages a second, all nodes together, what falls out among them; None for as fast as the broker takes them.
            duration_s: Longest time, seconds.
            messages: How many messages at most, without what falls out.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        turns = said = 0
        while messages is None or said < messages:
            elapsed_s = min(loop.time() - began, duration_s)
            due = _MOST_IN_A_TURN if rate is None else min(int(rate * elapsed_s) - turns, _MOST_IN_A_TURN)
            if messages is not None:
                due = min(due, messages - said)
            now_said = sum(self._speak(*next(self._order)) for _ in range(due))
            turns += due
            said += now_said
            if elapsed_s == duration_s:
                return
            await asyncio.sleep(0 if now_said == _MOST_IN_A_TURN else _TICK_S)

    def _speak(self, node_index: int, place: int, block: int) -> bool:
        node = self.nodes[node_index]
        can_speak = node.phase is Phase.BORN and not node.choked
        if not can_speak and self._options.resend_window_s is None:
            self.skipped += 1
            return False
        number, at_ms = self.truth.take(self.plan.slot(node_index, place, block), self._now_ms())
        if can_speak:
            node.speak(place, block, number, at_ms)
        else:
            node.missed(at_ms)
        return True

    def rebirth(self, nodes: Iterable[int] | None = None) -> None:
        """Let edge nodes (by index; all unless given) say everything again, at once."""
        for node in self._chosen(nodes):
            node.rebirth()

    def cut(self, nodes: Iterable[int] | None = None, *, stay_away: bool = False) -> None:
        """Break connections without a DISCONNECT.

        Args:
            nodes: Which edge nodes, by index; all unless given.
            stay_away: Do not connect again before `reconnect`.
        """
        for node in self._chosen(nodes):
            node.wanted = not stay_away
            node.cut()

    def reconnect(self, nodes: Iterable[int] | None = None) -> None:
        """Let edge nodes that were told to stay away connect again."""
        for node in self._chosen(nodes):
            if not node.wanted:
                node.wanted = True
                self._queue(node)

    def _chosen(self, nodes: Iterable[int] | None) -> Sequence[LoadNode]:
        return self.nodes if nodes is None else [self.nodes[index] for index in nodes]

    # --- waiting

    async def born(self, *, timeout_s: float = 60.0) -> None:
        """Return once every edge node that is wanted is born.

        Raises:
            ConnectRefused: The broker does not let us in.
            TimeoutError: Not all were in time; the text says how many, and what was wrong last.
        """
        await self._until(lambda: self.away == 0, timeout_s, "born")

    async def settled(self, *, timeout_s: float = 60.0) -> None:
        """Return once every wanted edge node is born and has said again what was doubtful, and all bytes are with the kernel.

        Raises:
            ConnectRefused: The broker does not let us in.
            TimeoutError: Not all were in time.
        """
        await self._until(lambda: all(node.is_settled for node in self.nodes if node.wanted), timeout_s, "settled")

    async def _until(self, condition: Callable[[], bool], timeout_s: float, what: str) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not condition():
                    if self._refusal is not None:
                        raise self._refusal
                    await asyncio.sleep(_CARE_S)
                return
        raise TimeoutError(
            f"after {timeout_s:g} s not all of {self.plan.nodes} edge nodes are {what}, {self.away} are not born; "
            f"last problem: {self._problem}"
        )

    @property
    def away(self) -> int:
        """How many wanted edge nodes are not born at present."""
        return sum(node.wanted and node.phase is not Phase.BORN for node in self.nodes)

    @property
    def counts(self) -> NodeCounts:
        """What all edge nodes did, together."""
        return NodeCounts.total(node.counts for node in self.nodes)

    # --- tasks

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            node = await self._to_connect.get()
            if not node.wanted or node.phase is not Phase.AWAY:
                continue
            try:
                await loop.create_connection(lambda node=node: node, self._url.host, self._url.port, ssl=self._tls)
            except OSError as error:
                self._problem = f"{self._url}: {error}"
                self.gone(node.index)

    async def _care(self) -> None:
        loop = asyncio.get_running_loop()
        looked_s = said_s = loop.time()
        budget = 0.0
        while True:
            await asyncio.sleep(_CARE_S)
            now_s = loop.time()
            budget = min(budget + (now_s - said_s) * self._options.resend_rate, self._options.resend_rate)
            said_s = now_s
            for node in self.nodes:
                if node.owes and budget >= 1:
                    budget -= node.repeat(int(budget))
            if now_s - looked_s >= 1:
                looked_s = now_s
                for node in self.nodes:
                    node.look_after(self._now_ms())

    async def _leave(self) -> None:
        for node in self.nodes:
            node.wanted = False
            node.leave()
        with contextlib.suppress(TimeoutError):
            await self._until(lambda: all(node.phase is Phase.AWAY for node in self.nodes), _LEAVE_S, "gone")
