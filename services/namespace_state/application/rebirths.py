"""Who is asked for a rebirth, and when: once however many want it, spread over time, within a budget for the whole site.

The budget follows what the site can bear: as long as those who were asked are reborn, others are asked at once; where births do not come,
or come faster than they are taken in, one is asked after the other.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from itertools import islice

from namespace.runtime import Logger, NotConnected
from namespace.sparkplug import EdgeNodeDescriptor

_INTERVAL_S = (
    4.0  # less than a host waits before it repeats its wish, so that a lost request costs one interval and not two
)
_TURN_S = 0.05
_MOST_IN_A_TURN = 10
_OPEN = 40
"""How many may have been asked and not been reborn yet before no more than one a turn is asked."""

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
        self._open: dict[EdgeNodeDescriptor, float] = {}

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
        self._open.pop(node, None)

    def allowance(self, now_s: float) -> int:
        """Return how many may be asked now; who was asked an interval ago and was not reborn will hardly be any more."""
        while self._open and now_s - next(iter(self._open.values())) >= self._interval_s:
            del self._open[next(iter(self._open))]
        return max(1, min(_MOST_IN_A_TURN, _OPEN - len(self._open)))

    async def run(self) -> None:
        """Ask until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_TURN_S)
            now_s = loop.time()
            ripe = (node for node, (at, _) in self._due.items() if at <= now_s)
            for node in list(islice(ripe, self.allowance(now_s))):
                due = self._due.get(node)
                if due is None:
                    continue  # reborn while another was asked
                try:
                    await self._ask(node)
                except NotConnected:
                    break
                self._due.pop(node, None)
                self._open.pop(node, None)
                self._asked[node] = self._open[node] = loop.time()
                self._log.info("rebirth_asked", node=str(node), reason=due[1])
