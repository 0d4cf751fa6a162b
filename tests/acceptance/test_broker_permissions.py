"""At the real broker of a real site: every account is refused where it has no business, above all at machines.

A refused QoS 0 publish is silent, so refusal is shown from the receiver's side: of all that an account publishes, only the last message, to
a topic where it may write, arrives.
"""

import asyncio
from uuid import uuid4

import pytest

from namespace.contracts.contract import ServiceContract
from namespace.contracts.registry import SERVICES
from namespace.runtime import SystemClock, to_ms
from namespace.sparkplug import (
    REBIRTH,
    DataType,
    EdgeNodeConfig,
    EdgeNodeSession,
    MetricDefinition,
    MetricUpdate,
    decode_payload,
)
from namespace.testing.site import RunningSite
from namespace.transport import Message

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("demo_site"), pytest.mark.timeout(60)]

MACHINE_NCMD = "spBv1.0/Bottling/NCMD/Line1-PLC"
MACHINE_DCMD = "spBv1.0/Bottling/DCMD/Line1-PLC/Filler"
NOBODY = ServiceContract("nobody", "No service at all.")


async def delivered(site: RunningSite, account: str, topics: list[str]) -> set[str]:
    """Publish to `topics` as `account`; return those that a reader of everything hears before the marker."""
    token = uuid4().hex.encode()
    heard: set[str] = set()
    done = asyncio.Event()
    marker = f"uns/v1/Acme/Dallas/_reply/mes-cli/{uuid4().hex}"

    def take(message: Message) -> None:
        if message.payload == token:
            heard.add(message.topic)
        if message.topic == marker:
            done.set()

    client = site.client()
    for topic_filter in ("spBv1.0/#", "uns/v1/Acme/Dallas/#"):
        client.listen(topic_filter, take)
    async with client.connected(), site.transport(account).connect() as connection:
        for topic in topics:
            await connection.publish(topic, token)
        await connection.publish(marker, token)
        async with asyncio.timeout(10):
            await done.wait()
    return heard - {marker}


@pytest.mark.parametrize("contract", SERVICES, ids=lambda contract: contract.service)
async def test_a_service_is_refused_wherever_it_has_no_business(site: RunningSite, contract: ServiceContract) -> None:
    if not (site.folder / "run" / contract.service).exists():
        pytest.fail(f"{contract.service} does not run in the demo site")
    elsewhere = [MACHINE_DCMD, "spBv1.0/Other/NCMD/Robot", "spBv1.0/Other/DDATA/Robot/Arm"]
    if not contract.observes_everything:
        elsewhere += [
            MACHINE_NCMD,
            "uns/v1/Acme/Dallas/Packaging/Line1/OEE/OEE",
            "uns/v1/Acme/Dallas/_Site/Namespace/Nodes",
        ]
    if not contract.is_primary_host:
        elsewhere.append("spBv1.0/STATE/Dallas-mes")
    for other in (*SERVICES, NOBODY):
        if other is not contract:
            elsewhere += [f"spBv1.0/Acme:Dallas/{kind}/{other.edge_node_id}" for kind in ("NBIRTH", "NDATA", "NDEATH")]
            if other.service not in contract.commands_to and not contract.observes_everything:
                elsewhere.append(f"spBv1.0/Acme:Dallas/NCMD/{other.edge_node_id}")
    assert await delivered(site, contract.service, elsewhere) == set()


async def test_only_the_registry_reaches_a_machines_node_and_never_its_devices(site: RunningSite) -> None:
    topics = ["spBv1.0/Bottling/NCMD/no-such-node", "spBv1.0/Bottling/DCMD/no-such-node/Filler"]
    assert await delivered(site, "namespace_state", topics) == {"spBv1.0/Bottling/NCMD/no-such-node"}


async def test_what_the_registry_says_to_a_machine_is_a_request_for_rebirth_and_nothing_else(site: RunningSite) -> None:
    stranger = EdgeNodeSession(
        EdgeNodeConfig(group_id="Bottling", edge_node_id=f"Stranger-{uuid4().hex[:8]}"),
        [MetricDefinition(name="Count", datatype=DataType.Int32, value=0, writable=True)],
    )
    heard: list[Message] = []
    client = site.client()
    client.listen(f"spBv1.0/Bottling/NCMD/{stranger.config.edge_node_id}", heard.append)
    stranger.connect(0, now_ms())
    stranger.subscribed(now_ms())  # nobody hears these births, so the registry has to ask
    async with client.connected(), site.transport("simulator", "stranger").connect() as machine:
        async with asyncio.timeout(30):
            while not heard:
                for message in stranger.update(None, [MetricUpdate("Count", 1)], now_ms(), force=True):
                    await machine.publish(message.topic, message.payload)
                await asyncio.sleep(0.2)
    for command in heard:
        metrics = decode_payload(command.payload).metrics
        assert [(metric.name, metric.value) for metric in metrics] == [(REBIRTH, True)]


def now_ms() -> int:
    return to_ms(SystemClock().now())


async def test_answers_are_readable_by_the_one_who_asked_alone(site: RunningSite) -> None:
    overheard: list[str] = []
    mine = f"uns/v1/Acme/Dallas/_reply/mes-cli/{uuid4().hex}"
    async with site.transport("oee").connect() as spy:
        await spy.subscribe([("uns/v1/Acme/Dallas/_reply/#", 0), ("uns/v1/Acme/Dallas/_reply/mes-oee/#", 0)])
        reading = asyncio.create_task(_collect(spy, overheard))
        async with site.transport("work_order").connect() as asked:
            await asked.publish(mine, b"secret")
            await asked.publish("uns/v1/Acme/Dallas/_reply/mes-oee/1", b"for oee")
        async with asyncio.timeout(10):
            await reading
    assert overheard == ["uns/v1/Acme/Dallas/_reply/mes-oee/1"]


async def _collect(connection: object, topics: list[str]) -> None:
    """Collect topics until the spy's own answer arrives."""
    async for batch in connection.batches():  # type: ignore[attr-defined]
        for message in batch:
            topics.append(message.topic)
            if message.topic.endswith("_reply/mes-oee/1"):
                return
