"""Two producers of one metric: the first has it, the second is quarantined, and whoever joins late decides no differently."""

from __future__ import annotations

from namespace.isa95 import EquipmentPath, Placement
from namespace.runtime import Health, ServiceMetrics
from namespace.runtime.placing import Places
from namespace.runtime.rivals import RivalReport
from namespace.sparkplug import DataType, EdgeNodeDescriptor, MetricValue
from tests.unit.runtime.support import SITE, small_site

RIVAL_RULE = """
  - group: Spare
    edge_node: "{node}"
    device: "{machine}"
    place: Packaging/Line1/{machine}
    metrics: [{from: State, to: Status/StateCurrent}, {from: Speed, to: Process/Speed}]
""".lstrip("\n")
FIRST, SECOND, THIRD = (EdgeNodeDescriptor(*ids) for ids in (("Plant", "Line1-PLC"), ("Spare", "X"), ("Spare", "Y")))
PACKER = EquipmentPath.parse("Acme/Dallas/Packaging/Line1/Packer")
STATE = Placement(PACKER, "Status/StateCurrent")


def places() -> Places:
    return Places(small_site(SITE + RIVAL_RULE).mappings)


def born(it: Places, node: EdgeNodeDescriptor, *names: str, restored: bool = False) -> frozenset[EquipmentPath]:
    metrics = [MetricValue(name, DataType.Int64, 0, 0, False, False, None) for name in names or ("State",)]
    return it.born(node, "Packer", metrics, restored=restored)


def owner(it: Places) -> EdgeNodeDescriptor | None:
    """Return who alone has the packer's state."""
    (found,) = {node for node in (FIRST, SECOND, THIRD) if it.resolve(node, "Packer", "State") == STATE} or {None}
    return found


def test_the_first_producer_keeps_its_metric_and_the_second_has_the_rest_of_its_own() -> None:
    it = places()
    born(it, FIRST)
    born(it, SECOND, "State", "Speed")

    assert owner(it) == FIRST
    assert it.resolve(SECOND, "Packer", "Speed") == Placement(PACKER, "Process/Speed")
    assert list(it.rivals()) == [
        "Spare/X/Packer claims Acme/Dallas/Packaging/Line1/Packer: Status/StateCurrent, which Plant/Line1-PLC/Packer has"
    ]


def test_a_second_producer_speaks_for_no_place_of_which_it_has_nothing() -> None:
    it = places()
    born(it, FIRST)
    born(it, SECOND)

    assert it.of_node(SECOND) == frozenset()
    assert it.of_node(FIRST) == {PACKER}


def test_the_second_has_it_with_its_next_birth_after_the_first_gave_it_up() -> None:
    it = places()
    born(it, FIRST)
    born(it, SECOND)
    born(it, FIRST, "Count")

    assert it.resolve(SECOND, "Packer", "State") is None, (
        "not in the middle of a session: a counter would begin at any number"
    )
    born(it, SECOND)
    assert owner(it) == SECOND


def test_who_died_keeps_its_metric_until_somebody_is_born_who_claims_it() -> None:
    it = places()
    born(it, FIRST)
    born(it, SECOND)
    it.node_died(FIRST)
    assert it.resolve(SECOND, "Packer", "State") is None
    born(it, SECOND)
    assert owner(it) == SECOND
    assert it.of_node(FIRST) == frozenset()

    born(it, FIRST)
    assert owner(it) == SECOND


def test_a_death_that_is_over_takes_nothing() -> None:
    it = places()
    born(it, FIRST)
    it.device_died(FIRST, "Packer")
    born(it, FIRST)
    born(it, SECOND)

    assert owner(it) == FIRST


def test_two_names_of_one_device_for_one_metric_are_not_mixed_either() -> None:
    site = small_site(
        SITE.replace("{from: Count, to: Admin/ProdProcessedCount}", "{from: S2, to: Status/StateCurrent}")
    )
    it = Places(site.mappings)
    born(it, FIRST, "State", "S2")

    assert [it.resolve(FIRST, "Packer", name) for name in ("State", "S2")] == [STATE, None]


def test_who_joins_late_decides_as_whoever_has_heard_everything() -> None:
    """Whatever the order in which a snapshot names them, and whatever was believed before."""
    late = places()
    born(late, FIRST)
    for _ in range(2):
        for node in (THIRD, FIRST, SECOND):
            late.handed([(each, "Packer", "State") for each in (FIRST, THIRD) if each == node])
            born(late, node, restored=True)
        assert owner(late) == SECOND
    late.handed([])
    born(late, THIRD)
    assert owner(late) == SECOND


def test_a_source_leaves_the_places_that_its_birth_names_no_more_and_nobody_else_speaks_for() -> None:
    it = places()
    born(it, FIRST, "State", "Count")
    born(it, SECOND, "Speed")

    assert born(it, FIRST, "Nobody knows") == frozenset()
    assert born(it, SECOND, "Nobody knows") == {PACKER}
    assert born(it, SECOND, "Nobody knows") == frozenset()


def test_health_and_metrics_name_the_rivals_as_long_as_there_are_any() -> None:
    it, health, metrics = places(), Health(), ServiceMetrics()
    report = RivalReport(it, health=health, metrics=metrics)
    born(it, FIRST)
    report.look()
    assert health.remarks == {}
    born(it, SECOND)
    report.look()
    assert "Spare/X/Packer claims Acme/Dallas/Packaging/Line1/Packer: Status/StateCurrent" in health.remarks["claims"]
    assert health.is_ready
    assert metrics.registry.get_sample_value("uns_quarantined_metrics") == 1
    born(it, SECOND, "Speed")
    report.look()
    assert health.remarks == {}
    assert metrics.registry.get_sample_value("uns_quarantined_metrics") == 0
