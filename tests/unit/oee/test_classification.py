"""The table of state, mode and work: complete, and as the rules say."""

from __future__ import annotations

from itertools import product

import pytest

from namespace.isa95 import PACKML, RUNNING_STOPPED, CountsAs, ModeGroup, StateGroup, StateModel, Work
from services.oee.domain.classification import TABLE, Cause, Element, Verdict, verdict


def test_every_combination_has_one_verdict() -> None:
    assert set(TABLE) == set(product(StateGroup, ModeGroup, Work))


def test_every_packml_state_has_a_group() -> None:
    assert list(PACKML.states) == list(range(1, 18))
    assert StateGroup.UNDEFINED not in PACKML.states.values()


@pytest.mark.parametrize("state", [None, 0, 18, 19, -1, 99])
def test_other_numbers_are_no_state(state: int | None) -> None:
    assert PACKML.state_group(state) is StateGroup.UNDEFINED


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
    assert verdict(PACKML, state, mode, work).element is element


@pytest.mark.parametrize(("state", "element"), [(1, Element.APT), (0, Element.ADET), (7, Element.UNKNOWN)])
def test_a_machine_that_only_tells_running_from_stopped_is_judged_by_the_same_table(
    state: int, element: Element
) -> None:
    assert verdict(RUNNING_STOPPED, state, None, Work.PRODUCTION).element is element


def test_the_first_rule_of_the_site_that_fits_stands_above_the_table() -> None:
    model = StateModel(
        "ours",
        {1: StateGroup.EXECUTE, 2: StateGroup.STOPPED},
        counts_as=(
            CountsAs(StateGroup.STOPPED, None, Work.NONE, Element.ADET, can_be_minor=True),
            CountsAs(None, None, Work.NONE, Element.ADOT),
        ),
    )
    assert verdict(model, 2, 1, Work.NONE) == Verdict(Element.ADET, Cause.NO_ORDER, can_be_minor=True)
    assert verdict(model, 1, 1, Work.NONE) == Verdict(Element.ADOT, Cause.NO_ORDER)
    assert verdict(model, 1, 1, Work.PRODUCTION).element is Element.APT
    assert verdict(model, 9, 1, Work.NONE).element is Element.UNKNOWN
