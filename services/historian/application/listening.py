"""When the historian is there for the edge nodes, and what is known to be missing when it was not.

STATE is online exactly while what is sent is both heard and kept: the broker session stands, and there is room in the database or on the
disk. That the database is away for a while is no reason to hold anybody back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from namespace.runtime import EdgeNodeListener, Logger, PrimaryHost, Session
from services.historian.application.recorder import Recorder
from services.historian.application.writer import Writer
from services.historian.domain.batch import Gap

_DOWN_MS = 5_000
"""The historian notes that it is alive every few seconds; less than this says nothing."""
_AHEAD_S = 3_600.0


class Listening:
    """Keeps the session on which everything is heard, and STATE with it.

    Args:
        session: Where everything is heard.
        listener: Hears it.
        host: STATE.
        recorder: Told of gaps.
        writer: Knows whether there is room.
        alive_ms: Reads when the historian was last alive, ms since the epoch.
        prepare: Makes the partitions that will be needed.
        now_ms: Our clock, ms since the epoch.
        log: For people.
    """

    def __init__(
        self,
        session: Session,
        listener: EdgeNodeListener,
        host: PrimaryHost,
        recorder: Recorder,
        writer: Writer,
        *,
        alive_ms: Callable[[], Awaitable[int | None]],
        prepare: Callable[[], Awaitable[None]],
        now_ms: Callable[[], int],
        log: Logger,
    ) -> None:
        self._session = session
        self._listener = listener
        self._host = host
        self._recorder = recorder
        self._writer = writer
        self._alive_ms = alive_ms
        self._prepare = prepare
        self._now_ms = now_ms
        self._log = log
        self._deaf_since_ms: int | None = None
        self._reason = "down"
        self._is_leaving = False
        session.join(self)

    # -- the session's side

    async def connected(self) -> None:
        """What is sent from now on is heard."""
        self._end_gap()
        self.look()

    def disconnected(self) -> None:
        """Nothing is heard until there is a session again."""
        if not self._is_leaving:  # else the next start tells for how long there was nobody
            self._deaf_since_ms, self._reason = self._now_ms(), "connection_lost"
            self._recorder.gap(Gap(self._reason, self._deaf_since_ms))
            self._writer.heard()
        self._host.want(online=False)

    def look(self) -> None:
        """Have edge nodes send or hold back."""
        self._host.want(online=self._session.is_up and self._writer.has_room)

    def _end_gap(self) -> None:
        since_ms, self._deaf_since_ms = self._deaf_since_ms, None
        if since_ms is not None:
            self._recorder.gap(Gap(self._reason, since_ms, self._now_ms()))
            self._writer.heard()

    # -- the process's side

    async def start(self) -> None:
        """Note for how long the historian was not there."""
        await self._prepare()
        alive_ms = await self._alive_ms()
        if alive_ms is not None and self._now_ms() - alive_ms > _DOWN_MS:
            self._deaf_since_ms = alive_ms
            self._log.info("was_down", seconds=(self._now_ms() - alive_ms) / 1000)

    async def stop(self) -> None:
        """Have edge nodes hold back first, then hear what was on its way, then keep it."""
        await self._host.farewell()
        self._is_leaving = True
        await self._session.leave()
        await self._writer.finish()

    async def run(self) -> None:
        """Listen until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._session.run(), name="journal session")
            group.create_task(self._listener.run(), name="edge node listener")
            group.create_task(self._look_ahead(), name="partitions ahead")

    async def _look_ahead(self) -> None:
        while True:
            await asyncio.sleep(_AHEAD_S)
            await self._prepare()
