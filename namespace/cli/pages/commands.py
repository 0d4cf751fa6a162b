"""The reference page of the `uns` command, read off its own help."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer.main

from namespace.cli.__main__ import COMMANDS, app


def page() -> str:
    """Return the page in Markdown."""
    root: Any = typer.main.get_command(app)
    lines = [
        "# The `uns` command\n",
        "It finds the running site by its data folder: `.uns` in the current folder, or the one that `UNS_DATA_DIR` names.",
        "For a site elsewhere set `UNS_BROKER_URL` (with account and password) and `UNS_SITE_FILE`. Exit codes: 0 done; 1 refused,",
        "or something a person can put right, said in one line on standard error; 2 wrong usage. See also [settings](settings.md).\n",
    ]
    for name in COMMANDS:
        lines += _command(root.get_command(None, name), f"uns {name}")
    return "\n".join(lines).rstrip() + "\n"


def _command(command: Any, path: str) -> Iterator[str]:
    children = getattr(command, "commands", None)
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    if children:
        yield f"## `{path}`\n"
        yield f"{_text(command.help)}\n"
        for name, child in children.items():
            yield from _command(child, f"{path} {name}")
        return
    usage = " ".join([path, *(_argument(each) for each in arguments)])
    heading = "###" if path.count(" ") > 1 else "##"
    yield f"{heading} `{usage}`\n"
    yield f"{_text(command.help)}\n"
    rows = [each for each in command.params if "--help" not in each.opts]
    if rows:
        yield "| argument or option | meaning |"
        yield "| --- | --- |"
        for each in rows:
            name = (
                _argument(each) if each.param_type_name == "argument" else ", ".join((*each.opts, *each.secondary_opts))
            )
            yield f"| `{name}` | {_text(each.help)}{_default(each)} |"
        yield ""
    if command.epilog:
        shown = [f"`{each.removeprefix('Example: ')}`" for each in command.epilog.split("\n\n")]
        yield f"For example {', '.join(shown)}.\n"


def _argument(parameter: Any) -> str:
    name = str(parameter.metavar or parameter.name).upper().strip("[]")
    return name if parameter.required else f"[{name}]"


def _text(text: str | None) -> str:
    return " ".join((text or "").split())


def _default(parameter: Any) -> str:
    value = parameter.default
    if value is None or value is False or value is True or parameter.required or callable(value) or value in ([], ()):
        return ""
    return f" Default: `{value}`."
