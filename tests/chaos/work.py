"""A site at work: every work center busy with job orders, every meter reporting, and how to tell that the site is whole again."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from namespace.runtime import SiteClient
from namespace.servers import readiness
from namespace.store import DatabaseUnavailable
from namespace.testing.chaos.fault import Round
from namespace.testing.chaos.injector import Injector
from namespace.testing.site import RunningSite, eventually
from tests.chaos.counts import Counts
from tests.chaos.intervals import last_changes, told_until
from tests.chaos.orders import LANES, Orders
from tests.chaos.outcome import said
from tests.chaos.readings import Meters, arrived
from tests.chaos.tables import Tables, followings

PATIENCE_S = 600.0
_FAR_BEHIND = 1_000


class Work:
    """A site at work."""

    def __init__(
        self,
        site: RunningSite,
        injector: Injector,
        tables: Tables,
        client: SiteClient,
        meters: Meters,
        counts: Counts,
        orders: Orders,
    ) -> None:
        self._site = site
        self._meters = meters
        self._counts = counts
        self._injector = injector
        self._tables = tables
        self._client = client
        self._latest: Round = ()
        self._not_ready = ""
        self.waited = ""
        self.orders = orders

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Keep every work center busy while the context is open; return when all begun work is done."""
        enough = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for lane in range(LANES):
                group.create_task(self.orders.lane(self._client, lane, enough), name=f"lane {lane}")
            holding_back = group.create_task(self._hold_back())
            yield
            holding_back.cancel()
            self.orders.may_go_on.set()
            enough.set()
        self._meters.enough()

    async def _hold_back(self) -> None:
        """Let work centers wait while a follower is far behind: the site is asked for what it can do, not for more and more."""
        while True:
            with contextlib.suppress(DatabaseUnavailable):
                behind = [
                    await self._tables.head(producer) - await self._tables.cursor(consumer, producer)
                    for producer, consumer in followings()
                ]
                if max(behind) > _FAR_BEHIND:
                    self.orders.may_go_on.clear()
                else:
                    self.orders.may_go_on.set()
            await asyncio.sleep(0.5)

    async def advanced(self, commands: int) -> None:
        """Wait until so many further commands are answered."""
        goal = len(self.orders.commands) + commands

        async def reached() -> bool:
            return len(self.orders.commands) >= goal

        await self._until(reached, f"{commands} commands answered")

    async def disturbed(self, faults: Round) -> float:
        """Let faults happen; return the seconds from their end until the site is whole again."""
        self._latest = faults
        await self._injector.round(faults)
        over_s = time.monotonic()
        await self.whole()
        return time.monotonic() - over_s

    async def whole(self) -> None:
        """Wait until a new command is answered, every service is ready, and everything said before is applied by its followers."""
        asked = asyncio.create_task(self.orders.one(self._client))

        async def answered() -> bool:
            return asked.done()

        waits = [await self._waited(answered, "a command answered")]
        await asked
        waits.append(await self._waited(self._all_ready, "every service ready"))
        heads = [(producer, consumer, await self._tables.head(producer)) for producer, consumer in followings()]
        for producer, consumer, head in heads:

            async def applied(producer: str = producer, consumer: str = consumer, head: int = head) -> bool:
                return await self._tables.cursor(consumer, producer) >= head

            waits.append(await self._waited(applied, f"event {head} of {producer} applied by {consumer}"))
        self.waited = ", ".join(waits) + self._not_ready
        self._not_ready = ""

    async def _waited(self, probe: Callable[[], Awaitable[bool]], what: str) -> str:
        began_s = time.monotonic()
        await self._until(probe, what)
        return f"{what} in {time.monotonic() - began_s:.1f} s"

    async def at_rest(self) -> None:
        """Wait until every event that must be there is there, and was applied by every follower."""

        async def rests() -> bool:
            return await self._tables.head("work_order") >= self.orders.total and await self._tables.rests()

        await self._until(rests, f"{self.orders.total} events applied")
        kept = self._meters.count()

        async def journaled() -> bool:
            return await arrived(self._tables) >= kept

        await self._until(journaled, f"{kept} readings in the journal", every_s=1.0)

        def missing() -> list[str]:
            return self._counts.differences(self._meters.counted())

        async def shown() -> bool:
            return not missing()

        try:
            await self._until(shown, "every unit counted by oee", every_s=0.5)
        except AssertionError as error:
            raise AssertionError("\n".join((*missing(), str(error)))) from None
        changed = await last_changes(self._tables, self._meters.nodes)

        async def told() -> bool:
            until_ms = await told_until(self._tables)
            return all(until_ms.get(place, 0) >= at_ms for place, at_ms in changed.items())

        await self._until(told, "every change of a machine's state told by oee", every_s=0.5)
        await self._until(rests, "what came late applied")

    async def _until(self, probe: Callable[[], Awaitable[bool]], what: str, *, every_s: float = 0.05) -> None:
        await eventually(
            probe,
            within_s=PATIENCE_S,
            every_s=every_s,
            what=lambda: f"{what} after {said(self._latest)} (seed {self.orders.seed})\n{self._site.standing()}",
        )

    async def _all_ready(self) -> bool:
        services = self._site.state().services
        answers = await asyncio.gather(*(asyncio.to_thread(readiness.ask, each.health_port) for each in services))
        if waiting := [
            f"{service.name}: {', '.join(answer.reasons)}"
            for service, answer in zip(services, answers, strict=True)
            if not answer.ready
        ]:
            self._not_ready = f" ({'; '.join(waiting)})"
        return not waiting
