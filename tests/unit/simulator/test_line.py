"""The shipped line over half a day: what its controller reports agrees with what really happened."""

from dataclasses import replace
from itertools import pairwise

import pytest

from services.simulator.domain import LINE_1, BottlingLine, Cause, Mode, Rota, State
from services.simulator.domain.line import Report
from services.simulator.domain.packml import MODE_CHANGE_STATES, TRANSITIONS
from services.simulator.domain.profile import (
    ConveyorProfile,
    FaultProfile,
    LineProfile,
    MachineProfile,
    Response,
    Span,
)
from services.simulator.domain.tags import (
    BLOCKED,
    DEFECTIVE,
    MODE,
    PROCESSED,
    SPEED,
    STARVED,
    STATE,
    STOP_REASON,
)

HOUR_MS = 3_600_000
START_MS = 1_700_000_000_000


def machine(name: str, cycle_ms: int, *faults: FaultProfile, bits: int = 16) -> MachineProfile:
    return MachineProfile(
        name=name,
        cycle_ms=cycle_ms,
        scrap_share=0.0,
        start_up_cycles=0,
        start_up_scrap_share=0.0,
        counter_bits=bits,
        first_count=0,
        patience_ms=2_000,
        restart_level=3,
        restart_room=3,
        faults=faults,
    )


def pair(first: MachineProfile, second: MachineProfile) -> LineProfile:
    return LineProfile(
        name="Pair",
        machines=(first, second),
        conveyors=(ConveyorProfile(10, 1_000),),
        infeed=None,
        outfeed=None,
        reaction=Span(1_000, 2_000),
    )


def causes(line: BottlingLine, unit: str) -> set[Cause]:
    return {interval.cause for interval in line.truth(unit).intervals(line.now_ms)}


@pytest.fixture(scope="module")
def half_a_day() -> tuple[BottlingLine, list[Report]]:
    line = BottlingLine(LINE_1, seed=7, start_ms=START_MS)
    return line, line.advance(START_MS + 12 * HOUR_MS)


def test_what_is_reported_adds_up_to_what_is_shown(half_a_day: tuple[BottlingLine, list[Report]]) -> None:
    line, reports = half_a_day
    seen = {unit: BottlingLine(LINE_1, seed=7, start_ms=START_MS).shown(unit) for unit in line.units}
    for report in reports:
        seen[report.unit].update(report.tags)
    assert seen == {unit: line.shown(unit) for unit in line.units}


def test_reported_states_follow_the_table(half_a_day: tuple[BottlingLine, list[Report]]) -> None:
    line, reports = half_a_day
    edges = {(before, after) for (before, _), after in TRANSITIONS.items()}
    for unit in line.units:
        states = [State.STOPPED]
        states += [State(report.tags[STATE]) for report in reports if report.unit == unit and STATE in report.tags]
        assert len(states) > 50
        assert all(edge in edges for edge in pairwise(states))


def test_the_mode_changes_only_at_rest(half_a_day: tuple[BottlingLine, list[Report]]) -> None:
    line, reports = half_a_day
    state = dict.fromkeys(line.units, State.STOPPED)
    modes = set[Mode]()
    for report in reports:
        if STATE in report.tags:
            state[report.unit] = State(report.tags[STATE])
        if MODE in report.tags:
            modes.add(Mode(report.tags[MODE]))
            assert state[report.unit] in MODE_CHANGE_STATES
    assert modes == {Mode.PRODUCTION, Mode.MAINTENANCE}


def test_reported_states_are_the_true_ones(half_a_day: tuple[BottlingLine, list[Report]]) -> None:
    line, reports = half_a_day
    for unit in line.units:
        reported = [(r.at_ms, r.tags[STATE]) for r in reports if r.unit == unit and STATE in r.tags]
        true: list[tuple[int, int]] = []
        last = State.STOPPED
        for interval in line.truth(unit).intervals(line.now_ms):
            if interval.state is not last:
                true.append((interval.start_ms, int(interval.state)))
                last = interval.state
        assert reported == true


