from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

import pytest

from namespace.contracts.command import Command, Refused
from namespace.contracts.event_log import EventRow
from namespace.contracts.oee import CONTRACT
from namespace.contracts.oee_arguments import KpiArgs, KpiFiguresArgs, LossArgs, StateLogArgs
from namespace.isa95 import ClockSettings, EquipmentPath, SiteModel, TickSource
from namespace.runtime import MachineNews, MachineOnline, MachineSample, MachineSilent, QueryFailed, get_logger, to_ms
from namespace.runtime.business_time import BusinessTime
from namespace.sparkplug import DataType, Value
from namespace.store import DatabaseUnavailable, Transaction, migrate
from namespace.testing.servers import NewDatabase
from services.oee.adapters import keeper, postgres
from services.oee.adapters.keeper import Keeper
from services.oee.adapters.reading import Reading
from services.oee.adapters.retention import DAY_MS, Forgotten, OeeSettings, Retention
from services.oee.adapters.words import Words
from services.oee.application.units import Unit, Units
from services.oee.domain.sample import JobMark
from tests.integration.store.flaky import Flaky
from tests.unit.runtime.support import SITE, small_site

PACKER = EquipmentPath.parse("Acme/Dallas/Packaging/Line1/Packer")
FILLER = EquipmentPath.parse("Acme/Dallas/Packaging/Line1/Filler")
LINE = EquipmentPath.parse("Acme/Dallas/Packaging/Line1")
DAY_BEGINS = datetime(2026, 3, 2, 12, tzinfo=UTC)  # 06:00 in Chicago
DAY_ENDS = DAY_BEGINS + timedelta(hours=12)
OUR_TIME = DAY_BEGINS + timedelta(days=365)


@dataclass
class Board:
    """What was published, in place of an edge node."""

    shown: dict[str | None, dict[str, Value]] = field(default_factory=dict)

    def set(self, device_id: str | None, values: Mapping[str, Value], at: datetime | None = None) -> None:
        self.shown.setdefault(device_id, {}).update(values)


@dataclass
class World:
    """The keeper on a schema of its own, killed and started again as a test likes."""

    database: Flaky
    site: SiteModel
    now: datetime = DAY_BEGINS
    time: BusinessTime | None = None

    async def start(self) -> None:
        self.board, self.units, time = Board(), Units(self.site), self.time
        self.keeper = Keeper(
            self.units,
            self.database,
            self.board,  # type: ignore[arg-type]
            self.site,
            now=lambda place: self.now if time is None else time.now(place, OUR_TIME),
            observe=lambda place, at: None if time is None else time.observe(place, at),
            log=get_logger(),
        )
        await self.keeper.load()

    async def at(self, minutes: float, *news: MachineNews) -> None:
        """Let it be `minutes` after the shift's beginning, take news in and step."""
        self.now = max(self.now, DAY_BEGINS + timedelta(minutes=minutes))
        if news:
            await self.keeper.observe(news)
        await self.keeper.step()

    async def rows(self, table: str, columns: str = "*") -> list[dict[str, Any]]:
        order = "id" if table == "outbox" else "path, start_ms" if table != "unit_sample" else "id"
        async with self.database.transaction() as tx:
            return [dict(row) for row in await tx.fetch(f"SELECT {columns} FROM {table} ORDER BY {order}")]

    async def said(self, kind: str) -> list[dict[str, Any]]:
        rows = await self.rows("outbox", "type, subject, payload, event_id")
        return [
            {"place": row["subject"], "id": row["event_id"], **json.loads(row["payload"])}
            for row in rows
            if row["type"] == kind
        ]

    async def job(self, state: str, minutes: float, *, seq: int, before: str = "AllowedToStart") -> None:
        """Apply one event of `work_order` as the inbox does."""
        at = DAY_BEGINS + timedelta(minutes=minutes)
        payload = {
            "from": before,
            "to": state,
            "sub_state": None,
            "transition": 5,
            "cause": "Begin",
            "work_center": str(LINE),
            "ideal_cycle_s": "0.5",
            "version": seq,
            "unit": "H87",
            "good": "0",
            "scrap": "0",
        }
        row = EventRow(
            event_id=uuid4(), type="JobOrderStateChanged", schema="JobOrderStateChanged/1", occurred_at=at,
            scope=str(LINE), subject="JO-1", payload=payload, seq=seq, recorded_at=at, hash="0" * 64,
        )  # fmt: skip
        async with self.database.transaction() as tx:
            await self.keeper.job_order_event(tx, row)


