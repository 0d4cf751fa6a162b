"""`uns decode`: what a Sparkplug B payload says, from a file, from standard input, or live from a topic.

A payload alone cannot tell what its aliases mean; births do. Live, the births that `namespace_state` holds and those that come by are
used, so names appear from the first message on. Nothing is guessed: what is unknown stays a number.
"""

from __future__ import annotations

import base64
import binascii
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from namespace.cli.births import Births
from namespace.cli.errors import CliError
from namespace.cli.guest import Guest, until_interrupted, visit
from namespace.cli.values import value_text
from namespace.contracts.json_value import iso_ms, json_value
from namespace.sparkplug import (
    Metric,
    Payload,
    PropertySet,
    RemoteProtocolError,
    StatePayload,
    StateTopic,
    Topic,
    TopicError,
    decode_payload,
    parse_topic,
)
from namespace.transport import Message, TopicFilterError, check_topic_filter

app = typer.Typer(add_completion=False)

_LARGEST_BYTES = 64 << 20


@app.command(
    epilog="Example: uns decode payload.bin\n\n"
    "Example: uns decode --topic 'spBv1.0/Bottling/+/Line1-PLC/#' --count 3\n\n"
    "Example: mosquitto_sub -t TOPIC -C 1 -F %x | uns decode --hex"
)
def decode(
    file: Annotated[str | None, typer.Argument(help="The payload; `-` or nothing reads standard input.")] = None,
    *,
    topic: Annotated[
        str | None, typer.Option("--topic", "-t", help="Live from the site: a topic or filter; Ctrl-C ends it.")
    ] = None,
    count: Annotated[int | None, typer.Option(help="With --topic: end after so many messages.", min=1)] = None,
    is_hex: Annotated[bool, typer.Option("--hex", help="The input is hexadecimal text.")] = False,
    is_base64: Annotated[bool, typer.Option("--base64", help="The input is Base64 text.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON; one object a line with --topic.")] = False,
) -> None:
    """Decode a Sparkplug B payload; exit code 1 when it is none."""
    if is_hex and is_base64:
        raise CliError("it is hexadecimal or Base64, not both", where="uns decode", remedy="Give one of the two.")
    if topic is None:
        _decode_one(_read(file, is_hex=is_hex, is_base64=is_base64), file or "standard input", as_json=as_json)
        return
    if file is not None or is_hex or is_base64:
        raise CliError(
            "--topic reads from the broker", where="uns decode", remedy="Leave file, --hex and --base64 out."
        )
    _decode_live(topic, count, as_json=as_json)


def _decode_one(data: bytes, where: str, *, as_json: bool) -> None:
    try:
        payload = decode_payload(data)
    except RemoteProtocolError as error:
        raise CliError(
            f"not a Sparkplug B payload: {error}",
            where=where,
            remedy="If it is text, say how it is written with --hex or --base64.",
        ) from None
    if as_json:
        print(json.dumps(payload_document(payload), ensure_ascii=False, indent=2))
    else:
        _show(Console(highlight=False), payload, f"{len(data)} bytes")


@dataclass(slots=True)
class _Live:
    """Writes what comes in, until there is enough."""

    as_json: bool
    births: Births
    console: Console

    def show(self, message: Message) -> None:
        received = datetime.now(UTC)
        try:
            topic: Topic | StateTopic | None = parse_topic(message.topic)
        except TopicError:
            topic = None
        try:
            if isinstance(topic, StateTopic):
                state = StatePayload.decode(message.payload)
                said: dict[str, Any] = {"online": state.online, "timestamp": iso_ms(state.timestamp)}
                self._write(message, received, said, f"online={state.online} at {iso_ms(state.timestamp)}")
                return
            payload = self.births.decode(topic, message.payload)
        except RemoteProtocolError as error:
            said = {"error": {"reason": error.reason.value, "detail": error.detail}}
            self._write(message, received, said, f"refused: {error}")
            return
        if self.as_json:
            self._write(message, received, payload_document(payload), "")
        else:
            _show(self.console, payload, f"{message.topic}  {len(message.payload)} bytes")

    def _write(self, message: Message, received: datetime, said: Mapping[str, Any], text: str) -> None:
        if self.as_json:
            at = received.isoformat(timespec="milliseconds")
            print(json.dumps({"topic": message.topic, "received": at, **said}, ensure_ascii=False), flush=True)
        else:
            self.console.print(Text(message.topic, style="bold").append(f"  {text}", style="not bold"), soft_wrap=True)


