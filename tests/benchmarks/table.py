"""The table of a run, for people."""

from __future__ import annotations

from tests.benchmarks.rounds import Row, Spread
from tests.benchmarks.run import Run

BUSY = 1.3
"""Where wall time is stretched by more than this, others use the machine."""
_HEAD = ("id", "what", "figure", "ratio", "goal", "outcome")


def table(run: Run) -> str:
    """Return all rows, aligned, and how steady the machine was."""
    cells = [_HEAD, *(_cells(row) for row in run.rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*lines, calibration(run)])


def calibration(run: Run) -> str:
    """Say whether the machine was steady."""
    measured = run.calibration
    figures = ", ".join(f"{figure:.2f}" for figure in measured.figures)
    verdict = "NOISY: trust the ratios only" if measured.is_noisy else "steady"
    text = f"calibrator {figures} us a message, drift {measured.drift:.0%}: {verdict}"
    if measured.stretch > BUSY:
        text += f"; others use this machine: wall time is {measured.stretch:.1f} x CPU time where nothing waits"
    return text


def spread(figures: Spread | None, unit: str = "") -> str:
    """Return median and range."""
    if figures is None:
        return "-"
    text = f"{number(figures.median)}{' ' if unit else ''}{unit}"
    return text if figures.rounds == 1 else f"{text} ({number(figures.low)}-{number(figures.high)})"


def number(figure: float) -> str:
    """Return a figure with three digits that count."""
    if figure >= 10_000:
        return f"{figure:,.0f}"
    return f"{figure:.0f}" if figure >= 100 else f"{figure:.3g}"


def goal(row: Row) -> str:
    """Return what the ratio must keep to, and against what."""
    if row.gate is None:
        return row.against or "-"
    if not row.gate.limit:
        return "0"
    limit = f"{'>=' if row.gate.at_least else '<='} {row.gate.limit:.3g}"
    return f"{limit} x {row.against}" if row.against else limit


def _cells(row: Row) -> tuple[str, ...]:
    reason = row.void or row.skipped
    outcome = f"{row.outcome}: {reason}" if reason else str(row.outcome)
    return row.id, row.what, spread(row.figure, row.unit), spread(row.ratio), goal(row), outcome
