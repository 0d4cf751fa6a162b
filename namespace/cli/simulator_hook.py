"""What the simulator offers to the `uns` command, found by the service's entry point: `namespace` knows no service."""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import Any

from namespace.cli.errors import CliError
from namespace.servers.services import ENTRY_POINTS


def simulator_hook(name: str) -> Any:
    """Return a function of the simulator's service module.

    Raises:
        CliError: The simulator is not installed.
    """
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS, name="simulator"):
        return getattr(importlib.import_module(f"{entry.value}.service"), name)
    raise CliError(
        "the simulator is not installed", where="uns simulate", remedy="Install the distribution with its services."
    )
