"""Our edge node, packet by packet, at a real broker and in both versions of MQTT."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from namespace.sparkplug import (
    BD_SEQ,
    REBIRTH,
    DataType,
    EdgeNodeDescriptor,
    MetricUpdate,
    NodeStale,
    RebirthWanted,
    rebirth_request,
)
from namespace.testing.servers import TestBroker
from tests.conformance.rigs import DEVICES, GROUP, EdgeRig, HostRig, Protocol, edge_rig, host_rig, now_ms, peer_at
from tests.conformance.wire import Sent, wire_to
from tests.unit.runtime.support import until

DISCONNECT_WITH_WILL = 0x04


def bd_seq(message: Sent) -> object:
    (value,) = [metric.value for metric in message.read().metrics if metric.name == BD_SEQ]
    return value


@pytest.mark.tck(
    "principles-persistence-clean-session-311",
    "principles-persistence-clean-session-50",
    "message-flow-edge-node-birth-publish-will-message",
    "message-flow-edge-node-birth-publish-will-message-topic",
    "message-flow-edge-node-birth-publish-will-message-payload",
    "message-flow-edge-node-birth-publish-will-message-qos",
    "message-flow-edge-node-birth-publish-will-message-will-retained",
    "payloads-ndeath-will-message",
    "payloads-ndeath-will-message-qos",
    "payloads-ndeath-will-message-retain",
    "payloads-ndeath-seq",
    "topics-ndeath-topic",
    "topics-ndeath-payload",
    "topics-ndeath-seq",
)
@pytest.mark.trap(2, 5, 25)
async def test_every_connect_is_clean_and_has_the_ndeath_as_its_will(broker: TestBroker, protocol: Protocol) -> None:
    async with edge_rig(broker, f"connects-{protocol}", protocol) as rig:
        await rig.born()
        rig.wire.cut()
        await rig.born(link=1)
        connects = rig.wire.connects()
        assert [(c.level, c.is_clean, c.session_expiry_s) for c in connects[:2]] == [(protocol, True, 0)] * 2
        for will in rig.wire.wills():
            assert (will.topic, will.qos, will.retain) == (f"spBv1.0/{GROUP}/NDEATH/{rig.node_id}", 1, False)
            payload = will.read()
            assert payload.seq is None
            assert [(m.name, m.datatype) for m in payload.metrics] == [(BD_SEQ, DataType.Int64)]


@pytest.mark.tck(
    "principles-birth-certificates-order",
    "message-flow-edge-node-ncmd-subscribe",
    "message-flow-device-dcmd-subscribe",
    "message-flow-edge-node-birth-publish-connect",
    "message-flow-device-birth-publish-nbirth-wait",
)
@pytest.mark.trap(6, 7)
async def test_births_wait_for_the_suback_and_are_the_first_thing_that_is_said(
    broker: TestBroker, protocol: Protocol
) -> None:
    async with edge_rig(broker, f"order-{protocol}", protocol) as rig:
        rig.node.set("Press", {"Count": 4})  # said too early: it must wait for the births, and be in them
        await rig.born()
        order = [p.kind for p in rig.wire.packets if p.kind in {"CONNECT", "CONNACK", "SUBSCRIBE", "SUBACK", "PUBLISH"}]
        assert order[:5] == ["CONNECT", "CONNACK", "SUBSCRIBE", "SUBACK", "PUBLISH"]
        (subscribe,) = [p for p in rig.wire.packets if p.kind == "SUBSCRIBE"]
        assert dict(subscribe.filters) == {rig.ncmd: 1, f"spBv1.0/{GROUP}/DCMD/{rig.node_id}/+": 1}
        (suback,) = [p for p in rig.wire.packets if p.kind == "SUBACK"]
        assert suback.codes == (1, 1)
        kinds = [message.kind for message in rig.wire.messages()]
        assert kinds == ["NBIRTH", "DBIRTH", "DBIRTH"]
        assert [m.value for m in rig.wire.messages("DBIRTH")[0].read().metrics if m.name == "Count"] == [4]


@pytest.mark.tck(
    "topics-nbirth-topic",
    "topics-nbirth-mqtt",
    "topics-dbirth-topic",
    "topics-dbirth-mqtt",
    "topics-dbirth-seq",
    "payloads-nbirth-qos",
    "payloads-nbirth-retain",
    "payloads-dbirth-qos",
    "payloads-dbirth-retain",
    "payloads-dbirth-seq",
    "payloads-dbirth-seq-inc",
    "payloads-dbirth-order",
    "message-flow-edge-node-birth-publish-nbirth-topic",
    "message-flow-edge-node-birth-publish-nbirth-payload",
    "message-flow-edge-node-birth-publish-nbirth-qos",
    "message-flow-edge-node-birth-publish-nbirth-retained",
    "message-flow-device-birth-publish-dbirth-topic",
    "message-flow-device-birth-publish-dbirth-match-edge-node-topic",
    "message-flow-device-birth-publish-dbirth-payload",
    "message-flow-device-birth-publish-dbirth-qos",
    "message-flow-device-birth-publish-dbirth-retained",
    "message-flow-device-birth-publish-dbirth-payload-seq",
)
@pytest.mark.trap(6)
async def test_births_go_out_unretained_at_qos_0_and_in_sequence(broker: TestBroker, protocol: Protocol) -> None:
    async with edge_rig(broker, f"births-{protocol}", protocol) as rig:
        await rig.born()
        births = rig.wire.messages()
        assert [message.topic for message in births] == [
            f"spBv1.0/{GROUP}/NBIRTH/{rig.node_id}",
            *(f"spBv1.0/{GROUP}/DBIRTH/{rig.node_id}/{device}" for device in DEVICES),
        ]
        assert {(message.qos, message.retain) for message in births} == {(0, False)}
        assert [message.read().seq for message in births] == [0, 1, 2]


@pytest.mark.tck(
    "topics-nbirth-timestamp",
    "topics-dbirth-timestamp",
    "topics-ndata-timestamp",
    "topics-ddata-timestamp",
    "payloads-nbirth-timestamp",
    "payloads-dbirth-timestamp",
    "payloads-ndata-timestamp",
    "payloads-ddata-timestamp",
    "payloads-ddeath-timestamp",
    "payloads-timestamp-in-UTC",
    "payloads-metric-timestamp-in-UTC",
    "payloads-name-birth-data-requirement",
)
async def test_every_message_and_every_metric_says_when_in_utc(broker: TestBroker) -> None:
    began = now_ms()  # a clock that is told from an aware UTC time, whatever zone the machine is in
    async with edge_rig(broker, "times", 4) as rig:
        await rig.born()
        rig.node.set(None, {"Uptime": 1})
        rig.node.set("Oven", {"Torque": 2.5})
        await until(lambda: rig.wire.messages("DDATA"))
        await rig.leave()
        said = [m for m in rig.wire.messages() if m.kind != "NDEATH"]
        assert {m.kind for m in said} == {"NBIRTH", "DBIRTH", "NDATA", "DDATA", "DDEATH"}
        for message in said:
            payload = message.read()
            for time in (payload.timestamp, *(metric.timestamp for metric in payload.metrics)):
                assert time is not None
                assert began <= time <= now_ms()


@pytest.mark.tck(
    "topics-ndata-topic",
    "topics-ndata-mqtt",
    "topics-ndata-payload",
    "topics-ndata-seq-num",
    "topics-ddata-topic",
    "topics-ddata-mqtt",
    "topics-ddata-payload",
    "topics-ddata-seq-num",
    "payloads-ndata-qos",
    "payloads-ndata-retain",
    "payloads-ndata-seq",
    "payloads-ddata-qos",
    "payloads-ddata-retain",
    "payloads-ddata-seq",
)
async def test_data_goes_out_unretained_at_qos_0_with_what_has_changed(broker: TestBroker, protocol: Protocol) -> None:
    async with edge_rig(broker, f"data-{protocol}", protocol) as rig:
        await rig.born()
        rig.node.set(None, {"Uptime": 7})
        rig.node.set(None, {"Uptime": 7})  # has not changed, so nothing is said
        rig.node.set("Oven", {"Torque": 2.5})
        await until(lambda: rig.wire.messages("DDATA"))
        (ndata,), (ddata,) = rig.wire.messages("NDATA"), rig.wire.messages("DDATA")
        assert ndata.topic == f"spBv1.0/{GROUP}/NDATA/{rig.node_id}"
        assert ddata.topic == f"spBv1.0/{GROUP}/DDATA/{rig.node_id}/Oven"
        assert [(m.qos, m.retain) for m in (ndata, ddata)] == [(0, False)] * 2
        assert [m.value for m in ndata.read().metrics] == [7]
        assert [m.value for m in ddata.read().metrics] == [2.5]
        assert [m.read().seq for m in (ndata, ddata)] == [3, 4]


def follows_rules(said: list[Sent]) -> None:
    """Check one connection's messages: one sequence without a hole, and each NBIRTH followed by every DBIRTH before any data."""
    for index, message in enumerate(said):
        if message.kind == "NBIRTH":
            assert message.read().seq == 0
            assert [m.kind for m in said[index + 1 : index + 1 + len(DEVICES)]] == ["DBIRTH"] * len(DEVICES)
        else:
            assert message.read().seq == ((said[index - 1].read().seq or 0) + 1) % 256


