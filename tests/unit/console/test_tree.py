"""The tree: states roll up, unplaced nodes hang under their own ids."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.console.domain.states import GOOD, PACKML_STATE, STALE, MetricValue, ShownState, worst
from services.console.domain.tree import PlaceTree

UNITS = [f"Acme/Dallas/A{area}/L{line}/U{unit}" for area in "12" for line in "12" for unit in "123"]


def value(place: str, number: int, quality: int = GOOD) -> MetricValue:
    return MetricValue(place, PACKML_STATE, number, None, quality, "2026-03-02T06:00:00.000Z", "g/n")


def site() -> PlaceTree:
    tree = PlaceTree()
    for unit in UNITS:
        tree.add(unit, level="WorkUnit")
    return tree


def test_places_above_are_there_by_themselves() -> None:
    tree = site()
    line = tree.get("Acme/Dallas/A1/L1")
    assert line is not None
    assert (line.level, line.name, len(line.children)) == ("WorkCenter", "L1", 3)


def test_a_new_tree_shows_every_place_once() -> None:
    tree = site()
    assert {node.path for node in tree.settle()} == {node.path for node in tree.walk()}
    assert tree.settle() == []


def test_a_stop_is_seen_at_every_place_above() -> None:
    tree = site()
    for unit in UNITS:
        tree.put(value(unit, 6))
    tree.settle()
    tree.put(value(UNITS[4], 9))
    changed = {node.path: node for node in tree.settle()}
    assert set(changed) == {UNITS[4], "Acme/Dallas/A1/L2", "Acme/Dallas/A1", "Acme/Dallas", "Acme"}
    assert changed["Acme/Dallas"].shown is ShownState.UNPLANNED_STOP
    assert changed["Acme/Dallas"].counts == {ShownState.RUNNING: 11, ShownState.UNPLANNED_STOP: 1}


def test_a_value_that_changes_no_state_changes_no_place() -> None:
    tree = site()
    tree.put(value(UNITS[0], 6))
    tree.settle()
    tree.put(MetricValue(UNITS[0], "Process/Temperature", 4.2, "CEL", GOOD, None, "g/n"))
    assert [node.path for node in tree.settle()] == []


def test_stale_metrics_are_counted() -> None:
    tree = site()
    tree.put(value(UNITS[0], 6))
    tree.put(value(UNITS[0], 6, STALE))
    unit = tree.get(UNITS[0])
    assert unit is not None
    assert unit.stale_metrics == 1
    tree.remove(UNITS[0], PACKML_STATE)
    assert unit.stale_metrics == 0


def test_a_node_without_a_place_hangs_under_its_own_ids() -> None:
    tree = site()
    tree.put(MetricValue("_unplaced/Legacy/edge-07/Boiler", "Temp", 80, None, GOOD, None, "Legacy/edge-07/Boiler"))
    node = tree.get("_unplaced/Legacy/edge-07")
    assert node is not None
    assert (node.level, [child.name for child in node.children]) == ("Unplaced", ["Boiler"])


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(UNITS), st.integers(0, 17), st.booleans()), max_size=40))
def test_settling_step_by_step_is_the_same_as_counting_all(steps: list[tuple[str, int, bool]]) -> None:
    tree = site()
    for unit, number, look in steps:
        tree.put(value(unit, number))
        if look:
            tree.settle()
    tree.settle()
    for node in tree.walk():
        states = [u.own.state for u in map(tree.get, UNITS) if u and u.own and u.path.startswith(f"{node.path}/")]
        if node.children:
            assert sum(node.counts.values()) == len(states)
            assert node.shown is worst(states)
