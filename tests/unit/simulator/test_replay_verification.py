"""Reading the event log back: page by page, until its end has arrived, hash by hash."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from uuid import UUID, uuid5

import pytest

from namespace.contracts.event_log import GENESIS_HASH, EventRow, LogHead, LogPage, chain_hash
from namespace.contracts.event_wire import row_from_json
from services.simulator.application.verify import verify

from .test_replay_totals import ENTRIES, PLAN, events

EPOCH = UUID(int=1)


def rows() -> list[EventRow]:
    chained: list[EventRow] = []
    previous = GENESIS_HASH
    for event in events():
        document = {
            **event,
            "event_id": str(uuid5(EPOCH, event["event_id"])),
            "schema": f"{event['type']}/1",
            "recorded_at": event["occurred_at"],
            "scope": "Acme/JobShop",
            "hash": "",
        }
        row = row_from_json(document)
        previous = chain_hash(row, previous)
        chained.append(replace(row, hash=previous))
    return chained


def pages(log: Sequence[EventRow], *, size: int = 7, arrives_after: int = 0) -> Callable[[int], Awaitable[LogPage]]:
    """Answer like a log of which the last rows arrive only after some looks at its end."""
    looks = 0

    async def read(from_seq: int) -> LogPage:
        nonlocal looks
        there = log if looks >= arrives_after else log[:-3]
        chosen = tuple(there[from_seq - 1 : from_seq - 1 + size])
        through = chosen[-1].seq if chosen else len(there)
        looks += through >= len(there)
        return LogPage(log=LogHead(epoch=EPOCH, head=len(there)), rows=chosen, through=through)

    return read


async def test_a_whole_log_is_equal() -> None:
    found = await verify(ENTRIES, PLAN, pages(rows()))
    assert found.problems == []
    assert found.is_equal
    assert found.events == len(rows())


async def test_the_end_of_the_log_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.simulator.application.verify._LOOK_AGAIN_S", 0)
    assert (await verify(ENTRIES, PLAN, pages(rows(), arrives_after=3))).is_equal


async def test_a_log_whose_end_never_comes_is_not_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.simulator.application.verify._LOOK_AGAIN_S", 0)
    found = await verify(ENTRIES, PLAN, pages(rows()[:-1]))
    assert not found.is_equal
    assert found.differences


async def test_a_row_that_was_changed_afterwards_breaks_the_chain() -> None:
    log = rows()
    log[4] = replace(log[4], actor="somebody else")
    found = await verify(ENTRIES, PLAN, pages(log))
    assert found.problems == ["the hash of event 5 does not follow from the row and the one before it"]
    assert not found.is_equal
