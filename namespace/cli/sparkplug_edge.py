"""`uns sparkplug edge`: what can be said on the command line about an edge node that lines of JSON drive."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path
from typing import Annotated

import typer

from namespace.cli.edge_tool import EdgeRequest, run_edge
from namespace.cli.errors import CliError
from namespace.runtime import BufferInUse, BufferSettings, configure_logging
from namespace.servers.settings import data_dir
from namespace.sparkplug import EdgeNodeConfig, ForwardingSettings, LocalProtocolError, TopicError
from namespace.transport import BrokerUrl, BrokerUrlError


def edge(
    *,
    server: Annotated[
        str, typer.Option(help="Where the broker is; several in order with commas: mqtt://host:port,...")
    ],
    group: Annotated[str, typer.Option(help="Sparkplug group id.")],
    node: Annotated[str, typer.Option(help="Edge node id.")],
    device: Annotated[str, typer.Option(help="Device ids, with commas.")] = "",
    host_id: Annotated[
        str | None, typer.Option(help="Primary host application to wait for; nobody by default.")
    ] = None,
    complex_types: Annotated[
        bool, typer.Option("--complex", help="Also a template, a data set, properties, arrays and nulls.")
    ] = False,
    state_dir: Annotated[
        Path | None, typer.Option(help="Where bdSeq and what was not sent are kept; the data folder by default.")
    ] = None,
    mqtt: Annotated[str, typer.Option(help="MQTT version: 3.1.1 or 5.")] = "3.1.1",
    client_id: Annotated[str, typer.Option(help="MQTT client id; made of group and node by default.")] = "",
    keep_alive: Annotated[int, typer.Option(help="MQTT keep-alive in seconds.", min=1)] = 30,
    aliases: Annotated[bool, typer.Option("--aliases/--no-aliases", help="Send aliases instead of names.")] = True,
    resend_window: Annotated[
        float, typer.Option(help="Seconds for which what was sent is kept to be sent again.")
    ] = 120.0,
    flush_rate: Annotated[float, typer.Option(help="Readings of the backlog in a second.")] = 2_000.0,
    buffer_mb: Annotated[float, typer.Option(help="What is kept may take so much on disk, in MiB.")] = 256.0,
    allow_plaintext: Annotated[
        bool, typer.Option(help="Permit an unencrypted connection beyond this machine.")
    ] = False,
) -> None:
    """Be an edge node that reads lines of JSON and writes lines of JSON.

    {"do": "write", "device": "D", "metric": "Inputs/Number", "value": 7} - also with "at_ms", and an "id" that comes back when it is kept;
    {"do": "device-death", "device": "D"}, {"do": "device-birth", "device": "D"}, {"do": "rebirth"}, {"do": "node-death"},
    {"do": "node-birth"}, {"do": "status"}, {"do": "quit"}. The end of the input is a "quit".
    """
    asked = _asked(
        server,
        group=group,
        node=node,
        device=device,
        host_id=host_id,
        aliases=aliases,
        is_complex=complex_types,
        state_dir=state_dir,
        mqtt=mqtt,
        client_id=client_id,
        keep_alive_s=keep_alive,
        allow_plaintext=allow_plaintext,
        forwarding=(resend_window, flush_rate),
        buffer_mb=buffer_mb,
    )
    configure_logging(form="text", level="error", output=sys.stderr)
    try:
        asyncio.run(run_edge(asked))
    except BufferInUse as error:
        raise CliError(str(error), where="--state-dir", remedy="Stop the other edge node of this name.") from None
    except (LocalProtocolError, TopicError) as error:
        raise CliError(str(error), where="uns sparkplug edge", remedy="See Sparkplug 3.0 on ids.") from None
    except BrokerUrlError as error:
        raise CliError(str(error), where="--server", remedy="Or give --allow-plaintext.") from None
    except sqlite3.Error as error:
        raise CliError(
            f"cannot keep anything: {error}", where=str(asked.state_dir), remedy="Give --state-dir."
        ) from None


def _asked(
    server: str,
    *,
    group: str,
    node: str,
    device: str,
    host_id: str | None,
    aliases: bool,
    is_complex: bool,
    state_dir: Path | None,
    mqtt: str,
    client_id: str,
    keep_alive_s: int,
    allow_plaintext: bool,
    forwarding: tuple[float, float],
    buffer_mb: float,
) -> EdgeRequest:
    if mqtt not in {"3.1.1", "5"}:
        raise CliError(f"MQTT {mqtt}", where="--mqtt", remedy="Write 3.1.1 or 5.")
    try:
        servers = [BrokerUrl.parse(each if "://" in each else f"mqtt://{each}") for each in server.split(",")]
        config = EdgeNodeConfig(group_id=group, edge_node_id=node, use_aliases=aliases, primary_host_id=host_id)
        settings = ForwardingSettings(resend_window_s=forwarding[0], flush_rate=forwarding[1])
    except BrokerUrlError as error:
        raise CliError(str(error), where="--server", remedy="Several servers stand with commas between.") from None
    except (TopicError, ValueError) as error:
        raise CliError(str(error), where="uns sparkplug edge", remedy="See --help.") from None
    return EdgeRequest(
        servers=servers,
        config=config,
        devices=[each for each in device.split(",") if each],
        is_complex=is_complex,
        state_dir=state_dir or data_dir(),
        protocol=5 if mqtt == "5" else 4,
        client_id=client_id or f"{group}-{node}",
        keep_alive_s=keep_alive_s,
        allow_plaintext=allow_plaintext,
        forwarding=settings,
        buffer=BufferSettings(limit_bytes=int(buffer_mb * 2**20)),
    )
