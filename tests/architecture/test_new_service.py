"""`make new-service`: what it writes keeps every rule, touches no other service, and runs."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import pytest

from namespace.contracts.command import Command, CommandStatus
from namespace.isa95 import EquipmentPath
from namespace.runtime.client import SiteClient
from namespace.servers.postgres import Postgres
from namespace.testing.servers import TestBroker
from namespace.transport import BrokerUrl
from namespace.transport.mqtt import MqttTransport
from tests.architecture.lonely import running_alone, settings_of
from tests.architecture.trees import ROOT, copy_tree, lint_imports

NAME = "tool_room"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """The generator as a module."""
    path = ROOT / "deploy" / "templates" / "new_service.py"
    spec = importlib.util.spec_from_file_location("new_service", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tree(generator: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source tree with a new service in it."""
    root = tmp_path_factory.mktemp("tree")
    copy_tree(root, "namespace", "services", "pyproject.toml", "tests/unit/contracts")
    generator.write_service(NAME, root)
    return root


def in_tree(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env={"PYTHONPATH": str(tree), "PATH": "/usr/bin:/bin", "HOME": str(tree)},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def test_it_changes_registry_and_project_alone(tree: Path) -> None:
    changed = {
        str(path.relative_to(ROOT))
        for folder in ("namespace", "services")
        for path in (ROOT / folder).rglob("*.py")
        if (tree / path.relative_to(ROOT)).read_bytes() != path.read_bytes()
    }
    assert changed == {"namespace/contracts/registry.py"}
    assert (tree / "pyproject.toml").read_text(encoding="utf-8").count(NAME) == 5


def test_it_keeps_the_import_rules(tree: Path) -> None:
    checked = lint_imports(tree)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("name", ["x", NAME, "a_rather_long_name_for_a_service_2"])
def test_it_is_formatted_and_clean_whatever_its_name(generator: ModuleType, tmp_path: Path, name: str) -> None:
    copy_tree(tmp_path, "namespace", "services/__init__.py", "pyproject.toml")
    generator.write_service(name, tmp_path)
    generator.write_service(f"{name}_too", tmp_path)
    for step in (["check"], ["format", "--check"]):
        checked = in_tree(tmp_path, "-m", "ruff", *step, "--no-cache", "namespace/contracts", "services", "tests")
        assert checked.returncode == 0, checked.stdout


def test_its_types_are_strict(tree: Path) -> None:
    checked = in_tree(tree, "-m", "mypy", "-p", f"services.{NAME}", "--cache-dir", str(ROOT / ".mypy_cache"))
    assert checked.returncode == 0, checked.stdout


def test_its_own_tests_pass(tree: Path) -> None:
    tested = in_tree(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/unit/{NAME}")
    assert tested.returncode == 0, tested.stdout
    assert "4 passed" in tested.stdout


def test_contract_and_handlers_agree(tree: Path) -> None:
    script = (
        "from importlib import import_module as load\n"
        "from namespace.contracts.registry import contract_of\n"
        "from namespace.contracts.access import service_rules\n"
        f"service = load('services.{NAME}.service').SERVICE\n"
        f"assert service.contract is contract_of('{NAME}')\n"
        "print(service.contract.edge_node_id)\n"
    )
    asked = in_tree(tree, "-c", script)
    assert asked.stdout.strip() == "mes-tool-room", asked.stderr


async def test_it_runs_takes_a_command_and_answers_a_query(
    tree: Path, libraries: Path, postgres: Postgres, broker: TestBroker
) -> None:
    settings = await settings_of(NAME, postgres, broker.add_account("mes-tool-room"), tree / "data")
    guest = MqttTransport(BrokerUrl.parse(broker.add_account("guest")), client_id="guest")
    client = SiteClient(guest, EquipmentPath.parse("Acme/Dallas"), "guest", commands=frozenset({NAME}))
    note = {"place": "Packaging/Line1", "text": " belt squeaks "}
    wanted = Command(command_id=uuid4(), name="Add", subject="N-1", args=note, actor="W1", issued_at=datetime.now(UTC))
    async with running_alone(f"services.{NAME}", tree, libraries, settings), client.connected():
        answer = await client.commands.send(NAME, wanted)
        assert (answer.status, answer.message) == (
            CommandStatus.DONE,
            "note N-1 about Acme/Dallas/Packaging/Line1 kept",
        )
        (kept,) = (await client.queries.ask(NAME, "notes")).data
        assert (kept["id"], kept["text"], kept["author"]) == ("N-1", "belt squeaks", "W1")
        async with asyncio.timeout(10):
            while not (rows := (await client.queries.ask(NAME, "events")).data["rows"]):
                await asyncio.sleep(0.05)  # the relay gives it its place in the log
        (row,) = rows
        assert (row["type"], row["payload"]["text"]) == ("NoteAdded", "belt squeaks")


@pytest.mark.parametrize("name", ["", "Tool", "tool-room", "1st", "work_order", "_x", "../x"])
def test_a_name_that_cannot_be_is_refused_and_nothing_is_written(
    generator: ModuleType, tmp_path: Path, name: str
) -> None:
    copy_tree(tmp_path, "pyproject.toml", "namespace/contracts/registry.py", "services/work_order")
    before = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    with pytest.raises(generator.NewServiceError):
        generator.write_service(name, tmp_path)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == before
