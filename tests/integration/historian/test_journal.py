"""The journal in a real PostgreSQL: every sample once, whatever is sent again and whatever becomes of a commit."""

from __future__ import annotations

import json
import os
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from namespace.contracts.historian import GapsArgs, MissedArgs, SamplesArgs, TagsArgs
from namespace.runtime import Page, QueryFailed, get_logger, to_ms
from namespace.store import DatabaseUnavailable, migrate
from namespace.testing.servers import NewDatabase
from services.historian.adapters import reading
from services.historian.adapters.compiled import compiled_encode
from services.historian.adapters.postgres import PostgresJournal, read_head
from services.historian.adapters.reading import Reading
from services.historian.domain.batch import Batch, Cell, Gap, Mark
from services.historian.domain.tag import Tag, TagKey, Tags
from services.historian.ports import Written
from tests.integration.store.flaky import Flaky

TODAY_MS = to_ms(datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0))
DAY_MS = 86_400_000
PLACE = "Acme/Dallas/Packaging/Line1/Packer"
SEED = 20_26


async def _settled(_timeout_s: float) -> bool:
    return True


@dataclass
class History:
    """One historian's journal on a schema of its own; `restart` forgets what a process knows."""

    database: Flaky
    tags: Tags = field(default_factory=Tags)

    def __post_init__(self) -> None:
        self.restart()
        self.reading = Reading(self.database, _settled)

    def restart(self) -> None:
        self.tags = Tags()
        self.journal = PostgresJournal(self.database, get_logger())

    def tag(self, metric: str, datatype: int = 4) -> Tag:
        tag = self.tags.get(TagKey("Bottling", "Line1-PLC", "Packer", metric, datatype))
        self.tags.describe(tag, PLACE, metric, is_machine=True, unit=None)
        return tag

    def batch(self, *samples: tuple[str, int, Cell], mark: int = 0, gaps: tuple[Gap, ...] = ()) -> Batch:
        batch = Batch(gaps=list(gaps))
        for metric, at_ms, cell in samples:
            tag = self.tag(metric, 10 if isinstance(cell, float) else 12 if isinstance(cell, str) else 4)
            batch.add(tag, at_ms, TODAY_MS, cell, quality=192, mark=int(mark), is_doubtful=bool(mark))
        return batch

    async def write(self, *samples: tuple[str, int, Cell], mark: int = 0) -> Written:
        return await self.journal.write(self.batch(*samples, mark=mark))

    async def rows(self, sql: str) -> list[dict[str, Any]]:
        async with self.database.transaction() as tx:
            return [dict(row) for row in await tx.fetch(sql)]

    async def table_of(self, at_ms: int) -> str:
        (row,) = await self.rows(f"SELECT tableoid::regclass::text AS name FROM sample WHERE at_ms = {at_ms}")
        return str(row["name"])


@pytest.fixture
async def history(new_database: NewDatabase) -> AsyncIterator[History]:
    made = await new_database("historian")
    database = await Flaky.open(made.dsn, schema=made.schema)
    await migrate(database, "services.historian.adapters")
    yield History(database)
    await database.close()


async def everything(answer: Any, arguments: Any, between: Any = None) -> list[Any]:
    """Read all pages; `between` is awaited after each."""
    rows: list[Any] = []
    while True:
        page: Page = await answer(arguments)
        rows += page.data["rows"] if isinstance(page.data, dict) else page.data
        if page.next is None:
            return rows
        if between is not None:
            await between()
        arguments = arguments.model_copy(update={"cursor": page.next})


async def test_every_sample_is_there_once_after_resends_restarts_and_commits_of_unknown_outcome(
    history: History,
) -> None:
    dice = random.Random(SEED)
    told: list[tuple[str, int, Cell]] = []
    troubled = 0
    for turn in range(120):
        fresh = [
            (f"m{dice.randrange(3)}", TODAY_MS + turn * 10 + n, dice.randrange(2)) for n in range(dice.randrange(4))
        ]
        again = dice.sample(told, min(len(told), dice.randrange(4)))
        late = [("m0", TODAY_MS - dice.randrange(3) * DAY_MS - turn, turn)] if dice.random() < 0.2 else []
        batch = history.batch(*fresh, *again, *late, mark=Mark.HISTORICAL if dice.random() < 0.3 else 0)
        told += [*fresh, *late]
        while True:
            history.database.trouble = dice.choice(["", "", "", "lost before", "lost after", "away"])
            try:
                await history.journal.write(batch)
            except DatabaseUnavailable:
                troubled += 1
            else:
                break
            finally:
                history.database.trouble = ""
        if dice.random() < 0.1:
            history.restart()
    rows = await history.rows("SELECT metric, at_ms, whole, position FROM sample JOIN tag ON tag.id = sample.tag")
    assert sorted((row["metric"], row["at_ms"], row["whole"]) for row in rows) == sorted(set(told))
    assert len({row["position"] for row in rows}) == len(rows)
    assert max(row["position"] for row in rows) <= (await read_head(history.database)).position
    assert troubled > 20


