"""`uns simulate`: recorded work, played through the front door of a running site, and load (in a module of its own).

The replay itself belongs to the simulator, which is found by its entry point; this module finds the ways in, shows progress and prints
the outcome.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Annotated, Any, Protocol, cast

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from namespace.cli.errors import CliError
from namespace.cli.load import load
from namespace.cli.simulator_hook import simulator_hook
from namespace.isa95 import SiteFileError, SiteModel, load_site
from namespace.runtime.errors import NoAnswer
from namespace.servers.folder import DataFolder
from namespace.servers.settings import data_dir
from namespace.servers.site_state import SiteState, read_state
from namespace.transport import BrokerUrl, Transport
from namespace.transport.stream import StreamTransport

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.command()(load)

_SHOWN = 10


class ReplayHook(Protocol):
    """What the simulator's service module offers as `replay`."""

    def __call__(
        self,
        text: str,
        source: str,
        *,
        site: SiteModel,
        guest: Transport,
        account: str,
        machines: Transport,
        speed: float | None,
        in_flight: int,
        check: bool,
        observe: Callable[[int, int, str], None],
    ) -> Coroutine[Any, Any, Mapping[str, Any]]:
        """Replay a log; see the simulator."""
        ...


@app.callback()
def simulate() -> None:
    """Play recorded work into a running site, or put it under load."""


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="The log: CSV with case, activity, resource, start and end.")],
    speed: Annotated[
        float | None,
        typer.Option(help="Recorded seconds per second; as fast as it is answered unless given.", min=0.001),
    ] = None,
    site_file: Annotated[
        Path | None, typer.Option(help="The site file, unless it is the one of the running site.")
    ] = None,
    in_flight: Annotated[int, typer.Option(help="Commands under way at once.", min=1, max=1000)] = 256,
    verify: Annotated[bool, typer.Option(help="Hold the event log against the file afterwards.")] = True,
) -> None:
    """Replay a shop-floor log: work requests, job orders, people clocking on and off, states of the work centers.

    Starting the same replay again does no harm: what has been said already is not said twice.
    """
    console = Console(highlight=False)
    state, folder = _running()
    site = _site(site_file or Path(state.site_file or ""))
    text = _read(file)
    guest, machines = _address(folder, "cli"), _address(folder, "simulator")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with _progress(console) as progress:
        task = progress.add_task("replaying", total=None, at="")

        def observe(answered: int, commands: int, at: str) -> None:
            progress.update(task, completed=answered, total=commands, at=at[:16].replace("T", " "))

        try:
            outcome = asyncio.run(
                cast(ReplayHook, simulator_hook("replay"))(
                    text,
                    str(file),
                    site=site,
                    guest=StreamTransport(guest, client_id=f"uns-replay-{os.getpid()}"),
                    account=guest.username or "",
                    machines=StreamTransport(machines, client_id=f"uns-replay-machines-{os.getpid()}"),
                    speed=speed,
                    in_flight=in_flight,
                    check=verify,
                    observe=observe,
                )
            )
        except ValueError as error:
            raise CliError(str(error), where=str(file), remedy="Nothing has been sent.") from error
        except NoAnswer as error:
            raise CliError(
                str(error), where="work_order", remedy="See `uns status`, then start the same replay again: it goes on."
            ) from error
    if not _print(console, outcome):
        raise typer.Exit(1)


def _running() -> tuple[SiteState, DataFolder]:
    folder = data_dir()
    state = read_state(DataFolder(folder)) if folder.is_dir() else None
    if state is None:
        raise CliError(
            "no site runs on this data folder",
            where=str(folder),
            remedy="Start one with `UNS_SITE_FILE=deploy/site/job-shop.yaml uns up`, or name its folder with UNS_DATA_DIR.",
        )
    return state, DataFolder(folder)


def _address(folder: DataFolder, account: str) -> BrokerUrl:
    return BrokerUrl.parse(_read(folder.run / account / "broker_url").strip())


def _site(path: Path) -> SiteModel:
    try:
        return load_site(_read(path), str(path))
    except SiteFileError as error:
        raise CliError(str(error), where=str(path), remedy="`uns site check` says more.") from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CliError(
            f"cannot read it: {reason}", where=str(path), remedy="Give the path of a readable file."
        ) from error


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("commands  {task.fields[at]}"),
        TimeElapsedColumn(),
        console=console,
    )


def _print(console: Console, outcome: Mapping[str, Any]) -> bool:
    """Print the outcome and tell whether it is a good one."""
    refused = outcome["refused"]
    console.print(
        f"{outcome['work_requests']} work requests, {outcome['job_orders']} job orders, {outcome['commands']} commands "
        f"answered, {len(refused)} refused"
    )
    for each in refused[:_SHOWN]:
        console.print(f"  {each['command']} {each['subject']}: {each['code']}: {each['message']}", markup=False)
    check = outcome.get("verification")
    if check is None:
        return not refused
    table = Table("from the event log alone", "expected", "found", box=None, header_style="bold")
    for figure in check["figures"]:
        equal = figure["expected"] == figure["found"]
        table.add_row(figure["name"], figure["expected"], f"[{'green' if equal else 'red'}]{figure['found']}[/]")
    console.print(table)
    wrong = [*check["problems"], *check["differences"]]
    for problem in wrong[:_SHOWN]:
        console.print(f"  {problem}", markup=False)
    if len(wrong) > _SHOWN:
        console.print(f"  and {len(wrong) - _SHOWN} more")
    verdict = "[green]equal to the second[/]" if check["equal"] else "[red]not equal[/]"
    console.print(f"{check['events']} events, no hole, no repetition: {verdict}" if check["equal"] else verdict)
    return bool(check["equal"]) and not refused
