"""Whatever is killed while commands are under way: every command has one effect and one answer, every event is in the log once, and whoever
follows the log has applied all of it."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from namespace.contracts.event_log import GENESIS_HASH, EventRow, chain_hash
from namespace.contracts.event_wire import page_from_json
from namespace.runtime import SiteClient
from namespace.testing.site import RunningSite, eventually, running_site, send

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

DEMO = Path(__file__).resolve().parents[2] / "deploy" / "site" / "acme-dallas.yaml"
LINE = "Acme/Dallas/Packaging/Line2"
ORDERS = 120
LANES = 12
VICTIMS = ("work_order", "broker", "oee", "database", "namespace_state", "work_order")


@pytest.fixture(scope="module")
def own_site() -> Iterator[RunningSite]:
    with running_site(DEMO, without=("console",)) as site:
        yield site


async def work(client: SiteClient, lane: int, done: Counter[str]) -> None:
    """Store, hold back and cancel a share of the orders; each step once, whatever happens on the way."""
    for number in range(lane, ORDERS, LANES):
        subject = f"FAULT-{number:03}"
        args = {"place": LINE, "quantity": {"value": "10", "unit": "H87"}}
        for name, arguments in (("StoreAndStart", args), ("RevokeStart", {}), ("Cancel", {})):
            answer = await send(client, name, subject, arguments, timeout_s=120)
            assert answer.status == "DONE", f"{name} {subject}: {answer.message}"
            done[name] += 1


async def whole_log(client: SiteClient) -> list[EventRow]:
    rows: list[EventRow] = []
    while True:
        page = page_from_json(
            (await client.queries.ask("work_order", "events", {"from": len(rows) + 1}, tries=10)).data
        )
        rows.extend(page.rows)
        if page.is_last:
            return rows


async def test_kills_during_commands_lose_and_repeat_nothing(own_site: RunningSite) -> None:
    site = own_site
    await site.ready()
    done: Counter[str] = Counter()
    client = site.client()
    async with client.connected(), asyncio.TaskGroup() as group:
        for lane in range(LANES):
            group.create_task(work(client, lane, done))
        for step, victim in enumerate(VICTIMS, start=1):
            share = ORDERS * 3 * step // (len(VICTIMS) + 1)

            async def reached(share: int = share) -> bool:
                return done.total() >= share

            await eventually(reached, within_s=60, what=f"{share} commands done before {victim} is killed")
            dead = site.kill(victim)
            await site.back(victim, dead)

    assert done == {"StoreAndStart": ORDERS, "RevokeStart": ORDERS, "Cancel": ORDERS}
    async with site.guest() as guest:
        rows = await whole_log(guest)
        ours = [row for row in rows if row.subject.startswith("FAULT-")]
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1)), "the log has no gap"
        assert Counter(row.type for row in ours) == {
            "JobOrderStored": ORDERS,
            "JobOrderStateChanged": ORDERS,
            "JobOrderCancelled": ORDERS,
        }
        previous = GENESIS_HASH
        for row in rows:
            assert chain_hash(row, previous) == row.hash, f"row {row.seq} continues the chain"
            previous = row.hash

        async def followed() -> bool:
            return site.log_cursor("oee", "work_order") == len(rows)

        await eventually(followed, within_s=30, what=f"oee has applied all {len(rows)} events")
        assert (await guest.queries.ask("oee", "parked")).data == []


async def test_a_killed_edge_node_turns_stale_within_two_seconds(own_site: RunningSite) -> None:
    await own_site.ready()
    client = own_site.client()
    stale = asyncio.Event()

    def hear(message: object) -> None:
        if b'"quality":500' in message.payload:  # type: ignore[attr-defined]
            stale.set()

    client.listen("uns/v1/Acme/Dallas/Packaging/Line1/Filler/Status/StateCurrent", hear)
    async with client.connected():
        own_site.kill("simulator")
        async with asyncio.timeout(2):
            await stale.wait()
