"""What a person can set about a site's servers, read from the environment in one place.

Settings of the services are their own business; they receive what they need from the supervisor.
"""

from __future__ import annotations

import os
from pathlib import Path

import namespace


def tools_folder() -> Path | None:
    """Return where packages were extracted: `UNS_TOOLS_DIR`, or what `make setup` left in the source tree."""
    if given := os.environ.get("UNS_TOOLS_DIR"):
        return Path(given).resolve()
    beside_sources = Path(namespace.__file__).resolve().parents[1] / ".cache" / "tools"
    return beside_sources if beside_sources.is_dir() else None