@pytest.mark.tck(
    "operational-behavior-data-commands-rebirth-action-1",
    "operational-behavior-data-commands-rebirth-action-2",
    "operational-behavior-data-commands-rebirth-action-3",
    "payloads-ndata-order",
    "payloads-ddata-order",
)
@pytest.mark.trap(1, 14)
async def test_a_rebirth_under_load_lets_no_data_between_its_births(broker: TestBroker, protocol: Protocol) -> None:
    async with edge_rig(broker, f"load-{protocol}", protocol, first_bd_seq=9) as rig, peer_at(broker) as peer:
        await rig.born()
        enough = asyncio.Event()

        async def busy(device: str | None, metric: str) -> None:
            number = 0
            while not enough.is_set():
                number += 1
                rig.node.set(device, {metric: number})
                await asyncio.sleep(0)

        async with asyncio.TaskGroup() as load:
            for device, metric in ((None, "Uptime"), ("Press", "Count"), ("Oven", "Count")):
                load.create_task(busy(device, metric))
            for count in range(2, 6):
                await peer.say(rebirth_request(EdgeNodeDescriptor(GROUP, rig.node_id), now_ms()))
                await until(lambda count=count: len(rig.wire.messages("NBIRTH")) == count)
            enough.set()
        said = rig.wire.messages(link=0)
        follows_rules(said)
        assert len(rig.wire.connects()) == 1
        assert {bd_seq(message) for message in said if message.kind == "NBIRTH"} == {9}


