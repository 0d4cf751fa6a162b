"""The make-up of a load: readings that name themselves, fair turns, payloads that the namespace's own decoder reads."""

from dataclasses import replace
from itertools import islice, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namespace.sparkplug import DataType, Metric, Payload, PropertySet, decode_payload, encode_payload
from services.simulator.adapters.load.templates import SEQ, LoadForms, birth_head, time_bytes
from services.simulator.domain.load import LoadPlan, LoadTruth, Place

PLAN = LoadPlan(nodes=7, devices=2, metrics=25, per_message=10, seed=5)
FORMS = LoadForms(PLAN)
NOW_MS = 1_800_000_000_123


@given(node=st.integers(0, 6), place=st.integers(0, 1), metric=st.integers(0, 24), number=st.integers(0, 9_999_999))
def test_a_value_tells_which_reading_it_is(node: int, place: int, metric: int, number: int) -> None:
    found = PLAN.identify(PLAN.value(node, place, metric, number))
    assert found == (Place(f"Node{node + 1:04d}", f"Device{place + 1}"), f"Reading/{metric + 1:03d}", number)


def test_a_value_of_another_load_is_not_taken_for_a_reading() -> None:
    with pytest.raises(ValueError, match="no reading of this load"):
        PLAN.identify(PLAN.value(7, 0, 0, 1))
    with pytest.raises(ValueError, match="no reading of this load"):
        PLAN.identify(1.5)


def test_every_block_has_its_turn_before_any_has_two_and_no_node_speaks_twice_in_a_row() -> None:
    turns = list(islice(PLAN.order(), 2 * PLAN.slots))
    assert len(set(turns[: PLAN.slots])) == PLAN.slots
    assert turns[: PLAN.slots] == turns[PLAN.slots :]
    assert all(first[0] != second[0] for first, second in pairwise(turns))
    assert turns != list(islice(LoadPlan(nodes=7, devices=2, metrics=25, seed=6).order(), len(turns)))


def test_the_truth_tells_every_reading_with_a_time_of_its_own() -> None:
    truth = LoadTruth(PLAN)
    truth.begin(NOW_MS)
    slot = PLAN.slot(3, 1, 2)  # the last block, of five metrics
    assert truth.take(slot, NOW_MS) == (1, NOW_MS + 1)
    assert truth.take(slot, NOW_MS + 10) == (2, NOW_MS + 10)
    assert list(truth.since(slot, NOW_MS + 1)) == [(1, NOW_MS + 1), (2, NOW_MS + 10)]
    assert truth.count_of(3) == (2, 10)
    assert truth.readings == PLAN.nodes * 2 * 25 + 10 == sum(1 for _ in truth.each())
    last = [reading for reading in truth.each() if reading.number == 2]
    assert {reading.metric for reading in last} == {f"Reading/{number:03d}" for number in range(21, 26)}
    assert all(PLAN.identify(reading.value) == (reading.place, reading.metric, 2) for reading in last)


@pytest.mark.parametrize(("place", "block"), [(0, 0), (1, 2)])
def test_a_filled_form_is_what_the_encoder_would_have_written(place: int, block: int) -> None:
    forms, indices = FORMS.blocks[place][block], PLAN.block(block)
    first = PLAN.value(4, place, 0, 0)
    values = FORMS.values(first, block, 321)
    aliases = [place * 25 + index + 1 for index in indices]
    sent, taken = time_bytes(NOW_MS + 5), time_bytes(NOW_MS)

    def metrics(**more: Any) -> tuple[Metric, ...]:
        pairs = zip(aliases, values, strict=True)
        return tuple(
            Metric(alias=alias, timestamp=NOW_MS, value=value, datatype=DataType.Double, **more)
            for alias, value in pairs
        )

    def untyped(payload: Payload) -> bytes:
        return encode_payload(payload, says_datatype=lambda _metric: False)

    assert forms.data(taken, values) + SEQ[200] == untyped(Payload(timestamp=NOW_MS, seq=200, metrics=metrics()))
    past = Payload(timestamp=NOW_MS + 5, seq=0, metrics=metrics(is_historical=True))
    assert forms.historical(sent, taken, values) + SEQ[0] == untyped(past)

    birth = decode_payload(birth_head(NOW_MS + 5) + forms.birth(taken, values) + SEQ[1])
    named = tuple(
        replace(metric, name=PLAN.metric_names[index], properties=PropertySet.of_strings({"engUnit": "C62"}))
        for metric, index in zip(metrics(), indices, strict=True)
    )
    assert birth == Payload(timestamp=NOW_MS + 5, seq=1, metrics=named)
