"""Writes the generated reference, or compares it with the code: `python -m namespace.cli.documents [--check]`.

Contracts only grow, so it refuses to write a reference that breaks those who rely on the committed one; the committed
`contracts.schema.json` is the baseline.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import namespace
from namespace.contracts import documents as contract_documents
from namespace.contracts.compatibility import breaking_changes
from namespace.contracts.documents import schemas

FOLDER = Path("docs/reference")
BASELINE = "contracts.schema.json"
_GENERATED = "<!-- Generated from the code by `make generate`; do not edit. -->\n\n"


def pages(root: Path) -> dict[str, str]:
    """Return every generated document by its name in `docs/reference`.

    Args:
        root: The source tree.
    """
    from namespace.cli.pages import commands, dependencies, kpis, metrics, settings

    return {
        **contract_documents.documents(),
        "settings.md": _GENERATED + settings.page(),
        "kpis.md": _GENERATED + kpis.page(),
        "metrics.md": _GENERATED + metrics.page(),
        "cli.md": _GENERATED + commands.page(),
        "dependencies.md": _GENERATED + dependencies.page(root),
    }


def source_tree() -> Path | None:
    """Return the source tree that this program runs from; None for an installed one."""
    root = Path(namespace.__file__).resolve().parents[1]
    return root if (root / "pyproject.toml").is_file() else None


def run(*, check: bool, breaking: bool = False) -> int:
    """Write the reference, or compare it; return the exit code.

    Args:
        check: Only compare.
        breaking: Write it although contracts no longer fit the committed ones.
    """
    root = source_tree()
    if root is None:
        return _fail("this program does not run from its source tree, so there is no docs/reference to write")
    folder = root / FOLDER
    stale = [name for name, text in pages(root).items() if _content(folder / name) != text]
    if check:
        named = ", ".join(f"{FOLDER}/{name}" for name in stale)
        return _fail(f"{named} out of date: make generate") if stale else 0
    problems = _broken(folder / BASELINE)
    if problems and not breaking:
        listed = "\n  ".join(problems)
        return _fail(
            f"contracts no longer fit {FOLDER}/{BASELINE}; put a new version beside the old one, or write it with "
            f"`uns contracts docs --breaking`:\n  {listed}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages(root).items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


def _broken(baseline: Path) -> list[str]:
    text = _content(baseline)
    return [] if text is None else breaking_changes(json.loads(text), schemas())


def _content(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _fail(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 1


if __name__ == "__main__":
    sys.exit(run(check="--check" in sys.argv[1:]))
