"""`make bench`: every benchmark, one table, one line for each row, and the counts."""

from __future__ import annotations

import argparse
import sys

from tests.benchmarks import ingest
from tests.benchmarks.rounds import Outcome, Row, totals
from tests.benchmarks.run import Run
from tests.benchmarks.table import table

SECTIONS = {"ingest": ingest.measured}
QUICK = ("ingest",)


def main() -> int:
    """Run what is asked for; return 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a subset within 90 s, gates eased by half")
    parser.add_argument("--only", default="", help=f"comma-separated parts: {', '.join(SECTIONS)}")
    chosen = parser.parse_args()
    run = Run(is_quick=chosen.quick)
    names = [name for name in chosen.only.split(",") if name] or list(QUICK if chosen.quick else SECTIONS)
    ingest.calibrate(run)
    rows: list[Row] = []
    for number, name in enumerate(names):
        rows += SECTIONS[name](run)
        if number == len(names) // 2:
            ingest.calibrate(run)
    ingest.calibrate(run)
    run.rows = [row.eased(1.5) for row in rows] if run.is_quick else rows
    print(table(run))
    for row in run.rows:
        if row.outcome is not Outcome.SHOWN:
            print(row.line())
    print(totals(run.rows))
    return int(any(row.outcome is Outcome.FAIL for row in run.rows))


if __name__ == "__main__":
    sys.exit(main())
