"""The reference page of dependencies: what is installed with the product, in which version, under which licence.

Versions are those of the lock files; licences are what the packages themselves declare.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)
_REQUIREMENT = re.compile(r"^[A-Za-z0-9._-]+")
_CLASSIFIER = "License :: OSI Approved :: "


def page(root: Path) -> str:
    """Return the page in Markdown.

    Args:
        root: The source tree.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    locked = dict(_PINNED.findall((root / "requirements.lock").read_text(encoding="utf-8")))
    locked = {_normal(name): version for name, version in locked.items()}
    direct = {_name(each) for each in project["project"]["dependencies"]}
    optional = {_name(each) for extra in project["project"]["optional-dependencies"].values() for each in extra}
    development = {_name(each) for each in project["dependency-groups"]["dev"]}
    runtime = _closure(direct, locked)
    lines = [
        "# Dependencies\n",
        "Versions and hashes are pinned in `requirements.lock`; the console's in `services/console/web/package-lock.json`.\n",
        "## Needed to run\n",
        *_table(sorted(direct), locked),
        "\nThey bring\n",
        *_table(sorted(runtime - direct), locked),
        "\n## Faster where installed\n",
        *_table(sorted(optional), locked),
        "\n## For development and tests\n",
        *_table(sorted(development), locked),
    ]
    lines += _npm(root)
    return "\n".join(lines) + "\n"


def _table(names: list[str], locked: dict[str, str]) -> Iterator[str]:
    yield "| package | version | licence |"
    yield "| --- | --- | --- |"
    yield from (f"| {name} | {locked[name]} | {_licence(name)} |" for name in names)


def _closure(direct: set[str], locked: dict[str, str]) -> set[str]:
    """Return `direct` and what they require, as far as it is locked and installed here."""
    found: set[str] = set()
    waiting = list(direct)
    while waiting:
        name = waiting.pop()
        if name in found or name not in locked:
            continue
        found.add(name)
        required = metadata.distribution(name).requires or []
        waiting += [_name(each) for each in required if _applies(each)]
    return found


def _applies(requirement: str) -> bool:
    """Return whether a requirement holds on Linux with Python 3.11 without extras; what it says of other systems does not."""
    marker = requirement.partition(";")[2]
    elsewhere = ("extra ==", "win32", "Windows", "emscripten", 'python_version < "3.11"', "python_version <= '3.10'")
    return not any(word in marker for word in elsewhere) and "PyPy" not in marker.partition("!=")[0]


def _licence(name: str) -> str:
    try:
        described: Any = metadata.distribution(name).metadata
    except metadata.PackageNotFoundError:
        return "not installed on Linux"
    given = described.get("License-Expression") or ""
    classified = [
        each.removeprefix(_CLASSIFIER) for each in described.get_all("Classifier", []) if each.startswith(_CLASSIFIER)
    ]
    short = (described.get("License") or "").strip()
    return str(
        given or ", ".join(classified) or (short if len(short) < 60 and "\n" not in short else "") or "see package"
    )


def _npm(root: Path) -> Iterator[str]:
    path = root / "services" / "console" / "web" / "package-lock.json"
    if not path.is_file():
        return
    packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
    for heading, dev in (("In the console's pages (npm)", False), ("To build the console's pages (npm)", True)):
        rows = [
            f"| {name.removeprefix('node_modules/')} | {entry['version']} | {entry.get('license', 'see package')} |"
            for name, entry in sorted(packages.items())
            if name and bool(entry.get("dev")) is dev and not entry.get("optional")
        ]
        if rows:
            yield from (f"\n## {heading}\n", "| package | version | licence |", "| --- | --- | --- |", *rows)


def _name(requirement: str) -> str:
    found = _REQUIREMENT.match(requirement)
    assert found is not None, requirement
    return _normal(found[0])


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
