"""Samples of output counters are held until they are applied, and nothing else is."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Sequence

import pytest

from namespace.isa95 import EquipmentPath
from services.work_order.adapters.counter_feed import CounterFeed
from services.work_order.domain.counters import Counter
from services.work_order.domain.machine import MachineState
from services.work_order.ports import CounterSample, Sample, StateSample
from tests.unit.work_order.orders import LINE, at

PACKER = LINE.child("Packer")
COUNTERS = {(PACKER, "Admin/ProdProcessedCount"): (LINE, Counter.PROCESSED)}


def values(samples: Sequence[Sample]) -> list[int]:
    """Return the counts among samples."""
    return [sample.position.value for sample in samples if isinstance(sample, CounterSample)]


class Applied:
    """Takes samples, as often as it is told to refuse later than sooner."""

    def __init__(self, refusals: int = 0) -> None:
        self.batches: list[list[int]] = []
        self.enough = asyncio.Event()
        self._refusals = refusals

    async def __call__(self, place: EquipmentPath, samples: Sequence[Sample]) -> bool:
        self.batches.append(values(samples))
        if self._refusals:
            self._refusals -= 1
            return False
        self.enough.set()
        return True


def observe(
    feed: CounterFeed,
    value: object,
    minute: float = 0,
    metric: str = "Admin/ProdProcessedCount",
    *,
    birth: bool = False,
    historical: bool = False,
) -> None:
    feed.observe(PACKER, metric, value, at(minute), birth=birth, historical=historical)


async def run_until_applied(feed: CounterFeed, applied: Applied) -> None:
    task = asyncio.create_task(feed.run())
    async with asyncio.timeout(5):
        await applied.enough.wait()
        while feed.uncounted(LINE):
            await asyncio.sleep(0)
    task.cancel()


async def test_samples_are_applied_together_in_order_of_their_source_time() -> None:
    applied = Applied()
    feed = CounterFeed(COUNTERS, applied, pause_s=0)
    for value, minute in [(1, 1), (3, 3), (2, 2)]:
        observe(feed, value, minute)
    await run_until_applied(feed, applied)
    assert applied.batches == [[1, 2, 3]]


async def test_samples_are_offered_again_until_they_are_applied() -> None:
    applied = Applied(refusals=2)
    feed = CounterFeed(COUNTERS, applied, pause_s=0)
    observe(feed, 1)
    await run_until_applied(feed, applied)
    assert applied.batches == [[1], [1], [1]]


async def test_what_arrives_while_others_are_applied_is_kept() -> None:
    feed: CounterFeed

    class Slow(Applied):
        async def __call__(self, place: EquipmentPath, samples: Sequence[Sample]) -> bool:
            if not self.batches:
                observe(feed, 2, 2)
            return await super().__call__(place, samples)

    applied = Slow()
    feed = CounterFeed(COUNTERS, applied, pause_s=0)
    observe(feed, 1, 1)
    await run_until_applied(feed, applied)
    assert applied.batches == [[1], [2]]


@contextlib.asynccontextmanager
async def working(feed: CounterFeed) -> AsyncIterator[None]:
    task = asyncio.create_task(feed.run())
    yield
    task.cancel()


async def turns(number: int = 20) -> None:
    """Let the feed have its turn, some times."""
    for _ in range(number):
        await asyncio.sleep(0)


async def test_a_birth_is_applied_after_the_history_that_its_source_has_to_send() -> None:
    applied = Applied()
    feed = CounterFeed(COUNTERS, applied, pause_s=0, quiet_s=1000)
    async with working(feed):
        feed.expect_history(PACKER, 3)
        observe(feed, 50, 5, birth=True)
        observe(feed, 60, 6)
        await turns()
        assert applied.batches == [], "nothing of the history has come"
        observe(feed, 20, 2, historical=True)
        observe(feed, 30, 3, historical=True)
        await turns()
        assert [value for batch in applied.batches for value in batch] == [20, 30]
        observe(feed, 40, 4, historical=True)
        feed.expect_history(PACKER, 0)
        await turns()
        assert [value for batch in applied.batches for value in batch] == [20, 30, 40, 50, 60]
        await feed.settled()
        observe(feed, 70, 7, birth=True)
        await turns()
        assert applied.batches[-1] == [70], "its source has nothing more to send"


async def test_what_is_applied_before_its_turn_does_not_settle_what_waits() -> None:
    applied = Applied()
    feed = CounterFeed(COUNTERS, applied, pause_s=0, quiet_s=1000)
    async with working(feed):
        feed.expect_history(PACKER, 1)
        observe(feed, 50, 5, birth=True)
        observe(feed, 20, 2, historical=True)
        settled = asyncio.create_task(feed.settled())
        await turns()
        assert applied.batches == [[20]]
        assert not settled.done()
        feed.expect_history(PACKER, 0)
        await asyncio.wait_for(settled, 5)


@pytest.mark.parametrize("waiting", [None, 9], ids=["says nothing", "says so and sends none"])
async def test_a_source_that_sends_no_history_is_not_waited_for_for_ever(waiting: int | None) -> None:
    applied = Applied()
    feed = CounterFeed(COUNTERS, applied, pause_s=0, quiet_s=0.05)
    feed.expect_history(PACKER, waiting)
    observe(feed, 50, 5, birth=True)
    await run_until_applied(feed, applied)
    assert applied.batches == [[50]]


@pytest.mark.parametrize("value", [None, True, "12", -1, math.nan, math.inf])
async def test_what_is_no_count_is_not_held(value: object) -> None:
    feed = CounterFeed(COUNTERS, Applied())
    observe(feed, value)
    assert not feed.uncounted(LINE)


async def test_other_metrics_and_units_are_not_held() -> None:
    feed = CounterFeed(COUNTERS, Applied())
    observe(feed, 1, metric="Process/Temperature")
    feed.observe(LINE.child("Filler"), "Admin/ProdProcessedCount", 1, at(0), birth=False)
    assert not feed.uncounted(LINE)


async def test_the_oldest_go_when_too_many_are_held() -> None:
    feed = CounterFeed(COUNTERS, Applied())
    for value in range(5_010):
        observe(feed, value, value)
    held = values(feed.uncounted(LINE))
    assert (len(held), held[0], held[-1]) == (5_000, 10, 5_009)


async def test_states_and_counts_are_held_in_one_order_of_time() -> None:
    feed = CounterFeed(COUNTERS, Applied(), machines={(PACKER, "Status/StateCurrent"): LINE})
    observe(feed, 7, 3)
    observe(feed, 6, 2, metric="Status/StateCurrent")
    observe(feed, 17, 4, metric="Status/StateCurrent")
    first, second, third = feed.uncounted(LINE)
    assert (first, third) == (StateSample(MachineState.EXECUTES, at(2)), StateSample(MachineState.COMPLETE, at(4)))
    assert values([second]) == [7]
