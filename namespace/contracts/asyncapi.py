"""The AsyncAPI 3.0 document of one site, read off the registry: events, commands, queries and the JSON projection.

Sparkplug metrics are not in it: a Sparkplug payload is protobuf whose shape births tell, so they stand in the reference page of topics.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from namespace.contracts.command import Command, CommandResponse
from namespace.contracts.contract import ServiceContract
from namespace.contracts.namespace_state import ProjectedValue
from namespace.contracts.offered import offered_commands, offered_queries
from namespace.contracts.query import QueryReply, QueryRequest
from namespace.contracts.registry import SERVICES

_Schema = dict[str, Any]

_PARAMETERS = {
    "enterprise": "Name of the enterprise, the first level of the equipment hierarchy.",
    "site": "Name of the site, the second level.",
    "place": "Area, work center and work unit, one topic level each; `_Site` for the site itself.",
    "metric": "Path of the metric, one topic level for each of its parts.",
    "account": "Broker account of the one who asks, the only one that may read the answer.",
    "correlation": "Chosen by the one who asks.",
}
_ROOT = "uns/v1/{enterprise}/{site}"


class _Document:
    """Collects channels, operations and messages."""

    def __init__(self) -> None:
        self.channels: _Schema = {}
        self.operations: _Schema = {}
        self.messages: _Schema = {}

    def message(self, name: str, payload: _Schema, summary: str) -> str:
        """Add a message and return its name."""
        self.messages[name] = {
            "name": name,
            "summary": summary,
            "contentType": "application/json",
            "payload": payload,
        }
        return name

    def channel(self, key: str, address: str, names: list[str], description: str) -> None:
        """Add a channel that carries the messages `names`."""
        parameters = {name: {"description": text} for name, text in _PARAMETERS.items() if f"{{{name}}}" in address}
        self.channels[key] = {
            "address": address,
            "description": description,
            "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
            "parameters": parameters,
        }

    def operation(self, key: str, action: str, channel: str, *, reply: _Schema | None = None) -> None:
        """Add what a service does on a channel, with every message of the channel."""
        refs = [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in self.channels[channel]["messages"]]
        self.operations[key] = {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "messages": refs}
        if reply is not None:
            self.operations[key]["reply"] = reply


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document of one site, from the services' side; `{enterprise}` and `{site}` are its parameters."""
    document = _Document()
    document.message("QueryReply", inline(QueryReply), "One page of an answer, or why there is none.")
    replies = f"{_ROOT}/_reply/{{account}}/{{correlation}}"
    document.channel("replies", replies, ["QueryReply"], "Answers to queries.")
    document.message("ProjectedValue", inline(ProjectedValue), "The current value of one metric.")
    projection = f"{_ROOT}/{{place}}/{{metric}}"
    document.channel("projection", projection, ["ProjectedValue"], "Current values, retained, one topic each.")
    document.operation("send_projection", "send", "projection")
    document.message("CommandResponse", inline(CommandResponse), "The one answer that a command gets.")
    for service in SERVICES:
        _add_events(document, service)
        _add_commands(document, service)
        _add_queries(document, service)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "uns-mes",
            "version": "1.0.0",
            "description": "Events, commands, queries and the projection of one site, from the services' side. On Sparkplug topics the "
            "JSON documents travel inside metrics: events as rows of EventLog/Events, commands in Command/Request, answers in "
            "Command/Response.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": document.channels,
        "operations": document.operations,
        "components": {"messages": document.messages},
    }


def _node(service: ServiceContract, kind: str) -> str:
    return f"spBv1.0/{{enterprise}}:{{site}}/{kind}/{service.edge_node_id}"


def _add_events(document: _Document, service: ServiceContract) -> None:
    names = [
        document.message(f"{service.service}.{event.type}.{event.version}", inline(event.payload), event.description)
        for event in service.events
    ]
    if names:
        key = f"{service.service}_events"
        document.channel(key, _node(service, "NDATA"), names, "Payloads of the rows of EventLog/Events.")
        document.operation(f"send_{key}", "send", key)


def _add_commands(document: _Document, service: ServiceContract) -> None:
    commands = offered_commands(service)
    names = [
        document.message(
            f"{service.service}.{command.name}", _wrapped(Command, command.args, name=command.name), command.description
        )
        for command in commands
    ]
    if names:
        key, answers = f"{service.service}_commands", f"{service.service}_command_answers"
        document.channel(key, _node(service, "NCMD"), names, "Documents of the metric Command/Request.")
        document.channel(
            answers, _node(service, "NDATA"), ["CommandResponse"], "Documents of the metric Command/Response."
        )
        document.operation(f"receive_{key}", "receive", key, reply={"channel": {"$ref": f"#/channels/{answers}"}})


def _add_queries(document: _Document, service: ServiceContract) -> None:
    for query in offered_queries(service):
        key = f"{service.service}_query_{query.name}"
        name = document.message(
            f"{service.service}.{query.name}", _wrapped(QueryRequest, query.args), query.description
        )
        document.channel(key, f"{_ROOT}/_query/{service.service}/{query.name}", [name], query.description)
        reply = {
            "address": {"location": "$message.payload#/reply_to"},
            "channel": {"$ref": "#/channels/replies"},
            "messages": [{"$ref": "#/channels/replies/messages/QueryReply"}],
        }
        document.operation(f"receive_{key}", "receive", key, reply=reply)


def _wrapped(envelope: type[BaseModel], args: type[BaseModel], *, name: str | None = None) -> _Schema:
    """Return the schema of an envelope whose `args` are those of one contract, and whose `name` is its name."""
    schema = inline(envelope)
    fields = {**schema["properties"], "args": inline(args)}
    if name is not None:
        fields["name"] = {"const": name}
    return {**schema, "properties": fields}


def inline(model: type[BaseModel]) -> _Schema:
    """Return a model's JSON Schema without references, as AsyncAPI parsers like it."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    resolved: _Schema = dict(_resolve(schema, definitions))
    return resolved


def _resolve(schema: _Schema, definitions: _Schema) -> Iterator[tuple[str, Any]]:
    for key, value in schema.items():
        if key == "$ref":
            yield from _resolve(definitions[str(value).rsplit("/", 1)[1]], definitions)
        else:
            yield key, _resolve_any(value, definitions)


def _resolve_any(part: Any, definitions: _Schema) -> Any:
    if isinstance(part, dict):
        return dict(_resolve(part, definitions))
    if isinstance(part, list):
        return [_resolve_any(value, definitions) for value in part]
    return part
