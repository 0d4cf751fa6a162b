"""A service that starts again asks no machine to say everything once more: what it needs is known to somebody who listened meanwhile."""

import asyncio
from pathlib import Path

import pytest

from namespace.runtime import SiteClient
from namespace.testing.site import RunningSite, eventually, running_site
from namespace.transport import Message

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

DEMO = Path(__file__).resolve().parents[2] / "deploy" / "site" / "acme-dallas.yaml"
SERVICES = ("work_order", "oee", "namespace_state", "historian")
SPREAD_S = 4.0
"""Requests for rebirth are spread over three seconds after a start."""


async def all_online(client: SiteClient) -> bool | None:
    nodes = (await client.queries.ask("namespace_state", "nodes", {"limit": 500}, tries=10)).data
    return bool(nodes) and all(node["state"] == "online" for node in nodes)


async def test_a_service_that_starts_again_asks_nobody_for_a_rebirth() -> None:
    asked: list[str] = []

    def hear(message: Message) -> None:
        if b"Node Control/Rebirth" in message.payload:
            asked.append(message.topic)

    with running_site(DEMO, without=("console",)) as site:
        await site.ready()
        client = site.client()
        client.listen("spBv1.0/+/NCMD/+", hear)
        async with client.connected():
            await eventually(lambda: all_online(client), within_s=30, what="every edge node online")
            await asyncio.sleep(SPREAD_S)
            asked.clear()  # at the first start of a site nobody has listened before
            for victim in SERVICES:
                await restarted(site, victim)
                await eventually(lambda: all_online(client), within_s=30, what=f"every edge node online after {victim}")
            await asyncio.sleep(SPREAD_S)
        why = [
            line
            for line in site.log.read_text().splitlines()
            if "rebirth" in line or "snapshot" in line or "stale" in line
        ]
    assert asked == [], "\n".join(why[-20:])


async def restarted(site: RunningSite, name: str) -> None:
    dead = site.kill(name)
    await site.back(name, dead)
