"""What the page of the mutation run says of survivors is about changes that can still be made."""

from __future__ import annotations

from tests.conformance.mutation import LIBRARY, ROOT, mutants
from tests.conformance.survivors import EXPLAINED


def test_every_reason_explains_a_change_that_the_library_allows() -> None:
    modules = sorted({module for module, _, _ in EXPLAINED})
    trials = [mutant.trial for module in modules for mutant in mutants(ROOT / LIBRARY / module)]
    possible = {(trial.module, trial.was, trial.became) for trial in trials}

    assert EXPLAINED.keys() <= possible
