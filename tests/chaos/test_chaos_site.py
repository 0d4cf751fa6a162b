"""While a whole site works, everything in it is killed, paused, cut off, slowed down and made to lose messages.

In the end every event counts once.
"""

from __future__ import annotations

import os

import pytest

from namespace.testing.chaos.fault import draw_schedule
from tests.chaos.run import METERS, SERVICES, Size, run

pytestmark = [pytest.mark.acceptance]

SHORT_SEED = int(os.environ.get("UNS_CHAOS_SEED", "20261128"))


@pytest.mark.timeout(300)
async def test_no_event_is_lost_or_counts_twice_whatever_fails_while_the_site_works() -> None:
    schedule = draw_schedule(SHORT_SEED, SERVICES, rounds=10, clients=(METERS,), longest_s=1.5)
    outcome = await run(SHORT_SEED, schedule, size=Size(commands_a_round=60, metrics=5, every_s=0.2))
    assert len(outcome.rounds) == len(schedule)
    print(outcome.told())
    assert outcome.problems == [], outcome.told()
