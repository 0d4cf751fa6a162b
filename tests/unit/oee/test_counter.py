"""Counters: rollover, reset, baseline, late readings. Golden: UInt16 65500, 65530, 24, 60 count 96."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest

from services.oee.domain.counter import BLOCK_SIZE, CounterTrack
from services.oee.domain.counter_rule import CounterRule
from services.oee.domain.sample import BEFORE_BIRTH, CounterName, Reading


def track(rule: CounterRule, *values: int) -> CounterTrack:
    found = CounterTrack(rule)
    for at_ms, value in enumerate(values):
        found = found.with_reading(Reading(at_ms, CounterName.PROCESSED, value))
    return found


@pytest.mark.parametrize(
    ("rule", "values", "units"),
    [
        (CounterRule(16), (65_500, 65_530, 24, 60), 96),
        (CounterRule(32), (980, 1010, 0, 35, 70), 100),
        (CounterRule(16, 1000), (980, 1010, 0, 35, 70), 100),
        (CounterRule(None), (980, 1010, 0, 35, 70), 100),
        (CounterRule(32), (5_000_000,), 0),
        (CounterRule(8), (250, 4), 10),
        (CounterRule(8, 5), (250, 4), 4),
        (CounterRule(16), (), 0),
    ],
)
def test_rollovers_and_resets_are_told_apart(rule: CounterRule, values: tuple[int, ...], units: int) -> None:
    assert track(rule, *values).counted(-1, 10) == units


def begun_anew(rule: CounterRule, before: int, after: int, *, unheard_ms: int = 5) -> int:
    """Units counted between the last reading of a session and the first of the next."""
    found = CounterTrack(rule).with_reading(Reading(0, CounterName.PROCESSED, before))
    found = found.with_reading(Reading(unheard_ms, CounterName.PROCESSED, after, baseline=True))
    return found.counted(0, unheard_ms + 1)


@pytest.mark.parametrize(
    ("rule", "before", "after", "units"),
    [
        (CounterRule(32), 100, 101, 1),
        (CounterRule(32), 100, 100, 0),
        (CounterRule(16), 65_530, 4, 10),
        (CounterRule(32, 20), 100, 120, 20),
    ],
)
def test_a_counter_goes_on_up_to_a_new_session_that_it_can_have_reached_unheard(
    rule: CounterRule, before: int, after: int, units: int
) -> None:
    assert begun_anew(rule, before, after) == units


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [(CounterRule(32), 100, 5_000), (CounterRule(32), 5_000, 100), (CounterRule(32, 20), 100, 121)],
)
def test_a_counter_that_cannot_have_gone_on_up_to_a_new_session_was_set_anew(
    rule: CounterRule, before: int, after: int
) -> None:
    assert begun_anew(rule, before, after) == 0


def test_what_a_machine_can_have_made_unheard_is_twice_what_its_ideal_cycle_allows() -> None:
    rule = CounterRule(32, 20, Fraction(1000))
    hour_ms = 3_600_000
    assert begun_anew(rule, 100, 7_300, unheard_ms=hour_ms) == 7_200
    assert begun_anew(rule, 100, 7_301, unheard_ms=hour_ms) == 0


def test_counting_goes_on_from_a_counter_that_was_set_anew() -> None:
    found = track(CounterRule(32), 100, 110)
    found = found.with_reading(Reading(5, CounterName.PROCESSED, 5_000, baseline=True))
    found = found.with_reading(Reading(6, CounterName.PROCESSED, 5_003))
    assert found.counted(0, 10) == 13


def test_a_counter_that_was_set_to_more_than_a_step_can_be_is_no_production() -> None:
    rule = CounterRule(16, max_step=5_000)
    assert track(rule, 43_603, 42_804, 42_806).counted(-1, 10) == 2, "its session's first reading was lost"
    assert track(rule, 43_603, 12, 14).counted(-1, 10) == 14


def test_units_belong_to_the_time_of_their_reading() -> None:
    found = track(CounterRule(32), 0, 3, 10)
    assert (found.counted(0, 1), found.counted(1, 2), found.counted(2, 3)) == (0, 3, 7)
    assert found.counted(3, 1) == 0


def test_a_late_reading_changes_only_the_steps_beside_it() -> None:
    early = Reading(10, CounterName.PROCESSED, 10)
    middle = Reading(20, CounterName.PROCESSED, 14)
    late = Reading(30, CounterName.PROCESSED, 20)
    found = CounterTrack(CounterRule(32)).with_reading(early).with_reading(late).with_reading(middle)
    assert (found.counted(0, 25), found.counted(25, 40)) == (4, 6)


def test_a_reading_that_is_known_changes_nothing() -> None:
    found = track(CounterRule(32), 1, 2, 3)
    assert found.with_reading(Reading(1, CounterName.PROCESSED, 2)) is found
    assert Reading(1, CounterName.PROCESSED, 2) in found
    assert Reading(1, CounterName.PROCESSED, 3) not in found


def test_long_tracks_count_as_short_ones_do() -> None:
    values = [(nth * 7919) % 100_000 for nth in range(3 * BLOCK_SIZE)]
    rule = CounterRule(16, 500)
    forwards = track(rule, *values)
    backwards = CounterTrack(rule)
    for at_ms in reversed(range(len(values))):
        backwards = backwards.with_reading(Reading(at_ms, CounterName.PROCESSED, values[at_ms]))
    expected = sum(rule.step(one, other) for one, other in pairwise(values[99:701]))
    assert forwards == backwards
    assert hash(forwards) == hash(backwards)
    assert forwards.counted(100, 701) == backwards.counted(100, 701) == expected


@pytest.mark.parametrize("cutoff", [0, 1, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 1, 2 * BLOCK_SIZE, 10_000])
def test_a_cut_track_counts_the_rest_as_before(cutoff: int) -> None:
    found = track(CounterRule(16), *range(0, 6 * BLOCK_SIZE, 3))
    cut = found.since(cutoff)
    assert cut.counted(cutoff, 20_000) == found.counted(cutoff, 20_000)
    assert len(cut) <= max(len(found) - cutoff + 1, 1)


def test_a_signed_counter_goes_on_below_zero() -> None:
    rule = CounterRule(32)
    assert rule.unsigned(-(2**31)) == 2**31
    assert rule.unsigned(7) == 7
    assert CounterRule(None).unsigned(-1) is None
    assert rule.unsigned(2**64) is None


def test_a_reading_is_not_negative() -> None:
    with pytest.raises(ValueError, match="counter"):
        Reading(0, CounterName.PROCESSED, -1)


def test_a_birth_that_repeats_what_follows_as_history_hides_no_unit() -> None:
    """An edge node that was cut off is born with its last value and sends what it measured meanwhile, that one included."""
    found = track(CounterRule(32), 100, 110)
    found = found.with_reading(Reading(9, CounterName.PROCESSED, 120, baseline=True))
    for at_ms, value in ((1, 110), (5, 115), (9, 120)):
        found = found.with_reading(Reading(at_ms, CounterName.PROCESSED, value, ordinal=BEFORE_BIRTH))
    assert found.counted(0, 10) == 20
    assert found.with_reading(Reading(9, CounterName.PROCESSED, 120, ordinal=BEFORE_BIRTH)) is found
