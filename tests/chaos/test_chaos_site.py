"""While a whole site works, everything in it is killed, paused, cut off, slowed down and made to lose messages; in the end every event counts
once."""

from __future__ import annotations

import os
import random

import pytest

from namespace.testing.chaos.fault import draw_schedule
from tests.chaos.run import SERVICES, run

SEED = int(os.environ.get("UNS_CHAOS_SEED", "0")) or random.SystemRandom().randint(1, 10**6)

pytestmark = [pytest.mark.acceptance]


@pytest.mark.timeout(180)
async def test_short() -> None:
    schedule = draw_schedule(SEED, SERVICES, rounds=8, longest_s=2.0)
    print(f"seed {SEED}")
    outcome = await run(SEED, schedule, commands_a_round=100)
    for faults, s in outcome.rounds:
        print([str(f) for f in faults], f"recovered {s:.1f}")
    print(outcome.events)
    assert outcome.problems == []