def test_everything_that_can_happen_to_a_line_happens(half_a_day: tuple[BottlingLine, list[Report]]) -> None:
    line, _ = half_a_day
    seen = set[Cause]().union(*(causes(line, unit) for unit in line.units))
    assert seen == set(Cause) - {Cause.WAITING, Cause.INTERVENTION, Cause.CLEANING}  # these are a batch unit's


def test_counters_move_by_what_was_really_made(half_a_day: tuple[BottlingLine, list[Report]]) -> None:
    line, _ = half_a_day
    fresh = BottlingLine(LINE_1, seed=7, start_ms=START_MS)
    for profile in LINE_1.machines:
        counts = line.truth(profile.name).counts()
        before, after = fresh.shown(profile.name), line.shown(profile.name)
        moved = (int(after[PROCESSED]) - int(before[PROCESSED])) % (1 << profile.counter_bits)
        rejected = (int(after[DEFECTIVE]) - int(before[DEFECTIVE])) % (1 << profile.counter_bits)
        scanned = (counts.good + counts.scrap) % (1 << profile.counter_bits)
        assert 0 <= scanned - moved <= 3  # at most what was made since the last scan
        assert 0 <= counts.scrap - rejected <= 3


def test_a_counter_of_16_bits_is_seen_rolling_over(half_a_day: tuple[BottlingLine, list[Report]]) -> None:
    line, reports = half_a_day
    values = [int(r.tags[PROCESSED]) for r in reports if r.unit == "Capper" and PROCESSED in r.tags]
    falls = [(before, after) for before, after in pairwise(values) if after < before]
    assert falls
    assert all(before > 65_500 and after < 40 for before, after in falls)
    assert line.truth("Capper").counts().good > 40_000


def test_a_machine_in_execute_shows_no_stop_reason_and_one_in_held_does(
    half_a_day: tuple[BottlingLine, list[Report]],
) -> None:
    line, reports = half_a_day
    tags = {unit: BottlingLine(LINE_1, seed=7, start_ms=START_MS).shown(unit) for unit in line.units}
    for report in reports:
        tags[report.unit].update(report.tags)
        shown = tags[report.unit]
        if shown[STATE] == State.EXECUTE:
            assert shown[STOP_REASON] == 0
        if shown[STATE] in (State.HELD, State.ABORTED, State.SUSPENDED):
            assert shown[STOP_REASON] != 0
        if shown[STATE] == State.SUSPENDED:
            assert shown[BLOCKED] is not shown[STARVED]
        if shown[STATE] != State.EXECUTE:
            assert shown[SPEED] == 0.0


def test_a_slow_first_machine_starves_the_second() -> None:
    line = BottlingLine(pair(machine("Slow", 5_000), machine("Fast", 400)), seed=1, start_ms=0)
    line.advance(HOUR_MS)
    assert Cause.STARVED in causes(line, "Fast")
    assert Cause.BLOCKED not in causes(line, "Slow")


def test_a_slow_second_machine_blocks_the_first() -> None:
    line = BottlingLine(pair(machine("Fast", 400), machine("Slow", 5_000)), seed=1, start_ms=0)
    line.advance(HOUR_MS)
    assert Cause.BLOCKED in causes(line, "Fast")
    assert Cause.STARVED not in causes(line, "Slow")


def test_a_fault_in_the_second_machine_blocks_the_first_once_the_belt_is_full() -> None:
    fault = FaultProfile(reason=5, text="Jam", response=Response.HOLD, mean_cycles=300, repair=Span(60_000, 90_000))
    line = BottlingLine(pair(machine("First", 500), machine("Second", 480, fault)), seed=3, start_ms=0)
    line.advance(HOUR_MS)
    first = line.truth("First").intervals(line.now_ms)
    held = [i for i in line.truth("Second").intervals(line.now_ms) if i.state is State.HELD]
    assert held
    assert {interval.reason for interval in held} == {5}
    for stop in held:
        if stop.end_ms < line.now_ms - 60_000:
            assert any(
                i.state is State.SUSPENDED and i.cause is Cause.BLOCKED and i.start_ms < stop.end_ms < i.end_ms
                for i in first
            )


