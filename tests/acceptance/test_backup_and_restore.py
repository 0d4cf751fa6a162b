"""The drill: back up under load, go on, destroy, restore, reconcile - and the report says exactly what the site is missing."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from namespace.contracts.event_log import EventRow
from namespace.contracts.event_wire import page_from_json
from namespace.runtime import SiteClient
from namespace.servers import ports
from namespace.servers.backup.manifest import Manifest, read_manifest
from namespace.servers.process import command_line
from namespace.testing.servers import scratch_folder
from namespace.testing.site import RunningSite, eventually, running_site, send

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

DEMO = Path(__file__).resolve().parents[2] / "deploy" / "site" / "acme-dallas.yaml"
LINE = "Acme/Dallas/Packaging/Line2"
PRODUCER = "Acme:Dallas/mes-work-order"


async def store(client: SiteClient, name: str, count: int) -> None:
    """Store `count` job orders: one event each."""
    for number in range(count):
        args = {"place": LINE, "quantity": {"value": "10", "unit": "H87"}}
        answer = await send(client, "Store", f"{name}-{number:03}", args, timeout_s=60)
        assert answer.status == "DONE", answer.message


async def head_of(client: SiteClient) -> EventRow:
    """Return the last row of the log of work orders."""
    page = page_from_json((await client.queries.ask("work_order", "events", {"from": 1, "limit": 1}, tries=10)).data)
    last = (await client.queries.ask("work_order", "events", {"from": page.log.head, "limit": 1}, tries=10)).data
    return page_from_json(last).rows[-1]


async def everybody_knows(site: RunningSite, client: SiteClient) -> int:
    """Wait until the follower has applied the whole log and the registry has heard it; return its last seq."""

    async def probe() -> int | None:
        head = await head_of(client)
        heard = (await client.queries.ask("namespace_state", "log_heard", {"producer": PRODUCER}, tries=10)).data
        is_heard = any((point["seq"], point["hash"]) == (head.seq, head.hash) for point in heard)
        is_applied = site.log_cursor("oee", "work_order") == head.seq
        return head.seq if is_heard and is_applied else None

    seq = await eventually(probe, within_s=60, what="everybody knows the whole log")
    await asyncio.sleep(2.5)  # until the broker retains what the registry has heard: said once a second
    return seq


@asynccontextmanager
async def up(scratch: Path, broker_port: int) -> AsyncIterator[tuple[RunningSite, SiteClient]]:
    settings = {"UNS_BROKER_PORT": str(broker_port)}
    with running_site(DEMO, without=("console",), scratch=scratch, environment=settings) as site:
        await eventually(lambda: booted(site), within_s=60, what=f"the site is up\n{site.tail()}")
        async with site.guest() as client:
            yield site, client


async def booted(site: RunningSite) -> bool:
    """Tell whether every service has a session; one that has stopped following is not ready, and that is what is tested."""
    try:
        states = site.state().services
    except OSError:
        return False
    return bool(states) and all(s.phase in {"ready", "not ready"} or "forked" in " ".join(s.reasons) for s in states)


async def report(site: RunningSite) -> dict[str, Any]:
    code, text = await site.run("recovery", "report", "--json")
    found: dict[str, Any] = json.loads(text)
    assert code == (0 if not found["logs"] or whole(found) else 1), text
    return found


def whole(found: dict[str, Any]) -> bool:
    lost = any(fork["lost_through"] for log in found["logs"] for fork in log["forks"])
    return not lost and not any(consumer["beyond_fork"] for consumer in found["consumers"])


def cursors(manifest: Manifest) -> dict[str, int]:
    return {each.service: cursor.seq for each in manifest.schemas for cursor in each.cursors}


async def test_a_destroyed_site_is_restored_and_says_what_it_is_missing() -> None:
    with scratch_folder() as scratch:
        backup, port = scratch / "backup", ports.free_port()
        async with up(scratch, port) as (site, client):
            async with asyncio.TaskGroup() as group:
                for lane in range(4):
                    group.create_task(store(client, f"BEFORE-{lane}", 40))
                code, said = await site.run("backup", str(backup))
                assert code == 0, said
            await store(client, "AFTER", 5)
            last = await everybody_knows(site, client)
            assert whole(await report(site)), "nothing is missing yet"
            manifest = read_manifest(backup)
            copied = manifest.copy_of("work_order")
            assert copied is not None
            assert copied.log is not None
            assert copied.log.seq < last, "the load went on behind the backup"
            await cut_off(site)
            await asyncio.to_thread(destroyed, site)

        code, said = await site.run("restore", str(backup))
        assert code == 0, said
        assert (await site.run("restore", str(backup)))[0] == 1, "what is there is not replaced without --force"

        async with up(scratch, port) as (site, client):
            await site.ready()
            found = await report(site)
            (log,) = (each for each in found["logs"] if each["service"] == "work_order")
            (fork,) = log["forks"]
            assert (log["backup_seq"], log["head"]) == (copied.log.seq, copied.log.seq)
            assert (fork["previous_epoch"], fork["fork_seq"]) == (str(copied.log.epoch), copied.log.seq)
            assert (fork["lost_from"], fork["lost_through"]) == (copied.log.seq + 1, last)
            assert fork["known_from"] == {"namespace_state": last}
            (consumer,) = (each for each in found["consumers"] if each["service"] == "oee")
            assert consumer["backup_cursor"] == cursors(manifest)["oee"]
            assert (consumer["beyond_fork"], consumer["shares_seq"]) == (0, None)
            taken_ms, restored_ms = manifest.taken_at.timestamp() * 1000, last_restore_ms(found)
            assert any(gap_covers(gap, taken_ms, restored_ms) for gap in found["gaps"]), found["gaps"]

            await store(client, "AGAIN", 3)
            assert await everybody_knows(site, client) == copied.log.seq + 3


async def test_a_service_restored_alone_stops_its_followers_beyond_the_fork_and_nobody_else() -> None:
    with scratch_folder() as scratch:
        backup, port = scratch / "backup.tar", ports.free_port()
        async with up(scratch, port) as (site, client):
            await store(client, "SHARED", 6)
            kept = await everybody_knows(site, client)
            code, said = await site.run("backup", str(backup))
            assert code == 0, said
            await store(client, "LOST", 4)
            last = await everybody_knows(site, client)
            assert last == kept + 4
            code, said = await site.run("restore", str(backup), "--only", "work_order", "--force")
            assert code == 1
            assert "already runs" in said
        code, said = await site.run("restore", str(backup), "--only", "work_order", "--force")
        assert code == 0, said

        async with up(scratch, port) as (site, client):

            async def stopped() -> bool:
                reasons = {each.name: " ".join(each.reasons) for each in site.state().services}
                return "forked" in reasons["oee"] and not any(reasons[name] for name in reasons if name != "oee")

            await eventually(stopped, within_s=60, what=f"oee alone has stopped\n{site.tail()}")
            code, said = await site.run("status")
            assert (code, "forked at seq" in said) == (1, True), said
            found = await report(site)
            (log,) = (each for each in found["logs"] if each["service"] == "work_order")
            (fork,) = log["forks"]
            assert (fork["fork_seq"], fork["lost_from"], fork["lost_through"]) == (kept, kept + 1, last)
            assert fork["known_from"] == {"namespace_state": last, "oee": last, "the database that was replaced": last}
            (consumer,) = (each for each in found["consumers"] if each["service"] == "oee")
            assert (consumer["cursor"], consumer["shares_seq"], consumer["beyond_fork"]) == (last, kept, 4)

            await store(client, "NEW", 2)
            assert site.log_cursor("oee", "work_order") == last, "nothing is applied beyond a fork"
            code, said = await site.run("log", "accept-fork", "oee", "work_order", "--reason", "a drill", "--yes")
            assert code == 0, said
            assert "LOST-003" in said
            await site.ready()
            assert await everybody_knows(site, client) == kept + 2


async def cut_off(site: RunningSite) -> None:
    """End the site as a machine that falls over does, and wait until nothing of it runs."""
    state = site.state()
    pids = [state.broker.pid, state.database.pid, *(service.pid for service in state.services)]
    site.process.send_signal(signal.SIGKILL)
    site.process.wait()

    async def gone() -> bool:
        return all(pid is None or command_line(pid) is None for pid in pids)

    await eventually(gone, within_s=30, what="everything has ended with its supervisor")


def destroyed(site: RunningSite) -> None:
    """Take everything away but what the broker and the edge nodes keep."""
    servers = (site.folder / "servers").resolve()
    shutil.rmtree(servers / "postgres")
    for entry in site.folder.iterdir():
        if entry.name in {"servers", "edge"}:
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def last_restore_ms(found: dict[str, Any]) -> float:
    from datetime import datetime

    return datetime.fromisoformat(found["restored_at"]).timestamp() * 1000


def gap_covers(gap: dict[str, Any], taken_ms: float, restored_ms: float) -> bool:
    """The gap begins where the backup ends (the historian notes that it is alive every few seconds) and ends after the restore."""
    from datetime import datetime

    def ms(value: Any) -> float:
        return value if isinstance(value, int | float) else datetime.fromisoformat(value).timestamp() * 1000

    until = gap.get("until")
    return ms(gap["since"]) <= taken_ms + 1000 and (until is None or ms(until) >= restored_ms)
