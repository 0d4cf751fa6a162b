"""Who is asked for a rebirth, and when: once however many want it, spread over time, within a budget for the whole site."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from namespace.runtime import Logger, NotConnected
from namespace.sparkplug import EdgeNodeDescriptor

_INTERVAL_S = (
    4.0  # less than a host waits before it repeats its wish, so that a lost request costs one interval and not two
)
_PER_SECOND = 20
_WAITING = 20_000


class RebirthDesk:
    """Collects wishes for rebirths and puts them, coalesced.

    Args:
        ask: Sends the request to an edge node.
        log: For what was asked and why.
        interval_s: Least seconds between two requests to one node.
        source: Where jitter comes from.
    """

    def __init__(
        self,
        ask: Callable[[EdgeNodeDescriptor], Awaitable[None]],
        log: Logger,
        *,
        interval_s: float = _INTERVAL_S,
        source: random.Random | None = None,
    ) -> None:
        self._ask = ask
        self._log = log
        self._interval_s = interval_s
        self._source = source or random.Random()  # noqa: S311 - jitter, no secret
        self._due: dict[EdgeNodeDescriptor, tuple[float, str]] = {}
        self._asked: dict[EdgeNodeDescriptor, float] = {}

    def want(self, node: EdgeNodeDescriptor, reason: str, *, within_s: float = 0.0) -> bool:
        """Note that a rebirth of `node` is wanted.

        Args:
            node: The edge node.
            reason: Why, for the log.
            within_s: Spread the request over this many seconds.

        Returns:
            Whether this wish leads to a request of its own; False where one is under way already.
        """
        now_s = asyncio.get_running_loop().time()
        if node in self._due or len(self._due) >= _WAITING:
            return False
        if now_s - self._asked.get(node, -self._interval_s) < self._interval_s:
            return False
        self._due[node] = (now_s + self._source.uniform(0, within_s), reason)
        return True

    def born(self, node: EdgeNodeDescriptor) -> None:
        """Drop a wish that somebody else's request, or the node itself, has fulfilled."""
        self._due.pop(node, None)

    async def run(self) -> None:
        """Ask until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(1 / _PER_SECOND)
            ripe = [node for node, (at, _) in self._due.items() if at <= loop.time()]
            if not ripe:
                continue
            node = ripe[0]
            _, reason = self._due[node]
            try:
                await self._ask(node)
            except NotConnected:
                continue
            self._due.pop(node, None)
            self._asked[node] = loop.time()
            self._log.info("rebirth_asked", node=str(node), reason=reason)
