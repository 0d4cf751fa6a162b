"""How a running site looks: log lines, changes, and the place where everything is said to be."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from namespace.cli.display import JsonDisplay, TerminalDisplay
from namespace.servers.site_state import Phase, ServerStatus, ServiceStatus, SiteState


def site(data_dir: Path, *services: ServiceStatus) -> SiteState:
    return SiteState(
        enterprise="Acme",
        site="Dallas",
        pid=1,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        data_dir=str(data_dir),
        site_file=None,
        console_url="http://127.0.0.1:8080",
        broker=ServerStatus(address="mqtt://127.0.0.1:1883", embedded=True),
        database=ServerStatus(address="postgresql://postgres@127.0.0.1:5432/uns", embedded=True),
        services=list(services),
    )


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def display(output: io.StringIO) -> TerminalDisplay:
    return TerminalDisplay(Console(file=output, width=120, highlight=False, soft_wrap=True))


def test_a_json_line_of_a_service_becomes_readable(display: TerminalDisplay, output: io.StringIO) -> None:
    display.line("oee", '{"event": "recomputed", "level": "info", "timestamp": "x", "place": "Acme/Dallas", "n": 3}')
    assert output.getvalue().rstrip().endswith("recomputed  place=Acme/Dallas  n=3")
    assert "timestamp" not in output.getvalue()


def test_readiness_is_shown_once_though_service_and_supervisor_both_tell_it(
    display: TerminalDisplay, output: io.StringIO, tmp_path: Path
) -> None:
    display.line("oee", '{"event": "ready", "level": "info"}')
    display.changed(site(tmp_path, ServiceStatus(name="oee", health_port=1, phase=Phase.READY)))
    assert output.getvalue().count("ready") == 1


@pytest.mark.parametrize("line", ["plain text [bold]", "{broken", "[1]", '"text"'])
def test_a_line_that_is_no_object_is_shown_as_it_is(display: TerminalDisplay, output: io.StringIO, line: str) -> None:
    display.line("oee", line)
    assert output.getvalue().rstrip().endswith(line)


def test_a_change_is_said_once_with_its_reason(display: TerminalDisplay, output: io.StringIO, tmp_path: Path) -> None:
    gone = ServiceStatus(name="oee", health_port=1, phase=Phase.NOT_READY, reasons=("database: gone",))
    display.changed(site(tmp_path, gone))
    display.changed(site(tmp_path, gone))
    assert output.getvalue().count("not ready: database: gone") == 1


def test_the_end_of_the_start_says_where_everything_is(
    display: TerminalDisplay, output: io.StringIO, tmp_path: Path
) -> None:
    users = tmp_path / "credentials" / "console"
    users.mkdir(parents=True)
    (users / "demo-users.json").write_text('[{"user": "olga", "password": "pw", "role": "operator"}]')
    display.up(site(tmp_path, ServiceStatus(name="console", health_port=1, phase=Phase.READY)))
    said = output.getvalue()
    for part in ("Acme/Dallas is up", "http://127.0.0.1:8080", "olga", "pw", "operator", "mqtt://", str(tmp_path)):
        assert part in said
    assert "Ctrl-C" in said


def test_a_service_that_failed_is_named_in_the_headline(
    display: TerminalDisplay, output: io.StringIO, tmp_path: Path
) -> None:
    display.up(site(tmp_path, ServiceStatus(name="oee", health_port=1, phase=Phase.FAILED)))
    assert "without oee" in output.getvalue()


def test_json_output_is_one_object_a_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    display = JsonDisplay()
    display.step("starting the database")
    display.line("oee", '{"event": "x"}')
    display.line("oee", "plain")
    display.changed(site(tmp_path, ServiceStatus(name="oee", health_port=1)))
    display.up(site(tmp_path))
    events = [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()]
    assert events == ["step", "x", "plain", "changed", "up"]
