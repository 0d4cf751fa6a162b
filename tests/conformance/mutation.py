"""Breaks the Sparkplug library in small ways and asks the tests to notice: `python -m tests.conformance.mutation --seed 1`.

A test that fails when nothing is broken is found quickly; one that passes when something is broken is found by breaking it. Each mutant
is one change to a copy of the library (`mutants`); a survivor is a change that no test noticed, and is either a missing test or a change
without a meaning. It takes no part in `make test`: it is for whoever changes the codec or the sessions. What it finds becomes
docs/reference/mutation.md; `--again` tries the survivors of the last run once more, after tests were added.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings

from tests.conformance.mutants import Mutant, every_mutant
from tests.conformance.mutation_page import PAGE, Trial, page
from tests.conformance.trials import PROFILE, Trials, options

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / ".cache" / "mutation.json"


def trial_of(mutant: Mutant, *, survives: bool) -> Trial:
    """Return what the page says of a change that was tried."""
    return Trial(mutant.path.name, mutant.where, mutant.line, mutant.was, mutant.became, survives)


def main() -> int:
    """Run for a while, list the survivors and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=7_200.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", help="modules by name, with commas between; writes no page")
    parser.add_argument("--again", action="store_true", help="only the survivors of the last run that nothing explains")
    asked = parser.parse_args()
    known: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8")) if asked.again else {"trials": []}
    seed = known.get("seed", asked.seed)
    before = [Trial(**each) for each in known["trials"]]
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        root = copied(Path(folder))
        found = every_mutant(root)
        possible = Counter(mutant.path.name for mutant in found)
        random.Random(seed).shuffle(found)
        if asked.only:
            found = [mutant for mutant in found if mutant.path.name.removesuffix(".py") in asked.only.split(",")]
        if asked.again:
            alive = {replace(trial, line=0) for trial in before if trial.survives and trial.reason is None}
            found = [mutant for mutant in found if replace(trial_of(mutant, survives=True), line=0) in alive]
        tried = run(root, found, until_s=started + asked.seconds, jobs=asked.jobs)
    again = {replace(trial, line=0, survives=True) for trial in tried}
    trials = [trial for trial in before if replace(trial, line=0, survives=True) not in again] + tried
    seconds = known.get("seconds", 0) + round(time.monotonic() - started)
    if not asked.only:
        RECORD.parent.mkdir(exist_ok=True)
        record = {"seed": seed, "seconds": seconds, "trials": [asdict(each) for each in trials]}
        RECORD.write_text(json.dumps(record), encoding="utf-8")
        PAGE.write_text(page(trials, possible, seed=seed, seconds=seconds), encoding="utf-8")
    left = sum(trial.survives for trial in trials)
    sys.stdout.write(f"{len(trials)} mutants tried, {len(trials) - left} noticed, {left} survive, in {seconds} s\n")
    return 0


def copied(folder: Path) -> Path:
    """Copy library and tests, so that whoever works on them meanwhile disturbs nothing; return the root of the copy."""
    for name in ("namespace", "tests", "pyproject.toml"):
        whole = ROOT / name
        shutil.copytree(whole, folder / name) if whole.is_dir() else shutil.copy(whole, folder / name)
    return folder


def run(root: Path, wanted: list[Mutant], *, until_s: float, jobs: int) -> list[Trial]:
    """Try changes and tell of each that survives; return what came of them."""
    tried: list[Trial] = []

    def done(mutant: Mutant, survives: bool) -> None:
        trial = trial_of(mutant, survives=survives)
        tried.append(trial)
        if survives:
            reason = "" if trial.reason is None else " (explained)"
            sys.stdout.write(
                f"{len(tried)}: {trial.module}:{trial.line} {trial.where}: {trial.was!r} -> {trial.became!r}{reason}\n"
            )
            sys.stdout.flush()

    settings.register_profile(
        PROFILE, settings.get_profile("ci"), phases=(Phase.explicit, Phase.reuse, Phase.generate), deadline=None
    )
    os.chdir(root)
    sys.path.insert(0, str(root))
    sys.dont_write_bytecode = True
    assert "namespace.sparkplug" not in sys.modules, "the copy is what is to be imported"
    pytest.main(options(), plugins=[Trials(root, wanted, until_s=until_s, jobs=jobs, done=done)])
    return tried


if __name__ == "__main__":
    sys.exit(main())
