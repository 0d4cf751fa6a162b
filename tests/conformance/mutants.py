"""The small ways in which the Sparkplug library can be broken: one comparison, number, truth, condition or sign, or one step left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LIBRARY = Path("namespace/sparkplug")
LEFT_OUT = {"__init__.py", "errors.py", "forwarding.py", "resending.py", "stored_report.py"}
"""Names and words alone, and store and forward, which has tests of its own."""

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
        path: The module.
        where: Class and function, or the name that is set, in which it is made.
        lines: The first and the last line of the step that it is part of, from 1.
        line: Where it is.
        start: Offset of the first character that is replaced.
        end: Offset behind the last.
        was: What stands there.
        became: What stands there instead.
        is_late: Whether it is in the body of a function, so that it can be made after the module was imported.
    """

    path: Path
    where: str
    lines: tuple[int, int]
    line: int
    start: int
    end: int
    was: str
    became: str
    is_late: bool

    def applied(self, source: str) -> str:
        """Return the module with the change, each line of it where it was.

        One that is no Python would count as noticed, and is refused.
        """
        lost = self.was.count("\n") - self.became.count("\n")
        changed = source[: self.start] + self.became[:-1] + "\n" * lost + self.became[-1:] + source[self.end :]
        compile(changed, str(self.path), "exec")
        return changed


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where a walk is: in which class and function, in which step, and whether in what runs later than the import."""

    where: tuple[str, ...] = ()
    lines: tuple[int, int] = (1, 1)
    is_late: bool = False


def every_mutant(root: Path) -> list[Mutant]:
    """Return the changes that can be made to the library below a root, in the order of its modules."""
    modules = (path for path in sorted((root / LIBRARY).glob("*.py")) if path.name not in LEFT_OUT)
    return [mutant for path in modules for mutant in mutants(path)]


def mutants(path: Path) -> Iterator[Mutant]:
    """Yield the changes that can be made to a module."""
    source = path.read_text(encoding="utf-8")
    if not source.isascii():
        return  # offsets are in bytes; the few modules with other letters hold no logic worth the trouble
    starts = [0]
    for text in source.split("\n"):
        starts.append(starts[-1] + len(text) + 1)
    for node, scope in _code(ast.parse(source), _Scope()):
        for became in _changes(node, source):
            assert isinstance(node, ast.expr | ast.stmt)
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            begin = starts[node.lineno - 1] + node.col_offset
            end = starts[node.end_lineno - 1] + node.end_col_offset
            where, was = ".".join(scope.where), source[begin:end]
            yield Mutant(path, where, scope.lines, node.lineno, begin, end, was, became, scope.is_late)


def _code(tree: ast.AST, scope: _Scope) -> Iterator[tuple[ast.AST, _Scope]]:
    """Walk what runs: no docstrings, annotations or messages of errors."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.Raise() | ast.JoinedStr() | ast.Import() | ast.ImportFrom() | ast.arguments():
                continue
            case ast.ClassDef(
                name=name, body=body
            ):  # without its decorators: whether a dataclass has slots is no behaviour
                inside = _Scope((*scope.where, name), scope.lines, scope.is_late)
                for each in body:
                    yield from _step(each, inside)
            case ast.FunctionDef(name=name, body=body) | ast.AsyncFunctionDef(name=name, body=body):
                inside = _Scope((*scope.where, name), scope.lines, is_late=True)
                for each in body:
                    yield from _step(each, inside)
            case ast.Lambda(body=body):
                inside = _Scope(scope.where, scope.lines, is_late=True)
                yield body, inside
                yield from _code(body, inside)
            case ast.stmt():
                yield from _step(node, scope)
            case _:
                yield node, scope
                yield from _code(node, scope)


def _step(node: ast.stmt, scope: _Scope) -> Iterator[tuple[ast.AST, _Scope]]:
    """Walk one statement, whose lines are those of its head where it has a body."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield from _code(ast.Module([node], []), scope)
        return
    assert node.end_lineno is not None
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    last = node.end_lineno if not body else max(node.lineno, _first_line(body[0]) - 1)
    where = scope.where
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)) if not scope.is_late:
            where = (*where, name)
    inside = _Scope(where, (node.lineno, last), scope.is_late)
    if isinstance(node, ast.AnnAssign):
        if node.value is not None:
            yield node.value, inside
            yield from _code(node.value, inside)
        return
    yield node, inside
    yield from _code(node, inside)


def _first_line(node: ast.AST) -> int:
    return (
        node.lineno
        if isinstance(node, ast.stmt)
        else min(each.lineno for each in ast.walk(node) if isinstance(each, ast.expr | ast.pattern))
    )


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
        case ast.Expr(value=ast.Call() | ast.Await() | ast.YieldFrom() | ast.Yield()) | ast.AugAssign():
            yield "(0)"
        case _:
            return
