"""The broker of the containers is set like the one that `uns up` starts: what is known of limits is written down twice."""

from __future__ import annotations

from pathlib import Path

from namespace.servers.mosquitto import SETTINGS

CONTAINER = Path(__file__).parents[3] / "deploy" / "docker" / "mosquitto.conf"
ITS_OWN = {
    "listener",
    "password_file",
    "acl_file",
    "persistence_location",
    "log_type",
    "log_timestamp_format",
    "connection_messages",
}
"""Where things are, and what is logged, is for each to say."""


def settings_in(text: str) -> dict[str, str]:
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    return {name: value for name, value in lines if name not in ITS_OWN}


def test_both_brokers_have_the_same_settings() -> None:
    assert settings_in(CONTAINER.read_text(encoding="utf-8")) == settings_in(SETTINGS)
