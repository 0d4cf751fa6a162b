"""Writes docs/reference/conformance.md, or compares it: `python -m tests.conformance.page [--check]`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.conformance import proofs, statements
from tests.conformance.rules import UNNUMBERED, Rule, Standing
from tests.conformance.traps import TRAPS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "conformance.md"


def page() -> str:
    """Return the page in Markdown."""
    found = proofs.proofs()
    proven = proofs.by_statement(found)
    lines = [*_opening(found)]
    for chapter in statements.CHAPTERS:
        lines += ["", f"## {chapter.title}"]
        for rule in chapter.rules:
            lines += ["", *_rule(rule, proven)]
    lines += ["", "## Twenty-five mistakes that are easily made", ""]
    for number, mistake in TRAPS.items():
        tests = [_link(proof) for proof in found if number in proof.traps]
        lines += [f"{number}. {mistake[0].upper()}{mistake[1:]}. Shown by {'; '.join(tests)}"]
    return "\n".join(lines) + "\n"


def _opening(found: list[proofs.Proof]) -> Iterator[str]:
    standing = Counter(rules[0].standing for rules in statements.statements().values())
    tests = len({(proof.path, proof.name) for proof in found if proof.statements})
    yield "<!-- Generated from the tests by `make generate`; do not edit. -->"
    yield ""
    yield "# Conformance"
    yield ""
    tested, diverged, others = (standing[each] for each in Standing)
    yield f"Checked against the {statements.COUNT} normative statements of Sparkplug 3.0: 299 with an id, which stands here without"
    yield f"`tck-id-`, and one without. {tested} are proven by tests, {tests} in all; from {diverged} we diverge, for the reason given;"
    yield f"{others} are asked of MQTT servers. What a rule asks is put in our own words; the exact ones are in the specification."
    yield "`make test` fails when a statement has no test, or a test names a statement that does not exist."


def _rule(rule: Rule, proven: Mapping[str, list[proofs.Proof]]) -> Iterator[str]:
    yield f"### {rule.text}"
    yield ""
    yield ", ".join(f"`{each}`" if each != UNNUMBERED else f"`{each}` (our name for it)" for each in rule.ids)
    if rule.standing is not Standing.TESTED:
        yield ""
        yield f"*{rule.standing.value.capitalize()}*: {rule.reason.rstrip('.')}."
    tests = {proof: None for statement in rule.ids for proof in proven.get(statement, [])}
    if tests:
        yield ""
        yield from (f"- {_link(proof)}" for proof in tests)


def _link(proof: proofs.Proof) -> str:
    return f"[{proof.sentence}](../../tests/{proof.path})"


def main(arguments: list[str]) -> int:
    """Write or compare; return the exit code."""
    text = page()
    if "--check" not in arguments:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write("docs/reference/conformance.md out of date: make generate\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
