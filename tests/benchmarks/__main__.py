"""`make bench`: every benchmark, one table, one line for each row, and the counts."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping

from tests.benchmarks import (
    chain,
    event_log,
    history,
    ingest,
    job_orders,
    latency,
    oee,
    report,
    restarts,
    services_alone,
    site,
    storm,
)
from tests.benchmarks.rounds import Outcome, Row, totals
from tests.benchmarks.run import Run
from tests.benchmarks.table import table

SECTIONS: Mapping[str, Callable[[Run], list[Row]]] = {
    "ingest": ingest.measured,
    "latency": latency.measured,
    "storm": storm.measured,
    "restarts": restarts.measured,
    "history": history.measured,
    "chain": chain.measured,
    "event-log": event_log.measured,
    "job-orders": job_orders.measured,
    "oee": oee.measured,
    "services": services_alone.measured,
    "site": site.measured,
}
QUICK = ("ingest", "latency", "storm", "history")


def main() -> int:
    """Run what is asked for; return 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a subset within 90 s, gates eased by half")
    parser.add_argument("--only", default="", help=f"comma-separated parts: {', '.join(SECTIONS)}")
    chosen = parser.parse_args()
    names = [name for name in chosen.only.split(",") if name] or list(QUICK if chosen.quick else SECTIONS)
    if unknown := set(names) - set(SECTIONS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; parts are {', '.join(SECTIONS)}")
    run = Run(is_quick=chosen.quick, commit=report.commit())
    began = time.monotonic()
    ingest.calibrate(run)
    for number, name in enumerate(names):
        run.rows += [run.judged(row) for row in SECTIONS[name](run)]
        if number == len(names) // 2:
            ingest.calibrate(run)
    ingest.calibrate(run)
    run.seconds = time.monotonic() - began
    print(table(run))
    for identity, text in run.profiles.items():
        print(f"\nwhere the time goes ({identity}):\n{text}")
    if names == list(SECTIONS) and not run.is_quick:
        report.write(run)
    print()
    for row in run.rows:
        if row.outcome is not Outcome.SHOWN:
            print(row.line())
    print(totals(run.rows))
    return int(any(row.outcome is Outcome.FAIL for row in run.rows))


if __name__ == "__main__":
    sys.exit(main())
