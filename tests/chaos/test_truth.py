"""What the comparison with the truth is made of sees every hole and every overlap."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from namespace.contracts.event_log import EventRow
from namespace.contracts.oee import StateIntervalClosed
from namespace.runtime import from_ms
from tests.chaos.intervals import Intervals
from tests.chaos.meters import kept_numbers, noted
from tests.chaos.readings import without

_PLACE = "Acme/Chaos/Cells/C01/Oven"


def runs(numbers: Collection[int]) -> list[range]:
    found: list[range] = []
    for number in sorted(numbers):
        if found and found[-1].stop == number:
            found[-1] = range(found[-1].start, number + 1)
        else:
            found.append(range(number, number + 1))
    return found


@given(kept=st.sets(st.integers(0, 30)), found=st.sets(st.integers(0, 30)))
def test_what_is_missing_of_runs_is_what_is_missing_of_their_numbers(kept: set[int], found: set[int]) -> None:
    assert without(runs(kept), runs(found)) == runs(kept - found)


def test_the_numbers_that_were_noted_are_read_back_without_a_line_that_was_cut_short(tmp_path: Path) -> None:
    assert kept_numbers(tmp_path, "N", "Oven") == []
    noted(tmp_path, "N", "Oven").write_text("0\n1\n2\n1000002\n1000003\n2000")
    assert kept_numbers(tmp_path, "N", "Oven") == [range(3), range(1_000_002, 1_000_004)]


def _told(start_ms: int, end_ms: int, revision: int) -> EventRow:
    said = StateIntervalClosed(
        start=from_ms(start_ms), end=from_ms(end_ms), element="APT", reason="", revision=revision
    )
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return EventRow(
        event_id=uuid4(),
        type=StateIntervalClosed.__name__,
        schema="StateIntervalClosed/1",
        occurred_at=now,
        scope=_PLACE,
        subject=_PLACE,
        payload=said.model_dump(mode="json"),
        seq=1,
        recorded_at=now,
        hash="",
    )


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=12))
def test_an_interval_takes_the_place_of_every_one_that_it_overlaps(told: list[tuple[int, int]]) -> None:
    intervals = Intervals()
    left: list[tuple[int, int, int]] = []
    for revision, (start_ms, length_ms) in enumerate(told, start=1):
        end_ms = start_ms + length_ms
        intervals.take(_told(start_ms, end_ms, revision))
        left = [each for each in left if each[1] <= start_ms or each[0] >= end_ms] + [(start_ms, end_ms, revision)]
    assert [(each[0], each[1], each[5]) for each in intervals.of.get(_PLACE, [])] == sorted(left)
