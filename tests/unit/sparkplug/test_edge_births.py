"""Births of one session that fall into one millisecond are told apart all the same."""

from namespace.sparkplug import (
    DataType,
    EdgeNodeConfig,
    EdgeNodeSession,
    HostSession,
    MetricDefinition,
    MetricUpdate,
    NodeState,
)

NOW_MS = 1_700_000_000_000


def test_births_and_data_of_one_millisecond_are_all_taken_by_a_host() -> None:
    edge = EdgeNodeSession(
        EdgeNodeConfig(group_id="G", edge_node_id="E"),
        [MetricDefinition(name="Count", datatype=DataType.Int64, value=0)],
        {"D": [MetricDefinition(name="Level", datatype=DataType.Int64, value=0)]},
    )
    edge.connect(0, NOW_MS)
    messages = edge.subscribed(NOW_MS)
    for value in range(1, 4):
        messages += edge.update("D", [MetricUpdate("Level", value)], NOW_MS)
        messages += edge.rebirth(NOW_MS)
    messages += edge.update(None, [MetricUpdate("Count", 7)], NOW_MS)

    host = HostSession()
    for message in messages:
        host.receive(message.topic, message.payload, NOW_MS)
    assert host.state(edge.config.edge_node) is NodeState.ONLINE
    assert [metric.value for metric in host.metrics(edge.config.edge_node, "D")] == [3]
    assert [metric.value for metric in host.metrics(edge.config.edge_node) if metric.name == "Count"] == [7]
