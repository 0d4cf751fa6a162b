"""What `make bench` concludes from its figures: a benchmark that judges wrongly is worse than none."""

from __future__ import annotations

from pathlib import Path

import pytest

from namespace.sparkplug import HostSession, NodeState
from tests.benchmarks import corpus, report
from tests.benchmarks.consumers.measure import canonical, state_checksum
from tests.benchmarks.pacer import percentile
from tests.benchmarks.rounds import Calibration, Gate, Outcome, Row, Spread, against_goal, ratios, totals
from tests.benchmarks.run import Run
from tests.benchmarks.table import table


def row(ratio: float | None, gate: Gate | None = None, *, void: str = "", skipped: str = "") -> Row:
    spread = None if ratio is None else Spread.of([ratio])
    return Row("id", "what", ratio=spread, gate=gate, void=void, skipped=skipped)


def test_a_ratio_is_taken_within_each_round_so_that_a_slow_round_of_the_machine_does_not_count() -> None:
    ours, theirs = [10.0, 50.0, 11.0], [20.0, 100.0, 20.0]  # the whole second round was five times slower
    assert ratios(ours, theirs) == Spread(median=0.5, low=0.5, high=0.55, rounds=3)


def test_contestants_with_different_numbers_of_rounds_are_not_compared() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 1.0], [1.0])


@pytest.mark.parametrize(
    ("ratio", "gate", "outcome"),
    [
        (2.5, Gate(2.5), Outcome.PASS),
        (2.51, Gate(2.5), Outcome.FAIL),
        (0.15, Gate(0.15, at_least=True), Outcome.PASS),
        (0.14, Gate(0.15, at_least=True), Outcome.FAIL),
        (0.0, Gate(0.0), Outcome.PASS),
        (1.0, Gate(0.0), Outcome.FAIL),
        (7.0, None, Outcome.SHOWN),
    ],
)
def test_a_row_is_judged_by_its_median_ratio(ratio: float, gate: Gate | None, outcome: Outcome) -> None:
    assert row(ratio, gate).outcome is outcome


def test_what_was_not_measured_never_passes() -> None:
    assert row(None, Gate(1.0)).outcome is Outcome.SKIP
    assert row(0.1, Gate(1.0), skipped="no compiler").outcome is Outcome.SKIP


def test_a_void_row_of_ours_fails_however_fast_it_was() -> None:
    assert row(0.1, Gate(1.0), void="its state is not the one that was sent").outcome is Outcome.FAIL
    assert row(0.1, Gate(1.0), void="a wrong state", skipped="no peer").outcome is Outcome.FAIL


def test_a_short_run_eases_its_gates_in_the_right_direction() -> None:
    assert row(3.7, Gate(2.5)).eased(1.5).outcome is Outcome.PASS
    assert row(3.8, Gate(2.5)).eased(1.5).outcome is Outcome.FAIL
    assert row(0.11, Gate(0.15, at_least=True)).eased(1.5).outcome is Outcome.PASS
    assert row(0.09, Gate(0.15, at_least=True)).eased(1.5).outcome is Outcome.FAIL


def test_a_fixed_goal_makes_a_ratio_of_figure_to_goal() -> None:
    judged = against_goal("memory", "held", [30.0, 66.0, 45.0], "MB", 60.0)
    assert judged.ratio == Spread(0.75, 0.5, 1.1, 3)
    assert judged.outcome is Outcome.PASS
    assert against_goal("memory", "held", [], "MB", 60.0).outcome is Outcome.SKIP


def test_the_lines_for_machines_name_ratio_spread_gate_and_outcome() -> None:
    judged = Row("ingest-paho", "paho", ratio=Spread(0.31, 0.28, 0.35, 5), gate=Gate(0.4))
    assert judged.line() == "bench ingest-paho ratio=0.31 [0.28-0.35] gate=<=0.4 pass"
    assert row(None, Gate(2.5), skipped="no C compiler").line() == (
        "bench id ratio=none gate=<=2.5 skip (no C compiler)"
    )


def test_the_last_line_counts_only_what_was_judged() -> None:
    rows = [row(1.0, Gate(2.0)), row(3.0, Gate(2.0)), row(None, Gate(2.0)), row(1.0)]
    assert totals(rows) == "1 passed, 1 failed, 1 skipped"


def test_a_run_is_noisy_when_its_calibrator_drifts_by_more_than_a_quarter() -> None:
    assert not Calibration([1.0, 1.2, 0.8]).is_noisy
    assert Calibration([1.0, 1.3, 1.0]).is_noisy
    assert Calibration([1.0, 1.0, 0.7]).is_noisy


def test_the_99th_percentile_is_one_of_the_figures() -> None:
    assert percentile([float(number) for number in range(1000)], 0.99) == 990.0
    assert percentile([5.0], 0.99) == 5.0


def test_a_missed_goal_is_in_the_page_with_by_how_much() -> None:
    run = Run(calibration=Calibration([1.0]), rows=[row(5.0, Gate(2.5)), row(0.05, Gate(0.15, at_least=True))])
    text = report.page(run)
    assert "by a factor of 2.00" in text
    assert "by a factor of 3.00" in text
    assert "<= 2.5" in table(run)


def test_the_traffic_leads_a_host_to_the_state_that_the_generator_says(tmp_path: Path) -> None:
    traffic = corpus.load(tmp_path, messages=1_000)
    assert corpus.load(tmp_path, messages=1_000) == traffic
    host = HostSession()
    for packets in (traffic.births, traffic.first(1_000)):
        for topic, payload in corpus.messages(packets):
            host.receive(topic, payload, corpus.T0_MS)
    assert {host.state(node) for node in host.edge_nodes()} == {NodeState.ONLINE}
    state = [
        (f"{node.group_id}/{node.edge_node_id}/{device}", metric.name, canonical(metric.value, metric.timestamp))
        for node in host.edge_nodes()
        for device in host.devices(node)
        for metric in host.metrics(node, device)
    ]
    assert state_checksum(state) == traffic.checksums[1_000]
    assert state_checksum(state[:-1]) != traffic.checksums[1_000]
