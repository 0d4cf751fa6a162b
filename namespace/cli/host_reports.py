"""What `uns sparkplug host` says: events as lines of JSON, and the standing of an edge node, device or metric on request."""

from __future__ import annotations

from typing import Any

from namespace.cli.json_lines import say
from namespace.contracts.json_value import json_value
from namespace.sparkplug import (
    Data,
    DeviceBirth,
    DeviceDeath,
    EdgeNodeDescriptor,
    HostEvent,
    HostView,
    Ignored,
    MetricStanding,
    MetricValue,
    NodeBirth,
    NodeDeath,
    NodeStale,
    RebirthWanted,
    Rejected,
)


def report(event: HostEvent, server: str, *, tells_data: bool) -> None:
    """Say what was heard at a server.

    Args:
        event: What was heard.
        server: Where.
        tells_data: Whether values are worth a line.
    """
    match event:
        case NodeBirth(edge_node=node, bd_seq=bd_seq, metrics=metrics):
            say("node-birth", server=server, node=str(node), bd_seq=bd_seq, metrics=len(metrics))
        case DeviceBirth(edge_node=node, device_id=device, metrics=metrics):
            say("device-birth", server=server, node=str(node), device=device, metrics=len(metrics))
        case Data(edge_node=node, device_id=device, metrics=metrics):
            for metric in metrics if tells_data else ():
                said = {**_value(metric), "is_historical": metric.is_historical}
                say("value", server=server, node=str(node), device=device, **said)
        case Rejected(topic=topic, reason=reason, detail=detail):
            say("rejected", server=server, topic=topic, reason=reason, detail=detail)
        case RebirthWanted(edge_node=node, reason=reason):
            say("rebirth-asked", server=server, node=str(node), reason=reason)
        case NodeDeath() | DeviceDeath() | NodeStale():
            _report_end(event, server)
        case Ignored():
            pass


def _report_end(event: NodeDeath | DeviceDeath | NodeStale, server: str) -> None:
    since = {"node": str(event.edge_node), "since_ms": event.timestamp}
    match event:
        case NodeDeath():
            say("node-death", server=server, **since)
        case DeviceDeath(device_id=device):
            say("device-death", server=server, device=device, **since)
        case NodeStale(reason=reason, dropped=dropped):
            say("stale", server=server, reason=reason, dropped=dropped, **since)


def standing(view: HostView, node: EdgeNodeDescriptor, device: str | None, metric: object) -> dict[str, Any]:
    """Return what a host takes for true, and since when.

    Args:
        view: The host's.
        node: Of this edge node.
        device: Of this device; None for the edge node itself.
        metric: Of this metric; None for all.
    """
    told: dict[str, Any] = {"node": str(node)}
    if device is not None:
        told["device"] = device
    since = view.device(node, device)
    if since is None:
        return {**told, "standing": "unknown"}
    told |= {"standing": since.standing.value, "since_ms": since.timestamp}
    if metric is None:
        told["metrics"] = [_metric(each) for each in view.metrics(node, device).values()]
        if device is None:
            told["devices"] = [_device(view, node, each) for each in view.devices(node)]
        return told
    found = view.metric(node, device, str(metric))
    return {**told, "metric": metric, **({"stale": None} if found is None else _metric(found))}


def _device(view: HostView, node: EdgeNodeDescriptor, device: str) -> dict[str, Any]:
    since = view.device(node, device)
    assert since is not None
    return {"device": device, "standing": since.standing.value, "since_ms": since.timestamp}


def _metric(metric: MetricStanding) -> dict[str, Any]:
    stale = {"stale": metric.stale_since is not None}
    return {**_value(metric.value), **stale, "stale_since_ms": metric.stale_since}


def _value(metric: MetricValue) -> dict[str, Any]:
    return {
        "metric": metric.name,
        "type": metric.datatype.name,
        "value": json_value(metric.value, metric.datatype),
        "timestamp_ms": metric.timestamp,
    }
