"""What is online, stale and offline, and since when."""

import pytest

from namespace.sparkplug import HostEvent, HostView, MetricUpdate, OutgoingMessage, Since, Standing
from tests.unit.sparkplug.line import NODE, NOW, Line


class Seen(Line):
    """An edge node with one device, its host, and the host's view."""

    def __init__(self) -> None:
        super().__init__()
        self.view = HostView()
        self.born()

    def heard(self, *messages: OutgoingMessage) -> list[HostEvent]:
        events = super().heard(*messages)
        self.view.take(events)
        return events

    def stale_since(self, device: str | None) -> set[int | None]:
        return {metric.stale_since for metric in self.view.metrics(NODE, device).values()}


def test_births_bring_everything_online_since_their_own_time() -> None:
    seen = Seen()

    assert seen.view.edge_nodes() == (NODE,)
    assert seen.view.devices(NODE) == ("d",)
    assert seen.view.node(NODE) == seen.view.device(NODE, "d") == Since(Standing.ONLINE, NOW)
    assert seen.stale_since(None) == seen.stale_since("d") == {None}
    assert seen.view.device(NODE, "other") is None
    assert seen.view.metric(NODE, "d", "other") is None
    assert seen.view.metrics(NODE, "other") == {}


def test_data_changes_values_and_history_does_not() -> None:
    seen = Seen()
    seen.heard(seen.count(7))
    seen.heard(*seen.edge.update("d", [MetricUpdate("count", 3, NOW - 9, is_historical=True)], seen.now))

    found = seen.view.metric(NODE, "d", "count")
    assert found is not None
    assert found.value.value == 7


@pytest.mark.tck(
    "operational-behavior-edge-node-termination-host-action-ndeath-node-offline",
    "operational-behavior-edge-node-termination-host-action-ndeath-node-tags-stale",
    "operational-behavior-edge-node-termination-host-action-ndeath-devices-offline",
    "operational-behavior-edge-node-termination-host-action-ndeath-devices-tags-stale",
)
def test_ndeath_takes_node_devices_and_metrics_since_our_own_time() -> None:
    seen = Seen()
    seen.now += 5_000
    seen.heard(seen.will)

    assert seen.view.node(NODE) == seen.view.device(NODE, "d") == Since(Standing.OFFLINE, seen.now)
    assert seen.stale_since(None) == seen.stale_since("d") == {seen.now}


@pytest.mark.tck(
    "operational-behavior-edge-node-termination-host-action-ddeath-devices-offline",
    "operational-behavior-edge-node-termination-host-action-ddeath-devices-tags-stale",
)
def test_ddeath_takes_the_device_since_its_own_time_which_the_end_of_the_node_does_not_change() -> None:
    seen = Seen()
    seen.heard(*seen.edge.device_death("d", NOW + 77))

    assert seen.view.device(NODE, "d") == Since(Standing.OFFLINE, NOW + 77)
    assert seen.stale_since("d") == {NOW + 77}
    assert seen.view.node(NODE) == Since(Standing.ONLINE, NOW)
    seen.now += 5_000
    seen.heard(seen.will)
    assert seen.view.device(NODE, "d") == Since(Standing.OFFLINE, NOW + 77)


@pytest.mark.tck("no-id-stale-on-connection-loss")
def test_what_we_missed_ourselves_is_stale_until_it_is_born_again_and_the_dead_stay_dead() -> None:
    seen = Seen()
    seen.heard(*seen.edge.device_death("d", NOW + 77))
    seen.view.take(seen.host.disconnected(NOW + 100))

    assert seen.view.node(NODE) == Since(Standing.STALE, NOW + 100)
    assert seen.view.device(NODE, "d") == Since(Standing.OFFLINE, NOW + 77)
    seen.host.connected(NOW + 200)
    seen.edge.device_birth("d", None, NOW + 300)
    seen.now = NOW + 400
    seen.heard(*seen.edge.rebirth(NOW + 400))
    assert seen.view.node(NODE) == seen.view.device(NODE, "d") == Since(Standing.ONLINE, NOW + 400)


def test_a_birth_forgets_the_metrics_that_it_does_not_list() -> None:
    seen = Seen()
    seen.now += 10
    seen.heard(*seen.edge.device_birth("d", [], seen.now))

    assert seen.view.metrics(NODE, "d") == {}
