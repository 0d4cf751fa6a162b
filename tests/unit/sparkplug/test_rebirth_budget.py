"""Requests for rebirth, all edge nodes taken together."""

import pytest

from namespace.sparkplug import (
    EdgeNodeConfig,
    EdgeNodeDescriptor,
    EdgeNodeSession,
    HostEvent,
    HostSession,
    HostSettings,
    NodeState,
    RebirthWanted,
)
from namespace.sparkplug.rebirth_budget import RebirthBudget

NOW = 1_700_000_000_000


def test_a_second_brings_what_it_may_and_no_more_is_saved_up() -> None:
    budget = RebirthBudget(3)

    assert [budget.take(NOW) for _ in range(4)] == [True, True, True, False]
    assert [budget.take(NOW + 400) for _ in range(2)] == [True, False]
    assert [budget.take(NOW + 60_000) for _ in range(4)] == [True, True, True, False]


def test_a_clock_that_is_set_back_brings_nothing_and_takes_nothing() -> None:
    budget = RebirthBudget(1)
    assert budget.take(NOW)

    assert not budget.take(NOW - 3_600_000)
    assert budget.take(NOW - 3_600_000 + 1_000)


def test_without_a_limit_everything_may_go_out() -> None:
    assert all(RebirthBudget(0).take(NOW) for _ in range(10_000))


def asked(events: list[HostEvent]) -> list[EdgeNodeDescriptor]:
    return [event.edge_node for event in events if isinstance(event, RebirthWanted)]


@pytest.mark.trap(15)
def test_a_fleet_that_is_missed_at_once_is_asked_within_the_budget_each_node_once() -> None:
    host = HostSession(HostSettings(rebirths_per_s=10, rebirth_interval_ms=60_000))
    edges = [EdgeNodeSession(EdgeNodeConfig(group_id="g", edge_node_id=f"n{number:02}")) for number in range(25)]
    for edge in edges:
        edge.connect(0, NOW)
        for message in edge.subscribed(NOW):
            host.receive(message.topic, message.payload, NOW)
    host.disconnected(NOW)
    host.connected(NOW)
    wanted = [asked(host.tick(NOW + second * 1_000)) for second in range(4)]

    assert [len(nodes) for nodes in wanted] == [10, 10, 5, 0]
    assert sorted(node for nodes in wanted for node in nodes) == sorted(edge.config.edge_node for edge in edges)


@pytest.mark.trap(15)
def test_a_node_that_is_born_before_its_turn_is_not_asked_at_all() -> None:
    host = HostSession(HostSettings(rebirths_per_s=1, rebirth_interval_ms=60_000))
    edges = [EdgeNodeSession(EdgeNodeConfig(group_id="g", edge_node_id=name)) for name in "ab"]
    for edge in edges:
        edge.connect(0, NOW)
        for message in edge.subscribed(NOW):
            host.receive(message.topic, message.payload, NOW)
    host.disconnected(NOW)
    host.connected(NOW)
    assert asked(host.tick(NOW)) == [edges[0].config.edge_node]
    for message in edges[1].rebirth(NOW + 5):  # another host has asked it
        host.receive(message.topic, message.payload, NOW + 5)

    assert asked(host.tick(NOW + 2_000)) == []
    assert host.state(edges[1].config.edge_node) is NodeState.ONLINE


def test_no_time_brings_no_request() -> None:
    budget = RebirthBudget(1_000)

    assert [budget.take(NOW) for _ in range(1_001)] == [True] * 1_000 + [False]
