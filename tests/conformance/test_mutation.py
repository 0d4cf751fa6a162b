"""What the page of the mutation run says of survivors is about changes that can still be made."""

from __future__ import annotations

from tests.conformance.mutants import every_mutant
from tests.conformance.mutation import ROOT
from tests.conformance.survivors import EXPLAINED


def test_every_reason_explains_a_change_that_the_library_allows() -> None:
    possible = {(mutant.path.name, mutant.where, mutant.was, mutant.became) for mutant in every_mutant(ROOT)}

    assert EXPLAINED.keys() <= possible


def test_every_change_is_python_and_leaves_the_lines_where_they_were() -> None:
    for mutant in every_mutant(ROOT):
        source = mutant.path.read_text(encoding="utf-8")
        assert mutant.applied(source).count("\n") == source.count("\n"), mutant
