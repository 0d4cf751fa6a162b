"""`uns simulate load`: many edge nodes at once, as real sessions, bounded in time and number.

The load itself belongs to the simulator; this module finds or makes the account, shows progress and prints the summary.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Protocol, cast

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from namespace.cli.errors import CliError
from namespace.cli.guest import running_site
from namespace.cli.simulator_hook import simulator_hook
from namespace.servers import process
from namespace.servers.accounts import Account, AccountRegistry, AccountRole
from namespace.servers.acl import hash_password
from namespace.servers.broker import announce_accounts
from namespace.servers.folder import DataFolder
from namespace.servers.probe import SignIn, sign_in
from namespace.servers.settings import data_dir
from namespace.servers.site import host_id, read_site, site_access
from namespace.transport import BrokerUrl, BrokerUrlError, ConnectRefused

_UNITS_S = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_KNOWN_WITHIN = 250  # times 20 ms
_OWN_FILES = 200


class LoadHook(Protocol):
    """What the simulator's service module offers as `load`."""

    def __call__(
        self,
        url: BrokerUrl,
        *,
        plan: Mapping[str, Any],
        rate: float,
        duration_s: float,
        messages: int | None,
        primary_host_id: str | None,
        resend_window_s: float | None,
        truth_file: Path | None,
        born_within_s: float,
        observe: Callable[[int, int, int], None],
    ) -> Coroutine[Any, Any, Mapping[str, Any]]:
        """Put a broker under load; see the simulator."""
        ...