@pytest.mark.tck(
    "topics-nbirth-bdseq-included",
    "topics-nbirth-bdseq-matching",
    "topics-nbirth-bdseq-increment",
    "payloads-nbirth-bdseq",
    "payloads-nbirth-bdseq-repeat",
    "payloads-ndeath-bdseq",
    "message-flow-edge-node-birth-publish-will-message-payload-bdSeq",
    "message-flow-edge-node-birth-publish-nbirth-payload-bdSeq",
)
@pytest.mark.trap(3, 4)
async def test_each_connect_has_a_new_will_with_the_next_bdseq_also_past_255(
    broker: TestBroker, protocol: Protocol
) -> None:
    async with edge_rig(broker, f"wrap-{protocol}", protocol, first_bd_seq=253) as rig:
        for link in range(6):
            await until(lambda link=link: rig.births(link) and len(rig.births(link)) == 1 + len(DEVICES))
            if link < 5:
                rig.wire.cut()
        expected = [253, 254, 255, 0, 1, 2]
        assert [bd_seq(will) for will in rig.wire.wills()] == expected
        assert [bd_seq(birth) for birth in rig.wire.messages("NBIRTH")] == expected
        await rig.leave()
        assert [bd_seq(death) for death in rig.wire.messages("NDEATH")] == [2]


@pytest.mark.tck(
    "operational-behavior-edge-node-intentional-disconnect-ndeath",
    "operational-behavior-edge-node-intentional-disconnect-packet",
    "payloads-ndeath-will-message-publisher",
    "payloads-ndeath-will-message-publisher-disconnect-mqtt311",
    "payloads-ndeath-will-message-publisher-disconnect-mqtt50",
    "operational-behavior-device-ddeath",
    "topics-ddeath-topic",
    "topics-ddeath-mqtt",
    "topics-ddeath-seq-num",
    "payloads-ddeath-seq",
    "payloads-ddeath-seq-inc",
    "payloads-ddeath-seq-number",
)
@pytest.mark.trap(25)
async def test_who_leaves_says_ddeaths_and_ndeath_and_then_disconnects(broker: TestBroker, protocol: Protocol) -> None:
    async with edge_rig(broker, f"leaves-{protocol}", protocol, first_bd_seq=40) as rig, peer_at(broker) as peer:
        await rig.born()
        await rig.leave()
        await until(lambda: not rig.wire.open_links, "the connection is closed")
        said = rig.wire.sent()[-4:]
        assert [p.message.kind if p.message else p.kind for p in said] == ["DDEATH", "DDEATH", "NDEATH", "DISCONNECT"]
        assert said[-1].codes == ((DISCONNECT_WITH_WILL,) if protocol == 5 else ())
        deaths = rig.wire.messages("DDEATH")
        assert [m.topic for m in deaths] == [f"spBv1.0/{GROUP}/DDEATH/{rig.node_id}/{device}" for device in DEVICES]
        assert [m.read().seq for m in deaths] == [3, 4]
        assert {(m.qos, m.retain) for m in rig.wire.messages()} == {(0, False)}
        expected = 2 if protocol == 5 else 1  # on MQTT 5 the broker adds the Will
        ndeath = f"spBv1.0/{GROUP}/NDEATH/{rig.node_id}"
        await until(lambda: peer.topics().count(ndeath) == expected)


