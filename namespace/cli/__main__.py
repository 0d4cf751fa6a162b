"""The `uns` command: one module a sub-command, imported when it is used.

A sub-command is a module of this package with a typer application named `app`. Adding one is adding its
name to `COMMANDS`; nothing is imported for the commands that are not used, because import cost is start-up
cost.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import typer
import typer.core
import typer.main

COMMANDS = (
    "up",
    "status",
    "tree",
    "watch",
    "decode",
    "send",
    "query",
    "events",
    "log",
    "site",
    "contracts",
    "simulate",
    "sparkplug",
    "account",
    "user",
    "backup",
    "restore",
    "recovery",
)
"""In the order in which the help lists them."""


_COMPLETION = {"install_completion", "show_completion"}
"""Options that typer gives every application, a sub-command's own included."""


class LazyCommands(typer.core.TyperGroup):
    """Finds a sub-command's module by its name."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all sub-commands."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the sub-command `cmd_name`; None when there is none of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = typer.main.get_command(importlib.import_module(f"namespace.cli.{cmd_name}").app)
        command.name = cmd_name
        command.params = [each for each in command.params if each.name not in _COMPLETION]
        return command


app = typer.Typer(cls=LazyCommands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def uns() -> None:
    """A manufacturing execution system that lives in the unified namespace."""


def main() -> None:
    """Run the command; expected errors become one message on standard error and exit code 1."""
    from namespace.servers.errors import ServerError

    try:
        app()
    except ServerError as error:
        sys.stderr.write(f"uns: {error}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output, such as head, has enough
        sys.stderr.close()
        sys.exit(1)


if __name__ == "__main__":
    main()
