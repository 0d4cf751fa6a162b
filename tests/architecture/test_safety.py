"""What runs in a site cannot command a machine: checked on the source, since an access list sees topics and not payloads."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*(ROOT / "services").rglob("*.py"), *(ROOT / "namespace" / "runtime").rglob("*.py")])
REBIRTH_ASKER = ROOT / "namespace" / "runtime" / "host_application.py"
MES_COMMANDER = ROOT / "namespace" / "runtime" / "commands.py"


def imported_from_sparkplug(path: Path) -> set[str]:
    return imported_from(path, "namespace.sparkplug")


def imported_from(path: Path, package: str) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(package)
        for alias in node.names
    }


def strings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_service_can_write_a_command_to_a_machine(path: Path) -> None:
    names = imported_from_sparkplug(path)
    assert "command" not in names, "only the tools may write arbitrary commands"
    if path != REBIRTH_ASKER:
        assert "rebirth_request" not in names, "one module asks for rebirths"
    topics = {text for text in strings(path) if "NCMD/" in text or "/NCMD" in text or "DCMD" in text}
    assert not topics, f"command topics are built by the library alone: {topics}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_one_service_alone_can_ask_machines_for_a_rebirth(path: Path) -> None:
    if path.is_relative_to(ROOT / "services") and not path.is_relative_to(ROOT / "services" / "namespace_state"):
        names = imported_from(path, "namespace.runtime")
        assert not names & {"HostApplication", "request_rebirth"}, "others ask `namespace_state` by query"


def test_the_command_client_addresses_mes_nodes_alone() -> None:
    source = MES_COMMANDER.read_text(encoding="utf-8")
    assert "edge_node_id(target)" in source
    assert "self._site.group_id" in source
    assert source.count("Kind.NCMD") == 1
