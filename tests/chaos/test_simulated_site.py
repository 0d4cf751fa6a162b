"""The same faults, work and comparison as at a whole site, on one event loop: quick enough to shorten a history that fails.

`UNS_CHAOS_SEED` runs another seed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import pytest

from namespace.testing.chaos.fault import Round, draw_rounds
from namespace.testing.chaos.shrink import shortest
from namespace.testing.servers import NewDatabase
from tests.chaos.orders import Orders
from tests.chaos.outcome import said
from tests.chaos.simulated import SIMULATED, simulated

SEED = int(os.environ.get("UNS_CHAOS_SEED", "1"))
SERVICES = tuple(service.name for service in SIMULATED)

pytestmark = [pytest.mark.timeout(300)]


async def test_no_event_is_lost_or_counts_twice_in_a_simulated_site(new_database: NewDatabase, tmp_path: Path) -> None:
    rounds = list(islice(draw_rounds(SEED, SERVICES), 12))
    problems = await simulated(new_database, tmp_path, SEED, rounds)
    if problems:

        async def fails(part: Sequence[Round]) -> bool:
            return bool(await simulated(new_database, tmp_path, SEED, part))

        matters = "\n  ".join(map(said, await shortest(rounds, fails, most_tries=20)))
        pytest.fail(f"seed {SEED}; the shortest history that fails:\n  {matters}\n" + "\n".join(problems[:20]))


async def test_the_comparison_sees_an_event_that_is_missing_and_one_too_many(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    told: list[str] = []

    def tamper(orders: Orders) -> None:
        told.extend(orders.events)
        orders.events[told[0]].append("JobOrderCleared")
        orders.events["NEVER-STORED"] = ["JobOrderStored"]
        del orders.events[told[1]]

    problems = await simulated(new_database, tmp_path, SEED, (), tamper=tamper)
    assert [problem.partition(":")[0] for problem in problems] == [
        f"events of job order {name}" for name in sorted((told[0], told[1], "NEVER-STORED"))
    ]
