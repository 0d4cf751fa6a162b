"""`uns events`: a service's event log, page by page or as it grows, and what its followers could not apply.

Rows come from the log itself by query, never from live messages alone, so nothing is missed: what is heard live only says that there is
more to ask for.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from namespace.cli.arguments import find_service
from namespace.cli.errors import CliError
from namespace.cli.guest import Guest, until_interrupted, visit
from namespace.cli.values import payload_text
from namespace.contracts.contract import ServiceContract
from namespace.contracts.event_log import EventRow, LogPage, iso
from namespace.contracts.event_wire import page_from_json, row_to_json
from namespace.contracts.node import HEAD_METRIC
from namespace.contracts.parking import PARKED_QUERY
from namespace.contracts.registry import SERVICES
from namespace.sparkplug import MessageType, Topic
from namespace.transport import Message

app = typer.Typer(add_completion=False)

_LAST = 20
_LOOK_AGAIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows are shown.

    Attributes:
        types: Event types; all where there is none.
        subject: Only events about it.
        limit: So many at most.
    """

    types: tuple[str, ...]
    subject: str | None
    limit: int | None

    @property
    def filters(self) -> bool:
        """Whether some rows are left out."""
        return bool(self.types) or self.subject is not None


@app.command(
    epilog="Example: uns events work_order --from 1 --type JobOrderStored\n\nExample: uns events work_order --follow"
)
def events(
    service: Annotated[str, typer.Argument(help="The service whose log it is, such as work_order.")],
    *,
    from_seq: Annotated[
        int | None, typer.Option("--from", help="From this sequence number on; else the last 20.", min=1)
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as the log grows; Ctrl-C ends it.")] = False,
    event_type: Annotated[
        list[str] | None, typer.Option("--type", "-t", help="Only events of this type; may be repeated.")
    ] = None,
    subject: Annotated[str | None, typer.Option("--subject", "-s", help="Only events about this subject.")] = None,
    limit: Annotated[int | None, typer.Option(help="So many events at most.", min=1)] = None,
    parked: Annotated[
        bool, typer.Option("--parked", help="What this service could not apply of the logs it follows.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Page or follow a service's event log; without --from or a filter, its last 20 events."""
    contract = find_service(service)
    if parked:
        _parked(contract, as_json=as_json)
        return
    if not contract.events:
        logs = ", ".join(_logs()) or "none"
        raise CliError(f"{contract.service} keeps no event log", where="SERVICE", remedy=f"There are those of {logs}.")
    for name in event_type or ():
        if name not in {event.type for event in contract.events}:
            known = ", ".join(event.type for event in contract.events)
            raise CliError(f"{contract.service} has no event {name}", where="--type", remedy=f"There are {known}.")
    asked = Asked(tuple(event_type or ()), subject, limit)
    printer = _Printer(as_json=as_json)

    async def work(guest: Guest) -> None:
        more = asyncio.Event()
        if follow:
            topic = str(Topic(guest.site.group_id, MessageType.NDATA, contract.edge_node_id))
            guest.client.listen(topic, lambda message: _hear(message, more))
        async with guest.connected(), until_interrupted() as stopped:
            await _read(
                guest,
                contract.service,
                asked,
                from_seq=from_seq,
                printer=printer,
                more=more if follow else None,
                stopped=stopped,
            )

    visit(work)


async def _read(
    guest: Guest,
    service: str,
    asked: Asked,
    *,
    from_seq: int | None,
    printer: _Printer,
    more: asyncio.Event | None,
    stopped: asyncio.Event,
) -> None:
    head = (await _page(guest, service, 1, 1, ())).log.head
    following = from_seq or (1 if asked.filters else max(1, head - _LAST + 1))
    shown = 0
    while not stopped.is_set():
        page = await _page(guest, service, following, 200, asked.types)
        for row in page.rows:
            if asked.subject in {None, row.subject}:
                printer.show(row)
                shown += 1
                if shown == asked.limit:
                    return
        following = max(following, page.through + 1)
        if page.is_last:
            if more is None:
                return
            await _more(more, stopped)


async def _page(guest: Guest, service: str, from_seq: int, limit: int, types: tuple[str, ...]) -> LogPage:
    arguments = {"from": from_seq, "limit": limit, "types": list(types) or None}
    page = await guest.client.queries.ask(service, "events", arguments)
    return page_from_json(page.data)


async def _more(more: asyncio.Event, stopped: asyncio.Event) -> None:
    """Wait until the log has said that it grew, or a while has passed, or a person has enough."""
    waiting = {asyncio.create_task(event.wait()) for event in (more, stopped)}
    await asyncio.wait(waiting, timeout=_LOOK_AGAIN_S, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    more.clear()


def _hear(message: Message, more: asyncio.Event) -> None:
    if HEAD_METRIC.encode() in message.payload:
        more.set()


class _Printer:
    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._console = Console(highlight=False, soft_wrap=True)

    def show(self, row: EventRow) -> None:
        """Write one line."""
        if self._as_json:
            print(json.dumps(row_to_json(row), ensure_ascii=False), flush=True)
            return
        line = Text(f"{row.seq:>7} ", style="bold")
        line.append(f"{iso(row.occurred_at)} ", style="dim not bold")
        line.append(f"{row.type} ", style="cyan not bold")
        line.append(f"{row.subject} ", style="bold")
        line.append(payload_text(row.payload, row.scope), style="not bold")
        if row.actor:
            line.append(f" by {row.actor}", style="dim not bold")
        self._console.print(line)


def _parked(contract: ServiceContract, *, as_json: bool) -> None:
    if not contract.follows:
        raise CliError(
            f"{contract.service} follows no log, so it parks nothing",
            where="--parked",
            remedy=f"Those that follow one are {', '.join(_followers())}.",
        )

    async def work(guest: Guest) -> list[dict[str, Any]]:
        async with guest.connected():
            page = await guest.client.queries.ask(contract.service, PARKED_QUERY.name, {"limit": 500})
            rows: list[dict[str, Any]] = page.data
            return rows

    rows = visit(work)
    if as_json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
        return
    if not rows:
        print(f"{contract.service} has applied everything it has heard")
        return
    table = Table("from", "seq", "event", "subject", "since", "tries", "why", box=None, header_style="bold")
    for row in rows:
        event = row["event"]
        table.add_row(
            str(row["producer"]),
            str(event["seq"]),
            str(event["type"]),
            str(event["subject"]),
            str(row["parked_at"]),
            str(row["attempts"]),
            str(row["reason"]),
        )
    Console(highlight=False).print(table)
    first = rows[0]
    subject = first["event"]["subject"]
    print(f"when the cause is gone: uns send {contract.service} Redrive {subject} --arg producer={first['producer']}")


def _logs() -> list[str]:
    return [contract.service for contract in SERVICES if contract.events]


def _followers() -> list[str]:
    return [contract.service for contract in SERVICES if contract.follows]
