"""Three months of a real shop floor through the front door of a running site, undisturbed and with its services being killed.

What counts is the event log alone: 225 work requests, 4,503 ended job orders, hours equal to the log to the second, no event missing and
none twice.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from namespace.testing.servers import scratch_folder
from namespace.testing.site import RunningSite, eventually, run_uns, running_site
from services.simulator.service import replay
from tests.production_log import LOG, MISSING

SITE_FILE = Path(__file__).parents[2] / "deploy" / "site" / "job-shop.yaml"

SMALL_LOG = "concept:name,org:resource,start_timestamp,time:timestamp,case:concept:name\n" + "".join(
    f"{activity},ID{worker},2012-03-24 {hour:02}:00:00+02:00,2012-03-25 0{hour - 18}:30:00+03:00,Small{worker}\n"
    for worker in (1, 2, 3)
    for hour, activity in ((20, "Turning & Milling"), (21, "Lapping"), (22, "Packing"))
)

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]
needs_log = pytest.mark.skipif(LOG is None, reason=MISSING)


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch_folder() as path:
        yield path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[RunningSite]:
    """A site that the tests of this module share; each says something about other work."""
    with running_site(SITE_FILE, without=("console",)) as running:
        await running.ready()
        yield running


async def replayed(
    site: RunningSite, text: str, observe: Callable[[int, int, str], None] = lambda _answered, _commands, _at: None
) -> Any:
    """Replay at full speed and return what the verification found."""
    outcome = await replay(
        text,
        "Production.csv",
        site=site.model,
        guest=site.transport("cli", "test-replay"),
        account=site.broker_url("cli").username or "",
        machines=site.transport("simulator", "test-replay-machines"),
        observe=observe,
    )
    assert outcome["refused"] == []
    return outcome["verification"]


def figures(verification: Any) -> dict[str, str]:
    return {figure["name"]: figure["found"] for figure in verification["figures"]}


def assert_equal_to_the_log(verification: Any) -> None:
    assert verification["problems"] == []
    assert verification["differences"] == []
    assert figures(verification) == {
        "work requests": "225",
        "job orders ended": "4503",
        "labor, summed": "13,743.75 h",
        "labor, as union per person": "11,038.85 h",
        "job orders, summed": "13,743.75 h",
        "persons": "46",
        "activities": "24",
    }


async def assert_followed(site: RunningSite, verification: Any) -> None:
    """The consumer of the log has applied every event, and parked none: the row after its cursor is the next one, always."""
    async with site.guest() as guest:

        async def caught_up() -> bool:
            return site.log_cursor("oee", "work_order") >= verification["events"]

        await eventually(caught_up, within_s=60, what=f"oee has applied {verification['events']} events")
        assert (await guest.queries.ask("oee", "parked")).data == []


@needs_log
async def test_the_event_log_knows_every_hour_of_the_replayed_log(site: RunningSite) -> None:
    assert LOG is not None
    verification = await replayed(site, LOG.read_text(encoding="utf-8"))
    assert_equal_to_the_log(verification)
    await assert_followed(site, verification)


@needs_log
async def test_nothing_is_lost_or_told_twice_when_work_order_and_broker_are_killed_twice_on_the_way() -> None:
    assert LOG is not None
    plan = [(0.2, "work_order"), (0.4, "broker"), (0.6, "work_order"), (0.8, "broker")]
    killed: list[tuple[str, int]] = []
    with running_site(SITE_FILE, without=("console",)) as site:
        await site.ready()

        def observe(answered: int, commands: int, _at: str) -> None:
            if plan and answered >= plan[0][0] * commands:
                _, name = plan.pop(0)
                killed.append((name, site.kill(name)))

        verification = await replayed(site, LOG.read_text(encoding="utf-8"), observe)
        await assert_followed(site, verification)
    assert [name for name, _ in killed] == ["work_order", "broker", "work_order", "broker"]
    assert len({pid for _, pid in killed}) == 4
    assert_equal_to_the_log(verification)


async def test_a_second_replay_of_the_same_log_changes_nothing(site: RunningSite) -> None:
    log = SMALL_LOG.replace("Small", "Repeated")
    first = await replayed(site, log)
    second = await replayed(site, log)
    assert first["equal"]
    assert second == first


async def test_the_command_prints_what_the_event_log_adds_up_to(site: RunningSite, folder: Path) -> None:
    log = folder / "small.csv"
    log.write_text(SMALL_LOG, encoding="utf-8")
    code, written = await site.run("simulate", "replay", str(log), "--speed", "1000000")
    assert code == 0, written
    assert "3 work requests, 9 job orders" in written
    assert "equal to the second" in written


async def test_a_log_with_work_that_the_site_has_no_place_for_is_refused_before_anything_is_said(
    site: RunningSite, folder: Path
) -> None:
    log = folder / "other.csv"
    log.write_text(SMALL_LOG.replace("Lapping", "Glazing"), encoding="utf-8")
    code, written = await site.run("simulate", "replay", str(log))
    assert code == 1
    assert "no work center for Glazing" in " ".join(written.split())


async def test_a_replay_without_a_running_site_says_how_to_start_one(folder: Path) -> None:
    nowhere = {**os.environ, "UNS_DATA_DIR": str(folder)}
    code, written = await run_uns(nowhere, "simulate", "replay", "Production.csv")
    assert code == 1
    assert "no site runs on this data folder" in written
    assert "uns up" in written


async def test_a_work_order_service_that_is_away_is_waited_for(site: RunningSite) -> None:
    site.kill("work_order")
    async with asyncio.timeout(60):
        assert (await replayed(site, SMALL_LOG.replace("Small", "Patient")))["equal"]
