"""A small site in one process: every service is itself - account, health, restarts - and none takes another down with it."""

import asyncio
import json
import signal
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from namespace.servers.database_roles import with_database
from namespace.servers.postgres import Postgres
from namespace.servers.site_state import Phase, ServiceStatus
from namespace.testing.servers import scratch_folder
from namespace.testing.site import RunningSite, eventually, running_site, send

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("all_in_one"), pytest.mark.timeout(120)]

DEMO = Path(__file__).resolve().parents[2] / "deploy" / "site" / "acme-dallas.yaml"
LINE = "Acme/Dallas/Packaging/Line2"


@pytest.fixture
def site() -> Iterator[RunningSite]:
    with running_site(DEMO, options=("--all-in-one", "--json")) as running:
        yield running


async def store(site: RunningSite, subject: str) -> str:
    """Have one job order stored; return the answer's status."""
    async with site.guest() as guest:
        args = {"place": LINE, "quantity": {"value": "10", "unit": "H87"}}
        return (await send(guest, "Store", subject, args, timeout_s=60)).status.value


def service(site: RunningSite, name: str) -> ServiceStatus:
    return next(each for each in site.state().services if each.name == name)


def restarts(site: RunningSite) -> dict[str, int]:
    """How often each service was started again, of those that were at all."""
    return {each.name: each.restarts for each in site.state().services if each.restarts}


async def superuser(site: RunningSite) -> asyncpg.Connection:
    password = (site.folder / "credentials" / "database" / "postgres").read_text().strip()
    address = site.state().database.address.replace("postgres@", f"postgres:{password}@")
    return await asyncpg.connect(with_database(address, "uns"))


def written(site: RunningSite, event: str) -> list[dict[str, object]]:
    """What services logged under this name."""
    lines = [line for line in site.log.read_text().splitlines() if f'"event": "{event}"' in line]
    return [json.loads(line) for line in lines]


async def test_a_site_in_one_process_works_and_says_so_in_the_same_words(site: RunningSite) -> None:
    await site.ready()
    assert await store(site, "ONE-1") == "DONE"
    code, said = await site.run("status", "--json")
    report = json.loads(said)
    assert code == 0
    assert {each["pid"] for each in report["services"]} == {report["pid"]} == {site.process.pid}
    assert len({each["health_port"] for each in report["services"]}) == len(report["services"])
    with urllib.request.urlopen(report["console_url"], timeout=5) as page:
        assert page.status == 200
    starting = written(site, "starting")
    assert {(line["service"], line["health_port"]) for line in starting} == {
        (each["name"], each["health_port"]) for each in report["services"]
    }


async def test_a_service_that_fails_is_started_again_alone(site: RunningSite) -> None:
    await site.ready()
    administrator = await superuser(site)
    await administrator.execute("ALTER TABLE work_order.log_head RENAME TO mislaid")
    answer = asyncio.create_task(store(site, "ONE-2"))

    async def failed_twice() -> bool:
        status = service(site, "work_order")
        return status.restarts >= 2 and status.phase is Phase.RESTARTING

    await eventually(failed_twice, within_s=30, what="work_order fails again and again")
    assert "log_head" in service(site, "work_order").reasons[0], "it says what ended it"
    assert {each.name for each in site.state().services if each.phase is not Phase.READY} == {"work_order"}

    await administrator.execute("ALTER TABLE work_order.mislaid RENAME TO log_head")
    await administrator.close()
    assert await answer == "DONE", "what was promised is kept"
    await site.ready()
    assert restarts(site).keys() == {"work_order"}

    async def followed() -> bool:
        return site.log_cursor("oee", "work_order") == 1

    await eventually(followed, within_s=30, what="the one event of the one command has been applied by oee")


async def test_ctrl_c_lets_every_service_hand_out_what_it_promised_before_the_servers_end(site: RunningSite) -> None:
    await site.ready()
    assert await store(site, "ONE-3") == "DONE"
    names = {each.name for each in site.state().services}
    site.process.send_signal(signal.SIGINT)
    assert await asyncio.to_thread(site.process.wait, 30) == 0
    said = site.log.read_text().splitlines()
    stopped = {json.loads(line)["service"]: place for place, line in enumerate(said) if '"event": "stopped"' in line}
    broker = next(place for place, line in enumerate(said) if "broker stopped" in line)
    assert stopped.keys() == names, site.tail(60)
    assert max(stopped.values()) < broker
    assert not written(site, "part_failed")
    assert not written(site, "service_failed")


async def test_a_site_in_one_process_on_a_database_of_somebody_else_comes_back_from_a_backup(
    start_postgres: Callable[[], Postgres],
) -> None:
    server = start_postgres()
    foreign = await asyncpg.connect(server.dsn("postgres"))
    await foreign.execute("CREATE ROLE keeper LOGIN CREATEROLE PASSWORD 'secret'")
    await foreign.execute("CREATE DATABASE mes OWNER keeper")
    await foreign.close()
    environment = {"UNS_DATABASE_URL": f"postgresql://keeper:secret@127.0.0.1:{server.port}/mes"}
    options = ("--all-in-one", "--without", "console")
    with scratch_folder() as scratch:
        backup = str(scratch / "backup")
        with running_site(DEMO, options=options, environment=environment, scratch=scratch) as site:
            await site.ready()
            assert await store(site, "KEPT") == "DONE"
            code, said = await site.run("backup", backup)
            assert code == 0, said
            assert "work_order: log to seq 1" in said
            assert await store(site, "LOST") == "DONE"

            async def followed() -> bool:
                return site.log_cursor("oee", "work_order") == 2

            await eventually(followed, within_s=30, what="oee has applied what the backup does not hold")
            code, said = await site.run("restore", backup, "--force")
            assert code == 1, "a site that runs is not restored"
        code, said = await site.run("restore", backup)
        assert code == 1
        assert "work_order (log to seq 2)" in said
        code, said = await site.run("restore", backup, "--force")
        assert code == 0, said
        with running_site(DEMO, options=options, environment=environment, scratch=scratch) as site:
            await site.ready()
            code, said = await site.run("recovery", "report", "--json")
            (log,) = (each for each in json.loads(said)["logs"] if each["service"] == "work_order")
            assert (log["backup_seq"], log["head"], code) == (1, 1, 1)
            (fork,) = log["forks"]
            assert (fork["fork_seq"], fork["lost_from"], fork["lost_through"]) == (1, 2, 2)
            assert await store(site, "LOST") == "DONE", "nobody knows it any more"


async def test_a_service_that_cannot_start_says_why_and_the_others_go_on() -> None:
    with running_site(DEMO, options=("--all-in-one",), environment={"UNS_CONSOLE_HOST": "0.0.0.0"}) as site:

        async def settled() -> bool:
            try:
                phases = {each.phase for each in site.state().services}
            except OSError:  # not written yet
                return False
            return phases == {Phase.READY, Phase.FAILED}

        await eventually(settled, within_s=60, what=f"all but the console ready\n{site.tail()}")
        assert service(site, "console").phase is Phase.FAILED
        assert "UNS_ALLOW_PLAINTEXT" in service(site, "console").reasons[0]
        assert not restarts(site)
