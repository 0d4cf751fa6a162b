"""A person's way into a site whose broker is on another machine."""

from pathlib import Path

import pytest

from namespace.cli.errors import CliError
from namespace.cli.guest import Guest, WayIn
from namespace.isa95 import load_site
from namespace.transport import BrokerUrl

SITE_FILE = Path(__file__).parents[3] / "deploy" / "site" / "acme-dallas.yaml"


def way_in() -> WayIn:
    return WayIn(load_site(SITE_FILE.read_text(), str(SITE_FILE)), BrokerUrl.parse("mqtt://eva:pw@broker.example"))


def test_a_password_leaves_this_machine_in_the_open_only_where_somebody_asked_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("UNS_ALLOW_PLAINTEXT", raising=False)
    with pytest.raises(CliError) as refused:
        Guest(way_in())
    assert "broker.example" in refused.value.where
    assert "UNS_ALLOW_PLAINTEXT" in refused.value.remedy
    assert "pw" not in str(refused.value)
    monkeypatch.setenv("UNS_ALLOW_PLAINTEXT", "true")
    Guest(way_in())
