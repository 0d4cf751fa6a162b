"""The first complete run: machines publish, a job order is dispatched and executed, OEE is computed, all through the namespace."""

import asyncio
import json
from uuid import uuid4

import pytest

from namespace.runtime import Page, SiteClient
from namespace.testing.site import RunningSite, eventually, send
from namespace.transport import Message

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("demo_site"), pytest.mark.timeout(120)]

LINE = "Acme/Dallas/Packaging/Line1"
STRANGERS = "Bottling/Stranger-"
"""Nodes that another test made up, to see that they are asked for births which they do not have: they stay known."""


class Retained:
    """The retained JSON of the projection as this test hears it."""

    def __init__(self, client: SiteClient) -> None:
        self.values: dict[str, dict[str, object]] = {}
        client.listen("uns/v1/Acme/Dallas/Packaging/#", self._take)

    def _take(self, message: Message) -> None:
        if message.payload and "/_event/" not in message.topic:
            self.values[message.topic.removeprefix("uns/v1/")] = json.loads(message.payload)

    def value(self, topic: str) -> object:
        return self.values.get(topic, {}).get("value")


async def job_order(guest: SiteClient, job_order_id: str) -> dict[str, object]:
    page: Page = await guest.queries.ask("work_order", "job_order", {"id": job_order_id})
    found: dict[str, object] = page.data
    return found


async def test_a_job_order_runs_from_the_store_to_its_last_good_part(site: RunningSite) -> None:
    client = site.client()
    retained = Retained(client)
    job_order_id = f"WO-{uuid4().hex[:8]}"
    async with client.connected():
        stored = await send(
            client,
            "Store",
            job_order_id,
            {"place": LINE, "quantity": {"value": "3", "unit": "H87"}, "work_master": "BOTTLE-500"},
        )
        assert stored.status == "DONE", stored
        assert (await send(client, "Begin", job_order_id)).code != "Done", "nobody has permitted the start"
        assert (await send(client, "Start", job_order_id)).status == "DONE"
        assert (await send(client, "Begin", job_order_id)).status == "DONE"

        async def ended() -> dict[str, object] | None:
            found = await job_order(client, job_order_id)
            return found if found["state"] == "Ended" else None

        order = await eventually(ended, within_s=40, what="the machine's counter reached the ordered quantity")
        assert int(str(order["good"])) >= 3
        assert order["sub_state"] == "Completed"

        async def judged() -> bool:
            oee = retained.value(f"{LINE}/Filler/OEE/OEE")
            return isinstance(oee, int | float) and oee > 0

        await eventually(judged, within_s=20, what="an OEE for the filler")


async def test_of_two_callers_who_saw_the_same_version_exactly_one_wins(guest: SiteClient) -> None:
    job_order_id = f"WO-{uuid4().hex[:8]}"
    stored = await send(guest, "Store", job_order_id, {"place": LINE, "quantity": {"value": "1", "unit": "H87"}})
    assert stored.version is not None
    answers = await asyncio.gather(
        send(guest, "Start", job_order_id, expected_version=stored.version),
        send(guest, "Cancel", job_order_id, expected_version=stored.version),
    )
    assert sorted(answer.status.value for answer in answers) == ["DONE", "REJECTED"]


async def test_an_unknown_job_order_is_refused_with_a_reason(guest: SiteClient) -> None:
    answer = await send(guest, "Start", "WO-nobody-knows")
    assert answer.status == "REJECTED"
    assert "WO-nobody-knows" in answer.message


async def test_every_edge_node_is_known_and_online(guest: SiteClient) -> None:
    nodes: dict[str, str] = {}

    async def all_online() -> bool:
        known = await guest.queries.ask_all("namespace_state", "nodes")
        nodes.update({node["edge_node"]: node["state"] for node in known})
        expected = {
            "Bottling/Line1-PLC",
            "Acme:Dallas/mes-oee",
            "Acme:Dallas/mes-work-order",
            "Acme:Dallas/mes-namespace-state",
        }
        ours = {name: state for name, state in nodes.items() if not name.startswith(STRANGERS)}
        return expected <= ours.keys() and set(ours.values()) == {"online"}

    await eventually(all_online, within_s=20, what=lambda: f"every edge node online: {nodes}")