async def test_rows_that_the_compiled_step_writes_are_those_that_the_driver_writes(history: History) -> None:
    encode = compiled_encode()
    if encode is None:
        assert not os.environ.get("UNS_REQUIRE_COMPILED"), "the compiled steps are to be proven here, and are not built"
        pytest.skip("the optional compiled steps are not built: make accelerate")
    whole = (None, True, False, 0, 1, -1, 2**31, 2**63 - 1, -(2**63))
    real = (0.0, -0.0, 0.1, float("inf"), float("nan"), 5e-324, -1.7976931348623157e308)
    cells: list[Cell] = [*whole, *real, "", "grüße", "\U0001f6e0" * 3_000, b"", b"\0\xff", bytes(range(256)) * 40]
    batch = history.batch(
        *((f"m{row}", TODAY_MS - row % 2 * DAY_MS + row, cell) for row, cell in enumerate(cells)),
        ("deep past", -(10**15), 1),
    )
    written: list[object] = []
    encoded: list[bytes | None] = []

    def watched(*arguments: Any) -> bytes | None:
        encoded.append(encode(*arguments))
        return encoded[-1]

    for journal in (PostgresJournal(history.database, get_logger(), watched), history.journal):
        assert (await journal.write(batch)).samples == batch.samples
        rows = await history.rows("SELECT tableoid::regclass::text AS table, sample.* FROM sample ORDER BY tag")
        written.append([repr(sorted(row.items())) for row in rows])
        async with history.database.transaction() as tx:
            await tx.execute("TRUNCATE sample")
            await tx.execute("UPDATE journal SET position = 0")
    assert written[0] == written[1]
    assert len(encoded) == 3
    assert None not in encoded
    tag = history.tag("m0")
    columns = batch.fresh.part(0, 1)
    for cell in (2**63, -(2**63) - 1, object(), "\ud800"):
        arguments = (columns.order, columns.at_ms, columns.received_ms, [cell], [tag], columns.quality, columns.marks)
        assert encode(*arguments, 1) is None  # type: ignore[arg-type]
    unnumbered = Tag(tag.source, "unnumbered", 4, "unnumbered")
    assert encode(columns.order, columns.at_ms, columns.received_ms, [1], [unnumbered], [192], [0], 1) is None


async def test_a_connection_that_dies_in_its_commit_leaves_all_or_nothing_and_the_batch_is_written_again(
    history: History,
) -> None:
    async with history.database.transaction() as tx:
        await tx.execute(
            "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"
        )
        await tx.execute(
            "CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON gap DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION die()"
        )
    batch = history.batch(("m", TODAY_MS, 1), ("m", TODAY_MS + 1, 2), gaps=(Gap("down", 1, 2),))
    with pytest.raises(DatabaseUnavailable):
        await history.journal.write(batch)
    assert await history.rows("SELECT FROM sample") == []
    assert (await read_head(history.database)).position == 0
    async with history.database.transaction() as tx:
        await tx.execute("DROP TRIGGER dies ON gap")
    assert await history.journal.write(batch) == Written(2, 0, 0, 2)
    assert await history.journal.write(batch) == Written(0, 2, 0, 4)


