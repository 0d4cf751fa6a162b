"""A batch reactor: what a batch looks like, what goes wrong in one, and what is told of it."""

from pathlib import Path

import pytest

from namespace.isa95 import load_site
from services.simulator.adapters.reactor_devices import reactor_devices
from services.simulator.application.ground_truth import ground_truth
from services.simulator.domain.reactor import REACTOR_4, BatchReactor
from services.simulator.domain.reactor.mishaps import Fate, Mishap, Trouble
from services.simulator.domain.reactor.profile import ReactorProfile
from services.simulator.domain.reactor.recipe import Phase
from services.simulator.domain.reactor.tags import TEMPERATURE
from services.simulator.domain.reactor.vessel import Flows, Vessel
from services.simulator.domain.truth import Cause

ACME = Path(__file__).parents[3] / "deploy" / "site" / "acme-dallas.yaml"
MINUTE_MS = 60_000


def reactor(*troubles: Trouble, assay: float = 0.99, restarts: bool = True) -> BatchReactor:
    """A reactor whose first batch has just these troubles."""
    unit = BatchReactor(REACTOR_4, seed=1, start_ms=0)
    unit.fate = Fate(0, troubles, 1.0, assay, restarts, wait_s=60, reaction_s=60)
    return unit


def first_batch(unit: BatchReactor) -> BatchReactor:
    """Let time pass until its first batch is over."""
    while not unit.batches or unit.batches[0].ended_ms is None:
        unit.advance(unit.now_ms + MINUTE_MS)
        assert unit.now_ms < 400 * MINUTE_MS
    return unit


def test_a_batch_without_trouble_makes_nearly_all_it_was_charged_with() -> None:
    batch = first_batch(reactor()).batches[0]
    assert (batch.outcome, batch.in_spec, batch.notes) == ("complete", True, [])
    assert 3950 < batch.produced_kg < 4000 == pytest.approx(sum(batch.charged.values()))
    assert batch.ended_ms is not None
    assert 130 < (batch.ended_ms - batch.started_ms) / MINUTE_MS < 190


def test_the_jacket_holds_the_reaction_within_a_degree_once_it_has_settled_and_the_heat_of_reaction_needs_cooling() -> (
    None
):
    unit, reacting, demands = reactor(), [], []
    while unit.procedure.phase is not Phase.HOLD:
        unit.advance(unit.now_ms + 1000)
        if unit.procedure.phase is Phase.REACT and unit.procedure.worked_s > 1000:
            reacting.append(unit.vessel.temperature_c)
            demands.append(unit.jacket.output)
    assert 77 < min(reacting) < max(reacting) < 79
    assert max(demands) < 0


def test_a_failure_of_cooling_water_raises_the_alarm_and_holds_the_batch_until_it_is_cool() -> None:
    unit = first_batch(reactor(Trouble(Mishap.COOLING, Phase.REACT, 900, 1500)))
    texts = [note.text for note in unit.batches[0].notes]
    assert texts[:2] == ["temperature high", "held: cooling water failed"]
    assert "operator: restarted" in texts
    held = [interval for interval in unit.truth("R4").intervals(unit.now_ms) if interval.reason == 410]
    assert {interval.cause for interval in held} == {Cause.FAULT}
    assert unit.batches[0].outcome == "complete"


def test_a_pump_that_lost_its_prime_costs_speed_until_the_operator_comes() -> None:
    unit = first_batch(reactor(Trouble(Mishap.PUMP, Phase.REACT, 600, 900)))
    assert [note.text for note in unit.batches[0].notes] == ["dosing flow low", "operator: dosing pump primed"]
    slow = [each for each in unit.truth("R4").intervals(unit.now_ms) if each.cause is Cause.REDUCED_SPEED]
    assert sum(each.end_ms - each.start_ms for each in slow) / 1000 == pytest.approx(30, abs=5)


def test_an_agitator_that_does_not_start_again_costs_the_batch() -> None:
    unit = first_batch(reactor(Trouble(Mishap.AGITATOR, Phase.REACT, 600, 300), restarts=False))
    batch = unit.batches[0]
    assert (batch.outcome, batch.in_spec, batch.produced_kg) == ("aborted", None, 0)
    assert batch.lost_kg == pytest.approx(sum(batch.charged.values()))
    assert unit.truth("R4").counts().good == 0


def test_poor_material_makes_kilograms_that_are_off_spec() -> None:
    unit = first_batch(reactor(assay=0.95))
    counts = unit.truth("R4").counts()
    assert unit.batches[0].in_spec is False
    assert counts.good == 0
    assert counts.scrap == int(unit.batches[0].produced_kg)


def test_a_closed_vessel_goes_to_the_temperature_of_its_jacket_and_keeps_its_mass() -> None:
    profile = ReactorProfile(cell="C", name="V", recipes=REACTOR_4.recipes, ambient_c=60.0)
    vessel = Vessel(profile)
    for _ in range(1000):
        vessel.second(Flows(a=2.0, rpm=85, supply_c=60.0))
    assert vessel.temperature_c < 40, "cold feed cools"
    for _ in range(20_000):
        vessel.second(Flows(rpm=85, supply_c=60.0))
    assert vessel.temperature_c == pytest.approx(60.0, abs=0.01)
    assert vessel.mass_kg + vessel.vapour_kg == pytest.approx(2000)


def test_the_ground_truth_of_a_reactor_tells_its_batches_once_over_all_pages() -> None:
    unit = BatchReactor(REACTOR_4, seed=3, start_ms=0)
    unit.advance(640 * MINUTE_MS)
    told, page_ms = [], None
    while True:
        document, page_ms = ground_truth(
            {"PC1": unit}, "PC1/R4", since_ms=None, until_ms=None, page_ms=page_ms, limit=7
        )
        told += document["batches"]  # type: ignore[operator]
        if page_ms is None:
            break
    assert told == [batch.document() for batch in unit.batches]
    assert len(told) >= 3
    _, middle = unit.batches[0], unit.batches[1]
    window = {"since_ms": middle.started_ms + 1, "until_ms": middle.started_ms + 2}
    document, _ = ground_truth({"PC1": unit}, "PC1/R4", **window, page_ms=None, limit=7)
    assert document["batches"] == [middle.document()]


def test_the_demo_site_has_a_place_for_every_tag_of_the_reactor() -> None:
    site = load_site(ACME.read_text(), str(ACME))
    unit = BatchReactor(REACTOR_4, seed=1, start_ms=0)
    ((device, tags),) = reactor_devices(unit).items()
    places = {tag.name: site.mappings.resolve("Synthesis", "PC1-DCS", device, tag.name) for tag in tags}
    assert all(placement is not None for placement in places.values()), places
    assert {str(placement.place) for placement in places.values() if placement} == {"Acme/Dallas/Resins/Cell1/Reactor4"}
    assert len({placement.metric for placement in places.values() if placement}) == len(tags)
    units = {tag.name: tag.properties for tag in tags}
    assert units[TEMPERATURE] is not None
