"""The `uns` command itself: what it loads, how it fails, what exit codes it gives."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from namespace.cli import __main__ as command


def uns(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "namespace.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "COLUMNS": "120", **environment},
    )


@pytest.mark.parametrize("name", command.COMMANDS)
def test_every_listed_command_has_a_module_with_an_app(name: str) -> None:
    module = importlib.import_module(f"namespace.cli.{name}")
    assert module.app is not None
    assert module.__doc__


def test_the_command_itself_loads_no_sub_command_and_no_driver() -> None:
    loaded = "import namespace.cli.__main__, sys; print(' '.join(sys.modules))"
    modules = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"asyncpg", "aiomqtt", "pydantic", "namespace.cli.up", "namespace.servers.supervisor"}
    assert heavy.isdisjoint(modules)


def test_help_lists_every_command() -> None:
    said = uns("--help")
    assert said.returncode == 0
    assert all(name in said.stdout for name in command.COMMANDS)


def test_a_wrong_option_is_a_usage_error() -> None:
    assert uns("status", "--no-such-option").returncode == 2


def test_an_expected_error_is_one_message_without_a_traceback(tmp_path: Path) -> None:
    said = uns("status", UNS_DATA_DIR=str(tmp_path / "nothing"))
    assert said.returncode == 1
    assert said.stderr.startswith("uns: no site runs on this data folder")
    assert "uns up" in said.stderr
    assert "Traceback" not in said.stderr
    assert not (tmp_path / "nothing").exists()


def test_a_short_password_is_refused_and_nothing_is_made(tmp_path: Path) -> None:
    said = uns("account", "add", "wall", "--role", "dashboard", "--password-stdin", UNS_DATA_DIR=str(tmp_path))
    assert said.returncode == 1
    assert "a password of 0 characters" in said.stderr
    assert not (tmp_path / "accounts.json").exists()


def test_an_unknown_service_is_named_with_those_there_are() -> None:
    said = uns("up", "--only", "press")
    assert said.returncode == 1
    assert "there is no service press" in said.stderr
