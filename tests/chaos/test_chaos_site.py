"""While a whole site works, everything in it is killed, paused, cut off, slowed down and made to lose messages.

In the end every event counts once, and every reading that reached an edge buffer is in the journal once. `UNS_CHAOS_SEED` runs another
seed; `UNS_CHAOS_EVENTS` and `UNS_CHAOS_READINGS` say how long the long form is.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine
from itertools import islice

import pytest

from namespace.runtime.loop import loop_factory
from namespace.testing.chaos.fault import draw_rounds
from tests.chaos.outcome import Outcome, said
from tests.chaos.report import PAGE, page
from tests.chaos.run import METERS, SERVICES, Size, run

pytestmark = [pytest.mark.acceptance]

SEED = int(os.environ.get("UNS_CHAOS_SEED", "20261128"))
EVENTS = int(os.environ.get("UNS_CHAOS_EVENTS", "1_000_000"))
READINGS = int(os.environ.get("UNS_CHAOS_READINGS", "10_000_000"))

MINUTES = float(os.environ.get("UNS_CHAOS_MINUTES", "inf"))


@pytest.mark.timeout(600)
def test_nothing_is_lost_or_counts_twice_whatever_fails_while_the_site_works() -> None:
    rounds = draw_rounds(SEED, SERVICES, clients=(METERS,), longest_s=1.5)
    outcome = _ran(run(SEED, islice(rounds, 8), Size(commands_a_round=60, metrics=10, every_s=0.5)))
    assert len(outcome.rounds) == 8
    assert outcome.problems == [], outcome.told()


@pytest.mark.soak
def test_nothing_is_lost_or_counts_twice_in_a_long_time() -> None:
    rounds = draw_rounds(SEED, SERVICES, clients=(METERS,), together=4, longest_s=5.0)
    size = Size(
        commands_a_round=300,
        metrics=119,
        every_s=0.18,
        events=EVENTS,
        readings=READINGS,
        most_s=MINUTES * 60,
    )
    outcome = _ran(run(SEED, rounds, size, observe=_tell))
    PAGE.write_text(page(outcome), encoding="utf-8")
    assert outcome.problems == [], outcome.told()


def _ran(work: Coroutine[None, None, Outcome]) -> Outcome:
    """Run on the event loop that services run on: the load, and every connection of the site with it, goes through this process."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(work)


def _tell(outcome: Outcome) -> None:
    faults, after_s = outcome.rounds[-1]
    totals = (
        f"{outcome.logged} events, {outcome.readings} readings, {outcome.commands} commands in {outcome.took_s:.0f} s"
    )
    recovery = f"whole again after {after_s:.1f} s: {outcome.waited}"
    sys.stderr.write(f"round {len(outcome.rounds)}: {totals}; {said(faults)}; {recovery}\n")