def _decode_live(topic_filter: str, count: int | None, *, as_json: bool) -> None:
    try:
        check_topic_filter(topic_filter)
    except TopicFilterError as error:
        raise CliError(str(error), where="--topic", remedy="Write it as spBv1.0/GROUP/+/NODE/#.") from None

    async def work(guest: Guest) -> None:
        heard: list[Message] = []
        live = _Live(as_json, Births(), Console(highlight=False))
        async with until_interrupted() as stopped:
            ready = False
            shown = 0

            def flush() -> None:
                nonlocal shown
                for message in heard:
                    if not stopped.is_set():
                        live.show(message)
                        shown += 1
                        if shown == count:
                            stopped.set()
                heard.clear()

            def take(message: Message) -> None:
                heard.append(message)
                if ready:
                    flush()

            guest.client.listen(topic_filter, take)
            async with guest.connected():
                await live.births.learn(guest.client.queries)
                ready = True
                flush()
                await stopped.wait()

    visit(work)


def payload_document(payload: Payload) -> dict[str, Any]:
    """Return everything a payload says as JSON, nothing rounded."""
    document: dict[str, Any] = {
        "timestamp": None if payload.timestamp is None else iso_ms(payload.timestamp),
        "seq": payload.seq,
        "uuid": payload.uuid,
        "metrics": [_metric_document(metric) for metric in payload.metrics],
    }
    if payload.body is not None:
        document["body"] = base64.b64encode(payload.body).decode()
    return document


def _metric_document(metric: Metric) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": metric.name,
        "alias": metric.alias,
        "timestamp": None if metric.timestamp is None else iso_ms(metric.timestamp),
        "datatype": None if metric.datatype is None else metric.datatype.name,
        "value": json_value(metric.value, metric.datatype),
    }
    if metric.is_historical:
        document["is_historical"] = True
    if metric.is_transient:
        document["is_transient"] = True
    if metric.properties is not None:
        document["properties"] = _properties(metric.properties)
    if metric.metadata is not None:
        slots = type(metric.metadata).__dataclass_fields__
        document["metadata"] = {name: value for name in slots if (value := getattr(metric.metadata, name)) is not None}
    return document


def _properties(properties: PropertySet) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, entry in properties:
        match entry.value:
            case PropertySet():
                found[name] = _properties(entry.value)
            case tuple():
                found[name] = [_properties(each) for each in entry.value]
            case _:
                found[name] = json_value(entry.value, entry.datatype)
    return found


def _show(console: Console, payload: Payload, headline: str) -> None:
    head = Text(headline, style="bold")
    if payload.timestamp is not None:
        head.append(f"  {iso_ms(payload.timestamp)}", style="not bold dim")
    if payload.seq is not None:
        head.append(f"  seq {payload.seq}", style="not bold")
    if payload.uuid is not None:
        head.append(f"  uuid {payload.uuid}", style="not bold")
    console.print(head, soft_wrap=True)
    table = Table.grid(padding=(0, 2))
    for overflow in ("fold", "ellipsis", "fold", "ellipsis", "fold"):
        table.add_column(no_wrap=overflow == "ellipsis", overflow=overflow)
    for metric in payload.metrics:
        name = metric.name or f"alias {metric.alias}"
        value = json_value(metric.value, metric.datatype)
        unit = metric.properties.value("engUnit") if metric.properties is not None else None
        marks = [mark for mark, on in (("historical", metric.is_historical), ("transient", metric.is_transient)) if on]
        if metric.properties is not None:
            marks += [
                f"{key}={value_text(text)}" for key, text in _properties(metric.properties).items() if key != "engUnit"
            ]
        table.add_row(
            Text(f"  {name}", style="cyan"),
            Text(metric.datatype.name if metric.datatype is not None else "?", style="dim"),
            Text(value_text(value, unit if isinstance(unit, str) else None)),
            Text("" if metric.timestamp is None else iso_ms(metric.timestamp)[11:], style="dim"),
            Text(" ".join(marks), style="dim"),
        )
    console.print(table)


def _read(file: str | None, *, is_hex: bool, is_base64: bool) -> bytes:
    where = "standard input" if file in {None, "-"} else str(file)
    try:
        if file in {None, "-"}:
            data = sys.stdin.buffer.read(_LARGEST_BYTES + 1)
        else:
            with Path(str(file)).open("rb") as stream:
                data = stream.read(_LARGEST_BYTES + 1)
    except OSError as error:
        raise CliError(
            f"cannot read it: {error.strerror}", where=where, remedy="Give the path of a readable file."
        ) from error
    if len(data) > _LARGEST_BYTES:
        raise CliError(f"more than {_LARGEST_BYTES} bytes", where=where, remedy="No Sparkplug payload is so large.")
    try:
        if is_hex:
            return bytes.fromhex(data.decode("ascii"))
        if is_base64:
            return base64.b64decode(b"".join(data.split()), validate=True)
    except (ValueError, binascii.Error) as error:
        form = "hexadecimal" if is_hex else "Base64"
        raise CliError(f"not {form}: {error}", where=where, remedy="Check how the payload was written down.") from None
    return data
