"""`uns tree`: the namespace as it is now, place by place, with value, unit, age and quality."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from namespace.cli.guest import Guest, visit
from namespace.cli.projection import Shown, find_place, is_wanted, place_filters, read_message, unplaced_node
from namespace.cli.values import age_text, quality_text, value_text
from namespace.contracts.namespace_state import GOOD, ProjectedValue
from namespace.isa95 import Equipment, EquipmentPath, SiteModel
from namespace.runtime.errors import NoAnswer
from namespace.transport import Message

app = typer.Typer(add_completion=False)

_QUIET_S = 0.5
_ABOUT_SERVICES = "Services/"


@dataclass(slots=True)
class Picture:
    """What is retained about a place and below, and the edge nodes behind it.

    Attributes:
        values: By topic.
        nodes: Rows of the query `nodes`; None when nobody answered.
    """

    values: dict[str, ProjectedValue] = field(default_factory=dict)
    nodes: list[dict[str, Any]] | None = None


@app.command(
    epilog="Example: uns tree Packaging/Line1 --metric 'OEE/*'",
)
def tree(
    place: Annotated[str | None, typer.Argument(help="Only this place and below, such as Packaging/Line1.")] = None,
    metric: Annotated[
        list[str] | None, typer.Option("--metric", "-m", help="Only metrics that fit this glob; may be repeated.")
    ] = None,
    not_good: Annotated[bool, typer.Option("--not-good", help="Only values that are bad or stale.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for programs.")] = False,
) -> None:
    """Show the namespace: places, their metrics, nodes without a place, edge nodes."""

    async def look(guest: Guest) -> tuple[SiteModel, EquipmentPath, Picture]:
        at = find_place(guest.site, place)
        return guest.site, at, await _collect(guest, at)

    site, at, picture = visit(look)
    picture.values = {
        topic: value
        for topic, value in picture.values.items()
        if is_wanted(value.metric, metric) and not (not_good and value.quality == GOOD)
    }
    if as_json:
        print(json.dumps(_report(site, at, picture), ensure_ascii=False, indent=2))
    else:
        _show(site, at, picture, with_services=bool(metric), hide_empty=bool(metric) or not_good)


async def _collect(guest: Guest, place: EquipmentPath) -> Picture:
    """The answer to a question comes after what the broker had retained, so it tells when all of that is here."""
    picture = Picture()
    heard = asyncio.Event()

    def take(message: Message) -> None:
        heard.set()
        shown = read_message(message)
        if shown is not None and shown.value is not None:
            picture.values[shown.topic] = shown.value
        elif shown == Shown(message.topic):
            picture.values.pop(message.topic, None)

    for topic_filter in place_filters(guest.site, place):
        guest.client.listen(topic_filter, take)
    async with guest.connected():
        try:
            picture.nodes = await guest.client.queries.ask_all("namespace_state", "nodes", timeout_s=2.0)
        except NoAnswer:
            await _until_quiet(heard)
            sys.stderr.write("uns: namespace_state does not answer; what follows may be old (see `uns status`)\n")
    return picture


async def _until_quiet(heard: asyncio.Event) -> None:
    while True:
        heard.clear()
        try:
            async with asyncio.timeout(_QUIET_S):
                await heard.wait()
        except TimeoutError:
            return


def _by_place(values: Mapping[str, ProjectedValue]) -> dict[str, list[ProjectedValue]]:
    found: dict[str, list[ProjectedValue]] = {}
    for value in values.values():
        if value.place is not None:
            found.setdefault(value.place, []).append(value)
    return {place: sorted(here, key=lambda value: value.metric) for place, here in found.items()}


def _unplaced(values: Mapping[str, ProjectedValue]) -> dict[str, list[ProjectedValue]]:
    found: dict[str, list[ProjectedValue]] = {}
    for topic, value in values.items():
        if value.place is None and unplaced_node(topic) is not None:
            found.setdefault(value.source, []).append(value)
    return {source: sorted(here, key=lambda value: value.metric) for source, here in sorted(found.items())}


def _report(site: SiteModel, at: EquipmentPath, picture: Picture) -> dict[str, Any]:
    by_place = _by_place(picture.values)
    known = [equipment.path for equipment in site.equipment.walk(at)]
    places = [
        {
            "place": str(path),
            "level": path.level.name,
            "metrics": [value.model_dump() for value in by_place.get(str(path), ())],
        }
        for path in known
    ]
    unplaced = [
        {"source": source, "metrics": [value.model_dump() for value in here]}
        for source, here in _unplaced(picture.values).items()
    ]
    return {"site": str(site.path), "places": places, "unplaced": unplaced, "nodes": picture.nodes}


def _show(site: SiteModel, at: EquipmentPath, picture: Picture, *, with_services: bool, hide_empty: bool) -> None:
    console = Console(highlight=False)
    now = datetime.now(UTC)
    by_place = _by_place(picture.values)
    if not with_services:
        for place, here in by_place.items():
            by_place[place] = [value for value in here if not value.metric.startswith(_ABOUT_SERVICES)]

    def branch(equipment: Equipment) -> Tree:
        label = Text(equipment.name if equipment.path != at else str(at), style="bold")
        label.append(f"  {equipment.kind}", style="dim not bold")
        node = Tree(label, guide_style="dim")
        here = by_place.get(str(equipment.path), [])
        if here:
            node.add(_metrics(here, now))
        for child in site.equipment.children(equipment.path):
            below = any(by_place.get(str(each.path)) for each in site.equipment.walk(child.path))
            if below or not hide_empty:
                node.children.append(branch(child))
        return node

    console.print(branch(site.equipment.get(at)))
    unplaced = _unplaced(picture.values)
    if unplaced:
        root = Tree(Text("unplaced", style="bold yellow").append("  no mapping rule in the site file", style="dim"))
        for source, here in unplaced.items():
            root.add(Text(source)).add(_metrics(here, now))
        console.print(root)
    if at == site.path and picture.nodes is not None and not hide_empty:
        console.print(_nodes(picture.nodes, now))
        _show_conflicts(console, picture.nodes)


def _show_conflicts(console: Console, rows: Iterable[Mapping[str, Any]]) -> None:
    for row in rows:
        for conflict in row.get("conflicts", ()):
            told = f"  {row['edge_node']} also claims {conflict}"
            console.print(Text("claimed twice", style="bold yellow").append(told, style="not bold"))


def _metrics(values: Iterable[ProjectedValue], now: datetime) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="ellipsis", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    for value in values:
        style = "" if value.quality == GOOD else "dim"
        table.add_row(
            Text(value.metric, style="cyan"),
            Text(value_text(value.value, value.unit), style=style),
            Text(age_text(value.timestamp, now), style="dim"),
            quality_text(value.quality),
        )
    return table


def _nodes(rows: Iterable[Mapping[str, Any]], now: datetime) -> Table:
    table = Table("edge node", "state", "heard", "births", "devices", "refused", box=None, header_style="bold")
    for row in rows:
        state = str(row["state"])
        refused = sum(row["rejected"].values())
        marks = "" if row["placed"] else "  unplaced"
        alive = sum(1 for device in row["devices"] if device["alive"])
        table.add_row(
            Text(str(row["edge_node"])),
            Text(state + marks, style="green" if state == "online" else "red"),
            age_text(str(row["last_seen"]), now),
            str(row["births"]),
            f"{alive}/{len(row['devices'])}",
            str(refused) if refused else "",
        )
    return table