def test_a_stall_leaves_the_machine_in_execute_without_counts() -> None:
    fault = FaultProfile(
        reason=6,
        text="Jam",
        response=Response.STALL,
        mean_cycles=100,
        repair=Span(20_000, 30_000),
        minor=True,
    )
    line = BottlingLine(pair(machine("First", 500, fault), machine("Second", 480)), seed=3, start_ms=0)
    line.advance(HOUR_MS)
    truth = line.truth("First")
    stalls = [i for i in truth.intervals(line.now_ms) if i.cause is Cause.MICRO_STOP]
    assert len(stalls) > 10
    for stall in stalls:
        assert stall.state is State.EXECUTE
        assert truth.counts(stall.start_ms + 1, stall.end_ms).good == 0


def test_the_operator_stops_the_line_for_a_break_and_starts_it_again() -> None:
    rota = Rota([(0, HOUR_MS), (HOUR_MS + 900_000, 3 * HOUR_MS)])
    line = BottlingLine(replace(LINE_1, infeed=None, outfeed=None), seed=5, start_ms=0, duty=rota)
    line.advance(3 * HOUR_MS)
    for unit in line.units:
        off = [
            i
            for i in line.truth(unit).intervals(line.now_ms)
            if i.cause is Cause.OFF_DUTY and i.state is State.STOPPED and i.start_ms > 0
        ]
        assert len(off) == 1
        assert HOUR_MS < off[0].start_ms < HOUR_MS + 60_000
        assert HOUR_MS + 900_000 < off[0].end_ms < HOUR_MS + 960_000
        assert line.truth(unit).counts(HOUR_MS + 60_000, HOUR_MS + 900_000).good == 0
        assert line.truth(unit).counts(HOUR_MS + 960_000).good > 0


def test_nobody_on_duty_means_nothing_is_made() -> None:
    line = BottlingLine(LINE_1, seed=5, start_ms=0, duty=Rota([]))
    line.advance(HOUR_MS)
    assert line.balance().entered == 0
    assert all(line.shown(unit)[STATE] == State.STOPPED for unit in line.units)


def test_an_aborted_machine_is_repaired_in_maintenance_mode_and_started_again() -> None:
    fault = FaultProfile(
        reason=9, text="Crash", response=Response.ABORT, mean_cycles=2_000, repair=Span(60_000, 90_000)
    )
    line = BottlingLine(pair(machine("First", 500, fault), machine("Second", 480)), seed=2, start_ms=0)
    line.advance(4 * HOUR_MS)
    intervals = line.truth("First").intervals(line.now_ms)
    repaired = [i for i in intervals if i.mode is Mode.MAINTENANCE and i.state is State.ABORTED]
    assert repaired
    for repair in repaired:
        after = [i.state for i in intervals if i.start_ms > repair.end_ms][:5]
        assert after == [State.STOPPED, State.RESETTING, State.IDLE, State.STARTING, State.EXECUTE][: len(after)]


def test_a_profile_that_would_starve_for_ever_is_refused() -> None:
    with pytest.raises(ValueError, match="starve for ever"):
        LineProfile(
            name="Line",
            machines=(machine("A", 500), replace(machine("B", 500), restart_level=11)),
            conveyors=(ConveyorProfile(10, 0),),
            infeed=None,
            outfeed=None,
            reaction=Span(1, 2),
        )


def test_the_truth_in_a_window_is_exact_and_survives_forgetting() -> None:
    line = BottlingLine(pair(machine("First", 500), machine("Second", 480)), seed=2, start_ms=0)
    line.advance(HOUR_MS)
    truth = line.truth("Second")
    total, late = truth.counts(), truth.counts(HOUR_MS // 2)
    truth.forget_before(HOUR_MS // 2)
    assert truth.counts() == total
    assert truth.counts(HOUR_MS // 2) == late
    assert 0 < late.good < total.good
