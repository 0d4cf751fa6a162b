"""The loss ledger: all of the planned busy time and every unit, each in one place; reasons; lines; reliability."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from namespace.contracts.oee_kpis import KPIS
from namespace.isa95 import (
    AutomaticReason,
    EquipmentPath,
    LineRule,
    LossClass,
    Reason,
    ReasonTree,
    TimeElement,
    load_site,
)
from services.oee.application.places import totals_at
from services.oee.domain.evaluation import Evaluation
from services.oee.domain.figures import FIGURES, Basis
from services.oee.domain.kpi import Elements, Produced, ProductKey, Totals
from services.oee.domain.losses import NO_IDEAL_CYCLE, Ledger, ledger
from services.oee.domain.profile import UnitProfile
from services.oee.domain.sample import Channel, Classification, Sample
from tests.unit.oee.scenario import HOUR_S, defective, job, judged, ms, processed, signal, state

START = 6 * HOUR_S
TREE = ReasonTree(
    1,
    {
        reason.code: reason
        for reason in (
            Reason("DRV", "Drive", (), LossClass.FAILURE),
            Reason("JAM", "Jam", (), LossClass.IDLING),
            Reason("CHG", "Changeover", (), LossClass.SETUP, TimeElement.AUST),
            Reason("PM", "Planned maintenance", (), LossClass.FAILURE, TimeElement.PDOT, planned=True),
        )
    },
    (AutomaticReason("DRV", stop_reason=42), AutomaticReason("JAM", cause="held")),
)
PROFILE = UnitProfile(ideal_cycle_ms=Fraction(6000), microstop_threshold_ms=60_000, reasons=TREE)
HOUR: list[Sample] = [
    state(START, 6), job(START, "JO"), processed(START, 0), defective(START, 0),
    state(START + 600, 11), state(START + 620, 6),  # 20 s held: minor
    state(START + 1000, 9), signal(START + 1000, Channel.STOP_REASON, 42),  # 300 s failed
    signal(START + 1300, Channel.STOP_REASON, 0), state(START + 1300, 6),
    state(START + 2000, 5), signal(START + 2000, Channel.STARVED, 1), state(START + 2090, 6),  # 90 s starved
    processed(START + 3599, 480), defective(START + 3599, 10),
]  # fmt: skip


def ledger_of(found: Evaluation, profile: UnitProfile = PROFILE) -> Ledger:
    return ledger(found, profile.reasons, unknown_is_delay=profile.unknown_is_delay)


def word(start_s: float, end_s: float, reason: str | None, said: int = 1) -> Classification:
    return Classification(ms(START + start_s), ms(START + end_s), reason, "lead", said, str(said))


def test_every_second_and_every_unit_goes_to_good_production_or_to_one_loss() -> None:
    found = judged(PROFILE, HOUR, START, START + HOUR_S)
    entries = ledger_of(found).entries
    assert {key: (lost.time_ms, lost.units, lost.stops) for key, lost in entries.items()} == {
        (None, ""): (470 * 6000, 470, 0),
        (LossClass.DEFECTS, ""): (10 * 6000, 10, 0),
        (LossClass.IDLING, "JAM"): (20_000, 0, 1),
        (LossClass.FAILURE, "DRV"): (300_000, 0, 1),
        (LossClass.IDLING, "starved"): (90_000, 0, 1),
        (LossClass.SPEED, ""): (3_210_000 - 480 * 6000 - 20_000, 0, 0),
    }
    assert ledger_of(found).busy_ms == found.totals.elements.pbt == 3_600_000
    assert ledger_of(found).units == 480


def test_the_pareto_is_by_time_or_by_count() -> None:
    found = ledger_of(judged(PROFILE, [*HOUR, state(START + 2500, 11), state(START + 2510, 6)], START, START + HOUR_S))
    assert [key for key, _ in found.pareto()][:2] == [(LossClass.FAILURE, "DRV"), (LossClass.SPEED, "")]
    assert found.pareto(by_count=True)[0] == ((LossClass.IDLING, "JAM"), found.entries[LossClass.IDLING, "JAM"])


def test_without_an_ideal_cycle_production_cannot_be_told_from_lost_speed() -> None:
    profile = replace(PROFILE, ideal_cycle_ms=None)
    found = ledger_of(judged(profile, HOUR, START, START + HOUR_S), profile)
    assert found.entries[LossClass.UNKNOWN, NO_IDEAL_CYCLE].time_ms == 3_190_000
    assert (found.busy_ms, found.units, found.of(None).units) == (3_600_000, 480, 470)


def test_more_than_the_ideal_cycle_allows_is_a_speed_loss_below_zero() -> None:
    found = ledger_of(judged(replace(PROFILE, ideal_cycle_ms=Fraction(8000)), HOUR, START, START + HOUR_S))
    assert found.of(LossClass.SPEED).time_ms < 0
    assert found.busy_ms == 3_600_000


@pytest.mark.parametrize("reason", ["DRV", "JAM", "CHG"])
def test_what_a_stop_is_called_moves_loss_and_leaves_oee_alone(reason: str) -> None:
    plain = judged(PROFILE, HOUR, START, START + HOUR_S).totals
    called = judged(PROFILE, [*HOUR, word(0, 3600, reason)], START, START + HOUR_S)
    assert called.totals.oee == plain.oee
    assert {item.reason for item in called.log if item.is_stop} == {reason}
    assert called.totals.elements.aust == (410_000 if reason == "CHG" else 0)


def test_a_planned_reason_takes_the_stop_out_of_the_planned_busy_time() -> None:
    found = judged(PROFILE, [*HOUR, word(1000, 1300, "PM")], START, START + HOUR_S)
    assert (found.totals.elements.pdot, found.totals.elements.pbt) == (300_000, 3_300_000)
    assert ledger_of(found).busy_ms == 3_300_000


def test_the_later_word_holds_and_a_withdrawn_one_gives_the_stop_back() -> None:
    words = [word(1000, 1300, "JAM", 1), word(1100, 1200, "CHG", 2), word(1250, 1300, None, 3)]
    found = judged(PROFILE, [*HOUR, *reversed(words)], START, START + HOUR_S)
    stop = [item for item in found.log if ms(START + 1000) <= item.start_ms < ms(START + 1300)]
    assert [(item.reason, item.length_ms) for item in stop] == [
        ("JAM", 100_000), ("CHG", 100_000), ("JAM", 50_000), ("DRV", 50_000),
    ]  # fmt: skip


def test_production_and_time_without_data_have_no_reason() -> None:
    samples = [*HOUR, signal(START + 3000, Channel.ONLINE, 0), word(0, 3600, "JAM")]
    found = judged(PROFILE, samples, START, START + HOUR_S)
    assert all(item.reason is None for item in found.log if item.element is TimeElement.UNKNOWN or item.cause is None)


def test_every_figure_of_the_contract_is_computed_or_says_why_not() -> None:
    assert [kpi.number for kpi in KPIS if kpi.number] == list(range(1, 35))
    assert {kpi.id for kpi in KPIS if not kpi.missing} == set(FIGURES)
    assert len({kpi.id for kpi in KPIS}) == len(KPIS)


def test_figures_of_one_order_come_out_as_in_the_full_example_of_the_standard() -> None:
    """PRI 30 s, PQ 640, GQ 608, SQ 20, RQ 12; AOET 26,100 s with 600 s transport and 1,200 s queue."""
    elements = Elements(apt=21_000_000, aust=1_800_000, adet=1_500_000, adot=2_700_000, pdot=1_800_000)
    totals = Totals(elements, ((ProductKey("JO", None, Fraction(30_000)), Produced(640, 20, 12)),))
    basis = Basis(totals, execution_ms=26_100_000)
    expected = {
        "allocation_ratio": Fraction(27, 29),
        "throughput_rate": Fraction(2560, 29),
        "production_process_ratio": Fraction(70, 87),
        "scrap_ratio": Fraction(1, 32),
    }
    assert {name: FIGURES[name](basis).value for name in expected} == expected


def test_mean_times_are_given_with_the_divisor_of_the_standard_and_the_usual_one() -> None:
    """Operating times 100, 150, 50, 200 h, restorations 2, 4, 3 h, three failures."""
    hours = 3_600_000
    basis = Basis(Totals(Elements(apt=500 * hours)), failures=3, repair_ms=9 * hours)
    assert FIGURES["mtbf"](basis).value == 125
    assert FIGURES["mtbf_per_failure"](basis).value == Fraction(500, 3)
    assert FIGURES["mttr"](basis).value == Fraction(9, 4)
    assert FIGURES["mttr_per_failure"](basis).value == 3
    assert FIGURES["mttr_per_failure"](Basis(Totals(), failures=0)).value is None


SITE = """
version: 1
enterprise: Acme
site: {name: Dallas, time_zone: UTC}
areas:
  Packaging:
    work_centers:
      Line1:
        output_unit: Packer
        oee_rule: RULE
        work_units: {Filler: {ideal_cycle_s: 2}, Capper: {ideal_cycle_s: 3}, Packer: {ideal_cycle_s: 1}}
