"""The site that is to be run: its file read, and what the broker permissions need to know of it."""

from __future__ import annotations

import os
from pathlib import Path

from namespace.contracts.access import SiteAccess
from namespace.isa95 import SiteFileError, SiteModel, load_site
from namespace.servers.errors import ServerError


def read_site(path: Path) -> SiteModel:
    """Read and check a site file.

    Raises:
        ServerError: There is no such file, or it has mistakes; all of them are named with their lines.
    """
    try:
        return load_site(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ServerError(
            f"the site file cannot be read: {getattr(error, 'strerror', None) or error}",
            where=str(path),
            remedy="Name another with UNS_SITE_FILE=/path/to/site.yaml.",
        ) from error
    except SiteFileError as error:
        raise ServerError(
            f"the site file has mistakes:\n{error}\n", where=str(path), remedy="Correct it and start again."
        ) from error


def host_id(site: SiteModel) -> str:
    """Return the Sparkplug host id of the site's primary host application (`UNS_HOST_ID`, or `<Site>-mes`)."""
    return os.environ.get("UNS_HOST_ID") or f"{site.site}-mes"


def site_access(site: SiteModel) -> SiteAccess:
    """Return what the permissions of the site's accounts depend on."""
    return SiteAccess(
        site=site.path,
        areas=tuple(area.name for area in site.equipment.children(site.path)),
        machine_groups=tuple(dict.fromkeys(group for group, _ in site.mappings.filters())),
        host_id=host_id(site),
    )
