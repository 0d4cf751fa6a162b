"""Writes docs/reference/mutation.md from what a mutation run found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.survivors import reason

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "mutation.md"


@dataclass(frozen=True, slots=True)
class Trial:
    """A change that was tried.

    Attributes:
        module: Its file name in `namespace/sparkplug`.
        where: Class and function, or the name that is set.
        line: Where, from 1.
        was: What stands there.
        became: What stood there instead.
        survives: Whether no test noticed.
    """

    module: str
    where: str
    line: int
    was: str
    became: str
    survives: bool

    @property
    def reason(self) -> str | None:
        """Why no test can notice; None when that is not known, and a test is missing."""
        return reason(self.module, self.where, self.was, self.became)


def page(trials: Sequence[Trial], possible: Mapping[str, int], *, seed: int, seconds: float) -> str:
    """Return the page in Markdown.

    Args:
        trials: What was tried.
        possible: How many changes each module allows.
        seed: Of the order in which they were tried.
        seconds: How long the run was allowed to take.
    """
    survivors = [trial for trial in trials if trial.survives]
    noticed = len(trials) - len(survivors)
    explained = sum(trial.reason is not None for trial in survivors)
    lines = [
        "<!-- Written by `python -m tests.conformance.mutation`; do not edit. -->",
        "",
        "# Mutation run",
        "",
        "How much the tests of the Sparkplug codec and of the two sessions, edge node and host application, would notice: each mutant is",
        "the library with one comparison, number, truth, condition or sign changed, or one step left out, and the tests that come by its",
        "lines run on it until one fails. Modules of names alone are left out, and those of store and forward, which has other tests.",
        "",
        f"Seed {seed}, {seconds:g} s: **{len(trials)} of {sum(possible.values())} mutants tried, {noticed} noticed,",
        f"{len(survivors)} survive**, {explained} of them for a reason that is given below.",
        "",
        f"    .venv/bin/python -m tests.conformance.mutation --seed {seed}",
        "",
        "tries the same ones in the same order; `--seconds` bounds the time, and then another seed tries others.",
        "",
        *_by_module(trials, possible),
        "",
        "## Survivors",
        "",
    ]
    lines += [line for trial in survivors for line in _survivor(trial)] or ["None."]
    return "\n".join(lines).rstrip() + "\n"


def _by_module(trials: Iterable[Trial], possible: Mapping[str, int]) -> Iterator[str]:
    tried, alive = Counter[str](), Counter[str]()
    for trial in trials:
        tried[trial.module] += 1
        alive[trial.module] += trial.survives
    yield "| module | mutants | tried | noticed | survive |"
    yield "|---|---:|---:|---:|---:|"
    for module, count in sorted(possible.items()):
        noticed = tried[module] - alive[module]
        yield f"| `{module}` | {count} | {tried[module]} | {noticed} | {alive[module]} |"


def _survivor(trial: Trial) -> Iterator[str]:
    where = f", `{trial.where}`" if trial.where else ""
    yield f"- `{trial.module}`, line {trial.line}{where}: `{_on_one_line(trial.was)}` became `{_on_one_line(trial.became)}`."
    yield f"  {trial.reason or '**Not explained: a test is missing.**'}"


def _on_one_line(code: str) -> str:
    return " ".join(code.split()).replace("`", "'")
