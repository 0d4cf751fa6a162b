"""A producer's database is put back to an earlier state: it learns that from the registry, and its followers stop or go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from namespace.contracts.command import CommandResponse
from namespace.runtime import SiteClient
from namespace.store import Database, LogState, read_log_state
from namespace.testing.servers import NewDatabase, ServiceDatabase
from namespace.testing.site import eventually
from namespace.transport.memory import MemoryBroker
from services.namespace_state.service import SERVICE as NAMESPACE_STATE
from tests.integration.runtime.shop import Ledger, Till, guest, ledger_service, serving, till_service
from tests.integration.runtime.shop import send as take
from tests.integration.store.logs import rolled_back

PRODUCER = "Acme:Dallas/mes-till"


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long before a repetition."""
    monkeypatch.setattr("namespace.runtime.commands._FIRST_REPEAT_S", 0.1)
    monkeypatch.setattr("namespace.runtime.commands._LAST_REPEAT_S", 0.2)
    monkeypatch.setattr("namespace.runtime.follow._FETCH_TIMEOUT_S", 0.3)
    monkeypatch.setattr("namespace.runtime.follow._WATCH_S", 0.05)
    monkeypatch.setattr("namespace.runtime.log_check._RETRY_S", 0.1)
    monkeypatch.setattr("services.namespace_state.application.log_witness._WRITE_EVERY_S", 0.05)


@dataclass
class Plant:
    """A till, two ledgers and the registry, with the places where they keep what they know."""

    broker: MemoryBroker
    till: ServiceDatabase
    ledger: ServiceDatabase
    registry: ServiceDatabase
    served: Till = field(default_factory=Till)

    @asynccontextmanager
    async def selling(self, **changes: Any) -> AsyncIterator[Till]:
        self.served = Till()
        async with serving(till_service(self.served), self.till, self.broker.transport, **changes):
            yield self.served

    @asynccontextmanager
    async def writing_down(self) -> AsyncIterator[Ledger]:
        ledger = Ledger()
        async with serving(ledger_service(ledger), self.ledger, self.broker.transport):
            await ledger.started.wait()
            yield ledger

    @asynccontextmanager
    async def registering(self) -> AsyncIterator[None]:
        async with serving(NAMESPACE_STATE, self.registry, self.broker.transport):
            yield

    async def log(self) -> LogState:
        database = await Database.open(self.till.dsn, schema=self.till.schema)
        async with database.transaction() as tx:
            state = await read_log_state(tx)
        await database.close()
        assert state is not None
        return state

    async def restored(self, seq: int) -> None:
        """Put the till's schema back to where it was at `seq`, as a restore of it alone would."""
        database = await Database.open(self.till.dsn, schema=self.till.schema)
        await rolled_back(database, seq)
        await database.close()


@pytest.fixture
async def plant(new_database: NewDatabase) -> Plant:
    return Plant(
        MemoryBroker(),
        await new_database("till"),
        await new_database("ledger"),
        await new_database("namespace_state"),
    )


async def sell(client: SiteClient, first: int, last: int) -> None:
    for n in range(first, last + 1):
        assert (await take(client, f"account {n % 3}", amount=n)).code == "Done"


async def until(ask: Callable[[], Awaitable[object]], what: str) -> None:
    async def probe() -> bool:
        return bool(await ask())

    await eventually(probe, within_s=20, what=what)


async def heard_through(client: SiteClient, seq: int) -> None:
    """Wait until the registry has heard so much of the till's log, and the broker retains it."""

    async def probe() -> bool:
        heard = (
            await client.queries.ask("namespace_state", "log_heard", {"producer": PRODUCER}, timeout_s=0.5, tries=40)
        ).data
        return any(point["seq"] >= seq for point in heard)

    await eventually(probe, within_s=20, what=f"the registry has heard seq {seq}")
    await asyncio.sleep(0.2)  # until it is written as well


async def written(ledger: Ledger, count: int) -> list[tuple[int, str, int]]:
    async def probe() -> bool:
        return len(await ledger.written()) >= count

    await eventually(probe, within_s=20, what=f"{count} events written down")
    return await ledger.written()


async def standing(client: SiteClient) -> dict[str, Any]:
    (found,) = (await client.queries.ask("ledger", "follows", timeout_s=0.5, tries=40)).data
    return dict(found)


async def stopped(client: SiteClient) -> dict[str, Any]:
    async def probe() -> dict[str, Any] | None:
        found = await standing(client)
        return found if found["stopped"] and found["fork"] else None

    return await eventually(probe, within_s=20, what="the ledger has stopped")


async def accept(client: SiteClient, found: dict[str, Any], reason: str | None = "checked by hand") -> CommandResponse:
    from datetime import UTC, datetime
    from uuid import uuid4

    from namespace.contracts.command import Command

    arguments = {
        "producer": "till",
        "left_seq": found["cursor"],
        "left_hash": found["hash"],
        "fork_seq": found["fork"]["seq"],
        "epoch": found["fork"]["epoch"],
    }
    command = Command(
        command_id=uuid4(),
        name="AcceptFork",
        subject="till",
        args=arguments,
        actor="maria",
        reason=reason,
        issued_at=datetime.now(UTC),
    )
    return await client.commands.send("ledger", command, timeout_s=20)