@pytest.mark.tck(
    "message-flow-edge-node-birth-publish-phid-wait",
    "message-flow-edge-node-birth-publish-phid-wait-id",
    "message-flow-edge-node-birth-publish-phid-wait-online",
    "message-flow-edge-node-birth-publish-phid-wait-timestamp",
    "message-flow-edge-node-birth-publish-phid-offline",
    "operational-behavior-edge-node-birth-sequence-wait",
    "operational-behavior-edge-node-termination-host-offline",
    "operational-behavior-edge-node-termination-host-offline-timestamp",
    "payloads-ndeath-will-message-publisher-disconnect-mqtt50",
)
@pytest.mark.trap(11)
async def test_a_gated_node_is_born_and_dies_by_the_state_of_its_primary_host(
    broker: TestBroker, protocol: Protocol
) -> None:
    host, other = f"primary-{protocol}", f"secondary-{protocol}"
    async with (
        peer_at(broker) as peer,
        edge_rig(broker, f"gated-{protocol}", protocol, primary_host_id=host) as rig,
    ):
        await until(lambda: any(p.kind == "SUBACK" for p in rig.wire.packets))
        await peer.state(other, 1, online=True)
        await peer.state(host, 5_000, online=False)
        await until(lambda: heard_state(rig, host, 1), "the node has heard that its host is offline")
        assert rig.wire.messages() == []
        await peer.state(host, 5_000, online=True)
        await rig.born()
        await peer.state(host, 4_999, online=False)
        await peer.say(rebirth_request(EdgeNodeDescriptor(GROUP, rig.node_id), now_ms()))  # heard after the offline
        await until(lambda: len(rig.births(0)) == 2 * (1 + len(DEVICES)), "an older offline is ignored")
        await peer.state(host, 5_000, online=False)
        await until(lambda: len(rig.wire.connects()) == 2 and 0 not in rig.wire.open_links)
        assert rig.wire.messages(link=0)[-1].kind == "NDEATH"
        assert rig.wire.sent(0)[-1].codes == ((DISCONNECT_WITH_WILL,) if protocol == 5 else ())
        assert bd_seq(rig.wire.messages("NDEATH")[-1]) == bd_seq(rig.wire.wills()[0])
        await until(lambda: heard_state(rig, host, 1, link=1))
        assert rig.wire.messages(link=1) == []
        await peer.state(host, 6_000, online=True)
        await rig.born(link=1)
        assert bd_seq(rig.wire.messages("NBIRTH", 1)[0]) == 1


@pytest.mark.tck(
    "operational-behavior-edge-node-termination-host-offline-reconnect",
    "operational-behavior-primary-application-state-with-multiple-servers-state-subs",
    "operational-behavior-primary-application-state-with-multiple-servers-walk",
    "operational-behavior-primary-application-state-with-multiple-servers-single-server",
    "operational-behavior-edge-node-birth-sequence-wait",
)
@pytest.mark.trap(12)
async def test_a_gated_node_walks_its_servers_one_at_a_time_and_waits_at_each(
    broker: TestBroker, start_broker: Callable[[], TestBroker], protocol: Protocol
) -> None:
    host, other = f"walked-{protocol}", start_broker()
    async with (
        peer_at(broker) as here,
        peer_at(other) as there,
        wire_to(other.port) as second,
        edge_rig(broker, f"walks-{protocol}", protocol, primary_host_id=host, next_server=second) as rig,
    ):
        first = rig.wire
        await here.state(host, 10, online=True)
        await rig.born()
        assert second.connects() == []
        await here.state(host, 10, online=False)
        await until(lambda: any(p.kind == "SUBACK" for p in second.packets), "it has gone to the second server")
        assert first.messages()[-1].kind == "NDEATH"
        assert (f"spBv1.0/STATE/{host}", 1) in next(p.filters for p in second.packets if p.kind == "SUBSCRIBE")
        assert not first.open_links
        assert second.messages() == []
        await there.state(host, 3, online=True)  # a host has a time of its own at each server
        await until(lambda: len(second.messages()) == 1 + len(DEVICES))
        assert not first.open_links
        assert [bd_seq(m) for m in (first.messages("NBIRTH")[0], second.messages("NBIRTH")[0])] == [0, 1]
        await here.state(host, 20, online=True)
        await there.state(host, 3, online=False)
        await until(lambda: len(first.messages("NBIRTH")) == 2, "and back to the first")
        assert not second.open_links


