"""A window that is judged segment by segment while it goes on comes out as one that is judged whole, whatever comes late."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from namespace.isa95 import Changeover
from services.oee.domain.counter_rule import CounterRule
from services.oee.domain.evaluation import evaluate
from services.oee.domain.history import MARGIN_MS
from services.oee.domain.profile import UnitProfile
from services.oee.domain.sample import Channel, Classification, CounterName, CycleMark, JobMark, Reading, Sample, Signal
from services.oee.domain.unit import TooLate, WindowClosed, WindowFinal, WindowRevised, advance, begin, current, look
from tests.properties.test_oee_properties import PROFILES, SAMPLES
from tests.unit.oee.scenario import CALENDAR, HOUR_S, ms

BEGIN_S = 6 * HOUR_S
PROFILE = UnitProfile(
    ideal_cycle_ms=Fraction(1000),
    ideal_cycles_ms={"Cola": Fraction(750)},
    microstop_threshold_ms=30_000,
    processed=CounterRule(16),
    changeover_gap_ms=60_000,
)


def shop_floor(
    source: Random, seconds: int, order_share: float = 0.1, late_share: float = 0.03, *, begin_s: int = BEGIN_S
) -> Iterator[tuple[int, Sample]]:
    """Samples of a busy unit, each with the second in which it arrives: most at once, some late, some very late."""
    total = scrap = order = 0
    running: JobMark | None = None
    for second in range(begin_s, begin_s + seconds):
        said: list[Sample] = []
        at_ms = ms(second) + source.randrange(1000)
        if source.random() < 0.5:
            total += source.choice([1, 1, 1, 2])
            said.append(Reading(at_ms, CounterName.PROCESSED, total % 65_536, baseline=source.random() < 0.02))
        if source.random() < 0.05:
            scrap += 1
            said.append(Reading(at_ms, CounterName.DEFECTIVE, scrap))
        if source.random() < order_share:
            if running is not None and running.running:
                running = replace(running, at_ms=at_ms, running=False, ordinal=2 * second)
            elif running is not None and source.random() < 0.3:
                material = running.material if source.random() < 0.7 else source.choice(["Cola", "Lemonade"])
                running = replace(running, at_ms=at_ms, running=True, material=material, ordinal=2 * second)
            else:
                order += 1
                material = source.choice(["Cola", "Lemonade", None])
                running = JobMark(at_ms, f"JO-{order}", True, source.random() < 0.1, material, None, 2 * second)
            said.append(running)
        if source.random() < 0.04:
            said.append(Signal(at_ms, Channel.STATE, source.choice([6, 6, 6, 6, 5, 11, 9])))
        if source.random() < 0.01:
            said.append(Signal(at_ms, Channel.ONLINE, source.randrange(2)))
        if source.random() < 0.004:
            said.append(CycleMark(at_ms - 60_000, source.choice([None, "Cola"]), Fraction(900), second))
        if source.random() < 0.004:
            said.append(Classification(at_ms - 90_000, at_ms, None, "lead", second, str(second)))
        for sample in said:
            late_s = 0 if source.random() >= late_share else source.choice([3, 30, 300])
            yield second + late_s, sample


@pytest.mark.parametrize("changeover", list(Changeover))
@pytest.mark.parametrize(
    ("no_count_after_ms", "order_share"),
    [(None, 0.1), (20_000, 0.1), (None, 0.01)],
    ids=["plain", "no count", "few orders"],
)
def test_a_busy_shift_is_judged_in_segments_as_it_is_judged_whole(
    changeover: Changeover, no_count_after_ms: int | None, order_share: float
) -> None:
    profile = replace(PROFILE, changeover=changeover, no_count_after_ms=no_count_after_ms)
    arrivals: dict[int, list[Sample]] = {}
    for second, sample in shop_floor(Random(f"{changeover} {no_count_after_ms}"), 900, order_share):
        arrivals.setdefault(second, []).append(sample)
    state = begin(profile, CALENDAR, ms(BEGIN_S))
    cuts = taken_back = 0
    for second in range(BEGIN_S, BEGIN_S + 1200, 4):
        samples = [sample for each in range(second - 3, second + 1) for sample in arrivals.get(each, ())]
        before = len(state.segments.parts)
        state, _ = advance(state, samples, ms(second), profile, CALENDAR)
        taken_back += len(state.segments.parts) < before
        state, result = look(state, profile, CALENDAR, cut_pieces=6)
        cuts = max(cuts, len(state.segments.parts))
        whole = current(state, profile, CALENDAR)
        assert result == whole, second
        assert result is not None
        assert whole is not None
        assert result.evaluation.told_since_ms == whole.evaluation.told_since_ms
    assert cuts >= 3
    assert taken_back >= 3


@pytest.mark.parametrize("changeover", list(Changeover))
def test_a_busy_shift_that_is_read_back_is_judged_in_segments_as_small_as_if_it_had_been_looked_at(
    changeover: Changeover,
) -> None:
    profile = replace(PROFILE, changeover=changeover)
    arrivals = [sample for _, sample in shop_floor(Random(f"{changeover}"), 3_600, 0.02)]
    now_ms = ms(BEGIN_S + 4_200)
    state, _ = advance(begin(profile, CALENDAR, ms(BEGIN_S)), arrivals, now_ms, profile, CALENDAR)
    state, result = look(state, profile, CALENDAR, cut_pieces=3)
    assert result == current(state, profile, CALENDAR)
    signals = [signal.at_ms for signal in state.history.signals]
    edges = [0, *(bisect_left(signals, part.end_ms) for part in state.segments.parts), len(signals)]
    assert max(after - before for before, after in pairwise(edges)) < len(signals) / 5


@pytest.mark.parametrize("changeover", list(Changeover))
def test_a_shift_that_ends_is_judged_from_its_segments_as_it_is_judged_whole(changeover: Changeover) -> None:
    profile = replace(PROFILE, changeover=changeover, final_after_ms=300_000)
    end_s = BEGIN_S + 8 * HOUR_S
    first_s = end_s - 1_700
    arrivals: dict[int, list[Sample]] = {}
    for second, sample in shop_floor(Random(f"{changeover}"), 2_000, 0.02, 0.3, begin_s=first_s):
        arrivals.setdefault(second, []).append(sample)
    state = begin(profile, CALENDAR, ms(first_s))
    said, parts = [], 0
    for second in range(first_s, end_s + 700, 10):
        samples = [sample for each in range(second - 9, second + 1) for sample in arrivals.get(each, ())]
        state, outputs = advance(state, samples, ms(second), profile, CALENDAR)
        for output in outputs:
            if isinstance(output, TooLate):
                continue
            window = output.result.window
            history, now_ms = state.history, ms(second)
            if isinstance(output, WindowFinal):
                history, now_ms = output.history, window.end_ms + MARGIN_MS
            whole = evaluate(history, profile, CALENDAR, start_ms=window.start_ms, end_ms=window.end_ms, now_ms=now_ms)
            assert output.result.evaluation == whole, (second, output)
            said.append(type(output))
            parts = max(parts, *(len(each.parts) for each in state.ended), 0)
        state, _ = look(state, profile, CALENDAR)
    assert said[0] is WindowClosed
    assert WindowRevised in said
    assert said[-1] is WindowFinal
    assert parts >= 1


@settings(max_examples=150, deadline=None, derandomize=True)
@given(PROFILES, SAMPLES, st.integers(1, 6))
def test_any_samples_are_judged_in_segments_as_they_are_judged_whole(
    profile: UnitProfile, samples: list[Sample], looks: int
) -> None:
    state = begin(profile, CALENDAR, ms(BEGIN_S))
    for number in range(looks):
        now_ms = ms(BEGIN_S + (number + 1) * 15 * HOUR_S // looks)
        state, _ = advance(state, samples[number::looks], now_ms, profile, CALENDAR)
        state, result = look(state, profile, CALENDAR, cut_pieces=1)
        assert result == current(state, profile, CALENDAR)
        state, again = look(state, profile, CALENDAR, cut_pieces=1)
        assert again == result
