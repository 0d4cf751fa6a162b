from __future__ import annotations

import json

from namespace.runtime import Health, Session, SystemClock
from namespace.runtime.primary_host import PrimaryHost
from namespace.testing.servers import TestBroker
from namespace.transport import BrokerUrl, Message, Transport
from namespace.transport.mqtt import MqttTransport
from tests.unit.runtime.support import quick, running, until


async def test_state_is_born_contradicts_a_late_offline_is_taken_back_in_order_and_dies_by_its_will(
    broker: TestBroker,
) -> None:
    topic, states = "spBv1.0/STATE/Contrary", list[bool]()
    url = BrokerUrl.parse(broker.add_account("state"))

    def connect(client_id: str) -> Transport:
        return MqttTransport(url, client_id=client_id)

    def see(message: Message) -> None:
        states.append(json.loads(message.payload)["online"])

    watcher = Session(connect("state-watcher"), name="watcher", health=Health(), backoff=quick())
    watcher.route(topic, see)
    host = PrimaryHost(lambda: connect("state-host"), "Contrary", clock=SystemClock(), health=Health())
    async with running(watcher.run):
        await watcher.up.wait()
        async with running(host.run):
            host.want(online=True)
            await until(lambda: states == [True])
            async with connect("liar").connect() as liar:
                await liar.publish(topic, b'{"online": false, "timestamp": 1}', qos=1, retain=True)
            await until(lambda: states == [True, False, True])
            await host.farewell()
            await until(lambda: states == [True, False, True, False])
            assert not host.is_online
            host.want(online=True)
            await until(lambda: states[4:5] == [True])  # and again, against what was retained before
            async with connect("state-host").connect():  # takes the session over, so the Will speaks
                await until(lambda: False in states[5:])
            await until(lambda: states[-1] is True)
