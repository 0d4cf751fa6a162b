"""Properties of the simulated batch reactor that hold for every seed, at every time."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.simulator.domain.packml import TRANSITIONS, State
from services.simulator.domain.reactor import PHASES, REACTOR_4, BatchReactor, Phase
from services.simulator.domain.reactor.alarms import HIGH_K
from services.simulator.domain.reactor.tags import PHASE, TEMPERATURE, TOTAL_OFF_SPEC, TOTAL_OUT

seeds = st.integers(min_value=0, max_value=2**32)
steps = st.lists(st.integers(min_value=1, max_value=4_000_000), min_size=1, max_size=4)
HOUR_MS = 3_600_000
PHASE_EDGES = {(before.value, after.value) for (before, _), after in PHASES.items()}
STATE_EDGES = {(before, after) for (before, _), after in TRANSITIONS.items()}


@settings(max_examples=6, derandomize=True, deadline=None)
@given(seed=seeds, times=steps)
def test_no_kilogram_is_lost_or_made_of_nothing(seed: int, times: list[int]) -> None:
    reactor = BatchReactor(REACTOR_4, seed=seed, start_ms=0)
    for step in times:
        reactor.advance(reactor.now_ms + step)
        balance = reactor.balance()
        assert balance.charged == pytest.approx(balance.produced + balance.lost + balance.held, abs=1e-6)
        assert balance.held >= 0


@settings(max_examples=6, derandomize=True, deadline=None)
@given(seed=seeds, times=steps)
def test_the_history_does_not_depend_on_the_steps_in_which_time_passes(seed: int, times: list[int]) -> None:
    in_steps, at_once = (BatchReactor(REACTOR_4, seed=seed, start_ms=0) for _ in range(2))
    reports = [report for step in times for report in in_steps.advance(in_steps.now_ms + step)]
    assert reports == at_once.advance(sum(times))
    assert in_steps.truth("R4").document(sum(times)) == at_once.truth("R4").document(sum(times))
    assert [batch.document() for batch in in_steps.batches] == [batch.document() for batch in at_once.batches]


@settings(max_examples=2, derandomize=True, deadline=None)
@given(seed=seeds)
def test_a_long_shift_keeps_to_the_tables_and_within_physics(seed: int) -> None:
    reactor = BatchReactor(REACTOR_4, seed=seed, start_ms=0)
    phases, temperatures, totals = [Phase.IDLE.value], [], [(0, 0)]
    off_spec = out = 0
    for report in reactor.advance(14 * HOUR_MS):
        if PHASE in report.tags:
            phases.append(str(report.tags[PHASE]))
        if TEMPERATURE in report.tags:
            temperatures.append(float(report.tags[TEMPERATURE]))
        out, off_spec = int(report.tags.get(TOTAL_OUT, out)), int(report.tags.get(TOTAL_OFF_SPEC, off_spec))
        totals.append((out, off_spec))
    assert set(pairwise(phases)) <= PHASE_EDGES
    intervals = reactor.truth("R4").intervals(reactor.now_ms)
    states = [State(interval.state) for interval in intervals]
    assert {(before, after) for before, after in pairwise(states) if before is not after} <= STATE_EDGES
    hottest = max(recipe.react_c for recipe in REACTOR_4.recipes) + HIGH_K + 15
    assert REACTOR_4.cold_c < min(temperatures) < max(temperatures) < hottest
    assert totals == sorted(totals), "totalizers only ever count up"
    counts = reactor.truth("R4").counts()
    assert (counts.good + counts.scrap, counts.scrap) == totals[-1]
    assert len([batch for batch in reactor.batches if batch.outcome == "complete"]) >= 2


@settings(max_examples=2, derandomize=True, deadline=None)
@given(seed=seeds)
def test_what_a_batch_took_from_its_lots_is_what_it_made_and_lost(seed: int) -> None:
    reactor = BatchReactor(REACTOR_4, seed=seed, start_ms=0)
    reactor.advance(9 * HOUR_MS)
    ended = [batch for batch in reactor.batches if batch.ended_ms is not None]
    assert ended
    for batch in ended:
        assert sum(batch.charged.values()) == pytest.approx(batch.produced_kg + batch.lost_kg, abs=1e-3)
        assert (batch.outcome == "aborted") == (batch.produced_kg == 0)
    assert len({batch.batch_id for batch in ended}) == len(ended)