@pytest.fixture
async def worlds(new_database: NewDatabase) -> AsyncIterator[list[World]]:
    """Two of them, each on a schema of its own."""
    made = []
    for _ in range(2):
        place = await new_database("oee")
        database = await Flaky.open(place.dsn, schema=place.schema)
        await migrate(database, "services.oee.adapters")
        made.append(World(database, small_site()))
        await made[-1].start()
    yield made
    for world in made:
        await world.database.close()


def sample(
    minutes: float, metric: str, value: Value, *, place: EquipmentPath = PACKER, birth: bool = False
) -> MachineSample:
    at = DAY_BEGINS + timedelta(minutes=minutes)
    return MachineSample(place, metric, value, DataType.Int64, at, at, is_birth=birth)


def state(minutes: float, value: int, **options: Any) -> MachineSample:
    return sample(minutes, "Status/StateCurrent", value, **options)


def count(minutes: float, value: int, **options: Any) -> MachineSample:
    return sample(minutes, "Admin/ProdProcessedCount", value, **options)


def online(minutes: float, place: EquipmentPath = PACKER) -> MachineOnline:
    return MachineOnline(place, DAY_BEGINS + timedelta(minutes=minutes))


def silent(minutes: float, place: EquipmentPath = PACKER) -> MachineSilent:
    return MachineSilent(place, DAY_BEGINS + timedelta(minutes=minutes), "node_death")


def a_day(seed: int) -> list[tuple[float, list[MachineNews]]]:
    """Return a shift of ups and downs, as news by minute."""
    dice = random.Random(seed)
    produced = 0
    story: list[tuple[float, list[MachineNews]]] = [(1, [online(1), state(1, 6), count(1, 0, birth=True)])]
    for minute in range(10, 790, 10):
        produced += dice.randint(0, 600)
        news: list[MachineNews] = [count(minute, produced)]
        if dice.random() < 0.4:
            news.append(state(minute + dice.choice([0, 0, 3]), dice.choice([6, 6, 9, 11, 2])))
        if dice.random() < 0.1:
            news += [silent(minute + 4), online(minute + 6)]
        story.append((minute + 8, news))
    return story


@pytest.mark.parametrize("seed", range(2))
async def test_a_service_that_was_killed_again_and_again_says_what_one_says_that_never_stopped(
    worlds: list[World], seed: int
) -> None:
    never_stopped, killed = worlds
    dice = random.Random(seed)
    for minute, news in a_day(seed):
        for world in worlds:
            await world.at(minute, *news)
        if dice.random() < 0.3:
            await killed.start()
    for world in worlds:
        await world.at(800)
    await killed.start()
    for world in worlds:
        await world.at(801)

    for table in ("state_interval", "kpi_window"):
        assert await killed.rows(table) == await never_stopped.rows(table)
    assert killed.board.shown == never_stopped.board.shown
    for kind in ("StateIntervalClosed", "KpiWindowClosed"):
        assert await killed.said(kind) == await never_stopped.said(kind)
    assert [w["status"] for w in await killed.said("KpiWindowClosed")] == ["provisional", "final"] * (
        len(await killed.said("KpiWindowClosed")) // 2
    )
    log = await killed.rows("state_interval", "start_ms, end_ms")
    assert all(before["end_ms"] == after["start_ms"] for before, after in itertools.pairwise(log))


