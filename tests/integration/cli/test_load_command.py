"""`uns simulate load` as a person runs it, against a broker of their own."""

import json
from collections import defaultdict
from pathlib import Path

from namespace.contracts.access import edge_node_rules
from namespace.sparkplug import Data, HostSession
from namespace.transport import BrokerUrl, Connection
from namespace.transport.mqtt import MqttTransport
from tests.integration.cli.conftest import RunningSite

SMALL = ("--nodes", "5", "--devices", "2", "--metrics", "12", "--rate", "500", "--messages", "200", "--duration", "1m")


async def test_a_load_ends_by_itself_and_its_truth_is_what_was_said(site: RunningSite, tmp_path: Path) -> None:
    url = site.broker.add_account("load", edge_node_rules("Cli", "+"))
    truth = tmp_path / "truth.jsonl"
    async with MqttTransport(
        BrokerUrl.parse(site.broker.url("test")), client_id="load-listener"
    ).connect() as connection:
        await connection.subscribe([("spBv1.0/Cli/#", 0)])
        ended = await site.uns(
            "simulate", "load", *SMALL, "--group", "Cli", "--broker", url, "--truth", str(truth), "--json"
        )
        assert ended.code == 0, ended.err
        heard = await _heard(connection, 200)
    outcome = json.loads(ended.out)
    assert (outcome["messages"], outcome["skipped"], outcome["away"]) == (200, 0, 0)
    assert sum(node["messages"] for node in outcome["nodes"].values()) == 200
    written = [json.loads(line) for line in truth.read_text().splitlines()]
    assert outcome["readings"] == sum(len(line["metrics"]) * len(line["times_ms"]) for line in written)
    said = {
        (line["edge_node"], line["device"], metric): [
            (line["first_value"] + index * 10_000_000 + number, at_ms)
            for number, at_ms in enumerate(line["times_ms"])
            if number
        ]
        for line in written
        for index, metric in enumerate(line["metrics"])
    }
    assert heard == said


async def _heard(connection: Connection, messages: int) -> dict[tuple[str, str | None, str], list[tuple[object, int]]]:
    session, count = HostSession(), 0
    heard: dict[tuple[str, str | None, str], list[tuple[object, int]]] = defaultdict(list)
    async for batch in connection.batches():
        for message in batch:
            for event in session.receive(message.topic, message.payload, 0):
                if isinstance(event, Data):
                    count += 1
                    for metric in event.metrics:
                        key = (event.edge_node.edge_node_id, event.device_id, metric.name)
                        heard[key].append((metric.value, metric.timestamp))
        if count >= messages:
            break
    return dict(heard)


async def test_a_load_that_cannot_sign_in_says_what_to_do(site: RunningSite) -> None:
    ended = await site.uns("simulate", "load", *SMALL, "--broker", site.broker.url("nobody", "wrong"))
    assert ended.code == 1
    assert "--every-node" in ended.err
    ended = await site.uns("simulate", "load", "--duration", "soon", "--broker", site.broker.url("test"))
    assert ended.code == 1
    assert "60s" in ended.err
