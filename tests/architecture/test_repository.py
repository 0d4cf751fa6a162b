"""What must hold of the repository as a whole: locks with hashes and no addresses, small modules, no traces of a machine."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from namespace.contracts.registry import SERVICES
from tests.architecture.trees import ROOT, announced_services, tracked_files

MODULE_LINES = 400
_TEXT = {
    ".py",
    ".pyi",
    ".sql",
    ".md",
    ".json",
    ".jsx",
    ".js",
    ".ts",
    ".css",
    ".html",
    ".yaml",
    ".toml",
    ".lock",
    ".sh",
    ".proto",
    ".mjs",
    "",
}
_MACHINE_PATHS = re.compile(r"(?<![\w./-])/(?:work|root|home|Users)/[\w.-]+")
_REGISTRY_HOSTS = re.compile(
    r"(?:files\.pythonhosted\.org|pypi\.org|registry\.npmjs\.org|registry\.yarnpkg\.com|index-url\s+http|--find-links)"
)


def test_both_packages_are_regular_ones_of_this_tree() -> None:
    for package in ("namespace", "services"):
        spec = importlib.util.find_spec(package)
        assert spec is not None
        assert spec.origin is not None, f"{package} is a namespace package: it lacks __init__.py"
        assert Path(spec.origin).parents[1] == ROOT


def test_every_announced_service_has_a_contract_and_the_other_way_round() -> None:
    assert {contract.service for contract in SERVICES} == set(announced_services())


def test_every_announced_service_can_be_started() -> None:
    for name, package in announced_services().items():
        assert package == f"services.{name}"
        assert (ROOT / "services" / name / "__main__.py").is_file(), f"python -m {package} would not start"


def test_every_folder_with_code_of_a_service_is_announced() -> None:
    folders = {path.parent.name for path in (ROOT / "services").glob("*/__init__.py")}
    assert folders == set(announced_services())


def test_the_python_lock_has_hashes_and_no_address() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    requirements = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
    for requirement in filter(str.strip, requirements):
        assert "--hash=sha256:" in requirement, requirement.splitlines()[0]
    assert not (ROOT / "uv.lock").exists()


def test_the_lock_holds_every_dependency_of_the_project() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE))
    for requirement in metadata.requires("uns-mes") or []:
        name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower()
        assert name in {each.lower() for each in locked}, f"{name} is not locked: make lock"


def test_the_npm_lock_has_hashes_and_no_address() -> None:
    packages = json.loads((ROOT / "services/console/web/package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name, entry in packages.items():
        assert "resolved" not in entry, f"{name} names where it comes from"
        assert not name or "integrity" in entry, f"{name} has no hash"


def test_modules_are_small() -> None:
    sources = [path for path in tracked_files() if path.suffix in {".py", ".jsx", ".js"} and "_pb" not in path.parts]
    product = [path for path in sources if path.relative_to(ROOT).parts[0] in {"namespace", "services", "deploy"}]
    assert len(product) > 100
    large = {
        str(path.relative_to(ROOT)): lines
        for path in product
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MODULE_LINES and not is_a_table(path)
    }
    assert not large, f"one idea a module, at most {MODULE_LINES} lines: {large}"


def is_a_table(path: Path) -> bool:
    """Return whether a module only declares things: contracts and texts for people are lists, and as long as what they list."""
    if path.suffix != ".py":
        return path.parent.name == "text"
    body = ast.parse(path.read_text(encoding="utf-8")).body
    functions = [node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    methods = [
        node
        for each in body
        if isinstance(each, ast.ClassDef)
        for node in each.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return not methods and sum(len(node.body) for node in functions) < 10


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
    for path in tracked_files():
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in {"namespace", "services"}:
            assert path.stem not in empty, path
            assert not empty & set(path.relative_to(ROOT).parts[:-1]), path


@pytest.mark.parametrize(
    ("pattern", "what"),
    [(_MACHINE_PATHS, "the path of a machine"), (_REGISTRY_HOSTS, "the address of a package registry")],
    ids=["machine-path", "registry-host"],
)
def test_no_file_names_a_machine_or_a_registry(pattern: re.Pattern[str], what: str) -> None:
    found = []
    for path in tracked_files():
        if path.suffix not in _TEXT or path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}")
    assert not found, f"{what} stands in:\n" + "\n".join(found)


def test_generated_reference_is_fresh() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "namespace.cli.documents", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_links_between_documents_lead_somewhere() -> None:
    documents = [path for path in tracked_files() if path.suffix == ".md"]
    broken = [
        f"{path.relative_to(ROOT)} -> {target}"
        for path in documents
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
        if "://" not in target and not target.endswith(".png") and not (path.parent / target).exists()
    ]
    assert not broken, broken
