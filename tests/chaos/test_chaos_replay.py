"""Three months of a real shop floor at full speed, while everything that the site consists of fails: the totals are the same."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack

import pytest

from namespace.testing.chaos.fault import draw_rounds
from namespace.testing.chaos.injector import Injector
from namespace.testing.chaos.wiring import wired
from namespace.testing.site import running_site
from tests.acceptance.test_replay_site import (
    SITE_FILE,
    assert_equal_to_the_log,
    assert_followed,
    needs_log,
    replayed,
)
from tests.chaos.outcome import said
from tests.chaos.run import SERVICES
from tests.production_log import LOG

pytestmark = [pytest.mark.acceptance]

SEED = int(os.environ.get("UNS_CHAOS_SEED", "20261128"))
ROUNDS = 20


@needs_log
@pytest.mark.soak
async def test_the_replay_adds_up_to_the_log_whatever_fails_on_the_way() -> None:
    assert LOG is not None
    happened: list[str] = []
    with running_site(SITE_FILE, without=("console",)) as site:
        async with AsyncExitStack() as stack:
            injector = Injector(site, await stack.enter_async_context(wired(site)), SEED)

            due = asyncio.Semaphore(0)

            async def fail() -> None:
                for faults in draw_rounds(SEED, SERVICES, longest_s=4.0):
                    await due.acquire()
                    await injector.round(faults)
                    happened.append(said(faults))
                    await site.ready(within_s=120)

            def observe(answered: int, commands: int, _at: str) -> None:
                if answered * ROUNDS // commands > (answered - 1) * ROUNDS // commands:
                    due.release()

            failing = asyncio.create_task(fail())
            try:
                verification = await replayed(site, LOG.read_text(encoding="utf-8"), observe)
            finally:
                failing.cancel()
                await asyncio.gather(failing, return_exceptions=True)
            await site.ready(within_s=120)
            await assert_followed(site, verification)
    assert len(happened) >= 5, f"seed {SEED}: hardly anything failed: {happened}"
    assert_equal_to_the_log(verification)
