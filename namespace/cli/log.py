"""`uns log`: how event logs and their followers stand, and the deliberate way on behind a fork."""

from __future__ import annotations

import getpass
import json
import os
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from namespace.cli.arguments import find_service
from namespace.cli.errors import CliError
from namespace.cli.guest import Guest, visit
from namespace.contracts.command import Command, CommandResponse, CommandStatus
from namespace.contracts.forks import ACCEPT_FORK_COMMAND, BEYOND_FORK_QUERY, FOLLOWS_QUERY
from namespace.contracts.ids import RANDOM_BYTES, uuid7
from namespace.contracts.registry import SERVICES
from namespace.runtime.errors import NoAnswer, QueryFailed

app = typer.Typer(
    help="How event logs and their followers stand; going on behind a fork.", no_args_is_help=True, add_completion=False
)


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Show every follower of every event log: where it stands, and where the log forked, if it did; exit code 1 if one has stopped."""

    async def work(guest: Guest) -> list[dict[str, Any]]:
        found = []
        async with guest.connected():
            for contract in SERVICES:
                if contract.follows:
                    try:
                        rows = (
                            await guest.client.queries.ask(contract.service, FOLLOWS_QUERY.name, timeout_s=12, tries=1)
                        ).data
                    except (NoAnswer, QueryFailed) as error:
                        rows = [{"producer": each, "error": str(error)} for each in contract.follows]
                    found += [{"consumer": contract.service, **row} for row in rows]
        return found

    rows = visit(work)
    if as_json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
    else:
        table = Table("consumer", "log of", "applied", "parked", "state", box=None, header_style="bold")
        for row in rows:
            table.add_row(
                row["consumer"], row["producer"], str(row.get("cursor", "-")), str(row.get("parked", "-")), _state(row)
            )
        Console(highlight=False).print(table)
    if any(row.get("stopped") or row.get("error") for row in rows):
        raise typer.Exit(1)


@app.command(
    "accept-fork", epilog="Example: uns log accept-fork oee work_order --reason 'counted by hand, see report 12'"
)
def accept_fork(
    consumer: Annotated[str, typer.Argument(help="The service that has stopped, such as oee.")],
    producer: Annotated[str, typer.Argument(help="The service whose log forked, such as work_order.")],
    *,
    reason: Annotated[str, typer.Option(help="Why, in your words; it is kept.")],
    actor: Annotated[str | None, typer.Option(help="Who wants it; your user name unless given.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again after listing what it means.")] = False,
) -> None:
    """Let a stopped consumer go on behind a fork, after listing what it applied of the history that was lost.

    What is listed stays in effect at the consumer although its producer does not know it any more. The other ways out: restore
    the consumer's data to a time before the fork, or rebuild it from the log's beginning.
    """
    name = find_service(consumer).service

    async def work(guest: Guest) -> CommandResponse:
        async with guest.connected():
            return await _accept(guest, name, producer, reason, actor or getpass.getuser(), yes=yes)

    response = visit(work)
    print(f"{'done' if response.status is CommandStatus.DONE else 'refused: ' + response.code}: {response.message}")
    if response.status is not CommandStatus.DONE:
        raise typer.Exit(1)


async def _accept(guest: Guest, consumer: str, producer: str, reason: str, actor: str, *, yes: bool) -> CommandResponse:
    ask = guest.client.queries
    rows = (await ask.ask(consumer, FOLLOWS_QUERY.name, timeout_s=12)).data
    row = next((each for each in rows if each["producer"] == producer), None)
    if row is None:
        followed = ", ".join(each["producer"] for each in rows) or "nothing"
        raise CliError(f"{consumer} does not follow {producer}", where="PRODUCER", remedy=f"It follows {followed}.")
    if row["stopped"] is None:
        raise CliError(
            f"{consumer} follows {producer} without a fork", where=consumer, remedy="There is nothing to accept."
        )
    fork = row["fork"]
    if fork is None:
        raise CliError(str(row["fork_unknown"]), where=consumer, remedy="See docs/how_to/back_up_and_restore.md.")
    beyond = await ask.ask_all(consumer, BEYOND_FORK_QUERY.name, {"producer": producer, "fork_seq": fork["seq"]})
    _list(consumer, producer, row, beyond)
    if not yes and not typer.confirm(f"Go on behind seq {fork['seq']} of {producer}?"):
        raise typer.Exit(1)
    now = datetime.now(UTC)
    arguments = {
        "producer": producer,
        "left_seq": row["cursor"],
        "left_hash": row["hash"],
        "fork_seq": fork["seq"],
        "epoch": fork["epoch"],
    }
    command = Command(
        command_id=uuid7(now, os.urandom(RANDOM_BYTES)),
        name=ACCEPT_FORK_COMMAND.name,
        subject=producer,
        args=arguments,
        actor=actor,
        reason=reason,
        issued_at=now,
    )
    return await guest.client.commands.send(consumer, command)


def _list(consumer: str, producer: str, row: dict[str, Any], beyond: list[dict[str, Any]]) -> None:
    fork = row["fork"]
    print(
        f"{consumer} stands at seq {row['cursor']} of a history of {producer} that was lost behind seq {fork['seq']}."
    )
    print(f"{producer} has seq {fork['head']} now, in epoch {fork['epoch']}.")
    print(f"These {len(beyond)} rows {producer} does not know any more; what was applied stays applied at {consumer}:")
    table = Table("seq", "event", "subject", "occurred", "", box=None, header_style="bold")
    for each in beyond:
        effect = "parked, is dropped" if each["parked"] else "applied"
        table.add_row(str(each["seq"]), each["type"], each["subject"], each["occurred_at"], effect)
    Console(highlight=False).print(table)
    if row["parked"]:
        print(f"{row['parked']} events of {producer} are parked; those of the lost history are dropped.")


def _state(row: dict[str, Any]) -> str:
    if row.get("error"):
        return f"no answer: {row['error']}"
    if not row["stopped"]:
        return "follows"
    fork = row["fork"]
    where = f"forked behind seq {fork['seq']}" if fork else row["fork_unknown"] or "forked"
    return f"stopped: {where}"
