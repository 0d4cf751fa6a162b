"""Copies of the source tree for tests that change one, or that leave something out."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def project() -> dict[str, object]:
    """Return pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def announced_services() -> dict[str, str]:
    """Return the services the distribution announces: name to package."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found: dict[str, str] = tomllib.loads(text)["project"]["entry-points"]["uns_mes.services"]
    return found


def tracked_files() -> list[Path]:
    """Return every file of the repository that is or would be committed; those of the tree where there is no git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def copy_tree(target: Path, *parts: str) -> None:
    """Copy parts of the source tree, compiled modules included: they stay valid and spare the start."""
    ignored = shutil.ignore_patterns("node_modules", ".mypy_cache", ".ruff_cache")
    for part in parts:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, target / part, ignore=ignored, dirs_exist_ok=True)
        else:
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / part)


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """Check the import rules of a copy, and of nothing else."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [str(program), "--no-cache"],
        cwd=root,
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
