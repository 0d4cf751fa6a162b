"""The reference page of the last long run, written by the run itself."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from namespace.testing.chaos.fault import FaultKind
from tests.chaos.outcome import Outcome, share_of

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "chaos.md"


def page(outcome: Outcome) -> str:
    """Return the report in Markdown."""
    return "\n".join(_lines(outcome)) + "\n"


def _lines(outcome: Outcome) -> Iterator[str]:
    yield "<!-- Written by the last long run of tests/chaos (`make soak`); do not edit. -->\n"
    yield "# Chaos: the last long run\n"
    yield "What it does and what it proves: [the explanation](../explanations/chaos.md). This page says what one run showed.\n"
    yield "| what | how much |"
    yield "| --- | --- |"
    yield f"| seed | {outcome.seed} |"
    yield f"| time under load | {outcome.took_s / 60:.1f} min |"
    yield f"| from the end of the work until everything had come to rest | {outcome.rested_s:.0f} s |"
    yield f"| commands answered | {outcome.commands:,} |"
    yield f"| events they left | {outcome.events:,} |"
    yield f"| events in all logs, with those that machines left | {outcome.logged:,} |"
    yield f"| readings that reached an edge buffer | {outcome.readings:,} |"
    yield f"| units that the meters counted, and `oee` | {outcome.units:,} |"
    yield f"| rounds of faults | {len(outcome.rounds):,} |"
    yield f"| faults | {outcome.faults.total():,} |"
    yield f"| connections ended by a proxy | {outcome.passed['cuts']:,} |"
    yield f"| messages lost by a proxy | {outcome.passed['dropped']:,} |"
    yield f"| messages said twice by a proxy | {outcome.passed['duplicated']:,} |"
    yield f"| differences from the truth | {len(outcome.problems):,} |"
    yield "\n## Recovery\n"
    yield "Seconds from the end of a round's last fault until a new command is answered, every service is ready, and every event"
    yield "said by then is applied by its followers. A round may hold faults of several kinds; it counts under each.\n"
    yield "| rounds with | faults | p50 | p95 | longest |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    yield _row("any fault", outcome.faults.total(), outcome.recoveries())
    for kind in FaultKind:
        if outcome.faults[kind]:
            yield _row(kind.value, outcome.faults[kind], outcome.recoveries(kind))
    machine = f"{os.cpu_count()} processors, Python {platform.python_version()}, {platform.system()}"
    yield f"\nMeasured on {machine}, uns-mes {version('uns-mes')}, with broker, database, services and the load on the same machine."


def _row(name: str, faults: int, found: list[float]) -> str:
    return f"| {name} | {faults} | {share_of(found, 0.5):.1f} s | {share_of(found, 0.95):.1f} s | {found[-1]:.1f} s |"
