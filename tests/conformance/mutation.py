"""Breaks the Sparkplug library in small ways and asks the tests to notice: `python -m tests.conformance.mutation --seconds 600 --seed 1`.

A test that fails when nothing is broken is found quickly; one that passes when something is broken is found by breaking it. Each mutant
is one changed comparison, number, truth or condition in a copy of the library; a survivor is a change that no test noticed, and is either
a missing test or a change without a meaning. It takes no part in `make test`: it is for whoever changes the codec or the sessions.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = Path("namespace/sparkplug")
TESTS = (
    "tests/unit/sparkplug",
    "tests/conformance/test_payloads.py",
    "tests/properties/test_sparkplug_roundtrip.py",
    "tests/properties/test_sparkplug_loop.py",
)
LEFT_OUT = {"__init__.py", "errors.py", "buffer_metrics.py", "forwarding.py", "resending.py", "stored_report.py"}
"""Names and words alone, and store and forward, which has tests of its own."""
LIMIT_S = 120

_COMPARED: dict[type[ast.cmpop], str] = {
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change.

    Attributes:
        path: the module.
        line: where.
        start: offset of the first character that is replaced.
        end: offset behind the last.
        text: what stands there instead.
    """

    path: Path
    line: int
    start: int
    end: int
    text: str

    def applied(self, source: str) -> str:
        """Return the module with the change."""
        return source[: self.start] + self.text + source[self.end :]


def mutants(path: Path) -> Iterator[Mutant]:
    """Yield the changes that can be made to a module."""
    source = path.read_text(encoding="utf-8")
    starts = [0]
    for text in source.encode().split(b"\n"):
        starts.append(starts[-1] + len(text) + 1)
    if not source.isascii():
        return  # offsets are in bytes; the few modules with other letters hold no logic worth the trouble
    for node in _code(ast.parse(source)):
        for text in _changes(node, source):
            assert isinstance(node, ast.expr)
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            begin = starts[node.lineno - 1] + node.col_offset
            end = starts[node.end_lineno - 1] + node.end_col_offset
            yield Mutant(path, node.lineno, begin, end, text)


def _code(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk what runs: no docstrings, annotations or messages of errors."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Raise | ast.JoinedStr | ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.ClassDef):
            for each in node.body:  # without its decorators: whether a dataclass has slots is no behaviour
                yield each
                yield from _code(each)
            continue
        if isinstance(node, ast.AnnAssign):
            if node.value is not None:
                yield node.value
                yield from _code(node.value)
            continue
        if isinstance(node, ast.arguments):
            continue
        yield node
        yield from _code(node)


def _changes(node: ast.AST, source: str) -> Iterator[str]:
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            parts = (ast.get_source_segment(source, each) for each in (left, right))
            before, after = (str(part) for part in parts)
            yield f"({before} {_COMPARED[type(op)]} {after})"
        case ast.Constant(value=bool() as truth):
            yield str(not truth)
        case ast.Constant(value=int() as number):
            yield f"({number + 1})"
        case ast.BoolOp(op=op, values=values):
            word = " or " if isinstance(op, ast.And) else " and "
            yield "(" + word.join(f"({ast.get_source_segment(source, value)})" for value in values) + ")"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield f"({ast.get_source_segment(source, operand)})"
        case ast.BinOp(op=ast.Add() | ast.Sub() as op, left=left, right=right):
            sign = "-" if isinstance(op, ast.Add) else "+"
            yield f"({ast.get_source_segment(source, left)} {sign} {ast.get_source_segment(source, right)})"
        case _:
            return


def survives(mutant: Mutant, copy: Path) -> bool:
    """Whether the tests pass with the change."""
    target = copy / mutant.path.relative_to(ROOT)
    source = mutant.path.read_text(encoding="utf-8")
    target.write_text(mutant.applied(source), encoding="utf-8")
    options = [
        "-x",
        "-q",
        "--noconftest",
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-m",
        "not soak",
    ]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *TESTS],
            cwd=copy,
            env=environment,
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    finally:
        target.write_text(source, encoding="utf-8")
    return done.returncode == 0


def main() -> int:
    """Run for a while and list the survivors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    modules = (path for path in sorted((ROOT / LIBRARY).glob("*.py")) if path.name not in LEFT_OUT)
    found = [mutant for path in modules for mutant in mutants(path)]
    random.Random(asked.seed).shuffle(found)
    tried, alive = 0, list[Mutant]()
    until = time.monotonic() + asked.seconds
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("namespace", "tests", "pyproject.toml"):
            whole = ROOT / name
            shutil.copytree(whole, copy / name) if whole.is_dir() else shutil.copy(whole, copy / name)
        for mutant in found:
            if time.monotonic() > until:
                break
            tried += 1
            if survives(mutant, copy):
                alive.append(mutant)
                source = mutant.path.read_text(encoding="utf-8")
                was = source[mutant.start : mutant.end]
                where = f"{mutant.path.relative_to(ROOT)}:{mutant.line}"
                sys.stdout.write(f"survives {where}: {was!r} -> {mutant.text!r}\n")
                sys.stdout.flush()
    sys.stdout.write(f"{tried} of {len(found)} mutants tried, {tried - len(alive)} noticed, {len(alive)} survive\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
