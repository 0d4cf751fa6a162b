"""The `uns` command against services on a real broker and database, from another folder and as another process."""

from __future__ import annotations

import asyncio
import json
import signal

from tests.integration.cli.conftest import LONGEST_S, RunningSite

LINE = "Acme/Dallas/Packaging/Line1"
STORE = ("send", "work_order", "StoreAndStart", "JO-1", "-a", f"place={LINE}", "-a", "quantity.value=100")


async def test_a_job_order_is_sent_refused_shown_and_followed(services: RunningSite) -> None:
    stored = await services.uns(*STORE, "-a", "quantity.unit=H87", "--actor", "W1")
    assert (stored.code, stored.err) == (0, "")
    assert stored.out.startswith("done: ")

    stale = await services.uns("send", "work_order", "Begin", "JO-1", "--expected-version", "99")
    assert stale.code == 1
    assert stale.out.startswith("refused: ")

    unknown = await services.uns("send", "work_order", "begin", "JO-404", "--json")
    assert unknown.code == 1
    assert json.loads(unknown.out)["status"] == "REJECTED"

    begun = await services.uns("send", "work_order", "Begin", "JO-1", "--json")
    answer = json.loads(begun.out)
    assert (begun.code, answer["status"], answer["result"]["state"]) == (0, "DONE", "Running")

    again = await services.uns("send", "work_order", "Begin", "JO-1", "--json", "--id", answer["command_id"])
    assert json.loads(again.out) == answer

    expired = await services.uns("query", "work_order", "job_orders", "-a", "state=Running")
    assert [order["id"] for order in json.loads(expired.out)] == ["JO-1"]

    log = await services.uns("events", "work_order", "--json", "--from", "1")
    rows = [json.loads(line) for line in log.out.splitlines()]
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows[0]["type"] == "JobOrderStored"
    assert rows[0]["actor"] == "W1"

    of_type = await services.uns("events", "work_order", "--type", "JobOrderStateChanged", "--subject", "JO-1")
    assert "JobOrderStateChanged JO-1" in of_type.out
    assert "JobOrderStored" not in of_type.out

    tree = await services.uns("tree", "Packaging/Line1", "--metric", "JobOrder/Active/*")
    assert tree.code == 0, tree.err
    assert "JobOrder/Active/State" in tree.out
    assert "OEE/" not in tree.out


async def test_the_tree_is_complete_for_programs(services: RunningSite) -> None:
    report = json.loads((await services.uns("tree", "--json")).out)
    assert report["site"] == "Acme/Dallas"
    assert {node["edge_node"] for node in report["nodes"]} == {
        "Acme:Dallas/mes-namespace-state",
        "Acme:Dallas/mes-work-order",
    }
    places = {place["place"]: place for place in report["places"]}
    assert places[LINE]["level"] == "WORK_CENTER"
    shown = {metric["metric"]: metric for metric in places[LINE]["metrics"]}
    assert shown["JobOrder/QueueLength"]["quality"] == 192


async def test_follow_and_watch_show_what_happens_and_end_in_order(services: RunningSite) -> None:
    follow = await services.start("events", "work_order", "--follow", "--json")
    watch = await services.start("watch", "Packaging/Line1", "--only-events", "--json")
    assert follow.stdout is not None
    assert watch.stdout is not None
    # Store again and again until both have heard: when they are listening is theirs to know.
    followed, watched = asyncio.create_task(follow.stdout.readline()), asyncio.create_task(watch.stdout.readline())
    number = 0
    async with asyncio.timeout(LONGEST_S):
        while not (followed.done() and watched.done()):
            number += 1
            subject = f"JO-{number}"
            await services.uns(
                "send", "work_order", "Store", subject, "-a", f"place={LINE}", "-a", "quantity_source=operator"
            )
    assert json.loads(followed.result())["type"] == "JobOrderStored"
    assert json.loads(watched.result())["event"]["type"] == "JobOrderStored"
    for process in (follow, watch):
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(10):
            _, err = await process.communicate()
        assert (process.returncode, err) == (0, b"")


async def test_a_live_topic_is_decoded_by_name(services: RunningSite) -> None:
    decoding = await services.start(
        "decode", "--topic", "spBv1.0/Acme:Dallas/+/mes-work-order/#", "--count", "2", "--json"
    )
    assert decoding.stdout is not None
    async with asyncio.timeout(LONGEST_S):
        out, err = await decoding.communicate()
    assert err is not None
    documents = [json.loads(line) for line in out.decode().splitlines()]
    assert len(documents) == 2
    assert decoding.returncode == 0
    for document in documents:
        assert document["topic"].startswith("spBv1.0/Acme:Dallas/")
        assert all(metric["name"] for metric in document["metrics"])


async def test_a_service_that_is_not_there_is_named_with_what_to_do(site: RunningSite) -> None:
    asked = await site.uns("query", "oee", "kpi_windows", "-a", f"place={LINE}/Filler", "--timeout", "0.2")
    assert asked.code == 1
    assert asked.err.count("\n") == 1
    assert "no answer from oee" in asked.err
    assert "uns status" in asked.err

    sent = await site.uns(
        "send", "work_order", "Start", "JO-1", "--timeout", "0.3", "--id", "0192c1e2-0000-7000-8000-000000000001"
    )
    assert sent.code == 1
    assert "whether Start took effect is unknown" in sent.err
    assert "--id 0192c1e2-0000-7000-8000-000000000001" in sent.err


async def test_without_namespace_state_the_tree_says_that_it_may_be_old(site: RunningSite) -> None:
    tree = await site.uns("tree", "Packaging")
    assert tree.code == 0
    assert "namespace_state does not answer" in tree.err
    assert "Line1" in tree.out


async def test_a_wrong_password_and_a_silent_broker_are_told_apart(site: RunningSite) -> None:
    path = site.folder.run / "cli" / "broker_url"
    path.write_text(site.broker.url("mes-cli", "wrong"), encoding="utf-8")
    refused = await site.uns("tree")
    assert refused.code == 1
    assert "refused" in refused.err
    assert "wrong" not in refused.err, "a password stands in a message"
    path.write_text("mqtt://mes-cli:x@127.0.0.1:9", encoding="utf-8")
    silent = await site.uns("tree")
    assert silent.code == 1
    assert "127.0.0.1:9" in silent.err
    assert "uns status" in silent.err
