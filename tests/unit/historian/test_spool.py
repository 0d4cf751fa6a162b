"""The spool: batches come back as they went in, in order, whatever happened to the process or to the files meanwhile."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from namespace.runtime import get_logger
from services.historian.adapters.spool import DiskSpool
from services.historian.domain.batch import Batch, Cell, Gap, Note, NoteKind
from services.historian.domain.frame import FrameError, decode, encode
from services.historian.domain.tag import Tag, TagKey, Tags
from services.historian.ports import SpoolFull

_MS = st.integers(-(2**63), 2**63 - 1)
_CELLS: st.SearchStrategy[Cell] = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
)
_SAMPLES = st.tuples(st.integers(0, 5), _MS, _MS, _CELLS, st.integers(0, 2**15 - 1), st.integers(0, 15), st.booleans())
_NOTES = st.builds(
    Note,
    st.integers(0, 99),
    st.sampled_from(NoteKind),
    st.text(),
    st.text(),
    st.text(),
    _MS,
    _MS,
    st.none() | st.integers(0, 255),
    st.text(),
    st.lists(st.text()).map(tuple),
    st.booleans(),
)
_GAPS = st.builds(Gap, st.text(), _MS, st.none() | _MS, st.text(), st.text(), st.integers(0, 2**63 - 1))


def shown(batch: Batch) -> object:
    """Return all that a batch says, without what a process calls its tags."""
    columns = [
        (
            c.order,
            [(t.key, t.place, t.canonical, t.unit, t.is_machine) for t in c.tags],
            c.at_ms,
            c.received_ms,
            [(type(cell), cell) for cell in c.cells],
            c.quality,
            c.marks,
        )
        for c in (batch.fresh, batch.doubtful)
    ]
    return columns, batch.notes, batch.gaps, batch.size


def batch_of(tags: Tags, *values: int) -> Batch:
    batch = Batch()
    for value in values:
        batch.add(tags.get(TagKey("g", "n", "d", "m", 4)), value, value, value, quality=192, mark=0, is_doubtful=False)
    return batch


def spool_in(folder: Path, tags: Tags, *, limit_bytes: int = 1 << 20, file_bytes: int = 300) -> DiskSpool:
    return DiskSpool(folder, tags, limit_bytes=limit_bytes, log=get_logger(), file_bytes=file_bytes)


async def drained(spool: DiskSpool) -> list[Any]:
    found = []
    while (batch := await spool.first()) is not None:
        found += batch.fresh.cells + batch.doubtful.cells
        await spool.done()
    return found


@settings(deadline=None)
@given(st.lists(st.tuples(st.lists(_SAMPLES, max_size=6), st.lists(_NOTES, max_size=2), st.lists(_GAPS, max_size=2))))
def test_frames_of_a_file_are_read_by_another_process_as_they_were_written(parts: list[Any]) -> None:
    here, there = Tags(), Tags()
    described: dict[Tag, int] = {}
    known: dict[int, Any] = {}
    for samples, notes, gaps in parts:
        batch = Batch(notes=notes, gaps=gaps)
        for number, at_ms, received_ms, cell, quality, mark, is_doubtful in samples:
            tag = here.get(TagKey("g", "n", "d", f"m{number}", number))
            here.describe(tag, f"A/B/{number}", f"c{number}", is_machine=True, unit="H87")
            batch.add(tag, at_ms, received_ms, cell, quality=quality, mark=mark, is_doubtful=is_doubtful)
        assert shown(decode(encode(batch, described), there, known)) == shown(batch)


@pytest.mark.parametrize("is_read_to_its_end", [True, False])
async def test_a_batch_that_is_being_written_while_the_last_one_is_done_with_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_read_to_its_end: bool
) -> None:
    may_go_on, is_there = threading.Event(), threading.Event()
    reach_the_disk = os.fsync

    def slow(descriptor: int) -> None:
        is_there.set()
        assert may_go_on.wait(30)
        reach_the_disk(descriptor)

    tags = Tags()
    spool = spool_in(tmp_path, tags)
    await spool.put(batch_of(tags, 1))
    second = batch_of(tags, 2)
    assert await spool.first() is not None
    if is_read_to_its_end:
        await spool.done()
    monkeypatch.setattr("services.historian.adapters.spool.os.fsync", slow)
    writing = asyncio.create_task(spool.put(second))
    await asyncio.to_thread(is_there.wait, 30)
    if not is_read_to_its_end:
        await spool.done()
    assert await spool.first() is None, "it is not on the disk yet"
    may_go_on.set()
    await writing
    batch = await spool.first()
    assert batch is not None
    assert shown(batch) == shown(second)
    await spool.done()
    assert spool.is_empty
    assert not list(tmp_path.iterdir())


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_what_is_no_frame_is_refused_and_nothing_else(data: bytes) -> None:
    with pytest.raises(FrameError):
        decode(data, Tags(), {})


async def test_batches_outlive_the_process_in_order_and_those_not_done_with_come_again(tmp_path: Path) -> None:
    tags = Tags()
    spool = spool_in(tmp_path, tags)
    for value in range(0, 40, 2):
        await spool.put(batch_of(tags, value, value + 1))
    assert len(list(tmp_path.iterdir())) > 2
    for _ in range(5):
        await spool.first()
        await spool.done()
    spool.close()
    again = await drained(spool_in(tmp_path, Tags()))
    assert again == sorted(again)
    assert set(again) >= set(range(10, 40))
    assert list(tmp_path.iterdir()) == []


async def test_a_full_spool_takes_nothing_more_and_keeps_what_it_has(tmp_path: Path) -> None:
    tags = Tags()
    spool = spool_in(tmp_path, tags, limit_bytes=1_000)
    kept = 0
    with pytest.raises(SpoolFull, match="bytes of 1000"):
        while True:
            await spool.put(batch_of(tags, kept))
            kept += 1
    assert 0 < spool.size_bytes <= 1_000
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == spool.size_bytes
    assert await drained(spool) == list(range(kept))


@pytest.mark.parametrize("what", ["cut off", "damaged", "of a later version"])
async def test_a_file_that_cannot_be_read_is_put_aside_and_said_and_the_others_are_used(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = Tags()
    spool = spool_in(tmp_path, tags, file_bytes=1)  # a file a batch
    for value in range(3):
        if what == "of a later version" and value == 1:
            monkeypatch.setattr("services.historian.domain.frame.VERSION", 2)
        await spool.put(batch_of(tags, value))
        monkeypatch.undo()
    spool.close()
    _, second, _ = sorted(tmp_path.iterdir())
    data = second.read_bytes()
    if what != "of a later version":
        second.write_bytes(data[:-1] + (b"" if what == "cut off" else bytes([data[-1] ^ 1])))
    with capture_logs() as logs:
        opened = spool_in(tmp_path, Tags())
        assert await drained(opened) == [0, 2]
    aside = second.with_name(f"{second.name}.damaged-1")
    assert aside.read_bytes()[:-1] == data[: aside.stat().st_size - 1]
    assert list(tmp_path.iterdir()) == [aside]
    assert [(entry["event"], entry["put_aside"]) for entry in logs] == [("spool_damaged", str(aside))]
    assert opened.damaged == 1
