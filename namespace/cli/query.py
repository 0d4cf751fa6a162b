"""`uns query`: any question that a service answers, as JSON."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from namespace.cli.arguments import describe, find_contract, find_service, read_arguments
from namespace.cli.errors import CliError
from namespace.cli.guest import Guest, visit
from namespace.contracts.offered import offered_queries
from namespace.runtime.queries import Page

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: uns query work_order job_orders --arg state=Running")
def query(
    service: Annotated[str, typer.Argument(help="The service, such as work_order.")],
    name: Annotated[str | None, typer.Argument(metavar="QUERY", help="The query, such as job_orders.")] = None,
    *,
    arg: Annotated[
        list[str] | None, typer.Option("--arg", "-a", help="An argument as name=value; may be repeated.")
    ] = None,
    args: Annotated[str | None, typer.Option(help="All arguments as one JSON object.")] = None,
    every_page: Annotated[bool, typer.Option("--all", help="Every page, joined.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for an answer.", min=0.1)] = 5.0,
    list_queries: Annotated[bool, typer.Option("--list", help="List the service's queries and arguments.")] = False,
) -> None:
    """Ask a service and print its answer as JSON."""
    contract = find_service(service)
    if list_queries:
        print(describe(offered_queries(contract)) or f"{contract.service} answers no queries")
        return
    if name is None:
        raise CliError("which query?", where="uns query", remedy=f"See `uns query {service} --list`.")
    known = find_contract(contract.service, "query", name, offered_queries(contract))
    arguments = read_arguments(known.args, arg or (), args)

    async def work(guest: Guest) -> Page:
        async with guest.connected():
            ask = guest.client.queries
            if every_page:
                rows = await ask.ask_all(contract.service, known.name, arguments, timeout_s=timeout)
                return Page(rows)
            return await ask.ask(contract.service, known.name, arguments, timeout_s=timeout)

    page: Page = visit(work)
    data: Any = page.data
    print(json.dumps(data, ensure_ascii=False, indent=2))
    if page.next is not None:
        sys.stderr.write(f"uns: there is more: --arg cursor={page.next}, or --all\n")
