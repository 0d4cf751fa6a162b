"""Ids: time-ordered originals, reproducible derivatives."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namespace.contracts.ids import RANDOM_BYTES, derived_id, uuid7

NOW = datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)


def test_uuid7_equals_the_example_of_rfc_9562() -> None:
    # RFC 9562, appendix A.6: 017F22E2-79B0-7CC3-98C4-DC0C0C07398F, made at 2022-02-22 14:22:22.00 GMT-05:00
    rand_a, rand_b = 0xCC3, 0x18C4DC0C0C07398F
    randomness = ((rand_a << 68) | rand_b).to_bytes(RANDOM_BYTES, "big")
    assert uuid7(NOW, randomness) == UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")


@given(st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES), st.integers(1, 10**9))
def test_later_ids_sort_behind_earlier_ones(randomness: bytes, later_ms: int) -> None:
    early = uuid7(NOW, b"\xff" * RANDOM_BYTES)
    late = uuid7(NOW + timedelta(milliseconds=later_ms), randomness)
    assert early < late
    assert late.version == 7
    assert late.variant == "specified in RFC 4122"


def test_uuid7_refuses_a_naive_time_and_the_wrong_amount_of_randomness() -> None:
    with pytest.raises(ValueError, match="aware"):
        uuid7(NOW.replace(tzinfo=None), bytes(RANDOM_BYTES))
    with pytest.raises(ValueError, match="10 random bytes, not 4"):
        uuid7(NOW, bytes(4))
    with pytest.raises(ValueError, match="outside the range"):
        uuid7(datetime(1969, 12, 31, tzinfo=UTC), bytes(RANDOM_BYTES))


def test_a_derived_id_is_the_same_at_every_attempt_and_differs_in_each_argument() -> None:
    cause, other = UUID(int=1), UUID(int=2)
    ids = {
        derived_id("oee", cause, 0),
        derived_id("oee", cause, 1),
        derived_id("oee", other, 0),
        derived_id("quality", cause, 0),
    }
    assert len(ids) == 4
    assert derived_id("oee", cause, 0) in ids
    assert {each.version for each in ids} == {5}


def test_a_derived_id_needs_a_consumer_and_an_ordinal() -> None:
    with pytest.raises(ValueError, match="ordinal"):
        derived_id("oee", UUID(int=1), -1)
    with pytest.raises(ValueError, match="consumer"):
        derived_id("", UUID(int=1), 0)
