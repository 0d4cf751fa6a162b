"""The import rules are alive: breaking one fails the build and names what broke it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.trees import announced_services, copy_tree, lint_imports


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the rules are about."""
    root = tmp_path_factory.mktemp("tree")
    copy_tree(root, "namespace", "services", "pyproject.toml")
    return root


def break_rule(path: Path, line: str) -> str:
    """Put an import in front of a module and return what stood there."""
    before = path.read_text(encoding="utf-8")
    path.write_text(before + f"\n{line}\n", encoding="utf-8")
    return before


@pytest.mark.parametrize(
    ("module", "line", "named"),
    [
        ("services/oee/domain/sample.py", "import services.work_order.domain.labor", "services.work_order"),
        ("namespace/isa95/path.py", "import services.oee.domain.sample", "services.oee"),
        ("namespace/sparkplug/topic.py", "import namespace.contracts.query", "namespace.sparkplug"),
        ("services/oee/domain/sample.py", "import services.oee.adapters", "services.oee.adapters"),
        ("namespace/runtime/backoff.py", "import paho.mqtt.client", "paho"),
        ("services/work_order/application/storing.py", "import asyncpg", "asyncpg"),
        ("services/work_order/domain/labor.py", "import time", "time"),
    ],
    ids=["service-to-service", "namespace-to-service", "layers", "hexagon", "mqtt-client", "driver", "clock"],
)
def test_a_forbidden_import_fails_the_build_and_is_named(tree: Path, module: str, line: str, named: str) -> None:
    before = break_rule(tree / module, line)
    try:
        checked = lint_imports(tree)
    finally:
        (tree / module).write_text(before, encoding="utf-8")
    importer = module.removesuffix(".py").replace("/", ".")
    assert checked.returncode == 1, checked.stdout
    assert "BROKEN" in checked.stdout
    assert importer in checked.stdout
    assert named in checked.stdout


def test_the_tree_as_it_is_keeps_every_rule(tree: Path) -> None:
    checked = lint_imports(tree)
    assert checked.returncode == 0, checked.stdout


def test_every_service_is_under_the_rules() -> None:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    rules = text.partition("[tool.importlinter]")[2]
    for package in announced_services().values():
        assert rules.count(f'"{package}"') == 2, f"{package} is missing in the rules on independence or on the hexagon"
