"""How a running site looks in a terminal, and as JSON lines for other programs.

It only shows what the supervisor hands it: steps on the way up, every change of a service, the services'
own log lines merged in order, and at the end where everything is.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.table import Table
from rich.text import Text

from namespace.servers.site_state import Phase, SiteState

_COLOURS = ("cyan", "green", "magenta", "blue", "yellow", "bright_cyan", "bright_green", "bright_magenta")
_LEVELS = {"debug": "dim", "info": "", "warning": "yellow", "error": "bold red", "critical": "bold red"}
_HIDDEN = {"timestamp", "level", "event", "service", "exception", "logger"}
_TOLD = {"ready", "not_ready"}
_NAME_WIDTH = 16


class TerminalDisplay:
    """Shows a person what happens, with colours where the terminal has them."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console if console is not None else Console(highlight=False, soft_wrap=True)
        self._began = time.monotonic()
        self._spinner = self._console.status("starting", spinner="dots")
        self._phases: dict[str, tuple[Phase, tuple[str, ...]]] = {}
        self._colours: dict[str, str] = {}

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._spinner.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spinner.stop()

    def step(self, text: str) -> None:
        """Something has been done on the way up or down."""
        self._say("uns", Text(text))
        self._spinner.update(text)

    def changed(self, state: SiteState) -> None:
        """A process started, became ready or not ready, or ended."""
        for service in state.services:
            seen = (service.phase, service.reasons)
            before = self._phases.get(service.name)
            if before == seen:
                continue
            self._phases[service.name] = seen
            if service.phase in {Phase.STARTING, Phase.STOPPED}:
                continue  # the service says so itself; the spinner tells what it waits for
            self._say(service.name, _phase_text(service.phase, service.reasons))
        waiting = [
            f"{each.name} ({'; '.join(each.reasons) or each.phase})"
            for each in state.services
            if each.phase is not Phase.READY
        ]
        self._spinner.update(f"waiting for {', '.join(waiting)}" if waiting else "ready")

    def up(self, state: SiteState) -> None:
        """Every service is ready, or will not be without a person."""
        self._spinner.stop()
        took_s = time.monotonic() - self._began
        failed = [each.name for each in state.services if each.phase is Phase.FAILED]
        headline = f"{state.enterprise}/{state.site} is up after {took_s:.1f} s"
        if failed:
            headline += f", without {', '.join(failed)}"
        table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
        for label, value in _addresses(state):
            table.add_row(Text(label, style="bold"), Text(value))
        self._console.print()
        self._console.print(Text(headline, style="bold red" if failed else "bold green"))
        self._console.print(table)
        self._console.print()

    def line(self, source: str, text: str) -> None:
        """Show one line that a service wrote, unless it says what `changed` tells."""
        said = _object(text)
        if said is None or said.get("event") not in _TOLD:
            self._say(source, Text(text) if said is None else _log_text(said))

    def _say(self, source: str, text: Text) -> None:
        colour = self._colours.setdefault(source, _COLOURS[len(self._colours) % len(_COLOURS)])
        prefix = Text(f"{_clock()} {source[:_NAME_WIDTH]:<{_NAME_WIDTH}} ", style=colour)
        self._console.print(prefix + text)


class JsonDisplay:
    """Prints one JSON object a line: what the services write, and what the supervisor does."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.stdout.flush()

    def step(self, text: str) -> None:
        """Something has been done on the way up or down."""
        self._print({"service": "uns", "event": "step", "text": text})

    def changed(self, state: SiteState) -> None:
        """A process started, became ready or not ready, or ended."""
        phases = {each.name: {"phase": each.phase, "reasons": each.reasons} for each in state.services}
        self._print({"service": "uns", "event": "changed", "services": phases})

    def up(self, state: SiteState) -> None:
        """Every service is ready, or will not be without a person."""
        self._print({"service": "uns", "event": "up", "site": state.model_dump(mode="json")})

    def line(self, source: str, text: str) -> None:
        """Pass one line of a service on; what is not JSON becomes an object."""
        if text.startswith("{"):
            print(text, flush=True)
        else:
            self._print({"service": source, "event": text})

    def _print(self, entry: dict[str, Any]) -> None:
        print(json.dumps(entry), flush=True)


def _phase_text(phase: Phase, reasons: tuple[str, ...]) -> Text:
    styles = {Phase.READY: "green", Phase.NOT_READY: "yellow", Phase.RESTARTING: "red", Phase.FAILED: "bold red"}
    because = f": {'; '.join(reasons)}" if reasons else ""
    return Text(f"{phase}{because}", style=styles.get(phase, "dim"))


def _object(line: str) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _log_text(said: Mapping[str, Any]) -> Text:
    text = Text(str(said.get("event", "")), style=_LEVELS.get(str(said.get("level", "")), ""))
    for key, value in said.items():
        if key not in _HIDDEN:
            text.append(f"  {key}=", style="dim")
            text.append(value if isinstance(value, str) else json.dumps(value))
    if exception := said.get("exception"):
        text.append(f"\n{exception}", style="red")
    return text


def _addresses(state: SiteState) -> list[tuple[str, str]]:
    rows = []
    if any(each.name == "console" for each in state.services):
        rows.append(("Console", state.console_url))
        rows += [("", f"user {user}, password {password} ({role})") for user, password, role in demo_users(state)]
    rows += [
        ("Broker", f"{state.broker.address}  (accounts: uns account add)"),
        ("Database", state.database.address),
        ("Data folder", state.data_dir),
        ("Status", "uns status"),
        ("Stop", "Ctrl-C"),
    ]
    return rows


def demo_users(state: SiteState) -> list[tuple[str, str, str]]:
    """Return (user, password, role) of the console's demo users, where the console has made some."""
    path = Path(state.data_dir) / "credentials" / "console" / "demo-users.json"
    try:
        users = json.loads(path.read_text(encoding="utf-8"))
        return [(each["user"], each["password"], each["role"]) for each in users]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _clock() -> str:
    return datetime.now().astimezone().strftime("%H:%M:%S")
