"""The reference page of the last long run against the truth, written by the run itself."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path

from tests.unit.oee.ground_truth import Outcome, Shift

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "oee_truth.md"


def page(outcomes: Sequence[Outcome], days: int, seed: int, took_s: float) -> str:
    """Return the report in Markdown."""
    return "\n".join(_lines(outcomes, days, seed, took_s)) + "\n"


def _lines(outcomes: Sequence[Outcome], days: int, seed: int, took_s: float) -> Iterator[str]:
    shifts = [shift for outcome in outcomes for shift in outcome.shifts]
    units = {shift.unit for shift in shifts}
    worst = max(shifts, key=lambda shift: shift.difference)
    yield "<!-- Written by the last long run of tests/unit/oee/test_ground_truth.py (`make soak`); do not edit. -->\n"
    yield "# OEE against the truth: the last long run\n"
    yield f"{len(units)} simulated work units over {days} days, told to `oee` as badly as plants tell: a tenth of all samples is up to"
    yield "twenty hours late, some come twice, edge nodes are away for minutes, 16-bit counters roll over. The simulator keeps book of what"
    yield "really happened; this page compares ([how OEE is computed](../explanations/oee.md)).\n"
    yield "| what | how much |"
    yield "| --- | --- |"
    yield f"| seed | {seed} |"
    yield f"| shifts of a unit | {len(shifts):,} |"
    yield f"| samples that arrived | {sum(outcome.samples for outcome in outcomes):,} |"
    yield f"| revisions of final windows | {sum(outcome.restated for outcome in outcomes):,} |"
    yield f"| greatest difference of OEE from the truth, of all units and shifts | {float(worst.difference):.6f} |"
    yield f"| mean difference | {float(_mean(shift.difference for shift in shifts)):.6f} |"
    yield f"| samples in memory for a unit at the end of a day, most | {_most(outcomes, len(units), days // 2, days)} |"
    yield f"| the same in the first half of the time | {_most(outcomes, len(units), 0, days // 2)} |"
    yield "\n## What a stop book leaves out\n"
    yield "The same shifts as they would be from stops that somebody writes down: those of five minutes and more, in whole five minutes."
    yield "Its OEE is availability x quality, for a book knows nothing of lost speed.\n"
    yield "| mean of all shifts | truth | `oee` | stop book |"
    yield "| --- | ---: | ---: | ---: |"
    yield _row("time as stops", *(1 - share for share in _availability(shifts)))
    yield _row("availability", *_availability(shifts))
    by_hand = _mean(shift.truth.logged_by_hand * shift.truth.quality for shift in shifts)
    yield _row("OEE", _mean(shift.truth.oee for shift in shifts), _mean(_oee(shift) for shift in shifts), by_hand)
    lost, logged = (1 - share for share in (_availability(shifts)[0], _availability(shifts)[2]))
    yield f"\nThe book has {float(logged / lost):.0%} of the time that was lost in stops."
    machine = f"{os.cpu_count()} processors, Python {platform.python_version()}, {platform.system()}"
    yield f"\nTook {took_s / 60:.0f} min on {machine}, uns-mes {version('uns-mes')}."


def _availability(shifts: Sequence[Shift]) -> tuple[Fraction, Fraction, Fraction]:
    return (
        _mean(shift.truth.availability for shift in shifts),
        _mean(shift.totals.availability.value or Fraction(0) for shift in shifts),
        _mean(shift.truth.logged_by_hand for shift in shifts),
    )


def _oee(shift: Shift) -> Fraction:
    return shift.totals.oee.value or Fraction(0)


def _mean(values: Iterator[Fraction]) -> Fraction:
    found = list(values)
    return sum(found, Fraction(0)) / len(found)


def _most(outcomes: Sequence[Outcome], units: int, first: int, end: int) -> str:
    kept = [samples for outcome in outcomes for samples, _ in outcome.kept[first:end]]
    return f"{max(kept) * len(outcomes) / units:,.0f}"


def _row(name: str, *shares: Fraction) -> str:
    return f"| {name} | {' | '.join(f'{float(share):.4f}' for share in shares)} |"
