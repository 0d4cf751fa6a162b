"""The reference pages and JSON Schemas, all read off the registry: nothing is written twice by hand.

It returns text; writing files and comparing them is `namespace.cli.documents`. The AsyncAPI document has a module of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from namespace.contracts.asyncapi import asyncapi
from namespace.contracts.command import Command, CommandResponse
from namespace.contracts.contract import EventContract, MetricContract, Place, ServiceContract
from namespace.contracts.namespace_state import ProjectedValue
from namespace.contracts.node import NODE_METRICS
from namespace.contracts.offered import offered_commands, offered_queries
from namespace.contracts.query import QueryReply, QueryRequest
from namespace.contracts.registry import SERVICES

_GENERATED = "<!-- Generated from the contract registry by `make generate`; do not edit. -->\n"


def documents() -> dict[str, str]:
    """Return every generated document: path relative to the repository's `docs/reference/` to text."""
    return {
        "topics.md": _topics(),
        "contracts.md": _contracts(),
        "asyncapi.json": json.dumps(asyncapi(), indent=2, ensure_ascii=False) + "\n",
        "contracts.schema.json": json.dumps(schemas(), indent=2, ensure_ascii=False, sort_keys=True) + "\n",
    }


def schemas() -> dict[str, Any]:
    """Return every contract by `service/kind/name`: JSON Schemas of event payloads and of the arguments of commands and queries, metrics as
    their type, unit and places. What `compatibility` compares.
    """
    found: dict[str, Any] = {
        "command": Command.model_json_schema(),
        "command response": CommandResponse.model_json_schema(),
        "query request": QueryRequest.model_json_schema(),
        "query reply": QueryReply.model_json_schema(),
        "projected value": ProjectedValue.model_json_schema(),
    }
    for metric in NODE_METRICS:
        found[f"every node/metric/{metric.name}"] = _metric_form(metric)
    for service in SERVICES:
        for metric in service.metrics:
            found[f"{service.service}/metric/{metric.name}"] = _metric_form(metric)
        for key, model in _models(service):
            found[f"{service.service}/{key}"] = model.model_json_schema()
    return found


def _metric_form(metric: MetricContract) -> dict[str, Any]:
    return {
        "datatype": metric.datatype.name,
        "unit": metric.unit,
        "places": [place.name for place in Place if place in metric.places],
        "writable": metric.writable,
    }


def _models(service: ServiceContract) -> Iterator[tuple[str, type[BaseModel]]]:
    for event in service.events:
        yield f"event/{event.schema}", event.payload
    for command in offered_commands(service):
        yield f"command/{command.name}", command.args
    for query in offered_queries(service):
        yield f"query/{query.name}", query.args


def _topics() -> str:
    lines = [
        _GENERATED,
        "# Topics and metrics\n",
        "How topics are built is explained in [the namespace](../explanations/namespace.md). `E` is the enterprise, `S` the site.\n",
        "| topic | carries | written by |",
        "| --- | --- | --- |",
        "| `spBv1.0/E:S/NBIRTH\\|NDATA\\|NDEATH/mes-<service>` | the service itself: health, event log, command answers | that service |",
        "| `spBv1.0/E:S/DBIRTH\\|DDATA\\|DDEATH/mes-<service>/<place>` | what it says about a place | that service |",
        "| `spBv1.0/E:S/NCMD/mes-<service>` | commands (`Command/Request`) | who may command it |",
        "| `spBv1.0/STATE/<host id>` | whether the primary host is there (retained) | `historian` |",
        "| `uns/v1/E/S/<Area>/.../<metric>` | current value as retained JSON | `namespace_state` |",
        "| `uns/v1/E/S/_Site/<metric>` | the same for the site as a whole | `namespace_state` |",
        "| `uns/v1/E/S/_unplaced/<group>/<node>[/<device>]/<metric>` | nodes without a mapping rule | `namespace_state` |",
        "| `uns/v1/E/S/<Area>/.../_event/<Type>` | events as they happen, not retained | `namespace_state` |",
        "| `uns/v1/E/S/_log/mes-<service>` | how far its event log was heard, as retained JSON | `namespace_state` |",
        "| `uns/v1/E/S/_query/<service>/<query>` | questions (JSON) | who may ask |",
        "| `uns/v1/E/S/_reply/<account>/<correlation>` | answers, readable by that account alone | the asked service |",
        "",
        "## Metrics of every MES node\n",
        *_metric_table(NODE_METRICS),
    ]
    for service in SERVICES:
        if service.metrics:
            lines += [f"\n## `{service.edge_node_id}`\n", service.summary + "\n", *_metric_table(service.metrics)]
    return "\n".join(lines) + "\n"


def _metric_table(metrics: Iterable[MetricContract]) -> Iterator[str]:
    yield "| metric | type | unit | at | meaning |"
    yield "| --- | --- | --- | --- | --- |"
    order = list(Place)
    for metric in metrics:
        places = ", ".join(place.value for place in order if place in metric.places)
        name = f"`{metric.name}`" + (" (writable)" if metric.writable else "")
        yield f"| {name} | {metric.datatype.name} | {metric.unit or ''} | {places} | {metric.description} |"


def _contracts() -> str:
    lines = [_GENERATED, "# Events, commands and queries\n"]
    lines += ["The schemas are in [contracts.schema.json](contracts.schema.json) and [asyncapi.json](asyncapi.json).\n"]
    for service in SERVICES:
        lines += [f"## {service.service}\n", service.summary + "\n"]
        if service.follows:
            lines.append(f"Follows the event logs of {', '.join(f'`{name}`' for name in service.follows)}.\n")
        if service.events:
            lines += [
                "| event | subject | when | payload |",
                "| --- | --- | --- | --- |",
                *map(_event_row, service.events),
                "",
            ]
        if commands := offered_commands(service):
            lines += ["| command | subject | effect | arguments |", "| --- | --- | --- | --- |"]
            lines += [f"| `{c.name}` | {c.subject} | {c.description} | {_fields(c.args)} |" for c in commands]
            lines.append("")
        if queries := offered_queries(service):
            lines += ["| query | answer | arguments |", "| --- | --- | --- |"]
            lines += [f"| `{q.name}` | {q.description} | {_fields(q.args)} |" for q in queries]
            lines.append("")
    return "\n".join(lines)


def _event_row(event: EventContract) -> str:
    return f"| `{event.schema}` | {event.subject} | {event.description} | {_fields(event.payload)} |"


def _fields(model: type[BaseModel]) -> str:
    schema = model.model_json_schema()
    required = set(schema.get("required", ()))
    return ", ".join(f"`{name}`{'' if name in required else '?'}" for name in schema.get("properties", {})) or "none"
