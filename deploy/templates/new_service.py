"""Writes a new service from `deploy/templates/service`: `make new-service NAME=tool_room`.

The result is a small working hexagon - one command, one event, one metric, one query - that is then changed into what is wanted. It adds
the service to the contract registry, to the entry points and to the import rules; no other service is touched.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

TEMPLATES = Path(__file__).parent / "service"
ROOT = Path(__file__).resolve().parents[2]
_SUFFIX = ".template"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 40


class NewServiceError(Exception):
    """A service cannot be written; the text says why and what to do."""


def write_service(name: str, root: Path = ROOT) -> list[Path]:
    """Write the service `name` into the source tree `root` and return the files that are new or changed.

    Raises:
        NewServiceError: The name cannot be used, or there is something of that name; nothing has been written.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise NewServiceError(
            f"{name!r} is no name for a service: write lower case words joined by _, such as tool_room"
        )
    new = {_path(template, name, root): _filled(template, name) for template in sorted(TEMPLATES.rglob(f"*{_SUFFIX}"))}
    taken = [path for path in (root / "services" / name, *new) if path.exists()]
    if taken:
        raise NewServiceError(f"{taken[0].relative_to(root)} is there already: choose another name")
    registry, project = root / "namespace" / "contracts" / "registry.py", root / "pyproject.toml"
    changed = {registry: _registered(registry.read_text(encoding="utf-8"), name)}
    changed[project] = _announced(project.read_text(encoding="utf-8"), name)
    for path, text in {**new, **changed}.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    _tidy(root, [path for path in (*new, registry) if path.suffix == ".py"])
    return [*new, *changed]


def _tidy(root: Path, files: list[Path]) -> None:
    """Order imports and wrap lines: both depend on the name."""
    for step in (["check", "--quiet", "--select", "I", "--fix"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *step, *map(str, files)], cwd=root, check=True)


def _path(template: Path, name: str, root: Path) -> Path:
    return root / str(template.relative_to(TEMPLATES)).removesuffix(_SUFFIX).replace("@name@", name)


def _filled(template: Path, name: str) -> str:
    title = "".join(word.capitalize() for word in name.split("_"))
    return template.read_text(encoding="utf-8").replace("@name@", name).replace("@Title@", title)


def _registered(text: str, name: str) -> str:
    """Import the contract in the registry, in order of names, and list it last."""
    found = re.search(r"^from namespace\.contracts import (?:\(([^)]*)\)|(.+))$", text, re.MULTILINE)
    if found is None:
        raise NewServiceError("namespace/contracts/registry.py does not import contracts as expected")
    known = {each.strip() for each in (found[1] or found[2]).split(",") if each.strip()}
    text = text.replace(found[0], f"from namespace.contracts import {', '.join(sorted({*known, name}))}")
    return _changed(text, r"(SERVICES[^(]*\((?:\n    .*)*)\n\)", rf"\1\n    {name}.CONTRACT,\n)")


def _announced(text: str, name: str) -> str:
    """Add the entry point and the import rules."""
    text = _changed(text, r'(\[project\.entry-points\."uns_mes\.services"\]\n)', rf'\1{name} = "services.{name}"\n')
    package = f'"services.{name}"'
    text = _changed(text, r'(type = "independence"\nmodules = \[[^\]]*)\]', rf"\1, {package}]")
    text = _changed(text, r'(small hexagon"\ntype = "layers"\ncontainers = \[[^\]]*)\]', rf"\1, {package}]")
    pure = r'(Pure packages do no I/O and read no clock"\ntype = "forbidden"\nsource_modules = \[[^\]]*)\]'
    return _changed(text, pure, rf'\1, "services.{name}.domain"]')


def _changed(text: str, pattern: str, replacement: str) -> str:
    changed, count = re.subn(pattern, replacement, text)
    if count != 1:
        raise NewServiceError(f"the source tree has changed: {pattern} is there {count} times, expected once")
    return changed


def main(arguments: list[str]) -> int:
    """Write the service that the arguments name and say what comes next; return the exit code."""
    if len(arguments) != 1 or not arguments[0]:
        sys.stderr.write("usage: make new-service NAME=tool_room\n")
        return 2
    try:
        files = write_service(arguments[0])
    except NewServiceError as error:
        sys.stderr.write(f"new-service: {error}\n")
        return 1
    for path in files:
        print(path.relative_to(ROOT))
    print(f"next: change services/{arguments[0]} into what you want, then `make check`; `make demo` runs it already")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
