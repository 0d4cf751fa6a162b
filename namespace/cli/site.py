"""`uns site`: what a site file says, and everything that is wrong with one before a site is started on it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from namespace.cli.errors import CliError
from namespace.isa95 import Equipment, SiteFileError, SiteModel, SiteProblem, load_site

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def site() -> None:
    """Check site files."""


@app.command(epilog="Example: uns site check deploy/site/acme-dallas.yaml")
def check(
    file: Annotated[Path, typer.Argument(help="The site file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for programs.")] = False,
) -> None:
    """Name every problem of a site file with its line and what to do; exit code 1 when there is one."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CliError(
            f"cannot read it: {reason}", where=str(file), remedy="Give the path of a site file (YAML)."
        ) from error
    try:
        model = load_site(text, str(file))
    except SiteFileError as error:
        _show_problems(error.problems, as_json=as_json)
        raise typer.Exit(1) from None
    if as_json:
        print(json.dumps({"site": str(model.path), "problems": [], **_counts(model)}))
    else:
        _show_model(model, file)


def _show_problems(problems: list[SiteProblem], *, as_json: bool) -> None:
    if as_json:
        names = ("source", "line", "column", "path", "message", "remedy")
        print(json.dumps({"problems": [{name: getattr(each, name) for name in names} for each in problems]}))
        return
    console = Console(highlight=False, soft_wrap=True)
    for each in problems:
        line = Text(f"{each.source}:{each.line}:{each.column}: ", style="bold")
        line.append(f"{each.path}: " if each.path else "", style="cyan not bold")
        line.append(f"{each.message}. ", style="red not bold").append(f"{each.remedy}.", style="not bold")
        console.print(line)
    console.print(f"{len(problems)} problem{'' if len(problems) == 1 else 's'}")


def _counts(model: SiteModel) -> dict[str, int]:
    levels = Counter(equipment.path.level.name.lower() for equipment in model.equipment.walk())
    return {
        "areas": levels["area"],
        "work_centers": levels["work_center"],
        "work_units": levels["work_unit"],
        "calendars": len(model.calendars),
        "mapping_rules": len(model.mappings.rules),
    }


def _show_model(model: SiteModel, file: Path) -> None:
    console = Console(highlight=False)

    def branch(equipment: Equipment) -> Tree:
        label = Text(equipment.name if equipment.path != model.path else str(model.path), style="bold")
        label.append(f"  {equipment.kind}  {equipment.description}".rstrip(), style="dim not bold")
        node = Tree(label, guide_style="dim")
        node.children = [branch(child) for child in model.equipment.children(equipment.path)]
        return node

    console.print(branch(model.equipment.get(model.path)))
    said = ", ".join(
        f"{number} {name.replace('_', ' ').removesuffix('s' if number == 1 else '')}"
        for name, number in _counts(model).items()
    )
    console.print(f"{file}: no problems: {said}; time zone {model.time_zone}", soft_wrap=True)