async def test_history_that_repeats_a_birth_or_a_snapshot_is_history_behind_whatever_was_used_before(
    history: History,
) -> None:
    birth = [("count", TODAY_MS, 7), ("state", TODAY_MS, 6)]
    await history.write(*birth, mark=Mark.IN_BIRTH | Mark.BASELINE)
    await history.write(("other", TODAY_MS, 1), mark=Mark.IN_BIRTH | Mark.FROM_SNAPSHOT)
    head = await read_head(history.database)
    history.restart()
    for _ in range(2):
        await history.write(
            ("count", TODAY_MS - 1, 6), ("count", TODAY_MS, 7), ("other", TODAY_MS, 1), mark=Mark.HISTORICAL
        )
    page = await history.reading.missed(MissedArgs(journal=head.journal, after=head.position))
    assert [(metric, value, flags) for _, metric, _, value, _, _, flags in page.data["rows"]] == [
        ("count", 6, 2),
        ("count", 7, 2),
        ("other", 1, 2),
    ]
    before = await everything(history.reading.missed, MissedArgs(journal=head.journal, after=0))
    assert [(row[1], row[6]) for row in before] == [("state", 1), ("count", 2), ("count", 2), ("other", 2)]


async def test_a_birth_and_the_history_that_repeats_it_may_come_in_one_batch(history: History) -> None:
    batch = history.batch(("count", TODAY_MS, 7), mark=Mark.IN_BIRTH | Mark.BASELINE)
    batch.add(history.tag("count"), TODAY_MS, TODAY_MS, 7, quality=192, mark=int(Mark.HISTORICAL), is_doubtful=True)
    assert await history.journal.write(batch) == Written(1, 1, 0, 2)
    assert await history.rows("SELECT position, marks & 3 AS marks FROM sample") == [{"position": 2, "marks": 2}]


@pytest.mark.parametrize("bad", ["nul\0", "\ud800", 2**63, -(2**63) - 1], ids=["NUL", "surrogate", "above", "below"])
async def test_a_value_that_the_database_does_not_take_costs_itself_alone(history: History, bad: Cell) -> None:
    good = [("real", TODAY_MS + n, value) for n, value in enumerate([float("nan"), float("inf"), -float("inf"), 1e308])]
    samples = [*good, ("bad", TODAY_MS, bad), ("text", TODAY_MS, "x" * 3_000_000), ("whole", TODAY_MS, 2**63 - 1)]
    for _ in range(2):
        written = await history.write(*samples)
        assert written.refused == 1
    assert len(await history.rows("SELECT FROM sample")) == len(samples) - 1
    shown = await everything(history.reading.samples, SamplesArgs(place=PLACE, metrics=("real", "whole")))
    assert [str(row["value"]) for row in shown if row["metric"] == "real"] == ["nan", "inf", "-inf", "1e+308"]


async def test_days_have_partitions_before_they_come_and_late_data_gets_its_own(history: History) -> None:
    now = datetime.now(UTC)
    await history.journal.make_partitions_ahead(to_ms(now))
    made = {row["name"] for row in await history.rows("SELECT inhrelid::regclass::text AS name FROM pg_inherits")}
    assert {f"sample_{now + timedelta(days=ahead):%Y%m%d}" for ahead in range(3)} <= made
    late_ms, ancient_ms = TODAY_MS - 30 * DAY_MS, 1_000
    await history.write(("m", late_ms, 1), ("m", ancient_ms, 2), ("m", TODAY_MS, 3), ("m", 2**63 - 1, 4))
    assert await history.table_of(late_ms) == f"sample_{now - timedelta(days=30):%Y%m%d}"
    assert await history.table_of(ancient_ms) == await history.table_of(2**63 - 1) == "sample_elsewhen"
    ahead_ms = TODAY_MS + 3 * DAY_MS
    await history.write(("m", ahead_ms, 5))
    assert await history.table_of(ahead_ms) == "sample_elsewhen"
    await history.journal.make_partitions_ahead(to_ms(now + timedelta(days=1)))
    assert await history.table_of(ahead_ms) == f"sample_{now + timedelta(days=3):%Y%m%d}"


async def test_a_database_that_comes_back_without_its_last_commits_is_given_what_it_lacks(history: History) -> None:
    await history.write(("m", TODAY_MS, 1))
    async with history.database.transaction() as tx:  # as a crash leaves it where commits do not wait for the disk
        await tx.execute(f"DROP TABLE {await history.table_of(TODAY_MS)}")
        await tx.execute("DELETE FROM tag")
    assert (await history.write(("m", TODAY_MS + 1, 2))).samples == 1
    (row,) = await everything(history.reading.samples, SamplesArgs(place=PLACE))
    assert row["value"] == 2