async def test_a_restored_producer_opens_a_new_epoch_and_a_follower_beyond_the_fork_stops_until_a_person_decides(
    plant: Plant,
) -> None:
    async with plant.registering(), guest(plant.broker.transport) as client:
        async with plant.writing_down() as ledger, plant.selling():
            await sell(client, 1, 8)
            await written(ledger, 8)
            await heard_through(client, 8)
        before = await plant.log()
        await plant.restored(5)
        async with plant.writing_down() as ledger, plant.selling():
            found = await stopped(client)
            log = await plant.log()
            assert (log.previous_epoch, log.fork_seq, log.seq) == (before.epoch, 5, 5)
            assert (found["cursor"], found["fork"]["seq"]) == (8, 5)
            assert ledger.context is not None
            assert "stopped" in ledger.context.health.reasons["log of till"]
            await sell(client, 16, 17)
            assert await ledger.written() == [(n, f"account {n % 3}", n) for n in range(1, 9)], "nothing is applied"

            beyond = await client.queries.ask_all(
                "ledger", "beyond_fork", {"producer": "till", "fork_seq": 5, "limit": 2}
            )
            assert [(row["seq"], row["subject"]) for row in beyond] == [(n, f"account {n % 3}") for n in (6, 7, 8)]
            assert (await accept(client, found, None)).code == "NoReason"
            assert (await accept(client, {**found, "hash": "0" * 64})).code == "CursorMoved"
            assert (await accept(client, found)).code == "Done"
            rows = await written(ledger, 10)
            assert [(row[0], row[2]) for row in rows[5:]] == [(6, 6), (7, 7), (8, 8), (6, 16), (7, 17)]
            (told,) = (await standing(client))["accepted"]
            assert (told["actor"], told["reason"], told["left_seq"], told["fork_seq"]) == (
                "maria",
                "checked by hand",
                8,
                5,
            )

            async def ready() -> bool:
                return ledger.context is not None and ledger.context.health.is_ready

            await until(ready, "the ledger is ready again")


async def test_a_follower_at_the_fork_goes_on_into_the_new_epoch(plant: Plant) -> None:
    async with plant.registering(), guest(plant.broker.transport) as client:
        async with plant.selling():
            async with plant.writing_down() as ledger:
                await sell(client, 1, 5)
                await written(ledger, 5)
            await sell(client, 6, 8)
            await heard_through(client, 8)
        await plant.restored(5)
        async with plant.writing_down() as ledger, plant.selling():
            await sell(client, 16, 18)
            rows = await written(ledger, 8)
            assert [(row[0], row[2]) for row in rows[5:]] == [(6, 16), (7, 17), (8, 18)]
            assert (await standing(client))["stopped"] is None


async def test_what_the_broker_retains_outlives_the_database_of_the_registry(
    plant: Plant, new_database: NewDatabase
) -> None:
    async with guest(plant.broker.transport) as client:
        async with plant.registering(), plant.selling():
            await sell(client, 1, 6)
            await heard_through(client, 6)
        await plant.restored(4)
        plant.registry = await new_database("namespace_state")
        async with plant.registering():
            await heard_through(client, 6)
            async with plant.selling(registry_wait_s=20):
                assert (await total_after_start(client)) == 10
                log = await plant.log()
                assert (log.fork_seq, log.seq, log.doubt_seq) == (4, 4, None)


async def total_after_start(client: SiteClient) -> int:
    """Ask the till what it has taken, which it answers once it is born."""
    return sum((await client.queries.ask("till", "total", timeout_s=0.5, tries=40)).data.values())


async def test_a_service_starts_without_the_registry_says_so_and_compares_when_it_appears(plant: Plant) -> None:
    async with guest(plant.broker.transport) as client:
        async with plant.registering(), plant.selling():
            await sell(client, 1, 6)
            await heard_through(client, 6)
        first = await plant.log()
        await plant.restored(4)
        async with plant.selling() as till:
            await sell(client, 15, 18)  # goes past what the registry remembers, in the same epoch
            assert till.context is not None
            assert till.context.health.is_ready
            assert "namespace_state does not answer" in till.context.health.remarks["event log history"]
            assert ((await plant.log()).epoch, (await plant.log()).doubt_seq) == (first.epoch, 4)
            async with plant.registering():

                async def forked() -> bool:
                    return (await plant.log()).epoch != first.epoch

                await until(forked, "the log has a new epoch")
                log = await plant.log()
                assert (log.previous_epoch, log.fork_seq, log.seq, log.doubt_seq) == (first.epoch, 4, 8, None)

                async def nothing_to_say() -> bool:
                    return till.context is not None and not till.context.health.remarks

                await until(nothing_to_say, "the remark is gone")
                await sell(client, 19, 19)

                async def relayed() -> dict[str, Any] | None:
                    page = (await client.queries.ask("till", "events", {"from": 1}, timeout_s=0.5, tries=40)).data
                    return dict(page) if len(page["rows"]) == 9 else None

                page = await eventually(relayed, within_s=20, what="the event after the fork is in the log")
                assert [row["seq"] for row in page["rows"]] == list(range(1, 10))
                assert page["epoch"] == str(log.epoch)


async def test_a_second_start_after_a_fork_opens_no_further_epoch(plant: Plant) -> None:
    async with plant.registering(), guest(plant.broker.transport) as client:
        async with plant.selling():
            await sell(client, 1, 6)
            await heard_through(client, 6)
        await plant.restored(4)
        epochs = []
        for _ in range(2):
            async with plant.selling(registry_wait_s=20):
                await total_after_start(client)
                epochs.append((await plant.log()).epoch)
        assert epochs[0] == epochs[1]
