"""Counters of a controller roll over at their width."""

import pytest

from services.simulator.domain.counter import AccumulatingCounter


@pytest.mark.parametrize(("bits", "last"), [(16, 65_535), (32, 4_294_967_295)])
def test_a_counter_rolls_over_at_its_width(bits: int, last: int) -> None:
    counter = AccumulatingCounter(bits, last)
    counter.add()
    assert counter.value == 0


def test_a_counter_rolls_over_in_the_middle_of_a_step() -> None:
    counter = AccumulatingCounter(16, 65_530)
    counter.add(30)
    assert counter.value == 24


def test_a_width_that_no_controller_has_is_refused() -> None:
    with pytest.raises(ValueError, match="16 or 32"):
        AccumulatingCounter(12)
