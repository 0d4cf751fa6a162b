"""What holds for every stream of samples, in whatever order it arrives."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from namespace.isa95 import AutomaticReason, Changeover, LossClass, Reason, ReasonTree, TimeElement
from services.oee.domain.counter import CounterTrack
from services.oee.domain.counter_rule import CounterRule
from services.oee.domain.evaluation import evaluate
from services.oee.domain.history import History
from services.oee.domain.kpi import Totals
from services.oee.domain.losses import ledger
from services.oee.domain.profile import UnitProfile
from services.oee.domain.sample import Channel, Classification, CounterName, CycleMark, JobMark, Reading, Sample, Signal
from services.oee.domain.snapshot import from_document, to_document
from services.oee.domain.unit import UnitState, WindowClosed, WindowRevised, advance, begin, current
from tests.unit.oee.scenario import CALENDAR, HOUR_S, ms

bounded = settings(max_examples=60, deadline=None, derandomize=True)

TIMES = st.integers(ms(4 * HOUR_S), ms(23 * HOUR_S))
SIGNALS = st.one_of(
    st.builds(Signal, TIMES, st.just(Channel.STATE), st.sampled_from([None, 0, 2, 4, 5, 6, 6, 6, 9, 11, 17])),
    st.builds(Signal, TIMES, st.just(Channel.MODE), st.sampled_from([1, 1, 2, 3])),
    st.builds(
        Signal,
        TIMES,
        st.sampled_from([Channel.ONLINE, Channel.BLOCKED, Channel.STARVED, Channel.STOP_REASON]),
        st.integers(0, 1),
    ),
)
READINGS = st.builds(Reading, TIMES, st.sampled_from(CounterName), st.integers(0, 70_000), st.booleans())
MARKS = st.builds(
    JobMark,
    TIMES,
    st.sampled_from(["A", "B"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, "Cola"]),
    st.sampled_from([None, Fraction(500)]),
)
WORDS = st.builds(
    lambda at_ms, length_ms, reason, said: Classification(at_ms, at_ms + length_ms, reason, "lead", said, str(said)),
    TIMES,
    st.integers(1, 7_200_000),
    st.sampled_from([None, "JAM", "CHG", "GONE"]),
    st.integers(0, 9),
)
CYCLES = st.builds(CycleMark, TIMES, st.sampled_from([None, "Cola"]), st.just(Fraction(900)))
SAMPLES = st.lists(st.one_of(SIGNALS, READINGS, MARKS, WORDS, CYCLES), max_size=40)
TREE = ReasonTree(
    1,
    {
        "JAM": Reason("JAM", "Jam", (), LossClass.IDLING),
        "CHG": Reason("CHG", "Changeover", (), LossClass.SETUP, TimeElement.AUST),
    },
    (AutomaticReason("JAM", cause="held"),),
)
PROFILES = st.builds(
    UnitProfile,
    ideal_cycle_ms=st.just(Fraction(1000)),
    ideal_cycles_ms=st.just({"Cola": Fraction(750)}),
    microstop_threshold_ms=st.sampled_from([0, 60_000, 300_000]),
    unknown_is_delay=st.booleans(),
    no_count_after_ms=st.sampled_from([None, 600_000]),
    changeover=st.sampled_from(Changeover),
    reasons=st.just(TREE),
    processed=st.sampled_from([CounterRule(16), CounterRule(16, 500), CounterRule(None)]),
)


def known(profile: UnitProfile, samples: list[Sample]) -> History:
    history = History.empty(ms(6 * HOUR_S), profile)
    for sample in samples:
        history = history.with_sample(sample)
    return history


@bounded
@given(PROFILES, SAMPLES, st.integers(0, 15 * HOUR_S), st.integers(1, 8 * HOUR_S))
def test_the_log_partitions_the_time_and_the_elements_add_up_to_it(
    profile: UnitProfile, samples: list[Sample], offset_s: int, length_s: int
) -> None:
    start_ms = ms(6 * HOUR_S + offset_s)
    end_ms = start_ms + length_s * 1000
    history = known(profile, samples)
    found = evaluate(history, profile, CALENDAR, start_ms=start_ms, end_ms=end_ms, now_ms=end_ms)
    assert found.log[0].start_ms == start_ms
    assert found.log[-1].end_ms == end_ms
    assert all(one.end_ms == other.start_ms for one, other in pairwise(found.log))
    assert all(interval.start_ms < interval.end_ms for interval in found.log)
    elements = found.totals.elements
    assert elements.pbt == elements.apt + elements.aust + elements.adet + elements.adot
    assert elements.total == end_ms - start_ms
    assert min(elements.apt, elements.aust, elements.adet, elements.adot, elements.unknown) >= 0
    assert all(min(units.pq, units.sq, units.gq) >= 0 for _, units in found.totals.products)
    parts = sum((part for _, part in found.by_order), Totals())
    assert (parts.elements, parts.produced) == (elements, found.totals.produced)
    losses = ledger(found, TREE, unknown_is_delay=profile.unknown_is_delay)
    assert losses.busy_ms == elements.pbt
    if found.totals.quality_ratio.value is not None:
        assert losses.units == found.totals.produced.pq


@bounded
@given(SAMPLES, st.integers(0, 1_000_000))
def test_oee_of_one_product_is_good_units_at_the_ideal_cycle_over_busy_time(
    samples: list[Sample], threshold_ms: int
) -> None:
    profile = UnitProfile(ideal_cycle_ms=Fraction(1000), microstop_threshold_ms=threshold_ms)
    alike: list[Sample] = [sample for sample in samples if not isinstance(sample, (JobMark, CycleMark))]
    end_ms = ms(14 * HOUR_S)
    found = evaluate(
        known(profile, alike), profile, CALENDAR, start_ms=ms(6 * HOUR_S), end_ms=end_ms, now_ms=end_ms
    ).totals
    if found.oee.value is not None:
        assert found.oee.value == found.produced.gq * Fraction(1000) / found.elements.pbt
    else:
        assert found.oee.reason is not None


@bounded
@given(PROFILES, SAMPLES, st.lists(WORDS, max_size=5))
def test_what_stops_are_called_leaves_oee_alone(
    profile: UnitProfile, samples: list[Sample], words: list[Classification]
) -> None:
    end_ms = ms(14 * HOUR_S)
    plain, called = (
        evaluate(known(profile, told), profile, CALENDAR, start_ms=ms(6 * HOUR_S), end_ms=end_ms, now_ms=end_ms).totals
        for told in (samples, [*samples, *words])
    )
    assert called.elements.pbt == plain.elements.pbt
    if plain.oee.value is not None and called.oee.value is not None:
        assert called.oee == plain.oee


@bounded
@given(PROFILES, SAMPLES, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(profile: UnitProfile, samples: list[Sample], random: Random) -> None:
    shuffled = [*samples, *samples[: len(samples) // 3]]
    random.shuffle(shuffled)
    assert known(profile, samples) == known(profile, shuffled)


@bounded
@given(PROFILES, SAMPLES, st.randoms(use_true_random=False), st.integers(1, 5))
def test_late_samples_end_in_the_result_they_would_have_given_in_time(
    profile: UnitProfile, samples: list[Sample], random: Random, parts: int
) -> None:
    in_time = _lived(profile, [(samples, ms(14 * HOUR_S + 600))])
    shuffled = list(samples)
    random.shuffle(shuffled)
    steps = [(shuffled[nth::parts], ms((6 + nth) * HOUR_S)) for nth in range(parts)]
    late = _lived(profile, [*steps, ([], ms(14 * HOUR_S + 600))])
    assert late.history == in_time.history
    assert [item.totals for item in late.provisional] == [item.totals for item in in_time.provisional]
    assert current(late, profile, CALENDAR) == current(in_time, profile, CALENDAR)


@bounded
@given(PROFILES, SAMPLES, SAMPLES)
def test_revisions_rise_by_one_and_only_when_something_changes(
    profile: UnitProfile, first: list[Sample], late: list[Sample]
) -> None:
    state, _ = advance(begin(profile, CALENDAR, ms(6 * HOUR_S)), first, ms(14 * HOUR_S + 700), profile, CALENDAR)
    (before,) = state.provisional
    after, outputs = advance(state, late, ms(14 * HOUR_S + 800), profile, CALENDAR)
    revised = [output.result for output in outputs if isinstance(output, WindowRevised)]
    assert not [output for output in outputs if isinstance(output, WindowClosed)]
    assert bool(revised) == (_said(after) != _said(state))
    assert after.provisional[0].revision == before.revision + len(revised)


@bounded
@given(PROFILES, SAMPLES)
def test_a_snapshot_gives_the_same_state_back(profile: UnitProfile, samples: list[Sample]) -> None:
    state = _lived(profile, [(samples, ms(15 * HOUR_S))])
    assert from_document(to_document(state), profile) == state


@bounded
@given(
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 70_000), st.booleans()), max_size=30),
    st.integers(0, 1000),
    st.integers(0, 1000),
)
def test_counts_add_up_over_neighbouring_stretches(
    readings: list[tuple[int, int, bool]], middle: int, cutoff: int
) -> None:
    track = CounterTrack(CounterRule(16))
    for at_ms, value, baseline in readings:
        track = track.with_reading(Reading(at_ms, CounterName.PROCESSED, value, baseline))
    assert track.counted(0, middle) + track.counted(middle, 1001) == track.counted(0, 1001)
    assert track.since(cutoff).counted(cutoff, 1001) == track.counted(cutoff, 1001)


def _said(state: UnitState) -> list[tuple[Totals, str]]:
    return [(item.totals, item.fingerprint) for item in state.provisional]


def _lived(profile: UnitProfile, steps: list[tuple[list[Sample], int]]) -> UnitState:
    state = begin(profile, CALENDAR, ms(6 * HOUR_S))
    for samples, now_ms in steps:
        state, _ = advance(state, samples, now_ms, profile, CALENDAR)
    return state
