"""SQL files and the names that code uses agree, or the module does not load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from namespace.store import Queries, QueryFileError

WritePackage = Callable[[dict[str, str]], str]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WritePackage:
    """Makes an importable package with the given files in `sql/`."""

    def write(sql: dict[str, str]) -> str:
        name = f"queries_{tmp_path.name}"
        folder = tmp_path / name
        (folder / "sql").mkdir(parents=True)
        (folder / "__init__.py").write_text("")
        for file, text in sql.items():
            (folder / "sql" / file).write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path))
        return name

    return write


class Two(Queries):
    first: str
    second: str


FIRST = "-- name: first\n-- The first.\nSELECT 1;\n\n"
SECOND = "-- name: second\n-- The second.\nSELECT 2\nFROM two;\n"


def test_statements_are_attributes_without_comment_and_semicolon(package: WritePackage) -> None:
    queries = Two.load(package({"a.sql": FIRST, "b.sql": SECOND}))
    assert queries.first == "SELECT 1"
    assert queries.second == "SELECT 2\nFROM two"


def test_one_file_can_be_loaded_alone(package: WritePackage) -> None:
    class One(Queries):
        second: str

    assert One.load(package({"a.sql": FIRST, "b.sql": SECOND}), "b.sql").second.startswith("SELECT 2")


def test_a_name_that_is_in_no_file_is_an_error_at_load(package: WritePackage) -> None:
    with pytest.raises(QueryFileError, match="no statement is named second"):
        Two.load(package({"a.sql": FIRST}))


def test_a_statement_that_nobody_declares_is_an_error_at_load(package: WritePackage) -> None:
    third = "-- name: third\n-- More.\nSELECT 3"
    with pytest.raises(QueryFileError, match="third is not declared by Two"):
        Two.load(package({"a.sql": FIRST + SECOND + third}))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("-- name: second\nSELECT 2", "second needs a comment line"),
        ("-- name: second\n-- The second.\n", "second is empty"),
        (SECOND + SECOND, "second is there twice"),
        ("-- name: 2nd\n-- The second.\nSELECT 2", "'2nd' is no name"),
    ],
)
def test_a_careless_file_is_refused_with_its_name(package: WritePackage, text: str, problem: str) -> None:
    with pytest.raises(QueryFileError, match=problem) as refused:
        Two.load(package({"a.sql": FIRST, "b.sql": text}))
    assert "b.sql" in str(refused.value)


def test_a_package_without_queries_is_refused() -> None:
    with pytest.raises(QueryFileError, match="does not exist"):
        Two.load("namespace.isa95")
    with pytest.raises(QueryFileError, match="does not exist"):
        Two.load("no.such.package")
