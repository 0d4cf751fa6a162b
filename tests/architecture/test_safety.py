"""What runs in a site cannot command a machine: checked on the source, since an access list sees topics and not payloads."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from namespace.runtime import Health, HostApplication, Session
from namespace.sparkplug import REBIRTH, DataType, EdgeNodeDescriptor, HostSession
from namespace.transport.memory import MemoryBroker
from tests.unit.runtime.support import SetClock, listening, quick, running, until

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*(ROOT / "services").rglob("*.py"), *(ROOT / "namespace" / "runtime").rglob("*.py")])
TOOL = ROOT / "namespace" / "cli" / "host_tool.py"
LIBRARY = ROOT / "namespace" / "sparkplug"
PRODUCT = sorted(
    path
    for folder in ("services", "namespace")
    for path in (ROOT / folder).rglob("*.py")
    if LIBRARY not in path.parents
)
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


def test_arbitrary_commands_are_for_one_tool_and_no_service_is_handed_what_sends_them() -> None:
    writers = [path for path in PRODUCT if "command" in imported_from_sparkplug(path)]
    assert writers == [TOOL], "only `uns sparkplug host` writes arbitrary commands"
    askers = [path for path in PRODUCT if "rebirth_request" in imported_from_sparkplug(path)]
    assert askers == [REBIRTH_ASKER], "one module asks for rebirths"
    for path in (each for each in PRODUCT if ROOT / "services" in each.parents):
        taken = imported_names(path)
        assert "HostServer" not in taken, f"{path}: a host that sends commands is for tools"
        assert not {name for name in taken if name.startswith("namespace.sparkplug.")}, f"{path}: public names alone"


def imported_names(path: Path) -> set[str]:
    """Return the modules that a file imports, and the names it takes from them."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(alias.name for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


async def test_what_the_registry_is_handed_can_say_rebirth_and_nothing_else() -> None:
    broker = MemoryBroker()
    session = Session(broker.transport("registry"), name="registry", health=Health(), backoff=quick())
    host = HostApplication(session, HostSession(), clock=SetClock(), told=lambda _: None)
    assert {name for name in vars(HostApplication) if not name.startswith("_")} == {
        "connected",
        "disconnected",
        "farewell",
        "request_rebirth",
        "run",
    }
    async with listening(broker, "spBv1.0/#") as heard, running(host.run):
        await session.up.wait()
        await host.request_rebirth(EdgeNodeDescriptor("Bottling", "Line1-PLC"))
        await until(lambda: heard.messages)
        assert heard.topics() == ["spBv1.0/Bottling/NCMD/Line1-PLC"]
        (payload,) = heard.of("NCMD")
        assert [(m.name, m.datatype, m.value) for m in payload.metrics] == [(REBIRTH, DataType.Boolean, True)]


def test_the_command_client_addresses_mes_nodes_alone() -> None:
    source = MES_COMMANDER.read_text(encoding="utf-8")
    assert "edge_node_id(target)" in source
    assert "self._site.group_id" in source
    assert source.count("Kind.NCMD") == 1
