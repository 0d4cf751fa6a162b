"""`uns sparkplug host`: what can be said on the command line about a host application that lines of JSON drive."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from namespace.cli.errors import CliError
from namespace.cli.host_tool import HostRequest, run_host
from namespace.runtime import configure_logging
from namespace.sparkplug import HostSettings, TopicError
from namespace.transport import BrokerUrl, BrokerUrlError


def host(
    *,
    server: Annotated[str, typer.Option(help="Where the broker is; several with commas: mqtt://host:port,...")],
    host_id: Annotated[str, typer.Option(help="Sparkplug host id, which STATE carries.")],
    reorder_ms: Annotated[int, typer.Option(help="How long to wait for a missing message, in ms.", min=0)] = 2_000,
    rebirth_ms: Annotated[
        int, typer.Option(help="Between two requests for rebirth to one edge node, in ms; it doubles.", min=100)
    ] = 5_000,
    rebirths_per_s: Annotated[
        int, typer.Option(help="Requests for rebirth in a second, to all edge nodes; 0 sets no limit.", min=0)
    ] = 200,
    spread_ms: Annotated[
        int, typer.Option(help="First requests are spread over so many ms, edge node by edge node.", min=0)
    ] = 0,
    datatype: Annotated[bool, typer.Option("--datatype/--no-datatype", help="Say the data type in commands.")] = True,
    aliases: Annotated[
        bool, typer.Option("--aliases/--no-aliases", help="Send aliases instead of names in commands.")
    ] = False,
    data: Annotated[bool, typer.Option("--data", help="Report every value that comes.")] = False,
    mqtt: Annotated[str, typer.Option(help="MQTT version: 3.1.1 or 5.")] = "3.1.1",
    client_id: Annotated[str, typer.Option(help="MQTT client id; the host id by default.")] = "",
    keep_alive: Annotated[int, typer.Option(help="MQTT keep-alive in seconds.", min=1)] = 30,
    allow_plaintext: Annotated[
        bool, typer.Option(help="Permit an unencrypted connection beyond this machine.")
    ] = False,
) -> None:
    """Be a host application that reads lines of JSON and writes lines of JSON.

    {"do": "rebirth", "node": "G/E"} - also with "device";
    {"do": "write", "node": "G/E", "device": "D", "metric": "M", "value": 7} - "device" may be missing, and "type" is needed where no birth
    told it; {"do": "show"} - also with "node", "device", "metric": what is online or stale, and since when;
    {"do": "quit"}. Any line may have an "id", which comes back with the answer. The end of the input is a "quit".
    """
    if mqtt not in {"3.1.1", "5"}:
        raise CliError(f"MQTT {mqtt}", where="--mqtt", remedy="Write 3.1.1 or 5.")
    try:
        servers = [BrokerUrl.parse(each if "://" in each else f"mqtt://{each}") for each in server.split(",")]
    except BrokerUrlError as error:
        raise CliError(str(error), where="--server", remedy="Several servers stand with commas between.") from None
    asked = HostRequest(
        servers=servers,
        host_id=host_id,
        settings=HostSettings(
            reorder_timeout_ms=reorder_ms,
            rebirth_interval_ms=rebirth_ms,
            rebirths_per_s=rebirths_per_s,
            rebirth_spread_ms=spread_ms,
        ),
        protocol=5 if mqtt == "5" else 4,
        client_id=client_id or host_id,
        keep_alive_s=keep_alive,
        allow_plaintext=allow_plaintext,
        says_datatype=datatype,
        by_alias=aliases,
        tells_data=data,
    )
    configure_logging(form="text", level="error", output=sys.stderr)
    try:
        asyncio.run(run_host(asked))
    except TopicError as error:
        raise CliError(str(error), where="--host-id", remedy="See Sparkplug 3.0 on ids.") from None
    except BrokerUrlError as error:
        raise CliError(str(error), where="--server", remedy="Or give --allow-plaintext.") from None