def heard_state(rig: EdgeRig, host_id: str, count: int, link: int = 0) -> bool:
    """Whether the broker has handed the node so many STATE messages of a host."""
    topic = f"spBv1.0/STATE/{host_id}"
    given = [
        p for p in rig.wire.packets if not p.by_client and p.link == link and p.message and p.message.topic == topic
    ]
    return len(given) >= count


@pytest.mark.tck(
    "topics-nbirth-rebirth-metric",
    "payloads-nbirth-rebirth-req",
    "operational-behavior-data-commands-rebirth-name",
    "operational-behavior-data-commands-rebirth-name-aliases",
    "operational-behavior-data-commands-rebirth-datatype",
    "operational-behavior-data-commands-rebirth-value",
    "operational-behavior-data-publish-nbirth-values",
    "operational-behavior-data-publish-dbirth-values",
    "topics-nbirth-metrics",
    "topics-dbirth-metrics",
)
@pytest.mark.trap(13, 19)
async def test_births_on_the_wire_have_rebirth_without_alias_and_every_metric_with_type_and_value(
    broker: TestBroker,
) -> None:
    async with edge_rig(broker, "contents", 4) as rig:
        await rig.born()
        nbirth, press = rig.wire.messages("NBIRTH")[0].read(), rig.wire.messages("DBIRTH")[0].read()
        (rebirth,) = [metric for metric in nbirth.metrics if metric.name == REBIRTH]
        assert (rebirth.datatype, rebirth.value, rebirth.alias) == (DataType.Boolean, False, None)
        told = {m.name: (m.datatype, m.value) for m in (*nbirth.metrics, *press.metrics)}
        assert told["Setpoint"] == (DataType.Double, 1.5)
        assert told["Count"] == (DataType.Int32, 0)
        assert told["Torque"] == (DataType.Float, None)
        assert all(metric.name and metric.datatype for metric in (*nbirth.metrics, *press.metrics))


@pytest.mark.tck(
    "payloads-sequence-num-always-included",
    "payloads-sequence-num-incrementing",
    "payloads-ndata-seq-inc",
    "payloads-ddata-seq-inc",
)
@pytest.mark.trap(1)
async def test_six_hundred_messages_of_several_tasks_leave_one_sequence_without_a_hole(broker: TestBroker) -> None:
    async with edge_rig(broker, "crowd", 4) as rig:
        await rig.born()

        async def speak(device: str | None, metric: str) -> None:
            for number in range(1, 201):
                rig.node.update(device, [MetricUpdate(metric, number)])
                await asyncio.sleep(0)

        async with asyncio.TaskGroup() as crowd:
            for device, metric in ((None, "Uptime"), ("Press", "Count"), ("Oven", "Count")):
                crowd.create_task(speak(device, metric))
        await until(lambda: len(rig.wire.messages()) == 603)
        said = rig.wire.messages()
        follows_rules(said)
        assert {message.kind for message in said} == {"NBIRTH", "DBIRTH", "NDATA", "DDATA"}


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.tck("topics-nbirth-bdseq-increment", "payloads-nbirth-bdseq-repeat", "payloads-sequence-num-incrementing")
@pytest.mark.trap(3, 4)
async def test_three_hundred_reconnects_and_both_wraps_leave_no_gap_and_feign_none(broker: TestBroker) -> None:
    """Each connection says more than a round of sequence numbers now and then; the host at the same broker misses nothing."""
    rounds = 300
    async with host_rig(broker, "patient", 4) as host, edge_rig(broker, "restless", 4) as rig:
        await until(lambda: host.server.is_online)
        node = rig.core.config.edge_node
        for link in range(rounds):
            await rig.born(link)
            for number in range(270 if link % 100 == 0 else 2):
                rig.node.set("Press", {"Count": link * 1_000 + number + 1})
            last = link * 1_000 + (270 if link % 100 == 0 else 2)
            await until(lambda last=last: counted(host, node) == last)
            rig.wire.cut()
        expected = [number % 256 for number in range(rounds)]
        assert [bd_seq(will) for will in rig.wire.wills()][:rounds] == expected
        assert [bd_seq(birth) for birth in rig.wire.messages("NBIRTH")][:rounds] == expected
        assert not [event for event in host.events if isinstance(event, NodeStale | RebirthWanted)]
        assert host.wire.messages("NCMD") == []


def counted(host: HostRig, node: EdgeNodeDescriptor) -> object:
    found = host.server.view.metric(node, "Press", "Count")
    return None if found is None else found.value.value
