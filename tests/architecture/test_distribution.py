"""What is installed: one distribution that owns both packages, with everything in it that runs need and nothing that tests need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.trees import announced_services, copy_tree


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the unpacked wheel, built from a copy of the tree without network."""
    tree, target = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("installed")
    copy_tree(tree, "namespace", "services", "pyproject.toml", "README.md", "LICENSE")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = target.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target / "site")
    return target / "site"


def test_both_packages_belong_to_one_distribution_and_nothing_else_does(installed: Path) -> None:
    assert {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")} == {
        "namespace",
        "services",
    }
    script = "import json; from importlib import metadata; print(json.dumps(metadata.packages_distributions()))"
    asked = subprocess.run(
        [sys.executable, "-S", "-c", script],
        env={"PYTHONPATH": str(installed), "PATH": os.environ["PATH"]},
        cwd=installed,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    owners = json.loads(asked.stdout)
    assert {name: set(owners[name]) for name in ("namespace", "services")} == {
        "namespace": {"uns-mes"},
        "services": {"uns-mes"},
    }


def test_nothing_compiled_is_in_it(installed: Path) -> None:
    assert not [path for path in installed.rglob("*") if path.suffix in {".c", ".so", ".pyd"} or path.name == "_fast"]


def test_sql_and_type_markers_are_in_it(installed: Path) -> None:
    for marker in ("namespace/py.typed", "services/py.typed"):
        assert (installed / marker).is_file()
    for name in announced_services():
        source = Path(__file__).parents[2] / "services" / name
        expected = {path.relative_to(source) for path in source.rglob("*.sql")}
        assert {
            path.relative_to(installed / "services" / name) for path in (installed / "services" / name).rglob("*.sql")
        } == expected
    assert list((installed / "namespace" / "store" / "migrations").glob("*.sql"))


def test_the_command_and_the_services_are_announced(installed: Path) -> None:
    (entry_points,) = installed.glob("*.dist-info/entry_points.txt")
    text = entry_points.read_text(encoding="utf-8")
    assert "uns = namespace.cli.__main__:main" in text
    for name, package in announced_services().items():
        assert f"{name} = {package}" in text