async def test_a_unit_is_written_down_whole_when_it_has_grown_by_a_quarter_and_nothing_is_lost_in_between(
    worlds: list[World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "_SAVE_S", 0.0)
    never_stopped, killed = worlds
    for world in worlds:
        await world.at(2, online(1), state(1, 6), count(1, 0, birth=True))
        await world.at(50, *[count(minute, minute) for minute in range(2, 50)])
    beside = []
    for minute in range(51, 80):
        for world in worlds:
            await world.at(minute, count(minute, minute))
        beside.append(len(await killed.rows("unit_sample")))
    await killed.start()
    for world in worlds:
        await world.at(80)

    assert 1 <= beside.count(0) <= 3, "written down whole some times in half an hour, not each minute"
    assert max(beside) < 20
    assert killed.units.by_path[PACKER].state == never_stopped.units.by_path[PACKER].state
    assert killed.board.shown == never_stopped.board.shown


async def test_a_word_that_comes_between_two_steps_is_taken_only_when_its_unit_was_judged_with_it(
    worlds: list[World],
) -> None:
    world = worlds[0]
    for place in (PACKER, FILLER):
        await world.at(2, online(1, place), state(1, 6, place=place))
    await world.at(40, state(10, 9), state(20, 6))
    await command(world, "ClassifyStop", start=minute(10), end=minute(20), reason_code=None)
    await world.keeper.observe([count(41, 5, place=FILLER)])
    await world.keeper.step(news_alone=True)
    await world.start()

    state_of = world.units.by_path[PACKER].state
    assert state_of is not None
    assert [word.actor for word in state_of.history.words] == ["lead"]


async def test_what_nothing_is_judged_by_any_more_is_forgotten_and_the_figures_stay(worlds: list[World]) -> None:
    world = worlds[0]
    await world.job("Running", 3, seq=1)
    for at, news in a_day(5):
        await world.at(at, *news)
    await world.job("Interrupted", 750, seq=2, before="Running")
    await world.at(5 * 24 * 60, count(5 * 24 * 60 - 1, 1))
    reading = Reading(world.database, world.units, world.site)

    async def kpis() -> list[Any]:
        since = DAY_BEGINS - timedelta(days=1)
        return list((await reading.kpis(KpiFiguresArgs(place=str(LINE), since=since, limit=50))).data)

    before, told = await kpis(), await world.rows("state_interval")
    retention = Retention(
        world.database, world.units, OeeSettings(oee_keep_samples_days=2, oee_keep_intervals_days=3), get_logger()
    )
    forgotten = await retention.forget()
    assert forgotten.windows >= 4
    assert forgotten.intervals > 20
    assert forgotten.marks == 4, "an order that is over, at both units"
    assert await retention.forget() == Forgotten(0, 0, 0)

    assert await kpis() == before
    kept = [row for row in told if row["end_ms"] > to_ms(world.now - timedelta(days=3))]
    assert await world.rows("state_interval") == kept
    await world.at(5 * 24 * 60 + 1, count(100, 9_000), count(5 * 24 * 60 - 60, 77))
    changed = [row for row in await kpis() if row not in before]
    assert all(row["start"] > (world.now - timedelta(days=3)).isoformat() for row in changed)


async def test_a_site_whose_time_is_not_ours_goes_on_in_its_own_after_a_restart(worlds: list[World]) -> None:
    world = worlds[0]
    await world.at(2, online(1), state(1, 6), count(1, 0, birth=True))
    await world.keeper.observe([count(30, 900)])
    world.time = BusinessTime(ClockSettings(TickSource.TELEMETRY))
    await world.start()
    await world.keeper.step()

    unit = world.units.by_path[PACKER]
    assert unit.state is not None
    assert unit.state.now_ms == to_ms(DAY_BEGINS + timedelta(minutes=30))
    assert await world.said("KpiWindowClosed") == []
    assert world.board.shown[PACKER.device_id]["OEE/PQ"] == 900


async def test_samples_are_forgotten_only_when_the_unit_was_saved_with_them(worlds: list[World]) -> None:
    world = worlds[0]
    await world.keeper.observe([online(1), state(1, 6)])
    assert len(await world.rows("unit_sample")) == 2
    world.database.trouble = "lost before"
    world.now += timedelta(minutes=5)
    await world.keeper.step()
    assert len(await world.rows("unit_sample")) == 2
    await world.start()
    await world.at(6)
    assert await world.rows("unit_sample") == []
    assert world.board.shown[PACKER.device_id]["OEE/State"] is not None


@pytest.mark.parametrize("trouble", ["away", "lost before", "lost after"])
@pytest.mark.parametrize("is_killed", [True, False])
async def test_a_window_is_summed_up_once_whatever_happens_to_the_transaction(
    worlds: list[World], trouble: str, is_killed: bool
) -> None:
    world = worlds[0]
    await world.at(2, online(1), state(1, 6), count(1, 0, birth=True))
    await world.at(700, count(700, 900))
    world.database.trouble = trouble
    await world.at(725)
    if is_killed:
        await world.start()
    await world.at(726)
    await world.at(727)

    windows = [window for window in await world.said("KpiWindowClosed") if window["place"] == str(PACKER)]
    assert [(w["status"], w["revision"], w["supersedes"]) for w in windows] == [("provisional", 1, None)]
    assert windows[0]["elements"]["produced"] == 900
    intervals = await world.said("StateIntervalClosed")
    assert len({interval["id"] for interval in intervals}) == len(intervals)


async def test_a_job_order_runs_from_its_mark_on_however_its_transaction_ended(worlds: list[World]) -> None:
    world = worlds[0]
    await world.at(2, online(1), state(1, 6), count(1, 0, birth=True))
    await world.job("Running", 5, seq=1)
    world.database.trouble = "lost after"
    with pytest.raises(DatabaseUnavailable):
        await world.job("Interrupted", 10, seq=2, before="Running")
    await world.at(11)
    await world.at(30, state(20, 9))

    log = await world.rows("state_interval", "path, start_ms, end_ms, job_order, element")
    ran = [row for row in log if row["path"] == str(PACKER) and row["job_order"] == "JO-1"]
    assert sum(row["end_ms"] - row["start_ms"] for row in ran) == 5 * 60_000
    await world.start()
    await world.at(31)
    assert await world.rows("state_interval", "path, start_ms, end_ms, job_order, element") == log


async def test_a_mark_that_arrives_while_marks_are_looked_for_ends_nothing(
    worlds: list[World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = worlds[0]
    await world.at(2, online(1), state(1, 6))
    halfway, looking, arrived = asyncio.Event(), asyncio.Event(), asyncio.Event()
    add_mark, marks_at = postgres.add_mark, postgres.marks_at

    async def add(tx: Transaction, paths: Sequence[EquipmentPath], event_id: UUID, mark: JobMark) -> None:
        await add_mark(tx, paths[:1], event_id, mark)
        halfway.set()
        await looking.wait()
        await add_mark(tx, paths[1:], event_id, mark)

    async def look(tx: Transaction, unit: Unit, times_ms: Iterable[int]) -> list[JobMark]:
        looking.set()
        await arrived.wait()
        return await marks_at(tx, unit, times_ms)

    monkeypatch.setattr(postgres, "add_mark", add)
    monkeypatch.setattr(postgres, "marks_at", look)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        event = group.create_task(world.job("Running", 5, seq=1))
        await halfway.wait()
        step = group.create_task(world.at(6))
        await event
        arrived.set()
        await step
    await world.at(30, state(20, 9))
    assert "JO-1" in {row["job_order"] for row in await world.rows("state_interval")}


async def test_late_data_changes_the_intervals_that_were_told_of_a_window_that_still_goes_on(
    worlds: list[World],
) -> None:
    in_time, late = worlds
    await in_time.at(2, online(1), state(1, 6))
    await late.at(2, online(1), state(1, 6))
    await in_time.at(60, state(10, 9), state(20, 6), state(40, 9))
    await late.at(60, state(40, 9))
    await late.at(61, state(10, 9), state(20, 6))
    for world in worlds:
        await world.at(90, state(80, 6))
        await world.at(120, state(110, 9))

    columns = "path, start_ms, end_ms, element, reason"
    told = await in_time.rows("state_interval", columns)
    assert len(told) >= 4
    assert await late.rows("state_interval", columns) == told
    revisions = [said["revision"] for said in await late.said("StateIntervalClosed")]
    assert {1, 2} <= set(revisions)


async def test_a_mark_that_was_rolled_back_never_happened(worlds: list[World]) -> None:
    world = worlds[0]
    await world.at(2, online(1), state(1, 6))
    world.database.trouble = "lost before"
    with pytest.raises(DatabaseUnavailable):
        await world.job("Running", 5, seq=1)
    await world.at(30, state(20, 9))
    assert {row["job_order"] for row in await world.rows("state_interval")} == {None}


async def test_units_and_the_sum_of_their_line_are_published(worlds: list[World]) -> None:
    world = worlds[0]
    for place in (PACKER, FILLER):
        await world.keeper.observe([online(0, place), state(0, 6, place=place), count(0, 0, place=place, birth=True)])
    await world.job("Running", 0, seq=1)
    await world.at(60, count(60, 1_000), count(60, 2_000, place=FILLER))

    shown = world.board.shown
    assert (shown[PACKER.device_id]["OEE/PQ"], shown[FILLER.device_id]["OEE/PQ"]) == (1_000, 2_000)
    assert (shown[LINE.device_id]["OEE/PQ"], shown[LINE.device_id]["OEE/PBT"]) == (3_000, 2 * 3_600_000)
    assert shown[PACKER.device_id]["OEE/Shift"] == shown[LINE.device_id]["OEE/Shift"] == "Day"


async def test_outside_every_shift_nothing_is_claimed(new_database: NewDatabase) -> None:
    place = await new_database("oee")
    database = await Flaky.open(place.dsn, schema=place.schema)
    await migrate(database, "services.oee.adapters")
    world = World(database, small_site(SITE.replace('      - {name: Night, start: "18:00", end: "06:00"}\n', "")))
    await world.start()
    await world.at(2, online(1), state(1, 6))
    assert world.board.shown[PACKER.device_id]["OEE/Shift"] == "Day"
    await world.at(12 * 60 + 30)
    await database.close()

    shown = world.board.shown[PACKER.device_id]
    assert (shown["OEE/OEE"], shown["OEE/PQ"], shown["OEE/Reason"]) == (None, None, "not scheduled")
    assert (shown["OEE/State"], shown["OEE/WindowStart"]) == ("NOT_SCHEDULED", None)
    assert world.board.shown[LINE.device_id]["OEE/Reason"] == "not scheduled"


async def test_logs_and_windows_are_paged_without_a_hole(worlds: list[World]) -> None:
    world = worlds[0]
    for minute, news in a_day(3):
        await world.at(minute, *news)
    await world.at(3 * 24 * 60)
    reading = Reading(world.database, world.units, world.site)

    async def pages(ask: Any, make: Any) -> list[Any]:
        rows, cursor = [], None
        while True:
            page = await ask(make(cursor))
            rows += page.data
            if page.next is None:
                return rows
            cursor = page.next

    log = await pages(reading.state_log, lambda c: StateLogArgs(place=str(PACKER), limit=7, cursor=c))
    assert len(log) == len(await world.rows("state_interval")) > 20
    assert [row["start"] for row in log[1:]] == [row["end"] for row in log[:-1]]
    some = await pages(
        reading.state_log,
        lambda c: StateLogArgs(
            place=str(PACKER), since=DAY_BEGINS, until=DAY_BEGINS + timedelta(hours=2), limit=3, cursor=c
        ),
    )
    assert some == [row for row in log if row["start"] < "2026-03-02T14"]

    windows = await pages(reading.kpi_windows, lambda c: KpiArgs(place=str(LINE), limit=1, cursor=c))
    assert len(windows) == len(await world.rows("kpi_window")) >= 4
    assert [w["start"] for w in windows] == sorted((w["start"] for w in windows), reverse=True)
    with pytest.raises(QueryFailed, match="BadCursor"):
        await reading.state_log(StateLogArgs(place=str(PACKER), cursor="tomorrow"))


async def test_a_value_that_has_not_changed_for_years_opens_no_years_of_shifts(worlds: list[World]) -> None:
    world = worlds[0]
    await world.at(5, state(-3 * 365 * 24 * 60, 6), online(-3 * 365 * 24 * 60))
    assert 0 < len(await world.said("KpiWindowClosed")) <= 2 * 15


async def test_hearing_of_a_known_silence_again_changes_nothing(worlds: list[World]) -> None:
    world = worlds[0]
    await world.at(2, online(1), state(1, 6))
    await world.at(30, silent(20))
    await world.start()
    assert world.units.samples([silent(15), silent(20)]) == []
    assert len(world.units.samples([online(32), silent(33), silent(33)])) == 2


REASONS = """
reasons:
  tree:
    - {code: DRV, name: Drive, loss: failure}
    - {code: MAT, name: No material, loss: idling}
    - {code: PM, name: Planned maintenance, element: PDOT, planned: true}
    - {code: OLD, name: Wire cutter, retired: true}
"""


@pytest.fixture
async def world(new_database: NewDatabase) -> AsyncIterator[World]:
    """A line with reasons, whose packer stood from 1:00 to 1:30 of a day shift that is final."""
    place = await new_database("oee")
    database = await Flaky.open(place.dsn, schema=place.schema)
    await migrate(database, "services.oee.adapters")
    world = World(database, small_site(SITE + REASONS))
    await world.start()
    await world.at(1, online(0), state(0, 6), count(0, 0, birth=True))
    await world.job("Running", 0, seq=1)
    await world.at(100, state(60, 2), state(90, 6))
    await world.at(700, count(700, 30_000))
    await world.at(740)
    yield world
    await database.close()


async def command(world: World, name: str, why: str | None = "seen it", **args: Any) -> Any:
    """Carry out a command of a shift leader as the runtime does."""
    words = Words(world.units, world.site.reasons, world.keeper.listen, keep_ms=92 * DAY_MS)
    asked = Command(
        command_id=uuid4(), name=name, subject=str(PACKER), args=args, actor="lead", reason=why, issued_at=world.now
    )
    contract = next(item for item in CONTRACT.commands if item.name == name)
    async with world.database.transaction() as tx:
        return await words.handlers()[name](tx, asked, contract.args.model_validate(args))


def minute(number: float) -> str:
    return (DAY_BEGINS + timedelta(minutes=number)).isoformat()


async def final(world: World) -> dict[str, Any]:
    """What was said last about the packer's first window."""
    return [w for w in await world.said("KpiWindowClosed") if w["place"] == str(PACKER)][-1]


async def test_a_stop_that_a_person_splits_restates_its_final_window_and_leaves_its_oee_alone(world: World) -> None:
    first = await final(world)
    assert (first["status"], first["revision"], first["elements"]["adet_ms"]) == ("final", 1, 1_800_000)
    await command(
        world, "SplitStop", start=minute(60),
        parts=[{"end": minute(70), "reason_code": "DRV"}, {"end": minute(90), "reason_code": "MAT"}],
    )  # fmt: skip
    await world.at(741)

    second = await final(world)
    assert (second["revision"], second["supersedes"], second["status"]) == (2, str(first["id"]), "final")
    assert (second["why"], second["oee"]) == ("classified by a person", first["oee"])
    lost = {(loss["loss"], loss["reason"]): loss["time_ms"] for loss in second["losses"]}
    assert Decimal(lost["equipment failure", "DRV"]) == 600_000
    assert Decimal(lost["idling and minor stops", "MAT"]) == 1_200_000
    log = [
        row for row in await world.rows("state_interval") if row["path"] == str(PACKER) and row["source"] == "person"
    ]
    assert [(row["reason_code"], row["revision"], row["end_ms"] - row["start_ms"]) for row in log] == [
        ("DRV", 2, 600_000),
        ("MAT", 2, 1_200_000),
    ]
    said = await world.said("StopClassified")
    assert [(item["reason_code"], item["why"]) for item in said] == [("DRV", "seen it"), ("MAT", "seen it")]
    assert world.board.shown[PACKER.device_id]["OEE/Restated/Revision"] == 2

    await command(world, "MergeStops", start=minute(60), end=minute(90), reason_code="PM")
    await world.at(742)
    third = await final(world)
    assert third["difference"]["pbt_ms"] == third["difference"]["adet_ms"] == -1_800_000
    await command(world, "ClassifyStop", start=minute(0), end=minute(200), reason_code=None)
    await world.start()
    await world.at(743)
    assert (await final(world))["elements"] == first["elements"]


async def test_late_data_restates_a_final_window_and_says_what_it_changed(world: World) -> None:
    await world.at(745, count(100, 9_000), state(200, 9), state(206, 6))
    second = await final(world)
    assert (second["revision"], second["why"], second["status"]) == (2, "late data", "final")
    assert (second["difference"]["adet_ms"], second["difference"]["apt_ms"]) == (360_000, -360_000)
    assert (second["difference"]["produced"], second["difference"]["oee"]) == (0, "0.000000000")
    await world.at(746, state(200, 9))
    assert (await final(world))["revision"] == 2, "a sample that is known changes nothing"


async def test_an_ideal_cycle_changed_from_a_time_on_restates_what_was_made_since(world: World) -> None:
    await command(world, "SetIdealCycle", since=minute(600), ideal_cycle_s="1")
    await world.at(745)
    second = await final(world)
    assert (second["revision"], second["why"]) == (2, "changed ideal cycle")
    assert Decimal(second["elements"]["pri_pq_ms"]) == 30_000_000


async def test_a_changed_site_file_restates_the_past_only_where_a_person_asks_for_it(world: World) -> None:
    first = await final(world)
    world.site = small_site(
        (SITE + REASONS).replace('end: "18:00"}', 'end: "18:00", breaks: [{start: "07:00", end: "07:20"}]}')
    )
    await world.start()
    await world.at(745)
    assert (await final(world))["revision"] == 1
    await command(world, "Restate", "forgot the break", since=minute(0), until=minute(300))
    await world.at(746)
    second = await final(world)
    assert (second["revision"], second["why"]) == (2, "lead: forgot the break")
    assert second["elements"]["adet_ms"] == first["elements"]["adet_ms"] - 1_200_000
    assert second["difference"]["pbt_ms"] == -1_200_000


@pytest.mark.parametrize(
    ("code", "why", "refusal"),
    [
        ("DRIVE", "x", "UnknownReason"),
        ("OLD", "x", "RetiredReason"),
        ("DRV", " ", "ReasonMissing"),
        ("DRV", "x", "Empty"),
        ("DRV", "x", "TooLongAgo"),
    ],
)
async def test_a_word_that_cannot_be_kept_is_refused_and_changes_nothing(
    world: World, code: str, why: str, refusal: str
) -> None:
    until = 0 if refusal == "Empty" else 90
    since = 60 if refusal != "TooLongAgo" else -93 * 24 * 60
    until += 0 if refusal != "TooLongAgo" else since
    with pytest.raises(Refused, match=refusal):
        await command(world, "ClassifyStop", why, start=minute(since), end=minute(until), reason_code=code)
    await world.at(741)
    assert (await final(world))["revision"] == 1
    assert await world.said("StopClassified") == []


async def test_figures_by_shift_day_order_and_the_last_minutes_come_from_the_same_parts(world: World) -> None:
    reading = Reading(world.database, world.units, world.site)

    async def kpis(place: EquipmentPath, by: str) -> list[Any]:
        return list((await reading.kpis(KpiFiguresArgs.model_validate({"place": str(place), "by": by}))).data)

    (night, day) = await kpis(PACKER, "shift")
    window = await final(world)
    assert (day["key"], day["status"], night["status"]) == ("2026-03-02 Day", "final", "open")
    assert day["produced"]["pq"] == window["elements"]["produced"] == 30_000
    assert day["figures"]["oee"]["exact"] == str(Fraction(30_000 * 500, 43_200_000))
    assert day["figures"]["mtbf"]["exact"] == str(Fraction(window["elements"]["apt_ms"], 2 * 3_600_000))
    (order,) = await kpis(PACKER, "job_order")
    assert (order["key"], order["produced"]["pq"]) == ("JO-1", 30_000)
    assert order["figures"]["throughput_rate"]["value"] is not None
    (whole,) = await kpis(LINE, "day")
    assert whole["elements"]["pbt"] == day["elements"]["pbt"] + night["elements"]["pbt"]
    (lately,) = await kpis(PACKER, "rolling")
    assert lately["elements"]["apt"] == 3_600_000
    with pytest.raises(QueryFailed, match="UnknownPlace"):
        await kpis(PACKER.parent.child("Paker"), "shift")  # type: ignore[union-attr]

    losses = (await reading.losses(LossArgs(place=str(LINE)))).data
    assert sum(Decimal(loss["time_ms"]) for loss in losses) == window["elements"]["pbt_ms"]
    assert losses[0]["loss"] is None
