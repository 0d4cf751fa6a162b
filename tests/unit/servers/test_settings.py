"""What can be set about a site, and what is said of a value that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from namespace.servers.database_roles import service_dsn, without_password
from namespace.servers.errors import ServerError
from namespace.servers.settings import SiteSettings


def test_defaults_need_no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("UNS_DATA_DIR", "UNS_SITE_FILE", "UNS_BROKER_PORT", "UNS_CONSOLE_PORT", "UNS_BROKER_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    settings = SiteSettings.from_environment()
    assert (settings.data_dir, settings.site_file) == (tmp_path / ".uns", tmp_path / "site.yaml")
    assert (settings.broker_port, settings.console_port, settings.broker_url) == (1883, 8080, None)


@pytest.mark.parametrize("text", ["0", "65536", "18 83", "mqtt", "-1"])
def test_a_port_that_is_none_is_named_with_its_variable(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("UNS_BROKER_PORT", text)
    with pytest.raises(ServerError) as caught:
        SiteSettings.from_environment()
    assert caught.value.where == "UNS_BROKER_PORT"
    assert repr(text) in caught.value.what


def test_a_service_address_differs_from_the_administrators_in_user_and_password_alone() -> None:
    admin = "postgresql://admin:s%40cret@db.example:6432/site?sslmode=require"
    assert service_dsn(admin, "oee", "a/b") == "postgresql://oee:a%2Fb@db.example:6432/site?sslmode=require"
    assert without_password(admin) == "postgresql://admin@db.example:6432/site"
