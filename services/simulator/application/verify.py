"""Holding the event log of `work_order` against the log that was replayed.

Reads the whole event log page by page, checks its sequence and its chain of hashes, and adds up what it says. Nothing else is asked:
the event log alone has to know.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from namespace.contracts.event_log import GENESIS_HASH, EventRow, LogPage, chain_hash
from namespace.contracts.event_wire import row_to_json
from services.simulator.domain.replay import ReplayPlan
from services.simulator.domain.shop_log import LogEntry
from services.simulator.domain.totals import EventLogReader, Totals, differences, expected_totals

ReadPage = Callable[[int], Awaitable[LogPage]]
"""Reads a page of the event log from a sequence number on."""

_LOOK_AGAIN_S = 0.1
_LOOKS = 100


@dataclass(frozen=True, slots=True)
class Verification:
    """What came out.

    Attributes:
        events: Events in the log.
        expected: What the replayed log adds up to.
        found: What the event log adds up to.
        problems: Holes, repetitions, broken hashes, work without an end.
        differences: Figures that differ.
    """

    events: int
    expected: Totals
    found: Totals
    problems: Sequence[str]
    differences: Sequence[str]

    @property
    def is_equal(self) -> bool:
        """Whether the event log is whole and adds up to the same, to the second."""
        return not self.problems and not self.differences


async def verify(entries: Sequence[LogEntry], plan: ReplayPlan, read_page: ReadPage) -> Verification:
    """Compare the event log with the log that was replayed.

    What was answered a moment ago may still be on its way into the log, so its end is looked at again for some seconds until every job
    order has ended.

    Args:
        entries: The activities of the log.
        plan: The plan of its replay.
        read_page: Reads the event log of `work_order`.
    """
    reader = EventLogReader(subjects=plan.subjects)
    problems: list[str] = []
    previous = GENESIS_HASH
    next_seq = 1
    looks = 0
    while True:
        page = await read_page(next_seq)
        for row in page.rows:
            problems.extend(_broken(row, previous))
            previous = row.hash
        reader.read(row_to_json(row) for row in page.rows)
        next_seq = max(next_seq, page.through + 1)
        if page.is_last:
            looks += 1
            if reader.ended >= plan.job_orders or looks == _LOOKS:
                break
            await asyncio.sleep(_LOOK_AGAIN_S)
    found = reader.totals()
    expected = expected_totals(entries, plan.work_centers)
    return Verification(
        events=reader.events,
        expected=expected,
        found=found,
        problems=[*problems, *reader.problems],
        differences=differences(expected, found),
    )


def _broken(row: EventRow, previous: str) -> list[str]:
    if row.hash == chain_hash(row, previous):
        return []
    return [f"the hash of event {row.seq} does not follow from the row and the one before it"]
