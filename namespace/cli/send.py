"""`uns send`: one command to a service, repeated until it is answered.

The answer is final: done, refused with the reason, or expired. Where none comes, whether the command took effect is unknown; sending it
again under the same id tells, and never does it twice.
"""

from __future__ import annotations

import getpass
import json
import os
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError

from namespace.cli.arguments import describe, find_contract, find_service, read_arguments
from namespace.cli.errors import CliError
from namespace.cli.guest import Guest, visit
from namespace.contracts.command import Command, CommandResponse, CommandStatus
from namespace.contracts.ids import RANDOM_BYTES, uuid7
from namespace.contracts.offered import offered_commands
from namespace.runtime.errors import NoAnswer

app = typer.Typer(add_completion=False)


@app.command(
    epilog="Example: uns send work_order Start JO-1 --expected-version 1\n\nExample: uns send work_order --list"
)
def send(
    service: Annotated[str, typer.Argument(help="The service, such as work_order.")],
    command: Annotated[str | None, typer.Argument(help="The command, such as Start.")] = None,
    subject: Annotated[str | None, typer.Argument(help="What it acts on, such as a job order id.")] = None,
    *,
    arg: Annotated[
        list[str] | None, typer.Option("--arg", "-a", help="An argument as name=value; may be repeated.")
    ] = None,
    args: Annotated[str | None, typer.Option(help="All arguments as one JSON object.")] = None,
    expected_version: Annotated[
        int | None, typer.Option(help="Refuse it unless the subject has this version.", min=0)
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why, in your words.")] = None,
    expires: Annotated[
        float | None, typer.Option(help="Seconds after which it must not take effect any more.", min=0.1)
    ] = None,
    actor: Annotated[str | None, typer.Option(help="Who wants it; your user name unless given.")] = None,
    command_id: Annotated[
        UUID | None, typer.Option("--id", help="The id of a command that was not answered, to send it again.")
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the answer.", min=0.1)] = 30.0,
    list_commands: Annotated[bool, typer.Option("--list", help="List the service's commands and arguments.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Send a command to a service and print its answer; exit code 0 when it is done, 1 when it is refused."""
    contract = find_service(service)
    if list_commands:
        print(describe(offered_commands(contract)) or f"{contract.service} accepts no commands")
        return
    if command is None or subject is None:
        raise CliError(
            "a command needs a name and a subject", where="uns send", remedy=f"See `uns send {service} --list`."
        )
    known = find_contract(contract.service, "command", command, offered_commands(contract))
    arguments = read_arguments(known.args, arg or (), args)
    now = datetime.now(UTC)
    try:
        wanted = Command(
            command_id=command_id or uuid7(now, os.urandom(RANDOM_BYTES)),
            name=known.name,
            subject=subject,
            args=arguments,
            expected_version=expected_version,
            actor=actor or getpass.getuser(),
            reason=reason,
            issued_at=now,
            expires_at=None if expires is None else now + timedelta(seconds=expires),
        )
    except ValidationError as error:
        problems = "; ".join(f"{each['loc'][0]}: {each['msg']}" for each in error.errors())
        raise CliError(problems, where="uns send", remedy="See `uns send --help`.") from None

    async def work(guest: Guest) -> CommandResponse:
        async with guest.connected():
            try:
                return await guest.client.commands.send(contract.service, wanted, timeout_s=timeout)
            except NoAnswer:
                raise CliError(
                    f"no answer from {contract.service} within {timeout:g} s; whether {known.name} took effect is unknown",
                    where=str(wanted.command_id),
                    remedy=f"See `uns status`; the same command with `--id {wanted.command_id}` is answered without "
                    "being done twice.",
                ) from None

    response = visit(work)
    if as_json:
        print(response.model_dump_json(indent=2))
    else:
        _show(response)
    if response.status is not CommandStatus.DONE:
        raise typer.Exit(1)


def _show(response: CommandResponse) -> None:
    version = "" if response.version is None else f" (version {response.version})"
    if response.status is CommandStatus.DONE:
        print(f"done: {response.message}{version}")
        if response.result:
            print(json.dumps(dict(response.result), ensure_ascii=False, indent=2))
    else:
        word = "refused" if response.status is CommandStatus.REJECTED else "expired"
        print(f"{word}: {response.code}: {response.message}{version}")
