"""`uns contracts`: the reference generated from the contract registry, and whether a change still fits those who rely on it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from namespace.cli.errors import CliError

app = typer.Typer(no_args_is_help=True, add_completion=False)

_BASELINE = "docs/reference/contracts.schema.json"


@app.callback()
def contracts() -> None:
    """Generate the reference; compare contracts with an older version."""


@app.command(epilog="Example: uns contracts docs --check")
def docs(
    check: Annotated[bool, typer.Option("--check", help="Only compare; exit code 1 on a difference.")] = False,
    breaking: Annotated[
        bool, typer.Option("--breaking", help="Write the reference although contracts no longer fit the old one.")
    ] = False,
) -> None:
    """Write docs/reference of this source tree anew."""
    from namespace.cli import documents

    code = documents.run(check=check, breaking=breaking)
    if code:
        raise typer.Exit(code)


@app.command(epilog=f"Example: uns contracts diff old.json\n\nExample: uns contracts diff v0.1.0:{_BASELINE}")
def diff(
    old: Annotated[
        str, typer.Argument(help=f"An older {_BASELINE}: a file, `-` for standard input, or REVISION:PATH in git.")
    ],
) -> None:
    """Name every change since OLD that breaks a consumer or caller; exit code 1 when there is one."""
    from namespace.contracts.compatibility import breaking_changes
    from namespace.contracts.documents import schemas

    problems = breaking_changes(_read(old), schemas())
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} breaking changes; put a new version beside the old one instead")
        raise typer.Exit(1)
    print("nothing breaks")


def _read(old: str) -> dict[str, Any]:
    try:
        if old == "-":
            text = sys.stdin.read()
        elif ":" in old and not Path(old).exists():
            shown = subprocess.run(["git", "show", old], capture_output=True, check=True, timeout=30)
            text = shown.stdout.decode()
        else:
            text = Path(old).read_text(encoding="utf-8")
        document = json.loads(text)
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
        raise CliError(f"git cannot show it: {said}", where=old, remedy="Name it as REVISION:PATH.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CliError(f"cannot read it: {reason}", where=old, remedy=f"Give an older {_BASELINE}.") from None
    if not isinstance(document, dict):
        raise CliError("it is no contract document", where=old, remedy=f"Give an older {_BASELINE}.")
    return document
