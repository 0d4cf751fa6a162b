"""From metrics to the state a place shows."""

import pytest

from namespace.contracts.oee import Element
from services.console.domain.states import (
    BLOCKED,
    GOOD,
    OEE_STATE,
    OEE_STATE_REASON,
    OEE_STATE_SINCE,
    PACKML,
    PACKML_STATE,
    SEVERITY,
    STALE,
    STARVED,
    STOP_REASON,
    TIME_ELEMENTS,
    UNIT_MODE,
    JsonValue,
    MetricValue,
    PlaceState,
    ShownState,
    classify,
    worst,
)

AT = "2026-03-02T06:00:00.000Z"
LATER = "2026-03-02T06:05:00.000Z"
PLACE = "Acme/Dallas/Packaging/Line1/Filler"


def metrics(quality: int, at: str, /, **values: JsonValue) -> dict[str, MetricValue]:
    names = {"packml": PACKML_STATE, "oee": OEE_STATE, "reason": OEE_STATE_REASON, "since": OEE_STATE_SINCE}
    names |= {"mode": UNIT_MODE, "stop": STOP_REASON, "blocked": BLOCKED, "starved": STARVED}
    return {
        names[key]: MetricValue(PLACE, names[key], value, None, quality, at, "Bottling/Line1-PLC/Filler")
        for key, value in values.items()
    }


def shown(**values: JsonValue) -> PlaceState:
    state = classify(metrics(GOOD, AT, **values))
    assert state is not None
    return state


def test_a_place_nobody_speaks_for_shows_no_state() -> None:
    assert classify({}) is None
    assert classify(metrics(GOOD, AT, stop="Jam")) is None


def test_every_time_element_of_the_contract_has_a_state() -> None:
    assert set(TIME_ELEMENTS) == set(Element.__args__)  # type: ignore[attr-defined]


def test_every_state_has_a_severity() -> None:
    assert set(SEVERITY) == set(ShownState)


@pytest.mark.parametrize(("number", "expected"), [(n, state) for n, (_, state) in PACKML.items()])
def test_packml_alone_gives_the_state(number: int, expected: ShownState) -> None:
    assert shown(packml=number).state is expected


def test_a_packml_number_outside_the_standard_is_unknown_and_shown() -> None:
    assert (shown(packml=42).state, shown(packml=42).detail) == (ShownState.UNKNOWN, "State 42")


def test_maintenance_mode_is_setup_unless_the_machine_has_failed() -> None:
    assert shown(packml=4, mode=2).state is ShownState.SETUP
    assert shown(packml=9, mode=2).state is ShownState.UNPLANNED_STOP


def test_the_oee_service_has_the_word_over_the_machine() -> None:
    assert shown(packml=4, oee="AUST").state is ShownState.SETUP
    assert shown(packml=6, oee="PDOT").state is ShownState.PLANNED_STOP


def test_a_delay_of_a_suspended_machine_is_blocked_or_starved() -> None:
    state = shown(packml=5, oee="ADET", starved=True, stop="Jam")
    assert (state.state, state.reason) == (ShownState.BLOCKED, "starved")


def test_the_reason_of_a_stop_is_the_service_s_then_the_machine_s() -> None:
    assert shown(packml=11, oee="ADET", reason="Held", stop="Jam").reason == "Held"
    assert shown(packml=11, oee="ADET", reason="", stop="Jam").reason == "Jam"
    assert shown(packml=11, stop=0).reason is None


def test_a_lost_signal_is_unknown_since_its_loss_whatever_it_said_last() -> None:
    state = classify(metrics(STALE, AT, packml=6, oee="APT"), shown(packml=6), now=LATER)
    assert state == PlaceState(ShownState.UNKNOWN, None, None, LATER, stale=True)


def test_a_lost_machine_makes_a_good_oee_state_unknown() -> None:
    known = metrics(GOOD, AT, oee="APT") | metrics(STALE, AT, packml=6)
    state = classify(known)
    assert state is not None
    assert state.stale


def test_since_stays_while_the_state_does() -> None:
    first = classify(metrics(GOOD, AT, packml=6))
    again = classify(metrics(GOOD, LATER, packml=6), first)
    assert again is not None
    assert again.since == AT
    stopped = classify(metrics(GOOD, LATER, packml=11), again)
    assert stopped is not None
    assert stopped.since == LATER


def test_since_is_what_the_oee_service_says() -> None:
    assert shown(oee="APT", since=LATER).since == LATER


def test_the_worst_state_comes_first() -> None:
    assert worst([ShownState.RUNNING, ShownState.UNPLANNED_STOP, ShownState.IDLE]) is ShownState.UNPLANNED_STOP
    assert worst([ShownState.PLANNED_STOP, ShownState.RUNNING]) is ShownState.RUNNING
    assert worst([]) is None
