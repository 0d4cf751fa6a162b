"""Commands have one effect and one answer, however often they arrive.

The answer is stored in the transaction of the effect. A command that comes again gets the stored answer; one
that comes twice at the same time waits for the first one's transaction. This module does not know what
commands do.
"""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from namespace.contracts.canonical import canonical_json
from namespace.store.database import Transaction
from namespace.store.errors import CommandReused
from namespace.store.queries import Queries


class _Sql(Queries):
    claim: str
    stored_response: str
    store_response: str


_SQL = _Sql.load("namespace.store", "commands.sql")


async def once(tx: Transaction, command_id: UUID, digest: str | None = None) -> dict[str, Any] | None:
    """Claim a command, or read the answer it was given.

    Args:
        tx: The business transaction; call this first in it, and `store_response` before it ends.
        command_id: The command.
        digest: Anything that identifies its content; the same id with another content is refused.

    Returns:
        The stored answer, or None: carry the command out.

    Raises:
        CommandReused: The id was used for a command with another content.
        TransactionConflict: The same command is being carried out and takes too long; try again.
        DatabaseUnavailable: The connection was lost.
    """
    if await tx.fetchval(_SQL.claim, command_id, digest) is not None:
        return None
    record = await tx.fetchrow(_SQL.stored_response, command_id)
    assert record is not None, "a command that is claimed has a row"
    if digest is not None and record["digest"] not in {None, digest}:
        raise CommandReused(
            f"the command_id {command_id} was used for another command",
            "Give every command an id of its own; only a repetition carries the same.",
        )
    answer = record["response"]
    return None if answer is None else json.loads(answer)


async def store_response(tx: Transaction, command_id: UUID, response: Mapping[str, Any]) -> None:
    """Store the answer of a claimed command with its effect.

    Args:
        tx: The transaction that claimed it.
        command_id: The command.
        response: The answer, a JSON object without floats.

    Raises:
        EventFormatError: The answer has no canonical JSON.
        DatabaseUnavailable: The connection was lost.
    """
    await tx.execute(_SQL.store_response, command_id, canonical_json(response, "response"))
