"""Whatever happens to connection, host, devices and process: what was kept arrives, in order, within bounds, and what does not is
counted."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from namespace.sparkplug import DataType
from tests.properties.edge_world import DEVICES, WINDOW_S, World

devices = st.sampled_from(DEVICES)
reports = st.tuples(st.just("report"), devices, st.integers(1, 12))
pauses = st.tuples(st.just("pass"), st.sampled_from((1, 300, 2_000, 6_000, WINDOW_S * 900, WINDOW_S * 1_100)))
flushes = st.tuples(st.just("flush"), st.integers(1, 40))
commits = st.tuples(st.just("commit"))
connects = st.tuples(st.just("connect"))
breaks = st.tuples(st.sampled_from(("cut", "kill", "rebirth")))
lives = st.tuples(st.sampled_from(("die", "revive")), devices)
steps = st.one_of(
    reports, reports, reports, pauses, pauses, flushes, flushes, commits, commits, connects, connects, breaks, lives
)
histories = st.lists(steps, min_size=10, max_size=60)


@contextmanager
def world(limit_bytes: int = 1 << 20) -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        made = World(Path(folder) / "edge.buffer", limit_bytes=limit_bytes)
        try:
            yield made
        finally:
            made.file.close()


def play(it: World, history: list[tuple[Any, ...]]) -> None:
    for step in history:
        match step:
            case ("report", str(device), int(count)):
                for _ in range(count):
                    it.report(device)
                    it.pass_time(1)
            case ("pass", int(milliseconds)):
                it.pass_time(milliseconds)
            case ("flush", int(count)):
                for _ in range(count):
                    it.flush()
                    it.pass_time(13)
            case ("cut",) if it.is_open:
                it.cut()
            case ("commit" | "connect" | "kill" | "rebirth" as verb,):
                getattr(it, str(verb))()
            case ("die" | "revive" as verb, str(device)):
                getattr(it, str(verb))(device)


@settings(max_examples=80, deadline=None)
@given(histories)
def test_everything_that_was_kept_arrives(history: list[tuple[Any, ...]]) -> None:
    """On the way the world looks at order and rate of the backlog, and at what is forgotten and dropped, see there."""
    with world() as it:
        play(it, history)
        it.heal()

        assert set(it.kept.values()) <= set(it.arrived)
        assert (it.contents.dropped, it.contents.undeliverable) == (0, 0)


@settings(max_examples=60, deadline=None)
@given(histories)
def test_what_has_surely_arrived_is_forgotten(history: list[tuple[Any, ...]]) -> None:
    """That nothing is forgotten too early, is looked at in every commit of the world."""
    with world() as it:
        play(it, history)
        it.heal()
        it.pass_time(WINDOW_S * 1000 + 1)
        it.commit()
        assert (it.contents.readings, it.contents.size_bytes, it.contents.oldest_ms) == (0, 0, None)


@settings(max_examples=40, deadline=None)
@given(histories, st.integers(300, 3_000))
def test_the_bound_of_size_holds_and_nothing_is_missing_that_was_not_counted(
    history: list[tuple[Any, ...]], limit_bytes: int
) -> None:
    with world(limit_bytes) as it:
        for step in history:
            play(it, [step])
            it.commit()
            assert it.contents.size_bytes <= limit_bytes
        it.heal()

        missing = set(it.kept.values()) - set(it.arrived)
        assert len(missing) <= it.contents.dropped


@settings(max_examples=60, deadline=None)
@given(histories, st.booleans())
def test_what_cannot_be_sent_any_more_is_counted_once_and_the_rest_arrives(
    history: list[tuple[Any, ...]], vanishes: bool
) -> None:
    """After a restart device A is gone, or has a metric of another type."""
    with world() as it:
        play(it, history)
        it.commit()
        if it.is_open:
            it.cut()
        left = it.left()
        of_a = sum(report.readings for report in left if report.source == "A")
        if vanishes:
            del it.types["A"]
        else:
            it.types["A"] = DataType.String
        it.kill()
        it.heal()
        it.cut()
        it.heal()

        assert it.contents.undeliverable == of_a
        assert {reading for reading in it.kept.values() if reading[0] == "B"} <= set(it.arrived)
