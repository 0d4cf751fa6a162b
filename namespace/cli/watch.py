"""`uns watch`: what changes at a place, one line a change, until Ctrl-C.

It shows the projection, where a value appears at most once a second; who must not miss an event reads the log with `uns events`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from namespace.cli.guest import Guest, until_interrupted, visit
from namespace.cli.projection import Shown, find_place, is_wanted, place_filters, read_message, short_place
from namespace.cli.values import clock_text, payload_text, quality_text, value_text
from namespace.contracts.namespace_state import GOOD
from namespace.transport import Message

app = typer.Typer(add_completion=False)

_WAITING = 10_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the changes is shown.

    Attributes:
        metrics: Globs; all metrics where there is none.
        events: Whether events are shown.
        values: Whether values are shown.
        not_good: Only values that are bad or stale.
        now: Whether what is true already comes first.
    """

    metrics: list[str] | None
    events: bool
    values: bool
    not_good: bool
    now: bool

    def takes(self, shown: Shown, message: Message) -> bool:
        """Return whether a message is to be shown."""
        if shown.event is not None:
            return self.events
        if shown.value is None or not self.values or (message.retain and not self.now):
            return False
        return is_wanted(shown.value.metric, self.metrics) and not (self.not_good and shown.value.quality == GOOD)


@app.command(epilog="Example: uns watch Packaging/Line1 --metric 'OEE/*'")
def watch(
    place: Annotated[str | None, typer.Argument(help="This place and below; the whole site unless given.")] = None,
    *,
    metric: Annotated[
        list[str] | None, typer.Option("--metric", "-m", help="Only metrics that fit this glob; may be repeated.")
    ] = None,
    only_events: Annotated[bool, typer.Option("--only-events", help="Events, no values.")] = False,
    no_events: Annotated[bool, typer.Option("--no-events", help="Values, no events.")] = False,
    not_good: Annotated[bool, typer.Option("--not-good", help="Only values that are bad or stale.")] = False,
    now: Annotated[bool, typer.Option("--now", help="Begin with what is true already.")] = False,
    count: Annotated[int | None, typer.Option(help="End after so many lines.", min=1)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Show changes of a place as they happen; Ctrl-C ends it."""
    wanted = Wanted(metric, events=not no_events, values=not only_events, not_good=not_good, now=now)
    printer = _Printer(as_json=as_json)

    async def look(guest: Guest) -> None:
        at = find_place(guest.site, place)
        queue: asyncio.Queue[Shown] = asyncio.Queue(_WAITING)
        lost = 0

        def take(message: Message) -> None:
            nonlocal lost
            shown = read_message(message)
            if shown is not None and wanted.takes(shown, message):
                if queue.full():
                    lost += 1
                else:
                    queue.put_nowait(shown)

        for topic_filter in place_filters(guest.site, at):
            guest.client.listen(topic_filter, take)
        guest.client.session.join(_Announcer())
        async with guest.connected(), until_interrupted() as stopped, _ending(stopped):
            shown = 0
            while not stopped.is_set() and shown != count:
                try:
                    printer.show(guest, await asyncio.wait_for(queue.get(), 0.2))
                except TimeoutError:
                    continue
                shown += 1
            if lost:
                sys.stderr.write(f"uns: {lost} changes came faster than they could be written and were left out\n")

    visit(look)


@asynccontextmanager
async def _ending(stopped: asyncio.Event) -> AsyncIterator[None]:
    """Leave the line that the terminal put `^C` on."""
    yield
    if stopped.is_set() and sys.stderr.isatty():
        sys.stderr.write("\n")


class _Announcer:
    """Says when the stream breaks and when it is back, so that silence is never mistaken for calm."""

    def __init__(self) -> None:
        self._was_lost = False

    async def connected(self) -> None:
        """The session is there."""
        if self._was_lost:
            sys.stderr.write("uns: the broker is back; changes meanwhile were missed\n")
        self._was_lost = False

    def disconnected(self) -> None:
        """The session is gone; by us where nothing is said any more."""
        self._was_lost = True


class _Printer:
    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._console = Console(highlight=False, soft_wrap=True)

    def show(self, guest: Guest, shown: Shown) -> None:
        """Write one line."""
        if self._as_json:
            print(json.dumps(_document(shown), ensure_ascii=False), flush=True)
        elif shown.event is not None:
            event = shown.event
            line = self._begun(guest, str(event["scope"]), str(event["recorded_at"]), str(event["type"]))
            line.append(f"{event['subject']}  ", style="bold not dim")
            line.append(f"{payload_text(event['payload'], str(event['scope']))}  ", style="not bold not dim")
            line.append("event", style="magenta not dim")
            self._console.print(line)
        elif (value := shown.value) is not None:
            line = self._begun(guest, value.place, value.timestamp, value.metric)
            line.append(f"{value_text(value.value, value.unit)}  ", style="bold not dim")
            self._console.print(line + quality_text(value.quality))

    @staticmethod
    def _begun(guest: Guest, place: str | None, at: str, name: str) -> Text:
        line = Text(f"{clock_text(at)} ", style="dim")
        line.append(f"{short_place(guest.site.path, place)}  ", style="default not dim")
        return line.append(f"{name}  ", style="cyan not dim")


def _document(shown: Shown) -> dict[str, Any]:
    if shown.event is not None:
        return {"topic": shown.topic, "event": shown.event}
    return {"topic": shown.topic, **(shown.value.model_dump() if shown.value is not None else {})}
