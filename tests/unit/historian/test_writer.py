"""The writer under those who wait for it: asking whether everything is written must not keep it from being written."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from namespace.runtime import get_logger
from services.historian.application.writer import Writer
from services.historian.domain.batch import Batch
from services.historian.domain.tag import TagKey, Tags
from services.historian.ports import Written


class Source:
    """Stands for the recorder: one sample every time somebody looks whether there is one."""

    def __init__(self) -> None:
        self.batch = Batch()
        self.tag = Tags().get(TagKey("g", "n", "d", "m", 4))
        self.heard = 0

    def hear(self) -> None:
        self.heard += 1
        self.batch.add(self.tag, self.heard, self.heard, self.heard, quality=192, mark=0, is_doubtful=False)

    def take(self) -> Batch:
        taken, self.batch = self.batch, Batch()
        return taken


class Stuck:
    """A journal whose first write never ends."""

    async def write(self, _batch: Batch) -> Any:
        await asyncio.Event().wait()


class Shelf:
    """A spool in memory that counts what was put there."""

    limit_bytes = 1 << 30
    size_bytes = 0

    def __init__(self) -> None:
        self.batches: deque[Batch] = deque()

    @property
    def is_empty(self) -> bool:
        return not self.batches

    async def put(self, batch: Batch) -> None:
        self.batches.append(batch)

    async def first(self) -> Batch | None:
        return self.batches[0] if self.batches else None

    async def done(self) -> None:
        self.batches.popleft()


async def test_asking_while_there_is_a_backlog_does_not_cut_it_into_many_small_batches() -> None:
    source, shelf = Source(), Shelf()
    source.hear()
    shelf.batches.append(source.take())
    parts: Any = (source, Stuck(), shelf)
    writer = Writer(*parts, now_ms=lambda: 0, log=get_logger(), room_changed=lambda _: None)

    async def hear() -> None:
        while True:
            source.hear()
            writer.heard()
            await asyncio.sleep(0.001)

    tasks = [asyncio.create_task(writer.run()), asyncio.create_task(hear())]
    try:
        assert not await writer.settled(1.3), "the backlog is not written"
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert source.heard > 100
    assert len(shelf.batches) <= 9  # one every 0.2 s; asking made it one every 0.03 s


class Slow:
    """A journal that takes its time, and says who is in it."""

    def __init__(self) -> None:
        self.inside = self.most = 0
        self.times: list[list[int]] = []
        self.go_on = asyncio.Event()

    async def write(self, batch: Batch) -> Written:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.go_on.wait()
        self.times.append(list(batch.fresh.at_ms))
        self.inside -= 1
        return Written(batch.samples, 0, 0, 0)


async def test_what_is_left_at_the_end_is_written_behind_what_is_being_written_then() -> None:
    source, journal = Source(), Slow()
    parts: Any = (source, journal, Shelf())
    writer = Writer(*parts, now_ms=lambda: 0, log=get_logger(), room_changed=lambda _: None)
    running = asyncio.create_task(writer.run())
    source.hear()
    writer.heard()
    while not journal.inside:
        await asyncio.sleep(0.01)
    source.hear()
    ending = asyncio.create_task(writer.finish())
    await asyncio.sleep(0)
    journal.go_on.set()
    await ending
    running.cancel()
    assert (journal.times, journal.most) == ([[1], [2]], 1)