"""


@pytest.mark.parametrize(
    ("rule", "pq", "sq", "apt"),
    [(LineRule.PARALLEL, 270, 18, 6000), (LineRule.SERIAL, 95, 18, 3000), (LineRule.BOTTLENECK, 90, 8, 2000)],
)
def test_how_a_lines_figures_follow_from_its_units_is_a_setting(rule: LineRule, pq: int, sq: int, apt: int) -> None:
    """Filler made 100 and scrapped 10, Capper 90 and 5, Packer 80 and 3; they ran 1, 2 and 3 s."""
    site = load_site(SITE.replace("RULE", rule.value))
    line = EquipmentPath.parse("Acme/Dallas/Packaging/Line1")
    made = {"Filler": (100, 10, 1000), "Capper": (90, 5, 2000), "Packer": (80, 3, 3000)}
    by_unit = {
        line.child(name): Totals(
            Elements(apt=apt_ms), ((ProductKey("JO", None, Fraction(1000)), Produced(units, scrap)),)
        )
        for name, (units, scrap, apt_ms) in made.items()
    }
    totals = totals_at(line, by_unit, site)
    assert (totals.produced.pq, totals.produced.sq, totals.elements.apt) == (pq, sq, apt)
    assert totals_at(site.path, by_unit, site) == totals
