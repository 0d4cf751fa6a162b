"""The gate: every statement of Sparkplug 3.0 is proven by a test, or is not for us to prove, and we say why."""

from __future__ import annotations

import pytest

from tests.conformance import page, proofs, statements
from tests.conformance.rules import Rule, Standing
from tests.conformance.traps import TRAPS

# What holds for the manifest itself proves no statement.
pytestmark = pytest.mark.manifest

FOUND = proofs.proofs()
PROVEN = proofs.by_statement(FOUND)


def test_the_manifest_holds_the_300_statements_and_no_other() -> None:
    assert len(statements.statements()) == statements.COUNT
    assert statements.digest() == statements.DIGEST


@pytest.mark.parametrize("rule", tuple(statements.rules()), ids=lambda rule: rule.ids[0])
def test_a_statement_has_a_test_or_a_reason(rule: Rule) -> None:
    unproven = [statement for statement in rule.ids if not PROVEN.get(statement)]
    if rule.standing is Standing.NOT_OURS:
        assert rule.reason
        assert unproven == list(rule.ids), "what is asked of others has no test of ours"
    else:
        assert not unproven, f"no test names {unproven}"
        assert bool(rule.reason) == (rule.standing is Standing.DIVERGENCE)


def test_a_test_names_statements_that_exist() -> None:
    known = statements.statements()
    unknown = {f"{proof.path}: {each}" for proof in FOUND for each in proof.statements if each not in known}
    assert not unknown


def test_every_test_of_this_folder_names_a_statement_or_a_mistake() -> None:
    about_ourselves = ("test_manifest", "test_mutation")
    own = [
        p for p in FOUND if p.path.startswith("conformance/") and not any(name in p.path for name in about_ourselves)
    ]
    assert own
    assert [proof.name for proof in own if not (proof.statements or proof.traps)] == []


@pytest.mark.parametrize("trap", TRAPS, ids=str)
def test_each_of_the_25_mistakes_has_a_test(trap: int) -> None:
    assert [proof.name for proof in FOUND if trap in proof.traps], TRAPS[trap]


def test_there_are_no_other_mistakes_in_the_list() -> None:
    assert {trap for proof in FOUND for trap in proof.traps} == set(TRAPS)


def test_the_reference_page_names_every_statement() -> None:
    text = page.page()
    assert [each for each in statements.statements() if f"`{each}`" not in text] == []
