"""Breaks the Sparkplug library in small ways and asks the tests to notice: `python -m tests.conformance.mutation --seconds 600 --seed 1`.

A test that fails when nothing is broken is found quickly; one that passes when something is broken is found by breaking it. Each mutant
is one changed comparison, number, truth or condition in a copy of the library; a survivor is a change that no test noticed, and is either
a missing test or a change without a meaning. It takes no part in `make test`: it is for whoever changes the codec or the sessions.
What it finds becomes docs/reference/mutation.md; `--again` tries the survivors of the last run once more, after tests were added.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tests.conformance.mutation_page import PAGE, Trial, page

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
RECORD = ROOT / ".cache" / "mutation.json"

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
        """Return the module with the change; one that is no Python would count as noticed, and is refused."""
        changed = source[: self.start] + self.text + source[self.end :]
        compile(changed, str(self.path), "exec")
        return changed

    @property
    def trial(self) -> Trial:
        """What the page says of it, taken for a survivor until a test notices."""
        was = self.path.read_text(encoding="utf-8")[self.start : self.end]
        return Trial(self.path.name, self.line, was, self.text, survives=True)


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


def passes(copy: Path) -> bool:
    """Whether the tests pass on a copy of the library."""
    plugins = [word for name in ("randomly", "cacheprovider", "xdist") for word in ("-p", f"no:{name}")]
    # Hypothesis without deadlines, and with the same examples each time: a slow machine must not count as a noticed change.
    options = ["-x", "-q", "--noconftest", *plugins, "--hypothesis-profile=ci", "-m", "not soak"]
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
    return done.returncode == 0


def survives(mutant: Mutant, copy: Path) -> bool:
    """Whether the tests pass with the change."""
    target = copy / mutant.path.relative_to(ROOT)
    source = mutant.path.read_text(encoding="utf-8")
    target.write_text(mutant.applied(source), encoding="utf-8")
    try:
        return passes(copy)
    finally:
        target.write_text(source, encoding="utf-8")


def every_mutant() -> list[Mutant]:
    """Return the changes that can be made to the library, in the order of its modules."""
    modules = (path for path in sorted((ROOT / LIBRARY).glob("*.py")) if path.name not in LEFT_OUT)
    return [mutant for path in modules for mutant in mutants(path)]


def is_same(one: Trial, other: Trial) -> bool:
    """Whether two trials are of one change, whatever came of them."""
    return replace(one, survives=other.survives) == other


def main() -> int:
    """Run for a while, list the survivors and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="only the survivors of the last run that nothing explains")
    asked = parser.parse_args()
    known: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8")) if asked.again else {"trials": []}
    seed, seconds = known.get("seed", asked.seed), known.get("seconds", asked.seconds)
    before = [Trial(**each) for each in known["trials"]]
    trials = [trial for trial in before if not trial.survives or trial.reason]
    alive = [trial for trial in before if trial.survives and not trial.reason]
    found = every_mutant()
    possible = Counter(mutant.path.name for mutant in found)
    random.Random(seed).shuffle(found)
    if asked.again:
        found = [mutant for mutant in found if mutant.trial in alive]
    until = time.monotonic() + asked.seconds
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("namespace", "tests", "pyproject.toml"):
            whole = ROOT / name
            shutil.copytree(whole, copy / name) if whole.is_dir() else shutil.copy(whole, copy / name)
        if not passes(copy):
            sys.exit("the tests fail on the library as it is; mend that first")
        for mutant in found:
            if time.monotonic() > until:
                break
            trial = mutant.trial
            if survives(mutant, copy):
                sys.stdout.write(f"survives {trial.module}:{trial.line}: {trial.was!r} -> {trial.became!r}\n")
                sys.stdout.flush()
            else:
                trial = replace(trial, survives=False)
            trials.append(trial)
    trials += [
        trial for trial in alive if not any(is_same(trial, each) for each in trials)
    ]  # for which there was no time
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_text(
        json.dumps({"seed": seed, "seconds": seconds, "trials": [asdict(each) for each in trials]}), encoding="utf-8"
    )
    PAGE.write_text(page(trials, possible, seed=seed, seconds=seconds), encoding="utf-8")
    left = sum(trial.survives for trial in trials)
    sys.stdout.write(f"{len(trials)} mutants tried, {len(trials) - left} noticed, {left} survive: {PAGE.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
