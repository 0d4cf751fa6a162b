"""The life of a window: open, provisional with revisions, final; and a restart in between."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import pytest

from namespace.isa95 import CounterSettings, StalenessSettings, UnknownTime, WorkUnitSettings
from services.oee.domain.classification import Element
from services.oee.domain.counter_rule import CounterRule
from services.oee.domain.profile import UnitProfile
from services.oee.domain.sample import Channel, Sample
from services.oee.domain.snapshot import SnapshotError, from_document, to_document
from services.oee.domain.unit import (
    TooLate,
    UnitState,
    WindowClosed,
    WindowFinal,
    WindowRevised,
    WindowStatus,
    advance,
    begin,
    current,
)
from tests.unit.oee.scenario import CALENDAR, HOUR_S, defective, job, ms, processed, signal, state

START, END = 6 * HOUR_S, 14 * HOUR_S
PROFILE = UnitProfile(ideal_cycle_ms=Fraction(24_000))
SHIFT = [
    state(START, 6), job(START, "JO"), processed(START, 0), defective(START, 0), processed(END - 1, 1100),
]  # fmt: skip


def begun(*samples: Sample, at: float = START) -> UnitState:
    return advance(begin(PROFILE, CALENDAR, ms(START)), samples, ms(at), PROFILE, CALENDAR)[0]


def test_a_late_stop_revises_the_shift_and_leaves_its_oee_alone() -> None:
    """06 to 14 h, 24 s a unit, 1,100 made, all good; then a stop 10:15 to 10:45 arrives late."""
    known, outputs = advance(begun(*SHIFT), [], ms(END), PROFILE, CALENDAR)
    (closed,) = outputs
    assert isinstance(closed, WindowClosed)
    first = closed.result.evaluation.totals
    assert (closed.result.revision, closed.result.supersedes) == (1, None)
    assert (first.availability.value, first.effectiveness.value, first.oee.value) == (
        1,
        Fraction(11, 12),
        Fraction(11, 12),
    )
    late = [state(10.25 * HOUR_S, 11), state(10.75 * HOUR_S, 6)]
    known, outputs = advance(known, late, ms(END + 60), PROFILE, CALENDAR)
    (revised,) = outputs
    assert isinstance(revised, WindowRevised)
    second = revised.result.evaluation.totals
    assert (revised.result.revision, revised.result.supersedes) == (2, 1)
    assert (second.availability.value, second.effectiveness.value) == (Fraction(15, 16), Fraction(44, 45))
    assert second.oee.value == Fraction(11, 12)


def test_a_repeated_sample_revises_nothing() -> None:
    known, _ = advance(begun(*SHIFT), [], ms(END), PROFILE, CALENDAR)
    assert advance(known, SHIFT, ms(END + 1), PROFILE, CALENDAR)[1] == ()


def test_a_window_is_final_after_its_grace_time_and_hands_what_comes_later_back() -> None:
    known, outputs = advance(begun(*SHIFT), [], ms(END + 900), PROFILE, CALENDAR)
    assert [type(output) for output in outputs] == [WindowClosed, WindowFinal]
    assert isinstance(outputs[1], WindowFinal)
    assert outputs[1].result.status is WindowStatus.FINAL
    assert known.final_until_ms == known.history.horizon_ms == ms(END)
    late = state(13 * HOUR_S, 11)
    known, outputs = advance(known, [late], ms(END + 901), PROFILE, CALENDAR)
    assert outputs == (TooLate(late),)
    result = current(known, PROFILE, CALENDAR)
    assert result is not None
    assert result.evaluation.log[-1].element is Element.ADET, "what still holds is known to the window that is open"


def test_the_next_window_goes_on_with_what_still_holds() -> None:
    known, _ = advance(begun(*SHIFT), [], ms(END + 5000), PROFILE, CALENDAR)
    known, _ = advance(known, [processed(END + 5100, 1150)], ms(END + 7200), PROFILE, CALENDAR)
    result = current(known, PROFILE, CALENDAR)
    assert result is not None
    assert (result.window.name, result.status, result.revision) == ("Late", WindowStatus.OPEN, 0)
    assert result.evaluation.totals.availability.value == 1
    assert result.evaluation.totals.produced.pq == 50
    assert len(known.history.signals) == 1


def test_a_window_waits_for_a_stop_at_its_end_to_show_how_long_it_is() -> None:
    profile = replace(PROFILE, microstop_threshold_ms=60_000)
    known = begin(profile, CALENDAR, ms(START))
    samples = [*SHIFT, state(END - 10, 11)]
    known, outputs = advance(known, samples, ms(END + 59), profile, CALENDAR)
    assert outputs == ()
    known, outputs = advance(known, [], ms(END + 60), profile, CALENDAR)
    (closed,) = outputs
    assert isinstance(closed, WindowClosed)
    assert closed.result.evaluation.totals.elements.adet == 10_000


def test_every_window_that_passed_while_nobody_looked_is_closed() -> None:
    _, outputs = advance(begun(*SHIFT), [], ms(2 * 24 * HOUR_S), PROFILE, CALENDAR)
    closed = [output.result.window for output in outputs if isinstance(output, WindowClosed)]
    assert [(window.date, window.name) for window in closed] == [
        ("2026-06-01", "Early"),
        ("2026-06-01", "Late"),
        ("2026-06-02", "Early"),
        ("2026-06-02", "Late"),
    ]


def test_nothing_is_current_outside_shifts() -> None:
    assert current(begun(at=23 * HOUR_S), PROFILE, CALENDAR) is None


def test_business_time_never_runs_backwards() -> None:
    known = begun(*SHIFT, at=START + 100)
    assert advance(known, [], ms(START), PROFILE, CALENDAR)[0].now_ms == ms(START + 100)


def test_a_reading_made_now_is_counted_now() -> None:
    known = begun(state(START, 6), processed(START, 5), processed(START + 9, 12), at=START + 9)
    result = current(known, PROFILE, CALENDAR)
    assert result is not None
    assert result.evaluation.totals.produced.pq == 7


def test_values_from_before_the_first_window_hold_into_it() -> None:
    old = [state(START - 90_000, 9), state(START - 80_000, 6), signal(START - 85_000, Channel.MODE, 1)]
    forwards, backwards = begun(*old, at=START + 60), begun(*reversed(old), at=START + 60)
    assert forwards == backwards
    result = current(forwards, PROFILE, CALENDAR)
    assert result is not None
    assert result.evaluation.totals.availability.value == 1


def test_a_snapshot_survives_json_and_goes_on_where_it_stopped() -> None:
    known, _ = advance(begun(*SHIFT), [job(END, "B", cycle_s=1.5)], ms(END + 60), PROFILE, CALENDAR)
    read = from_document(json.loads(json.dumps(to_document(known))), PROFILE)
    assert read == known
    more: list[Sample] = [state(10 * HOUR_S, 11), state(11 * HOUR_S, 6)]
    assert advance(read, more, ms(END + 61), PROFILE, CALENDAR) == advance(known, more, ms(END + 61), PROFILE, CALENDAR)


@pytest.mark.parametrize("document", [{}, {"version": 1}, {"version": 2}, {"version": 2, "horizon_ms": "x"}])
def test_what_is_no_snapshot_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(SnapshotError):
        from_document(document, PROFILE)


def test_a_profile_is_what_the_site_file_says_in_ms() -> None:
    unit = WorkUnitSettings(microstop_threshold_s=60, processed=CounterSettings("P", 16, 500), defective=None)
    profile = UnitProfile.of(unit, StalenessSettings(unknown_time=UnknownTime.EXCLUDE, final_after_s=30))
    assert profile.ideal_cycle_for(None) is None
    assert (profile.microstop_threshold_ms, profile.final_after_ms) == (60_000, 30_000)
    assert (profile.processed, profile.defective) == (CounterRule(16, 500), None)
    assert not profile.unknown_is_delay
