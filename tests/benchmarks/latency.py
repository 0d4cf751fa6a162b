"""Time from publish to state at a steady rate, through a broker with its own defaults: the i-th message sent against the i-th taken in."""

from __future__ import annotations

import tempfile
from array import array
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import corpus
from tests.benchmarks.brokers import NoBroker, default_broker
from tests.benchmarks.contestants import CALIBRATOR, Broken, Measured, ours, report_of
from tests.benchmarks.environments import CACHE
from tests.benchmarks.pacer import paced_traffic, percentile
from tests.benchmarks.rounds import Gate, Row, Spread, against_goal
from tests.benchmarks.run import Run
from tests.benchmarks.table import spread

_GOALS_MS = {1_000: 5.0, 10_000: 10.0, 20_000: 20.0}
_QUICK = (10_000,)
_SECONDS = 2.0
_WARM_UP = 0.1
"""This share of the messages comes first and is not judged."""


@dataclass(frozen=True, slots=True)
class _One:
    p50_ms: float
    p99_ms: float
    measured: Measured


def measured(run: Run) -> list[Row]:
    """Return a row for each rate, and the floor that a mere counter reaches beside it."""
    rows = []
    for rate, goal_ms in _GOALS_MS.items():
        if not run.is_quick or rate in _QUICK:
            rows += _at(run, rate, goal_ms)
    return rows


def _at(run: Run, rate: int, goal_ms: float) -> list[Row]:
    identity, what = f"latency-{rate // 1000}k", f"p99 publish to state at {rate:,} messages/s, default broker"
    own: list[_One] = []
    floor: list[_One] = []
    try:
        for number in range(run.few_rounds):
            run.say(f"latency at {rate} messages/s, round {number + 1} of {run.few_rounds}")
            own.append(_one(ours("own_latency"), rate, is_ours=True))
            floor.append(_one([str(part) for part in CALIBRATOR.command()], rate, is_ours=False))
    except NoBroker as reason:
        return [Row(identity, what, skipped=str(reason), gate=Gate(1.0))]
    except Broken as reason:
        return [Row(identity, what, void=str(reason), gate=Gate(1.0))]
    note = (
        f"p50 {spread(Spread.of([one.p50_ms for one in own]))} ms, {own[-1].measured.cpu_us:.0f} us CPU/message; "
        f"a mere counter: p99 {spread(Spread.of([one.p99_ms for one in floor]))} ms"
    )
    return [against_goal(identity, what, [one.p99_ms for one in own], "ms", goal_ms, note=note)]


def _one(command: tuple[str, ...] | list[str], rate: int, *, is_ours: bool) -> _One:
    messages = int(rate * _SECONDS)
    traffic = corpus.load(CACHE, messages=messages)
    with default_broker() as broker, tempfile.NamedTemporaryFile(prefix="uns-bench-") as file:
        thread, sent = paced_traffic(broker.port, traffic, messages, rate)
        found = report_of([*command, str(broker.port), str(messages), file.name])
        thread.join(10)
        received: array[int] = array("q")
        received.frombytes(Path(file.name).read_bytes())
    if len(received) != messages or len(sent[0]) != messages:
        raise Broken(f"{len(received)} of {messages} messages arrived")
    if is_ours and messages in traffic.checksums and found.checksum != traffic.checksums[messages]:
        raise Broken("the state is not the one that was sent")
    waited = [(to - at) / 1e6 for at, to in zip(sent[0], received, strict=True)][int(_WARM_UP * messages) :]
    return _One(percentile(waited, 0.5), percentile(waited, 0.99), found)
