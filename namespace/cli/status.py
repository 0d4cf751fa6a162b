"""`uns status`: what runs, what is ready and why not, and where everything is."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from namespace.cli.errors import CliError
from namespace.servers import readiness
from namespace.servers.folder import DataFolder
from namespace.servers.settings import data_dir
from namespace.servers.site_state import Phase, SiteState, read_state

app = typer.Typer(add_completion=False)

_COLOURS = {Phase.READY: "green", Phase.FAILED: "red", Phase.RESTARTING: "red"}


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for programs.")] = False,
) -> None:
    """Show the site that runs on the data folder (UNS_DATA_DIR); exit code 1 unless everything is ready."""
    state = _running()
    _ask_again(state)
    if as_json:
        print(json.dumps(_report(state), indent=2))
    else:
        _show(state)
    if not state.ready:
        raise typer.Exit(1)


def _running() -> SiteState:
    folder = data_dir()
    state = read_state(DataFolder(folder)) if folder.is_dir() else None
    if state is None:
        raise CliError(
            "no site runs on this data folder",
            where=str(folder),
            remedy="Start one with `uns up`, or name another folder with UNS_DATA_DIR.",
        )
    return state


def _ask_again(state: SiteState) -> None:
    """The file is as old as the last change; what counts is what a service answers now."""
    for service in state.services:
        if service.pid is None or service.phase not in {Phase.STARTING, Phase.READY, Phase.NOT_READY}:
            continue
        answer = readiness.ask(service.health_port)
        service.phase = Phase.READY if answer.ready else Phase.NOT_READY
        service.reasons = () if answer.ready else answer.reasons
        service.remarks = answer.remarks


def _report(state: SiteState) -> dict[str, Any]:
    report = state.model_dump(mode="json")
    for service, entry in zip(state.services, report["services"], strict=True):
        entry["ready"] = service.phase is Phase.READY
        entry["address"] = readiness.ready_url(service.health_port).removesuffix("/ready")
    return {"ready": state.ready, **report}


def _show(state: SiteState) -> None:
    console = Console(highlight=False)
    table = Table("service", "state", "process", "restarts", "address", box=None, header_style="bold")
    for service in state.services:
        address = readiness.ready_url(service.health_port).removesuffix("/ready")
        said = service.reasons or service.remarks
        because = f": {'; '.join(said)}" if said else ""
        colour = _COLOURS.get(service.phase, "yellow")
        table.add_row(
            service.name,
            Text(service.phase, style=colour).append(because, style="default"),
            str(service.pid or "-"),
            str(service.restarts),
            address,
        )
    headline = f"{state.enterprise}/{state.site}  process {state.pid}, {state.data_dir}"
    console.print(Text(headline, style="bold"), soft_wrap=True)
    console.print(table)
    for name, server in (("broker", state.broker), ("database", state.database)):
        console.print(f"{name}: {server.address}  {server.detail}", soft_wrap=True)
    console.print(f"console: {state.console_url}", soft_wrap=True)
