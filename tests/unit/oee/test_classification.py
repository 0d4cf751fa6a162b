"""The table of state, mode and work: complete, and as the rules say."""

from __future__ import annotations

from itertools import product

import pytest

from services.oee.domain.classification import TABLE, Element, Work
from services.oee.domain.packml import ModeGroup, PackmlState, StateGroup, mode_group, state_group


def test_every_combination_has_one_verdict() -> None:
    assert set(TABLE) == set(product(StateGroup, ModeGroup, Work))


def test_every_packml_state_has_a_group() -> None:
    assert [state.value for state in PackmlState] == list(range(1, 18))
    assert all(state_group(state) is not StateGroup.UNDEFINED for state in PackmlState)


@pytest.mark.parametrize("state", [None, 0, 18, 19, -1, 99])
def test_other_numbers_are_no_state(state: int | None) -> None:
    assert state_group(state) is StateGroup.UNDEFINED


@pytest.mark.parametrize(
    ("state", "mode", "work", "element"),
    [
        (6, 1, Work.PRODUCTION, Element.APT),
        (6, 1, Work.NONE, Element.APT),
        (6, None, Work.NONE, Element.APT),
        (6, 4, Work.PRODUCTION, Element.APT),
        (6, 1, Work.SETUP, Element.AUST),
        (11, 1, Work.PRODUCTION, Element.ADET),
        (5, 1, Work.NONE, Element.ADET),
        (9, 1, Work.PRODUCTION, Element.ADET),
        (2, 1, Work.PRODUCTION, Element.ADET),
        (4, 1, Work.SETUP, Element.AUST),
        (17, 1, Work.NONE, Element.ADOT),
        (6, 2, Work.PRODUCTION, Element.ADET),
        (6, 3, Work.NONE, Element.ADOT),
        (0, 1, Work.PRODUCTION, Element.UNKNOWN),
    ],
)
def test_conditions_count_as_the_rules_say(state: int, mode: int | None, work: Work, element: Element) -> None:
    assert TABLE[state_group(state), mode_group(mode), work].element is element
