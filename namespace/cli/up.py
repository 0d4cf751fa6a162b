"""`uns up`: run a whole site on this machine until Ctrl-C."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from namespace.cli.display import JsonDisplay, TerminalDisplay
from namespace.cli.errors import CliError
from namespace.servers.services import ServiceInfo, installed_services
from namespace.servers.settings import SiteSettings
from namespace.servers.supervisor import Supervisor

app = typer.Typer(add_completion=False)


@app.command()
def up(
    only: Annotated[list[str] | None, typer.Option(help="Run this service alone; may be repeated.")] = None,
    without: Annotated[list[str] | None, typer.Option(help="Leave this service out; may be repeated.")] = None,
    all_in_one: Annotated[
        bool, typer.Option("--all-in-one", help="Run every service in this one process, for a small machine.")
    ] = False,
    json_lines: Annotated[
        bool, typer.Option("--json", help="Print every line as JSON, as the services write it.")
    ] = False,
) -> None:
    """Start a site: database, broker and every service; Ctrl-C stops it.

    Settings: UNS_SITE_FILE (site.yaml), UNS_DATA_DIR (.uns), UNS_BROKER_PORT (1883), UNS_CONSOLE_PORT (8080);
    UNS_DATABASE_URL and UNS_BROKER_URL use servers that run already.
    """
    display = JsonDisplay() if json_lines else TerminalDisplay()
    available, missing = installed_services()
    for service in missing:
        display.step(f"service {service.name} is not installed here ({service.package})")
    chosen = _chosen(available, only or [], without or [])
    with display, _runner(all_in_one=all_in_one) as running:
        running.run(_run(chosen, display, all_in_one=all_in_one))


def _runner(*, all_in_one: bool) -> asyncio.Runner:
    if not all_in_one:  # the services' own processes import what services need; this one starts sooner without
        return asyncio.Runner()
    from namespace.runtime.loop import runner

    return runner()


async def _run(services: list[ServiceInfo], display: JsonDisplay | TerminalDisplay, *, all_in_one: bool) -> None:
    settings = SiteSettings.from_environment()
    if all_in_one:
        from namespace.servers.service_task import ServiceTask

        await Supervisor(settings, services, display, runner=ServiceTask).run()
    else:
        await Supervisor(settings, services, display).run()


def _chosen(available: list[ServiceInfo], only: list[str], without: list[str]) -> list[ServiceInfo]:
    names = {service.name for service in available}
    for name in (*only, *without):
        if name not in names:
            raise CliError(
                f"there is no service {name}", where="uns up", remedy=f"Services are {', '.join(sorted(names))}."
            )
    return [each for each in available if (not only or each.name in only) and each.name not in without]
