"""`uns recovery`: what a restored site knows it is missing."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated, Any

import typer

from namespace.cli.errors import CliError
from namespace.cli.guest import Guest, visit
from namespace.contracts.contract import edge_node_id
from namespace.contracts.namespace_state import LogHeard
from namespace.contracts.registry import SERVICES
from namespace.runtime.clock import to_ms
from namespace.runtime.errors import NoAnswer, QueryFailed
from namespace.servers.backup.access import database_of
from namespace.servers.backup.record import RestoreRecord, last_record
from namespace.servers.backup.report import REGISTRY, RecoveryReport, Remembered, recovery_report
from namespace.servers.folder import DataFolder
from namespace.servers.settings import data_dir, site_file_of
from namespace.servers.site import read_site

_PATIENCE = 5
"""How often the historian is asked for its gaps while it is behind; it takes a second and a half to say so."""

app = typer.Typer(help="What a restored site knows it is missing.", no_args_is_help=True, add_completion=False)


@app.callback()
def recovery() -> None:
    """What a restored site knows it is missing."""


@app.command()
def report(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for programs.")] = False,
) -> None:
    """Say per event log which rows are missing and who had them, per consumer where it stands, and for which time readings may be missing.

    Ask it of a running site, so that the registry can tell what it has heard. Exit code 1 when something is missing.
    """
    folder = DataFolder(data_dir())
    record = last_record(folder)
    services = [contract.service for contract in SERVICES]
    group_id = read_site(site_file_of(folder)).group_id
    remembered = _remembered(folder, group_id, record)

    async def work() -> RecoveryReport:
        url = os.environ.get("UNS_DATABASE_URL") or None
        async with database_of(folder, url, exclusive=False) as database:
            return await recovery_report(database.admin_dsn, services, group_id, record, remembered)

    found = asyncio.run(work())
    print(found.model_dump_json(indent=2) if as_json else _text(found))
    if not found.is_whole:
        raise typer.Exit(1)


def _remembered(folder: DataFolder, group_id: str, record: RestoreRecord | None) -> Remembered:
    if not folder.is_locked():
        return Remembered(None)

    async def work(guest: Guest) -> Remembered:
        async with guest.connected():
            return await _ask(guest, group_id, record)

    return visit(work)


async def _ask(guest: Guest, group_id: str, record: RestoreRecord | None) -> Remembered:
    ask = guest.client.queries.ask
    gaps: list[dict[str, Any]] = []
    try:
        heard = {
            contract.service: [
                LogHeard.model_validate(row)
                for row in (
                    await ask(REGISTRY, "log_heard", {"producer": f"{group_id}/{edge_node_id(contract.service)}"})
                ).data
            ]
            for contract in SERVICES
            if contract.events
        }
    except (NoAnswer, QueryFailed):
        return Remembered(None)
    try:
        since = {} if record is None else {"since_ms": to_ms(record.taken_at)}
        gaps = await _gaps(guest, since) if record is not None else []
    except (NoAnswer, QueryFailed) as error:
        raise CliError(
            f"the historian does not tell its gaps: {error}", where="historian", remedy="See `uns status`."
        ) from error
    return Remembered(heard, gaps)


async def _gaps(guest: Guest, since: dict[str, int]) -> list[dict[str, Any]]:
    """Return when the historian heard nothing; once it has caught up with itself, if that does not take long."""
    for _ in range(_PATIENCE):
        try:
            return await guest.client.queries.ask_all("historian", "gaps", since)
        except QueryFailed as failed:
            if failed.code != "Behind":
                raise
    return await guest.client.queries.ask_all("historian", "gaps", since)


def _text(report: RecoveryReport) -> str:
    lines = []
    if report.backup is not None and report.taken_at is not None and report.restored_at is not None:
        lines.append(
            f"restored at {report.restored_at:%Y-%m-%d %H:%M:%S} UTC from {report.backup}, "
            f"as it was at {report.taken_at:%Y-%m-%d %H:%M:%S} UTC"
        )
    else:
        lines.append("this data folder was never restored by `uns restore`")
    if not report.registry_was_asked:
        lines.append("the registry was not asked (is the site running?): what only it had heard is not in here")
    for log in report.logs:
        lines.append(f"log of {log.service}: to seq {log.head}, epoch {log.epoch}")
        for fork in log.forks:
            lines.append(
                f"  a new epoch behind seq {fork.fork_seq} since {fork.opened_at:%Y-%m-%d %H:%M:%S} UTC: {fork.reason}"
            )
            if fork.lost_from is None:
                lines.append("    nobody had heard of a row beyond it")
            else:
                told = ", ".join(f"{who} (to {seq})" for who, seq in sorted(fork.known_from.items()))
                lines.append(f"    missing: seq {fork.lost_from} to {fork.lost_through}, known from {told}")
    for consumer in report.consumers:
        backup = "" if consumer.backup_cursor is None else f" (in the backup {consumer.backup_cursor})"
        line = f"{consumer.service} follows {consumer.producer}: at seq {consumer.cursor}{backup}, "
        if consumer.shares_seq is None:
            line += "all applied" if not consumer.behind else f"{consumer.behind} rows to go"
        else:
            line += (
                f"has stopped: {consumer.beyond_fork} rows beyond seq {consumer.shares_seq} are of a history that was lost; "
                f"see uns log accept-fork {consumer.service} {consumer.producer}"
            )
        lines.append(line)
    lines += [f"readings may be missing: {gap}" for gap in report.gaps]
    if report.is_whole:
        lines.append("no event is known to be missing")
    return "\n".join(lines)
