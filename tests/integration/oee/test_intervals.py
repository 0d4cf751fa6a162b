"""Intervals, timelines and waterfalls as the service answers them, over shifts of ups and downs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from namespace.contracts.command import Command
from namespace.contracts.oee_arguments import (
    ClassifyStop,
    IntervalArgs,
    IntervalsArgs,
    KpiFiguresArgs,
    KpiRevisionsArgs,
    LossArgs,
    ShiftsArgs,
    TimelineArgs,
    WaterfallArgs,
)
from namespace.isa95 import EquipmentPath
from namespace.runtime import QueryFailed, from_ms, to_ms
from namespace.store import migrate
from namespace.testing.servers import NewDatabase
from services.oee.adapters.intervals import Intervals
from services.oee.adapters.reading import Reading
from services.oee.adapters.retention import DAY_MS
from services.oee.adapters.words import Words
from services.oee.application.timeline import strokes
from tests.integration.oee.test_keeper import (
    DAY_BEGINS,
    FILLER,
    LINE,
    PACKER,
    REASONS,
    World,
    a_day,
    count,
    online,
    state,
)
from tests.integration.store.flaky import Flaky
from tests.unit.runtime.support import SITE, small_site

TWO_DAYS: dict[str, Any] = {"since": DAY_BEGINS - timedelta(days=1), "until": DAY_BEGINS + timedelta(days=1)}


@pytest.fixture
async def lively(new_database: NewDatabase) -> AsyncIterator[World]:
    """A line whose packer had a day shift of ups and downs, which is final, and a night shift that goes on."""
    place = await new_database("oee")
    database = await Flaky.open(place.dsn, schema=place.schema)
    await migrate(database, "services.oee.adapters")
    made = World(database, small_site(SITE + REASONS))
    await made.start()
    for at, news in a_day(3):
        await made.at(at, *news)
    await made.at(740, online(735, FILLER), state(735, 6, place=FILLER), count(736, 5, place=FILLER, birth=True))
    await made.at(900, state(800, 9), state(820, 6), state(850, 5))
    yield made
    await database.close()


def asking(world: World) -> Intervals:
    return Intervals(world.database, world.units, world.site)


async def all_pages(ask: Any, make: Any) -> list[Any]:
    rows, cursor = [], None
    while True:
        page = await ask(make(cursor))
        rows += page.data
        if page.next is None:
            return rows
        assert page.next != cursor
        cursor = page.next


async def drawn(world: World, resolution_ms: int, limit: int = 1000, **more: Any) -> dict[str, list[Any]]:
    """The rows of a timeline by unit, however many pages that takes."""
    pages = await all_pages(
        asking(world).timeline,
        lambda cursor: TimelineArgs(
            place=str(LINE), resolution_ms=resolution_ms, limit=limit, cursor=cursor, **{**TWO_DAYS, **more}
        ),
    )
    found: dict[str, list[Any]] = {}
    for page in pages:
        found.setdefault(page["unit"], []).extend(page["rows"])
    return found


@pytest.mark.parametrize("resolution_ms", [0, 60_000, 1_800_000, 7_200_000])
@pytest.mark.parametrize("limit", [1, 7, 1000])
async def test_a_timeline_loses_no_millisecond_at_any_resolution_and_page_size(
    lively: World, resolution_ms: int, limit: int
) -> None:
    whole = (await drawn(lively, 0))[str(PACKER)]
    rows = (await drawn(lively, resolution_ms, limit))[str(PACKER)]
    assert [row[0] for row in rows[1:]] == [row[1] for row in rows[:-1]]
    assert all(sum(lengths.values()) == end - start for start, end, lengths, _, _ in rows)
    for kind in {kind for row in whole for kind in row[2]}:
        assert sum(row[2].get(kind, 0) for row in rows) == sum(row[2].get(kind, 0) for row in whole), kind
    assert sum(row[3] for row in rows) == len(whole)
    assert len(rows) <= len(whole)
    assert resolution_ms < 7_200_000 or len(rows) < len(whole)


@pytest.mark.parametrize("resolution_ms", [0, 300_000, 1_200_000])
async def test_what_is_written_down_is_drawn_together_as_it_was_from_memory(lively: World, resolution_ms: int) -> None:
    present = lively.units.by_path[PACKER].result
    assert present is not None
    begun = from_ms(present.window.start_ms)
    at: dict[str, Any] = {"since": begun, "until": begun + timedelta(hours=12)}
    from_memory = (await drawn(lively, resolution_ms, **at))[str(PACKER)]
    await lively.at(1_500)
    settled = lively.units.by_path[PACKER].result
    assert settled is not None
    assert settled.window.start_ms > present.window.start_ms, "the night shift is over"
    from_table = (await drawn(lively, resolution_ms, **at))[str(PACKER)]
    assert len(from_memory) > 2
    assert from_table[: len(from_memory) - 1] == from_memory[:-1], "the last was going on"


async def test_a_word_about_the_present_shift_shows_at_once(lively: World) -> None:
    stop = (await asking(lively).interval(IntervalArgs(place=str(PACKER), at=minute(810)))).data
    assert (stop["element"], stop["reason_code"], stop["is_open"], stop["words"]) == ("ADET", None, True, [])
    assert stop["window"]["status"] == "open"
    assert stop["metrics"] == [
        "Admin/ProdDefectiveCount",
        "Admin/ProdProcessedCount",
        "Admin/StopReason",
        "Status/Blocked",
        "Status/Starved",
        "Status/StateCurrent",
        "Status/UnitModeCurrent",
    ]
    await classify(lively, minute(800), minute(820), "DRV")
    await lively.at(901)
    stop = (await asking(lively).interval(IntervalArgs(place=str(PACKER), at=minute(810)))).data
    assert (stop["reason_code"], stop["source"], stop["loss"]) == ("DRV", "person", "equipment failure")
    assert [(word["actor"], word["why"], word["reason_code"]) for word in stop["words"]] == [("lead", "saw it", "DRV")]
    said = await lively.said("StopClassified")
    assert [word["event_id"] for word in stop["words"]] == [str(item["id"]) for item in said]


async def test_an_interval_of_a_past_shift_names_the_events_that_told_of_it(lively: World) -> None:
    told = await lively.said("StateIntervalClosed")
    window = next(w for w in reversed(await lively.said("KpiWindowClosed")) if w["place"] == str(PACKER))
    for row in [row for row in told if row["place"] == str(PACKER)][:5]:
        found = (await asking(lively).interval(IntervalArgs(place=str(PACKER), at=row["start"]))).data
        assert (found["told"]["event_id"], found["element"]) == (str(row["id"]), row["element"])
        assert found["window"]["event_id"] == str(window["id"])
    with pytest.raises(QueryFailed, match="NothingRecorded"):
        await asking(lively).interval(IntervalArgs(place=str(PACKER), at=DAY_BEGINS - timedelta(days=9)))
    with pytest.raises(QueryFailed, match="UnknownPlace"):
        await asking(lively).interval(IntervalArgs(place=str(LINE), at=minute(1)))


async def test_the_intervals_of_every_loss_add_up_to_what_the_ledger_says_of_it(lively: World) -> None:
    reading = Reading(lively.database, lively.units, lively.site)
    ledger = (await reading.losses(LossArgs(place=str(LINE), include_open=True, **TWO_DAYS))).data
    stopped = ("equipment failure", "idling and minor stops", "no data", "no order")
    for loss in stopped:
        rows = await all_pages(
            asking(lively).intervals,
            lambda cursor, loss=loss: IntervalsArgs(place=str(LINE), loss=loss, limit=2, cursor=cursor, **TWO_DAYS),
        )
        assert len({(row["place"], row["start"]) for row in rows}) == len(rows)
        assert sum(length_ms(row) for row in rows) == sum(
            Decimal(entry["time_ms"]) for entry in ledger if entry["loss"] == loss
        ), loss
    assert {entry["loss"] for entry in ledger} & set(stopped), "the story has losses"


async def test_intervals_come_newest_or_longest_first_and_by_reason(lively: World) -> None:
    await classify(lively, minute(0), minute(400), "DRV")
    await lively.at(902)

    async def rows(**more: Any) -> list[Any]:
        return await all_pages(
            asking(lively).intervals,
            lambda cursor: IntervalsArgs(place=str(LINE), limit=3, cursor=cursor, **TWO_DAYS, **more),
        )

    newest, longest = await rows(), await rows(order="longest")
    assert [row["start"] for row in newest] == sorted((row["start"] for row in newest), reverse=True)
    lengths = [length_ms(row) for row in longest]
    assert lengths == sorted(lengths, reverse=True)
    assert len(newest) == len(longest)
    named = await rows(reason="DRV")
    assert named
    assert named == [row for row in newest if row["reason_code"] == "DRV"]
    assert await rows(reason="", element="ADET") == [
        row for row in newest if row["reason_code"] is None and row["element"] == "ADET"
    ]
    with pytest.raises(QueryFailed, match="no loss is called"):
        await rows(loss="bad luck")


async def test_a_waterfall_adds_up_from_calendar_time_to_good_production(lively: World) -> None:
    reading = Reading(lively.database, lively.units, lively.site)
    for place, units in ((PACKER, 1), (LINE, 2)):
        fall = (await reading.waterfall(WaterfallArgs(place=str(place), **TWO_DAYS))).data
        length = to_ms(datetime.fromisoformat(fall["end"])) - to_ms(datetime.fromisoformat(fall["start"]))
        assert (fall["units"], fall["calendar_ms"]) == (units, units * length)
        taken = ("not_scheduled_ms", "not_recorded_ms", "planned_down_ms", "not_judged_ms")
        assert fall["calendar_ms"] == sum(fall[name] for name in taken) + fall["busy_ms"]
        assert sum(Decimal(loss["time_ms"]) for loss in fall["losses"]) == fall["busy_ms"]
        assert sum(loss["units"] for loss in fall["losses"]) == fall["produced"]["pq"]
        assert fall["not_recorded_ms"] > 0, "the night before was scheduled, and nobody knows of it"
    (total,) = (await reading.kpis(KpiFiguresArgs(place=str(PACKER), by="total", figures=("oee",), **TWO_DAYS))).data
    fall = (await reading.waterfall(WaterfallArgs(place=str(PACKER), **TWO_DAYS))).data
    assert fall["losses"][0]["loss"] is None
    assert list(total["figures"]) == ["oee"]
    assert Decimal(total["figures"]["oee"]["value"]) == round(
        Decimal(fall["losses"][0]["time_ms"]) / fall["busy_ms"], 9
    )
    with pytest.raises(QueryFailed, match="no figure is called"):
        await reading.kpis(KpiFiguresArgs(place=str(PACKER), figures=("oeee",)))


async def test_revisions_can_be_asked_for_by_time_and_only_those_that_replaced_one(lively: World) -> None:
    reading = Reading(lively.database, lively.units, lively.site)

    async def revisions(**more: Any) -> list[Any]:
        return list((await reading.kpi_revisions(KpiRevisionsArgs(place=str(PACKER), **more))).data)

    assert await revisions(restated=True) == []
    await classify(lively, minute(0), minute(400), "DRV")
    await lively.at(902)
    (restated,) = await revisions(restated=True)
    assert (restated["revision"], restated["why"]) == (2, "classified by a person")
    assert await revisions(since=minute(1)) == []
    assert len(await revisions(until=minute(1))) == 3


async def test_shifts_of_a_place_come_from_its_calendar(lively: World) -> None:
    reading = Reading(lively.database, lively.units, lively.site)
    args = ShiftsArgs(place=str(LINE), since=DAY_BEGINS, until=DAY_BEGINS + timedelta(hours=24))
    assert [(s["name"], s["date"]) for s in (await reading.shifts(args)).data] == [
        ("Day", "2026-03-02"),
        ("Night", "2026-03-02"),
    ]
    with pytest.raises(QueryFailed, match="35 days"):
        await reading.shifts(ShiftsArgs(place=str(LINE), since=DAY_BEGINS, until=DAY_BEGINS + timedelta(days=36)))


def test_strokes_of_nothing_are_none() -> None:
    assert strokes([], 1000) == []


def minute(number: float) -> datetime:
    return DAY_BEGINS + timedelta(minutes=number)


def length_ms(row: dict[str, Any]) -> int:
    return to_ms(datetime.fromisoformat(row["end"])) - to_ms(datetime.fromisoformat(row["start"]))


async def classify(world: World, start: datetime, end: datetime, code: str, place: EquipmentPath = PACKER) -> None:
    """Carry out the command of a shift leader as the runtime does."""
    words = Words(world.units, world.site.reasons, world.keeper.listen, keep_ms=92 * DAY_MS)
    args = ClassifyStop(start=start, end=end, reason_code=code)
    command = Command(
        command_id=uuid4(),
        name="ClassifyStop",
        subject=str(place),
        args={},
        actor="lead",
        reason="saw it",
        issued_at=world.now,
    )
    async with world.database.transaction() as tx:
        await words.handlers()["ClassifyStop"](tx, command, args)
