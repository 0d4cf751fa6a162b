"""The reference page of a full run: every goal, what was measured, by how much a goal is missed, and where the time goes."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from tests.benchmarks.environments import PEERS, ROOT
from tests.benchmarks.rounds import Outcome, Row
from tests.benchmarks.run import Run
from tests.benchmarks.table import BUSY, calibration, goal, spread

PAGE = ROOT / "docs" / "reference" / "performance.md"
_HEAD = """\
# Performance

Written by `make bench` (tests/benchmarks); do not edit. The figures are of one run: {when}, {machine}, Python {python}, commit {commit}.
{steadiness}.

How it is measured: every consumer gets the same bytes, a seeded Sparkplug B stream of DDATA with ten metrics by alias (20 edge nodes,
5 devices each, 50 metrics a device, about 256 bytes on the wire), from a stand-in broker that pours as fast as it is read. Contestants
take turns (A B C, A B C, ...), a ratio is taken within each round, and what is judged is the median of these; in brackets the least and the
most. CPU is user and system time from the first data message to the last. A consumer whose state at the end is not the one that was sent
is void. A peer that is not there is skipped, never passed. A ratio against a fixed goal is figure divided by goal.

"""
_WALL = {"ms", "s", "rows/s"}
_NEXT = {
    "ingest": "With the compiled steps a third is the walk over the bytes, a fifth the journal's columns, the rest loop and objects. "
    "In plain Python two loops over the metrics of a message are left, the host session's and the recorder's; they cannot become as "
    "cheap as these goals ask (decision record 13). The counter in C is no fixed measure: where system calls are cheap it is fast.",
    "latency": "It follows from ingest: at these rates broker, sender and host share two cores. Then a rest between reads of the socket.",
    "storm": "A birth builds its tables anew although only values differ from the birth before: keep what the same definitions lead to.",
    "memory": "In namespace_state an entry, its address and its topic are objects apiece, 320 bytes; another 20 MB are left from the "
    "queue of first values. Most topics could be made when they are needed.",
    "history": "Two thirds of the server's work are the unique index, without which COPY is measured; partitions of an hour, indexed "
    "when they are over, would be next (decision record 10).",
    "chain": "What the database does for a row comes first, see history; then the host's share, see ingest.",
    "ready": "Most of it is imports: look at what a service loads before it can say that it is ready.",
    "site": "It is the sum of database, broker and imports; services start at once and share the cores.",
    "all-in-one": "It is the start of database and broker and one round of imports.",
    "restart": "Whoever comes back learns from those who stayed: encoding and decoding the births of all nodes is most of it. They could "
    "be handed on as the bytes in which they came.",
}
"""What would be done about a goal that is missed, by the first word of the row's id."""
_TABLE = "| id | what | figure | ratio | goal | outcome |\n|---|---|---|---|---|---|\n"


def write(run: Run) -> None:
    """Write the page."""
    PAGE.write_text(page(run), encoding="utf-8")


def page(run: Run) -> str:
    """Return the page of a run."""
    head = _HEAD.format(
        when=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        machine=f"{os.cpu_count()} cores, {_system()}",
        python=platform.python_version(),
        commit=run.commit or commit(),
        steadiness=calibration(run)[:1].upper() + calibration(run)[1:],
    )
    parts = [head, "## Goals\n\n", _TABLE, *(_line(row) for row in run.rows)]
    parts += ["\n## Remarks\n\n", *(f"- `{row.id}`: {row.note}.\n" for row in run.rows if row.note)]
    parts += ["\n## What is missed\n\n", *_missed(run), *_next(run)]
    if run.profiles:
        parts.append(
            "\n## Where the time goes\n\nBy function, itself without what it calls; under the profiler, so only shares count.\n"
        )
        parts += [f"\n### {identity}\n\n```text\n{text}\n```\n" for identity, text in run.profiles.items()]
    parts += ["\n## Versions\n\n", *(f"- {line}\n" for line in _versions())]
    return "".join(parts)


def _line(row: Row) -> str:
    reason = row.void or row.skipped
    outcome = f"{row.outcome}: {reason}" if reason else str(row.outcome)
    cells = (f"`{row.id}`", row.what, spread(row.figure, row.unit), spread(row.ratio), goal(row), outcome)
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |\n"


def _missed(run: Run) -> list[str]:
    missed = [row for row in run.rows if row.outcome is Outcome.FAIL]
    if not missed:
        return ["Nothing.\n"]
    return [f"- `{row.id}`: {_by(row)}{_stretched(row, run)}.\n" for row in missed]


def _stretched(row: Row, run: Run) -> str:
    """Say where a wall time says more about the machine's other work than about ours."""
    is_doubtful = row.unit in _WALL and run.calibration.stretch > BUSY
    return (
        f", as wall time on a machine where a program waits {run.calibration.stretch:.1f} x its CPU time"
        if is_doubtful
        else ""
    )


def _next(run: Run) -> list[str]:
    missed = [row.id for row in run.rows if row.outcome is Outcome.FAIL]
    told = [f"- {part}: {text}\n" for part, text in _NEXT.items() if any(each.startswith(part) for each in missed)]
    return ["\n## What would be next\n\n", *told] if told else []


def _by(row: Row) -> str:
    if row.void:
        return f"no valid figure ({row.void})"
    assert row.ratio is not None
    assert row.gate is not None
    if not row.gate.limit:
        return f"{row.ratio.median:g}, not {row.gate.limit:g}"
    factor = row.gate.limit / row.ratio.median if row.gate.at_least else row.ratio.median / row.gate.limit
    return f"by a factor of {factor:.2f}"


def _system() -> str:
    try:
        fields = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
        return f"{fields['NAME'].strip(chr(34)).split()[0]} {fields['VERSION_ID'].strip(chr(34))}"
    except (OSError, KeyError):
        return platform.system()


def commit() -> str:
    """Return which state of the sources is measured."""
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or "unknown"


def _versions() -> list[str]:
    ours = ", ".join(f"{name} {metadata.version(name)}" for name in ("protobuf", "asyncpg", "paho-mqtt", "aiomqtt"))
    lines = [f"ours: {ours}; {'uvloop ' + metadata.version('uvloop') if _has('uvloop') else 'no uvloop'}"]
    for lock in sorted(PEERS.glob("*.txt")):
        pins = [line.split(" ")[0] for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line]
        lines.append(
            f"peer {lock.stem}: {', '.join(pins).replace('==', ' ')} (licences: tests/benchmarks/peers/README.md)"
        )
    lines.append("peer node: mqtt and sparkplug-payload as in tests/benchmarks/peers/package-lock.json")
    return lines


def _has(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
