"""An edge process, a network that fails, a real broker, a real historian: whatever the edge node said it kept is in the journal, once."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from namespace.runtime.settings import ServiceSettings
from namespace.testing.servers import NewDatabase, TestBroker
from tests.integration.edge.network import Relay
from tests.integration.edge.process import EdgeProcess
from tests.integration.historian.running import T0, demo_site, running, settings_of

GROUP, NODE, DEVICE, METRIC = "Bottling", "Line1-PLC", "Packer", "Inputs/Number"
SITE = demo_site()
PAUSE_S = 0.004
JOURNAL = """
    SELECT whole FROM sample JOIN tag ON tag.id = sample.tag
    WHERE edge_node_id = $1 AND device_id = $2 AND metric = $3 ORDER BY at_ms
"""


class Writer:
    """Writes numbers, one after the other, whatever happens."""

    def __init__(self, edge: EdgeProcess) -> None:
        self._edge = edge
        self.last = 0

    async def write(self, count: int) -> None:
        for _ in range(count):
            self.last += 1
            self._edge.say("write", device=DEVICE, metric=METRIC, value=self.last, at_ms=T0 + self.last, id=self.last)
            await asyncio.sleep(PAUSE_S)


class Historian:
    """The historian, which can be cut off and started again."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._task: asyncio.Task[None] | None = None
        self._up = asyncio.Event()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def cut_off(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        async with running(self._settings, SITE):
            await asyncio.Event().wait()

    async def numbers(self) -> list[int]:
        connection = await asyncpg.connect(self._settings.database_url)
        try:
            return [row["whole"] for row in await connection.fetch(JOURNAL, NODE, DEVICE, METRIC)]
        finally:
            await connection.close()


@pytest.fixture
async def historian(broker: TestBroker, new_database: NewDatabase, tmp_path: Path) -> AsyncIterator[Historian]:
    made = await new_database("historian")
    service = Historian(settings_of(broker, made.dsn, tmp_path / "site"))
    await service.start()
    yield service
    await service.cut_off()


@asynccontextmanager
async def edge_node(relay: Relay, broker: TestBroker, tmp_path: Path) -> AsyncIterator[EdgeProcess]:
    url = broker.add_account(NODE).replace(f":{broker.port}", f":{relay.port}")
    edge = EdgeProcess(
        *("--server", url, "--group", GROUP, "--node", NODE, "--device", DEVICE, "--host-id", f"{SITE.site}-mes"),
        *("--state-dir", str(tmp_path / "edge"), "--keep-alive", "1", "--resend-window", "15"),
    )
    await edge.start()
    try:
        yield edge
    finally:
        await edge.close()


async def cut(relay: Relay, writer: Writer) -> None:
    relay.cut()
    await writer.write(20)


async def swallow(relay: Relay, writer: Writer) -> None:
    relay.swallows = True
    await writer.write(60)
    relay.cut()


async def refuse(relay: Relay, writer: Writer) -> None:
    relay.refuses = True
    relay.cut()
    await writer.write(100)
    relay.refuses = False


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", [1])
async def test_every_reading_that_was_kept_is_in_the_journal_once(
    historian: Historian, broker: TestBroker, tmp_path: Path, seed: int
) -> None:
    source = random.Random(seed)
    async with Relay(broker.port).running() as relay, edge_node(relay, broker, tmp_path) as edge:
        writer = Writer(edge)
        await edge.until_said("born")
        faults = [cut, cut, swallow, swallow, refuse]
        source.shuffle(faults)
        for fault in faults:
            await writer.write(source.randint(20, 120))
            await fault(relay, writer)
        await historian.cut_off()
        await writer.write(100)
        await historian.start()
        for _ in range(2):
            await writer.write(source.randint(20, 120))
            await edge.kill()
            await edge.start()
            await writer.write(source.randint(20, 120))
        await edge.until(lambda: writer.last in edge.kept, "the last reading is kept")
        assert relay.swallowed, "the network has lost something"

        async def missing() -> list[int]:
            return sorted(edge.kept - set(await historian.numbers()))

        for _ in range(300):
            if not await missing():
                break
            await asyncio.sleep(0.1)
        assert await missing() == [], f"of {len(edge.kept)} kept; {await edge.status()}"

        again = Counter(await historian.numbers())
        assert [number for number, count in again.items() if count > 1] == []
        status = await edge.status()
        assert (status["dropped"], status["undeliverable"]) == (0, 0)
        numbers = [int(line["bd_seq"]) for line in edge.said if line["event"] == "born"]
        assert all((later - earlier) % 256 >= 1 for earlier, later in itertools.pairwise(numbers))
        assert await edge.quit() == 0
