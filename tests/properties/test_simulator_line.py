"""Properties of the simulated line that hold for every seed, at every time."""

import json
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from services.simulator.domain import LINE_1, BottlingLine, Rota
from services.simulator.domain.packml import ACTING_STATES, TRANSITIONS, State
from services.simulator.domain.tags import DEFECTIVE, PROCESSED

seeds = st.integers(min_value=0, max_value=2**32)
steps = st.lists(st.integers(min_value=1, max_value=900_000), min_size=1, max_size=8)
DUTY = Rota([(0, 1_200_000), (1_500_000, 90_000_000)])
EDGES = {(before, after) for (before, _), after in TRANSITIONS.items()}


@settings(max_examples=12, derandomize=True, deadline=None)
@given(seed=seeds, times=steps)
def test_no_unit_is_lost_or_made_of_nothing(seed: int, times: list[int]) -> None:
    line = BottlingLine(LINE_1, seed=seed, start_ms=0, duty=DUTY)
    for step in times:
        line.advance(line.now_ms + step)
        balance = line.balance()
        assert balance.entered == (balance.packed + balance.scrapped + balance.on_belts + balance.in_machines)


@settings(max_examples=8, derandomize=True, deadline=None)
@given(seed=seeds, times=steps)
def test_the_history_does_not_depend_on_the_steps_in_which_time_passes(seed: int, times: list[int]) -> None:
    in_steps = BottlingLine(LINE_1, seed=seed, start_ms=0, duty=DUTY)
    at_once = BottlingLine(LINE_1, seed=seed, start_ms=0, duty=DUTY)
    reports = [report for step in times for report in in_steps.advance(in_steps.now_ms + step)]
    assert reports == at_once.advance(sum(times))
    for unit in at_once.units:
        assert in_steps.truth(unit).document(sum(times)) == at_once.truth(unit).document(sum(times))


@settings(max_examples=8, derandomize=True, deadline=None)
@given(seed=seeds, until=st.integers(min_value=1, max_value=5_000_000))
def test_the_truth_is_a_partition_of_time_along_the_table(seed: int, until: int) -> None:
    line = BottlingLine(LINE_1, seed=seed, start_ms=0, duty=DUTY)
    line.advance(until)
    for unit in line.units:
        intervals = line.truth(unit).intervals(until)
        assert intervals[0].start_ms == 0
        assert intervals[-1].end_ms == until
        assert all(interval.start_ms < interval.end_ms for interval in intervals)
        for before, after in pairwise(intervals):
            assert before.end_ms == after.start_ms
            assert before.state is after.state or (before.state, after.state) in EDGES
        json.dumps(line.truth(unit).document(until))


@settings(max_examples=8, derandomize=True, deadline=None)
@given(seed=seeds, until=st.integers(min_value=1, max_value=5_000_000))
def test_units_are_made_in_execute_alone(seed: int, until: int) -> None:
    line = BottlingLine(LINE_1, seed=seed, start_ms=0, duty=DUTY)
    line.advance(until)
    for unit in line.units:
        truth = line.truth(unit)
        made = 0
        for interval in truth.intervals(until):
            counts = truth.counts(interval.start_ms + 1, interval.end_ms + 1)
            if interval.state is State.EXECUTE:
                made += counts.good + counts.scrap
            else:
                assert counts.good + counts.scrap == 0
        assert made == truth.counts().good + truth.counts().scrap


@settings(max_examples=8, derandomize=True, deadline=None)
@given(seed=seeds, until=st.integers(min_value=1, max_value=5_000_000))
def test_counters_stay_within_their_width_and_time_never_runs_back(seed: int, until: int) -> None:
    line = BottlingLine(LINE_1, seed=seed, start_ms=0, duty=DUTY)
    widths = {machine.name: machine.counter_bits for machine in LINE_1.machines}
    last_ms = 0
    for report in line.advance(until):
        assert last_ms <= report.at_ms <= until
        last_ms = report.at_ms
        for tag in (PROCESSED, DEFECTIVE):
            assert 0 <= int(report.tags.get(tag, 0)) < 1 << widths[report.unit]


def test_an_acting_state_never_lasts_longer_than_it_takes() -> None:
    line = BottlingLine(LINE_1, seed=11, start_ms=0, duty=DUTY)
    line.advance(20_000_000)
    for machine in LINE_1.machines:
        for interval in line.truth(machine.name).intervals(line.now_ms - 60_000):
            if interval.state in ACTING_STATES:
                assert interval.end_ms - interval.start_ms <= machine.acting_ms[interval.state]


def test_another_seed_has_another_history() -> None:
    one = BottlingLine(LINE_1, seed=1, start_ms=0).advance(600_000)
    other = BottlingLine(LINE_1, seed=2, start_ms=0).advance(600_000)
    assert one != other
