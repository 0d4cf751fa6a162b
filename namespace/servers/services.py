"""Which services there are: found by entry point, known by name and package alone, imported by nobody here."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from dataclasses import dataclass

ENTRY_POINTS = "uns_mes.services"


@dataclass(frozen=True, slots=True)
class ServiceInfo:
    """A service as the distribution announces it."""

    name: str
    """`work_order`: also its database role and schema."""
    package: str
    """`services.work_order`: started with `python -m`."""


def installed_services() -> tuple[list[ServiceInfo], list[ServiceInfo]]:
    """Return the services that can be started, and those announced whose package is missing."""
    announced = [ServiceInfo(entry.name, entry.value) for entry in importlib.metadata.entry_points(group=ENTRY_POINTS)]
    announced.sort(key=lambda service: service.name)
    there = [service for service in announced if _is_there(service.package)]
    return there, [service for service in announced if service not in there]


def _is_there(package: str) -> bool:
    try:
        return importlib.util.find_spec(f"{package}.__main__") is not None
    except ModuleNotFoundError:
        return False


def service_environment(**settings: str) -> dict[str, str]:
    """Return our environment without what only the supervisor may know, and with `settings`."""
    private = {"UNS_DATABASE_URL", "UNS_BROKER_URL"}
    return {name: value for name, value in os.environ.items() if name not in private} | settings