async def test_pages_hold_everything_that_was_there_once_and_in_order_while_more_is_written(history: History) -> None:
    names = [f"m{number:02}" for number in range(9)]
    there = [(name, TODAY_MS + at, at % 3) for at in range(40) for name in names]
    await history.write(*there)
    await history.journal.write(history.batch(gaps=tuple(Gap("down", at, at + 1) for at in range(20))))
    journal = (await read_head(history.database)).journal
    more = iter(range(1_000))

    async def write() -> None:
        number = next(more)
        late, new = ("m00", TODAY_MS - 1 - number, 1), (f"n{number}", TODAY_MS + 5, 1)
        batch = history.batch(
            late, ("m08", TODAY_MS + 100 + number, 1), new, gaps=(Gap("down", 1_000 + number, 2_000),)
        )
        await history.journal.write(batch)

    reading = history.reading
    samples = await everything(reading.samples, SamplesArgs(place=PLACE, limit=7), write)
    keys = [(row["timestamp_ms"], row["name"]) for row in samples]
    assert [row["timestamp_ms"] for row in samples] == sorted(row["timestamp_ms"] for row in samples)
    assert len(set(keys)) == len(keys)
    assert {(at_ms, name) for name, at_ms, _ in there} <= set(keys)

    tags = [row["name"] for row in await everything(reading.tags, TagsArgs(limit=2), write)]
    assert len(set(tags)) == len(tags)
    assert set(names) <= set(tags)

    gaps = [row["since"] for row in await everything(reading.gaps, GapsArgs(limit=3), write)]
    assert gaps == sorted(set(gaps), reverse=True)
    assert len(gaps) >= 20

    end = (await read_head(history.database)).position
    missed = await everything(reading.missed, MissedArgs(journal=journal, after=0, limit=11), write)
    stored = await history.rows(
        f"SELECT metric, at_ms FROM sample JOIN tag ON id = tag WHERE position <= {end} ORDER BY position"
    )
    assert [(row[1], row[4]) for row in missed] == [(row["metric"], row["at_ms"]) for row in stored]


async def test_a_position_of_another_journal_is_refused(history: History) -> None:
    await history.write(("m", TODAY_MS, 1))
    journal = (await read_head(history.database)).journal
    for arguments in (MissedArgs(journal=journal, after=2), MissedArgs(journal="another", after=0)):
        with pytest.raises(QueryFailed, match="which ends at 1"):
            await history.reading.missed(arguments)


async def test_nobody_is_told_what_was_missed_while_something_is_held_back(history: History) -> None:
    head = await read_head(history.database)
    arguments = MissedArgs(journal=head.journal, after=0)
    joined = False
    told_by = Reading(history.database, _settled, is_joined=lambda: joined)
    with pytest.raises(QueryFailed, match="held back") as refused:
        await told_by.missed(arguments)
    assert refused.value.code == "Behind"
    joined = True
    assert (await told_by.missed(arguments)).data["rows"] == []


async def test_what_was_missed_lately_is_found_without_a_look_at_the_rest_of_the_day(history: History) -> None:
    for turn in range(13):
        batch = Batch()
        tag = history.tag("busy")
        for number in range(10_000):
            at_ms = TODAY_MS + turn * 10_000 + number
            batch.add(tag, at_ms, TODAY_MS, number, quality=192, mark=0, is_doubtful=False)
        await history.journal.write(batch)
    head = await read_head(history.database)
    await history.write(("wanted", TODAY_MS, 7))

    rows = await everything(
        history.reading.missed, MissedArgs(journal=head.journal, after=0, metrics=("wanted",), limit=5)
    )
    assert [row[3] for row in rows] == [7]
    async with history.database.transaction() as tx:
        await tx.execute(reading._SQL.by_position)
        explained = await tx.fetchval(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {reading._SQL.missed_samples}", head.position, head.position + 1, [1, 2], 5
        )
    (today,) = [
        node
        for node in nodes(json.loads(explained)[0]["Plan"])
        if node.get("Relation Name") == await history.table_of(TODAY_MS + 1)
    ]
    assert today["Node Type"] == "Bitmap Heap Scan"
    assert today["Actual Rows"] == 1
    assert today["Rows Removed by Index Recheck"] < 60_000, (
        "the pages that were filled last may be unknown to the index"
    )


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan and all below it."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)
