"""The table of a run, for people."""

from __future__ import annotations

from tests.benchmarks.rounds import Row, Spread
from tests.benchmarks.run import Run

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
    figures = ", ".join(f"{figure:.2f}" for figure in run.calibration.figures)
    verdict = "NOISY: trust the ratios only" if run.calibration.is_noisy else "steady"
    return f"calibrator {figures} us a message, drift {run.calibration.drift:.0%}: {verdict}"


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
    return f"{'>=' if row.gate.at_least else '<='} {row.gate.limit:.3g} x {row.against}".rstrip(" x")


def _cells(row: Row) -> tuple[str, ...]:
    reason = row.void or row.skipped
    outcome = f"{row.outcome}: {reason}" if reason else str(row.outcome)
    return row.id, row.what, spread(row.figure, row.unit), spread(row.ratio), goal(row), outcome
