"""Commands have one effect and one answer; sessions are numbered across restarts."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from namespace.store import CommandReused, Database, next_bd_seq, once, store_response
from tests.integration.store.conftest import OpenDatabase

COMMAND = UUID(int=1)
ANSWER = {"status": "DONE", "version": 3, "result": {"id": "JO-1"}}


@pytest.fixture
async def counting(open_database: OpenDatabase) -> Database:
    database = await open_database(max_size=8)
    async with database.transaction() as tx:
        await tx.execute("CREATE TABLE counter (n integer)")
        await tx.execute("INSERT INTO counter VALUES (0)")
    return database


async def carry_out(database: Database, *, fail: bool = False, digest: str | None = None) -> dict[str, Any]:
    """Count once for a command, whatever happens."""
    async with database.transaction() as tx:
        answer = await once(tx, COMMAND, digest)
        if answer is not None:
            return answer
        await tx.execute("UPDATE counter SET n = n + 1")
        if fail:
            raise ConnectionError
        await store_response(tx, COMMAND, ANSWER)
    return ANSWER


async def effects(database: Database) -> int:
    async with database.transaction() as tx:
        count: int = await tx.fetchval("SELECT n FROM counter")
    return count


async def test_a_repeated_command_gets_the_stored_answer(counting: Database) -> None:
    assert [await carry_out(counting) for _ in range(3)] == [ANSWER] * 3
    assert await effects(counting) == 1


async def test_a_command_that_comes_many_times_at_once_has_one_effect(counting: Database) -> None:
    answers = await asyncio.gather(*(carry_out(counting) for _ in range(8)))
    assert answers == [ANSWER] * 8
    assert await effects(counting) == 1


async def test_a_command_that_failed_is_carried_out_when_it_comes_again(counting: Database) -> None:
    with pytest.raises(ConnectionError):
        await carry_out(counting, fail=True)
    results = await asyncio.gather(carry_out(counting, fail=True), carry_out(counting), return_exceptions=True)
    assert ANSWER in results
    assert await carry_out(counting) == ANSWER
    assert await effects(counting) == 1


async def test_an_id_that_is_used_for_another_command_is_refused(counting: Database) -> None:
    await carry_out(counting, digest="Start JO-1")
    assert await carry_out(counting, digest="Start JO-1") == ANSWER
    with pytest.raises(CommandReused, match="Give every command an id of its own"):
        await carry_out(counting, digest="Abort JO-1")


@pytest.mark.tck("topics-nbirth-bdseq-increment", "message-flow-edge-node-birth-publish-will-message-payload-bdSeq")
@pytest.mark.trap(3)
async def test_sessions_count_to_255_and_return_to_0(database: Database) -> None:
    numbers = [await next_bd_seq(database, "Acme:Dallas/mes-oee") for _ in range(258)]
    assert numbers == [*range(256), 0, 1]
    assert await next_bd_seq(database, "Acme:Dallas/other") == 0