def load(
    *,
    nodes: Annotated[int, typer.Option(help="Edge nodes, each with a session of its own.", min=1, max=20_000)] = 100,
    devices: Annotated[
        int, typer.Option(help="Devices of each; 0: the edge nodes carry the metrics themselves.", min=0, max=1000)
    ] = 1,
    metrics: Annotated[int, typer.Option(help="Metrics of each device.", min=1, max=10_000)] = 100,
    per_message: Annotated[int, typer.Option(help="Metrics in one data message.", min=1, max=10_000)] = 10,
    rate: Annotated[float, typer.Option(help="Data messages a second, all edge nodes together.", min=0.1)] = 1000.0,
    duration: Annotated[str, typer.Option(help="How long to speak: 90, 60s, 10m, 1h.")] = "60s",
    messages: Annotated[int | None, typer.Option(help="End earlier, after so many data messages.", min=1)] = None,
    seed: Annotated[int, typer.Option(help="Fixes the order in which the edge nodes speak.")] = 1,
    group: Annotated[str, typer.Option(help="Sparkplug group of all edge nodes.")] = "Load",
    resend: Annotated[
        float | None,
        typer.Option(help="Store and forward: after a loss say again what was sent so many seconds before.", min=0),
    ] = None,
    wait_for_host: Annotated[
        bool, typer.Option("--wait-for-host", help="Births wait for the site's primary host application.")
    ] = False,
    truth: Annotated[Path | None, typer.Option(help="Write what was said to this file, as JSON lines.")] = None,
    broker: Annotated[
        str | None,
        typer.Option(
            help="Another broker than the running site's: mqtt://account:password@host:port.",
            envvar="UNS_LOAD_BROKER_URL",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON, with the count of each node.")
    ] = False,
) -> None:
    """Put a broker under the load of many edge nodes: real births, aliases, sequence numbers, Wills, rebirths on command.

    Every reading names itself: its value is the number of its metric in the load times ten million, plus its own number. At a running
    site an account for the group is made and removed again.
    """
    plan = {
        "nodes": nodes,
        "devices": devices,
        "metrics": metrics,
        "per_message": per_message,
        "group_id": group,
        "seed": seed,
    }
    console = Console(highlight=False, stderr=as_json)
    seconds = _seconds(duration)
    process.allow_open_files(nodes + _OWN_FILES)
    with _account(broker, group) as url, _progress(console) as progress:
        task = progress.add_task("load", total=messages or rate * seconds, born=0, nodes=nodes, said="0 messages")

        def observe(born: int, said: int, readings: int) -> None:
            progress.update(task, completed=said, born=born, said=f"{said:,} messages, {readings:,} readings")

        outcome = _run(
            cast(LoadHook, simulator_hook("load"))(
                url,
                plan=plan,
                rate=rate,
                duration_s=seconds,
                messages=messages,
                primary_host_id=_host_id() if wait_for_host else None,
                resend_window_s=resend,
                truth_file=truth,
                born_within_s=30 + nodes / 50,
                observe=observe,
            ),
            str(url),
        )
    if as_json:
        print(json.dumps(outcome))
    else:
        _print(console, outcome)
    if outcome["away"]:
        raise typer.Exit(1)


def _run(work: Coroutine[Any, Any, Mapping[str, Any]], where: str) -> Mapping[str, Any]:
    try:
        return asyncio.run(work)
    except ValueError as error:
        raise CliError(str(error), where="uns simulate load", remedy="Nothing has been sent.") from error
    except ConnectRefused as error:
        raise CliError(str(error), where=where, remedy="The account needs --every-node of the group.") from error
    except TimeoutError as error:
        remedy = "See the broker's log; `ulimit -n` limits how many sessions a process can have."
        raise CliError(str(error), where=where, remedy=remedy) from error


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    if found is None or float(found.group(1)) <= 0:
        raise CliError(f"{text!r} is no duration", where="--duration", remedy="Write for example 60s, 10m or 1h.")
    return float(found.group(1)) * _UNITS_S[found.group(2)]


def _host_id() -> str:
    return host_id(read_site(Path(running_site().site_file or "")))


@contextmanager
def _account(given: str | None, group: str) -> Iterator[BrokerUrl]:
    """Yield the way in: the given one, or an account at the running site for as long as it is needed."""
    if given is not None:
        try:
            yield BrokerUrl.parse(given)
        except BrokerUrlError as error:
            raise CliError(str(error), where="--broker", remedy="Correct the address.") from None
        return
    state, folder = running_site(), DataFolder(data_dir())
    if state.broker.pid is None or state.site_file is None:
        raise CliError(
            "the site's broker takes no accounts from here",
            where=state.broker.address,
            remedy=f"Make one there for all nodes of group {group} and give it with --broker or UNS_LOAD_BROKER_URL.",
        )
    access, pid = site_access(read_site(Path(state.site_file))), state.broker.pid
    registry, name, password = AccountRegistry(folder.accounts), f"load-{os.getpid()}", secrets.token_urlsafe(24)
    registry.add(
        Account(
            name=name,
            role=AccountRole.EDGE_NODE,
            password_hash=hash_password(password),
            group_id=group,
            every_node=True,
            created_at=datetime.now(UTC),
        )
    )
    try:
        announce_accounts(folder, access, pid=pid)
        where = BrokerUrl.parse(state.broker.address)
        url = BrokerUrl(where.host, where.port, where.tls, name, password)
        _wait_until_known(url)
        yield url
    finally:
        registry.remove(name)
        announce_accounts(folder, access, pid=pid)


def _wait_until_known(url: BrokerUrl) -> None:
    for _ in range(_KNOWN_WITHIN):
        if sign_in(url.host, url.port, url.username or "", url.password or "", tls=url.tls) is SignIn.ACCEPTED:
            return
        process.pause(0.02)
    raise CliError("the broker does not take the new account", where=str(url), remedy="See `uns status`.")


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.fields[born]}/{task.fields[nodes]} edge nodes born"),
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
        console=console,
    )


def _print(console: Console, outcome: Mapping[str, Any]) -> None:
    sessions, per_node = outcome["sessions"], [node["messages"] for node in outcome["nodes"].values()]
    table = Table(box=None, show_header=False)
    rows = {
        "edge nodes": f"{len(per_node):,}, born in {outcome['born_s']:.1f} s, {outcome['away']} away at the end",
        "data messages": f"{outcome['messages']:,} in {outcome['spoke_s']:.1f} s: {outcome['messages_per_s']:,.0f} a second",
        "of each node": f"{min(per_node):,} to {max(per_node):,}",
        "readings": f"{outcome['readings']:,}, those of the first births among them",
        "fell out": f"{outcome['skipped']:,} messages of nodes that were away or not read fast enough",
        "said again": f"{sessions['historical']:,} messages as history, {outcome['owing']} nodes still owe some",
        "sessions": f"{sessions['connects']:,}, {sessions['births']:,} node births, {sessions['commands']:,} asked for",
        "processor": f"{outcome['cpu_s']:.1f} s",
        "digest": outcome["digest"],
    }
    for name, said in rows.items():
        table.add_row(name, said)
    console.print(table)
