"""Which tests prove which statements: read from the source of the tests, so that nothing has to run to know it.

A test says it by a marker with literal ids: `@pytest.mark.tck("payloads-ndeath-seq")`; `@pytest.mark.trap(7)` says that it shows one of the
25 mistakes that implementations make.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True, order=True)
class Proof:
    """One test.

    Attributes:
        path: its file, below `tests`.
        name: its name, with its class where it has one.
        statements: what it proves.
        traps: the mistakes it shows.
    """

    path: str
    name: str
    statements: tuple[str, ...] = ()
    traps: tuple[int, ...] = ()

    @property
    def sentence(self) -> str:
        """The test's name as the sentence it is."""
        return self.name.rpartition(".")[2].removeprefix("test_").replace("_", " ")


def proofs(root: Path = TESTS) -> list[Proof]:
    """Return every test that names a statement or a mistake, and every test of this folder."""
    found: list[Proof] = []
    for path in sorted(root.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, function in _tests(tree, ""):
            proof = Proof(
                str(path.relative_to(root)),
                name,
                tuple(str(each) for each in _marked(function, "tck")),
                tuple(int(str(each)) for each in _marked(function, "trap")),
            )
            if proof.statements or proof.traps or path.parent == HERE:
                found.append(proof)
    return found


def by_statement(found: list[Proof]) -> Mapping[str, list[Proof]]:
    """Return the tests of each statement."""
    sorted_: dict[str, list[Proof]] = defaultdict(list)
    for proof in found:
        for statement in proof.statements:
            sorted_[statement].append(proof)
    return sorted_


def _tests(tree: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _tests(node, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield f"{prefix}{node.name}", node


def _marked(function: ast.FunctionDef | ast.AsyncFunctionDef, marker: str) -> Iterator[object]:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == f"pytest.mark.{marker}":
            for argument in decorator.args:
                yield ast.literal_eval(argument)
