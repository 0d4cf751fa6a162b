# pyright: reportMissingImports=false, reportMissingModuleSource=false
"""An edge node, or somebody who hears one and commands it, with pysparkplug from its registry: lines of JSON in and out.

`python pysparkplug_peer.py PORT ACCOUNT PASSWORD edge GROUP NODE`: {"count": -5} publishes a value, {"dead": "Press"} a device's death.
`python pysparkplug_peer.py PORT ACCOUNT PASSWORD listen GROUP NODE`: {"write": "Setpoint", "value": 2.5} commands the node.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import pysparkplug as spb

port, account, password, role, group, node = sys.argv[1:]
client = spb.Client(client_id=f"pysparkplug-{role}", username=account, password=password)


def metric(name: str, datatype: Any, value: object) -> Any:
    return spb.Metric(spb.get_current_timestamp(), name, datatype, value=value)


def say(**line: object) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def commanded(_edge: Any, message: Any) -> None:
    for entry in message.payload.metrics:
        say(command=entry.name, device=message.topic.device_id, type=entry.datatype.name, value=str(entry.value))


def heard(_client: Any, message: Any) -> None:
    for entry in getattr(message.payload, "metrics", ()):
        value = "null" if entry.value is None else str(entry.value)
        say(
            kind=message.topic.message_type.value,
            device=message.topic.device_id,
            metric=entry.name,
            value=value,
            type=entry.datatype.name,
        )


def as_edge() -> None:
    edge = spb.EdgeNode(
        group,
        node,
        [
            metric("Tiny", spb.DataType.INT8, -3),
            metric("Small", spb.DataType.INT16, -300),
            metric("Middle", spb.DataType.INT32, -12),
            metric("Wide", spb.DataType.INT64, -9_007_199_254_740_993),
            metric("Nothing", spb.DataType.INT32, None),
            metric("Few", spb.DataType.INT16_ARRAY, (-1, 2)),
            metric("Flags", spb.DataType.BOOLEAN_ARRAY, (True, False, True)),
        ],
        client,
        commanded,
    )
    edge.register(spb.Device("Press", [metric("Count", spb.DataType.INT16, -300)], commanded))
    edge.connect("127.0.0.1", port=int(port))
    for line in map(json.loads, sys.stdin):
        if "count" in line:
            edge.update_device("Press", [metric("Count", spb.DataType.INT16, line["count"])])
        if "dead" in line:
            edge.deregister(line["dead"])


def as_listener() -> None:
    for kind in ("NBIRTH", "NDATA"):
        topic = spb.Topic(group_id=group, message_type=spb.MessageType(kind), edge_node_id=node)
        client.subscribe(topic, spb.QoS.AT_MOST_ONCE, heard)
    for kind in ("DBIRTH", "DDATA"):
        topic = spb.Topic(group_id=group, message_type=spb.MessageType(kind), edge_node_id=node, device_id="+")
        client.subscribe(topic, spb.QoS.AT_MOST_ONCE, heard)
    client.connect("127.0.0.1", port=int(port), callback=lambda _client: say(listening=True))
    for line in map(json.loads, sys.stdin):
        kind = spb.MessageType("NCMD")
        wanted = spb.NCmd(spb.get_current_timestamp(), (metric(line["write"], spb.DataType.DOUBLE, line["value"]),))
        topic = spb.Topic(group_id=group, message_type=kind, edge_node_id=node)
        client.publish(spb.Message(topic, wanted, spb.QoS.AT_MOST_ONCE, retain=False), include_dtypes=True)


{"edge": as_edge, "listen": as_listener}[role]()
