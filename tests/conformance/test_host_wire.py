"""Our host application, packet by packet, at a real broker and in both versions of MQTT."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from namespace.sparkplug import (
    REBIRTH,
    DataType,
    EdgeNodeDescriptor,
    EdgeNodeSession,
    Metric,
    MetricUpdate,
    OutgoingMessage,
    Standing,
    command,
)
from namespace.testing.servers import TestBroker
from tests.conformance.rigs import DEVICES, GROUP, HostRig, Peer, Protocol, edge_core, host_rig, now_ms, peer_at
from tests.unit.runtime.support import until

EVERYTHING = "spBv1.0/#"


@pytest.mark.tck(
    "message-flow-phid-sparkplug-clean-session-311",
    "message-flow-phid-sparkplug-clean-session-50",
    "host-topic-phid-death-required",
    "host-topic-phid-death-topic",
    "host-topic-phid-death-qos",
    "host-topic-phid-death-retain",
    "host-topic-phid-death-payload",
    "host-topic-phid-death-payload-timestamp-connect",
    "operational-behavior-host-application-connect-will",
    "operational-behavior-host-application-connect-will-topic",
    "operational-behavior-host-application-connect-will-payload",
    "operational-behavior-host-application-connect-will-qos",
    "operational-behavior-host-application-connect-will-retained",
    "payloads-state-will-message",
    "payloads-state-will-message-qos",
    "payloads-state-will-message-retain",
    "payloads-state-will-message-payload",
)
@pytest.mark.trap(4, 5, 25)
async def test_every_connect_is_clean_and_has_an_offline_state_of_its_own_time_as_its_will(
    broker: TestBroker, protocol: Protocol
) -> None:
    began = now_ms()
    async with host_rig(broker, f"will-{protocol}", protocol) as rig:
        for link in range(3):
            await until(lambda link=link: rig.states(link))
            if link < 2:
                before = now_ms()
                await until(lambda before=before: now_ms() > before)  # so that no two connections share a millisecond
                rig.wire.cut()
        connects = rig.wire.connects()
        assert [(c.level, c.is_clean, c.session_expiry_s) for c in connects] == [(protocol, True, 0)] * 3
        wills = [connect.message for connect in connects]
        assert [(w.topic, w.qos, w.retain) for w in wills if w] == [(rig.topic, 1, True)] * 3
        told = [json.loads(w.payload.decode()) for w in wills if w]
        assert all(set(each) == {"online", "timestamp"} and each["online"] is False for each in told)
        times = [each["timestamp"] for each in told]
        assert all(type(time) is int and began <= time <= now_ms() for time in times)
        assert len(set(times)) == 3


@pytest.mark.tck(
    "principles-birth-certificates-order",
    "intro-sparkplug-host-state",
    "components-ph-state",
    "conformance-primary-host",
    "host-topic-phid-birth-message",
    "host-topic-phid-birth-sub-required",
    "host-topic-phid-birth-required",
    "message-flow-phid-sparkplug-subscription",
    "message-flow-phid-sparkplug-state-publish",
    "operational-behavior-host-application-connect-birth",
    "payloads-state-subscribe",
)
@pytest.mark.trap(7)
async def test_state_follows_the_suback_at_once_and_nothing_is_said_before_it(
    broker: TestBroker, protocol: Protocol
) -> None:
    async with peer_at(broker) as peer, host_rig(broker, f"order-{protocol}", protocol) as rig:
        await until(rig.states)
        handshake = {"CONNECT", "CONNACK", "SUBSCRIBE", "SUBACK"}
        order = [p.kind for p in rig.wire.packets if p.kind in handshake or (p.kind == "PUBLISH" and p.by_client)]
        assert order == ["CONNECT", "CONNACK", "SUBSCRIBE", "SUBACK", "PUBLISH"]
        (subscribe,) = [packet for packet in rig.wire.packets if packet.kind == "SUBSCRIBE"]
        assert set(subscribe.filters) == {(EVERYTHING, 0), (rig.topic, 1)}
        assert rig.wire.messages()[0].kind == "STATE"
        await stranger(peer)  # a reason to speak, which comes after STATE
        await until(lambda: rig.wire.messages("NCMD"))
        assert [message.kind for message in rig.wire.messages()] == ["STATE", "NCMD"]


async def stranger(peer: Peer) -> None:
    """Let an edge node speak that the host has never heard."""
    session = edge_core("Stranger")
    session.connect(0, now_ms())
    session.subscribed(now_ms())
    for message in session.update(None, [MetricUpdate("Uptime", 5)], now_ms()):
        await peer.say(message)


@pytest.mark.tck(
    "host-topic-phid-birth-qos",
    "host-topic-phid-birth-retain",
    "host-topic-phid-birth-topic",
    "host-topic-phid-birth-payload",
    "host-topic-phid-birth-payload-timestamp",
    "message-flow-phid-sparkplug-state-publish-payload",
    "message-flow-phid-sparkplug-state-publish-payload-timestamp",
    "operational-behavior-host-application-connect-birth-topic",
    "operational-behavior-host-application-connect-birth-payload",
    "operational-behavior-host-application-connect-birth-qos",
    "operational-behavior-host-application-connect-birth-retained",
    "payloads-state-birth",
    "payloads-state-birth-payload",
)
@pytest.mark.trap(9)
async def test_state_birth_is_retained_at_qos_1_and_has_the_time_of_its_will(
    broker: TestBroker, protocol: Protocol
) -> None:
    async with host_rig(broker, f"birth-{protocol}", protocol) as rig:
        for link in range(2):
            await until(lambda link=link: rig.states(link))
            birth = rig.wire.messages("STATE", link)[
                0
            ]  # the second contradicts the Will of the connection that was cut
            will = rig.wire.wills()[link]
            assert (birth.topic, birth.qos, birth.retain) == (rig.topic, 1, True)
            timestamp = json.loads(will.payload)["timestamp"]
            assert json.loads(birth.payload) == {"online": True, "timestamp": timestamp}
            rig.wire.cut()


@pytest.mark.tck("message-flow-hid-sparkplug-state-message-delivered")
@pytest.mark.trap(10)
async def test_a_false_offline_is_contradicted_with_the_time_of_the_connection(
    broker: TestBroker, protocol: Protocol
) -> None:
    async with peer_at(broker) as peer, host_rig(broker, f"false-{protocol}", protocol) as rig:
        await until(rig.states)
        birth = rig.states()[0]
        for timestamp in (1, now_ms() + 60_000):
            # On MQTT 5 a broker may deliver it once for each of the two filters; each time it is contradicted.
            said = len(rig.states())
            await peer.state(rig.host_id, timestamp, online=False)
            await until(lambda said=said: len(rig.states()) > said)
        assert birth["online"] is True
        assert all(state == birth for state in rig.states())
        assert {(message.qos, message.retain) for message in rig.wire.messages("STATE")} == {(1, True)}


@pytest.mark.tck(
    "host-topic-phid-death-payload-timestamp-disconnect-clean",
    "host-topic-phid-death-payload-timestamp-disconnect-with-no-disconnect-packet",
    "operational-behavior-host-application-termination",
    "operational-behavior-host-application-death-topic",
    "operational-behavior-host-application-death-payload",
    "operational-behavior-host-application-death-qos",
    "operational-behavior-host-application-death-retained",
    "operational-behavior-host-application-disconnect-intentional",
)
@pytest.mark.trap(9)
async def test_who_leaves_says_offline_with_the_time_of_leaving_and_then_disconnects(
    broker: TestBroker, protocol: Protocol
) -> None:
    async with host_rig(broker, f"leaves-{protocol}", protocol) as rig:
        await until(lambda: rig.server.is_online and rig.states())
        left = now_ms()
        await rig.server.farewell()
        await until(lambda: rig.wire.sent()[-1].kind == "DISCONNECT")
        death = rig.wire.sent()[-2].message
        assert death is not None
        assert (death.topic, death.qos, death.retain) == (rig.topic, 1, True)
        told = json.loads(death.payload.decode())
        assert told["online"] is False
        assert type(told["timestamp"]) is int
        assert left <= told["timestamp"] <= now_ms()


@pytest.mark.tck(
    "topics-ncmd-topic",
    "topics-ncmd-mqtt",
    "topics-ncmd-timestamp",
    "topics-ncmd-payload",
    "topics-dcmd-topic",
    "topics-dcmd-mqtt",
    "topics-dcmd-timestamp",
    "topics-dcmd-payload",
    "payloads-ncmd-timestamp",
    "payloads-ncmd-seq",
    "payloads-ncmd-qos",
    "payloads-ncmd-retain",
    "payloads-dcmd-timestamp",
    "payloads-dcmd-seq",
    "payloads-dcmd-qos",
    "payloads-dcmd-retain",
    "payloads-name-cmd-requirement",
    "operational-behavior-data-commands-ncmd-verb",
    "operational-behavior-data-commands-dcmd-verb",
    "operational-behavior-data-commands-ncmd-rebirth-verb",
    "operational-behavior-data-commands-ncmd-rebirth-name",
    "operational-behavior-data-commands-ncmd-rebirth-value",
)
@pytest.mark.trap(2, 6)
async def test_commands_go_out_unretained_at_qos_0_with_a_time_and_without_a_number(
    broker: TestBroker, protocol: Protocol
) -> None:
    node = EdgeNodeDescriptor(GROUP, "Commanded")
    value = Metric(name="Setpoint", datatype=DataType.Double, value=2.5, timestamp=now_ms())
    async with host_rig(broker, f"commands-{protocol}", protocol) as rig:
        await until(lambda: rig.server.is_online)
        began = now_ms()
        await rig.server.request_rebirth(node)
        await rig.server.send(command(node, None, [value], now_ms()))
        await rig.server.send(command(node, "Press", [value], now_ms()))
        await until(lambda: rig.wire.messages("DCMD"))
        said = [message for message in rig.wire.messages() if message.kind != "STATE"]
        assert [message.topic for message in said] == [
            *[f"spBv1.0/{GROUP}/NCMD/Commanded"] * 2,
            f"spBv1.0/{GROUP}/DCMD/Commanded/Press",
        ]
        assert {(message.qos, message.retain) for message in said} == {(0, False)}
        for message in said:
            payload = message.read()
            assert payload.seq is None
            assert payload.timestamp is not None
            assert began <= payload.timestamp <= now_ms()
        told = [[(m.name, m.value, m.timestamp) for m in message.read().metrics] for message in said]
        assert [(name, value) for name, value, _ in told[0]] == [(REBIRTH, True)]
        assert told[1] == told[2] == [("Setpoint", 2.5, value.timestamp)]


async def born(peer: Peer, session: EdgeNodeSession, bd_seq: int = 0) -> OutgoingMessage:
    """Let an edge node be born; return its Will."""
    will = session.connect(bd_seq, now_ms())
    for message in session.subscribed(now_ms()):
        await peer.say(message)
    return will


def standings(rig: HostRig, node: EdgeNodeDescriptor) -> dict[str | None, Standing | None]:
    found = {device: rig.server.view.device(node, device) for device in (None, *DEVICES)}
    return {device: None if since is None else since.standing for device, since in found.items()}


ALL_ONLINE = dict.fromkeys((None, *DEVICES), Standing.ONLINE)


@pytest.mark.tck(
    "operational-behavior-edge-node-termination-host-action-ndeath-node-offline",
    "operational-behavior-edge-node-termination-host-action-ndeath-node-tags-stale",
    "operational-behavior-edge-node-termination-host-action-ndeath-devices-offline",
    "operational-behavior-edge-node-termination-host-action-ndeath-devices-tags-stale",
    "operational-behavior-edge-node-termination-host-action-ddeath-devices-offline",
    "operational-behavior-edge-node-termination-host-action-ddeath-devices-tags-stale",
)
async def test_deaths_at_a_real_broker_take_nodes_devices_and_metrics_with_their_times(broker: TestBroker) -> None:
    session = edge_core("Mortal")
    node = session.config.edge_node
    async with peer_at(broker) as peer, host_rig(broker, "deaths", 4) as rig:
        await until(lambda: rig.server.is_online)
        will = await born(peer, session)
        await until(lambda: standings(rig, node) == ALL_ONLINE)
        died = now_ms() + 4_321  # by the clock of the edge node, which is fast
        (ddeath,) = session.device_death("Oven", died)
        await peer.say(ddeath)
        await until(lambda: standings(rig, node)["Oven"] is Standing.OFFLINE)
        oven = rig.server.view.device(node, "Oven")
        assert oven is not None
        assert oven.timestamp == died
        stale = {name: m.stale_since for name, m in rig.server.view.metrics(node, "Oven").items()}
        assert stale == {"Count": died, "Torque": died}
        assert rig.server.view.metrics(node, "Press")["Count"].stale_since is None
        before = now_ms()
        await peer.say(will)
        await until(lambda: standings(rig, node) == dict.fromkeys((None, *DEVICES), Standing.OFFLINE))
        for device in (None, "Press"):
            since = rig.server.view.device(node, device)
            assert since is not None
            assert before <= since.timestamp <= now_ms()
            times = {m.stale_since for m in rig.server.view.metrics(node, device).values()}
            assert times == {since.timestamp}


@pytest.mark.tck("no-id-stale-on-connection-loss")
@pytest.mark.trap(24)
async def test_everything_learned_is_stale_while_our_connection_is_gone_and_current_after_a_rebirth(
    broker: TestBroker, protocol: Protocol
) -> None:
    session = edge_core(f"Silent-{protocol}")
    node = session.config.edge_node
    async with peer_at(broker) as peer, host_rig(broker, f"loses-{protocol}", protocol) as rig:
        await until(lambda: rig.server.is_online)
        await born(peer, session)
        await until(lambda: standings(rig, node) == ALL_ONLINE)
        rig.wire.cut()
        await until(lambda: standings(rig, node) == dict.fromkeys((None, *DEVICES), Standing.STALE))
        assert all(m.stale_since for m in rig.server.view.metrics(node, "Press").values())
        ncmd = f"spBv1.0/{GROUP}/NCMD/{node.edge_node_id}"
        await until(lambda: ncmd in peer.topics(), "the host asks again once it is back")
        for message in session.rebirth(now_ms()):
            await peer.say(message)
        await until(lambda: standings(rig, node) == ALL_ONLINE)


@pytest.mark.tck(
    "operational-behavior-host-reordering-param",
    "operational-behavior-host-reordering-start",
    "operational-behavior-host-reordering-rebirth",
    "operational-behavior-host-reordering-success",
)
@pytest.mark.trap(24)
async def test_a_late_message_is_waited_for_and_a_missing_one_leads_to_a_request_for_rebirth(
    broker: TestBroker,
) -> None:
    session = edge_core("Shuffled")
    node, ncmd = session.config.edge_node, f"spBv1.0/{GROUP}/NCMD/Shuffled"
    async with peer_at(broker) as peer, host_rig(broker, "orders", 4, reorder_ms=1_500) as rig:
        await until(lambda: rig.server.is_online)
        await born(peer, session)
        await until(lambda: standings(rig, node) == ALL_ONLINE)

        def count(number: int) -> OutgoingMessage:
            (message,) = session.update("Press", [MetricUpdate("Count", number)], now_ms())
            return message

        first, second, third = count(1), count(2), count(3)
        for message in (third, second, first):
            await peer.say(message)
        await until(lambda: rig.server.view.metrics(node, "Press")["Count"].value.value == 3)
        assert ncmd not in peer.topics()
        count(4)  # lost on the way
        await peer.say(count(5))
        await until(lambda: standings(rig, node)[None] is Standing.STALE)
        await until(lambda: ncmd in peer.topics())
        assert rig.server.view.metrics(node, "Press")["Count"].value.value == 3
        for message in session.rebirth(now_ms()):
            await peer.say(message)
        await until(lambda: standings(rig, node) == ALL_ONLINE)
        assert rig.server.view.metrics(node, "Press")["Count"].value.value == 5


@pytest.mark.tck(
    "operational-behavior-primary-application-state-with-multiple-servers-state",
    "operational-behavior-primary-application-state-with-multiple-servers-state-subs",
    "operational-behavior-host-application-multi-server-timestamp",
)
@pytest.mark.trap(9, 12)
async def test_a_host_says_state_first_at_each_of_two_servers_with_a_time_of_its_own(
    broker: TestBroker, start_broker: Callable[[], TestBroker]
) -> None:
    other = start_broker()
    async with host_rig(broker, "twofold", 4) as first:
        await until(first.states)
        before = now_ms()
        await until(lambda: now_ms() > before)
        async with host_rig(other, "twofold", 4) as second:
            await until(second.states)
            times = [rig.states()[0]["timestamp"] for rig in (first, second)]
            assert times[0] != times[1]
            for rig in (first, second):
                assert rig.wire.messages()[0].kind == "STATE"
                assert json.loads(rig.wire.wills()[0].payload)["timestamp"] == rig.states()[0]["timestamp"]
            second.wire.cut()
            await until(lambda: second.states(link=1), "a new session begins with STATE, at that server alone")
            assert second.states(1)[0]["timestamp"] != second.states(0)[0]["timestamp"]
            assert len(first.states()) == 1
            assert first.server.is_online
