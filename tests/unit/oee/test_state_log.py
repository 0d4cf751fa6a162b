"""The state log and what is made of it, told in seconds of one day."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from namespace.isa95 import BreakPattern, ShiftPattern, WorkCalendar
from services.oee.domain.classification import Cause, Element
from services.oee.domain.evaluation import Evaluation, evaluate
from services.oee.domain.history import History
from services.oee.domain.profile import UnitProfile
from services.oee.domain.sample import Channel, Sample
from tests.unit.oee.scenario import (
    HOUR_S,
    defective,
    job,
    judged,
    ms,
    processed,
    signal,
    state,
)

START = 6 * HOUR_S
PROFILE = UnitProfile(ideal_cycle_ms=Fraction(6000))


def story(found: Evaluation) -> list[tuple[str, float]]:
    """Elements and their lengths in seconds."""
    return [(interval.element.value, interval.length_ms / 1000) for interval in found.log]


@pytest.mark.parametrize(
    ("threshold_s", "availability", "effectiveness"),
    [
        (0, Fraction(629, 720), Fraction(576, 629)),
        (60, Fraction(107, 120), Fraction(96, 107)),
        (120, Fraction(11, 12), Fraction(48, 55)),
        (300, Fraction(11, 12), Fraction(48, 55)),
    ],
)
def test_the_threshold_of_minor_stops_moves_loss_and_leaves_oee_alone(
    threshold_s: int, availability: Fraction, effectiveness: Fraction
) -> None:
    """One hour with stops of 20, 45, 90 and 300 s; 480 units at 6 s, 470 good."""
    samples: list[Sample] = [state(START, 6), job(START, "JO")]
    at = START
    for length in (20, 45, 90, 300):
        at += 600
        samples += [state(at, 11), state(at + length, 6)]
    samples += [
        processed(START, 0),
        processed(START + 3599, 480),
        defective(START, 0),
        defective(START + 3599, 10),
    ]
    found = judged(replace(PROFILE, microstop_threshold_ms=threshold_s * 1000), samples, START, START + HOUR_S).totals
    assert found.availability.value == availability
    assert found.effectiveness.value == effectiveness
    assert found.quality_ratio.value == Fraction(47, 48)
    assert found.oee.value == Fraction(47, 60)


def test_an_evaluated_shift_with_breaks_gives_the_published_oee() -> None:
    """Vorne: 480 min, breaks 60 min, stop 47 min, 1 s a unit, 19,271 of which 423 rejected: 1178/1575."""
    shift = ShiftPattern("Day", time(6), time(14), breaks=(BreakPattern("Meal", time(10), time(11)),))
    calendar = WorkCalendar("day", ZoneInfo("UTC"), (shift,))
    samples = [
        state(START, 6), job(START, "JO"), state(START + 7200, 9), state(START + 7200 + 47 * 60, 6),
        processed(START, 40_000), processed(START + 25_000, 40_000 + 19_271), defective(START, 7),
        defective(START + 25_000, 430),
    ]  # fmt: skip
    profile = replace(PROFILE, ideal_cycle_ms=Fraction(1000))
    history = History.empty(ms(START), profile)
    for sample in samples:
        history = history.with_sample(sample)
    found = evaluate(
        history, profile, calendar, start_ms=ms(START), end_ms=ms(START + 28_800), now_ms=ms(START + 40_000)
    )
    assert found.totals.oee.value == Fraction(1178, 1575)
    assert found.totals.elements.pdot == 3_600_000


def test_job_orders_with_their_own_cycles_are_weighted_by_what_was_made() -> None:
    """7,200 s, 5,400 s of them production: 200 at 10 s (190 good), then 600 at 4 s (588 good): 4279/7200."""
    samples = [
        state(START, 6), state(START + 2700, 10), state(START + 4500, 6),
        job(START, "A", cycle_s=10), job(START + 3600, "A", running=False), job(START + 3600, "B", cycle_s=4),
        processed(START, 0), processed(START + 3000, 200), processed(START + 7000, 800),
        defective(START, 0), defective(START + 3000, 10), defective(START + 7000, 22),
    ]  # fmt: skip
    found = judged(PROFILE, samples, START, START + 7200).totals
    assert found.oee.value == Fraction(4279, 7200)
    assert [key.job_order for key, _ in found.products] == ["A", "B"]


def test_a_stop_over_a_shift_change_counts_in_both_shifts() -> None:
    """Stop 13:50 to 14:20, change at 14:00: 600 s early, 1,200 s late."""
    change = 14 * HOUR_S
    samples = [state(START, 6), job(START, "JO"), state(change - 600, 2), state(change + 1200, 6)]
    early = judged(PROFILE, samples, START, change).totals.elements
    late = judged(PROFILE, samples, change, 22 * HOUR_S).totals.elements
    assert (early.adet, late.adet) == (600_000, 1_200_000)
    whole = judged(PROFILE, samples, START, 22 * HOUR_S)
    assert [interval.shift for interval in whole.log] == ["Early", "Early", "Late", "Late"]


def test_a_day_of_23_hours_is_judged_for_23_hours() -> None:
    zone = ZoneInfo("Europe/Berlin")
    calendar = WorkCalendar("always", zone)
    day = datetime(2026, 3, 29, tzinfo=zone).date()
    start, end = (int(instant.timestamp() * 1000) for instant in calendar.day(day))
    found = evaluate(History.empty(start, PROFILE), PROFILE, calendar, start_ms=start, end_ms=end, now_ms=end)
    assert found.totals.elements.total == 82_800_000


def test_time_before_the_first_sample_is_not_judged() -> None:
    found = judged(PROFILE, [state(START + 600, 6), job(START + 600, "JO")], START, START + HOUR_S)
    assert story(found) == [("UNKNOWN", 600.0), ("APT", 3000.0)]
    assert found.log[0].cause is Cause.NOT_OBSERVED
    assert found.totals.availability.value == 1
    assert found.totals.elements.completeness.value == Fraction(5, 6)


@pytest.mark.parametrize(("unknown_is_delay", "availability"), [(True, Fraction(5, 6)), (False, Fraction(1))])
def test_stale_time_is_delay_or_nothing_by_policy_and_completeness_tells(
    *, unknown_is_delay: bool, availability: Fraction
) -> None:
    samples = [
        state(START, 6), job(START, "JO"), signal(START + 1200, Channel.ONLINE, 0),
        signal(START + 1800, Channel.ONLINE, 1),
    ]  # fmt: skip
    found = judged(replace(PROFILE, unknown_is_delay=unknown_is_delay), samples, START, START + HOUR_S)
    assert story(found) == [("APT", 1200.0), ("UNKNOWN", 600.0), ("APT", 1800.0)]
    assert found.totals.availability.value == availability
    assert found.totals.elements.completeness.value == Fraction(5, 6)


def test_a_historical_sample_fills_the_time_from_it_on() -> None:
    samples = [
        state(START, 6), job(START, "JO"), signal(START + 1200, Channel.ONLINE, 0),
        signal(START + 1800, Channel.ONLINE, 1), state(START + 1500, 11),
    ]  # fmt: skip
    assert story(judged(PROFILE, samples, START, START + HOUR_S)) == [
        ("APT", 1200.0),
        ("UNKNOWN", 300.0),
        ("ADET", 2100.0),
    ]


def test_being_online_before_any_state_is_not_being_observed() -> None:
    found = judged(PROFILE, [signal(START, Channel.ONLINE, 1)], START, START + 60)
    assert found.log[0].cause is Cause.NOT_OBSERVED


def test_a_state_without_a_value_is_no_data() -> None:
    found = judged(PROFILE, [state(START, 6), state(START + 30, None)], START, START + 60)
    assert story(found) == [("APT", 30.0), ("UNKNOWN", 30.0)]


@pytest.mark.parametrize(
    ("channel", "cause"),
    [(Channel.BLOCKED, Cause.BLOCKED), (Channel.STARVED, Cause.STARVED), (Channel.MODE, Cause.SUSPENDED)],
)
def test_a_suspended_unit_says_why(channel: Channel, cause: Cause) -> None:
    found = judged(PROFILE, [state(START, 5), signal(START, channel, 1)], START, START + 60)
    assert (found.log[0].element, found.log[0].cause) == (Element.ADET, cause)


def test_the_controllers_reason_stays_with_the_stop() -> None:
    samples = [
        state(START, 6),
        state(START + 10, 9),
        signal(START + 10, Channel.STOP_REASON, 42),
        state(START + 30, 6),
    ]
    found = judged(PROFILE, samples, START, START + 60)
    assert [interval.stop_reason for interval in found.log] == [None, 42, None]


def test_a_minor_stop_keeps_its_cause() -> None:
    profile = replace(PROFILE, microstop_threshold_ms=60_000)
    found = judged(profile, [state(START, 6), state(START + 10, 11), state(START + 30, 6)], START, START + 60)
    assert [(item.element, item.cause, item.minor_stop) for item in found.log] == [
        (Element.APT, None, False),
        (Element.APT, Cause.HELD, True),
        (Element.APT, None, False),
    ]


def test_a_failure_is_no_minor_stop_and_neither_is_what_leads_into_it() -> None:
    profile = replace(PROFILE, microstop_threshold_ms=60_000)
    samples = [state(START, 6), state(START + 10, 11), state(START + 20, 9), state(START + 30, 6)]
    assert story(judged(profile, samples, START, START + 60)) == [
        ("APT", 10.0),
        ("ADET", 10.0),
        ("ADET", 10.0),
        ("APT", 30.0),
    ]


def test_a_stop_outside_production_is_no_minor_stop() -> None:
    profile = replace(PROFILE, microstop_threshold_ms=60_000)
    found = judged(profile, [state(START, 11), state(START + 10, 6)], START, START + 60)
    assert story(found) == [("ADET", 10.0), ("APT", 50.0)]


def test_nothing_is_scheduled_outside_shifts_whatever_the_machine_does() -> None:
    found = judged(PROFILE, [state(22 * HOUR_S, 6)], 21 * HOUR_S, 23 * HOUR_S)
    assert story(found)[-1] == ("NOT_SCHEDULED", 3600.0)


def test_a_running_setup_order_makes_setup_time() -> None:
    samples = [
        state(START, 4),
        job(START, "S", setup=True),
        job(START + 60, "S", running=False),
        job(START + 60, "P"),
    ]
    found = judged(PROFILE, [*samples, state(START + 60, 6)], START, START + 120)
    assert story(found) == [("AUST", 60.0), ("APT", 60.0)]
    assert found.totals.nee.reason is found.totals.oee.reason


def test_of_several_job_orders_the_last_begun_counts() -> None:
    samples = [state(START, 6), job(START, "A"), job(START + 20, "B"), job(START + 40, "B", running=False)]
    found = judged(PROFILE, samples, START, START + 60)
    assert [interval.job_order for interval in found.log] == ["A", "B", "A"]


def test_the_log_has_no_gap_and_joins_what_is_the_same() -> None:
    samples = [state(START + second, 6) for second in range(0, 600, 7)]
    found = judged(PROFILE, samples, START, START + 600)
    assert len(found.log) == 1
    whole = judged(PROFILE, [state(START, 6), state(START + 100, 2)], START, 23 * HOUR_S)
    assert all(one.end_ms == other.start_ms for one, other in pairwise(whole.log))
