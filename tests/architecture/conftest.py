"""What several tests of the architecture need."""

from __future__ import annotations

import site
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that is installed except the distribution itself and what points into a source tree."""
    folder = tmp_path_factory.mktemp("libraries")
    for packages in site.getsitepackages():
        for entry in Path(packages).iterdir():
            if not entry.name.startswith("uns_mes") and entry.suffix != ".pth" and not (folder / entry.name).exists():
                (folder / entry.name).symlink_to(entry)
    return folder
