"""The reference pages, JSON Schemas and the AsyncAPI document, all read off the registry: nothing is written twice by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from namespace.contracts.command import Command, CommandResponse
from namespace.contracts.contract import EventContract, MetricContract, Place, ServiceContract
from namespace.contracts.namespace_state import ProjectedValue
from namespace.contracts.node import EVENTS_QUERY, NODE_METRICS
from namespace.contracts.query import QueryReply, QueryRequest
from namespace.contracts.registry import SERVICES

_GENERATED = "<!-- Generated from the contract registry by `make docs`; do not edit. -->\n"


def documents() -> dict[str, str]:
    """Return every generated document: path relative to the repository's `docs/reference/` to text."""
    return {
        "topics.md": _topics(),
        "contracts.md": _contracts(),
        "asyncapi.json": json.dumps(asyncapi(), indent=2, ensure_ascii=False) + "\n",
        "contracts.schema.json": json.dumps(schemas(), indent=2, ensure_ascii=False, sort_keys=True) + "\n",
    }


def schemas() -> dict[str, Any]:
    """Return the JSON Schema of every event payload, command argument set and query argument set, by `service/kind/name`."""
    found: dict[str, Any] = {
        "command": Command.model_json_schema(),
        "command response": CommandResponse.model_json_schema(),
        "query request": QueryRequest.model_json_schema(),
        "query reply": QueryReply.model_json_schema(),
        "projected value": ProjectedValue.model_json_schema(),
    }
    for service in SERVICES:
        for key, model in _models(service):
            found[f"{service.service}/{key}"] = model.model_json_schema()
    return found


def _models(service: ServiceContract) -> Iterator[tuple[str, type[BaseModel]]]:
    for event in service.events:
        yield f"event/{event.schema}", event.payload
    for command in service.commands:
        yield f"command/{command.name}", command.args
    for query in service.queries:
        yield f"query/{query.name}", query.args


def breaking_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return, in words, what a consumer or caller of `old` would trip over in `new`; both as `schemas()` gives them."""
    problems: list[str] = []
    for key, before in old.items():
        after = new.get(key)
        if after is None:
            problems.append(f"{key}: removed")
            continue
        problems.extend(_object_changes(key, before, after, published="/event/" in key))
    return problems


def _object_changes(key: str, before: dict[str, Any], after: dict[str, Any], *, published: bool) -> Iterator[str]:
    old, new = before.get("properties", {}), after.get("properties", {})
    for name in old:
        if name not in new:
            yield f"{key}: field {name!r} removed"
        elif _kind(old[name]) != _kind(new[name]):
            yield f"{key}: field {name!r} changed from {_kind(old[name])} to {_kind(new[name])}"
    required_before, required_after = set(before.get("required", ())), set(after.get("required", ()))
    if published:
        yield from (
            f"{key}: field {name!r} is no longer always present" for name in sorted(required_before - required_after)
        )
    else:
        yield from (f"{key}: field {name!r} became mandatory" for name in sorted(required_after - required_before))


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"])
    if "anyOf" in schema:
        return " | ".join(sorted(_kind(option) for option in schema["anyOf"]))
    return str(schema.get("type", schema.get("enum", "any"))) + (f" ({schema['format']})" if "format" in schema else "")


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document of one site; `{enterprise}` and `{site}` are its parameters."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for service in SERVICES:
        for key, address, action, used in _channels(service):
            for name, payload, description in used:
                messages[name] = {
                    "name": name,
                    "summary": description,
                    "contentType": "application/json",
                    "payload": payload,
                }
            refs = {name: {"$ref": f"#/components/messages/{name}"} for name, _, _ in used}
            parameters = {p: {"description": f"The {p}, an ISA-95 level name."} for p in ("enterprise", "site")}
            if "{place}" in address:
                parameters["place"] = {"description": "Area, work center and work unit, one topic level each."}
            channels[key] = {"address": address, "messages": refs, "parameters": parameters}
            operations[f"{action}_{key}"] = {
                "action": action,
                "channel": {"$ref": f"#/channels/{key}"},
                "messages": [{"$ref": f"#/channels/{key}/messages/{name}"} for name in refs],
            }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "uns-mes",
            "version": "1.0.0",
            "description": "The events, commands and queries of one site, from the services' side. Events travel as rows of the Sparkplug "
            "metric EventLog/Events; their payloads are the schemas below. Sparkplug metrics are listed in topics.md.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


_Used = list[tuple[str, dict[str, Any], str]]


def _channels(service: ServiceContract) -> Iterator[tuple[str, str, str, _Used]]:
    """Yield key, address, action and messages of each channel of a service."""
    node = f"spBv1.0/{{enterprise}}:{{site}}/%s/{service.edge_node_id}"
    if service.events:
        used: _Used = [(event.type, _inline(event.payload), event.description) for event in service.events]
        yield f"{service.service}_events", node % "NDATA", "send", used
    if service.commands:
        used = [(f"{service.service}.{c.name}", _inline(c.args), c.description) for c in service.commands]
        yield f"{service.service}_commands", node % "NCMD", "receive", used
    for query in (*service.queries, *((EVENTS_QUERY,) if service.events else ())):
        address = f"uns/v1/{{enterprise}}/{{site}}/_query/{service.service}/{query.name}"
        used = [(f"{service.service}.{query.name}", _inline(query.args), query.description)]
        yield f"{service.service}_query_{query.name}", address, "receive", used


def _inline(model: type[BaseModel]) -> dict[str, Any]:
    """Return the model's JSON Schema without references, as AsyncAPI parsers like it."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})

    def resolve(part: Any) -> Any:
        if isinstance(part, dict):
            if "$ref" in part:
                return resolve(definitions[part["$ref"].rsplit("/", 1)[1]])
            return {key: resolve(value) for key, value in part.items()}
        if isinstance(part, list):
            return [resolve(value) for value in part]
        return part

    resolved: dict[str, Any] = resolve(schema)
    return resolved


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
        "| `spBv1.0/STATE/<host id>` | whether the primary host is there (retained) | `namespace_state` |",
        "| `uns/v1/E/S/<Area>/.../<metric>` | current value as retained JSON | `namespace_state` |",
        "| `uns/v1/E/S/_Site/<metric>` | the same for the site as a whole | `namespace_state` |",
        "| `uns/v1/E/S/_unplaced/<group>/<node>[/<device>]/<metric>` | nodes without a mapping rule | `namespace_state` |",
        "| `uns/v1/E/S/<Area>/.../_event/<Type>` | events as they happen, not retained | `namespace_state` |",
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
        if service.commands:
            lines += ["| command | subject | effect | arguments |", "| --- | --- | --- | --- |"]
            lines += [f"| `{c.name}` | {c.subject} | {c.description} | {_fields(c.args)} |" for c in service.commands]
            lines.append("")
        queries = (*service.queries, *((EVENTS_QUERY,) if service.events else ()))
        if queries:
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
