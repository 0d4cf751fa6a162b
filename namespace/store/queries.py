"""SQL lives in .sql files; code names it.

A class declares the statements it uses, `load` reads them out of a package's `sql/` folder, and any
disagreement between the two (a name that is missing, one that nobody uses, one without its comment) is an error
when the module is imported, not when the statement is first needed. This module parses no SQL.
"""

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Self

from namespace.store.errors import QueryFileError

_NAME = re.compile(r"^-- name: *(?P<name>.*?) *$", re.MULTILINE)


class Queries:
    """Named statements. Subclass it, declare each name as `name: str`, and call `load`.

    A file holds one statement after another, each headed by two lines::

        -- name: take_next
        -- The next job order of a place, locked until the transaction ends.
    """

    def __init__(self, statements: dict[str, str]) -> None:
        self.__dict__.update(statements)

    @classmethod
    def load(cls, package: str, file: str | None = None) -> Self:
        """Read the declared statements.

        Args:
            package: Package that has the folder `sql`, for example `services.work_order.adapters`.
            file: Read this file of it alone; otherwise all.

        Returns:
            An instance with a text for every declared name.

        Raises:
            QueryFileError: The files and the declaration do not agree; the message lists every difference.
        """
        where = f"{package}/sql/{file or '*.sql'}"
        texts = _read(package, file)
        if not texts:
            raise QueryFileError(f"{where} does not exist", "Create it, or correct the package's name.")
        statements: dict[str, str] = {}
        problems: list[str] = []
        for name, text in texts:
            for statement in _split(text):
                problems += [f"{name}: {problem}" for problem in statement.problems(statements)]
                statements[statement.name] = statement.text
        declared = {name for kind in cls.__mro__ for name in getattr(kind, "__annotations__", {})}
        problems += [f"no statement is named {name}" for name in sorted(declared - statements.keys())]
        problems += [f"{name} is not declared by {cls.__name__}" for name in sorted(statements.keys() - declared)]
        if problems:
            raise QueryFileError(f"{where}: {'; '.join(problems)}", "Make file and declaration agree.")
        return cls(statements)


@dataclass(frozen=True, slots=True)
class _Statement:
    name: str
    comment: str
    text: str

    def problems(self, known: dict[str, str]) -> list[str]:
        found = []
        if not self.name.isidentifier():
            found.append(f"{self.name!r} is no name")
        if self.name in known:
            found.append(f"{self.name} is there twice")
        if not self.comment:
            found.append(f"{self.name} needs a comment line below its name")
        if not self.text:
            found.append(f"{self.name} is empty")
        return found


def _read(package: str, file: str | None) -> list[tuple[str, str]]:
    try:
        folder = files(package) / "sql"
    except ModuleNotFoundError:
        return []
    if not folder.is_dir():
        return []
    return [
        (entry.name, entry.read_text(encoding="utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".sql") and file in {None, entry.name}
    ]


def _split(text: str) -> list[_Statement]:
    heads = list(_NAME.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    statements = []
    for head, end in zip(heads, ends, strict=True):
        first, _, rest = text[head.end() : end].strip().partition("\n")
        comment = first.removeprefix("--").strip() if first.startswith("--") else ""
        statements.append(_Statement(head["name"], comment, (rest if comment else first + rest).strip().rstrip(";")))
    return statements
